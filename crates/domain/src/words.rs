//! Times, numbers, names and codes in words.

use crate::{
    codes,
    history::{HistoryCut, InForce, Stated},
    model::{Cut, FactorType, RecordRef},
};
use claimledger_facts::{
    ids::{ActorId, AppId, IdpId, PolicyId, RuleId, TicketId},
    time::{Occurred, Time},
    types::{authenticator::AuthenticatorListed, idp::IdpConfigured, sign_in::SignInRefused},
    vocabulary::{FREE_TEXT, ObjectKind, Property, SignInResult, Status},
};
use std::fmt::Write as _;

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    join(items, "and")
}

pub(crate) fn join<T: AsRef<str>>(items: &[T], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., end] => format!(
            "{} {last} {}",
            rest.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "),
            end.as_ref()
        ),
    }
}

/// The first letter in upper case.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The day of a time: `2026-03-10`.
pub(crate) fn day(time: Time) -> String {
    let mut text = time.to_string();
    text.truncate(10);
    text
}

/// Days begin at midnight UTC.
fn is_same_day(a: Time, b: Time) -> bool {
    const DAY: i64 = 86_400 * 1_000_000;
    a.micros().div_euclid(DAY) == b.micros().div_euclid(DAY)
}

/// A time, as seen from a day: `13:20:04Z`, or with its date where that is another.
pub(crate) fn clock(time: Time, today: Time) -> String {
    let mut text = time.to_string();
    if is_same_day(time, today) {
        text.drain(..11);
    } else {
        text.replace_range(10..11, " ");
    }
    text
}

/// Since when something holds: the date is enough where it is another day.
pub(crate) fn since(time: Time, today: Time) -> String {
    if is_same_day(time, today) { clock(time, today) } else { day(time) }
}

/// Since when a version is in force: that is at some time of an interval.
pub(crate) fn in_force_since(occurred: Occurred, today: Time) -> String {
    match occurred.to {
        None => since(occurred.from, today),
        Some(to) => {
            format!("some time between {} and {}", clock(occurred.from, today), clock(to, today))
        }
    }
}

/// When something began to hold, behind a verb: `09:00:00Z`, a date, or `between … and …`.
pub(crate) fn began(occurred: Occurred, today: Time) -> String {
    match occurred.to {
        None => since(occurred.from, today),
        Some(_) => at(occurred, today),
    }
}

/// `at 13:20:04Z`, or `between … and …`.
pub(crate) fn at(occurred: Occurred, today: Time) -> String {
    match occurred.to {
        None => format!("at {}", clock(occurred.from, today)),
        Some(to) => format!("between {} and {}", clock(occurred.from, today), clock(to, today)),
    }
}

/// `13:20:04Z`, or `between … and …`.
pub(crate) fn moment(occurred: Occurred, today: Time) -> String {
    match occurred.to {
        None => clock(occurred.from, today),
        Some(_) => at(occurred, today),
    }
}

/// ` (admin-1, T-2)`, ` (admin-1)`, or nothing.
pub(crate) fn by(actor: Option<&ActorId>, ticket: Option<&TicketId>) -> String {
    match inside(actor, ticket).as_str() {
        "" => String::new(),
        who => format!(" ({who})"),
    }
}

/// `admin-1, T-2`.
pub(crate) fn inside(actor: Option<&ActorId>, ticket: Option<&TicketId>) -> String {
    actor
        .map(ToString::to_string)
        .into_iter()
        .chain(ticket.map(ToString::to_string))
        .collect::<Vec<_>>()
        .join(", ")
}

/// How long after it occurred something was recorded: `+4 s`, or in full where that is over a
/// minute.
pub(crate) fn delay(record: &RecordRef) -> String {
    let micros = record.recorded_at.micros() - record.occurred.from.micros();
    let secs = micros.unsigned_abs() / 1_000_000;
    if micros < 0 {
        format!("source clock ahead {}", span(secs))
    } else if secs <= 60 {
        format!("+{}", span(secs))
    } else {
        format!("recorded {} (+{})", clock(record.recorded_at, record.occurred.from), span(secs))
    }
}

/// `4 s`, `22 min`, `2 h 30 min`, `1 d 3 h`.
pub(crate) fn span(secs: u64) -> String {
    let (days, hours, mins, rest) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    let parts = [(days, "d"), (hours, "h"), (mins, "min"), (rest, "s")];
    let shown: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .take(2)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
}

/// How long one thing came after another.
pub(crate) fn after(earlier: Time, later: Time) -> String {
    span((later.micros() - earlier.micros()).unsigned_abs() / 1_000_000)
}

/// A factor type.
pub(crate) const fn factor_type(factor_type: FactorType) -> &'static str {
    match factor_type {
        FactorType::Knowledge => "knowledge",
        FactorType::Possession => "possession",
        FactorType::Inherence => "inherence",
        FactorType::Unspecified => "factors it does not name",
    }
}

/// A characteristic, as an adjective; user presence as what comes with it.
pub(crate) const fn property(property: Property) -> &'static str {
    match property {
        Property::DeviceBound => "device-bound",
        Property::HardwareProtected => "hardware-protected",
        Property::PhishingResistant => "phishing-resistant",
        Property::UserPresence => "user presence",
        Property::UserVerifying => "user-verifying",
    }
}

/// A type with its characteristics: `possession with user presence`,
/// `possession, device-bound, with user presence`.
pub(crate) fn described(of: FactorType, has: &[Property]) -> String {
    let adjectives: Vec<&str> =
        has.iter().filter(|p| **p != Property::UserPresence).map(|p| property(*p)).collect();
    let presence = has.contains(&Property::UserPresence);
    match (adjectives.as_slice(), presence) {
        ([], false) => factor_type(of).to_owned(),
        ([], true) => format!("{} with user presence", factor_type(of)),
        (some, false) => format!("{}, {}", factor_type(of), list(some)),
        (some, true) => format!("{}, {}, with user presence", factor_type(of), list(some)),
    }
}

/// An IdP's version in a few words.
pub(crate) const fn trust_gist(idp: &IdpConfigured) -> &'static str {
    match (idp.status, idp.trust_claims) {
        (Status::Active, true) => "trusted",
        (Status::Active, false) => "not trusted",
        (Status::Inactive, _) => "inactive",
        (Status::Deleted, _) => "deleted",
    }
}

/// A configured object as sentences name it: `Payroll (0oa1)` where a display name of it is known,
/// else its id.
fn named(history: HistoryCut<'_>, kind: ObjectKind, id: &str) -> String {
    called(id, history.name_of(kind, id))
}

/// The same where the display name has been looked up.
pub(crate) fn called(id: &str, name: Option<&str>) -> String {
    match name.filter(|name| *name != id) {
        Some(name) => format!("{} ({})", on_one_line(name), on_one_line(id)),
        None => on_one_line(id),
    }
}

/// A text without control characters: an id in a question may be any text, and a sentence is one
/// line.
fn on_one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            let _ = write!(out, "\\u{{{:04X}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// An application, as sentences name it.
pub(crate) fn app(history: HistoryCut<'_>, app: &AppId) -> String {
    named(history, ObjectKind::App, app.as_str())
}

/// An identity provider, as sentences name it.
pub(crate) fn idp(history: HistoryCut<'_>, idp: &IdpId) -> String {
    named(history, ObjectKind::Idp, idp.as_str())
}

/// A policy, as sentences name it.
pub(crate) fn policy(history: HistoryCut<'_>, policy: &PolicyId) -> String {
    named(history, ObjectKind::Policy, policy.as_str())
}

/// A rule of a policy, as sentences name it.
pub(crate) fn rule(history: HistoryCut<'_>, rule: &RuleId) -> String {
    named(history, ObjectKind::Rule, rule.as_str())
}

/// An authenticator of which not everything is stated, as sentences name it.
pub(crate) fn authenticator(history: HistoryCut<'_>, listed: &AuthenticatorListed) -> String {
    let id = listed.authenticator.as_str();
    let name = history.name_of(ObjectKind::Authenticator, id);
    called(id, Some(name.unwrap_or(&listed.key)))
}

/// Codes of a fate as one phrase: `retired key; inactive IdP`.
pub(crate) fn fates(fates: &[&'static str]) -> String {
    fates.iter().map(|code| codes::fate_words(code)).collect::<Vec<_>>().join("; ")
}

/// What is missing, as one phrase.
pub(crate) fn missing(missing: &[&'static str]) -> String {
    list(&missing.iter().map(|code| codes::missing_words(code)).collect::<Vec<_>>())
}

/// `tx1 since 09:00:00Z (admin-2, T-1)`.
pub(crate) fn idp_version(idp: &Stated<IdpConfigured>, today: Time) -> String {
    let since = match idp.occurred.to {
        None => format!("since {}", since(idp.occurred.from, today)),
        Some(_) => format!("since some time {}", at(idp.occurred, today)),
    };
    format!("{} {since}{}", idp.data.version, by(idp.data.actor.as_ref(), idp.data.ticket.as_ref()))
}

/// In which time the versions that may be in force began: `between … and …`.
pub(crate) fn open_between<T>(in_force: &InForce<'_, T>, today: Time) -> String {
    at(in_force.open_between().unwrap_or(Occurred::at(today)), today)
}

/// Why a session ended, in a clause that follows a time.
pub(crate) fn when_ended(reason: &str) -> String {
    match reason {
        "logout" => "when the user logged out".to_owned(),
        "expired" => "when the session expired".to_owned(),
        "revoked" => "when the session was revoked".to_owned(),
        "upstream_revoked" => "when the session was revoked upstream".to_owned(),
        codes::AUTHENTICATOR_LOST => "when the authenticator was lost".to_owned(),
        _ => "when the session ended".to_owned(),
    }
}

/// That no end counts at a cut.
pub(crate) fn no_end(cut: Cut, today: Time) -> String {
    format!("no end is stated up to {}, as known at {}", clock(cut.at, today), cut.known_at)
}

/// A code as words: `upstream revoked`.
pub(crate) fn plain(code: &str) -> String {
    codes::words(code)
}

/// What was refused, and why: `push refused: push rejected`.
pub(crate) fn refused(d: &SignInRefused) -> String {
    let what = match (d.method, &d.app) {
        (Some(method), _) => method.as_str().to_owned(),
        (None, Some(app)) => format!("access to {app}"),
        (None, None) => "sign-in".to_owned(),
    };
    let through = d.idp.as_ref().map_or_else(String::new, |idp| format!(" through {idp}"));
    let verb = match d.result {
        SignInResult::Failure | SignInResult::Deny | SignInResult::Other => "refused",
        SignInResult::Challenge => "challenged",
        SignInResult::Abandoned => "abandoned",
        SignInResult::Unanswered => "not answered",
        SignInResult::RateLimit => "refused by a rate limit",
        SignInResult::Skipped => "skipped",
    };
    let why = match d.reason.as_deref() {
        None => String::new(),
        Some(FREE_TEXT) => ": a reason in words, which is sealed".to_owned(),
        Some(reason) => format!(": {}", plain(reason)),
    };
    format!("{what}{through} {verb}{why}")
}
