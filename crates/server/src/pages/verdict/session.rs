//! The verdict of a session.

use super::{Held, Kind, Verdict, odd, words};
use crate::{pages::times::Times, text::inert};
use claimledger_domain::model::{Decision, Phase, SessionState};
use claimledger_facts::vocabulary::Outcome;
use maud::{Markup, html};

/// Of a session at a cut.
pub(in crate::pages) fn of_session(session: &SessionState, held: Held<'_>) -> Verdict {
    let (let_in, not): (Vec<&Decision>, Vec<&Decision>) =
        session.decisions.iter().partition(|decision| decision.recorded.outcome == Outcome::Allow);
    let mut times = Times::default();
    let sentence = sentence(session, (&let_in, &not), held, &mut times);
    Verdict {
        kind: kind(session, (&let_in, &not)),
        sentence,
        odd: odd::of_session(session, held.answered, &mut times),
        sure: html! {
            (words::certainty(session.life.certainty, &session.life.missing)) "."
            (words::grade(session.factors.iter()))
        },
    }
}

fn kind(session: &SessionState, (let_in, not): (&[&Decision], &[&Decision])) -> Kind {
    match (let_in, not) {
        ([], []) if never_began(session) => Kind::Refused,
        ([], []) if not_begun(session) => Kind::NotBegun,
        ([], []) => Kind::NoDecision,
        (_, []) => Kind::LetIn,
        ([], not) if only_challenges(not) => Kind::Challenged,
        ([], _) => Kind::Refused,
        (_, not) if only_challenges(not) => Kind::AfterChallenge,
        (_, _) => Kind::Mixed,
    }
}

fn only_challenges(decisions: &[&Decision]) -> bool {
    decisions.iter().all(|decision| decision.recorded.outcome == Outcome::Challenge)
}

/// Every attempt to sign in was refused.
fn never_began(session: &SessionState) -> bool {
    session.life.started_at.is_none() && !session.activity.refused.is_empty()
}

/// It begins after T.
fn not_begun(session: &SessionState) -> bool {
    session.life.phase == Phase::NotStarted && !never_began(session)
}

fn sentence(
    session: &SessionState,
    (let_in, not): (&[&Decision], &[&Decision]),
    held: Held<'_>,
    times: &mut Times,
) -> Markup {
    if let_in.is_empty() && not.is_empty() && not_begun(session) {
        return html! {
            "The session"
            @if let Some(subject) = &session.origin.subject { " of " (inert(subject.as_str())) }
            " has not begun at T." (words::until(session, times))
        };
    }
    html! {
        (words::who(session))
        @match (let_in, not) {
            ([], []) => (undecided(session, held, times)),
            ([], [first, ..]) => { " was " (words::refusal(first, session, times)) },
            (let_in, _) => {
                " was let into " (words::apps(let_in)) " " (words::when(let_in, times)) ", "
                (words::whose_word(session.factors.iter())) ", " (words::rules(let_in)) "."
                @if let [first, ..] = not { " They were " (words::refusal(first, session, times)) }
            },
        }
        @if not.len() > 1 { " " (not.len() - 1) " more "
            @if not.len() == 2 { "decision" } @else { "decisions" } " did not let in." }
        (words::until(session, times))
    }
}

/// Where there is no decision: what there was instead.
fn undecided(session: &SessionState, held: Held<'_>, times: &mut Times) -> Markup {
    let refused = &session.activity.refused;
    html! {
        @match (refused.first(), never_began(session)) {
            (Some(first), true) => {
                " was refused at " (times.show(first.at)) ": " (inert(&first.words)) "."
                @if refused.len() > 1 { " " (refused.len() - 1) " more attempts failed." }
            },
            _ => {
                " signed in " (words::whose_word(session.factors.iter())) "; "
                @if held.absence.is_none() { "there is no decision." } @else {
                    "no decision was seen." }
            },
        }
    }
}
