//! What a page of a session, a decision or a factor opens with: the outcome, one sentence, the
//! one thing that is odd, and how sure that is. It is made of the answer alone, here and nowhere
//! else; the tree below it gives the reasons.

mod decision;
mod factor;
mod odd;
mod samples;
mod session;
#[cfg(test)]
mod tests;
mod words;

pub(super) use self::{
    decision::of_decision, factor::of_factor, samples::samples, session::of_session,
};

use claimledger_app::model::answer::{Absence, Answered};
use claimledger_facts::vocabulary::Outcome;
use maud::{Markup, html};

/// What an answer is about, in a mark, a word and a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Every decision let in.
    LetIn,
    /// Every decision asked for more.
    Challenged,
    /// No decision let in.
    Refused,
    /// Some decisions let in, and some refused.
    Mixed,
    /// Some decisions let in, and some asked for more.
    AfterChallenge,
    /// No decision is known.
    NoDecision,
    /// The session begins after T.
    NotBegun,
    /// A factor counted.
    Counted,
    /// A factor counted by record, and is void by the rules.
    Void,
    /// A claimed value did not count.
    DidNotCount,
}

impl Kind {
    /// Every kind.
    pub(super) const ALL: [Self; 10] = [
        Self::LetIn,
        Self::Challenged,
        Self::Refused,
        Self::Mixed,
        Self::AfterChallenge,
        Self::NoDecision,
        Self::NotBegun,
        Self::Counted,
        Self::Void,
        Self::DidNotCount,
    ];

    /// That of one decision.
    const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Allow => Self::LetIn,
            Outcome::Challenge => Self::Challenged,
            Outcome::Deny => Self::Refused,
        }
    }

    /// The mark, of the timeline's where it has one.
    const fn mark(self) -> &'static str {
        match self {
            Self::LetIn => "▲",
            Self::Challenged => "◆",
            Self::Refused => "▽",
            Self::Mixed => "▲▽",
            Self::AfterChallenge => "▲◆",
            Self::NoDecision | Self::NotBegun => "–",
            Self::Counted => "●",
            Self::Void => "⊘",
            Self::DidNotCount => "○",
        }
    }

    /// The word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::LetIn => "LET IN",
            Self::Challenged => "ASKED FOR MORE",
            Self::Refused => "REFUSED",
            Self::Mixed => "LET IN AND REFUSED",
            Self::AfterChallenge => "LET IN AND ASKED FOR MORE",
            Self::NoDecision => "NO DECISION",
            Self::NotBegun => "NOT BEGUN AT T",
            Self::Counted => "COUNTED",
            Self::Void => "COUNTED, VOID BY THE RULES",
            Self::DidNotCount => "DID NOT COUNT",
        }
    }

    /// The colour, by its name in the stylesheet.
    const fn tone(self) -> &'static str {
        match self {
            Self::LetIn | Self::AfterChallenge | Self::Counted => "in",
            Self::Challenged | Self::Refused | Self::Mixed | Self::DidNotCount => "out",
            Self::Void => "void",
            Self::NoDecision | Self::NotBegun => "none",
        }
    }
}

/// Something that a reader would not expect.
pub(super) struct Oddity {
    /// Whether it concerns what the rules say, not only how sure the answer is.
    grave: bool,
    words: Markup,
}

/// What a page opens with.
pub(super) struct Verdict {
    kind: Kind,
    sentence: Markup,
    /// The gravest first.
    odd: Vec<Oddity>,
    sure: Markup,
}

/// For which cut an answer holds, and what follows where something is absent from it.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) answered: &'a Answered,
    pub(super) absence: &'a Absence,
}

impl Verdict {
    /// As a section. `status`: a line of the page on how the answer agrees with the rules, and
    /// whether that is odd.
    pub(super) fn show(&self, held: Held<'_>, status: Option<(&Markup, bool)>) -> Markup {
        let odd_status = status.is_some_and(|(_, odd)| odd);
        let grave = odd_status || self.odd.first().is_some_and(|odd| odd.grave);
        html! {
            section class=(if grave { "outcome odd" } else { "outcome" }) data-tone=(self
                .kind.tone()) aria-label="The answer" {
                p class="outcome-word" {
                    span aria-hidden="true" { (self.kind.mark()) } " " (self.kind.word()) }
                p class="outcome-sentence" { (self.sentence) }
                @if let Some((status, odd)) = status {
                    @if odd { div class="outcome-odd" { (status) } } @else { (status) }
                }
                @if !(odd_status && self.odd.is_empty()) { (self.oddity(held)) }
                p class="outcome-sure" { "How sure: " (self.sure) }
            }
        }
    }

    fn oddity(&self, held: Held<'_>) -> Markup {
        let Some((first, more)) = self.odd.split_first() else {
            return html! { p class="outcome-odd" { "Nothing odd"
            @if !held.absence.is_none() { " seen" }
            ", as known at " (held.answered.position) "." } };
        };
        html! {
            p class="outcome-odd" {
                strong class=(if first.grave { "attention" } else { "open" }) {
                    @if first.grave { "≠ Odd:" } @else { "? Open:" } } " " (first.words)
            }
            @if !more.is_empty() {
                details class="outcome-more" {
                    summary { "and " (more.len()) " more" }
                    ul { @for odd in more { li { (odd.words) } } }
                }
            }
        }
    }
}
