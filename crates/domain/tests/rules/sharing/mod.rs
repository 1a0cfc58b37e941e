//! The rules of claims sharing that `docs/claims-sharing.md` lists, one table of cases a rule.

mod claim_sourcing;
mod custom_domain;
mod engine_mix;
mod global_session;
mod legacy_mapping;
mod method_chain;
mod names;
mod okta_grades;
mod policy_of_rule;
mod routing;
mod rules_in_force;
mod security_question;
mod session_limits;
mod step_up;
mod until_session_end;

use crate::given::*;
use serde_json::{Value, json};

const NOON: &str = "12:00:00";
const THEN: &str = "12:00:01";

/// The organisation, with its engine and both features on.
fn engine(engine: &str) -> Said {
    fact(
        "08:00:00",
        "org.configured",
        json!({"engine": engine, "claims_sharing": true, "third_party_claims_sharing": true}),
    )
}

/// A claim of an Okta IdP by these methods.
fn by_methods(at: &str, methods: &[&str]) -> Said {
    let methods: Vec<Value> = methods.iter().map(|method| json!({"method": method})).collect();
    claim(at, json!({"methods": methods}))
}

/// Checks the decision at the end of the day; `case` names the row.
#[track_caller]
fn row(case: &str, facts: impl IntoIterator<Item = Said>, expected: &str) {
    assert_eq!(decisions(&given(facts).end()), [expected], "{case}");
}
