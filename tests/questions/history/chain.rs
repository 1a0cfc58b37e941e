//! The chain of linked sessions.

use super::{Asked, rows};
use crate::support::questions::asks;
use serde_json::{Value, json};

const HOP: &str = "{ id reason records { sourceId } }";

fn chain(asked: &Asked, id: &str) -> Value {
    let query = format!(
        "{{ chain(id: \"{id}\") {{ id kinds apps items {{ appSessions {{ app id reason records \
         {{ sourceId }} }} session {HOP} aliases
            idp {HOP} idpSession {HOP} rootSession {HOP} siblings rootSiblings }} }} }}"
    );
    asked.graphql(&query)["chain"].clone()
}

#[test]
fn g9_r10_the_whole_chain_both_ways_and_an_unknown_hop_says_why() {
    let _question = asks(&["G9", "R10"]);
    let asked = Asked::new();
    let down = chain(&asked, "is-S5");
    assert_eq!(down["kinds"], json!(["IDP_SESSION"]));
    assert_eq!(
        [&down["apps"], &down["items"][0]["siblings"]],
        [&json!(["payroll"]), &json!([])],
        "payroll only, and no sibling: {down}"
    );
    let link = &down["items"][0];
    assert_eq!(
        [&link["session"]["id"], &link["idp"]["id"], &link["idpSession"]["id"]],
        [&json!("S5"), &json!("idp-x"), &json!("is-S5")]
    );
    assert_eq!(
        link["appSessions"],
        json!([{"app": "payroll", "id": "app-S5-payroll-1", "reason": null,
            "records": [{"sourceId": "S5-payroll-1-app"}]}])
    );
    // From each end the same chain.
    let root = link["rootSession"]["id"].as_str().expect("a root").to_owned();
    for (id, kind) in
        [("app-S5-payroll-1", "APP_SESSION"), ("S5", "SESSION"), (root.as_str(), "ROOT_SESSION")]
    {
        let other = chain(&asked, id);
        assert_eq!(other["items"], down["items"], "from {id}");
        assert!(other["kinds"].to_string().contains(kind), "{other}");
    }
    // S4 was let into the wiki and refused payroll.
    assert_eq!(chain(&asked, "is-S4")["apps"], json!(["wiki"]));
    // The command line says the same.
    let cli = asked.cli(&["chain", "is-S5"]);
    assert_eq!(
        [&cli["apps"], &cli["items"][0]["session"]["id"], &cli["items"][0]["siblings"]],
        [&json!(["payroll"]), &json!("S5"), &json!([])]
    );
    let text = asked.text(&["chain", "is-S5"]);
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in
        [&["reached:", "payroll"][..], &["session", "S5", "#46"], &["other", "sessions", "none"]]
    {
        assert!(lines.iter().any(|other| other == line), "{line:?}\n{text}");
    }

    // Hops without a fact are listed, with the reason.
    let line = |id: &str, kind: &str, session: Option<&str>, data: Value| {
        let mut fact = json!({"id": id, "type": kind, "occurred_at": "2026-03-11T08:00:00Z",
            "subject": {"id": "u-new"}, "data": data});
        if let Some(session) = session {
            fact["session"] = json!(session);
        }
        fact.to_string()
    };
    let lines = [
        line("n-1", "session.started", Some("N1"), json!({"idp": "idp-x", "idp_session": "is-N"})),
        line("n-2", "session.started", Some("N2"), json!({"idp": "idp-x", "idp_session": "is-N"})),
        line("n-3", "app.accessed", Some("N2"), json!({"app": "wiki"})),
        line("n-4", "session.started", Some("N3"), json!({})),
        line(
            "n-5",
            "idp_session.started",
            None,
            json!({"idp": "idp-x", "idp_session": "is-alone"}),
        ),
        line("n-6", "session.started", Some("N4"), json!({"idp": "idp-y", "idp_session": "is-N"})),
    ];
    let (status, body) = asked.server.post(
        "/v1/facts",
        Some(&asked.writer),
        "application/json",
        lines.join("\n").as_bytes(),
    );
    assert_eq!(status, 200, "{body}");
    let unknown =
        |hop: &Value| hop["reason"].as_str().filter(|_| hop["id"].is_null()).map(str::to_owned);
    let n2 = chain(&asked, "N2")["items"][0].clone();
    assert_eq!(n2["siblings"], json!(["N1"]), "N4 is of another identity provider");
    assert_eq!(unknown(&n2["appSessions"][0]).as_deref(), Some("app_session_not_stated"));
    assert_eq!(unknown(&n2["rootSession"]).as_deref(), Some("root_session_not_stated"));
    let n3 = chain(&asked, "N3")["items"][0].clone();
    let reasons = [unknown(&n3["appSessions"][0]), unknown(&n3["idp"]), unknown(&n3["idpSession"])];
    assert_eq!(
        reasons.map(Option::unwrap_or_default),
        ["no_app_access_stated", "idp_not_stated", "idp_session_not_stated"]
    );
    let alone = chain(&asked, "is-alone")["items"][0].clone();
    assert_eq!(unknown(&alone["session"]).as_deref(), Some("no_session_names_it"));
    assert_eq!(alone["idpSession"]["records"], json!([{"sourceId": "n-5"}]));
    assert_eq!(rows(&chain(&asked, "is-N"), "items").len(), 3);
    // Known at K, and begun after T.
    let early = asked.cli(&["chain", "S3", "--at", "2026-03-10T10:00:00Z"]);
    assert_eq!(
        [&early["kinds"], &early["items"], &early["begins"]],
        [&json!(["SESSION"]), &json!([]), &json!("2026-03-10T13:20:00Z")]
    );
    let text = asked.text(&["chain", "S3", "--at", "2026-03-10T10:00:00Z"]);
    assert!(
        text.starts_with(
            "S3 is known, and nothing of it had begun at T: it begins 2026-03-10T13:20:00Z, after T"
        ),
        "{text}"
    );
    for id in ["GX1", "no-such-thing"] {
        let nothing = chain(&asked, id);
        assert_eq!(
            [&nothing["kinds"], &nothing["items"], &nothing["apps"]],
            [&json!([]); 3],
            "{id}"
        );
    }
}
