//! Which ids are one session (25).

use crate::given::*;
use claimledger_domain::links::components;
use serde_json::json;

fn linked(from: &'static str, to: &str) -> Said {
    fact("12:00:00", "session.linked", json!({"to": to, "by": "authn_request"})).session(from)
}

fn accessed(at: &str, session: &'static str) -> Said {
    fact(at, "app.accessed", json!({"app": "a"})).session(session)
}

fn named(g: &Given) -> Vec<String> {
    let of = |c: claimledger_domain::links::Component| {
        let aliases: Vec<&str> = c.aliases.iter().map(|a| a.as_str()).collect();
        format!("{}: {}", c.name, aliases.join(" "))
    };
    components(&g.0).into_iter().map(of).collect()
}

#[test]
fn unlinked_ids_stay_apart() {
    assert_eq!(
        named(&given([accessed("11:00:00", "B"), accessed("10:00:00", "A")])),
        ["A: ", "B: "]
    );
}

#[test]
fn a_link_joins_and_the_first_in_the_total_order_names_it() {
    assert_eq!(
        named(&given([linked("A", "B"), accessed("11:00:00", "B"), accessed("13:00:00", "A")])),
        ["B: A"]
    );
}

#[test]
fn a_link_may_name_a_record() {
    assert_eq!(
        named(&given([linked("A", "ev-1"), accessed("11:00:00", "B").id("ev-1")])),
        ["B: A"]
    );
}

#[test]
fn links_chain_in_any_order() {
    let facts = [
        accessed("08:00:00", "A"),
        accessed("09:00:00", "C"),
        accessed("10:00:00", "B"),
        accessed("11:00:00", "D"),
    ];
    let g = given(facts.into_iter().chain([linked("C", "B"), linked("B", "A"), linked("D", "C")]));
    assert_eq!(named(&g), ["A: B C D"]);
}

#[test]
fn a_shared_root_session_is_no_link() {
    let started = |session| {
        fact("10:00:00", "session.started", json!({"root_session": "root", "idp_session": "is"}))
            .session(session)
    };
    assert_eq!(named(&given([started("A"), started("B")])).len(), 2);
}

#[test]
fn the_assessment_names_the_session_alike() {
    let g = given([linked("A", "B"), accessed("11:00:00", "B"), accessed("13:00:00", "A")]);
    let state = g.end();
    assert_eq!((state.id.as_str(), state.aliases[0].as_str()), ("B", "A"));
    assert_eq!(state.activity.accesses.len(), 2);
}

#[test]
fn to_names_a_session_and_a_record_of_its_own_source_only_where_there_is_none_25() {
    // A record named as a session is: the session wins.
    let g = given([linked("A", "B"), accessed("09:00:00", "B"), accessed("11:00:00", "C").id("B")]);
    assert_eq!(named(&g), ["B: A", "C: "]);
    // The same record of another source is another one.
    let other = given([linked("A", "ev-1"), accessed("11:00:00", "B").id("ev-1").from("idp")]);
    assert_eq!(named(&other), ["B: ", "A: "]);
    let two =
        [accessed("11:00:00", "B").id("ev-1").from("idp"), accessed("11:30:00", "C").id("ev-1")];
    assert_eq!(named(&given([linked("A", "ev-1")].into_iter().chain(two))), ["B: ", "C: A"]);
}

#[test]
fn links_of_one_source_to_one_request_join() {
    let facts = || {
        [
            accessed("11:00:00", "A"),
            accessed("11:00:00", "B"),
            linked("A", "T-1"),
            linked("B", "T-1"),
            linked("C", "T-2"),
        ]
    };
    assert_eq!(named(&given(facts())), ["A: B", "C: "]);
    let other_source = given([
        accessed("11:00:00", "A"),
        accessed("11:00:00", "B"),
        linked("A", "T-1"),
        linked("B", "T-1").from("other"),
    ]);
    assert_eq!(named(&other_source), ["A: ", "B: "]);
    let by_hand = |session| {
        fact("12:00:00", "session.linked", json!({"to": "T-1", "by": "hand"})).session(session)
    };
    assert_eq!(
        named(&given([by_hand("A"), by_hand("B")])),
        ["A: ", "B: "],
        "only requests are joined by what is no session"
    );
}
