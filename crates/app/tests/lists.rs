//! Pages of lists, with appends between them.

use crate::common::*;
use claimledger_app::model::{
    answer::{Page, SessionHit},
    question::{AskError, Asking, SessionFilter},
};
use claimledger_domain::model::Certainty;
use claimledger_facts::ids::{IdpId, KeyId, LogPosition, SessionId};
use serde_json::json;

/// A session with only a `session.started`.
fn started(id: &str, session: &str, occurred: &str, recorded: &str) -> serde_json::Value {
    json!({"id": id, "type": "session.started", "session": session, "subject": {"id": "u-new"},
        "occurred_at": format!("2026-03-10T{occurred}Z"),
        "recorded_at": format!("2026-03-10T{recorded}Z"), "data": {}})
}

#[tokio::test]
async fn pages_of_three_during_appends() {
    let (_world, app) = acme().await;
    let filter = SessionFilter { active_at: Some(at("14:05:00")), ..SessionFilter::default() };
    let (mut sizes, mut all, mut after) = (Vec::new(), Vec::new(), None::<String>);
    let mut positions = Vec::new();
    loop {
        let answer = app
            .sessions(&owner("acme"), &filter, &Asking::default(), 3, after.as_deref())
            .await
            .unwrap();
        sizes.push(answer.value.items.len());
        all.extend(answer.value.items.iter().map(|hit| hit.session.state.id.as_str().to_owned()));
        positions.push(answer.answered.position);
        after = answer.value.cursors.last().cloned();
        if !answer.value.has_next {
            break;
        }
        // New sessions before and after the cursor, and earlier facts of sessions that were not
        // returned yet: S4 and S8 move to the front.
        let n = sizes.len();
        let new = [
            started(&format!("first-{n}"), &format!("N{n}"), "09:00:01", "23:01:00"),
            started(&format!("last-{n}"), &format!("M{n}"), "14:04:00", "23:01:00"),
            started(&format!("early-{n}"), ["S4", "S8"][n % 2], "09:00:02", "23:01:00"),
        ];
        ingest(&app, "acme", drafts(&new.map(|line| line.to_string()))).await.unwrap();
        app.settled_status(&owner("acme")).await.unwrap();
    }
    assert_eq!(sizes, [3, 3, 2]);
    assert_eq!(all, ["S7", "S1", "S2", "S6", "S3", "S5", "S4", "S8"]);
    assert_eq!(positions, [LogPosition(82); 3]);
}

#[tokio::test]
async fn a_stream_returns_each_row_once_and_resumes_after_any_row() {
    let (_world, app) = acme().await;
    let caller = owner("acme");
    let filter = SessionFilter::default();
    let whole = app.sessions(&caller, &filter, &Asking::default(), 500, None).await.unwrap().value;
    let ids = |page: Page<SessionHit>| -> Vec<SessionId> {
        page.items.into_iter().map(|hit| hit.session.state.id).collect()
    };
    let expected = ids(whole.clone());
    assert_eq!(expected.len(), 8);
    for (shown, cursor) in std::iter::once(None).chain(whole.cursors.iter().map(Some)).enumerate() {
        let after = cursor.map(String::as_str);
        let mut rows = app.session_rows(&caller, &filter, &Asking::default(), after).page_rows(3);
        let mut streamed = Vec::new();
        while let Some(answer) = rows.next().await.unwrap() {
            assert!(answer.value.items.len() <= 3);
            streamed.extend(ids(answer.value));
            if shown == 0 {
                // A session that begins before all others, after the first page pinned its cut.
                let n = streamed.len();
                let new = started(&format!("new-{n}"), &format!("N{n}"), "08:00:00", "23:01:00");
                ingest_line(&app, "acme", &new).await.unwrap();
                app.settled_status(&caller).await.unwrap();
            }
        }
        assert_eq!(streamed, expected[shown..], "after row {shown}");
        assert!(rows.next().await.unwrap().is_none(), "it has ended");
    }
}

#[tokio::test]
async fn a_cursor_survives_a_restart_and_moved_sessions() {
    let (world, app) = acme().await;
    let filter = SessionFilter::default();
    let page =
        app.sessions(&owner("acme"), &filter, &Asking::default(), 5, None).await.unwrap().value;
    let after = page.cursors.last().cloned();
    ingest_line(&app, "acme", &started("early", "S8", "09:00:00", "23:01:00")).await.unwrap();
    app.settled_status(&owner("acme")).await.unwrap();
    app.close().await;
    let app = world.open().await;
    let page = app
        .sessions(&owner("acme"), &filter, &Asking::default(), 5, after.as_deref())
        .await
        .unwrap()
        .value;
    let names: Vec<_> = page.items.iter().map(|hit| hit.session.state.id.as_str()).collect();
    assert_eq!(names, ["S5", "S4", "S8"]);
}

#[tokio::test]
async fn a_page_is_limited_and_a_cursor_fits_one_question() {
    let (_world, app) = acme().await;
    let now = Asking::default();
    let filter = SessionFilter::default();
    let refused = app.sessions(&owner("acme"), &filter, &now, 501, None).await;
    assert!(
        matches!(refused, Err(AskError::PageTooLarge { asked: 501, limit: 500 })),
        "{refused:?}"
    );
    let page = app.sessions(&owner("acme"), &filter, &now, 2, None).await.unwrap().value;
    let cursor = page.cursors[0].as_str();
    let other = SessionFilter { ended: Some(true), ..SessionFilter::default() };
    assert!(matches!(
        app.sessions(&owner("acme"), &other, &now, 2, Some(cursor)).await,
        Err(AskError::BadCursor)
    ));
    let decisions = claimledger_app::model::question::DecisionFilter::default();
    assert!(matches!(
        app.decisions(&owner("acme"), &decisions, &now, 2, Some(cursor)).await,
        Err(AskError::BadCursor)
    ));
    app.init_tenant(&tenant("globex"), true, None).await.unwrap();
    assert!(matches!(
        app.sessions(&owner("globex"), &filter, &now, 2, Some(cursor)).await,
        Err(AskError::BadCursor)
    ));
    // A cursor may be combined with the cut of its own page.
    let pinned = Asking { at: Some(at("23:00:00")), ..known_at(82) };
    assert_eq!(
        app.sessions(&owner("acme"), &filter, &pinned, 2, Some(cursor)).await.unwrap().value.items
            [0]
        .session
        .state
        .id,
        SessionId::new("S1")
    );
}

#[tokio::test]
async fn an_earlier_k_lists_what_was_known_then() {
    let (_world, app) = acme().await;
    let asking = Asking { known_at: Some(at("13:10:00")), ..Asking::default() };
    let page = app
        .sessions(&owner("acme"), &SessionFilter::default(), &asking, 100, None)
        .await
        .unwrap()
        .value;
    assert_eq!(
        page.items.iter().map(|hit| hit.session.state.id.as_str()).collect::<Vec<_>>(),
        ["S7", "S1", "S2", "S6"]
    );
    let asking = Asking { at: Some(at("12:00:00")), ..asking };
    let page = app
        .sessions(&owner("acme"), &SessionFilter::default(), &asking, 100, None)
        .await
        .unwrap()
        .value;
    assert_eq!(
        page.items.iter().map(|hit| hit.session.state.id.as_str()).collect::<Vec<_>>(),
        ["S7", "S1", "S2"]
    );
    let unended = SessionFilter { ended: Some(false), ..SessionFilter::default() };
    let asking = Asking { known_at: Some(at("14:51:00")), ..Asking::default() };
    let page = app.sessions(&owner("acme"), &unended, &asking, 100, None).await.unwrap().value;
    assert!(
        page.items.iter().any(|hit| hit.session.state.id.as_str() == "S5"),
        "its end was recorded at 14:52"
    );
}

/// A claim that names no key may have been signed by any key of its IdP, but not by one of another
/// IdP.
/// Before its stated start no limit of a session is known, so it may have ended by T although what
/// it stated later says that it lives (`semantics.md` 22).
#[tokio::test]
async fn a_session_that_states_no_limit_later_may_have_ended_by_t() {
    let app = World::new().open().await;
    app.init_tenant(&tenant("acme"), false, None).await.unwrap();
    // The start names another id of the person, so it does not prove that the session lived before.
    let line = |subject: &str, kind: &str, time: &str, data: serde_json::Value| {
        json!({"id": subject, "type": kind, "session": "N", "subject": {"id": subject},
            "occurred_at": format!("2026-03-10T{time}Z"), "data": data})
    };
    let lines = [
        line("one", "claims.received", "09:00:00", json!({"idp": "idp-a", "amr": ["pwd"]})),
        line("other", "session.started", "11:00:00", json!({})),
    ];
    ingest(&app, "acme", drafts(&lines.map(|line| line.to_string()))).await.unwrap();
    app.settled_status(&owner("acme")).await.unwrap();
    let ended = SessionFilter { ended: Some(true), ..SessionFilter::default() };
    let hits = async |time: &str| {
        let asking = Asking { at: Some(at(time)), ..Asking::default() };
        let page = app.sessions(&owner("acme"), &ended, &asking, 500, None).await.unwrap();
        let hits = page.value.items.into_iter();
        hits.map(|hit| (hit.session.state.id.to_string(), hit.certainty)).collect::<Vec<_>>()
    };
    assert_eq!(hits("10:00:00").await, [("N".to_owned(), Certainty::Possible)]);
    assert_eq!(hits("12:00:00").await, []);
    app.close().await;
}

#[tokio::test]
async fn a_claim_without_a_key_possibly_matches_each() {
    let (_world, app) = acme().await;
    let claim = |id: &str, idp: &str| {
        json!({"id": id, "type": "claims.received", "session": id, "subject": {"id": "u-new"},
            "occurred_at": "2026-03-10T13:41:00Z",
            "recorded_at": "2026-03-10T23:01:00Z", "data": {"idp": idp, "amr": ["pwd"]}})
        .to_string()
    };
    ingest(&app, "acme", drafts(&[claim("KX", "idp-x"), claim("KY", "idp-y")])).await.unwrap();
    for idp in [None, Some(IdpId::new("idp-x"))] {
        let filter = SessionFilter {
            idp,
            key: Some(KeyId::new("X1")),
            relied_from: Some(at("13:40:00")),
            ..SessionFilter::default()
        };
        let page = app
            .sessions(&owner("acme"), &filter, &Asking::default(), 100, None)
            .await
            .unwrap()
            .value;
        let found: Vec<_> =
            page.items.iter().map(|hit| (hit.session.state.id.as_str(), hit.certainty)).collect();
        assert_eq!(found, [("KX", Certainty::Possible), ("S5", Certainty::Certain)]);
    }
}

#[tokio::test]
async fn linked_sessions_are_one_from_the_link_on() {
    let (_world, app) = acme().await;
    let lines = [
        started("t2", "T2", "12:00:00", "23:01:00"),
        started("t1", "T1", "11:00:00", "23:02:00"),
        json!({"id": "link", "type": "session.linked", "session": "T2",
            "occurred_at": "2026-03-10T12:30:00Z",
            "recorded_at": "2026-03-10T23:03:00Z", "data": {"to": "T1", "by": "transaction"}}),
    ];
    ingest(&app, "acme", drafts(&lines.map(|line| line.to_string()))).await.unwrap();
    let names = |asking: Asking| {
        let app = app.clone();
        async move {
            let page = app
                .sessions(&owner("acme"), &SessionFilter::default(), &asking, 100, None)
                .await
                .unwrap()
                .value;
            page.items
                .iter()
                .map(|hit| hit.session.state.id.as_str().to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        }
    };
    assert_eq!(names(known_at(85)).await, "S7 S1 T1 S2 S6 S3 S5 S4 S8");
    assert_eq!(
        names(known_at(84)).await,
        "S7 S1 T1 S2 T2 S6 S3 S5 S4 S8",
        "before the link they were two"
    );
    assert_eq!(names(known_at(83)).await, "S7 S1 S2 T2 S6 S3 S5 S4 S8");
    for alias in ["T1", "T2"] {
        let state = app
            .session(&owner("acme"), &SessionId::new(alias), &known_at(85))
            .await
            .unwrap()
            .value
            .unwrap();
        assert_eq!(
            (state.state.id.as_str(), state.state.aliases),
            ("T1", vec![SessionId::new("T2")])
        );
    }
    let state = app
        .session(&owner("acme"), &SessionId::new("T2"), &known_at(84))
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!((state.state.id.as_str(), state.state.aliases.len()), ("T2", 0));
    // Later records change nothing at this K, where both are one session.
    let later = json!({"id": "t2-app", "type": "app.accessed", "session": "T2",
        "subject": {"id": "u-new"}, "occurred_at": "2026-03-10T12:40:00Z",
        "recorded_at": "2026-03-10T23:04:00Z", "data": {"app": "wiki"}});
    ingest_line(&app, "acme", &later).await.unwrap();
    app.settled_status(&owner("acme")).await.unwrap();
    assert_eq!(names(known_at(85)).await, "S7 S1 T1 S2 S6 S3 S5 S4 S8");
    assert_eq!(names(known_at(86)).await, "S7 S1 T1 S2 S6 S3 S5 S4 S8");
}

#[tokio::test]
async fn a_link_may_name_a_later_record() {
    let (_world, app) = acme().await;
    let lines = [
        started("t2", "T2", "12:00:00", "23:01:00"),
        json!({"id": "link", "type": "session.linked", "session": "T2",
            "occurred_at": "2026-03-10T12:30:00Z",
            "recorded_at": "2026-03-10T23:02:00Z", "data": {"to": "t1-start",
                "by": "transaction"}}),
        started("t1-start", "T1", "11:00:00", "23:03:00"),
    ];
    ingest(&app, "acme", drafts(&lines.map(|line| line.to_string()))).await.unwrap();
    for alias in ["T1", "T2"] {
        let state = app
            .session(&owner("acme"), &SessionId::new(alias), &Asking::default())
            .await
            .unwrap()
            .value
            .unwrap();
        assert_eq!(
            (state.state.id.as_str(), state.state.aliases),
            ("T1", vec![SessionId::new("T2")]),
            "{alias}"
        );
    }
    let rows = app.dump_views(&owner("acme")).await.unwrap();
    assert!(
        rows.iter()
            .any(|row| row.starts_with("session_row T2 ") && row.contains("alias_of\":\"T1")),
        "{rows:#?}"
    );
}

/// Far into a list, the next rows and sessions are read in the background.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_matches_among_many_are_found_at_a_past_k_while_sessions_move() {
    const SESSIONS: u64 = 1_500;
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let clock = |second: u64| {
        format!("{:02}:{:02}:{:02}", 9 + second / 3_600, second / 60 % 60, second % 60)
    };
    let mut lines = Vec::new();
    for n in 0..SESSIONS {
        lines.push(
            started(&format!("start-{n}"), &format!("S{n}"), &clock(n + 10), "20:00:00")
                .to_string(),
        );
        if n % 97 == 5 {
            let end = json!({"id": format!("end-{n}"), "type": "session.ended",
                "session": format!("S{n}"), "subject": {"id": "u-new"},
                "data": {"reason": "logout"},
                "occurred_at": "2026-03-10T19:00:00Z", "recorded_at": "2026-03-10T20:00:00Z"});
            lines.push(end.to_string());
        }
    }
    for some in lines.chunks(500) {
        ingest(&app, "acme", drafts(some)).await.unwrap();
    }
    let known = app.settled_status(&owner("acme")).await.unwrap().head - 1;
    // Later records of each session, so that no row can be trusted; and sessions move to the front
    // while lists are read.
    let later: Vec<_> = (0..SESSIONS)
        .map(|n| {
            started(&format!("again-{n}"), &format!("S{n}"), "18:00:00", "21:00:00").to_string()
        })
        .collect();
    for some in later.chunks(500) {
        ingest(&app, "acme", drafts(some)).await.unwrap();
    }
    app.settled_status(&owner("acme")).await.unwrap();
    let writer = app.clone();
    let moves = tokio::spawn(async move {
        for n in (0..SESSIONS).rev().step_by(50) {
            let early = |m: u64| {
                started(
                    &format!("early-{n}-{m}"),
                    &format!("S{}", (n + m * 31) % SESSIONS),
                    "09:00:01",
                    "22:00:00",
                )
                .to_string()
            };
            ingest(&writer, "acme", drafts(&(0..20).map(early).collect::<Vec<_>>())).await.unwrap();
        }
    });
    let expected: Vec<_> = (0..SESSIONS).filter(|n| n % 97 == 5).map(|n| format!("S{n}")).collect();
    let ended = SessionFilter { ended: Some(true), ..SessionFilter::default() };
    let asking = Asking { at: Some(at("23:00:00")), ..known_at(known) };
    for size in [4, 7, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = app
                .sessions_state_only(&owner("acme"), &ended, &asking, size, after.as_deref())
                .await
                .unwrap()
                .value;
            found.extend(page.items.iter().map(|hit| hit.session.id.as_str().to_owned()));
            after = page.cursors.last().cloned();
            if !page.has_next {
                break;
            }
        }
        assert_eq!(found, expected, "pages of {size}");
    }
    moves.await.unwrap();
}
