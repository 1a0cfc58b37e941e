//! The sign-ins of a session that did not succeed.

use super::{text::inert, times::Times};
use claimledger_domain::model::SessionState;
use claimledger_facts::ids::LogPosition;
use maud::{Markup, html};

/// More refused sign-ins than this are counted, and shown on the timeline only.
const REFUSED: usize = 100;

/// The section, if there are any.
pub(super) fn refused(
    session: &SessionState,
    href: &dyn Fn(Option<LogPosition>) -> String,
) -> Markup {
    let mut times = Times::default();
    html! {
        @if !session.activity.refused.is_empty() {
            section id="refused" aria-labelledby="refused-h" {
                h2 id="refused-h" { "Refused sign-ins" }
                p { (session.activity.refused.len()) " did not succeed. None of them is a factor." }
                ul {
                    @for one in session.activity.refused.iter().take(REFUSED) {
                        li { a class="record" href=(href(Some(one.record.position))) {
                            (one.record.position) } " " (times.show(one.at)) " · "
                            (inert(&one.words)) }
                    }
                    @if session.activity.refused.len() > REFUSED { li {
                        "and " (session.activity.refused.len() - REFUSED) " more" } }
                }
            }
        }
    }
}
