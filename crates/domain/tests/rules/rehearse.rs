//! What would change if trust had been otherwise (`semantics.md` 9, 10, 21).

use crate::given::{
    Given, Said, claim, claims, decided, fact, given, idp_at, key_added, local, org, policy,
    policy_at, third_party, time, verified,
};
use claimledger_domain::{
    assess,
    explain::explain,
    history::{History, is_config},
    model::{Certainty, Cut, Implied, Known, SessionState},
    rehearse::{IdpSetting, Rehearsal, Rehearsed, TrustChange, Unchanged, UnmetPolicies},
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, KeyId, LogPosition},
    time::Occurred,
    types::trust::TrustRetracted,
};
use proptest::prelude::*;
use serde_json::json;

pub(crate) const CUT: fn() -> Cut =
    || Cut { at: time("23:59:59"), known_at: LogPosition(u64::MAX) };

pub(crate) fn as_idp(setting: IdpSetting, from: &str, to: &str) -> TrustChange {
    TrustChange::Idp { idp: IdpId::from("x"), setting, from: time(from), to: time(to) }
}

pub(crate) fn trust_off(from: &str, to: &str) -> TrustChange {
    as_idp(IdpSetting::TrustOff, from, to)
}

fn retraction(key: Option<&str>, from: &str) -> TrustChange {
    let (key, reason) = (key.map(KeyId::from), "leaked".to_owned());
    TrustChange::Retraction(TrustRetracted {
        idp: IdpId::from("x"),
        from: time(from),
        reason,
        key,
        actor: None,
        ticket: None,
    })
}

pub(crate) fn apart(given: &Given) -> (History, Vec<Known>) {
    let (config, facts): (Vec<Known>, Vec<Known>) =
        given.0.iter().cloned().partition(|known| is_config(&known.fact.data));
    (config.into_iter().collect(), facts)
}

pub(crate) fn rehearse(given: &Given, change: TrustChange) -> Rehearsed {
    let (history, facts) = apart(given);
    Rehearsal::new(&history, change).session(&facts, CUT()).unwrap()
}

/// `Allow Deny not_enough_factors`, `Allow StillMet`.
pub(crate) fn redecided(given: &Given, change: TrustChange) -> Vec<String> {
    let of = |d: claimledger_domain::rehearse::Redecided| match d.unchanged {
        Some(why) => format!("{:?} {why:?}", d.before),
        None => format!("{:?} {:?} {}", d.before, d.after, d.first_unmet.unwrap_or("–")),
    };
    rehearse(given, change).decisions.into_iter().map(of).collect()
}

pub(crate) fn signed_in(rule: serde_json::Value) -> Vec<Said> {
    vec![
        org(),
        third_party(),
        policy(rule),
        claims("10:00:00", &["pwd", "otp"]),
        decided("10:00:03", "allow"),
    ]
}

#[test]
fn trust_off_flips_what_rested_on_the_claims() {
    let mut facts = signed_in(json!({}));
    assert_eq!(
        redecided(&given(facts.clone()), trust_off("09:00:00", "11:00:00")),
        ["Allow Deny not_enough_factors"]
    );
    facts.extend([local("password"), local("otp")]);
    assert_eq!(
        redecided(&given(facts), trust_off("09:00:00", "11:00:00")),
        ["Allow Challenge not_enough_factors"]
    );
}

#[test]
fn the_sign_in_itself_stands_with_trust_off_and_falls_with_a_retraction() {
    let given = given(signed_in(json!({"factor_mode": "1fa"})));
    assert_eq!(redecided(&given, trust_off("09:00:00", "11:00:00")), ["Allow StillMet"]);
    assert_eq!(redecided(&given, retraction(None, "09:00:00")), ["Allow Deny not_enough_factors"]);
}

#[test]
fn the_window_is_half_open() {
    let given = given(signed_in(json!({})));
    for (from, to, flips) in [
        ("10:00:00", "10:00:01", true),
        ("09:00:00", "10:00:00", false),
        ("10:00:01", "11:00:00", false),
    ] {
        let decided = redecided(&given, trust_off(from, to));
        assert_eq!(
            decided,
            [if flips { "Allow Deny not_enough_factors" } else { "Allow NotHit" }],
            "{from} {to}"
        );
    }
}

#[test]
fn a_claim_at_the_end_of_the_window_counts_beside_one_that_is_hit() {
    let second = claim("10:30:00", json!({"amr": ["pwd", "otp"], "assertion": "b"}));
    let given = given([
        org(),
        third_party(),
        policy(json!({})),
        claims("10:00:00", &["sms"]),
        second,
        decided("10:30:03", "allow"),
    ]);
    assert_eq!(redecided(&given, trust_off("09:00:00", "10:30:00")), ["Allow StillMet"]);
}

#[test]
fn a_claim_of_which_only_an_interval_is_known_is_hit_possibly() {
    let about = claims("10:00:00", &["pwd", "otp"]).until("10:00:30");
    let given =
        given([org(), third_party(), policy(json!({})), about, decided("10:01:00", "allow")]);
    let rehearsed = rehearse(&given, trust_off("10:00:10", "11:00:00"));
    assert_eq!(rehearsed.hits[0].1, Certainty::Possible);
    assert_eq!(
        (rehearsed.decisions[0].after, rehearsed.decisions[0].unchanged),
        (Implied::Undetermined, None)
    );
    assert_eq!(rehearse(&given, trust_off("10:00:00", "11:00:00")).hits[0].1, Certainty::Certain);
}

#[test]
fn each_decision_that_stays_says_why() {
    let of_z = |at: &str| claim(at, json!({"idp": "z", "assertion": "z", "amr": ["pwd", "otp"]}));
    let z = || {
        fact(
            "08:00:00",
            "idp.configured",
            json!({"idp": "z", "version": "z1", "kind": "third_party", "status": "active",
                "trust_claims": true}),
        )
    };
    let other = given([
        org(),
        third_party(),
        z(),
        policy(json!({})),
        of_z("10:00:00"),
        decided("10:00:03", "allow"),
    ]);
    assert_eq!(redecided(&other, trust_off("09:00:00", "11:00:00")), ["Allow NotOfIt"]);

    let short = given([
        org(),
        third_party(),
        policy(json!({})),
        claims("10:00:00", &["pwd"]),
        decided("10:00:03", "allow"),
    ]);
    assert_eq!(redecided(&short, trust_off("09:00:00", "11:00:00")), ["Deny AlreadyRefused"]);

    let unknown = given([
        org(),
        third_party(),
        claims("10:00:00", &["pwd", "otp"]),
        decided("10:00:03", "allow"),
    ]);
    assert_eq!(
        redecided(&unknown, trust_off("09:00:00", "11:00:00")),
        ["Undetermined Undetermined"]
    );

    // A decision before the claim came is not of it yet.
    let first = given(
        signed_in(json!({"factor_mode": "1fa"}))
            .into_iter()
            .chain([verified("09:00:00", "otp"), decided("09:30:00", "allow")]),
    );
    assert_eq!(
        redecided(&first, trust_off("09:00:00", "11:00:00")),
        ["Allow NotOfIt", "Allow StillMet"]
    );

    assert_eq!(
        Unchanged::AlreadyRefused.words(&trust_off("09:00:00", "10:00:00"), Implied::Deny),
        "the rules already implied deny"
    );
}

#[test]
fn other_fields_of_the_idp_are_kept() {
    let inactive = idp_at("09:30:00", "third_party", "inactive", true);
    let given = given(signed_in(json!({"factor_mode": "1fa"})).into_iter().chain([inactive]));
    assert_eq!(
        redecided(&given, trust_off("09:00:00", "11:00:00")),
        ["Deny AlreadyRefused"],
        "an inactive IdP stays inactive"
    );
    let (history, facts) = apart(&given);
    let before = explain(&facts, &history, CUT());
    let rehearsal = Rehearsal::new(&history, trust_off("09:00:00", "11:00:00"));
    assert_eq!(rehearsal.session(&facts, CUT()).map(|rehearsed| rehearsed.before), before);
    assert_eq!(
        explain(&facts, &history, CUT()),
        before,
        "the history that was handed in stays as it is"
    );
}

#[test]
fn a_retraction_hits_its_key_from_its_time_on() {
    let by_key = |at: &str, key: &str, n: &str| {
        claim(at, json!({"amr": ["pwd", "otp"], "key": key, "assertion": n}))
    };
    let facts = |key: &str| {
        given([
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            key_added("08:00:00", "L"),
            policy(json!({})),
            by_key("10:00:00", key, "a"),
            decided("10:00:03", "allow"),
        ])
    };
    assert_eq!(
        redecided(&facts("K"), retraction(Some("K"), "10:00:00")),
        ["Allow Deny not_enough_factors"]
    );
    assert_eq!(redecided(&facts("K"), retraction(Some("K"), "10:00:01")), ["Allow NotHit"]);
    assert_eq!(redecided(&facts("L"), retraction(Some("K"), "10:00:00")), ["Allow NotHit"]);
    let unnamed = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        policy(json!({})),
        claims("10:00:00", &["pwd", "otp"]),
        decided("10:00:03", "allow"),
    ]);
    let rehearsed = rehearse(&unnamed, retraction(Some("K"), "10:00:00"));
    assert_eq!(
        (rehearsed.hits[0].1, rehearsed.live),
        (Certainty::Possible, Some(Certainty::Possible)),
        "it names no key"
    );
}

#[test]
fn a_session_that_was_implied_deny_falls_and_does_not_flip() {
    let late = key_added("08:00:00", "K");
    let retired = fact("09:00:00", "idp.key_retired", json!({"idp": "x", "key": "K"}));
    let signed = |at: &str| {
        [claim(at, json!({"amr": ["pwd", "otp"], "key": "K"})), decided("10:00:03", "allow")]
    };
    let config = [org(), third_party(), late, policy(json!({}))];
    let retired = given(config.iter().cloned().chain([retired]).chain(signed("10:00:00")));
    let rehearsed = rehearse(&retired, retraction(Some("K"), "09:30:00"));
    assert_eq!(rehearsed.decisions[0].unchanged, Some(Unchanged::AlreadyRefused));
    assert_eq!(
        (rehearsed.falls.len(), rehearsed.falls[0].before, rehearsed.falls[0].after),
        (1, Implied::Deny, Implied::Deny)
    );

    let good = given(config.iter().cloned().chain(signed("10:00:00")));
    let rehearsed = rehearse(&good, retraction(Some("K"), "09:30:00"));
    assert_eq!((rehearsed.decisions[0].unchanged, rehearsed.falls[0].after), (None, Implied::Deny));
    assert_eq!(
        rehearse(&good, trust_off("09:30:00", "11:00:00")).falls,
        [],
        "trust is judged when the claim arrives: nothing falls later"
    );
    // A refusal does not fall, and what rests on other factors does not either.
    let refused = given(config.into_iter().chain([
        claim("10:00:00", json!({"amr": ["pwd"], "key": "K"})),
        decided("10:00:03", "deny"),
    ]));
    assert_eq!(rehearse(&refused, retraction(Some("K"), "09:30:00")).falls, []);
}

#[test]
fn a_session_lives_on_it_while_it_is_active_and_rests_on_it_by_record() {
    let facts = signed_in(json!({}));
    let start = fact("09:59:00", "session.started", json!({}));
    assert_eq!(
        rehearse(&given(facts.clone()), trust_off("09:00:00", "11:00:00")).live,
        Some(Certainty::Possible),
        "no limit is known"
    );
    assert_eq!(
        rehearse(&given(facts.iter().cloned().chain([start])), trust_off("09:00:00", "11:00:00"))
            .live,
        Some(Certainty::Certain)
    );
    assert_eq!(
        rehearse(&given(facts.clone()), trust_off("10:30:00", "11:00:00")).live,
        None,
        "nothing is hit"
    );
    let ended = fact("12:00:00", "session.ended", json!({"reason": "logout"}));
    assert_eq!(
        rehearse(&given(facts.iter().cloned().chain([ended])), trust_off("09:00:00", "11:00:00"))
            .live,
        None
    );
    let ignored = ["pwd", "otp"].map(|amr| fact("10:00:01", "claim.ignored", json!({"amr": amr})));
    assert_eq!(
        rehearse(&given(facts.into_iter().chain(ignored)), trust_off("09:00:00", "11:00:00")).live,
        None
    );
}

/// The sentences of policies that could then not be met, with these other claims.
fn unmet(others: impl IntoIterator<Item = Said>, change: TrustChange) -> Vec<String> {
    let resistant = json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let z = |trust: bool, idp: &str| {
        fact(
            "08:00:00",
            "idp.configured",
            json!({"idp": idp, "version": "1", "kind": "third_party", "status": "active",
                "trust_claims": trust}),
        )
    };
    let config = [
        org(),
        third_party(),
        z(true, "y"),
        z(false, "z"),
        local("password"),
        local("otp"),
        policy(json!({})).id("p1"),
        policy_at("09:00:00", resistant),
    ];
    let given = given(config.into_iter().chain(others));
    let (history, facts) = apart(&given);
    let rehearsal = Rehearsal::new(&history, change);
    let mut policies = UnmetPolicies::new(&rehearsal, time("08:30:00"), time("20:00:00"), CUT());
    policies.try_session(&facts);
    policies.unmet().into_iter().map(|unmet| unmet.sentence).collect()
}

#[test]
fn a_policy_that_only_others_could_meet_is_named_with_what_they_did_not_assert() {
    let of_y =
        |at: &str, amr: &[&str]| claim(at, json!({"idp": "y", "assertion": "y", "amr": amr}));
    let off = || trust_off("08:30:00", "20:00:00");
    let only_y = "p v1 can then be met only through y, which asserted no phishing-resistant factor \
                  in the window.";
    assert_eq!(
        unmet([of_y("10:00:00", &["pwd", "sms"])], off()),
        [only_y],
        "the version before asked for what local authenticators give"
    );
    assert_eq!(
        unmet([claims("10:00:00", &["pwd", "phr"])], off()),
        [only_y],
        "what the IdP itself asserted does not help"
    );
    assert_eq!(
        unmet([of_y("10:00:00", &["phr"])], off()),
        [] as [&str; 0],
        "with the local password that is two types"
    );
    assert_eq!(unmet([of_y("20:00:00", &["phr"])], off()), [only_y], "outside the window");
    assert_eq!(
        unmet([of_y("08:45:00", &["phr"])], off()),
        [only_y],
        "before the version was in force"
    );
    assert_eq!(
        unmet([of_y("10:00:00", &["sms"])], trust_off("08:00:00", "09:00:00")).len(),
        1,
        "the window is that of the decisions"
    );
    let y_off = fact(
        "08:10:00",
        "idp.configured",
        json!({"idp": "y", "version": "2", "kind": "third_party", "status": "active",
            "trust_claims": false}),
    );
    assert_eq!(
        unmet([y_off], off()),
        ["p v1 can then be met by nobody: no other IdP is trusted in the window."]
    );
    let by_key = [key_added("08:00:00", "K"), key_added("08:00:00", "L")];
    let others = "p v1 can then be met only through x by another key and y, which asserted no \
                  phishing-resistant factor in the window.";
    assert_eq!(unmet(by_key, retraction(Some("K"), "08:30:00")), [others]);
}

fn implied(state: Option<SessionState>) -> Vec<Implied> {
    state
        .into_iter()
        .flat_map(|state| state.decisions)
        .map(|decision| decision.made.implied)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Trust off over a window is what the facts would have said: every version in the window with
    /// trust off, one more at its start, and at its end the one that was in force.
    #[test]
    fn trust_off_is_as_if_it_had_been_stated(
        versions in prop::collection::vec((0..50_u64, any::<bool>(), any::<bool>()), 0..4),
        received in prop::collection::vec(0..50_u64, 1..4),
        from in 0..50_u64,
        length in 1..30_u64,
    ) {
        let at = |minute: u64| format!("10:{minute:02}:00");
        let status = |active: bool| if active { "active" } else { "inactive" };
        let base = || [org(), third_party(), policy(json!({}))];
        let claimed = || received.iter().map(|minute| claim(&at(*minute), json!({"amr": ["pwd",
            "otp"], "assertion": at(*minute)}))).chain([decided("11:00:00", "allow")]);
        let mut versions = versions;
        versions.sort_unstable();
        versions.dedup_by_key(|(minute, ..)| *minute);
        let to = (from + length).min(59);
        let stated = base().into_iter().chain(versions.iter().map(|(minute, active, trust)|
            idp_at(&at(*minute), "third_party", status(*active), *trust)));
        let given_facts = given(stated.chain(claimed()));

        let in_force = |minute: u64| versions.iter().rev().find(|(begun, ..)|
            *begun <= minute).map_or((true, true), |(_, active, trust)| (*active, *trust));
        let mut off: Vec<Said> = base().into();
        for (minute, active, trust) in &versions {
            let inside = (from..to).contains(minute);
            off.push(idp_at(&at(*minute), "third_party", status(*active), *trust && !inside));
        }
        let edge = |minute: u64, trust: bool| {
            let (active, was) = in_force(minute);
            idp_at(&at(minute), "third_party", status(active), trust && was).id("zz")
        };
        off.push(Said { id: Some("zz-from"), ..edge(from, false) });
        off.push(Said { id: Some("zz-to"), ..edge(to, true) });
        let given_off = given(off.into_iter().chain(claimed()));

        let (history, facts) = apart(&given_facts);
        let change = trust_off(&at(from), &at(to));
        let rehearsed = Rehearsal::new(&history, change.clone()).session(&facts, CUT()).unwrap();
        let (history_off, facts_off) = apart(&given_off);
        let expected = implied(assess(&facts_off, &history_off, CUT()));
        prop_assert_eq!(rehearsed.decisions.iter().map(|decision|
            decision.after).collect::<Vec<_>>(), expected);
        for known in &facts {
            let FactData::ClaimsReceived(claim) = &known.fact.data else { continue };
            let Occurred { from: when, .. } = known.fact.occurred;
            let hit = change.hits(history.at(LogPosition(u64::MAX)), claim, known.fact.occurred);
            prop_assert_eq!(hit.is_some(),
                when >= time(&at(from)) && when < time(&at(to)));
        }
    }
}

#[test]
fn a_key_that_a_claim_does_not_name_leaves_what_it_implies_as_it_is_42() {
    let unnamed = || vec![org(), third_party(), key_added("08:00:00", "K"), policy(json!({}))];
    let with = |claims: Vec<Said>| {
        given(unnamed().into_iter().chain(claims).chain([decided("10:00:03", "allow")]))
    };
    let without_key = with(vec![claims("10:00:00", &["pwd", "otp"])]);
    assert_eq!(redecided(&without_key, retraction(Some("K"), "09:00:00")), ["Allow KeyNotNamed"]);
    // In what falls it is possible, and alike in what lives on it.
    let rehearsed = rehearse(&without_key, retraction(Some("K"), "09:00:00"));
    let falls: Vec<_> =
        rehearsed.falls.iter().map(|fall| (fall.certainty, fall.before, fall.after)).collect();
    assert_eq!(falls, [(Certainty::Possible, Implied::Allow, Implied::Allow)]);
    assert_eq!(rehearsed.falls[0].words(), "allow, then deny if this key signed it");
    assert_eq!(rehearsed.live, Some(Certainty::Possible));
    // What would hold without it does not fall.
    let other = claim("09:30:00", json!({"amr": ["pwd", "otp"], "key": "L", "assertion": "b"}));
    let both = with(vec![key_added("08:00:00", "L"), other, claims("10:00:00", &["pwd", "otp"])]);
    assert_eq!(rehearse(&both, retraction(Some("K"), "09:00:00")).falls, []);
    // One claim names it and one names none: the first falls for certain.
    let named = claim("09:30:00", json!({"amr": ["pwd", "otp"], "key": "K", "assertion": "b"}));
    let mixed = with(vec![named, claims("10:00:00", &["zzz"])]);
    let falls: Vec<_> = rehearse(&mixed, retraction(Some("K"), "09:00:00"))
        .falls
        .iter()
        .map(|fall| fall.certainty)
        .collect();
    assert_eq!(falls, [Certainty::Certain]);
}
