//! Looks at the configuration: what is asked, what is ingested, and when.

use crate::support::{
    World,
    double::{Given, event},
    text,
};
use claimledger_okta::{Access, Kind};
use serde_json::{Value, json};

fn object(id: &str) -> Value {
    json!({"id": id, "name": id, "lastUpdated": "2026-02-01T00:00:00.000Z"})
}

#[tokio::test]
async fn each_answer_is_ingested_whole_with_its_time_and_path() {
    let world = World::new().await;
    let pages = vec![vec![object("0oaA"), object("0oaB")], vec![object("0oaC")]];
    world.double.org().configuration.insert("/api/v1/idps".to_owned(), Given::Pages(pages));
    world.round().await.unwrap();
    assert_eq!(
        world.ledger.looked_at(),
        [
            "/.well-known/okta-organization",
            "/api/v1/features",
            "/api/v1/idps",
            "/api/v1/idps/credentials/keys",
            "/api/v1/authenticators",
            "/api/v1/authenticators/autPhone/methods",
            "/api/v1/policies?type=OKTA_SIGN_ON",
            "/api/v1/policies/00pGlobal/rules",
            "/api/v1/policies?type=ACCESS_POLICY",
            "/api/v1/policies/rstApp/rules",
            "/api/v1/policies?type=IDP_DISCOVERY",
            "/api/v1/apps",
        ]
    );
    let looks = world.ledger.of(Kind::Look);
    let idps = looks.iter().find(|look| look["path"] == "/api/v1/idps").unwrap();
    let expected = json!({"looked_at": "2026-03-10T10:00:00Z", "path": "/api/v1/idps",
        "complete": true, "body": [object("0oaA"), object("0oaB"), object("0oaC")]});
    assert_eq!(*idps, expected);
    let well_known = &looks[0]["body"];
    assert_eq!(well_known["pipeline"], "idx", "an object stays an object: {well_known}");
}

/// One endpoint that the token may not read, that the org does not have, or that fails, is reported
/// and stops no other. A list that is cut off is not ingested: what is missing from it would look
/// deleted.
#[tokio::test]
async fn an_endpoint_that_cannot_be_read_stops_no_other() {
    let world = World::new().await;
    {
        let mut org = world.double.org();
        let mut set = |path: &str, given| org.configuration.insert(path.to_owned(), given);
        set("/api/v1/idps", Given::CutOffAfter(vec![object("0oaA")]));
        set("/api/v1/features", Given::Status(403, "E0000006"));
        set("/api/v1/authenticators", Given::Status(404, "E0000022"));
        set("/api/v1/policies/rstApp/rules", Given::Status(500, "E0000009"));
    }
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids(), ["e0"], "the log is read all the same");
    let looked_at = world.ledger.looked_at();
    assert!(!looked_at.contains(&"/api/v1/idps".to_owned()), "{looked_at:?}");
    assert!(looked_at.contains(&"/api/v1/apps".to_owned()), "{looked_at:?}");

    let endpoints = world.progress().await.endpoints;
    let state = |path: &str| (endpoints[path].state, endpoints[path].why.as_str());
    assert_eq!(state("/api/v1/apps"), (Access::Readable, ""));
    let (access, why) = state("/api/v1/features");
    assert_eq!(access, Access::Forbidden);
    assert!(why.contains("lacks the permission okta.features.read"), "{why}");
    assert_eq!(state("/api/v1/authenticators").0, Access::Absent);
    let claim_sourcing = state("/api/v1/policies?type=IDENTITY_CLAIM_SOURCING");
    assert_eq!(claim_sourcing.0, Access::Absent, "a type that the edition does not have");
    let (access, why) = state("/api/v1/idps");
    assert_eq!(access, Access::Failed);
    assert!(why.contains("no complete JSON"), "{why}");
    let (access, why) = state("/api/v1/policies/{id}/rules");
    assert_eq!((access, why.contains("Okta failed (500)")), (Access::Failed, true), "{why}");
}

/// Links that lead in a circle give no whole list: it ends after the pages that there are.
#[tokio::test]
async fn a_list_whose_links_lead_in_a_circle_is_not_ingested() {
    let world = World::new().await;
    let pages = ["0oaA", "0oaB", "0oaC"].map(|id| vec![object(id)]).to_vec();
    world.double.org().configuration.insert("/api/v1/idps".to_owned(), Given::Circle(pages));
    world.round().await.unwrap();
    let report = &world.progress().await.endpoints["/api/v1/idps"];
    assert_eq!(report.state, Access::Failed);
    assert!(report.why.contains("leads back to a page that was read"), "{}", report.why);
    assert!(!world.ledger.looked_at().contains(&"/api/v1/idps".to_owned()));
    let asked = world.double.org().seen.iter().filter(|seen| seen.path == "/api/v1/idps").count();
    assert_eq!(asked, 4, "the first, and each of the circle once");
}

/// A look that was read and not understood is said to be so.
#[tokio::test]
async fn a_look_that_is_not_understood_is_reported() {
    let world = World::new().await;
    *world.ledger.refuses.lock().unwrap() = Some("/api/v1/apps");
    world.round().await.unwrap();
    let report = &world.progress().await.endpoints["/api/v1/apps"];
    assert_eq!(report.state, Access::Failed);
    assert_eq!(report.why, "it was read, and not understood: no such field");
}

/// After the first round a look is due after its interval, or when an event says that something
/// changed; many changes cost one look.
#[tokio::test]
async fn a_look_is_due_after_its_interval_and_after_a_change() {
    let world = World::new().await;
    let looks = || {
        let all = world.ledger.looked_at();
        all.iter().filter(|path| *path == "/api/v1/idps").count()
    };
    world.round().await.unwrap();
    assert_eq!(looks(), 1);
    world.advance(599);
    world.round().await.unwrap();
    assert_eq!(looks(), 1);
    world.advance(1);
    world.round().await.unwrap();
    assert_eq!(looks(), 2, "after 10 minutes");

    world.advance(60);
    let changed = |uuid: &str, kind: &str, at: &str| {
        world.double.org().publish(event(uuid, kind, at));
    };
    // Before the last look, which has seen it.
    changed("c0", "system.idp.lifecycle.update", "2026-03-10T10:09:00.000Z");
    world.round().await.unwrap();
    assert_eq!(looks(), 2);
    for n in 0..3 {
        changed(&format!("c1-{n}"), "policy.rule.update", "2026-03-10T10:11:00.000Z");
    }
    world.round().await.unwrap();
    assert_eq!(looks(), 3, "in the same round");
    // Within half a minute of the last look it waits, and is not forgotten by the next process.
    changed("c2", "system.idp.lifecycle.deactivate", "2026-03-10T10:11:01.000Z");
    world.round().await.unwrap();
    assert_eq!(looks(), 3);
    assert!(world.progress().await.look_wanted);
    world.advance(30);
    world.round().await.unwrap();
    assert_eq!(looks(), 4);
    let last = world.ledger.of(Kind::Look);
    assert_eq!(text(&last.last().unwrap()["looked_at"]), "2026-03-10T10:11:30Z");
}

/// Without a token nothing is half looked at.
#[tokio::test]
async fn a_token_that_is_not_accepted_ends_the_look() {
    let world = World::new().await;
    world.set_token("00wrong");
    let failed = world.failed_round().await;
    assert!(failed.starts_with("Okta does not accept the token"), "{failed}");
    assert!(failed.contains("Invalid token SSWS (token)"), "{failed}");
    let progress = world.progress().await;
    assert_eq!((progress.last_look, progress.endpoints.len()), (None, 0));
    assert_eq!(world.double.org().seen.len(), 1, "one request says it");
}
