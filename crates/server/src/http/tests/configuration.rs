//! Pages of trust and policies: what they list is what the queries say, and what was stated.

use super::{
    reading::{K, ask, cut, heads, links, main, page, part, rows, section, text, total},
    support::{AT, World},
};
use axum::http::StatusCode;
use claimledger_facts::vocabulary::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn each_number_of_trust_and_policies_is_that_of_its_list_and_of_the_query() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for (path, question) in [("/trust", "trust"), ("/policy", "policies")] {
        let answer = page(&world, path, AT, K).await;
        let listed = section(&answer.body, "changes");
        let query = format!(
            "{{ {question}(asking: {{at: \"{AT}\", knownAtPosition: {K}}}) {{ items {{ actor \
             ticket record {{ position }} }} }} }}"
        );
        let items = ask(&world, &query).await[question]["items"].as_array().unwrap().clone();
        assert_eq!(rows(&listed).len(), items.len(), "{path}");
        let mut numbers = 0;
        for (row, item) in rows(&listed).into_iter().zip(&items) {
            let position = item["record"]["position"].as_u64().unwrap();
            let shown = text(row);
            for word in [item["actor"].as_str(), item["ticket"].as_str()].into_iter().flatten() {
                assert!(shown.contains(word), "{word}: {shown}");
            }
            assert!(shown.contains(&format!("#{position}")), "{shown}");
            let Some((href, number)) =
                links(row).into_iter().find(|(href, _)| href.contains("kind=change"))
            else {
                assert!(shown.contains("not counted"), "{shown}");
                continue;
            };
            let query = format!(
                "{{ dependants(record: \"#{position}\", asking: {{at: \"{AT}\", \
                 knownAtPosition: {K}}}) {{ items {{ sessions {{ session }} decisions {{ session \
                 }} }} }} }}"
            );
            let found = ask(&world, &query).await["dependants"]["items"][0].clone();
            let is_policy = number.contains("decision");
            let field = if is_policy { "decisions" } else { "sessions" };
            let counted = found[field].as_array().unwrap().len();
            assert_eq!(total(&number), counted, "{path} #{position}: {number}");
            let (address, id) = href.split_once('#').unwrap();
            let list = world.get(address, &cookie).await;
            assert_eq!(list.status, StatusCode::OK, "{address}");
            let end = if is_policy { "</section>" } else { "</main>" };
            let whole = part(&list.body, id, end);
            let rested = whole.split("id=\"decisions\"").next().unwrap();
            let listed = if is_policy { whole } else { rested };
            assert_eq!(rows(listed).len(), counted, "{href}");
            numbers += counted;
        }
        assert!(numbers > 5, "{path}: {numbers}");
    }
}

#[tokio::test]
async fn trust_in_one_idp_says_what_changed_and_draws_it() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let trust = page(&world, "/trust?idp=idp-x", AT, K).await;
    let shown = text(&trust.body);
    for words in [
        "idp-x tx0 → tx1: not trusted → trusted",
        "trust_claims false → true",
        "retired 13:30:00Z → void from 13:40:00Z",
        "late: 2026-03-10 15:10:00Z (+1 h 30 min)",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("idp-y ty0"), "{shown}");
    // Drawn: the versions, a lane of each key, and what was retracted, with its lag.
    let figure = part(&trust.body, "ts0-t", "</svg>");
    assert_eq!(figure.matches("class=\"lane key\"").count(), 2, "{figure}");
    assert_eq!(figure.matches("class=\"band ink\"").count(), 2, "{figure}");
    assert_eq!(figure.matches("class=\"bar attention void\"").count(), 1, "{figure}");
    for words in [
        "key X1 valid 2026-03-10 09:00:00Z until 13:30:00Z: #13",
        "retracted from 2026-03-10 13:40:00Z on, recorded 15:10:00Z (+1 h 30 min): #67",
    ] {
        assert!(figure.contains(words), "{words}: {figure}");
    }
    // Before the record of the retraction is known, nothing is late.
    let before = page(&world, "/trust?idp=idp-x", AT, 66).await;
    assert!(!text(&before.body).contains("void from"), "{}", before.body);
    assert!(!before.body.contains("class=\"bar attention void\""), "{}", before.body);
    let unknown = world.get(&format!("/trust?idp=nobody&{}", cut(AT, K)), &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.body);
}

#[tokio::test]
async fn keys_and_idps_that_only_claims_or_retractions_name_are_listed() {
    let world = World::new().await;
    let fact = |id: &str, kind: &str, data: Value| {
        json!({
            "id": id, "type": kind, "occurred_at": "2026-03-10T22:00:00Z", "source": "acme-sp",
            "recorded_at": "2026-03-10T23:00:00Z", "data": data,
        })
    };
    let mut claim = fact(
        "n-1",
        "claims.received",
        json!({"idp": "idp-q", "assertion": "as-Q", "amr": ["pwd"], "key": "K9"}),
    );
    (claim["session"], claim["subject"]) = (json!("Q"), json!({"id": "u-q"}));
    let retracted = fact(
        "n-2",
        "trust.retracted",
        json!({
            "idp": "idp-y", "key": "Y7", "from": "2026-03-10T21:00:00Z", "reason": "leaked",
            "actor": "admin-2",
        }),
    );
    world.ingest(&[claim, retracted]).await;
    let shown = main(&page(&world, "/blast", AT, 84).await.body);
    for words in ["K9 of idp-q", "Y7 of idp-y", "X1 of idp-x", "idp-q"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // As known before, there are none.
    let before = main(&page(&world, "/blast", AT, 82).await.body);
    assert!(!before.contains("idp-q") && !before.contains("Y7"), "{before}");
    let trust = page(&world, "/trust", AT, 84).await.body;
    let keys = trust.split("id=\"keys-h\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(heads(keys), ["X1", "X2", "Y1", "Z1", "K9", "Y7"]);
    let words = text(keys);
    assert!(words.contains("Y7idp-ynot stated by T–not statedfrom"), "{words}");
    assert!(words.contains("K9idp-qnot stated by T–not stated"), "{words}");
    let one = page(&world, "/trust?idp=idp-y", AT, 84).await.body;
    let keys = one.split("id=\"keys-h\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(heads(keys), ["Y1", "Y7"]);
}

#[tokio::test]
async fn trust_that_was_found_between_two_looks_is_hatched_on_its_strip() {
    let world = World::new().await;
    let version = |id: &str, occurred: Value, trusted: bool| {
        json!({
            "id": id, "type": "idp.configured", "occurred_at": occurred, "source": "acme-sp",
            "recorded_at": "2026-03-10T23:00:00Z",
            "data": {"idp": "idp-q", "version": id, "kind": "third_party", "status": "active",
                "trust_claims": trusted},
        })
    };
    let between = json!({"from": "2026-03-10T08:10:00Z", "to": "2026-03-10T09:10:00Z"});
    let first = version("q0", json!("2026-03-10T08:00:00Z"), false);
    world.ingest(&[first, version("q1", between, true)]).await;
    let body = page(&world, "/trust?idp=idp-q", AT, 84).await.body;
    assert_eq!(body.matches("class=\"bounded\"").count(), 2, "{body}");
    for words in [
        "q0: not trusted, 2026-03-10 08:00:00Z until between 08:10:00Z and 09:10:00Z",
        "q1: trusted, between 2026-03-10 08:10:00Z and 09:10:00Z",
    ] {
        assert!(body.contains(words), "{words}: {body}");
    }
}
