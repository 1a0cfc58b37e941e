//! Sources after a restart; chains, lookups and timelines of linked sessions, at their cuts and
//! across pages.

use crate::common::*;
use claimledger_app::{
    app::App,
    model::{
        answer::Answer,
        question::{Asking, Caller},
        reached::{Chain, ChainKind, FoundKind},
    },
};
use claimledger_domain::timeline::ClockOrder;
use claimledger_facts::{ids::SessionId, vocabulary::Role};
use serde_json::{Value, json};

fn line(id: &str, kind: &str, session: Option<&str>, occurred: &str, data: Value) -> Value {
    let mut line = json!({"id": id, "type": kind, "subject": {"id": "u-new",
        "login": "new@acme.example"},
        "occurred_at": format!("2026-03-10T{occurred}Z"), "recorded_at": "2026-03-10T23:30:00Z",
            "data": data});
    if let Some(session) = session {
        line["session"] = json!(session);
    }
    line
}

fn names<T>(answer: &Answer<T>) -> Vec<&str> {
    answer.completeness.iter().map(|source| source.source.as_str()).collect()
}

async fn chain(app: &App, id: &str, asking: &Asking) -> Chain {
    app.chain(&owner("acme"), id, asking).await.unwrap().value
}

#[tokio::test]
async fn every_source_is_known_after_a_restart_and_a_rebuild() {
    let (world, app) = acme().await;
    // It states nothing about its completeness, but is listed; the ledger itself is no source.
    let mut hook = line("h-1", "session.started", Some("H1"), "22:00:00", json!({}));
    hook["source"] = json!("hook");
    ingest_line(&app, "acme", &hook).await.unwrap();
    let expected = ["acme-sp", "hook", "idp-x", "idp-y", "idp-z"];
    let ask = |app: App| async move {
        app.completeness(&owner("acme"), &Asking::default()).await.unwrap()
    };
    let before = ask(app.clone()).await;
    assert_eq!(names(&before), expected);
    assert!(before.completeness[1].heard_until.is_none() && !before.answered.completeness.complete);
    assert_eq!(
        names(&app.completeness(&owner("acme"), &known_at(82)).await.unwrap()),
        ["acme-sp", "idp-x", "idp-y", "idp-z"]
    );
    app.close().await;
    let app = world.open().await;
    assert_eq!(names(&ask(app.clone()).await), expected);
    let rows = app.dump_views(&owner("acme")).await.unwrap();
    app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert_eq!(names(&ask(app.clone()).await), expected);
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), rows);
    app.close().await;
}

#[tokio::test]
async fn a_linked_session_is_one_link_under_any_of_its_ids() {
    let (_world, app) = acme().await;
    let lines = [
        line(
            "l-1",
            "session.started",
            Some("A"),
            "21:00:00",
            json!({"idp": "idp-x", "idp_session": "is-A", "root_session": "root-A"}),
        ),
        line(
            "l-2",
            "app.accessed",
            Some("B"),
            "21:10:00",
            json!({"app": "wiki", "app_session": "app-B"}),
        ),
        line("l-3", "session.linked", Some("B"), "21:10:00", json!({"to": "A", "by": "cookie"})),
        line(
            "l-4",
            "session.started",
            Some("C"),
            "21:20:00",
            json!({"idp": "idp-x", "idp_session": "is-A", "root_session": "root-A"}),
        ),
    ];
    for line in &lines {
        ingest_line(&app, "acme", line).await.unwrap();
    }
    let whole = chain(&app, "A", &Asking::default()).await;
    let link = &whole.links[0];
    assert_eq!((link.session.id.as_ref().unwrap().as_str(), link.aliases.len()), ("A", 1));
    assert_eq!(link.apps[0].hop.id.as_deref(), Some("app-B"));
    assert_eq!(
        (link.siblings.as_slice(), link.root_siblings.as_slice()),
        ([SessionId::new("C")].as_slice(), [SessionId::new("C")].as_slice())
    );
    assert_eq!(
        link.session.records.iter().map(|r| r.source_id.as_str()).collect::<Vec<_>>(),
        ["l-1", "l-3"],
        "its start and its link"
    );
    for id in ["B", "app-B"] {
        assert_eq!(chain(&app, id, &Asking::default()).await.links, whole.links, "{id}");
    }
    assert_eq!(chain(&app, "root-A", &Asking::default()).await.links.len(), 2);
    assert_eq!(chain(&app, "C", &Asking::default()).await.links[0].siblings, [SessionId::new("A")]);
    // Before the link was known they were two; before it occurred, the other session and its
    // accesses do not exist.
    let unlinked = chain(&app, "A", &known_at(84)).await;
    assert_eq!(
        (unlinked.links[0].aliases.len(), unlinked.links[0].apps[0].hop.reason),
        (0, Some("no_app_access_stated"))
    );
    let early = Asking { at: Some(at("21:15:00")), ..Asking::default() };
    assert!(chain(&app, "A", &early).await.links[0].siblings.is_empty());
    let earlier = Asking { at: Some(at("20:59:59")), ..Asking::default() };
    let later = chain(&app, "is-A", &earlier).await;
    assert!(later.links.is_empty(), "{later:?}");
    assert_eq!(later.not_begun, [SessionId::new("A"), SessionId::new("C")]);
    let known = (later.kinds.as_slice(), later.begins);
    assert_eq!(known, ([ChainKind::IdpSession].as_slice(), Some(at("21:00:00"))));

    // The id of an access comes after T; its session has begun by then.
    let begun = Asking { at: Some(at("21:05:00")), ..Asking::default() };
    let later = chain(&app, "app-B", &begun).await;
    assert!(later.links.is_empty() && later.not_begun.is_empty(), "{later:?}");
    assert_eq!(later.begins, Some(at("21:10:00")));

    let found = app.find(&owner("acme"), "app-B", &Asking::default()).await.unwrap().value;
    assert_eq!(
        (found.items[0].kind, found.items[0].sessions.as_slice()),
        (FoundKind::AppSession, [SessionId::new("A")].as_slice()),
        "by its name"
    );
    let rows = |session: &'static str| {
        let app = app.clone();
        async move {
            let answer = app
                .timeline(
                    &owner("acme"),
                    &SessionId::new(session),
                    ClockOrder::Occurred,
                    &Asking::default(),
                    100,
                    None,
                )
                .await
                .unwrap();
            answer
                .value
                .page
                .items
                .iter()
                .map(|row| row.record.source_id.as_str().to_owned())
                .filter(|id| id.starts_with("l-"))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(rows("B").await, ["l-1", "l-2", "l-3"]);
    assert_eq!(rows("C").await, ["l-4"]);
}

#[tokio::test]
async fn only_investigators_find_people_by_name() {
    let (_world, app) = acme().await;
    let find = |roles: &[Role], text: &'static str| {
        let (app, caller) = (app.clone(), Caller { roles: roles.to_vec(), ..owner("acme") });
        async move { app.find(&caller, text, &Asking::default()).await.map(|answer| answer.value) }
    };
    let person = find(&[Role::Investigate], "carol@acme.example").await.unwrap();
    assert_eq!((person.items.len(), person.items[0].kind), (1, FoundKind::Person));
    let reader = find(&[Role::Read], "carol@acme.example").await.unwrap();
    assert_eq!(reader, find(&[Role::Read], "nobody@acme.example").await.unwrap());
    assert!(reader.items.is_empty());
    assert!(find(&[Role::Operate], "S1").await.is_err());
    // A person of whom nothing is known at K cannot be found.
    let early = app.find(&owner("acme"), "carol@acme.example", &known_at(20)).await.unwrap().value;
    assert!(early.items.is_empty(), "{early:?}");
}

#[tokio::test]
async fn a_timeline_continues_after_appends() {
    let (_world, app) = acme().await;
    let ask = |order: ClockOrder, asking: Asking, first: u32, after: Option<String>| {
        let app = app.clone();
        async move {
            app.timeline(
                &owner("acme"),
                &SessionId::new("S1"),
                order,
                &asking,
                first,
                after.as_deref(),
            )
            .await
        }
    };
    for order in [ClockOrder::Occurred, ClockOrder::Recorded] {
        let whole = ask(order, known_at(82), 500, None).await.unwrap().value.page;
        let (mut all, mut after, mut n) = (Vec::new(), None, 0);
        loop {
            let asking = if after.is_none() { known_at(82) } else { Asking::default() };
            let page = ask(order, asking, 4, after).await.unwrap().value.page;
            all.extend(page.items);
            after = page.cursors.last().cloned();
            if !page.has_next {
                break;
            }
            n += 1;
            let id = format!("more-{order:?}-{n}");
            let more = json!({"id": id, "type": "app.accessed", "session": "S1",
                "subject": {"id": "u-alice"}, "occurred_at": "2026-03-10T10:00:01Z",
                "recorded_at": "2026-03-10T23:30:00Z", "data": {"app": "wiki"}});
            ingest_line(&app, "acme", &more).await.unwrap();
        }
        assert_eq!(all, whole.items);
        // A cursor is valid for its own order only.
        let other =
            if order == ClockOrder::Occurred { ClockOrder::Recorded } else { ClockOrder::Occurred };
        assert!(ask(other, Asking::default(), 4, whole.cursors.first().cloned()).await.is_err());
    }
    let nobody = app
        .timeline(
            &owner("acme"),
            &SessionId::new("nobody"),
            ClockOrder::Occurred,
            &Asking::default(),
            4,
            None,
        )
        .await
        .unwrap()
        .value;
    assert_eq!((nobody.session, nobody.page.items.len()), (None, 0));
}
