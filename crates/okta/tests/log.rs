//! The System Log: what is asked, in which order it is stored, and what is said of the source.

use crate::support::{World, double::Fault, double::event, text, time};
use claimledger_ledger::clock::Clock as _;
use claimledger_okta::Kind;
use serde_json::json;
use std::sync::atomic::Ordering;

/// The first request names a time and no end; from then on only links are followed, also by the
/// next process.
#[tokio::test]
async fn only_the_first_request_names_a_time() {
    let mut world = World::new().await;
    world.source.page = 2;
    for n in 0..5 {
        world.publish(&format!("e{n}"), &format!("2026-03-10T09:0{n}:00.000Z"));
    }
    world.round().await.unwrap();
    let asked = world.double.asked_of_log();
    let first = "since=2026-03-03T10:00:00Z&sortOrder=ASCENDING&limit=2";
    assert_eq!(asked[0], first);
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(asked[1..].iter().all(|query| query.starts_with("after=1_")), "{asked:?}");
    assert_eq!(world.ledger.uuids(), ["e0", "e1", "e2", "e3", "e4"]);

    world.publish("e5", "2026-03-10T09:06:00.000Z");
    world.round().await.unwrap();
    let asked = world.double.asked_of_log();
    assert!(asked[4].starts_with("after=1_5&"), "{asked:?}");
    assert!(asked.iter().all(|query| !query.contains("until")), "{asked:?}");
    assert_eq!(world.ledger.uuids().len(), 6);
    let progress = world.progress().await;
    assert_eq!((progress.counts.stored, progress.counts.repeated), (6, 0));
    assert_eq!(progress.last_event, Some(time("2026-03-10T09:06:00Z")));
    assert!(progress.caught_up && progress.failure.is_none());
}

/// Okta may give fewer events than were asked for: the end of the log is an empty page.
#[tokio::test]
async fn a_short_page_is_not_the_end() {
    let world = World::new().await;
    world.double.org().most = 2;
    for n in 0..5 {
        world.publish(&format!("e{n}"), &format!("2026-03-10T09:0{n}:00.000Z"));
    }
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids(), ["e0", "e1", "e2", "e3", "e4"]);
    assert!(world.progress().await.caught_up);
    assert!(world.double.asked_of_log()[3].starts_with("after=1_5"), "behind the last event");
    assert_eq!(world.double.asked_of_log().len(), 4);

    world.double.org().date = Some("Tue, 10 Mar 2026 10:00:00 GMT");
    // An org that never rests: a page with events of after the first request of the round is the
    // end of it. A single event does not show that, nor one of the future.
    for (uuid, at) in
        [("e5", "09:06:00"), ("e6", "10:00:01"), ("e7", "10:00:02"), ("e8", "10:00:03")]
    {
        world.publish(uuid, &format!("2026-03-10T{at}.000Z"));
    }
    world.publish("e9", "2026-03-10T10:00:04.000Z");
    world.poller().round(&mut |_| world.advance(10)).await.unwrap();
    assert_eq!(world.ledger.uuids().len(), 9);
    assert_eq!(world.double.asked_of_log().len(), 6);
    assert!(world.progress().await.caught_up);
}

/// An event that is dated in the future ends no round, alone on its page or among others.
#[tokio::test]
async fn an_event_of_the_future_does_not_end_a_round() {
    let world = World::new().await;
    world.double.org().most = 2;
    world.double.org().date = Some("Tue, 10 Mar 2026 10:00:00 GMT");
    for (n, day) in [10, 11, 11, 12, 10, 10].into_iter().enumerate() {
        world.publish(&format!("e{n}"), &format!("2026-03-{day}T09:0{n}:00.000Z"));
    }
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids().len(), 6);
    assert_eq!(world.double.asked_of_log().len(), 4, "to the empty page");
}

/// The clock of an org may be a day behind: its log is read to the end, and the clocks are named.
#[tokio::test]
async fn an_org_whose_clock_is_behind_is_read_to_its_end() {
    let world = World::new().await;
    world.double.org().most = 50;
    world.double.org().date = Some("Mon, 09 Mar 2026 10:00:00 GMT");
    for n in 0..120 {
        world.publish(&format!("e{n}"), &format!("2026-03-10T09:{:02}:{:02}.000Z", n / 60, n % 60));
    }
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids().len(), 120);
    let progress = world.progress().await;
    let now = time("2026-03-10T10:00:01Z");
    assert_eq!(progress.last_answer, Some(time("2026-03-10T10:00:00Z")));
    let words = claimledger_okta::troubles(&world.source, &progress, now).join("; ");
    assert!(words.starts_with("the clocks differ: the org answered at 2026-03-09T10:00:00Z"));
    assert!(!words.contains("nothing has polled"), "{words}");
}

/// Links that lead in a circle end the round and are named; what the pages held is stored.
#[tokio::test]
async fn links_that_lead_in_a_circle_are_a_failure() {
    let mut world = World::new().await;
    world.source.page = 2;
    for n in 0..6 {
        world.publish(&format!("e{n}"), &format!("2026-03-10T09:0{n}:00.000Z"));
    }
    let link = |n| {
        let limit = "limit=2&sortOrder=ASCENDING";
        &*format!("{}/api/v1/logs?after=1_{n}&{limit}", world.double.url).leak()
    };
    let (a, b) = (link(2), link(4));
    for to in [a, b, a, b, a, b, a, b] {
        world.double.org().faults.push_back(Fault::NextAt(to));
    }
    let words = world.failed_round().await;
    assert!(words.contains("leads back to a page that was read"), "{words}");
    assert_eq!(world.double.asked_of_log().len(), 3);
    assert_eq!(world.ledger.uuids().len(), 6, "also of the page whose link leads back");
    assert_eq!(world.ledger.statements("source.heard").len(), 0);
    let progress = world.progress().await;
    assert_eq!((progress.next.as_deref(), progress.caught_up), (Some(b), false));
    let troubles = claimledger_okta::troubles(&world.source, &progress, world.clock.now());
    assert!(troubles[0].contains("leads back to a page that was read"), "{troubles:?}");
    // As long as it stays so, a round asks for that page and ends.
    assert!(world.failed_round().await.contains("leads back"));
    assert_eq!(world.double.asked_of_log().len(), 4);
    world.double.org().faults.clear();
    world.publish("e6", "2026-03-10T09:06:00.000Z");
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids().len(), 7);
    assert!(world.progress().await.failure.is_none());
    // An empty page whose link leads to where it was not asked is not the end of the log either.
    world.publish("e7", "2026-03-10T09:07:00.000Z");
    world.double.org().faults.extend([Fault::Repeats(0), Fault::NextAt(link(7))]);
    assert!(world.failed_round().await.contains("leads back"));
}

/// A page that is too large is asked for in smaller ones. One event that is too large is passed by,
/// and the source is not complete then.
#[tokio::test]
async fn a_page_that_is_too_large_is_read_in_smaller_ones() {
    let mut world = World::new().await;
    world.options.max_bytes = 64 * 1024;
    for n in 0..10 {
        let mut event = event(&format!("e{n}"), "user.session.start", "2026-03-10T09:00:00.000Z");
        event["published"] = format!("2026-03-10T09:00:0{n}.500Z").into();
        event["zzz"] = "x".repeat(if n == 4 { 70_000 } else { 9_000 }).into();
        world.double.org().publish(event);
    }
    world.round().await.unwrap();
    let read: Vec<String> = (0..10).filter(|n| *n != 4).map(|n| format!("e{n}")).collect();
    assert_eq!(world.ledger.uuids(), read);
    let silent = world.ledger.statements("source.silent");
    let missing = json!({"from": "2026-03-10T09:00:04Z", "until": "2026-03-10T09:00:05Z"});
    assert_eq!(silent.last().map(|line| &line["data"]), Some(&missing));
    assert_eq!(world.ledger.statements("source.heard").len(), 1);
    let progress = world.progress().await;
    let [lost] = &progress.unread[..] else { panic!("{progress:?}") };
    assert_eq!((lost.uuid.as_deref(), lost.stored), (Some("e4"), false));
    let words = claimledger_okta::troubles(&world.source, &progress, time("2026-03-10T10:00:00Z"));
    assert!(words.iter().any(|line| line.starts_with("1 event not stored, the last: e4 of 2026-")));
    let asked = world.double.asked_of_log();
    assert!(asked.iter().any(|query| query.ends_with("limit=1&sortOrder=ASCENDING")), "{asked:?}");
    // The next page is asked for whole again.
    assert!(progress.next.unwrap().contains("limit=1000"));
}

/// One bad byte costs its event, which is kept as it is, and no other.
#[tokio::test]
async fn a_bad_byte_keeps_no_other_event_out() {
    for bad in [&b"\xff"[..], b"\x01", b"\\x"] {
        let replaced: &'static [(&str, &[u8])] = Box::leak(Box::new([("Second", bad)]));
        let world = World::new().await;
        for (uuid, name) in [("e0", "First"), ("e1", "Second"), ("e2", "Third")] {
            let mut event = event(uuid, "user.session.start", "2026-03-10T09:00:00.000Z");
            event["displayMessage"] = name.into();
            world.double.org().publish(event);
        }
        world.double.org().faults.extend(vec![Fault::Replaced(replaced); 3]);
        world.round().await.unwrap();
        assert_eq!(world.ledger.uuids(), ["e0", "e2"], "{bad:?}");
        let progress = world.progress().await;
        let [unread] = &progress.unread[..] else { panic!("{progress:?}") };
        assert_eq!((unread.uuid.as_deref(), unread.place, unread.of), (Some("e1"), 2, 3));
        assert!(unread.stored && progress.failure.is_none());
        let words = claimledger_okta::unread(&progress).unwrap();
        assert!(words.contains("e1 of 2026-03-10T09:00:00Z, 2 of 3 on the page"), "{words}");
        // Once it was read, it is not named any more.
        world.double.org().expire_cursors();
        world.round().await.unwrap();
        assert_eq!(world.ledger.uuids(), ["e0", "e2", "e1"]);
        assert_eq!(world.progress().await.unread, []);
    }
}

/// Events are stored before the link behind them, so that a process killed in between reads them
/// again.
#[tokio::test]
async fn a_page_is_read_again_until_its_link_is_stored() {
    let world = World::new().await;
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    // Round, look, start, page: the fourth write is that of the link.
    world.state.fails_in.store(4, Ordering::SeqCst);
    assert!(world.failed_round().await.contains("killed"));
    assert_eq!(world.ledger.uuids(), ["e0"]);
    assert_eq!(world.progress().await.next, None);
    world.state.fails_in.store(0, Ordering::SeqCst);
    world.advance(1);
    world.round().await.unwrap();
    let progress = world.progress().await;
    assert_eq!(world.ledger.uuids(), ["e0"]);
    assert_eq!((progress.counts.repeated, progress.next.is_some()), (1, true));
    // The time of the first request was stored before it was sent.
    let asked = world.double.asked_of_log();
    assert_eq!(asked[0], asked[1]);
}

/// The other way round: while the ledger takes nothing, the link does not move.
#[tokio::test]
async fn no_link_is_stored_while_the_ledger_takes_nothing() {
    let world = World::new().await;
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    world.ledger.is_full.store(true, Ordering::SeqCst);
    let words = world.failed_round().await;
    assert_eq!(words, "the ledger takes no records: the disk is full");
    let progress = world.progress().await;
    assert_eq!((progress.next, progress.heard_until), (None, None));
    assert_eq!(progress.failure.unwrap().why, words);
    world.ledger.is_full.store(false, Ordering::SeqCst);
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids(), ["e0"]);
    assert!(world.progress().await.failure.is_none());
}

#[tokio::test]
async fn what_is_heard_stays_behind_the_request_and_is_said_at_the_end_of_the_log_only() {
    let mut world = World::new().await;
    world.source.page = 2;
    for n in 0..4 {
        world.publish(&format!("e{n}"), &format!("2026-03-10T09:0{n}:00.000Z"));
    }
    world.round().await.unwrap();
    let heard = world.ledger.statements("source.heard");
    let expected = json!({"until": "2026-03-10T09:55:00Z", "basis": "polled"});
    assert_eq!(heard.iter().map(|line| &line["data"]).collect::<Vec<_>>(), [&expected]);
    // Full pages are followed by an empty one, and only that is the end.
    let order: Vec<String> = world
        .ledger
        .of(Kind::Statement)
        .iter()
        .chain(&world.ledger.of(Kind::Event))
        .map(|line| text(&line["type"]))
        .collect();
    assert_eq!(order.iter().filter(|kind| *kind == "source.heard").count(), 1);
    assert!(world.double.asked_of_log().last().unwrap().starts_with("after=1_4"));

    // A statement is a record: not after each request.
    world.source.heard_every = "5m".parse().unwrap();
    world.advance(299);
    world.round().await.unwrap();
    assert_eq!(world.ledger.statements("source.heard").len(), 1);
    world.advance(2);
    world.round().await.unwrap();
    let heard = world.ledger.statements("source.heard");
    assert_eq!(heard[1]["data"]["until"], "2026-03-10T10:00:01Z");
    assert_eq!(world.progress().await.heard_until, Some(time("2026-03-10T10:00:01Z")));
}

/// A clock of ours that is ahead must not say more than Okta's does.
#[tokio::test]
async fn what_is_heard_goes_by_the_earlier_clock() {
    let world = World::new().await;
    world.clock.set(time("2999-01-01T00:00:00Z"));
    world.round().await.unwrap();
    let heard = world.ledger.statements("source.heard");
    assert!(heard.is_empty(), "Okta's clock is before the first request of ours: {heard:?}");
}

/// What the first request does not reach although Okta still keeps it was not heard, and is said to
/// be missing.
#[tokio::test]
async fn what_lies_before_the_first_request_is_said_to_be_missing() {
    let mut world = World::new().await;
    world.clock.set(time("2026-03-10T10:00:00.987654Z"));
    world.round().await.unwrap();
    let silent = world.ledger.statements("source.silent");
    let expected = json!({"from": "2025-12-10T10:00:00Z", "until": "2026-03-03T10:00:00Z"});
    assert_eq!(silent.iter().map(|line| &line["data"]).collect::<Vec<_>>(), [&expected]);
    assert!(world.ledger.statements("source.backfilled").is_empty());

    // Nothing is missing that Okta still keeps. It refuses more than 180 days.
    world = World::new().await;
    world.source.since = "180d".parse().unwrap();
    world.round().await.unwrap();
    assert!(world.ledger.statements("source.silent").is_empty());
    let first = &world.double.asked_of_log()[0];
    assert!(first.starts_with("since=2025-09-11T11:00:00Z&"), "{first}");
}

#[tokio::test]
async fn events_that_appear_late_or_twice_are_stored_once() {
    let world = World::new().await;
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    world.publish("e1", "2026-03-10T09:10:00.000Z");
    world.round().await.unwrap();
    // Published an hour before what was read already, and stored by Okta now.
    let late = event("late", "user.session.start", "2026-03-10T08:10:00.000Z");
    world.double.org().events.push(("2026-03-10T09:20:00.000Z".to_owned(), late));
    world.double.org().faults.push_back(Fault::Repeats(2));
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids(), ["e0", "e1", "late"]);
    let progress = world.progress().await;
    assert_eq!((progress.counts.stored, progress.counts.repeated), (3, 2));
    assert_eq!(progress.last_event, Some(time("2026-03-10T09:10:00Z")));
}

/// An expired cursor: the silence is stated before anything is read again, and closed only once the
/// end of the log is reached.
#[tokio::test]
async fn an_expired_cursor_is_a_silence_that_is_filled() {
    let mut world = World::new().await;
    world.source.page = 2;
    world.source.since = "90d".parse().unwrap();
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    world.publish("e1", "2026-03-10T09:30:00.000Z");
    world.round().await.unwrap();
    world.double.org().expire_cursors();
    world.publish("e2", "2026-03-10T12:00:00.000Z");
    world.clock.set(time("2026-03-10T13:00:00Z"));
    // The read is cut short before the end of the log: nothing is filled yet.
    let failed = || Fault::Status(500, "E0000009");
    let unknown = Fault::Status(404, "E0000007");
    let faults = [unknown, Fault::Repeats(0), failed(), failed(), failed()];
    world.double.org().faults.extend(faults);
    assert!(world.failed_round().await.contains("Okta failed (500)"));
    let span = json!({"from": "2026-03-10T09:30:00Z", "until": "2026-03-10T13:00:00Z"});
    let silent = world.ledger.statements("source.silent");
    assert_eq!(silent.iter().map(|line| &line["data"]).collect::<Vec<_>>(), [&span]);
    assert!(world.ledger.statements("source.backfilled").is_empty());

    world.advance(60);
    world.round().await.unwrap();
    let since = world.double.asked_of_log().into_iter().rev().find(|q| q.starts_with("since="));
    assert!(since.unwrap().starts_with("since=2026-03-10T09:20:00Z&"));
    assert_eq!(world.ledger.uuids(), ["e0", "e1", "e2"]);
    assert_eq!(world.progress().await.counts.repeated, 1, "e1 was read again");
    let filled = world.ledger.statements("source.backfilled");
    assert_eq!(filled.iter().map(|line| &line["data"]).collect::<Vec<_>>(), [&span]);
    assert_eq!(world.ledger.statements("source.silent").len(), 1);
    let kinds: Vec<String> =
        world.ledger.of(Kind::Statement).iter().map(|line| text(&line["type"])).collect();
    assert_eq!(kinds, ["source.heard", "source.silent", "source.backfilled", "source.heard"]);
}

/// Links that Okta never knows cost one silence, and a pause after each attempt.
#[tokio::test]
async fn a_cursor_that_expires_at_once_is_no_endless_loop() {
    let mut world = World::new().await;
    world.source.page = 1;
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    world.publish("e1", "2026-03-10T09:01:00.000Z");
    world.round().await.unwrap();
    let silences = world.ledger.statements("source.silent").len();
    let (unknown, good) = (|| Fault::Status(404, "E0000007"), || Fault::Repeats(0));
    world.double.org().faults.push_back(unknown());
    for _ in 0..3 {
        // The first page is full, so that its link is asked for.
        world.double.org().faults.extend([good(), unknown()]);
        let words = world.failed_round().await;
        assert!(words.contains("does not know itself"), "{words}");
        world.advance(1);
    }
    assert_eq!(world.ledger.statements("source.silent").len(), silences + 1);
    world.round().await.unwrap();
    assert_eq!(world.ledger.statements("source.backfilled").len(), 1);
}

/// A value that is no event is counted and named, and does not hold up the others.
#[tokio::test]
async fn a_value_that_cannot_be_taken_is_counted() {
    let world = World::new().await;
    world.publish("e0", "2026-03-10T09:00:00.000Z");
    world.publish("bad", "2026-03-10T09:01:00.000Z");
    world.publish("e1", "2026-03-10T09:02:00.000Z");
    *world.ledger.refuses.lock().unwrap() = Some("bad");
    world.round().await.unwrap();
    assert_eq!(world.ledger.uuids(), ["e0", "e1"]);
    let counts = world.progress().await.counts;
    assert_eq!((counts.stored, counts.refused), (2, 1));
    assert_eq!(counts.refusal.as_deref(), Some("no such field"));
    // It is not stored, and the source is not complete at its time.
    let silent = world.ledger.statements("source.silent");
    let missing = json!({"from": "2026-03-10T09:01:00Z", "until": "2026-03-10T09:01:01Z"});
    assert_eq!(silent.last().map(|line| &line["data"]), Some(&missing));
}
