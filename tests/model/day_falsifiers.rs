//! What turns out later on a generated day: authenticators that were lost, trust that is retracted.

use crate::model::day::Day;
use crate::model::day_sessions::moment_of;
use crate::model::facts::show;
use serde_json::{Value, json};

impl Day {
    /// What somebody has lost: mostly something that a claim or a verification of theirs named,
    /// while it counted.
    pub(crate) fn losses(&mut self) {
        for person in self.people.clone() {
            if !self.rng.percent(45) {
                continue;
            }
            let (said, mut from) = (self.moment(11, 22), self.moment(9, 20));
            // Words that stand for themselves alone: what is lost by one word of two that may mean
            // one thing is not asked.
            let kinds = [
                vec!["otp"],
                vec!["hwk", "phr"],
                vec!["sms"],
                vec!["webauthn"],
                vec!["push", "totp"],
                vec!["swk"],
            ];
            let mut methods = self.rng.pick(&kinds).clone();
            let theirs: Vec<Value> = self
                .lines
                .iter()
                .filter(|line| carries(line) && line["subject"]["id"] == json!(person))
                .cloned()
                .collect();
            if !theirs.is_empty() && self.rng.percent(75) {
                let line = self.rng.pick(&theirs);
                let named = line["data"].to_string();
                methods = kinds
                    .iter()
                    .find(|kind| kind.iter().any(|word| named.contains(&format!("\"{word}\""))))
                    .unwrap_or(&methods)
                    .clone();
                from = moment_of(line) + 2 * self.rng.between(1, 3600);
            }
            let authenticator = self.rng.percent(40).then(|| format!("{}-{person}", methods[0]));
            let from = self.rng.percent(75).then(|| show(from.min(said)));
            let data = json!({"methods": methods, "authenticator": authenticator, "from": from,
                "actor": "admin-l"});
            let line = self.once("authenticator.lost", said, data);
            self.by(line, &person);
        }
    }

    /// Keys and providers that are no longer believed, from about when a claim of theirs came.
    pub(crate) fn retractions(&mut self) {
        for idp in self.idps.clone() {
            let claims: Vec<Value> = self
                .lines
                .iter()
                .filter(|line| {
                    line["type"] == "claims.received" && line["data"]["idp"] == json!(idp.name)
                })
                .cloned()
                .collect();
            for whole in [false, false, true] {
                if claims.is_empty() || !self.rng.percent(if whole { 8 } else { 30 }) {
                    continue;
                }
                let said = self.moment(10, 22);
                let from = moment_of(self.rng.pick(&claims)) + 2 * self.rng.between(-1800, 300);
                let key = (!whole).then(|| self.rng.pick(&idp.keys).clone());
                let data = json!({"idp": idp.name, "from": show(from.min(said)), "reason": "leaked",
                    "key": key, "actor": "admin-k"});
                self.once("trust.retracted", said, data);
            }
        }
    }
}

fn carries(line: &Value) -> bool {
    line["type"] == "claims.received" || line["type"] == "factor.verified"
}
