//! Every answer on a page as a query, and lists as files.

use super::{
    reading::{K, cut, links},
    support::{AT, World},
};
use axum::http::StatusCode;
use claimledger_facts::vocabulary::Role;
use serde_json::Value;

#[tokio::test]
async fn each_list_is_a_query_that_runs_and_a_file_that_is_sent() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Export]);
    for (path, has_file) in [
        ("/trust?idp=idp-x", true),
        ("/policy?policy=payroll", true),
        ("/blast?kind=key&idp=idp-x&key=X1&from=2026-03-10T13:40:00Z", true),
        ("/blast?kind=actor&actor=admin-2", true),
        ("/blast?kind=change&pos=67", true),
        ("/chain?id=is-S5", false),
        ("/first-seen?kind=amr_set", true),
        ("/timeline?session=S1&order=recorded", true),
        ("/sessions?outlived=true&retracted=false", true),
        ("/session?id=S1", true),
        ("/decision?pos=43", false),
        ("/sources", true),
        ("/rehearse?change=deactivate&idp=idp-x", false),
        ("/rehearse?change=feature_on&feature=third_party&from=2026-03-09T00:00:00Z", false),
        ("/rehearse?change=retract_key&idp=idp-x&key=X1&from=2026-03-10T09:00:00Z", false),
        ("/access?session=S1", false),
    ] {
        let mark = if path.contains('?') { '&' } else { '?' };
        // The access log has no T and K.
        let pin = if path.starts_with("/access") { String::new() } else { cut(AT, K) };
        let page = world.get(&format!("{path}{mark}{pin}"), &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
        let link = links(&page.body).into_iter().find(|(_, words)| words == "As GraphQL");
        let (href, _) = link.unwrap_or_else(|| panic!("{path}: {}", page.body));
        let form = world.get(&href, &cookie).await;
        let field = |name: &str| {
            let area = form.body.split(&format!("name=\"{name}\"")).nth(1).unwrap();
            let inner = area.split_once('>').unwrap().1.split("</textarea>").next().unwrap();
            inner.replace("&quot;", "\"").replace("&amp;", "&")
        };
        let variables: Value = serde_json::from_str(&field("variables")).unwrap();
        let token = world.token("acme", &[Role::Read], None).await;
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = serde_json::json!({"query": field("query"), "variables": variables});
        let answer = world.send("POST", "/graphql", &headers, body.to_string()).await.json();
        assert!(answer["errors"].is_null(), "{path}: {answer}");
        let action = page.body.split("class=\"export\"").nth(1);
        assert_eq!(action.is_some(), has_file, "{path}");
        if let Some(form) = action {
            let form = form.split("</form>").next().unwrap();
            let to = form.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
            let hidden = form.split("type=\"hidden\" name=\"").skip(1).map(|field| {
                let (name, rest) = field.split_once("\" value=\"").unwrap();
                let value = rest.split('"').next().unwrap().replace("&amp;", "&");
                format!("{name}={value}")
            });
            let query: Vec<String> = hidden.chain(["as=csv".to_owned()]).collect();
            let file = world.get(&format!("{to}?{}", query.join("&")), &cookie).await;
            assert_eq!(file.status, StatusCode::OK, "{path}: {to}: {}", file.body);
        }
    }
}
