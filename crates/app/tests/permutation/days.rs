//! Strategies for generated days: events, and an order in which they are recorded.
//!
//! An event consists of a few small numbers and does not depend on other events, so that a failing
//! day shrinks to the relevant ones.

use proptest::{collection, option, prelude::*};
use serde_json::{Map, Value, json};
use std::hash::{DefaultHasher, Hash, Hasher};

const IDPS: [&str; 3] = ["idp-a", "idp-b", "idp-okta"];
const METHODS: [&str; 4] = ["password", "otp", "webauthn", "sms"];
/// Minutes between possible times: few, so that many events occur at the same time.
const STEP: usize = 10;

/// A generated event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Its kind.
    kind: u8,
    /// Its session, if it belongs to one.
    session: usize,
    /// Its time: steps after the start of its session.
    step: usize,
    /// Whether its time is an interval.
    imprecise: bool,
    /// Selects its content.
    pick: usize,
    more: usize,
    /// Whether its source records another variant under the same id, as a polled source may.
    has_variant: bool,
}

/// A generated day.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    pub(crate) sessions: usize,
    /// Removed events are `None`, so that the others keep their index when a day shrinks.
    events: Vec<Option<Event>>,
}

/// A record to append.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) json: Value,
    /// Whether it has another variant under its id.
    pub(crate) has_variant: bool,
}

/// Days with this number of sessions, each with a few facts.
pub(crate) fn days(sessions: impl Strategy<Value = usize>) -> impl Strategy<Value = Day> {
    sessions.prop_flat_map(|sessions| {
        let fields = (
            0u8..39,
            0..sessions,
            0usize..24,
            prop::bool::weighted(0.1),
            0usize..1000,
            0usize..1000,
            prop::bool::weighted(0.05),
        );
        let event = fields.prop_map(|(kind, session, step, imprecise, pick, more, has_variant)| {
            Event { kind, session, step, imprecise, pick, more, has_variant }
        });
        collection::vec(option::weighted(0.95, event), sessions * 4..=sessions * 9)
            .prop_map(move |events| Day { sessions, events })
    })
}

impl Day {
    /// All lines: the initial configuration, and the events.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> =
            configuration().into_iter().map(|json| Line { json, has_variant: false }).collect();
        for (n, event) in self.events.iter().enumerate() {
            let Some(event) = event else { continue };
            lines.push(Line {
                json: event.line(n, self.events.len(), event.pick),
                has_variant: event.has_variant,
            });
            if event.has_variant {
                lines.push(Line {
                    json: event.line(n, self.events.len(), event.pick + 1),
                    has_variant: true,
                });
            }
        }
        lines
    }
}

/// The lines in a permuted order, some of them repeated.
pub(crate) fn arriving(lines: &[Line], order: u64) -> Vec<Line> {
    // Computed from the line itself, so that removing a line does not reorder the others.
    let dice = |n: usize, again: bool| {
        let mut hasher = DefaultHasher::new();
        (order, lines[n].json.to_string(), again).hash(&mut hasher);
        hasher.finish()
    };
    let twice =
        (0..lines.len()).filter(|n| dice(*n, true).is_multiple_of(8)).map(|n| (dice(n, true), n));
    let mut coming: Vec<(u64, usize)> =
        (0..lines.len()).map(|n| (dice(n, false), n)).chain(twice).collect();
    coming.sort_unstable();
    coming.into_iter().map(|(_, n)| lines[n].clone()).collect()
}

/// The id of a session.
pub(crate) fn session(n: usize) -> String {
    format!("S{n}")
}

/// The person of a session; people have several.
fn person(session: usize) -> String {
    format!("u-{}", session % 4)
}

/// A minute of `2026-03-10`, counted from midnight.
pub(crate) fn minute(n: usize) -> String {
    format!("2026-03-10T{:02}:{:02}:00Z", n / 60, n % 60)
}

/// The configuration before the first event.
fn configuration() -> Vec<Value> {
    let at = |id: &str, kind: &str, data: Value| {
        json!({"id": id, "type": kind,
        "occurred_at": minute(60), "source": "sp", "data": data})
    };
    let rule = |rule: &str, mode: &str| {
        json!([{"rule": rule, "priority": 1, "access": "allow",
        "factor_mode": mode}])
    };
    vec![
        at(
            "org",
            "org.configured",
            json!({"engine": "identity_engine", "claims_sharing": true,
                "third_party_claims_sharing": true}),
        ),
        at("a", "idp.configured", idp("idp-a", "a0", "active", true)),
        at("b", "idp.configured", idp("idp-b", "b0", "active", true)),
        at("o", "idp.configured", idp("idp-okta", "o0", "active", true)),
        at("key", "idp.key_added", json!({"idp": "idp-a", "key": "K0"})),
        at(
            "otp",
            "authenticator.configured",
            json!({"method": "otp", "status": "active", "enrollment": "allowed"}),
        ),
        at(
            "one",
            "policy.configured",
            json!({"policy": "one", "version": "v0", "kind": "app_sign_in",
                "rules": rule("one-1", "1fa")}),
        ),
        at(
            "two",
            "policy.configured",
            json!({"policy": "two", "version": "v0", "kind": "app_sign_in",
                "rules": rule("two-1", "2fa")}),
        ),
    ]
}

fn idp(idp: &str, version: &str, status: &str, trusted: bool) -> Value {
    let kind = if idp == "idp-okta" { "okta_identity_engine" } else { "third_party" };
    json!({"idp": idp, "version": version, "kind": kind, "status": status, "trust_claims": trusted,
        "map_amr_claims": true, "actor": "admin"})
}

impl Event {
    /// The line of an event, the nth of `of`. `pick` differs for the second variant.
    fn line(&self, n: usize, of: usize, pick: usize) -> Value {
        // Sessions begin over four hours, from two hours after midnight.
        let start = 120 + (self.session * 7 % 24) * STEP + self.step * STEP;
        let idp_of_session = IDPS[self.session % IDPS.len()];
        let (source, kind, data) = self.content(n, of, pick, start, idp_of_session);
        let mut line = Map::new();
        line.insert("id".into(), self.id(n).into());
        line.insert("type".into(), kind.into());
        line.insert("source".into(), source.into());
        let occurred = if self.imprecise {
            json!({"from": minute(start), "to": minute(start + 2 * STEP)})
        } else {
            minute(start).into()
        };
        line.insert("occurred_at".into(), occurred);
        if matches!(
            kind.split_once('.'),
            Some(("session" | "claims" | "claim" | "factor" | "app", _))
                | Some(("policy", "decided"))
        ) {
            line.insert("session".into(), session(self.session).into());
        }
        if line.contains_key("session")
            || matches!(kind, "authenticator.lost" | "subject.linked" | "subject.sessions_ended")
            || kind.starts_with("idp_session.")
        {
            line.insert("subject".into(), json!({"id": person(self.session)}));
        }
        line.insert("data".into(), data);
        line.into()
    }

    /// The source's id of the record; some equal the id of a session.
    fn id(&self, n: usize) -> String {
        if self.kind == 21 && n < 7 { session(n) } else { format!("e{n}") }
    }

    fn content(
        &self,
        n: usize,
        of: usize,
        pick: usize,
        start: usize,
        idp_of_session: &str,
    ) -> (&'static str, &'static str, Value) {
        let one_of = |many: &[&str]| many[pick % many.len()].to_owned();
        // Both variants have the same IdP and method, so they belong to the same history.
        let (any_idp, method) = (IDPS[self.pick % IDPS.len()], METHODS[self.pick % METHODS.len()]);
        let key = format!("K{}", pick % 3);
        let idp_session = format!("is-{}", self.session);
        match self.kind {
            0 => ("sp", "session.started", start_of(idp_of_session, &idp_session, start, pick)),
            1 => (
                "idp",
                "session.linked",
                json!({"to": session((self.session + 1 + pick % 4) % (of + 1)), "by": "root"}),
            ),
            2 => (
                "sp",
                "session.linked",
                json!({"to": format!("e{}", pick % of), "by": "correlation"}),
            ),
            3 => (
                "idp",
                "idp_session.started",
                json!({"idp": idp_of_session, "idp_session": idp_session}),
            ),
            4 | 5 => (
                "idp",
                "idp_session.ended",
                json!({"idp": idp_of_session, "idp_session": idp_session, "reason": "logout"}),
            ),
            6..=10 => ("sp", "claims.received", claim(idp_of_session, n, pick, self.more)),
            11 => ("sp", "claims.received", json!({"idp": any_idp, "amr": ["pwd", "otp"]})),
            12 => (
                "sp",
                "claim.accepted",
                json!({"assertion": format!("as-{}", self.more % of),
                    "amr": one_of(&["pwd", "otp", "hwk"])}),
            ),
            13 => (
                "sp",
                "claim.ignored",
                json!({"assertion": format!("as-{}", self.more % of), "method": method}),
            ),
            14 | 15 if self.more.is_multiple_of(2) => (
                "sp",
                "factor.verified",
                json!({"method": method, "authenticator": format!("au-{}", pick % 2)}),
            ),
            14 | 15 => ("sp", "factor.verified", json!({"method": method})),
            16..=20 => ("sp", "policy.decided", decision(pick, self.more, of)),
            21 => ("sp", "app.accessed", json!({"app": one_of(&["wiki", "pay"])})),
            22 => (
                "sp",
                "session.ended",
                json!({"reason": one_of(&["logout", "expired", "revoked", "upstream_revoked"])}),
            ),
            23 => ("idp", "session.ended", json!({"reason": "other"})),
            24 => ("sp", "trust.retracted", retraction(any_idp, pick, start, self.more)),
            25 => ("sp", "authenticator.lost", loss(method, pick, start, self.more)),
            26 => ("sp", "idp.key_added", json!({"idp": any_idp, "key": key})),
            27 => ("sp", "idp.key_retired", json!({"idp": any_idp, "key": key})),
            28 => (
                "sp",
                "idp.configured",
                idp(
                    any_idp,
                    &format!("i{n}"),
                    one_of(&["active", "active", "inactive"]).as_str(),
                    self.more.is_multiple_of(2),
                ),
            ),
            29 => ("sp", "policy.configured", policy(n, pick, self.more)),
            30 => (
                "sp",
                "authenticator.configured",
                json!({"method": method, "status": "active",
                    "enrollment": one_of(&["allowed", "disabled"])}),
            ),
            31 => (
                "sp",
                "source.silent",
                json!({"from": minute(start), "until": minute(start + 6 * STEP)}),
            ),
            32 => (
                "sp",
                "source.backfilled",
                json!({"from": minute(start + pick % 4 * STEP),
                    "until": minute(start + (5 + pick % 4) * STEP)}),
            ),
            33 | 34 => (
                "sp",
                "subject.linked",
                json!({"other": person(self.session + 1 + self.more % 2),
                    "same": !pick.is_multiple_of(3)}),
            ),
            // With the id of a record: such a session takes over links that named the record.
            35 => (
                "idp",
                "session.linked",
                json!({"to": format!("S{}", self.more % 7), "by": "root"}),
            ),
            36 => (
                "sp",
                "subject.sessions_ended",
                json!({"reason": one_of(&["revoked", "other"]), "actor": "admin"}),
            ),
            37 => ("sp", "policy.configured", session_limits(pick, self.more)),
            _ => ("idp", "source.heard", json!({"until": minute(start), "basis": "stated"})),
        }
    }
}

fn start_of(idp: &str, idp_session: &str, start: usize, pick: usize) -> Value {
    match pick % 4 {
        0 => json!({}),
        1 => json!({"idp": idp, "idp_session": idp_session}),
        2 => {
            json!({"idp": idp, "idp_session": idp_session, "lifetime_ends_at": minute(start + 180),
                "root_session": "root"})
        }
        _ => json!({"idp": idp, "idp_session": idp_session, "idle_secs": 3600}),
    }
}

fn claim(idp: &str, n: usize, pick: usize, more: usize) -> Value {
    let amrs: [&[&str]; 7] = [
        &["pwd"],
        &["pwd", "otp"],
        &["hwk", "fpt"],
        &["mfa"],
        &["pwd", "phr"],
        &[],
        &["pwd", "new"],
    ];
    // Some assertions are used twice.
    let assertion = format!("as-{}", if more.is_multiple_of(8) { 0 } else { n });
    let mut data = json!({"idp": idp, "assertion": assertion, "amr": amrs[pick % amrs.len()]});
    if !more.is_multiple_of(3) {
        data["key"] = format!("K{}", more % 3).into();
    }
    if idp == "idp-okta" && more.is_multiple_of(2) {
        // Two entries of one method, with and without properties.
        data["methods"] = json!([
            {"method": "webauthn", "properties": ["device_bound", "phishing_resistant"],
                "authenticator": "au-0"},
            {"method": "password"},
            {"method": "webauthn", "authenticator": "au-1"},
        ]);
    }
    data
}

fn decision(pick: usize, more: usize, of: usize) -> Value {
    let policy = ["one", "two", "two", "unknown"][pick % 4];
    let (app, outcome) =
        (["wiki", "pay"][more % 2], ["allow", "allow", "challenge", "deny"][more % 4]);
    let mut data = json!({"app": app, "policy": policy, "outcome": outcome});
    if more.is_multiple_of(5) {
        data["relied_on"] = json!([format!("e{}", pick % of)]);
    }
    if more.is_multiple_of(7) {
        data["rule"] = format!("{policy}-1").into();
    }
    // The policy that has this rule, which may become known later.
    if more.is_multiple_of(11) {
        data["policy"] = format!("rule:{policy}-1").into();
    }
    data
}

fn retraction(idp: &str, pick: usize, start: usize, more: usize) -> Value {
    let mut data = json!({"idp": idp, "from": minute(start.saturating_sub(more % 12 * STEP)),
        "reason": "stolen", "actor": "admin"});
    if more.is_multiple_of(2) {
        data["key"] = format!("K{}", pick % 3).into();
    }
    data
}

fn loss(method: &str, pick: usize, start: usize, more: usize) -> Value {
    let mut data =
        json!({"methods": [if pick.is_multiple_of(2) { "hwk" } else { method }], "actor": "help"});
    if more.is_multiple_of(2) {
        data["from"] = minute(start.saturating_sub(more % 6 * STEP)).into();
    }
    if more.is_multiple_of(3) {
        data["authenticator"] = format!("au-{}", pick % 2).into();
    }
    data
}

/// A global session policy; sometimes there is one, sometimes two.
fn session_limits(pick: usize, more: usize) -> Value {
    json!({"policy": format!("g{}", pick % 2), "version": format!("g{more}"),
        "kind": "global_session", "rules": [],
        "max_lifetime_secs": 3600 * (more % 4), "max_idle_secs": 1800 * (more % 3)})
}

fn policy(n: usize, pick: usize, more: usize) -> Value {
    let mut rule = json!({"rule": "two-1", "priority": 1, "access": if more.is_multiple_of(6) {
        "deny" } else { "allow" }, "factor_mode": "2fa"});
    match pick % 4 {
        0 => rule["alternatives"] = json!([{"possession": {"phishing_resistant": true}}]),
        1 => {
            rule["alternatives"] = json!([{"possession": {"device_bound": true}, "knowledge": true},
                {"possession": {}}])
        }
        2 => rule["reauthenticate_in_secs"] = json!(3600),
        _ => {}
    }
    json!({"policy": "two", "version": format!("v{n}"), "kind": "app_sign_in", "rules": [rule],
        "actor": "admin"})
}
