//! Why the rules imply a challenge, or why not: what the local authenticators could do.

use crate::{
    assess::{
        Trace, authenticators,
        challenge::{self, Filled, Local},
        decision::Judged,
        requirement,
    },
    codes,
    history::HistoryCut,
    model::{Mark, Reason, RecordRef},
    order::record_order,
    words,
};

/// Nothing where the rules imply neither.
pub(super) fn reason(trace: &Trace<'_>, judged: &Judged<'_>) -> Option<Reason> {
    let (rule, filled) = (judged.rule?, judged.with_local.as_ref()?);
    let two = requirement::types_asked(rule) == 2;
    let local = &judged.local;
    let says = if filled.sure.met {
        can_fill(local)
    } else {
        let kept = kept(local).map(|kept| format!(" {kept}")).unwrap_or_default();
        format!("{}{kept}", cannot_fill(local, filled, two))
    };
    if filled.sure.met {
        return Some(reason_on(says, "Why a challenge?", local));
    }
    if filled.possible.met {
        let says = format!("{says} {}", perhaps(trace.history, local));
        return Some(reason_on(says, "Perhaps a challenge?", local).marked(Mark::Undetermined));
    }
    let reason = reason_on(says, "Why not a challenge?", local);
    let names_none = local.sure.is_empty() && local.kept.is_empty();
    Some(if names_none { reason.by_rule(challenge::ID) } else { reason })
}

fn reason_on(says: String, question: &'static str, local: &Local<'_>) -> Reason {
    let mut records: Vec<&RecordRef> =
        local.sure.iter().chain(&local.kept).map(|a| &a.record).collect();
    if question == "Perhaps a challenge?" {
        records.extend(local.perhaps.iter().map(|a| &a.record));
        records.extend(local.unknown.iter().map(|a| &a.record));
    }
    records.sort_by(|a, b| record_order(a, b));
    Reason::new(says).asked(question).on(records).reading(18)
}

fn methods<'a>(local: &Local<'a>) -> Vec<&'a str> {
    local.sure.iter().map(|a| a.data.method.as_str()).collect()
}

fn can_fill(local: &Local<'_>) -> String {
    match methods(local).as_slice() {
        [one] => format!(
            "The local authenticator, {one}, is active and open to enrolment, and could fill the \
             gap."
        ),
        some => format!(
            "The local authenticators, {}, are active and open to enrolment, and could fill the \
             gap.",
            words::list(some)
        ),
    }
}

fn cannot_fill(local: &Local<'_>, filled: &Filled, two: bool) -> String {
    let unmet = &filled.sure.best.unmet;
    match methods(local).as_slice() {
        [] => "No local authenticator is known to be active and open to enrolment.".to_owned(),
        [one] => format!(
            "The local authenticator, {one}, is active and open to enrolment; {}.",
            lack(unmet, two, false)
        ),
        some => format!(
            "The local authenticators, {}, are active and open to enrolment; together {}.",
            words::list(some),
            lack(unmet, two, true)
        ),
    }
}

/// What is active and serves something else: `email is kept for recovery.`
fn kept(local: &Local<'_>) -> Option<String> {
    let kept = local.kept.iter().filter_map(|a| {
        Some(format!("{} is {}", a.data.method, authenticators::kept_for(&a.data)?))
    });
    let kept: Vec<String> = kept.collect();
    (!kept.is_empty()).then(|| format!("{}.", words::sentence(&words::list(&kept))))
}

/// What perhaps could fill the gap, and what leaves that open.
pub(crate) fn perhaps(history: HistoryCut<'_>, local: &Local<'_>) -> String {
    let by_time = local.perhaps.iter().map(|a| {
        format!("{}, if it was active then, of which only an interval is known", a.data.method)
    });
    let unknown = local.unknown.iter().map(|a| {
        let name = words::authenticator(history, &a.data);
        format!("{name}, which is active and whose methods are not stated")
    });
    let all: Vec<String> = by_time.chain(unknown).collect();
    format!("What perhaps could: {}.", all.join("; "))
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
