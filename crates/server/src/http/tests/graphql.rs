//! GraphQL by its own door.

use super::support::{AT, World};
use crate::options::{Rate, ServerOptions};
use axum::http::{StatusCode, header};
use claimledger_facts::vocabulary::Role;
use serde_json::{Value, json};

async fn code(world: &World, token: &str, query: &str) -> (StatusCode, Value) {
    let answer = world.graphql(token, query).await;
    let body = answer.json();
    assert!(body["data"].is_null(), "{query}: {body}");
    (answer.status, body["errors"][0]["extensions"].clone())
}

#[tokio::test]
async fn what_goes_too_far_is_refused_before_it_runs() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let deep = format!(
        "{{ why(session: \"S3\") {{ {} conclusion {} }} }}",
        "because { ".repeat(20),
        "}".repeat(20)
    );
    let aliases: String =
        (0..51).map(|n| format!("a{n}: session(id: \"S1\") {{ status {{ head }} }} ")).collect();
    let many_aliases: String = (0..3_000).map(|n| format!("a{n}:__typename ")).collect();
    let costly = "{ sessions(first: 500) { edges { node { id aliases factors { method evidence { \
     id } because { conclusion } } decisions { app reliedOn { method } } } } } }";
    let connections = "{ sessions(first: 500) { edges { node { id } } } a: decisions(first: 500) \
     { edges { node { app at outcome record { id position source } } } } \
                       b: decisions(first: 500) \
                       { edges { node { app at outcome record { id position source } } } } c: \
                       decisions(first: 500) { edges { node { app reliedOn { method } } } } }";
    for (query, expected) in [
        (deep, "TOO_DEEP"),
        (format!("{{ {aliases} }}"), "TOO_MANY_ALIASES"),
        (format!("{{ {many_aliases} }}"), "TOO_MANY_ALIASES"),
        (
            format!("{{ __typename {} }}", "@include(if: true) ".repeat(2_000)),
            "TOO_MANY_DIRECTIVES",
        ),
        (costly.to_owned(), "TOO_COSTLY"),
        (connections.to_owned(), "TOO_COSTLY"),
        ("{ sessions(first: 501) { edges { node { id } } } }".to_owned(), "PAGE_TOO_LARGE"),
    ] {
        // Work on the query itself is slow each time; a busy machine is not.
        let mut fastest = std::time::Duration::MAX;
        for _ in 0..3 {
            let started = std::time::Instant::now();
            let (status, extensions) = code(&world, &token, &query).await;
            fastest = fastest.min(started.elapsed());
            assert_eq!(
                (status, &extensions["code"]),
                (StatusCode::OK, &json!(expected)),
                "{extensions}"
            );
            assert!(extensions["cost"].as_u64() > extensions["limit"].as_u64(), "{extensions}");
        }
        assert!(fastest.as_millis() < 200, "{expected} took {fastest:?}");
    }
    let page =
        world.graphql(&token, "{ sessions(first: 501) { edges { node { id } } } }").await.json();
    assert_eq!(page["errors"][0]["extensions"]["asked"], 501);
}

#[tokio::test]
async fn an_answer_carries_its_cut_and_tells_its_cost() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let query = format!(
        "{{ session(id: \"S3\", asking: {{at: \"{AT}\", knownAtPosition: 82}}) {{ session {{ id \
         state factors {{ method grade evidence {{ position }} }} }} answered {{ position rules \
         provisional rehearsal }} completeness {{ source heardUntil }} status {{ assessedTo head \
         root }} }} }}"
    );
    let body = world.graphql(&token, &query).await.json();
    let answer = &body["data"]["session"];
    assert_eq!(answer["session"]["id"], "S3", "{body}");
    assert_eq!(answer["answered"]["position"], 82);
    let root = &answer["status"]["root"];
    assert!(root.is_null() || root.as_str().is_some_and(|root| root.len() == 64), "{body}");
    assert!(body["extensions"]["cost"]["cost"].as_u64() > Some(10), "{body}");
    assert_eq!(body["extensions"]["cost"]["limit"], 10_000);
}

#[tokio::test]
async fn decisions_tell_what_they_rested_on_and_records_their_leaf() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let body = world
        .graphql(
            &token,
            "{ decisions(filter: {app: \"payroll\"}, first: 20) { edges { node { session outcome \
             reliedOn { method } record { position } } } } }",
        )
        .await
        .json();
    let edges = body["data"]["decisions"]["edges"].as_array().unwrap_or_else(|| panic!("{body}"));
    let rested = edges
        .iter()
        .filter(|edge| edge["node"]["reliedOn"].as_array().is_some_and(|list| !list.is_empty()))
        .count();
    assert!(rested > 3, "{body}");
    let position = &edges[0]["node"]["record"]["position"];
    let record = world
        .graphql(
            &token,
            &format!(
                "{{ record(position: {position}) {{ id leafHash header facts kind \
             understood notes }} }}"
            ),
        )
        .await
        .json();
    let record = &record["data"]["record"];
    assert_eq!(
        (record["leafHash"].as_str().map(str::len), &record["kind"]),
        (Some(64), &json!("policy.decided")),
        "{record}"
    );
    assert_eq!(record["facts"][0]["data"]["app"], "payroll", "{record}");
    let by_id = world
        .graphql(&token, &format!("{{ record(id: {}) {{ position }} }}", record["id"]))
        .await
        .json();
    assert_eq!(&by_id["data"]["record"]["position"], position);
}

#[tokio::test]
async fn why_says_the_words_of_the_command_line() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let body = world
        .graphql(
            &token,
            "{ why(session: \"S3\", app: \"payroll\") { session text because { conclusion because \
             { conclusion } } } }",
        )
        .await
        .json();
    let why = &body["data"]["why"];
    assert!(
        why["text"].as_str().is_some_and(
            |text| text.contains(why["because"][0]["conclusion"].as_str().unwrap_or("?"))
        ),
        "{body}"
    );
}

#[tokio::test]
async fn an_unknown_session_and_a_foreign_one_give_the_same_bytes() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let ask = |id: &'static str| {
        let (world, token) = (&world, &token);
        let query = format!(
            "{{ session(id: \"{id}\", asking: {{at: \"{AT}\", knownAtPosition: 5}}) {{ session {{ \
             id }} answered {{ position }} completeness {{ source }} status {{ head }} }} \
             why(session: \"{id}\", asking: {{at: \"{AT}\", knownAtPosition: 5}}) {{ session \
             because {{ conclusion }} }} }}"
        );
        async move { world.graphql(token, &query).await }
    };
    let (foreign, unknown) = (ask("GX1").await, ask("nowhere").await);
    assert!(foreign.body.contains("\"session\":null"), "{}", foreign.body);
    assert_eq!((foreign.status, foreign.body), (unknown.status, unknown.body));
    assert_eq!(foreign.headers, unknown.headers);

    let page = |id: &'static str| {
        let (world, cookie) = (&world, &cookie);
        let uri = format!(
            "/session?id={id}&at={AT}&knownAtPosition=5&rules={}",
            claimledger_domain::RULES
        );
        async move { world.get(&uri, cookie).await }
    };
    let (foreign, unknown) = (page("GX1").await, page("nowhere").await);
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert!(foreign.body.contains("Nothing by this id is known at #5"), "{}", foreign.body);
    assert_eq!((foreign.body, foreign.headers), (unknown.body, unknown.headers));
}

#[tokio::test]
async fn only_a_post_of_json_with_a_credential_is_read() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let bearer = format!("Bearer {token}");
    let query = r#"{"query":"{ __typename }"}"#;
    let json = ("content-type", "application/json");
    let send = |method: &'static str, headers: Vec<(&'static str, String)>, body: String| {
        let world = &world;
        async move {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            world.send(method, "/graphql", &headers, body).await
        }
    };
    let json = || (json.0, json.1.to_owned());
    let auth = || ("authorization", bearer.clone());
    assert_eq!(
        send("GET", vec![auth()], String::new()).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let nobody = send("POST", vec![json()], query.to_owned()).await;
    assert_eq!(
        (nobody.status, nobody.header(header::WWW_AUTHENTICATE)),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
    assert_eq!(
        send("POST", vec![json(), ("authorization", "Bearer wrong".to_owned())], query.to_owned())
            .await
            .body,
        nobody.body
    );
    assert_eq!(
        send("POST", vec![("content-type", "text/plain".to_owned()), auth()], query.to_owned())
            .await
            .status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let batch =
        send("POST", vec![json(), auth()], format!(" [{}]", vec![query; 500].join(","))).await;
    assert_eq!(
        (batch.status, &batch.json()["errors"][0]["extensions"]["code"]),
        (StatusCode::BAD_REQUEST, &json!("BATCH_REFUSED"))
    );
    let long =
        send("POST", vec![json(), auth()], format!("{{\"query\":\"{}\"}}", " ".repeat(70_000)))
            .await;
    assert_eq!(
        (long.status, &long.json()["errors"][0]["extensions"]["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("BODY_TOO_LARGE"))
    );
    assert_eq!(
        send("POST", vec![json(), auth()], "{".to_owned()).await.status,
        StatusCode::BAD_REQUEST
    );

    // With a cookie the header is needed that no other site can send.
    let cookie = ("cookie", world.cookie("acme", &[Role::Read]));
    let without = send("POST", vec![json(), cookie.clone()], query.to_owned()).await;
    assert_eq!(
        (without.status, &without.json()["errors"][0]["extensions"]["code"]),
        (StatusCode::FORBIDDEN, &json!("CSRF"))
    );
    assert_eq!(
        send("POST", vec![json(), cookie, ("x-claimledger", "1".to_owned())], query.to_owned())
            .await
            .json()["data"]["__typename"],
        "Query"
    );

    // The status follows what the client accepts.
    let strict = ("accept", "application/graphql-response+json".to_owned());
    let refused =
        send("POST", vec![json(), auth(), strict], r#"{"query":"{ nothing }"}"#.to_owned()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    assert!(!refused.body.contains("Did you mean"));
}

#[tokio::test]
async fn a_role_that_does_not_read_is_refused_and_labels_need_investigate() {
    let world = World::new().await;
    let ingest = world.token("acme", &[Role::Ingest], Some("acme-sp")).await;
    assert_eq!(
        code(&world, &ingest, "{ session(id: \"S1\") { status { head } } }").await.1,
        json!({"code": "FORBIDDEN", "needs": "read"})
    );
    assert_eq!(
        code(&world, &ingest, "{ session(id: \"nowhere\") { status { head } } }").await.1,
        json!({"code": "FORBIDDEN", "needs": "read"})
    );
    let query = "{ session(id: \"S1\") { session { id label { login } } } }";
    let reader = world.token("acme", &[Role::Read], None).await;
    let body = world.graphql(&reader, query).await.json();
    assert_eq!(
        (&body["data"]["session"]["session"]["label"], &body["errors"][0]["extensions"]["code"]),
        (&Value::Null, &json!("FORBIDDEN")),
        "{body}"
    );
    let investigator = world.token("acme", &[Role::Read, Role::Investigate], None).await;
    let body = world.graphql(&investigator, query).await.json();
    assert!(body["data"]["session"]["session"]["label"]["login"].is_string(), "{body}");
}

#[tokio::test]
async fn refusals_of_the_app_have_codes() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    for (query, expected) in [
        (
            "{ session(id: \"S1\", asking: {knownAtPosition: 5000}) { status { head } } }",
            "PAST_HEAD",
        ),
        ("{ sessions(after: \"nonsense\") { status { head } } }", "BAD_CURSOR"),
        ("{ a: sessions(first: 0) { status { head } } record { id } }", "BAD_INPUT"),
    ] {
        let body = world.graphql(&token, query).await.json();
        assert_eq!(body["errors"][0]["extensions"]["code"], expected, "{body}");
    }
}

#[tokio::test]
async fn a_credential_that_asks_too_often_is_told_when_to_come_again() {
    let options =
        ServerOptions { rate: Rate { per_second: 1, burst: 2 }, ..ServerOptions::default() };
    let world = World::with(options).await;
    let token = world.token("acme", &[Role::Read], None).await;
    for _ in 0..2 {
        assert_eq!(world.graphql(&token, "{ __typename }").await.status, StatusCode::OK);
    }
    let refused = world.graphql(&token, "{ __typename }").await;
    assert_eq!(
        (refused.status, refused.header(header::RETRY_AFTER)),
        (StatusCode::TOO_MANY_REQUESTS, "1")
    );
    assert_eq!(refused.json()["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    let other = world.token("globex", &[Role::Read], None).await;
    assert_eq!(world.graphql(&other, "{ __typename }").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_schema_can_be_asked_for_only_where_that_is_on() {
    let query = "{ __schema { queryType { name } } }";
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    assert_eq!(
        world.graphql(&token, query).await.json()["data"]["__schema"]["queryType"]["name"],
        "Query"
    );
    let world =
        World::with(ServerOptions { introspection: false, ..ServerOptions::default() }).await;
    let token = world.token("acme", &[Role::Read], None).await;
    let body = world.graphql(&token, query).await.json();
    assert_eq!(body["errors"][0]["extensions"]["code"], "INTROSPECTION_OFF", "{body}");
    let hidden =
        "{ ...s } fragment s on Query { ... on Query { __type(name: \"Query\") { name } } }";
    assert_eq!(
        world.graphql(&token, hidden).await.json()["errors"][0]["extensions"]["code"],
        "INTROSPECTION_OFF"
    );
}

#[tokio::test]
async fn every_error_has_a_code_and_no_place_that_is_none() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let deep = format!(
        "{}{}",
        "{ why(session: \"S1\") { because ".to_owned() + &"{ because ".repeat(30),
        "{ conclusion } ".to_owned() + &"}".repeat(32)
    );
    for (query, code, has_place) in [
        ("{ session(id: \"S1\" ", "GRAPHQL_PARSE_FAILED", true),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED", true),
        ("{ session { answered { position } } }", "GRAPHQL_VALIDATION_FAILED", true),
        (
            "{ session(id: \"S1\", asking: {at: \"2026-03-10T10:00:00\"}) { answered { position } \
             } }",
            "BAD_INPUT",
            true,
        ),
        (
            "{ session(id: \"S1\", asking: {knownAtPosition: -1}) { answered { position } } }",
            "BAD_INPUT",
            true,
        ),
        (&deep, "TOO_DEEP", false),
    ] {
        let body = world.graphql(&token, query).await.json();
        let error = &body["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{query}: {body}");
        let places = error["locations"].as_array().cloned().unwrap_or_default();
        assert_eq!(!places.is_empty(), has_place, "{query}: {body}");
        assert!(places.iter().all(|place| place["line"].as_u64().unwrap() > 0), "{query}: {body}");
    }
}
