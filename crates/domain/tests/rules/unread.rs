//! What is stored of a session and not understood: an authentication could be any factor, a logout
//! could be its end.

use crate::given::*;
use claimledger_domain::model::{Certainty, Phase};
use serde_json::{Value, json};

const OPEN: &str = "allow Undetermined missing authentication";

fn unread(at: &str) -> Said {
    fact(at, "authentication.unread", json!({}))
}

fn logout(at: &str) -> Said {
    fact(at, "session.logout_reported", json!({}))
}

fn day(rule: Value, said: impl IntoIterator<Item = Said>) -> Given {
    let base = [org(), third_party(), policy(rule), claims("12:00:00", &["pwd"])];
    given(base.into_iter().chain(said).chain([decided("12:00:05", "allow")]))
}

#[test]
fn an_authentication_that_is_not_understood_could_be_any_factor() {
    let short = "allow Deny not_enough_factors differs not_enough_factors";
    let strict = || json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    day(json!({}), []).decisions(&[short]);
    day(json!({}), [unread("12:00:02")]).decisions(&[OPEN]);
    day(strict(), [unread("12:00:02")]).decisions(&[OPEN]);
    // What comes later, or what it could not fill, changes nothing.
    day(json!({}), [unread("12:00:06")]).decisions(&[short]);
    let denied = "allow Deny rule_denies differs rule_denies";
    day(json!({"access": "deny"}), [unread("12:00:02")]).decisions(&[denied]);
    day(json!({}), [unread("12:00:02"), verified("12:00:03", "push")]).decisions(&["allow Allow"]);
}

#[test]
fn the_tree_and_the_timeline_name_it() {
    let day = day(json!({}), [unread("12:00:02")]);
    let tree = day.tree();
    assert!(tree.contains("that is not understood (authentication.unread)"), "{tree}");
    assert!(tree.contains("Which factor an authentication was that is not understood"), "{tree}");
}

#[test]
fn a_logout_that_may_have_ended_it_leaves_it_possible() {
    let started = || fact("12:00:00", "session.started", json!({"idle_timeout_secs": 7200}));
    let day = given([started(), logout("12:10:00")]);
    let stands = |day: &Given, at: &str| {
        let life = day.at(at).life;
        (life.phase, life.certainty, life.missing)
    };
    assert_eq!(stands(&day, "12:09:00"), (Phase::Active, Certainty::Certain, vec![]));
    let open = (Phase::Active, Certainty::Possible, vec!["session_end"]);
    assert_eq!(stands(&day, "12:10:00"), open);
    let why = day.explained("12:30:00").reasons.session;
    let why = claimledger_domain::explain::text(&why);
    assert!(why.contains("(session.logout_reported) may have ended it"), "{why}");
    // A later act shows that it did not, and a stated end says when it did.
    let lived = given([started(), logout("12:10:00"), decided("12:20:00", "allow")]);
    assert_eq!(stands(&lived, "12:15:00").1, Certainty::Certain);
    let ended = fact("12:10:01", "session.ended", json!({"reason": "logout"}));
    let ended = given([started(), logout("12:10:00"), ended]);
    assert_eq!(stands(&ended, "12:15:00"), (Phase::Ended, Certainty::Certain, vec![]));
}
