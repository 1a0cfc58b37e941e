//! The records that changed what is said of a session: no others, and each of them.

use crate::given::{
    Given, Said, claim, decided, fact, given, key_added, key_retired, org, policy, third_party,
    time,
};
use claimledger_domain::{
    belief::{Beliefs, ChangePoints, Draw, Drawn, Nearest, belief_diff, change_points},
    history::{History, is_config},
    model::{Cut, Explained, Known},
};
use claimledger_facts::ids::{LogPosition, SessionId};
use serde_json::json;

fn apart(facts: &[Known]) -> (History, Vec<Known>) {
    let history = facts.iter().filter(|known| is_config(&known.fact.data)).cloned().collect();
    (history, facts.iter().filter(|known| !is_config(&known.fact.data)).cloned().collect())
}

fn found(given: &Given, at: &str, before: u64, after: u64, nearest: Nearest) -> ChangePoints {
    drawn_as(given, at, (before, after), nearest, |_, _| Vec::new())
}

fn drawn_as(
    given: &Given,
    at: &str,
    (before, after): (u64, u64),
    nearest: Nearest,
    draw: Draw,
) -> ChangePoints {
    let (history, facts) = apart(&given.0);
    let session = SessionId::from("S");
    let asked = Beliefs {
        session: &session,
        facts: &facts,
        history: &history,
        at: time(at),
        before: LogPosition(before),
        after: LogPosition(after),
    };
    change_points(asked, nearest, draw)
}

/// `7 ended`, in order.
fn named(change_points: &ChangePoints) -> Vec<String> {
    change_points
        .points
        .iter()
        .map(|point| format!("{} {}", point.record.position.0, point.what.join(" and ")))
        .collect()
}

/// 1 to 10: a sign-in with a key and a decision on it, and then what does and does not matter to
/// it.
fn day() -> Given {
    given(said())
}

fn said() -> Vec<Said> {
    vec![
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        policy(json!({})),
        claim("10:00:00", json!({"amr": ["pwd", "otp"], "key": "K"})),
        decided("10:00:03", "allow"),
        key_retired("10:30:00", "K"),
        fact("10:40:00", "app.accessed", json!({"app": "a"})),
        fact("10:20:00", "authenticator.lost", json!({"methods": ["otp"]})),
        fact("11:00:00", "session.ended", json!({"reason": "logout"})),
    ]
}

#[test]
fn each_stop_says_what_its_record_is_and_what_it_changed() {
    let change_points = found(&day(), "12:00:00", 0, 10, Nearest::After);
    assert_eq!(
        named(&change_points),
        ["5 claims received", "6 decision", "8 app access", "9 authenticator lost", "10 ended"],
        "7 came after the claim"
    );
    let lost = &change_points.points[3];
    assert!(
        lost.changes.iter().any(|change| change.aspect.of.as_deref() == Some("otp")),
        "{:?}",
        lost.changes
    );
    assert!(
        lost.changes.iter().all(|change| change.aspect.of.as_deref() != Some("pwd")),
        "{:?}",
        lost.changes
    );
    assert_eq!(change_points.untried, 0);
}

/// The keys around a session, with their ends, and the names of its IdPs.
fn keys_and_names(explained: &Explained, _: Cut) -> Vec<Drawn> {
    let keys = explained.context.keys.iter().map(|key| Drawn {
        thing: format!("key {}", key.key),
        shows: format!("{:?}", key.span.until),
    });
    let names = explained
        .state
        .origin
        .idp_name
        .iter()
        .map(|name| Drawn { thing: "names".to_owned(), shows: name.clone() });
    keys.chain(names).collect()
}

#[test]
fn what_is_drawn_around_it_changes_the_answer_too() {
    let names = [("idp", "x"), ("idp", "other"), ("zone", "z"), ("app", "elsewhere")];
    let named_later = names.map(|(kind, object)| {
        let data = json!({"kind": kind, "object": object, "name": "Another"});
        fact("09:00:00", "object.named", data)
    });
    let given = given(said().into_iter().chain(named_later));
    let all = |at| drawn_as(&given, at, (0, 14), Nearest::After, keys_and_names);
    let late = all("12:00:00");
    assert_eq!(
        named(&late)[2..],
        ["7 key retired", "8 app access", "9 authenticator lost", "10 ended", "11 object named"],
        "{:?}",
        named(&late)
    );
    let retired = &late.points[2];
    assert_eq!((retired.changes.len(), retired.around.join(" ")), (0, "key K".to_owned()));
    assert_eq!(late.points[6].around, ["names"]);
    // At a T before the key was retired its lane reads as before.
    assert!(!named(&all("10:10:00")).contains(&"7 key retired".to_owned()));
    // Whether the one before was drawn too or not, each is compared with it.
    let one = drawn_as(&given, "12:00:00", (6, 7), Nearest::Before, keys_and_names);
    assert_eq!(named(&one), ["7 key retired"]);
}

#[test]
fn what_occurred_after_t_is_no_stop_but_a_sign_of_life_and_a_falsifier_are() {
    // 8 proves that it lived at T (22).
    assert_eq!(
        named(&found(&day(), "10:10:00", 0, 10, Nearest::After)),
        ["5 claims received", "6 decision", "8 app access"]
    );
    assert_eq!(
        named(&found(&day(), "10:20:00", 6, 10, Nearest::Before)),
        ["8 app access", "9 authenticator lost"]
    );
}

#[test]
fn a_stop_is_where_the_state_differs_from_that_of_the_record_before() {
    let given = day();
    let (history, facts) = apart(&given.0);
    let session = SessionId::from("S");
    for at in ["10:00:00", "10:20:00", "10:45:00", "12:00:00"] {
        let differs = |known_at: u64| {
            let (before, after) = (LogPosition(known_at - 1), LogPosition(known_at));
            let asked = Beliefs {
                session: &session,
                facts: &facts,
                history: &history,
                at: time(at),
                before,
                after,
            };
            !belief_diff(asked).unwrap().changes.is_empty()
        };
        let expected: Vec<u64> = (1..=10).filter(|known_at| differs(*known_at)).collect();
        let change_points = found(&given, at, 0, 10, Nearest::After);
        assert_eq!(
            change_points.points.iter().map(|point| point.record.position.0).collect::<Vec<_>>(),
            expected,
            "{at}"
        );
    }
}

#[test]
fn of_too_many_the_nearest_are_tried_and_the_rest_is_counted() {
    let accesses = (0..200).map(|_| fact("10:00:00", "app.accessed", json!({"app": "a"})));
    let given = given([claim("10:00:00", json!({"amr": ["pwd"]}))].into_iter().chain(accesses));
    let late = found(&given, "12:00:00", 0, 201, Nearest::After);
    assert_eq!((late.tried, late.untried, late.points.len()), (60, 141, 60));
    assert_eq!(late.points.last().map(|point| point.record.position.0), Some(201));
    assert_eq!(
        late.points[0].changes.len(),
        1,
        "the first that is tried is compared with the one before it, and not with nothing"
    );
    let early = found(&given, "12:00:00", 1, 201, Nearest::Before);
    assert_eq!((early.points[0].record.position.0, early.tried, early.untried), (2, 60, 140));
}
