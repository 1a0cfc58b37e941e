//! Whatever order facts come in, what is known is the same (2, 32).

use crate::given::*;
use claimledger_domain::{
    assess,
    history::{History, is_config},
    model::{Cut, Known, SessionState},
};
use claimledger_facts::ids::LogPosition;
use proptest::prelude::*;
use serde_json::json;

/// A scenario with something of everything.
fn busy() -> Given {
    given([
        org(),
        third_party(),
        idp_at("11:00:00", "third_party", "active", false).until("11:30:00"),
        idp_at("12:30:00", "third_party", "active", true),
        key_added("08:00:00", "K"),
        key_retired("13:00:00", "K"),
        local("otp"),
        policy(json!({})),
        policy_at(
            "13:30:00",
            json!({"alternatives": [{"possession": {"phishing_resistant": true}}],
                "reauthenticate_in_secs": 0}),
        ),
        fact(
            "10:00:00",
            "session.started",
            json!({"idp": "x", "idp_session": "is", "idle_secs": 3600}),
        ),
        claim("10:00:00", json!({"amr": ["pwd", "hwk", "fpt"], "key": "K"})),
        claim("11:15:00", json!({"amr": ["pwd"], "assertion": "b"})),
        claim("13:10:00", json!({"amr": ["phr"], "key": "K", "assertion": "c"})),
        verified("10:00:02", "otp"),
        decided("10:00:03", "allow"),
        decided("10:00:03", "deny").from("other"),
        decided("13:40:00", "allow"),
        fact("13:41:00", "claim.ignored", json!({"assertion": "b"})),
        fact("13:42:00", "app.accessed", json!({"app": "a"})),
        fact("14:00:00", "session.ended", json!({"reason": "logout"})).until("14:10:00"),
        fact("14:05:00", "session.ended", json!({"reason": "revoked"})).from("other"),
        fact("12:00:00", "session.linked", json!({"to": "S2", "by": "x"})),
        verified("12:00:00", "sms").session("S2"),
        fact("11:00:00", "idp_session.ended", json!({"idp": "x", "idp_session": "is"})).from("x"),
        fact(
            "15:00:00",
            "trust.retracted",
            json!({"idp": "x", "from": "2026-03-10T11:00:00Z", "reason": "leaked"}),
        ),
        fact("15:00:00", "authenticator.lost", json!({"methods": ["hwk"]})),
        decided("13:50:00", "allow").id("v").variant("a"),
        decided("13:50:00", "challenge").id("v").variant("b"),
        idp_at("12:40:00", "third_party", "active", true).id("w").variant("a"),
        idp_at("12:40:00", "third_party", "inactive", true).id("w").variant("b"),
    ])
}

fn state(facts: &[Known], at: &str) -> SessionState {
    let history: History = facts.iter().filter(|k| is_config(&k.fact.data)).cloned().collect();
    let cut = Cut { at: time(at), known_at: LogPosition(u64::MAX) };
    assess(facts, &history, cut).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The order in which facts are handed in shows nowhere.
    #[test]
    fn input_order_does_not_matter(shuffled in Just(busy().0).prop_shuffle(),
        twice in any::<bool>()) {
        let mut facts = shuffled;
        if twice {
            facts.extend(facts.clone());
        }
        prop_assert_eq!(state(&facts, "23:00:00"), state(&busy().0, "23:00:00"));
    }

    /// The order in which facts were recorded shows only in their positions.
    #[test]
    fn recording_order_does_not_matter(order in
        Just((0..busy().0.len()).collect::<Vec<_>>()).prop_shuffle(), at in 9_u32..24) {
        let mut facts = busy().0;
        for (known, position) in facts.iter_mut().zip(&order) {
            known.record.position = LogPosition(*position as u64 + 1);
        }
        let mut back = state(&facts, &format!("{:02}:30:00", at.min(23)));
        let mut plain = state(&busy().0, &format!("{:02}:30:00", at.min(23)));
        prop_assert_eq!(fates(&back), fates(&plain));
        prop_assert_eq!(decisions(&back), decisions(&plain));
        for s in [&mut back, &mut plain] {
            s.records.iter_mut().for_each(|r| r.position = LogPosition(0));
        }
        prop_assert_eq!(&back.records, &plain.records);
        prop_assert_eq!((back.life.phase, back.life.certainty, back.life.end.bounds,
            back.life.last_seen),
            (plain.life.phase, plain.life.certainty, plain.life.end.bounds, plain.life.last_seen));
    }
}

/// One record may carry several facts of one time: their text decides, not the order they are
/// handed in.
#[test]
fn facts_of_one_record_have_an_order_of_their_own() {
    let facts = [
        verified("12:00:00", "otp").id("e"),
        verified("12:00:00", "sms").id("e"),
        verified("12:00:00", "email").id("e"),
    ];
    let names = |order: [usize; 3]| {
        let mut g = given(facts.clone()).0;
        g.iter_mut().for_each(|k| k.record.position = LogPosition(1));
        let shuffled: Vec<Known> = order.iter().map(|i| g[*i].clone()).collect();
        state(&shuffled, "13:00:00").factors.into_iter().map(|f| f.name).collect::<Vec<_>>()
    };
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        assert_eq!(names(order), ["email", "otp", "sms"]);
    }
}

#[test]
fn of_variants_the_first_bytewise_counts_and_says_so_32() {
    let allow = decided("12:00:00", "allow").id("v").variant("a");
    let deny = decided("12:00:00", "deny").id("v").variant("b");
    let base = || {
        [org(), third_party(), policy(json!({"factor_mode": "1fa"})), claims("11:00:00", &["pwd"])]
    };
    for pair in [[allow.clone(), deny.clone()], [deny, allow]] {
        let g = given(base().into_iter().chain(pair));
        g.decisions(&["allow Allow"]);
        assert!(g.end().decisions[0].recorded.variant);
        // As known before the second came, there is no variant.
        assert!(!g.known_at("23:00:00", 5).unwrap().decisions[0].recorded.variant);
    }
}

#[test]
fn variants_of_configuration_likewise_32() {
    let on = idp_at("08:00:00", "third_party", "active", true).id("v").variant("a");
    let off = idp_at("08:00:00", "third_party", "active", false).id("v").variant("b");
    for pair in [[on.clone(), off.clone()], [off, on]] {
        let g = given([claims("11:00:00", &["pwd"])].into_iter().chain(pair.clone()));
        // `false` comes before `true`.
        g.fates(&["pwd ignored trust_off"]);
    }
}

#[test]
fn facts_tie_by_source_then_id_2() {
    let end = |reason: &str, source, id| {
        fact("12:00:00", "session.ended", json!({"reason": reason})).from(source).id(id)
    };
    let g = given([
        claims("10:00:00", &["pwd"]),
        end("expired", "b", "1"),
        end("logout", "a", "2"),
        end("revoked", "a", "3"),
    ]);
    assert_eq!(g.end().life.end.reason, Some("logout"));
}

#[test]
fn local_authenticators_are_named_in_their_own_order_2() {
    let (password, otp) = (local("password").id("a"), local("otp").id("b"));
    for pair in [[password.clone(), otp.clone()], [otp, password]] {
        let g = given(
            [org(), third_party(), policy(json!({}))]
                .into_iter()
                .chain(pair)
                .chain([decided("12:00:00", "challenge")]),
        );
        let because = g.why().decisions[0].clone();
        let challenge = because
            .because
            .iter()
            .find(|reason| reason.question == Some("Why a challenge?"))
            .unwrap();
        let named: Vec<&str> =
            challenge.facts.iter().map(|record| record.source_id.as_str()).collect();
        assert_eq!(named, ["a", "b"], "{challenge:?}");
    }
}
