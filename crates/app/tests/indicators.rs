//! Sessions by what is known of the client: only for the role investigate, as long as the key of
//! the person is there, at the cut.

use crate::common::*;
use claimledger_app::{
    app::App,
    model::{
        question::{AskError, Asking, Caller, SessionFilter},
        reached::FoundKind,
    },
};
use claimledger_domain::completeness::AbsenceCode;
use claimledger_facts::{indicator::Indicator, vocabulary::Role};
use serde_json::{Value, json};

fn access(id: &str, session: &str, person: &str, time: &str, client: Value) -> Value {
    json!({"id": id, "type": "app.accessed", "occurred_at": format!("2026-03-10T{time}Z"),
        "session": session, "subject": {"id": person}, "data": {"app": "wiki"}, "client": client})
}

/// Sessions of two people: A1 and A2 of Alice, B1 of Bob.
async fn ledger() -> App {
    let app = World::new().open().await;
    app.init_tenant(&tenant("acme"), false, None).await.unwrap();
    let berlin = |ip: &str| {
        json!({"ip": ip, "as_number": 64496, "country": "Germany", "city": "Berlin",
            "user_agent": "Mozilla/5.0 (X11)", "device_id": "guo1", "os": "Linux"})
    };
    let lines = [
        access("1", "A1", "u-alice", "10:00:00", berlin("203.0.113.7")),
        access("2", "A2", "u-alice", "11:00:00", berlin("203.0.113.200")),
        access("3", "B1", "u-bob", "12:00:00", berlin("203.0.113.7")),
        access("4", "B1", "u-bob", "13:00:00", json!({"ip": "2001:db8:1:2::3", "city": "Oslo"})),
        access("5", "A1", "u-alice", "14:00:00", json!({"ip": "198.51.100.1", "as_number": "AS7"})),
    ];
    for line in &lines {
        ingest_line(&app, "acme", line).await.unwrap();
    }
    app
}

fn with(indicator: &str) -> SessionFilter {
    SessionFilter {
        indicator: Some(Indicator::parse(indicator).unwrap()),
        ..SessionFilter::default()
    }
}

async fn list(app: &App, filter: &SessionFilter, asking: &Asking) -> Vec<String> {
    let answer = app.sessions(&owner("acme"), filter, asking, 100, None).await.unwrap().value;
    answer.items.iter().map(|hit| hit.session.state.id.as_str().to_owned()).collect()
}

#[tokio::test]
async fn sessions_are_listed_by_each_kind_of_indicator() {
    let app = ledger().await;
    let now = Asking::default();
    for (indicator, expect) in [
        ("ip=203.0.113.7", &["A1", "B1"][..]),
        ("ip=203.0.113.0/24", &["A1", "A2", "B1"]),
        ("ip=203.0.113.128/25", &["A2"]),
        ("ip=203.0.113.0/25", &["A1", "B1"]),
        ("ip=2001:db8:1::/48", &["B1"]),
        ("ip=2001:db8:1:2::/64", &["B1"]),
        ("ip=2001:db8:1:3::/64", &[]),
        ("ip=203.0.113.8", &[]),
        ("asn=AS64496", &["A1", "A2", "B1"]),
        ("asn=7", &["A1"]),
        ("user_agent=mozilla/5.0 (x11)", &["A1", "A2", "B1"]),
        ("user_agent=Mozilla/5.0", &[]),
        ("device=guo1", &["A1", "A2", "B1"]),
        ("country=germany", &["A1", "A2", "B1"]),
        ("city=Oslo", &["B1"]),
        ("country=Oslo", &[]),
    ] {
        assert_eq!(list(&app, &with(indicator), &now).await, expect, "{indicator}");
    }
    let bobs = SessionFilter { subject: Some("u-bob".to_owned()), ..with("ip=203.0.113.0/24") };
    assert_eq!(list(&app, &bobs, &now).await, ["B1"], "with another part of the filter");
    let answer = app.sessions(&owner("acme"), &with("city=Oslo"), &now, 9, None).await.unwrap();
    let because = &answer.value.items[0].because[0];
    assert_eq!(because.conclusion, "a record of it has this city of the client");
    assert_eq!(because.facts[0].source_id.as_str(), "4");
}

#[tokio::test]
async fn a_record_counts_from_its_own_time_and_position_on() {
    let app = ledger().await;
    let seven = with("ip=203.0.113.7");
    let before = Asking { at: Some(at("11:30:00")), ..Asking::default() };
    assert_eq!(list(&app, &seven, &before).await, ["A1"]);
    assert_eq!(list(&app, &seven, &known_at(2)).await, ["A1"]);
    let late = with("asn=7");
    let then = Asking { at: Some(at("13:30:00")), ..Asking::default() };
    assert_eq!(list(&app, &late, &then).await, [""; 0], "A1 has begun, its record has not");
}

#[tokio::test]
async fn pages_follow_each_other_and_belong_to_one_indicator() {
    let app = ledger().await;
    let (network, now) = (with("ip=203.0.113.0/24"), Asking::default());
    let (mut listed, mut after) = (Vec::new(), None::<String>);
    for _ in 0..9 {
        let page =
            app.sessions(&owner("acme"), &network, &now, 1, after.as_deref()).await.unwrap().value;
        listed.extend(page.items.iter().map(|hit| hit.session.state.id.as_str().to_owned()));
        after = page.cursors.last().cloned().or(after);
        if !page.has_next {
            break;
        }
    }
    assert_eq!(listed, ["A1", "A2", "B1"]);
    for other in ["ip=203.0.113.0/25", "ip=203.0.113.7", "city=Berlin"] {
        let asked = app.sessions(&owner("acme"), &with(other), &now, 1, after.as_deref()).await;
        assert!(matches!(asked, Err(AskError::BadCursor)), "{other}");
    }
}

#[tokio::test]
async fn a_destroyed_key_takes_the_indicators_along() {
    let app = ledger().await;
    let (now, owner) = (Asking::default(), owner("acme"));
    let alices = app.sessions(&owner, &with("asn=7"), &now, 1, None).await.unwrap().value;
    let alice = alices.items[0].session.state.origin.subject.clone().unwrap();
    app.destroy_key(&owner, &alice).await.unwrap();
    for (indicator, expect) in
        [("asn=7", &[][..]), ("ip=203.0.113.7", &["B1"]), ("ip=203.0.113.0/25", &["B1"])]
    {
        assert_eq!(list(&app, &with(indicator), &now).await, expect, "{indicator}");
    }
    let found = app.find(&owner, "198.51.100.1", &now).await.unwrap().value;
    assert!(found.items.is_empty(), "{found:?}");
    // Nobody can say any more that Alice was not there; that Bob was not, one can.
    let absence = async |filter: &SessionFilter| {
        app.sessions(&owner, filter, &now, 9, None).await.unwrap().absence.words
    };
    let destroyed = "clients of people whose key was destroyed cannot be found";
    let all = absence(&with("asn=7")).await;
    assert!(all.contains(destroyed), "{all}");
    let of = |subject: &str| SessionFilter { subject: Some(subject.to_owned()), ..with("asn=7") };
    let bobs = absence(&of("u-bob")).await;
    assert!(!bobs.contains(destroyed), "{bobs}");
    let alices = absence(&of(alice.as_str())).await;
    assert!(alices.contains(destroyed), "{alices}");
}

#[tokio::test]
async fn another_role_gets_one_answer_whether_or_not_there_is_such_a_client() {
    let app = ledger().await;
    let (now, reader) = (Asking::default(), Caller { roles: vec![Role::Read], ..owner("acme") });
    for indicator in ["ip=203.0.113.7", "ip=192.0.2.1"] {
        let answer = app.sessions(&reader, &with(indicator), &now, 9, None).await.unwrap();
        assert!(answer.value.items.is_empty(), "{indicator}");
        assert_eq!(
            (answer.absence.code, answer.absence.words.as_str()),
            (
                AbsenceCode::NotForRole,
                "Not for your role: searching addresses and other indicators of clients needs the \
                 role investigate."
            )
        );
        let text = indicator.strip_prefix("ip=").unwrap();
        let found = app.find(&reader, text, &now).await.unwrap();
        assert!(found.value.items.is_empty() && found.absence.code == AbsenceCode::NotForRole);
    }
}

#[tokio::test]
async fn find_takes_addresses_networks_and_kind_with_value() {
    let app = ledger().await;
    for (text, kind, records, sessions) in [
        ("203.0.113.7", FoundKind::Address, 2, "A1 B1"),
        ("ip=203.0.113.7", FoundKind::Address, 2, "A1 B1"),
        ("203.0.113.0/24", FoundKind::Address, 3, "A1 A2 B1"),
        ("203.0.113.128/25", FoundKind::Address, 1, "A2"),
        ("asn=64496", FoundKind::Client, 3, "A1 A2 B1"),
        ("device=guo1", FoundKind::Client, 3, "A1 A2 B1"),
    ] {
        let found = app.find(&owner("acme"), text, &Asking::default()).await.unwrap().value;
        let [hit] = found.items.as_slice() else { panic!("{text}: {found:?}") };
        let named: Vec<&str> = hit.sessions.iter().map(|id| id.as_str()).collect();
        assert_eq!((hit.kind, hit.count, named.join(" ").as_str()), (kind, records, sessions));
    }
}

#[tokio::test]
async fn find_says_what_it_takes_where_a_text_is_no_indicator_that_can_be_found() {
    let app = ledger().await;
    let (now, owner) = (Asking::default(), owner("acme"));
    let networks = "ip= takes networks of /24 to /32, and of /48 to /128";
    for (text, says) in [
        ("10.1.0.0/16", networks),
        ("ip=203.0.0.0/8", networks),
        ("10.1/16", networks),
        ("203.0.113.0/33", networks),
        ("2001:db8::/32", networks),
        ("ip=masked", "ip= takes an IP address, or a network such as 203.0.113.0/24"),
        ("asn=many", "asn= takes a number"),
    ] {
        let refused = app.find(&owner, text, &now).await;
        let Err(AskError::BadInput { what }) = refused else { panic!("{text}: {refused:?}") };
        assert!(what.contains(says), "{text}: {what}");
    }
    // What has an id of this form is found by it.
    let line = access("asn=many", "A9", "u-ann", "15:00:00", json!({}));
    ingest_line(&app, "acme", &line).await.unwrap();
    let found = app.find(&owner, "asn=many", &now).await.unwrap().value;
    assert_eq!((found.items.len(), found.items[0].kind), (1, FoundKind::Record));
    assert!(found.not_searched.iter().any(|not| not.starts_with("clients: ")), "{found:?}");
    // Ids with a slash, or that are no kind, are searched like any other text.
    for text in ["wiki/24", "a.b/7", "shade=blue", "203.0.113.8", "10.1.0.0/x"] {
        let found = app.find(&owner, text, &now).await.unwrap().value;
        assert!(found.items.is_empty(), "{text}: {found:?}");
    }
    let reader = Caller { roles: vec![Role::Read], ..owner };
    let found = app.find(&reader, "10.1.0.0/16", &now).await.unwrap();
    assert_eq!(found.absence.code, AbsenceCode::NotForRole);
}
