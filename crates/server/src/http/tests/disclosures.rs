//! Every field, page and endpoint that shows something of a record leaves one entry in the access
//! log; one that shows nothing leaves none, and is in a list with the reason.

use super::{
    stalling_log::{Appends, StallingLog},
    stream,
    support::{AT, World},
};
use axum::http::{StatusCode, header};
use claimledger_app::{
    export::ExportList,
    model::{
        access::{AccessEntry, AccessFilter},
        question::Caller,
    },
};
use claimledger_facts::{
    ids::TenantId,
    vocabulary::{Role, Surface},
};
use serde_json::Value;
use std::sync::Arc;

/// Fields that show nothing of a source's records, and why.
const SHOW_NOTHING: &[(&str, &str)] = &[
    ("status", "how far the read models are"),
    ("checkpoint", "hashes and signatures"),
    ("consistency", "hashes and signatures"),
];

/// Endpoints that are no pages: how each is called, and whether it shows records; or why it does
/// not.
const ENDPOINTS: &[(&str, Endpoint)] = &[
    ("/graphql", Endpoint::Elsewhere("every field is called")),
    ("/graphql/stream", Endpoint::Elsewhere("every subscription is opened")),
    ("/v1/export/{list}", Endpoint::Elsewhere("every list is exported")),
    ("/v1/evidence", Endpoint::Elsewhere("a pack is made")),
    ("/v1/receipts", Endpoint::Elsewhere("an answer is signed")),
    ("/v1/receipts/check", Endpoint::Elsewhere("and asked for again")),
    ("/live", Endpoint::Elsewhere("a page hears of newer records")),
    ("/v1/facts", Endpoint::ShowsNothing("receipts of what was sent")),
    ("/v1/hooks/okta", Endpoint::ShowsNothing("receipts of what was sent")),
    ("/v1/rebuild", Endpoint::ShowsNothing("how far a rebuild is")),
    ("/v1/sources", Endpoint::ShowsNothing("what is polled and how far, no record")),
    ("/v1/credentials", Endpoint::ShowsNothing("who may do what, no record")),
    ("/v1/credentials/{credential}", Endpoint::ShowsNothing("whether it was revoked")),
    ("/v1/retractions", Endpoint::Elsewhere("a retraction that names an unknown key is refused")),
    ("/log/{*path}", Endpoint::Elsewhere("the tiled log")),
    ("/healthz", Endpoint::ShowsNothing("no caller")),
    ("/readyz", Endpoint::ShowsNothing("no caller")),
    ("/csp-report", Endpoint::ShowsNothing("nothing is answered")),
];

/// What is known of an endpoint.
enum Endpoint {
    /// It is called by a test of its own.
    Elsewhere(&'static str),
    /// It shows nothing of a record, and why.
    ShowsNothing(&'static str),
}

/// The number of entries of the access log that were written since the last call.
async fn new_entries(world: &World, before: &mut u64) -> u64 {
    let owner = Caller::owner(TenantId::new("acme"));
    let page = world.app.accesses(&owner, &AccessFilter::default(), 1, None).await.unwrap();
    // The last is that of this very call.
    let new = page.size - *before - 1;
    *before = page.size;
    new
}

/// The last entry of the access log that is not of the owner, who counts entries.
async fn last_entry(world: &World) -> AccessEntry {
    let owner = Caller::owner(TenantId::new("acme"));
    let page = world.app.accesses(&owner, &AccessFilter::default(), 9, None).await.unwrap();
    page.entries.into_iter().find(|entry| entry.disclosed.credential != "owner").unwrap()
}

/// Pages without answers, and why.
const NO_ANSWER: &[(&str, &str)] = &[
    ("/evidence", "hashes and signatures; what is pasted is compared there, and recorded"),
    ("/query", "a form; what it is sent is GraphQL"),
    ("/find", "a form; what is found is an answer to POST, and recorded"),
    ("/semantics", "a document"),
    ("/style", "made-up values"),
    ("/sign-in", "no caller yet"),
    ("/sign-out", "no answer"),
    ("/theme", "a cookie"),
    ("/assets/{name}", "files of the program"),
    ("/favicon.ico", "nothing"),
];

/// Addresses of the pages that show something.
const PAGES: &[(&str, &str)] = &[
    ("/sessions", "/sessions"),
    ("/session", "/session?id=S3"),
    ("/decision", "/decision?pos=43"),
    ("/why", "/why?session=S3&factor=hwk"),
    ("/record", "/record?pos=29"),
    ("/sources", "/sources"),
    ("/", "/"),
    ("/trust", "/trust?idp=idp-x"),
    ("/policy", "/policy?policy=payroll"),
    ("/blast", "/blast?kind=key&idp=idp-x&key=X1"),
    ("/chain", "/chain?id=S3"),
    ("/timeline", "/timeline?session=S3"),
    ("/first-seen", "/first-seen?kind=key"),
    ("/access", "/access?session=S3"),
    ("/rehearse", "/rehearse?change=deactivate&idp=idp-x"),
    ("/retract", "/retract?idp=idp-x&key=X1"),
];

/// A literal for a required argument of a field.
fn literal(field: &str, argument: &str) -> Option<&'static str> {
    Some(match argument {
        "change" if field == "guard" => "{kind: DEACTIVATE, idp: \"idp-x\"}",
        "session" | "id" | "text" => "\"S3\"",
        "policy" => "\"payroll\"",
        "version" => "\"v1\"",
        "from" => "\"2026-03-10T00:00:00Z\"",
        "to" => "\"2026-03-11T00:00:00Z\"",
        "change" => "{kind: TRUST_OFF, idp: \"idp-x\"}",
        "kind" => "KEY",
        "position" => "43",
        _ => return None,
    })
}

#[tokio::test]
async fn every_field_passes_the_recorder() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read, Role::Investigate], None).await;
    let described = world
        .graphql(
            &token,
            "{ __schema { queryType { fields { name args { name defaultValue type { kind } } } } }
              }",
        )
        .await
        .json();
    let fields = described["data"]["__schema"]["queryType"]["fields"].as_array().unwrap().clone();
    assert!(fields.len() > 18, "{described}");
    let saved = world
        .graphql(&token, "{ record(position: 43) { proof { checkpoint { note } } } }")
        .await
        .json();
    let saved = saved["data"]["record"]["proof"]["checkpoint"]["note"].to_string();
    let mut before = 0;
    for field in &fields {
        let name = field["name"].as_str().unwrap();
        let required = |argument: &&Value| {
            argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
        };
        let mut arguments: Vec<String> = field["args"]
            .as_array()
            .unwrap()
            .iter()
            .filter(required)
            .map(|argument| {
                let argument = argument["name"].as_str().unwrap();
                // `beliefDiff` takes cuts where others take times.
                let cut = name == "beliefDiff" && ["from", "to"].contains(&argument);
                let value = if name == "consistency" {
                    saved.as_str()
                } else if cut {
                    if argument == "from" { "{knownAtPosition: 60}" } else { "{}" }
                } else {
                    literal(name, argument)
                        .unwrap_or_else(|| panic!("{name}: a value for {argument}"))
                };
                format!("{argument}: {value}")
            })
            .collect();
        match name {
            "record" | "recordAnswer" => arguments.push("position: 43".to_owned()),
            "dependants" => arguments.push("actor: \"admin-1\"".to_owned()),
            _ => {}
        }
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!("({})", arguments.join(", "))
        };
        let scalar = name == "status" || name == "changesCursor";
        let inside = if scalar && name != "status" { "" } else { " { __typename }" };
        new_entries(&world, &mut before).await;
        let answer =
            world.graphql(&token, &format!("{{ {name}{arguments}{inside} }}")).await.json();
        let answer = match &answer["errors"] {
            Value::Null => answer,
            // A scalar takes no selection, an object needs one: the other of the two.
            _ => {
                let inside = if inside.is_empty() { " { __typename }" } else { "" };
                let query = format!("{{ {name}{arguments}{inside} }}");
                world.graphql(&token, &query).await.json()
            }
        };
        assert!(answer["errors"].is_null(), "{name}: {answer}");
        let shows_nothing = SHOW_NOTHING.iter().any(|(field, _)| *field == name);
        let entries = new_entries(&world, &mut before).await;
        assert_eq!(entries, u64::from(!shows_nothing), "{name}{arguments}");
    }
    let names: Vec<&str> = fields.iter().filter_map(|field| field["name"].as_str()).collect();
    assert!(SHOW_NOTHING.iter().all(|(field, _)| names.contains(field)), "{names:?}");
}

/// Subscriptions, and one that begins before the first record.
const SUBSCRIPTIONS: &[(&str, &str)] = &[(
    "sessionChanged",
    "subscription ($after: String) { sessionChanged(after: $after) { cursor sessionId } }",
)];

#[tokio::test]
async fn every_subscription_passes_the_recorder() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let described =
        world.graphql(&token, "{ __schema { subscriptionType { fields { name } } } }").await.json();
    let fields = described["data"]["__schema"]["subscriptionType"]["fields"].as_array().unwrap();
    assert!(!fields.is_empty(), "{described}");
    let after = stream::start(&world, &token).await;
    let mut before = 0;
    for field in fields {
        let name = field["name"].as_str().unwrap();
        let (_, query) = SUBSCRIPTIONS
            .iter()
            .find(|(field, _)| *field == name)
            .unwrap_or_else(|| panic!("{name}: a query for it"));
        new_entries(&world, &mut before).await;
        let mut events = stream::open(&world, &token, query, Some(&after)).await;
        let mut entries = 0;
        for n in 1..=3 {
            let change = stream::piece(&mut events).await.unwrap();
            assert!(change.starts_with("event: next"), "{name}: {change}");
            // One each at least, before it is sent; the next ones may be on their way.
            entries += new_entries(&world, &mut before).await;
            assert!(entries >= n, "{name}, change {n}, {entries} entries: {change}");
            let shown = last_entry(&world).await.disclosed;
            assert_eq!(shown.surface, Surface::Subscription, "{name}");
            assert!(!shown.sessions.is_empty(), "{name}: {shown:?}");
        }
    }
}

#[tokio::test]
async fn every_page_passes_the_recorder() {
    let routes = include_str!("../../pages/mod.rs");
    let routes: Vec<&str> =
        routes.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Govern]);
    let mut before = 0;
    for route in &routes {
        new_entries(&world, &mut before).await;
        let Some((_, address)) = PAGES.iter().find(|(page, _)| page == route) else {
            let named = NO_ANSWER.iter().any(|(page, _)| page == route);
            assert!(named, "{route}: give its address, or say why it shows nothing");
            continue;
        };
        let mut answer = world.get(address, &cookie).await;
        if answer.status == StatusCode::SEE_OTHER {
            // To the same page at a pinned cut.
            let pinned = answer.header(header::LOCATION).to_owned();
            answer = world.get(&pinned, &cookie).await;
        }
        assert_eq!(answer.status.as_u16(), 200, "{address}: {}", answer.body);
        assert_eq!(new_entries(&world, &mut before).await, 1, "{address}");
        assert_eq!(last_entry(&world).await.disclosed.surface, Surface::Page, "{address}");
    }
    assert!(PAGES.iter().all(|(page, _)| routes.contains(page)), "{routes:?}");
}

#[tokio::test]
async fn every_export_passes_the_recorder() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Export]);
    let mut before = 0;
    for list in ExportList::WORDS {
        for sent in ["as=csv", "as=pages", "as=jsonl&part=manifest"] {
            new_entries(&world, &mut before).await;
            let of = match *list {
                "timeline" => "session=S3&",
                "held-under" => "policy=payroll&version=v1&",
                "dependants" => "actor=admin-1&",
                "first-seen" => "kind=key&",
                _ => "",
            };
            let address = format!("/v1/export/{list}?{of}{sent}");
            let answer = world.get(&address, &cookie).await;
            assert_eq!(answer.status.as_u16(), 200, "{address}: {}", answer.body);
            assert!(new_entries(&world, &mut before).await > 0, "{address}");
            assert_eq!(last_entry(&world).await.disclosed.surface, Surface::Export);
        }
    }
}

#[tokio::test]
async fn packs_and_receipts_pass_the_recorder() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Export]);
    let token = world.token("acme", &[Role::Read], None).await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let mut before = 0;
    new_entries(&world, &mut before).await;
    let pack = world.get("/v1/evidence?session=S3&format=json", &cookie).await;
    assert_eq!(pack.status.as_u16(), 200, "{}", pack.body);
    assert_eq!(new_entries(&world, &mut before).await, 1, "a pack");
    let shown = last_entry(&world).await.disclosed;
    let asked: Vec<&str> = shown.questions.iter().map(|asked| asked.question.as_str()).collect();
    assert!(asked.contains(&"evidence") && asked.contains(&"why"), "{asked:?}");
    assert!(shown.sessions.iter().any(|id| id.as_str() == "S3"), "{shown:?}");
    assert!(!shown.records.is_empty(), "{shown:?}");

    new_entries(&world, &mut before).await;
    let query = serde_json::json!({"query": "{ why(session: \"S3\") { text } }"}).to_string();
    let receipt = world.send("POST", "/v1/receipts", &headers, query).await;
    assert_eq!(receipt.status.as_u16(), 200, "{}", receipt.body);
    assert_eq!(new_entries(&world, &mut before).await, 1, "a receipt");
    let checked = world.send("POST", "/v1/receipts/check", &headers, receipt.body).await;
    assert_eq!(checked.json()["same"], true, "{}", checked.body);
    assert_eq!(new_entries(&world, &mut before).await, 1, "a receipt that is checked");
    assert!(last_entry(&world).await.disclosed.sessions.iter().any(|id| id.as_str() == "S3"));
}

#[tokio::test]
async fn a_refused_retraction_that_names_what_is_known_passes_the_recorder() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Govern], None).await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let mut before = 0;
    // X2 was not retracted before, so that its first answer repeats what was sent alone.
    for (id, key, status, entries) in [
        ("a", "X9", 422, 1),
        ("a", "X2", 201, 0),
        ("a", "X2", 200, 0),
        ("b", "X2", 201, 1),
        ("c", "X1", 201, 1),
    ] {
        new_entries(&world, &mut before).await;
        let wanted = serde_json::json!({"id": id, "idp": "idp-x", "key": key,
            "from": "2026-03-10T13:40:00Z", "reason": "leaked"});
        let answer = world.send("POST", "/v1/retractions", &headers, wanted.to_string()).await;
        assert_eq!(answer.status.as_u16(), status, "{key}: {}", answer.body);
        assert_eq!(new_entries(&world, &mut before).await, entries, "{key}");
        if entries == 1 {
            let shown = last_entry(&world).await.disclosed;
            assert_eq!(shown.surface, Surface::Http);
            assert_eq!(shown.questions[0].question, "retraction", "{shown:?}");
        }
    }
}

#[tokio::test]
async fn every_endpoint_is_known_and_the_tiled_log_leaves_an_entry() {
    let routes = include_str!("../../router.rs");
    let routes = routes.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let routes: Vec<&str> = routes.collect();
    for route in &routes {
        let known = ENDPOINTS.iter().find(|(name, _)| name == route);
        assert!(known.is_some(), "{route}: say how it is recorded, or why it shows nothing");
    }
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read, Role::Ingest, Role::Operate], Some("s")).await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let mut before = 0;
    for (route, endpoint) in ENDPOINTS {
        assert!(routes.contains(route), "{route} is no route any more");
        let (Endpoint::ShowsNothing(why) | Endpoint::Elsewhere(why)) = endpoint;
        if matches!(endpoint, Endpoint::Elsewhere(_)) {
            continue;
        }
        new_entries(&world, &mut before).await;
        for method in ["GET", "POST"] {
            world.send(method, route, &headers, "").await;
        }
        assert_eq!(new_entries(&world, &mut before).await, 0, "{route}: {why}");
    }
    let note = world.graphql(&token, "{ checkpoint { origin size } }").await.json();
    let origin = note["data"]["checkpoint"]["origin"].as_str().unwrap();
    let size = note["data"]["checkpoint"]["size"].as_u64().unwrap();
    let bundle = format!("/log/{origin}/tile/entries/000.p/{}", size % 256);
    for (path, entries) in [(format!("/log/{origin}/checkpoint"), 0), (bundle, 1)] {
        new_entries(&world, &mut before).await;
        let answer = world.send_bytes("GET", &path, &headers).await;
        assert_eq!(answer.as_u16(), 200, "{path}");
        assert_eq!(new_entries(&world, &mut before).await, entries, "{path}");
    }
    let shown = last_entry(&world).await.disclosed;
    assert_eq!(shown.records.len(), 1);
    assert_eq!((shown.records[0].first.0, shown.records[0].last.0), (0, size - 1));
}

#[tokio::test]
async fn an_entry_says_who_asked_what_and_why() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("claimledger-purpose", "incident"),
        ("claimledger-case", "INC-42"),
    ];
    let query = "{ a: session(id: \"S2\") { session { id } }
        b: sessions(first: 3, filter: {idp: \"idp-x\"}) { edges { node { id } } } }";
    let body = serde_json::json!({"query": query}).to_string();
    let mut before = 0;
    new_entries(&world, &mut before).await;
    let answer = world.send("POST", "/graphql", &headers, body).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    assert_eq!(new_entries(&world, &mut before).await, 1, "two questions are one request");
    let entry = last_entry(&world).await;
    assert_eq!(entry.reason.purpose.as_deref(), Some("incident"));
    assert_eq!(entry.reason.case.as_deref(), Some("INC-42"));
    let shown = entry.disclosed;
    let asked: Vec<&str> = shown.questions.iter().map(|asked| asked.question.as_str()).collect();
    assert_eq!(asked, ["session", "sessions"]);
    assert_eq!((shown.surface, shown.part, shown.refused), (Surface::Graphql, 1, None));
    assert_eq!(shown.roles, [Role::Read]);
    assert!(shown.sessions.iter().any(|id| id.as_str() == "S2"), "{shown:?}");
    assert!(!shown.subjects.is_empty() && !shown.names, "{shown:?}");
    assert_eq!(shown.parameters["idp"], "idp-x");
    assert!(!shown.parameters.contains_key("id"), "an id may be a login: {:?}", shown.parameters);
    // What is refused for a role is recorded too.
    let operator = world.token("acme", &[Role::Operate], None).await;
    let answer = world.graphql(&operator, query).await.json();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    let refused = last_entry(&world).await.disclosed;
    assert_eq!(refused.refused, Some(Role::Read), "{refused:?}");
    assert!(refused.sessions.is_empty(), "{refused:?}");
    let control = [headers[0], headers[1], ("claimledger-case", "a\tb")];
    let answer = world.send("POST", "/graphql", &control, "{}").await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.body);
    assert!(answer.body.contains("the case has a control character"), "{}", answer.body);
}

#[tokio::test]
async fn nothing_is_shown_that_cannot_be_recorded() {
    let access = Arc::new(StallingLog::default());
    let world = World::recording(access.clone()).await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Export]);
    let token = world.token("acme", &[Role::Read], None).await;
    access.set(Appends::Fail);
    let answer = world.graphql(&token, "{ session(id: \"S2\") { session { id } } }").await;
    assert_eq!(answer.status.as_u16(), 503, "{}", answer.body);
    assert!(!answer.body.contains("S2"), "{}", answer.body);
    assert!(answer.body.contains("cannot be recorded in the access log"), "{}", answer.body);
    let status = world.graphql(&token, "{ status { head } }").await;
    assert_eq!(status.status.as_u16(), 200, "no record is shown: {}", status.body);
    let at = format!("at={AT}&knownAtPosition=82&rules={}", claimledger_domain::RULES);
    for page in [format!("/session?id=S2&{at}"), "/v1/export/sessions?as=csv".to_owned()] {
        let answer = world.get(&page, &cookie).await;
        assert_eq!(answer.status.as_u16(), 503, "{page}: {}", answer.body);
        assert!(answer.body.contains("cannot be recorded in the access log"), "{}", answer.body);
    }
    access.set(Appends::Work);
    let answer = world.graphql(&token, "{ session(id: \"S2\") { session { id } } }").await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
}
