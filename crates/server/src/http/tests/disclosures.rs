//! Every field and every page that shows something passes the one function that records it
//! (`claimledger_app::app::App::disclosures` counts).

use super::support::World;
use axum::http::{StatusCode, header};
use claimledger_app::export::ExportList;
use claimledger_facts::vocabulary::Role;
use serde_json::Value;

/// Fields that show nothing of a source's records, and why.
const SHOW_NOTHING: &[(&str, &str)] = &[("status", "how far the read models are")];

/// Pages without answers, and why.
const NO_ANSWER: &[(&str, &str)] = &[
    ("/", "leads to the list of sessions"),
    ("/query", "a form; what it is sent is GraphQL"),
    ("/semantics", "a document"),
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
    ("/sources", "/sources"),
    ("/rehearse", "/rehearse?change=deactivate&idp=idp-x"),
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
            "{ __schema { queryType { fields { name args { name type { kind } } } } } }",
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
    for field in &fields {
        let name = field["name"].as_str().unwrap();
        let required = |argument: &&Value| argument["type"]["kind"] == "NON_NULL";
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
        let before = world.app.disclosures();
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
        assert_eq!(world.app.disclosures() > before, !shows_nothing, "{name}{arguments}");
    }
    let names: Vec<&str> = fields.iter().filter_map(|field| field["name"].as_str()).collect();
    assert!(SHOW_NOTHING.iter().all(|(field, _)| names.contains(field)), "{names:?}");
}

#[tokio::test]
async fn every_page_passes_the_recorder() {
    let routes = include_str!("../../pages/mod.rs");
    let routes: Vec<&str> =
        routes.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for route in &routes {
        let before = world.app.disclosures();
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
        assert!(world.app.disclosures() > before, "{address}");
    }
    assert!(PAGES.iter().all(|(page, _)| routes.contains(page)), "{routes:?}");
}

#[tokio::test]
async fn every_export_passes_the_recorder() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Export]);
    for list in ExportList::WORDS {
        for sent in ["as=csv", "as=pages", "as=jsonl&part=manifest"] {
            let before = world.app.disclosures();
            let session = if *list == "timeline" { "session=S3&" } else { "" };
            let address = format!("/v1/export/{list}?{session}{sent}");
            let answer = world.get(&address, &cookie).await;
            assert_eq!(answer.status.as_u16(), 200, "{address}: {}", answer.body);
            assert!(world.app.disclosures() > before, "{address}");
        }
    }
}
