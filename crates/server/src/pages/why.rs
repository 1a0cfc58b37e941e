//! The tree of reasons as `claimledger why` prints it, with records and readings as links.

use super::{semantics, text::sentence};
use claimledger_domain::{
    explain::{called, line, margin},
    model::{Reason, RecordedDecision},
};
use claimledger_facts::ids::LogPosition;
use maud::{Markup, html};

/// Levels that are open on screen; paper shows all.
const OPEN: usize = 3;
/// Deeper than this nothing is written: the tree has at most five levels by its own rules.
const DEEPEST: usize = 12;

/// The application of a decision, with its display name where one is known.
pub(crate) fn app(recorded: &RecordedDecision) -> String {
    called(recorded.app.as_str(), recorded.app_name.as_deref())
}

/// One tree.
pub(crate) fn tree(reason: &Reason, href: &dyn Fn(Option<LogPosition>) -> String) -> Markup {
    html! { div class="why" { (node(reason, href, 0)) } }
}

/// One tree of which only the conclusion is in sight until it is opened; paper shows all.
pub(crate) fn folded(reason: &Reason, href: &dyn Fn(Option<LogPosition>) -> String) -> Markup {
    html! {
        div class="why" {
            @if reason.because.is_empty() { (node(reason, href, 0)) } @else {
                (branch(reason, href, 1, false))
            }
        }
    }
}

fn node(reason: &Reason, href: &dyn Fn(Option<LogPosition>) -> String, depth: usize) -> Markup {
    if reason.because.is_empty() || depth == DEEPEST {
        return html! { p class="thought" { (own(reason, href)) } };
    }
    branch(reason, href, depth + 1, depth < OPEN)
}

/// A thought with those that it rests on. The thought has links, so it is beside what opens and
/// closes it, and not in it: a link inside of another control cannot be reached by every reader.
fn branch(
    reason: &Reason,
    href: &dyn Fn(Option<LogPosition>) -> String,
    below: usize,
    is_open: bool,
) -> Markup {
    html! {
        div class="branch" {
            p class="thought" { (own(reason, href)) }
            details open[is_open] {
                summary aria-label="Reasons" {}
                ul { @for child in &reason.because { li { (node(child, href, below)) } } }
            }
        }
    }
}

fn own(reason: &Reason, href: &dyn Fn(Option<LogPosition>) -> String) -> Markup {
    let link = |n: u64| {
        let position =
            reason.facts.iter().map(|fact| fact.position).find(|position| position.0 == n)?;
        Some(html! { a class="record" href=(href(Some(position))) { (position) } })
    };
    let beside = margin(reason);
    html! {
        // The code is not part of the tree's text: as a title it changes neither what is read nor
        // what is copied.
        span class="words" title=[reason.code] { (sentence(&line(reason), &link)) }
        @if !beside.is_empty() { " " span class="beside" title=[reason.source] {
            (cited(reason, &beside, &link)) } }
    }
}

/// The source of a reason, with its reading as a link.
fn cited(reason: &Reason, beside: &str, link: &dyn Fn(u64) -> Option<Markup>) -> Markup {
    let reading = reason.semantics.map(|number| (number, format!("sem {number}")));
    let parts = reading.and_then(|(number, reading)| {
        let (before, after) = beside.rsplit_once(reading.as_str())?;
        Some(html! {
            (sentence(before, link)) (semantics::link(number, &reading)) (sentence(after, link))
        })
    });
    parts.unwrap_or_else(|| sentence(beside, link))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::samples;
    use claimledger_domain::{explain::text, model::Mark};

    fn reason(conclusion: &str, because: Vec<Reason>) -> Reason {
        Reason {
            mark: Some(Mark::Met),
            question: None,
            conclusion: conclusion.to_owned(),
            code: None,
            rule: Some("third_party_amr"),
            source: Some("Okta, Configure claims sharing, AMR values"),
            semantics: Some(14),
            facts: vec![samples::record(40, "claims.received", "2026-03-10T13:20:00Z")],
            show_delay: true,
            because,
        }
    }

    fn without_tags(html: &str) -> String {
        let mut out = String::new();
        let mut inside = false;
        for c in html.replace("</p>", " ").replace("</summary>", " ").chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => out.push(c),
                _ => {}
            }
        }
        out.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
            .replace("&quot;", "\"")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_words_are_those_of_the_command_line() {
        let tree_of = reason(
            "S3 was let in <b>",
            vec![
                reason("phr has it itself (#40)", vec![]),
                reason("and \"more\"", vec![reason("deep", vec![])]),
            ],
        );
        let html =
            tree(&tree_of, &|position| format!("/session?open={}", position.unwrap_or_default().0))
                .into_string();
        let plain: String = text(&tree_of)
            .replace(['├', '└', '│'], " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(without_tags(&html), plain);
        let folded = folded(&tree_of, &|_| String::new()).into_string();
        assert_eq!(without_tags(&folded), plain, "folded, it has other words");
        assert!(html.contains("<details open>") && folded.contains("<details><summary"));
        assert!(html.contains("<a href=\"/semantics#sem-14\">sem 14</a>"));
        assert!(html.contains("<a class=\"record\" href=\"/session?open=40\">#40</a>"));
        assert!(!html.contains("<b>"));
    }
}
