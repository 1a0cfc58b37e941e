//! Implied decisions (18, 40), differences (19), what they rested on (20, 41), reauthentication
//! (36).

mod factors;
mod implied;
mod policies;
mod requirements;
mod rested_on;

use crate::given::*;
use serde_json::Value;

/// A third-party claim, then a decision to allow.
fn asserted(rule: Value, amr: &[&str]) -> Given {
    given([
        org(),
        third_party(),
        policy(rule),
        claims("12:00:00", amr),
        decided("12:00:01", "allow"),
    ])
}

#[track_caller]
fn check(rule: Value, amr: &[&str], expected: &str) {
    asserted(rule, amr).decisions(&[expected]);
}
