//! Whether local authenticators could fill the gap.

use super::decision::DecisionExplainer;
use crate::{
    assess::{challenge, requirement},
    codes,
    model::{Implied, Mark, Reason, RecordRef},
    order::record_order,
    words,
};

impl DecisionExplainer<'_, '_> {
    pub(super) fn challenge(&self) -> Option<Reason> {
        let (rule, filled) = (self.judged.rule?, self.judged.with_local.as_ref()?);
        let undetermined = self.judged.implied == Implied::Undetermined;
        let surely = self.judged.implied == Implied::Challenge;
        let local = || self.judged.local.iter().filter(|local| local.sure || !surely);
        let open: Vec<String> = local()
            .filter(|local| !local.sure)
            .map(|local| {
                let method = local.stated.data.method.as_str();
                format!("{method}, changed {}", words::at(local.stated.occurred, self.today))
            })
            .collect();
        let methods: Vec<&str> = local().map(|l| l.stated.data.method.as_str()).collect();
        let mut records: Vec<&RecordRef> = local().map(|local| &local.stated.record).collect();
        records.sort_by(|a, b| record_order(a, b));
        let open = if open.is_empty() {
            String::new()
        } else {
            format!(
                " An interval leaves open whether it was active and open to enrolment: {}.",
                open.join("; ")
            )
        };
        if filled.met {
            let could = if undetermined { "could perhaps" } else { "could" };
            let says = match methods.as_slice() {
                [one] if open.is_empty() => format!(
                    "The local authenticator, {one}, is active and open to enrolment, and {could} \
                     fill the gap."
                ),
                [one] => format!("The local authenticator, {one}, {could} fill the gap.{open}"),
                some if open.is_empty() => format!(
                    "The local authenticators, {}, are active and open to enrolment, and {could} \
                     fill the gap.",
                    words::list(some)
                ),
                some => format!(
                    "The local authenticators, {}, {could} fill the gap.{open}",
                    words::list(some)
                ),
            };
            let reason = Reason::new(says).asked("Why a challenge?").on(records).reading(18);
            return Some(if undetermined {
                reason.asked("A challenge?").marked(Mark::Undetermined)
            } else {
                reason
            });
        }
        let two = requirement::types_asked(rule) == 2;
        let says = match methods.as_slice() {
            [] => "No local authenticator is known to be active and open to enrolment.".to_owned(),
            [one] if open.is_empty() => format!(
                "The local authenticator, {one}, is active and open to enrolment; {}.",
                lack(&filled.best.unmet, two, false)
            ),
            [one] => format!(
                "Of the local authenticator, {one}, {}.{open}",
                lack(&filled.best.unmet, two, false)
            ),
            some if open.is_empty() => format!(
                "The local authenticators, {}, are active and open to enrolment; together {}.",
                words::list(some),
                lack(&filled.best.unmet, two, true)
            ),
            some => format!(
                "Of the local authenticators, {}, together {}.{open}",
                words::list(some),
                lack(&filled.best.unmet, two, true)
            ),
        };
        let reason = Reason::new(says).asked("Why not a challenge?").on(records);
        Some(if methods.is_empty() {
            reason.by_rule(challenge::ID).reading(18)
        } else {
            reason.reading(18)
        })
    }
}

/// What local authenticators lack: `they have no phishing-resistant one`.
fn lack(unmet: &[&'static str], two: bool, several: bool) -> String {
    let (they, have) = if several { ("they", "have") } else { ("it", "has") };
    match unmet.first().copied() {
        Some(codes::NOT_ENOUGH_FACTORS) => {
            format!("{they} would not make {}", if two { "two factor types" } else { "one factor" })
        }
        Some(codes::KNOWLEDGE) => format!("{they} {have} no knowledge factor"),
        Some(codes::POSSESSION) => format!("{they} {have} no possession factor"),
        Some(codes::USER_PRESENCE) => format!("{they} {have} none with user presence"),
        Some(codes::USER_VERIFICATION) => format!("{they} {have} none with user verification"),
        Some(code) => {
            if several {
                format!("{they} {have} no {} one", codes::unmet_words(code, two))
            } else {
                format!("{they} is not {}", codes::unmet_words(code, two))
            }
        }
        None => format!("{they} would not do"),
    }
}
