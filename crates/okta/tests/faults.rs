//! What goes wrong between the poller and Okta: each is named, nothing is lost, and no token goes
//! elsewhere.

use crate::support::{
    World,
    double::{Fault, Given, TOKEN},
};
use claimledger_ledger::clock::Clock as _;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Faults in a row fail a round, which leaves everything as it was; the next round is complete.
async fn fails_and_recovers(world: &World, faults: Vec<Fault>) -> String {
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    world.round().await.unwrap();
    world.publish("e1", "2026-03-10T09:01:00.000Z");
    let before = world.progress().await.next;
    world.double.org().faults.extend(faults);
    let words = world.failed_round().await;
    let progress = world.progress().await;
    assert_eq!(progress.next, before, "the link moved");
    let failure = progress.failure.expect("the failure is stored");
    assert_eq!((failure.why.as_str(), failure.times), (words.as_str(), 1));
    world.double.org().faults.clear();
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids(), ["e0", "e1"]);
    assert!(world.progress().await.failure.is_none());
    words
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_asked_for_again() {
    let world = World::new().await;
    let words = fails_and_recovers(&world, vec![Fault::CutOff; 3]).await;
    assert!(words.starts_with("the answer holds no complete JSON"), "{words}");
    // One alone costs no round.
    world.publish("e2", "2026-03-10T09:02:00.000Z");
    world.double.org().faults.push_back(Fault::CutOff);
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids().len(), 3);
}

#[tokio::test]
async fn a_failure_of_okta_is_tried_again() {
    let world = World::new().await;
    let fault = || Fault::Status(503, "E0000010");
    let words = fails_and_recovers(&world, vec![fault(), fault(), fault()]).await;
    assert_eq!(words, "Okta failed (503) (E0000010: summary of E0000010)");
    world.double.org().faults.extend([fault(), fault()]);
    let asked = world.double.asked_of_log().len();
    world.round().await.unwrap();
    assert_eq!(world.double.asked_of_log().len(), asked + 3, "twice again in one round");
}

#[tokio::test]
async fn no_answer_is_waited_for_without_a_bound() {
    let mut world = World::new().await;
    world.options.timeout = Duration::from_secs(1);
    world.options.attempts = 1;
    let began = Instant::now();
    let words = fails_and_recovers(&world, vec![Fault::Hangs]).await;
    assert_eq!(words, "no answer within 1 s");
    assert!(began.elapsed() < Duration::from_secs(10));
}

/// A request has one deadline, however often it is sent; and a look asks no further where nothing
/// answers, so that the log is read.
#[tokio::test]
async fn all_attempts_of_a_request_end_by_one_deadline() {
    let mut world = World::new().await;
    world.options.timeout = Duration::from_secs(1);
    world.options.deadline = Duration::from_millis(1_500);
    let began = Instant::now();
    fails_and_recovers(&world, vec![Fault::Hangs; 3]).await;
    assert!(began.elapsed() < Duration::from_millis(2_500), "{:?}", began.elapsed());
    world.advance(3_600);
    for path in ["/api/v1/features", "/api/v1/idps", "/api/v1/authenticators", "/api/v1/apps"] {
        world.double.org().configuration.insert(path.to_owned(), Given::Hangs);
    }
    let began = Instant::now();
    world.round().await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(4_500), "{:?}", began.elapsed());
    let why = world.progress().await.endpoints["/api/v1/apps"].why.clone();
    assert!(why.starts_with("it was not asked"), "{why}");
}

/// While the rate limit is waited for, it is said so.
#[tokio::test]
async fn a_wait_for_the_rate_limit_is_stored_before_it_begins() {
    let world = World::new().await;
    world.double.org().faults.push_back(Fault::Throttled(2));
    let mut poller = world.poller();
    let polling = tokio::spawn(async move { poller.round(&mut |_| {}).await });
    let waiting = async {
        loop {
            let progress = world.progress().await;
            if progress.waiting.is_some() {
                return progress;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let progress =
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it is stored");
    let words = claimledger_okta::troubles(&world.source, &progress, world.clock.now()).join("; ");
    assert!(
        words.contains("the rate limit of the org is used up: next request at 2026-03-10T10:00:0")
    );
    assert!(!words.contains("not polled yet"), "{words}");
    polling.await.unwrap().unwrap();
    assert_eq!(world.progress().await.waiting, None);
}

#[tokio::test]
async fn the_rate_limit_is_waited_for_and_costs_nothing() {
    let world = World::new().await;
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    for fault in [Fault::Throttled(1), Fault::LastOne(1)] {
        world.double.org().faults.push_back(fault.clone());
        world.double.org().seen.clear();
        let mut poller = world.poller();
        poller.round(&mut |_| {}).await.unwrap();
        poller.round(&mut |_| {}).await.unwrap();
        let org = world.double.org();
        let at: Vec<Instant> = org
            .seen
            .iter()
            .filter(|seen| seen.path == "/api/v1/logs")
            .map(|seen| seen.at)
            .collect();
        assert!(at[1] - at[0] >= Duration::from_secs(1), "{fault:?}: {:?}", at[1] - at[0]);
    }
    assert_eq!(world.ledger.uuids(), ["e0"]);
    assert!(world.progress().await.failure.is_none());
}

/// A reset far in the future is waited for as long as is allowed, and is then a failure.
#[tokio::test]
async fn the_wait_for_the_rate_limit_is_bounded() {
    let mut world = World::new().await;
    world.options.longest_rate_wait = Duration::from_millis(50);
    let words = fails_and_recovers(&world, vec![Fault::Throttled(86_400); 3]).await;
    assert!(words.starts_with("the rate limit of the org is used up"), "{words}");
}

#[tokio::test]
async fn a_token_that_may_not_is_named_with_what_it_lacks_and_is_shown_nowhere() {
    let world = World::new().await;
    let words = fails_and_recovers(&world, vec![Fault::Status(403, "E0000006")]).await;
    assert!(words.contains("lacks the permission okta.logs.read"), "{words}");

    world.set_token("SSWS 00another-canary-token");
    world.advance(60);
    let words = world.failed_round().await;
    assert!(words.starts_with("Okta does not accept the token (E0000011"), "{words}");
    world.set_token("");
    let words = world.failed_round().await;
    assert!(words.contains("holds no token"), "{words}");
    // Replaced, it is used without a restart of anything.
    world.set_token(TOKEN);
    world.round().await.unwrap();

    let stored = format!("{:?} {}", world.progress().await, world.ledger.everything());
    assert!(!stored.contains("canary"), "{stored}");
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_next_page_elsewhere_is_asked() {
    let elsewhere = crate::support::double::Double::start().await;
    let address: &'static str = Box::leak(format!("{}/api/v1/logs", elsewhere.url).into());
    for fault in [Fault::Redirect(address), Fault::NextAt(address)] {
        let world = World::new().await;
        let words = fails_and_recovers(&world, vec![fault]).await;
        assert!(words.contains(address), "{words}");
    }
    assert!(elsewhere.org().seen.is_empty(), "{:?}", elsewhere.org().seen);
}

#[tokio::test]
async fn an_answer_has_a_greatest_size_and_a_log_has_a_next_page() {
    let mut world = World::new().await;
    world.options.max_bytes = 64 * 1024;
    let words = fails_and_recovers(&world, vec![Fault::Large(64 * 1024 + 1); 6]).await;
    assert_eq!(words, "the answer has more than 65536 bytes");
    for (fault, expected) in
        [(Fault::NoNext, "no link to the next page"), (Fault::Html, "begins with")]
    {
        let world = World::new().await;
        let words = fails_and_recovers(&world, vec![fault.clone(), fault.clone(), fault]).await;
        assert!(words.contains(expected), "{words}");
    }
}

/// A poller in the background recovers by itself, and stops at once although Okta does not answer.
#[tokio::test]
async fn a_background_poller_recovers_and_stops_at_once() {
    let mut world = World::new().await;
    world.source.interval = "10ms".parse().unwrap();
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    for _ in 0..6 {
        world.double.org().faults.push_back(Fault::Status(500, "E0000009"));
    }
    let stop = CancellationToken::new();
    let running = tokio::spawn(world.poller().run(stop.clone()));
    let read = async {
        while world.ledger.uuids().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("it recovers");
    world.double.org().faults.extend([Fault::Hangs, Fault::Hangs]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(2), running).await.expect("it stops").unwrap();
}

/// Nothing installs a provider for the whole process: libraries beside this one may do so, and
/// panic where there is one.
#[tokio::test]
async fn no_default_provider_of_tls_is_installed() {
    let mut world = World::new().await;
    world.source.org = claimledger_okta::Org::parse("https://127.0.0.1:9").unwrap();
    let words = world.failed_round().await;
    assert!(words.starts_with("the org cannot be reached"), "{words}");
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}
