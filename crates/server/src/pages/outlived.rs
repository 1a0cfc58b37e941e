//! That a session outlived the IdP session behind it, or may have, as its page and its row say it
//! (`semantics.md` 24).

use super::times::Times;
use claimledger_domain::{
    model::{Certainty, SessionState},
    outlived::outlived,
};
use maud::{Markup, html};

/// In words, to go on a sentence about the session; none: it did not.
pub(crate) fn words(session: &SessionState, times: &mut Times) -> Option<Markup> {
    let found = outlived(session)?;
    let later = found.stated_end.as_ref().or(found.sign_of_life.as_ref());
    Some(html! {
        strong class="attention" {
            @match found.certainty {
                Certainty::Certain => "outlived its IdP session",
                Certainty::Possible => "may have outlived its IdP session",
            }
        }
        ", which ended " (times.occurred(found.idp_session_end.occurred)) ": "
        @match later {
            Some(record) => { (record.kind.replace(['.', '_'],
                " ")) " " (times.occurred(record.occurred)) },
            None => "no end of the session is stated",
        }
    })
}
