//! Retractions and losses: they count for every T once known, with effect from their `from` (3, 10,
//! 11); a decision is judged on those that were recorded by it, and again on all (4, 19).

mod falls;
mod judged;
mod losses;
mod retractions;

use crate::given::*;
use claimledger_domain::model::SessionState;
use serde_json::{Value, json};

fn retracted(at: &str, from: &str, key: Option<&str>) -> Said {
    fact(
        at,
        "trust.retracted",
        json!({"idp": "x", "from": format!("2026-03-10T{from}Z"), "reason": "leaked", "key": key}),
    )
}

fn lost(at: &str, data: Value) -> Said {
    fact(at, "authenticator.lost", data)
}

fn signed(at: &str, key: Option<&str>, amr: &[&str]) -> Said {
    claim(at, json!({"amr": amr, "key": key}))
}

fn one_factor() -> Said {
    policy(json!({"factor_mode": "1fa"}))
}

/// A possession factor is asked.
fn possession() -> Said {
    policy(json!({"alternatives": [{"possession": {}}]}))
}

/// `allow Allow > Deny falsified authenticator_lost: authenticator lost 12:10:00Z, recorded
/// 14:40:00Z`
fn both(state: &SessionState) -> Vec<String> {
    let of = |d: &claimledger_domain::model::Decision| {
        let falsified = d
            .falsified_later
            .as_ref()
            .map(|f| format!(" falsified {}: {}", f.code, f.words))
            .unwrap_or_default();
        let differs =
            d.differs.as_ref().map(|d| format!(" differs {}", d.code)).unwrap_or_default();
        format!(
            "{} {:?} > {:?}{differs}{falsified}",
            d.recorded.outcome, d.made.implied, d.at_k.implied
        )
    };
    state.decisions.iter().map(of).collect()
}
