//! What lists and lookups of one thing say of themselves over GraphQL.

use super::support::World;
use claimledger_facts::vocabulary::Role;
use serde_json::{Value, json};

struct Reader {
    world: World,
    token: String,
}

impl Reader {
    async fn new() -> Self {
        let world = World::new().await;
        let token = world.token("acme", &[Role::Ingest, Role::Read], Some("acme-sp")).await;
        Self { world, token }
    }

    async fn write(&self, fact: Value) {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let answer = self.world.send("POST", "/v1/facts", &headers, fact.to_string()).await;
        assert_eq!(answer.json()["results"][0]["outcome"], "stored", "{}", answer.body);
    }

    async fn ask(&self, query: &str) -> Value {
        let body = self.world.graphql(&self.token, query).await.json();
        assert!(body["errors"].is_null(), "{query}: {body}");
        body["data"].clone()
    }
}

const PAGE: &str =
    "edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }";

#[tokio::test]
async fn pages_say_where_they_stand_in_their_list() {
    let reader = Reader::new().await;
    for (name, arguments, rows) in
        [("sessions", "", 8), ("decisions", "", 10), ("timeline", "session: \"S2\", ", 20)]
    {
        let page = async |first: usize, after: &Value| {
            let after = if after.is_null() { String::new() } else { format!(", after: {after}") };
            let query = format!("{{ {name}({arguments}first: {first}{after}) {{ {PAGE} }}");
            reader.ask(&query).await[name].clone()
        };
        let check = |page: &Value, rows: usize, previous: bool, next: bool| {
            let edges = page["edges"].as_array().unwrap();
            let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |e| e["cursor"].clone());
            assert_eq!(edges.len(), rows, "{name}: {page}");
            assert_eq!(
                page["pageInfo"],
                json!({
                    "hasNextPage": next,
                    "hasPreviousPage": previous,
                    "startCursor": cursor(edges.first()),
                    "endCursor": cursor(edges.last()),
                }),
                "{name}"
            );
        };
        let first = page(3, &Value::Null).await;
        check(&first, 3, false, true);
        check(&page(500, &first["pageInfo"]["endCursor"]).await, rows - 3, true, false);
        check(&page(0, &Value::Null).await, 0, false, true);
    }
}

#[tokio::test]
async fn a_decision_goes_by_the_name_of_its_session() {
    let reader = Reader::new().await;
    let line = |id: &str, kind: &str, at: &str, session: &str, data: Value| {
        json!({"id": id, "type": kind, "occurred_at": at, "session": session,
            "subject": {"id": "u-ivan"}, "data": data})
    };
    reader
        .write(line("s9", "session.started", "2026-03-10T20:00:00Z", "S9", json!({"idp": "idp-x"})))
        .await;
    let decided = json!({"app": "wiki", "policy": "wiki", "outcome": "allow"});
    reader.write(line("d9", "policy.decided", "2026-03-10T20:01:00Z", "S9-token", decided)).await;
    let linked = json!({"to": "S9", "by": "token"});
    reader.write(line("l9", "session.linked", "2026-03-10T20:02:00Z", "S9-token", linked)).await;
    let expected = json!({"session": "S9", "sessionRecorded": "S9-token"});
    let answer = reader
        .ask(
            "{ decisions(filter: {session: \"S9-token\"}) { edges { certainty
                 node { session sessionRecorded } } }
               session(id: \"S9\") { session { decisions { session sessionRecorded } } } }",
        )
        .await;
    let edges = &answer["decisions"]["edges"];
    assert_eq!(edges, &json!([{"certainty": "CERTAIN", "node": expected}]));
    assert_eq!(answer["session"]["session"]["decisions"], json!([expected]));
}

#[tokio::test]
async fn a_decision_tells_which_factors_it_needed() {
    let reader = Reader::new().await;
    let answer = reader
        .ask(
            "{ decisions(filter: {session: \"S3\"}) { edges { node { reliedOn { amr needed } } } }
               session(id: \"S3\") { session { factors { amr needed } } } }",
        )
        .await;
    assert_eq!(
        answer["decisions"]["edges"][0]["node"]["reliedOn"],
        json!([
            {"amr": "pwd", "needed": true},
            {"amr": "hwk", "needed": false},
            {"amr": "phr", "needed": true},
        ])
    );
    let factors = answer["session"]["session"]["factors"].as_array().unwrap().clone();
    assert!(!factors.is_empty() && factors.iter().all(|factor| factor["needed"].is_null()));
}

#[tokio::test]
async fn an_ignored_claim_is_possible_inside_the_interval_of_its_time() {
    let reader = Reader::new().await;
    reader
        .write(json!({
            "id": "c9", "type": "claims.received", "session": "S9", "subject": {"id": "u-ivan"},
            "occurred_at": {"from": "2026-03-10T20:00:00Z", "to": "2026-03-10T21:00:00Z"},
            "data": {"idp": "idp-z", "assertion": "as-S9", "amr": ["sms"]},
        }))
        .await;
    for (at, expected) in [("20:30:00", "POSSIBLE"), ("21:00:00", "CERTAIN")] {
        let query = format!(
            "{{ session(id: \"S9\", asking: {{at: \"2026-03-10T{at}Z\"}}) {{ session {{
                 ignored {{ name reasons certainty }} }} }} }}"
        );
        assert_eq!(
            reader.ask(&query).await["session"]["session"]["ignored"],
            json!([{"name": "sms", "reasons": ["trust_off"], "certainty": expected}]),
            "{at}"
        );
    }
}

#[tokio::test]
async fn what_appeared_for_the_first_time_did_so_in_the_window() {
    let reader = Reader::new().await;
    reader
        .write(json!({
            "id": "c9", "type": "claims.received", "session": "S9", "subject": {"id": "u-ivan"},
            "occurred_at": {"from": "2026-03-10T20:00:00Z", "to": "2026-03-10T21:00:00Z"},
            "data": {"idp": "idp-n", "assertion": "as-S9", "amr": ["pwd"]},
        }))
        .await;
    for (from, expected, certainty) in
        [("20:30:00", "20:30:00", "POSSIBLE"), ("19:00:00", "20:00:00", "CERTAIN")]
    {
        let query = format!(
            "{{ firstSeen(kind: ISSUER, from: \"2026-03-10T{from}Z\",
                 asking: {{at: \"2026-03-10T23:00:00Z\"}}) {{ items {{ issuer at certainty }} }} }}"
        );
        assert_eq!(
            reader.ask(&query).await["firstSeen"]["items"],
            json!([{"issuer": "idp-n", "at": format!("2026-03-10T{expected}Z"),
                "certainty": certainty}]),
            "{from}"
        );
    }
}

#[tokio::test]
async fn every_lookup_of_something_unknown_says_so_in_the_same_words() {
    let reader = Reader::new().await;
    for (lookup, thing) in [
        ("session(id: \"nosuch\")", "session nosuch"),
        ("why(session: \"nosuch\")", "session nosuch"),
        ("why(session: \"S3\", app: \"nosuch\")", "application nosuch"),
        ("why(session: \"S3\", decision: \"nosuch\")", "decision nosuch of session S3"),
        ("why(session: \"S3\", factor: \"nosuch\")", "factor nosuch of session S3"),
        ("timeline(session: \"nosuch\")", "session nosuch"),
        ("chain(id: \"nosuch\")", "id nosuch"),
        ("decisions(filter: {session: \"nosuch\"})", "session nosuch"),
        ("decisions(filter: {app: \"nosuch\"})", "application nosuch"),
        ("sessions(filter: {app: \"nosuch\"})", "application nosuch"),
        ("beliefDiff(session: \"nosuch\", from: {}, to: {})", "session nosuch"),
        ("trust(idp: \"nosuch\")", "identity provider nosuch"),
        ("policies(policy: \"nosuch\")", "policy nosuch"),
        ("heldUnder(policy: \"nosuch\", version: \"v1\")", "policy nosuch"),
        ("dependants(actor: \"nosuch\")", "actor nosuch"),
        ("dependants(record: \"nosuch\")", "record nosuch"),
        ("recordAnswer(id: \"nosuch\")", "record nosuch"),
        (
            "recordAnswer(id: \"6ba7b810-9dad-11d1-80b4-00c04fd430c8\")",
            "record 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        ),
        ("recordAnswer(position: 4711)", "record #4711"),
    ] {
        let answer = reader.ask(&format!("{{ {lookup} {{ absence {{ code words }} }} }}")).await;
        let (name, _) = lookup.split_once('(').unwrap();
        let expected = json!({"code": "NOT_KNOWN", "words": format!("No {thing} is known.")});
        assert_eq!(answer[name]["absence"], expected, "{lookup}");
    }
}
