//! Sessions of a generated day, and what happens to the people in them.

use crate::model::day::{Day, Idp};
use crate::model::facts::{Time, show};
use serde_json::{Value, json};

const AMR: [&str; 17] = [
    "pwd", "pwd", "pwd", "otp", "otp", "hwk", "phr", "swk", "sms", "tel", "kba", "mfa", "fpt",
    "face", "sc", "email", "geo",
];
const METHODS: [&str; 9] = [
    "password",
    "password",
    "otp",
    "sms",
    "webauthn",
    "push",
    "totp",
    "external_idp",
    "security_question",
];
const PROPERTIES: [&str; 5] =
    ["device_bound", "hardware_protected", "phishing_resistant", "user_presence", "user_verifying"];

/// One session while it is made.
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) person: String,
    pub(crate) idp: Option<Idp>,
    pub(crate) start: Time,
    /// Nothing happens in it from here on.
    pub(crate) over: Time,
    pub(crate) claims: Vec<usize>,
    pub(crate) carriers: Vec<String>,
}

impl Day {
    pub(crate) fn sessions(&mut self) {
        for person in self.people.clone() {
            for n in 0..self.rng.between(1, 2) {
                self.session(format!("s-{person}-{n}"), person.clone());
            }
        }
        if self.rng.percent(30) {
            let (one, other) = (self.people[0].clone(), self.people[1].clone());
            let (linked, parted) = (self.moment(7, 14), self.moment(14, 20));
            let line = self.once("subject.linked", linked, json!({"other": other, "same": true}));
            self.by(line, &one);
            if self.rng.percent(30) {
                let line =
                    self.once("subject.linked", parted, json!({"other": other, "same": false}));
                self.by(line, &one);
            }
        }
        // After the last session of the day is over: what a decision in an ended session rests on
        // is not stated.
        for person in self.people.clone() {
            if self.rng.percent(10) {
                let ended = self.moment(21, 23) + 3600;
                let line = self.once(
                    "subject.sessions_ended",
                    ended,
                    json!({"reason": "revoked", "actor": "admin-e"}),
                );
                self.by(line, &person);
            }
        }
    }

    pub(crate) fn by(&mut self, line: usize, person: &str) {
        self.lines[line]["subject"] =
            json!({"id": person, "login": format!("{person}@acme.example")});
    }

    /// A fact of a session, by its person; now and then under an alias.
    pub(crate) fn within(
        &mut self,
        made: &Made,
        kind: &str,
        occurred: (Time, Time),
        data: Value,
    ) -> usize {
        let line = self.fact(kind, occurred, data);
        self.by(line, &made.person);
        self.lines[line]["session"] = json!(made.id);
        line
    }

    fn session(&mut self, id: String, person: String) {
        let start = self.moment(8, 16);
        let over =
            start + 2 * self.rng.between(900, self.lifetime.map_or(5 * 1800, |secs| secs / 2 - 1));
        let idp = self
            .rng
            .percent(93)
            .then(|| self.rng.between(0, self.idps.len() as i64 - 1))
            .map(|n| self.idps[n as usize].clone());
        let mut made =
            Made { id, person, idp, start, over, claims: Vec::new(), carriers: Vec::new() };
        let behind = self.begin(&made);
        if made.idp.is_some() && self.rng.percent(92) {
            for n in 0..if self.rng.percent(15) { 2 } else { 1 } {
                self.claim(&mut made, n);
            }
        }
        for _ in 0..self.rng.between(0, 2) {
            let at = self.during(&made);
            let method = *self.rng.pick(&["otp", "password", "sms", "webauthn"]);
            let authenticator = self.rng.percent(50).then(|| format!("{method}-{}", made.person));
            let properties = self.properties(method);
            let line = self.within(
                &made,
                "factor.verified",
                (at, at),
                json!({"method": method, "authenticator": authenticator, "properties": properties}),
            );
            made.carriers.push(self.lines[line]["id"].as_str().unwrap_or_default().to_owned());
        }
        for n in 0..self.rng.between(0, 4) {
            self.decision(&made);
            if self.rng.percent(60) {
                let at = self.during(&made);
                let app = format!("app-{}", self.rng.between(0, 2));
                self.within(
                    &made,
                    "app.accessed",
                    (at, at),
                    json!({"app": app, "app_session": format!("{}-app-{n}", made.id)}),
                );
            }
        }
        self.end(&made, behind);
        if self.rng.percent(15) {
            self.alias(&made);
        }
    }

    /// An even second between the start and the end.
    pub(crate) fn during(&mut self, made: &Made) -> Time {
        made.start + 2 * self.rng.between(10, (made.over - made.start) / 2 - 1)
    }

    /// `session.started`, or none; the id of the provider's session behind it.
    fn begin(&mut self, made: &Made) -> Option<(String, String)> {
        if self.rng.percent(12) {
            return None;
        }
        let idp = made.idp.as_ref().map(|idp| idp.name.clone());
        let behind = idp.clone().filter(|_| self.rng.percent(70)).map(|idp| {
            // Now and then one session of the provider lies behind two.
            let shared = self.rng.percent(15);
            (
                idp.clone(),
                if shared { format!("is-{idp}-shared") } else { format!("is-{}", made.id) },
            )
        });
        let lifetime =
            self.rng.percent(40).then(|| show(made.over + 2 * self.rng.between(0, 3600)));
        let idle =
            self.rng.pick(&[Value::Null, Value::Null, json!(0), json!(900), json!(3600)]).clone();
        let root = self
            .rng
            .percent(50)
            .then(|| format!("root-{}", if self.rng.percent(20) { "shared" } else { &made.id }));
        let data = json!({"idp": idp, "idp_session": behind.as_ref().map(|(_, id)| id),
            "root_session": root, "lifetime_ends_at": lifetime, "idle_secs": idle});
        self.within(made, "session.started", (made.start, made.start), data);
        behind
    }

    fn properties(&mut self, method: &str) -> Vec<&'static str> {
        let chance = if ["password", "security_question"].contains(&method) { 0 } else { 50 };
        let mut properties = self.rng.some(&PROPERTIES, chance);
        if properties.is_empty() {
            properties.push("user_presence");
        }
        properties
    }

    fn claim(&mut self, made: &mut Made, n: i64) {
        let idp = made.idp.clone().expect("asked before");
        let mut when = made.start - 2 * self.rng.between(0, 2);
        if n > 0 {
            when = self.during(made);
        } else if self.rng.percent(12) {
            when = made.start - 2 * self.rng.between(60, 900);
        }
        let span = if idp.calm && self.rng.percent(12) { 2 * self.rng.between(5, 200) } else { 0 };
        let key = self.rng.percent(80).then(|| self.rng.pick(&idp.keys).clone());
        let shared = self.rng.percent(5);
        let assertion = self.rng.percent(85).then(|| {
            if shared { format!("as-{}-shared", idp.name) } else { format!("as-{}-{n}", made.id) }
        });
        let mut data = json!({"idp": idp.name, "key": key, "assertion": assertion});
        let usual = [
            vec!["pwd", "otp"],
            vec!["pwd", "hwk", "phr"],
            vec!["pwd", "sms"],
            vec!["hwk", "fpt"],
            vec!["pwd"],
            vec!["mfa", "pwd"],
            vec!["swk", "pwd"],
        ];
        let mut amr: Vec<&str> = if self.rng.percent(60) {
            self.rng.pick(&usual).clone()
        } else {
            self.rng.some(&AMR, 22)
        };
        amr.dedup();
        let with_methods =
            idp.stated && idp.kind != "third_party" && (self.lists || self.rng.percent(60));
        match self.rng.between(0, 19) {
            0 => data["readable"] = json!(false),
            1 => data["amr"] = json!([]),
            _ if with_methods => {
                data["methods"] = self.methods(&made.person);
                if self.rng.percent(40) {
                    data["amr"] = json!(amr);
                }
            }
            _ => data["amr"] = json!(amr),
        }
        let words = |field: &str, inner: &str| -> Vec<String> {
            let list = data[field].as_array().into_iter().flatten();
            list.filter_map(|one| if inner.is_empty() { one.as_str() } else { one[inner].as_str() })
                .map(str::to_owned)
                .collect()
        };
        let (field, said) = if with_methods {
            ("method", words("methods", "method"))
        } else {
            ("amr", words("amr", ""))
        };
        let line = self.within(made, "claims.received", (when, when + span), data);
        made.claims.push(line);
        made.carriers.push(self.lines[line]["id"].as_str().unwrap_or_default().to_owned());
        if !said.is_empty() && self.rng.percent(20) && span == 0 {
            let at = when + 2 * self.rng.between(1, 4);
            let kind = if self.rng.percent(60) { "claim.accepted" } else { "claim.ignored" };
            let mut data = json!({"assertion": assertion});
            if assertion.is_none() || self.rng.percent(80) {
                data[field] = json!(self.rng.pick(&said));
            }
            self.within(made, kind, (at, at), data);
        }
    }

    fn methods(&mut self, person: &str) -> Value {
        let mut entries = Vec::new();
        for _ in 0..self.rng.between(1, 3) {
            let method = *self.rng.pick(&METHODS);
            let mut entry = json!({"method": method});
            if self.rng.percent(75) {
                entry["properties"] = json!(self.properties(method));
            }
            if self.rng.percent(50) {
                entry["authenticator"] = json!(format!("{method}-{person}"));
            }
            entries.push(entry);
        }
        json!(entries)
    }

    fn decision(&mut self, made: &Made) {
        let when = self.during(made);
        let span = if self.rng.percent(4) { 2 * self.rng.between(5, 100) } else { 0 };
        let (policy, versions) = self.rng.pick(&self.policies.clone()).clone();
        // Mostly a rule of the version in force; now and then one of another.
        let in_force = versions
            .iter()
            .filter(|(from, ..)| *from <= when)
            .max_by_key(|(from, ..)| *from)
            .unwrap_or(&versions[0]);
        let rules = if self.rng.percent(90) { in_force.2.clone() } else { versions[0].2.clone() };
        let policy = if self.rng.percent(4) { "p-unknown".to_owned() } else { policy };
        let outcome = *self.rng.pick(&["allow", "allow", "allow", "challenge", "deny"]);
        let rule = self.rng.percent(70).then(|| self.rng.pick(&rules).clone());
        // Only what is earlier can have been relied on.
        let earlier = |id: &&String| {
            self.lines.iter().any(|line| line["id"] == json!(id) && moment_of(line) < when)
        };
        let carriers: Vec<String> = made.carriers.iter().filter(earlier).cloned().collect();
        let relied = self.rng.percent(20).then(|| self.rng.some(&carriers, 60));
        let label = self.rng.percent(50).then(|| "as-named".to_owned());
        let app = policy.replace('p', "app-");
        let data = json!({"app": app, "policy": policy, "outcome": outcome, "rule": rule,
            "version": label, "relied_on": relied});
        let until = (when + span).min(made.over - 2).max(when);
        self.within(made, "policy.decided", (when, until), data);
    }
}

/// When a line occurred, at the earliest.
pub(crate) fn moment_of(line: &Value) -> Time {
    let at = &line["occurred_at"];
    crate::model::facts::time(at.as_str().or(at["from"].as_str()).unwrap_or(crate::model::day::DAY))
}
