//! A generated day: providers, keys, policies and people, from a seed. Leaves out what the model
//! cannot judge, with the reason.

use crate::model::facts::{Time, show, time};
use crate::model::rng::Rng;
use serde_json::{Value, json};

pub(crate) const DAY: &str = "2026-04-14T00:00:00Z";

/// The generator's state of a provider.
#[derive(Clone)]
pub(crate) struct Idp {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) stated: bool,
    pub(crate) keys: Vec<String>,
    /// Its configuration never changes: only such providers send claims with an interval.
    pub(crate) calm: bool,
}

/// Start, label, names of rules.
pub(crate) type PolicyVersion = (Time, String, Vec<String>);

pub(crate) struct Day {
    pub(crate) rng: Rng,
    /// Lines without position: in any order.
    pub(crate) lines: Vec<Value>,
    pub(crate) idps: Vec<Idp>,
    pub(crate) people: Vec<String>,
    /// Policies with their versions: start, label, names of rules.
    pub(crate) policies: Vec<(String, Vec<PolicyVersion>)>,
    /// Rules of this day list methods; then Okta claims name methods, as `amr` values are no
    /// methods, and every provider is stated.
    pub(crate) lists: bool,
    /// The lifetime of the global session rule: no session of this day acts after its limit.
    pub(crate) lifetime: Option<Time>,
    next: u64,
}

pub(crate) fn at(hour: i64, minute: i64) -> Time {
    time(DAY) + hour * 3600 + minute * 60
}

impl Day {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let lists = rng.percent(30);
        let people = (0..rng.between(3, 7)).map(|n| format!("u-{n}")).collect();
        let (lines, idps, policies) = (Vec::new(), Vec::new(), Vec::new());
        let mut day = Self { rng, lines, idps, people, policies, lists, lifetime: None, next: 0 };
        day.organisation();
        day.providers();
        day.rules();
        day.sessions();
        day.losses();
        day.retractions();
        day.heard();
        day
    }

    /// An even second of the day: questions use odd ones, or on purpose the instant of a fact.
    pub(crate) fn moment(&mut self, from_hour: i64, to_hour: i64) -> Time {
        at(0, 0) + 2 * self.rng.between(from_hour * 1800, to_hour * 1800)
    }

    /// One line, recorded when it occurred, or sometimes hours later.
    pub(crate) fn fact(&mut self, kind: &str, occurred: (Time, Time), data: Value) -> usize {
        self.next += 1;
        let lag = if self.rng.percent(18) { self.rng.between(1, 5 * 3600) } else { 0 };
        let mut recorded = occurred.1 + lag;
        if self.rng.percent(15) {
            // A batch: everything of half an hour together.
            recorded = (recorded / 1800 + 1) * 1800;
        }
        let when = if occurred.0 == occurred.1 {
            json!(show(occurred.0))
        } else {
            json!({"from": show(occurred.0), "to": show(occurred.1)})
        };
        let mut data = data;
        if let Some(data) = data.as_object_mut() {
            data.retain(|_, value| !value.is_null());
        }
        self.lines.push(json!({"id": format!("f{}", self.next), "type": kind, "occurred_at": when,
            "recorded_at": show(recorded),
            "source": "sp", "data": data}));
        self.lines.len() - 1
    }

    pub(crate) fn once(&mut self, kind: &str, at: Time, data: Value) -> usize {
        self.fact(kind, (at, at), data)
    }

    /// One line of the day before, recorded then.
    pub(crate) fn before(&mut self, kind: &str, data: Value) {
        let at = at(-15, 2 * self.next as i64 % 60);
        let line = self.once(kind, at, data);
        self.lines[line]["recorded_at"] = json!(show(at));
    }

    fn organisation(&mut self) {
        if self.rng.percent(85) {
            let (one, other) = (self.rng.percent(94), self.rng.percent(94));
            self.before(
                "org.configured",
                json!({"engine": "identity_engine", "claims_sharing": one,
                "third_party_claims_sharing": other}),
            );
        }
        // No security question: the model does not judge what it does to third-party claims. No
        // method whose characteristics depend on the device.
        for method in ["password", "otp", "sms", "webauthn"] {
            if self.rng.percent(45) {
                let status = if self.rng.percent(85) { "active" } else { "inactive" };
                let enrollment = if self.rng.percent(85) { "allowed" } else { "disabled" };
                self.before(
                    "authenticator.configured",
                    json!({"method": method, "status": status, "enrollment": enrollment}),
                );
            }
        }
        if self.rng.percent(50) {
            let limits = [Value::Null, json!(0), json!(7200), json!(14400)];
            let (lifetime, idle) = (
                self.rng.pick(&limits).clone(),
                self.rng.pick(&[Value::Null, json!(0), json!(1800), json!(3600)]).clone(),
            );
            self.lifetime = lifetime.as_i64().filter(|secs| *secs > 0);
            let rules =
                json!([{"rule": "g1", "priority": 1, "access": "allow", "factor_mode": "1fa"}]);
            let status = if self.rng.percent(85) { "active" } else { "inactive" };
            self.before(
                "policy.configured",
                json!({"policy": "global", "version": "g", "kind": "global_session", "rules": rules,
                "status": status, "max_lifetime_secs": lifetime, "max_idle_secs": idle}),
            );
        }
    }

    fn providers(&mut self) {
        for n in 0..self.rng.between(2, 4) {
            let name = format!("idp-{n}");
            let kind = *self.rng.pick(&[
                "third_party",
                "third_party",
                "third_party",
                "okta_identity_engine",
                "okta_identity_engine",
                "okta_identity_engine",
                "okta_classic",
            ]);
            let (stated, calm) =
                (self.lists || self.rng.percent(92), n == 0 || self.rng.percent(20));
            let mut trust = self.rng.percent(92);
            let usage =
                if kind == "third_party" && self.rng.percent(15) { "factor_only" } else { "sso" };
            let map_amr = self.rng.pick(&[Value::Null, Value::Null, json!(false)]).clone();
            let version = |number: i64, trust: bool, status: &str| {
                json!({"idp": format!("idp-{n}"), "version": format!("t{n}.{number}"), "kind": kind,
                    "status": status, "trust_claims": trust,
                    "usage": usage, "map_amr_claims": map_amr, "actor": format!("admin-{n}")})
            };
            if stated {
                self.before("idp.configured", version(0, trust, "active"));
                for number in 1..=if calm { 0 } else { self.rng.between(0, 2) } {
                    trust = if self.rng.percent(40) { !trust } else { trust };
                    let status = *self
                        .rng
                        .pick(&["active", "active", "active", "active", "inactive", "deleted"]);
                    let at = self.moment(8, 19);
                    self.once("idp.configured", at, version(number, trust, status));
                }
            }
            let keys = self.keys(&name, calm);
            self.idps.push(Idp { name, kind, stated, keys, calm });
        }
    }

    fn keys(&mut self, idp: &str, calm: bool) -> Vec<String> {
        if self.rng.percent(25) {
            return vec!["free".to_owned()];
        }
        let key =
            |name: &str| json!({"idp": idp, "key": format!("{idp}-{name}"), "actor": "admin-k"});
        self.before("idp.key_added", key("a"));
        if calm {
            return vec![format!("{idp}-a")];
        }
        let mut keys = vec![format!("{idp}-a")];
        if self.rng.percent(70) {
            let at = self.moment(8, 15);
            self.once("idp.key_added", at, key("b"));
            keys.push(format!("{idp}-b"));
        }
        if self.rng.percent(50) {
            let at = self.moment(10, 19);
            self.once("idp.key_retired", at, key("a"));
        }
        if self.rng.percent(10) {
            keys.push(format!("{idp}-never"));
        }
        keys
    }

    fn heard(&mut self) {
        for source in ["sp", "idp-log"] {
            for hour in [12, 16, 23] {
                if self.rng.percent(75) {
                    let basis = *self.rng.pick(&["stated", "polled", "assumed"]);
                    self.of_source(
                        source,
                        "source.heard",
                        at(hour, 0),
                        json!({"until": show(at(hour, 0)), "basis": basis}),
                    );
                }
            }
            if self.rng.percent(50) {
                let (from, long) = (self.moment(9, 14), 60 * self.rng.between(5, 90));
                let until = from + long;
                self.of_source(
                    source,
                    "source.silent",
                    until,
                    json!({"from": show(from), "until": show(until)}),
                );
                for _ in 0..self.rng.between(0, 2) {
                    let (a, b) = (self.rng.between(-600, long), self.rng.between(0, long + 600));
                    let (a, b) = (from + a.min(b), from + a.max(b) + 60);
                    let said = self.moment(17, 22);
                    self.of_source(
                        source,
                        "source.backfilled",
                        said,
                        json!({"from": show(a), "until": show(b)}),
                    );
                }
            }
        }
    }

    pub(crate) fn of_source(&mut self, source: &str, kind: &str, at: Time, data: Value) -> usize {
        let line = self.once(kind, at, data);
        self.lines[line]["source"] = json!(source);
        line
    }

    /// The lines in the order of recording, with dense positions from 1.
    pub(crate) fn file(&mut self) -> Vec<Value> {
        let mut lines = std::mem::take(&mut self.lines);
        lines.sort_by_key(|line| time(line["recorded_at"].as_str().unwrap_or_default()));
        lines
    }
}
