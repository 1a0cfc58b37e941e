//! Policies of a generated day: versions, rules, alternatives.

use crate::model::day::{Day, at};
use serde_json::{Map, Value, json};

impl Day {
    pub(crate) fn rules(&mut self) {
        for n in 0..self.rng.between(1, 3) {
            let name = format!("p{n}");
            let mut versions = Vec::new();
            for version in 0..self.rng.between(1, 3) {
                let several = self.rng.percent(25);
                let mut rules = vec![self.rule(&format!("{name}-r{version}"), 1)];
                let mut names = vec![format!("{name}-r{version}")];
                if several {
                    rules.push(self.rule(&format!("{name}-x"), 2));
                    names.push(format!("{name}-x"));
                }
                let status = *self.rng.pick(&[
                    "active", "active", "active", "active", "active", "active", "active", "active",
                    "active", "active", "inactive", "deleted",
                ]);
                let label = format!("{name}.v{version}");
                let data = json!({"policy": name, "version": label, "kind": "app_sign_in",
                    "rules": rules, "apps": [format!("app-{n}")],
                    "status": if version == 0 { Value::Null } else { json!(status) },
                        "actor": "admin-p"});
                let from = if version == 0 && self.rng.percent(95) {
                    at(0, 0)
                } else {
                    self.moment(9, 16)
                };
                if from == at(0, 0) {
                    self.before("policy.configured", data);
                } else {
                    self.once("policy.configured", from, data);
                }
                versions.push((from, label, names));
            }
            self.policies.push((name, versions));
        }
    }

    fn rule(&mut self, name: &str, priority: i64) -> Value {
        let access = if self.rng.percent(4) { "deny" } else { "allow" };
        let mode = *self.rng.pick(&["1fa", "2fa", "2fa"]);
        let mut rule =
            json!({"rule": name, "priority": priority, "access": access, "factor_mode": mode});
        match self.rng.between(0, 9) {
            0..=3 => {}
            4 => rule["alternatives"] = self.rng.pick(&[json!([]), json!([{}])]).clone(),
            5 => rule["alternatives"] = json!([self.alternative(), self.alternative()]),
            _ => rule["alternatives"] = json!([self.alternative()]),
        }
        if self.rng.percent(30) {
            rule["reauthenticate_in_secs"] =
                self.rng.pick(&[json!(0), json!(600), json!(3600)]).clone();
        }
        rule
    }

    /// All alternatives of a day list methods, or none: whether a list shuts third-party claims out
    /// of the others is not stated.
    fn alternative(&mut self) -> Value {
        let mut one = Map::new();
        if self.rng.percent(65) {
            // What a local security key has of these "depends": they are asked for by themselves
            // only.
            let asked = [
                json!({}),
                json!({"phishing_resistant": true}),
                json!({"device_bound": true}),
                json!({"user_presence": true}),
                json!({"device_bound": true, "phishing_resistant": true}),
                json!({"device_bound": true, "user_presence": false}),
            ];
            one.insert("possession".to_owned(), self.rng.pick(&asked).clone());
        }
        if one.is_empty() || self.rng.percent(30) {
            one.insert("knowledge".to_owned(), json!(true));
        }
        if self.lists {
            let methods = ["password", "otp", "sms", "webauthn", "push", "totp"].map(str::to_owned);
            let field = if self.rng.percent(60) { "allow_methods" } else { "exclude_methods" };
            let mut some = self.rng.some(&methods, 45);
            if some.is_empty() {
                some.push("webauthn".to_owned());
            }
            one.insert(field.to_owned(), json!(some));
        }
        Value::Object(one)
    }
}
