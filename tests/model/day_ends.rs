//! How sessions of a generated day end, and which have two names.

use crate::model::day::Day;
use crate::model::day_sessions::Made;
use serde_json::json;

impl Day {
    pub(crate) fn end(&mut self, made: &Made, behind: Option<(String, String)>) {
        if let Some((idp, id)) = behind.filter(|(_, id)| !id.ends_with("shared")) {
            let began = made.start - 2 * self.rng.between(1, 100);
            let line = self.of_source(
                "idp-log",
                "idp_session.started",
                began,
                json!({"idp": idp, "idp_session": id}),
            );
            self.by(line, &made.person);
            if self.rng.percent(50) {
                let ended = made.start + 2 * self.rng.between(60, 3 * 1800) + 1;
                let line = self.of_source(
                    "idp-log",
                    "idp_session.ended",
                    ended,
                    json!({"idp": idp, "idp_session": id, "reason": "logout"}),
                );
                self.by(line, &made.person);
            }
        }
        if self.rng.percent(35) {
            return;
        }
        let reason = |day: &mut Self| {
            json!({"reason": *day.rng.pick(&["logout", "expired",
            "revoked", "upstream_revoked", "other"])})
        };
        let span = if self.rng.percent(10) { 2 * self.rng.between(30, 900) } else { 0 };
        let data = reason(self);
        self.within(made, "session.ended", (made.over, made.over + span), data);
        if span == 0 && self.rng.percent(12) {
            let (at, data) = (made.over + 2 * self.rng.between(1, 600), reason(self));
            self.within(made, "session.ended", (at, at), data);
        }
    }

    /// Some of its facts name another id, and a link says that both are one: by id, or by a record
    /// of the link's own source.
    pub(crate) fn alias(&mut self, made: &Made) {
        let mine: Vec<usize> = (0..self.lines.len())
            .filter(|line| self.lines[*line]["session"] == json!(made.id))
            .collect();
        let last = *mine.last().expect("a session has facts");
        if mine.len() < 3 || self.lines[last]["type"] == "session.started" {
            return;
        }
        let alias = format!("{}-alias", made.id);
        self.lines[last]["session"] = json!(alias);
        let to = if self.rng.percent(60) { json!(alias) } else { self.lines[last]["id"].clone() };
        let at = self.during(made);
        let line = self.once("session.linked", at, json!({"to": to, "by": "browser"}));
        self.lines[line]["session"] = json!(made.id);
    }
}
