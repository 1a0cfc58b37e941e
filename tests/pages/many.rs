//! Sessions with many records, made for tests.

use serde_json::{Value, json};

fn clock(secs: usize) -> String {
    format!("2026-03-10T{:02}:{:02}:{:02}Z", secs / 3_600, secs / 60 % 60, secs % 60)
}

fn line(session: &str, n: usize, kind: &str, at: &str, data: &Value) -> String {
    json!({"id": format!("{session}-{n}"), "type": kind, "occurred_at": at, "recorded_at": at,
        "source": "portal", "session": session, "subject": {"id": format!("u-{session}")},
        "data": data})
    .to_string()
}

fn begun(session: &str, at: &str) -> Vec<String> {
    let claims = json!({"idp": "partner", "assertion": format!("as-{session}"),
        "amr": ["pwd", "otp"]});
    vec![
        line(session, 0, "claims.received", at, &claims),
        line(session, 1, "session.started", at, &json!({"idp": "partner"})),
    ]
}

/// `LONG` has 500 records over fifteen hours, `SAME` 24 decisions that are alike. Facts of a ledger
/// are recorded in order, so that `LONG` begins after `SAME`.
pub(crate) fn lines() -> String {
    let decided = json!({"app": "books", "policy": "books", "outcome": "allow"});
    let mut lines = begun("SAME", &clock(3_600));
    let at = |n: usize| clock(3_600 + 300 * (n + 1));
    lines.extend((0..24).map(|n| line("SAME", n + 2, "policy.decided", &at(n), &decided)));
    lines.extend(begun("LONG", &clock(7 * 3_600)));
    lines.extend((0..498).map(|n| {
        let at = clock(7 * 3_600 + 100 * (n + 1));
        let app = json!({"app": format!("app-{}", n % 7)});
        let (kind, data) =
            if n % 2 == 0 { ("policy.decided", &decided) } else { ("app.accessed", &app) };
        line("LONG", n + 2, kind, &at, data)
    }));
    lines.join("\n")
}
