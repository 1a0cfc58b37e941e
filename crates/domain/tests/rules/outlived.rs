//! A session that went on after its IdP session had ended (24).

use crate::given::*;
use claimledger_domain::{model::Certainty, outlived::outlived};
use serde_json::json;

fn session(more: impl IntoIterator<Item = Said>) -> Given {
    let start = fact(
        "12:00:00",
        "session.started",
        json!({"idp": "x", "idp_session": "i", "lifetime_ends_at": "2026-03-10T20:00:00Z"}),
    );
    given([start].into_iter().chain(more))
}

fn idp_ended(at: &str) -> Said {
    fact(at, "idp_session.ended", json!({"idp": "x", "idp_session": "i"}))
}

fn opened(at: &str) -> Said {
    fact(at, "app.accessed", json!({"app": "a"}))
}

fn ended(at: &str) -> Said {
    fact(at, "session.ended", json!({"reason": "logout"}))
}

#[track_caller]
fn check(g: &Given, at: &str, expected: Option<Certainty>) {
    assert_eq!(outlived(&g.at(at)).map(|o| o.certainty), expected);
}

#[test]
fn certain_when_a_sign_of_life_or_a_stated_end_follows() {
    use Certainty::{Certain, Possible};
    check(&session([idp_ended("13:00:00"), opened("13:00:01")]), "23:00:00", Some(Certain));
    // At the very instant is not after it; no end is stated, and the bounds reach past it.
    check(&session([idp_ended("13:00:00"), opened("13:00:00")]), "23:00:00", Some(Possible));
    check(&session([idp_ended("13:00:00"), ended("13:00:01")]), "23:00:00", Some(Certain));
    check(&session([idp_ended("13:00:00"), ended("13:00:00")]), "23:00:00", None);
    check(&session([idp_ended("13:00:00"), ended("12:30:00")]), "23:00:00", None);
}

#[test]
fn possible_while_no_end_is_stated_and_the_bounds_reach_past_it() {
    check(&session([idp_ended("13:00:00")]), "14:00:00", Some(Certainty::Possible));
    check(&session([idp_ended("19:59:59")]), "23:00:00", Some(Certainty::Possible));
    // Its lifetime was over by then.
    check(&session([idp_ended("20:00:00")]), "23:00:00", None);
    // Nothing is said of the IdP session's end, or not by T.
    check(&session([opened("13:00:00")]), "23:00:00", None);
    check(&session([idp_ended("13:00:00")]), "12:59:59", None);
}

#[test]
fn what_shows_it_is_named() {
    let o =
        outlived(&session([idp_ended("13:00:00"), opened("14:00:00"), ended("15:00:00")]).end())
            .unwrap();
    assert_eq!(o.idp_session_end.position.0, 2);
    assert_eq!(
        (o.sign_of_life.map(|r| r.position.0), o.stated_end.map(|r| r.position.0)),
        (Some(3), Some(4))
    );
}

#[test]
fn intervals_leave_it_open_6() {
    let late = ended("12:50:00").until("13:10:00");
    check(&session([idp_ended("13:00:00"), late]), "23:00:00", Some(Certainty::Possible));
    let idp = idp_ended("12:50:00").until("13:10:00");
    check(&session([idp.clone(), ended("13:00:00")]), "23:00:00", Some(Certainty::Possible));
    check(&session([idp, ended("13:10:01")]), "23:00:00", Some(Certainty::Certain));
}
