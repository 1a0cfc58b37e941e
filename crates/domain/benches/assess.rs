//! How long it takes to assess one session: `cargo bench -p claimledger-domain --bench assess`. It
//! measures, and asserts nothing but that there is a session.

#[path = "../tests/support/lines.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod lines;

use claimledger_domain::{
    assess,
    explain::{explain, explain_life},
    model::{Cut, Known},
};
use claimledger_facts::{ids::LogPosition, time::Time};
use lines::Lines;
use serde_json::json;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// An organisation with four IdPs and nine keys, and a session of this number of facts: start,
/// claim, decision, accesses, end.
fn day(each: usize) -> Lines {
    let mut lines = Vec::new();
    let mut say = |kind: &str, of_session: bool, data: serde_json::Value| {
        let n = lines.len();
        let at = format!("2026-03-10T12:{:02}:{:02}Z", n / 60 % 60, n % 60);
        let mut line = json!({"type": kind, "source": "acme-sp", "id": format!("event-{n}"),
            "occurred_at": at, "recorded_at": at, "data": data});
        if of_session {
            line["session"] = "102c0ffee".into();
            line["subject"] = json!({"id": "p-1"});
        }
        lines.push(line.to_string());
    };
    say(
        "org.configured",
        false,
        json!({"engine": "identity_engine", "claims_sharing": true,
            "third_party_claims_sharing": true}),
    );
    for idp in (0..4).map(|n| format!("idp-{n}")) {
        say(
            "idp.configured",
            false,
            json!({"idp": idp, "version": "v1", "kind": "third_party", "status": "active",
                "trust_claims": true}),
        );
        for key in 0..2 {
            say("idp.key_added", false, json!({"idp": idp, "key": format!("k-{key}")}));
        }
    }
    let rule = json!({"rule": "r", "priority": 1, "access": "allow", "factor_mode": "2fa",
        "alternatives": [{"possession": {"phishing_resistant": true}}]});
    say(
        "policy.configured",
        false,
        json!({"policy": "payroll", "version": "v1", "kind": "app_sign_in", "apps": ["payroll"],
            "rules": [rule]}),
    );
    say(
        "session.started",
        true,
        json!({"idp": "idp-0", "idp_session": "is-1", "root_session": "root-1"}),
    );
    say(
        "claims.received",
        true,
        json!({"idp": "idp-0", "assertion": "as-1", "amr": ["pwd", "hwk", "phr"], "key": "k-0",
            "protocol": "oidc"}),
    );
    say(
        "policy.decided",
        true,
        json!({"app": "payroll", "policy": "payroll", "outcome": "allow", "version": "v1",
            "rule": "r"}),
    );
    for n in 4..each {
        say("app.accessed", true, json!({"app": "payroll", "app_session": format!("app-{n}")}));
    }
    say("session.ended", true, json!({"reason": "logout"}));
    Lines::read(&lines.join("\n"))
}

fn best_of(runs: usize, mut run: impl FnMut()) -> Duration {
    const EACH: u32 = 2_000;
    let mut best = Duration::MAX;
    for _ in 0..runs {
        let start = Instant::now();
        (0..EACH).for_each(|_| run());
        best = best.min(start.elapsed() / EACH);
    }
    best
}

fn main() {
    let day = day(10);
    let facts: Vec<Known> = day.of("102c0ffee");
    let cut = Cut { at: Time::MAX, known_at: LogPosition(u64::MAX) };
    println!("a session of {} facts", facts.len());
    println!(
        "without reasons {:?}",
        best_of(5, || drop(black_box(assess(&facts, &day.history, cut))))
    );
    let life = || drop(black_box(explain_life(&facts, &day.history, cut)));
    println!("why it is active {:?}", best_of(5, life));
    println!(
        "all reasons     {:?}",
        best_of(5, || drop(black_box(explain(&facts, &day.history, cut))))
    );
    println!("copy its facts  {:?}", best_of(5, || drop(black_box(facts.clone()))));
}
