//! What was believed of a session as known at another position, what is, and the records that made
//! the difference.

use super::{
    address::Address,
    change_points::{aspect, things, touched},
    drawn::drawn,
    text::{count, inert, uncut},
    times::{Times, delay, is_late},
};
use claimledger_app::model::question::AskError;
use claimledger_domain::{
    belief::{BeliefDiff, Cause, Change, redrawn},
    model::{Cut, Explained},
};
use claimledger_facts::{ids::LogPosition, time::Time, vocabulary::Role};
use maud::{Markup, html};

/// Records that are listed.
const RECORDS: usize = 40;
/// Changes that are listed of one record.
const CHANGES: usize = 8;

/// The result of the comparison that an address asks for.
pub(crate) enum Compared {
    /// The session as known at both.
    Diff(Box<BeliefDiff>),
    /// More records could have made the difference than are tried.
    TooMany {
        /// How many.
        found: u64,
        /// The limit.
        limit: u64,
    },
}

impl Compared {
    /// A comparison that is too large is said in its place; the page itself stands.
    ///
    /// # Errors
    /// What else went wrong.
    pub(crate) fn of(diff: Result<BeliefDiff, AskError>) -> Result<Self, AskError> {
        match diff {
            Ok(diff) => Ok(Self::Diff(Box::new(diff))),
            Err(AskError::TooMany { found, limit, .. }) => Ok(Self::TooMany { found, limit }),
            Err(other) => Err(other),
        }
    }
}

/// The comparison at T, of the earlier and the later K. `here` is the page without it,
/// `known_from` the first record by which the session is known.
pub(crate) fn section(
    compared: &Compared,
    (at, vs, known_at): (Time, LogPosition, LogPosition),
    known_from: Option<LogPosition>,
    here: &Address,
    href: &dyn Fn(Option<LogPosition>) -> String,
) -> Markup {
    html! {
        section id="vs" class="belief" aria-labelledby="vs-h" {
            h2 id="vs-h" { "As known at " (vs) ", and at " (known_at) }
            @match compared {
                Compared::TooMany { found, limit } => {
                    p { (count(*found, "record"))
                        " in between could have made the difference, and " (limit)
                        " is the limit: compare with a later record." }
                },
                Compared::Diff(diff) => {
                    p class="believed" { (uncut(&diff.then)) }
                    p class="believed" { (uncut(&diff.later)) }
                    @if diff.before.is_none() {
                        @if let Some(from) = known_from {
                            p { "Nothing of it was known at " (vs) ": it is known from " (from) ". "
                                a href={ (here.clone().with("vs",
                                    from.0.to_string()).href()) "#vs" } { "Compare with " (from) } }
                        }
                    } @else {
                        @let around = around(diff, Cut { at, known_at: vs }, Cut { at, known_at });
                        @if !diff.changes.is_empty() { (causes(diff, href)) }
                        @else if around.is_empty() {
                            p { "Nothing reads differently at T: no record in between changed \
                                 this answer." }
                        } @else { p { "The session itself reads the same at T." } }
                        @if !around.is_empty() {
                            p { "Beside it reads differently: " (things(&around)) "." } }
                    }
                },
            }
            p { a href=(here.href()) { "Compare with nothing" } }
        }
    }
}

/// What is shown otherwise beside the session.
fn around(diff: &BeliefDiff, then: Cut, later: Cut) -> Vec<String> {
    let shown = |explained: &Option<Explained>, cut| {
        explained.as_ref().map_or_else(Vec::new, |explained| drawn(explained, cut))
    };
    redrawn(&shown(&diff.before, then), &shown(&diff.after, later))
}

fn causes(diff: &BeliefDiff, href: &dyn Fn(Option<LogPosition>) -> String) -> Markup {
    let mut times = Times::default();
    html! {
        p {
            (count(diff.causes.len(), "record")) " made the difference."
        }
        div class="scroll" tabindex="0" role="group" aria-labelledby="vs-h" {
            table class="causes" {
                thead { tr { @for head in ["Record", "What", "Occurred", "Recorded",
                    "What it changed"] { th scope="col" { (head) } } } }
                tbody {
                    @for cause in diff.causes.iter().take(RECORDS) {
                        @let record = &cause.record;
                        tr {
                            td { a href=(href(Some(record.position))) { (record.position) } }
                            td { (inert(&record.kind)) }
                            td data-head="Occurred" { (times.occurred(record.occurred)) }
                            td data-head="Recorded" {
                                (times.show(record.recorded_at))
                                @if is_late(record.occurred.from, record.recorded_at) {
                                    " (" (delay(record.occurred.from, record.recorded_at)) ")" }
                            }
                            td { (changed(cause, &diff.changes)) }
                        }
                    }
                }
            }
        }
        @if diff.causes.len() > RECORDS {
            p { (diff.causes.len() - RECORDS) " more made it too: " code { "claimledger \
                belief-diff" } " names them all (needs " (Role::Read.as_str()) ")." }
        }
    }
}

fn changed(cause: &Cause, changes: &[Change]) -> Markup {
    let of =
        |indices: &[usize]| indices.iter().filter_map(|at| changes.get(*at)).collect::<Vec<_>>();
    let (alone, together) = (of(&cause.alone), of(&cause.together));
    // What several records changed together is shown at the first of them.
    let told_before = cause.with.iter().any(|other| other.position < cause.record.position);
    html! {
        (list(&alone))
        @if !cause.with.is_empty() {
            p {
                "Together with " @for (i, other) in cause.with.iter().enumerate() {
                    @if i > 0 { ", " } (other.position) }
                ": " @if told_before || together.is_empty() { (touched(together.iter().copied())) }
            }
        }
        @if !told_before { (list(&together)) }
    }
}

fn list(changes: &[&Change]) -> Markup {
    html! {
        @if !changes.is_empty() {
            ul class="changes" {
                @for change in changes.iter().take(CHANGES) {
                    @let (before, after) = differing(change);
                    li { (aspect(change.aspect.kind, change.aspect.of.as_deref())) ": "
                        (inert(&before)) " → " (inert(&after)) }
                }
                @if changes.len() > CHANGES { li { "and " (changes.len() - CHANGES) " more" } }
            }
        }
    }
}

/// Of both readings the parts that the other one does not have.
fn differing(change: &Change) -> (String, String) {
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        let or =
            |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
        return (or(&change.before, "was not there"), or(&change.after, "is not there"));
    };
    let own = |text: &str, other: &str| {
        let parts: Vec<&str> =
            text.split("; ").filter(|part| !other.split("; ").any(|same| same == *part)).collect();
        if parts.is_empty() { "nothing of that".to_owned() } else { parts.join("; ") }
    };
    (own(before, after), own(after, before))
}
