//! `subject.linked`: which identities are one person (3, 4, 11).

use crate::given::*;
use claimledger_domain::{history::History, model::Implied};
use claimledger_facts::ids::{LogPosition, Pseudonym};
use proptest::prelude::*;
use serde_json::json;

fn linked(at: &str, one: &'static str, other: &str, same: bool) -> Said {
    fact(at, "subject.linked", json!({"other": other, "same": same})).subject(one)
}

fn lost(at: &str, from: &str, whose: &'static str) -> Said {
    fact(at, "authenticator.lost", json!({"methods": ["hwk"], "from": time(from).to_string()}))
        .subject(whose)
}

/// The identities of `u`, as known at a position.
fn people(g: &Given, known_at: u64) -> Vec<String> {
    let history: History = g.0.iter().cloned().collect();
    history
        .at(LogPosition(known_at))
        .people()
        .same_as(&Pseudonym::from("u"))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn links_join_from_when_they_are_known_and_part_again_11() {
    let g = given([
        linked("10:00:00", "u", "v", true),
        linked("11:00:00", "w", "v", true),
        linked("12:00:00", "v", "u", false),
    ]);
    assert_eq!(people(&g, 0), ["u"]);
    assert_eq!(people(&g, 1), ["u", "v"]);
    assert_eq!(people(&g, 2), ["u", "v", "w"], "through another");
    assert_eq!(people(&g, 3), ["u"], "said from the other side, and of this pair alone");
}

#[test]
fn the_last_in_the_total_order_holds_whatever_came_in_last_2_11() {
    assert_eq!(
        people(
            &given([linked("12:00:00", "u", "v", false), linked("10:00:00", "u", "v", true)]),
            9
        ),
        ["u"]
    );
    assert_eq!(
        people(
            &given([linked("12:00:00", "v", "u", true), linked("10:00:00", "u", "v", false)]),
            9
        ),
        ["u", "v"]
    );
    assert_eq!(people(&given([linked("10:00:00", "u", "u", true)]), 9), ["u"]);
}

#[test]
fn a_loss_of_one_identity_ends_the_factors_of_the_other_11() {
    let session = || {
        [
            org(),
            third_party(),
            policy(json!({"factor_mode": "2fa"})),
            claims("10:00:00", &["pwd", "hwk"]),
        ]
    };
    let g = |more: Vec<Said>| given(session().into_iter().chain(more));
    let ends = |g: &Given| {
        g.end()
            .factors
            .iter()
            .map(|f| f.until.map(|until| until.to_string()[11..19].to_owned()))
            .collect::<Vec<_>>()
    };
    let lost = || lost("12:00:00", "11:00:00", "v");
    let until = Some("11:00:00".to_owned());
    assert_eq!(ends(&g(vec![lost()])), [None, None]);
    assert_eq!(ends(&g(vec![lost(), linked("15:00:00", "u", "v", true)])), [None, until.clone()]);
    assert_eq!(
        ends(&g(vec![
            linked("09:00:00", "v", "w", true),
            linked("15:00:00", "u", "w", true),
            lost()
        ])),
        [None, until]
    );
    let parted =
        g(vec![linked("15:00:00", "u", "v", true), lost(), linked("16:00:00", "u", "v", false)]);
    assert_eq!(ends(&parted), [None, None]);
    // What became known after a decision takes it away later (4), also where that is whose the loss
    // was.
    let decided = || decided("13:00:00", "allow");
    let later = g(vec![lost(), decided(), linked("15:00:00", "u", "v", true)]).end();
    assert_eq!(
        later.decisions[0].falsified_later.as_ref().map(|f| f.code),
        Some("authenticator_lost")
    );
    assert_eq!(later.decisions[0].later.len(), 1);
    let known = g(vec![lost(), linked("12:30:00", "u", "v", true), decided()]).end();
    assert_eq!(known.decisions[0].differs.as_ref().map(|f| f.code), Some("authenticator_lost"));
}

/// The connected component, by trying every pair again and again.
fn naive(pairs: &[(usize, usize, bool)]) -> Vec<String> {
    let names = ["u", "v", "w", "x", "y"];
    let holds = |a: usize, b: usize| {
        let mut of_pair = pairs
            .iter()
            .filter(|(one, other, _)| (*one, *other) == (a, b) || (*other, *one) == (a, b));
        of_pair.next_back().is_some_and(|(.., same)| *same)
    };
    let mut people = std::collections::BTreeSet::from([0]);
    for _ in names {
        let more: Vec<usize> =
            (0..names.len()).filter(|b| people.iter().any(|a| a != b && holds(*a, *b))).collect();
        people.extend(more);
    }
    people.into_iter().map(|n| names[n].to_owned()).collect()
}

proptest! {
    #[test]
    fn identities_are_the_component_of_the_links_that_hold(
        pairs in proptest::collection::vec((0usize..5, 0usize..5, any::<bool>()), 0..12),
        order in any::<u64>(),
    ) {
        let names = ["u", "v", "w", "x", "y"];
        let mut said: Vec<Said> = pairs
            .iter()
            .enumerate()
            .map(|(n, (one, other, same))| linked(&format!("10:{n:02}:00"), names[*one],
                names[*other], *same))
            .collect();
        // Whatever order they come in.
        if !said.is_empty() {
            let by = order as usize % said.len();
            said.rotate_left(by);
        }
        prop_assert_eq!(people(&given(said), u64::MAX), naive(&pairs));
    }
}

/// Two sign-ins that their source puts under one session id.
fn two_people(more: Vec<Said>) -> Vec<Said> {
    let two = || policy(json!({"factor_mode": "2fa"}));
    let (ann, bob) = (claims("10:00:00", &["pwd"]), claims("10:01:00", &["hwk"]));
    let session = [org(), third_party(), two(), ann.subject("ann"), bob.subject("bob")];
    more.into_iter().chain(session).collect()
}

#[test]
fn what_another_person_brought_counts_possibly_47() {
    let decided = |whose| decided("11:00:00", "allow").subject(whose);
    let verified =
        || fact("10:02:00", "factor.verified", json!({"method": "webauthn"})).subject("bob");
    let linked = |one, other, same| linked("09:00:00", one, other, same);
    let open = "allow Undetermined missing subject";
    for (name, more, expect, decision) in [
        ("ann decides", vec![decided("ann")], &["pwd", "hwk possible subject"][..], open),
        ("bob decides", vec![decided("bob")], &["pwd", "hwk possible subject"], open),
        (
            "a verification",
            vec![decided("ann"), verified()],
            &["pwd", "hwk possible subject", "webauthn possible subject"],
            open,
        ),
        (
            "one person",
            vec![linked("ann", "bob", true), decided("ann")],
            &["pwd", "hwk"],
            "allow Allow",
        ),
        (
            "one person",
            vec![linked("x", "bob", true), linked("ann", "x", true), decided("bob")],
            &["pwd", "hwk"],
            "allow Allow",
        ),
        (
            "parted",
            vec![linked("ann", "bob", false), decided("ann")],
            &["pwd", "hwk possible subject"],
            open,
        ),
    ] {
        let g = given(two_people(more));
        assert_eq!(fates(&g.end()), expect, "{name}");
        assert_eq!(decisions(&g.end()), [decision], "{name}");
        let state = g.end();
        for relied in &state.decisions[0].relied_on {
            assert_eq!(relied.certainty, state.factors[relied.factor].certainty, "{name}");
        }
    }
}

#[test]
fn a_decision_about_another_person_rests_on_nothing_that_is_certain_47() {
    let any = |whose| {
        let one = policy(json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]}));
        let claim = claims("10:00:00", &["pwd"]);
        given([org(), third_party(), one, claim, decided("11:00:00", "allow").subject(whose)])
    };
    any("u").decisions(&["allow Allow"]);
    any("bob").decisions(&["allow Undetermined missing subject"]);
    any("bob").fates(&["pwd"]);
}

#[test]
fn a_link_counts_once_it_is_known_for_earlier_decisions_too_47() {
    let decided = || decided("11:00:00", "allow").subject("ann");
    let both = |g: &Given| {
        let of = &g.end().decisions[0];
        [&of.made, &of.at_k].map(|known| (known.implied, known.missing.clone()))
    };
    let allowed = (Implied::Allow, vec![]);
    let open = (Implied::Undetermined, vec!["subject"]);
    let joined = || linked("09:00:00", "ann", "bob", true);
    let parted = || linked("09:30:00", "bob", "ann", false);
    let g = |before: Vec<Said>, after: Vec<Said>| {
        given(two_people(before).into_iter().chain([decided()]).chain(after))
    };
    assert_eq!(both(&g(vec![], vec![joined()])), [allowed.clone(), allowed]);
    assert_eq!(both(&g(vec![joined()], vec![parted()])), [open.clone(), open]);
}

#[test]
fn a_sign_in_of_another_person_stands_possibly_47() {
    let any = |whose| {
        given([
            org(),
            idp_at("08:00:00", "third_party", "active", false),
            policy(json!({"factor_mode": "1fa"})),
            fact("09:00:00", "session.started", json!({})),
            claims("10:00:00", &[]).subject(whose),
            decided("11:00:00", "allow"),
        ])
    };
    any("u").decisions(&["allow Allow"]);
    any("bob").decisions(&["allow Undetermined missing subject"]);
}
