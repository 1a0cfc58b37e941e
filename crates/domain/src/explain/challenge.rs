//! Whether local authenticators could fill the gap.

use super::decision::DecisionExplainer;
use crate::{
    assess::{
        authenticators,
        challenge::{self, Local, Which},
        requirement,
    },
    codes,
    history::{HistoryCut, Stated},
    model::{Implied, Mark, Reason, RecordRef},
    order::record_order,
    words,
};
use claimledger_facts::{time::Time, types::authenticator::AuthenticatorConfigured};

impl DecisionExplainer<'_, '_> {
    pub(super) fn challenge(&self) -> Option<Reason> {
        let (rule, filled) = (self.judged.rule?, self.judged.with_local.as_ref()?);
        let undetermined = self.judged.implied == Implied::Undetermined;
        let surely = self.judged.implied == Implied::Challenge;
        let local = || self.judged.local.iter().filter(|local| local.sure || !surely);
        let history = self.trace.history;
        let names: Vec<String> = local().map(|local| name(history, local)).collect();
        let methods: Vec<&str> = names.iter().map(String::as_str).collect();
        let open = open(history, local(), self.today);
        let kept = challenge::kept(history, self.judged.seen.occurred());
        let mut records: Vec<&RecordRef> = local().map(Local::record).collect();
        if !filled.met {
            records.extend(kept.iter().map(|kept| &kept.record));
        }
        records.sort_by(|a, b| record_order(a, b));
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
        let says = format!("{says}{}", kept_words(&kept));
        let reason = Reason::new(says).asked("Why not a challenge?").on(records);
        Some(if methods.is_empty() && kept.is_empty() {
            reason.by_rule(challenge::ID).reading(18)
        } else {
            reason.reading(18)
        })
    }
}

/// What perhaps could fill a gap, and what leaves that open.
pub(crate) fn perhaps(history: HistoryCut<'_>, unsure: &[&Local<'_>]) -> String {
    let all: Vec<String> = unsure
        .iter()
        .map(|local| {
            let open = match local.stated {
                Which::Method(_) => "if it was active then, of which only an interval is known",
                Which::Listed(stated) if challenge::is_open(&stated.data) => {
                    "which is active and whose methods are not stated"
                }
                Which::Listed(_) => "which was saved, and may have been active meanwhile",
            };
            format!("{}, {open}", name(history, local))
        })
        .collect();
    format!("What perhaps could: {}.", all.join("; "))
}

fn name(history: HistoryCut<'_>, local: &Local<'_>) -> String {
    match local.stated {
        Which::Method(stated) => stated.data.method.as_str().to_owned(),
        Which::Listed(stated) => words::authenticator(history, &stated.data),
    }
}

/// What leaves open whether they can be used. Empty where nothing does.
fn open<'a>(
    history: HistoryCut<'_>,
    local: impl Iterator<Item = &'a Local<'a>> + Clone,
    today: Time,
) -> String {
    let mut says = String::new();
    let by_time =
        local.clone().filter(|local| !local.sure).filter_map(|local| match local.stated {
            Which::Method(stated) => {
                let when = words::at(stated.occurred, today);
                let what = if !stated.saved.is_empty() { "saved" } else { "changed" };
                Some(format!("{}, {what} {when}", stated.data.method))
            }
            Which::Listed(_) => None,
        });
    let by_time: Vec<String> = by_time.collect();
    if !by_time.is_empty() {
        says.push_str(&format!(
            " An interval leaves open whether it was active and open to enrolment: {}.",
            by_time.join("; ")
        ));
    }
    for local in local {
        let Which::Listed(stated) = local.stated else { continue };
        let name = words::sentence(&name(history, local));
        if challenge::is_open(&stated.data) {
            says.push_str(&format!(" {name} is active, and its methods are not stated."));
        } else {
            let when = words::at(stated.occurred, today);
            says.push_str(&format!(" {name} was saved {when}: what it was meanwhile no look saw."));
        }
    }
    says
}

/// What is active and serves something else: ` Email is kept for recovery.`
fn kept_words(kept: &[&Stated<AuthenticatorConfigured>]) -> String {
    let kept: Vec<String> = kept
        .iter()
        .filter_map(|a| {
            Some(format!("{} is {}", a.data.method, authenticators::kept_for(&a.data)?))
        })
        .collect();
    if kept.is_empty() {
        String::new()
    } else {
        format!(" {}.", words::sentence(&words::list(&kept)))
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
