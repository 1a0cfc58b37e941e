//! Looks at the configuration: what is asked, what is ingested, and when.

use crate::support::{
    Ledger, World,
    double::{Given, event},
    id, text, time,
};
use async_trait::async_trait;
use claimledger_facts::{random::SystemRandom, time::Time};
use claimledger_ledger::clock::{Clock, FixedClock};
use claimledger_okta::{
    Access, Client, Intake, IntakeError, Kind, Poller, Source, Surroundings, Taken, troubles,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

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
    let at = "2026-03-10T10:00:00Z";
    let expected = json!({"looked_at": at, "answered_at": at, "path": "/api/v1/idps",
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

/// A ledger that takes a minute for each look, and contradicts what one of them says.
struct Slow {
    ledger: Arc<Ledger>,
    clock: Arc<FixedClock>,
}

#[async_trait]
impl Intake for Slow {
    async fn append(&self, kind: Kind, values: &[&[u8]]) -> Result<Taken, IntakeError> {
        let mut taken = self.ledger.append(kind, values).await?;
        if kind == Kind::Look {
            self.clock.set(self.clock.now().plus_secs(60));
            taken.counts.contradicting =
                u64::from(values[0].windows(12).any(|text| text == b"/api/v1/apps"));
        }
        Ok(taken)
    }
}

/// A look that takes longer than the interval of looks is due again when it ends.
#[tokio::test]
async fn a_round_ends_though_a_look_takes_longer_than_its_interval() {
    let mut world = World::new().await;
    world.source.look_interval = "30s".parse().unwrap();
    let slow = Arc::new(Slow { ledger: world.ledger.clone(), clock: world.clock.clone() });
    let poller =
        || Poller::new(id(), world.source.clone(), world.client(), slow.clone(), world.sources());
    let round = async || {
        let mut poller = poller();
        let mut unwatched = |_: &_| {};
        let round = poller.round(&mut unwatched);
        tokio::time::timeout(Duration::from_secs(20), round).await.expect("it ends").unwrap();
        let all = world.ledger.looked_at();
        all.iter().filter(|path| *path == "/api/v1/idps").count()
    };
    assert_eq!(round().await, 1);
    // One more for what the log says, and not one for each of the time.
    world.double.org().publish(event("c", "policy.rule.update", "2026-03-10T12:00:00.000Z"));
    assert_eq!(round().await, 3);

    let found = troubles(&world.source, &world.progress().await, world.clock.now()).join(" ");
    assert!(found.contains("found a lastUpdated that does not fit to the looks"), "{found}");
    let in_two_days = world.clock.now().plus_secs(2 * 24 * 3_600);
    let found = troubles(&world.source, &world.progress().await, in_two_days).join(" ");
    assert!(!found.contains("lastUpdated"), "{found}");
}

/// A clock that goes on by a second whenever it is read.
struct Ticking(FixedClock);

impl Clock for Ticking {
    fn now(&self) -> Time {
        let now = self.0.now();
        self.0.set(now.plus_secs(1));
        now
    }
}

/// A look is dated from its first request to the end of its last answer.
#[tokio::test]
async fn a_look_says_when_its_answer_was_complete() {
    let world = World::new().await;
    let pages = vec![vec![object("0oaA")], vec![object("0oaB")]];
    world.double.org().configuration.insert("/api/v1/idps".to_owned(), Given::Pages(pages));
    let clock = Ticking(FixedClock::new(time("2026-03-10T10:00:00Z")));
    let surroundings = Surroundings { clock: Arc::new(clock), random: Arc::new(SystemRandom) };
    let Source { org, token, .. } = world.source.clone();
    let client = Client::new(org, token, world.options, surroundings).unwrap();
    let (source, ledger) = (world.source.clone(), world.ledger.clone());
    let mut poller = Poller::new(id(), source, client, ledger, world.sources());
    poller.round(&mut |_| {}).await.unwrap();
    let took = |path: &str| {
        let looks = world.ledger.of(Kind::Look);
        let look = looks.iter().find(|look| look["path"] == path).unwrap();
        let at = |name: &str| time(&text(&look[name])).micros() / 1_000_000;
        at("answered_at") - at("looked_at")
    };
    // It is read before the first request, when each is sent and when its body is complete.
    assert_eq!(took("/api/v1/features"), 2);
    assert_eq!(took("/api/v1/idps"), 4, "two pages");
}

/// What was so when Okta answered was so by either clock.
#[tokio::test]
async fn a_look_covers_the_clock_of_the_org() {
    for (date, from, until, is_named) in [
        ("Tue, 10 Mar 2026 10:00:00 GMT", "10:00:00", "10:00:01", false),
        ("Tue, 10 Mar 2026 10:00:40 GMT", "10:00:00", "10:00:41", true),
        ("Tue, 10 Mar 2026 09:59:20 GMT", "09:59:20", "10:00:00", true),
    ] {
        let world = World::new().await;
        world.double.org().date = Some(date);
        world.round().await.unwrap();
        let look = world.ledger.of(Kind::Look).remove(0);
        let of_day = |name: &str| text(&look[name]).replace("2026-03-10T", "").replace('Z', "");
        assert_eq!([of_day("looked_at"), of_day("answered_at")], [from, until], "{date}");
        let found = troubles(&world.source, &world.progress().await, world.clock.now()).join(" ");
        assert_eq!(found.contains("the clocks differ"), is_named, "{date}: {found}");
    }
}
