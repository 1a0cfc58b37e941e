//! A tree of reasons as plain text: what `claimledger why` prints, and what a page's tree reads as.

use super::NOT_THE_REASON;
use crate::{
    model::{Mark, Reason},
    words,
};
use claimledger_facts::ids::LogPosition;
use std::fmt::Write as _;

/// The column at which record references start, counted from 0, where the sentence leaves room.
const MARGIN: usize = 123;

/// The tree, one thought a line, no line break at the end.
#[must_use]
pub fn text(reason: &Reason) -> String {
    let mut out = row("", &line(reason), &margin(reason));
    children(reason, "", &mut out);
    out
}

/// A reason's own line: mark, question, conclusion.
#[must_use]
pub fn line(reason: &Reason) -> String {
    let mark = reason.mark.map_or("", |mark| match mark {
        Mark::Met => "✓ ",
        Mark::NotMet => "✗ ",
        Mark::Possible => "~ ",
        Mark::Undetermined => "? ",
    });
    match reason.question {
        Some(question) if question == NOT_THE_REASON => {
            format!("{mark}{question} {}", reason.conclusion)
        }
        Some(question) => format!("{mark}{question}  {}", reason.conclusion),
        None => format!("{mark}{}", reason.conclusion),
    }
}

/// What stands beside it: the records that the sentence does not name itself, the delay, and the
/// rule in brackets.
#[must_use]
pub fn margin(reason: &Reason) -> String {
    let mut parts: Vec<String> = Vec::new();
    for fact in reason.facts.iter().filter(|f| !names(&reason.conclusion, f.position)) {
        parts.push(fact.position.to_string());
    }
    if let Some(first) = reason.facts.first().filter(|_| reason.show_delay) {
        parts.push(words::delay(first));
    }
    let reading = reason.semantics.map(|n| format!("sem {n}"));
    let cited: Vec<String> = reason.rule.map(str::to_owned).into_iter().chain(reading).collect();
    if !cited.is_empty() {
        parts.push(format!("[{}]", cited.join(" · ")));
    }
    parts.join(" ")
}

fn children(reason: &Reason, prefix: &str, out: &mut String) {
    let (aside, branches): (Vec<&Reason>, Vec<&Reason>) =
        reason.because.iter().partition(|r| r.question == Some(NOT_THE_REASON));
    for (at, child) in branches.iter().enumerate() {
        let last = at + 1 == branches.len();
        let _ = write!(
            out,
            "\n{}",
            row(
                &format!("{prefix}{}", if last { "└ " } else { "├ " }),
                &line(child),
                &margin(child)
            )
        );
        children(child, &format!("{prefix}{}", if last { "   " } else { "│  " }), out);
    }
    for child in aside {
        let _ = write!(out, "\n{}", row(&format!("{prefix}   "), &line(child), &margin(child)));
        children(child, &format!("{prefix}   "), out);
    }
}

fn row(prefix: &str, line: &str, margin: &str) -> String {
    if margin.is_empty() {
        return format!("{prefix}{line}");
    }
    let width = prefix.chars().count() + line.chars().count();
    let gap = MARGIN.saturating_sub(width).max(2);
    format!("{prefix}{line}{:gap$}{margin}", "")
}

/// Whether a sentence names a record itself, as `(#54)`.
fn names(sentence: &str, position: LogPosition) -> bool {
    sentence.contains(&format!("({position})"))
}
