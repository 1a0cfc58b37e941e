//! The verdict of a decision.

use super::{Held, Kind, Verdict, odd, words};
use crate::{pages::times::Times, text::inert};
use claimledger_domain::model::{Certainty, Decision, HonoredFactor, Implied, SessionState};
use claimledger_facts::vocabulary::Outcome;
use maud::html;

/// Of a decision of a session at a cut.
pub(in crate::pages) fn of_decision(
    decision: &Decision,
    session: &SessionState,
    held: Held<'_>,
) -> Verdict {
    let rested = || decision.relied_on.iter().filter_map(|r| session.factors.get(r.factor));
    let mut times = Times::default();
    let sentence = html! {
        (words::who(session)) " was "
        @if decision.recorded.outcome == Outcome::Allow {
            "let into " (words::apps(&[decision])) " " (words::when(&[decision], &mut times)) ", "
            (words::whose_word(rested())) ", " (words::rules(&[decision])) "."
        } @else { (words::refusal(decision, session, &mut times)) }
        " Session " (inert(session.id.as_str())) "." (words::until(session, &mut times))
    };
    let certainty = decision.relied_on.iter().map(|relied| relied.certainty).max();
    let missing = decision.at_k.missing.as_slice();
    // What is missing for the implied outcome takes nothing from what was recorded.
    let open = decision.at_k.implied == Implied::Undetermined;
    let of_recorded = if open { &[] } else { missing };
    Verdict {
        kind: Kind::of(decision.recorded.outcome),
        sentence,
        odd: odd::of_decision(decision, session, held.answered, &mut times),
        sure: html! {
            (words::certainty(certainty.unwrap_or(Certainty::Certain), of_recorded))
            @if open { ", as recorded; what the rules say is undetermined"
                @if !missing.is_empty() { ", missing " (words::named(missing)) } }
            "."
            (words::grade(rested().collect::<Vec<&HonoredFactor>>().into_iter()))
        },
    }
}
