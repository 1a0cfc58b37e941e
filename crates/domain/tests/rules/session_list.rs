//! Which sessions belong to a list, and how surely.

use crate::{given::*, rehearse::apart};
use claimledger_domain::{
    assess,
    model::{Certainty, Cut},
    session_list::{SessionCandidate, SessionFilter, Sought},
};
use claimledger_facts::{
    ids::LogPosition,
    indicator::{Indicator, IndicatorKind},
};
use serde_json::json;

/// How surely session `S` belongs to a list at a time.
fn belongs(given: &Given, at: &str, filter: &SessionFilter) -> Option<Certainty> {
    let (history, facts) = apart(given);
    let cut = Cut { at: time(at), known_at: LogPosition(u64::MAX) };
    let state = assess(&facts, &history, cut)?;
    let candidate = SessionCandidate { state: &state, facts: &facts, history: &history, cut };
    let records: Vec<_> = facts.iter().skip(1).map(|known| known.record.clone()).collect();
    candidate.belongs(filter, Sought { people: None, with_indicator: &records })
}

/// At T before, inside and after the interval of its decision, 10:00 to 11:00.
fn around(given: &Given, filter: &SessionFilter) -> [Option<Certainty>; 3] {
    ["09:59:59", "10:30:00", "11:00:00"].map(|at| belongs(given, at, filter))
}

/// A password by key K, and an allow under a rule of which only an interval is known.
fn decided_in_an_interval(mode: &str, more: impl IntoIterator<Item = Said>) -> Given {
    let facts = [
        org(),
        third_party(),
        policy(json!({"factor_mode": mode})),
        key_added("08:00:00", "K"),
        claim("09:00:00", json!({"amr": ["pwd"], "key": "K"})),
        decided("10:00:00", "allow").until("11:00:00"),
    ];
    given(facts.into_iter().chain(more))
}

#[test]
fn what_a_decision_in_an_interval_makes_of_its_session_is_possible_inside_6() {
    use Certainty::{Certain, Possible};
    let during = [None, Some(Possible), Some(Certain)];
    let otherwise = [Some(Certain), Some(Possible), None];
    let differing = decided_in_an_interval("2fa", []);
    let differs = |wanted| SessionFilter { differs: Some(wanted), ..SessionFilter::default() };
    assert_eq!(around(&differing, &differs(true)), during);
    assert_eq!(around(&differing, &differs(false)), otherwise);
    let app = SessionFilter { app: Some("a".into()), ..SessionFilter::default() };
    assert_eq!(around(&differing, &app), during);
    let indicator = Indicator::new(IndicatorKind::Ip, "192.0.2.1");
    let seen = SessionFilter { indicator, ..SessionFilter::default() };
    assert_eq!(around(&differing, &seen), during);
    // Opened within the interval at a known instant: certain from then on.
    let opened =
        decided_in_an_interval("2fa", [fact("10:20:00", "app.accessed", json!({"app": "a"}))]);
    assert_eq!(around(&opened, &app), [None, Some(Certain), Some(Certain)]);

    let retraction =
        json!({"idp": "x", "key": "K", "from": "2026-03-10T08:30:00Z", "reason": "leak"});
    let retracted =
        decided_in_an_interval("1fa", [fact("12:00:00", "trust.retracted", retraction)]);
    let falsified =
        |wanted| SessionFilter { falsified_later: Some(wanted), ..SessionFilter::default() };
    assert_eq!(around(&retracted, &falsified(true)), during);
    assert_eq!(around(&retracted, &falsified(false)), otherwise);
}

/// As the retraction of a key that nothing states makes it one of its IdP.
#[test]
fn a_claim_that_names_no_key_may_rest_on_one_that_is_supposed_42() {
    let facts = given([org(), third_party(), claims("09:00:00", &["pwd"])]);
    let of = |idp: &str, supposes_key| SessionFilter {
        idp: Some(idp.into()),
        key: Some("K".into()),
        supposes_key,
        ..SessionFilter::default()
    };
    let at = "10:00:00";
    assert_eq!(belongs(&facts, at, &of("x", false)), None);
    assert_eq!(belongs(&facts, at, &of("x", true)), Some(Certainty::Possible));
    assert_eq!(belongs(&facts, at, &of("y", true)), None);
}
