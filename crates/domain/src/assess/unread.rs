//! What a session's facts say was presented, without saying which factor it was.
//!
//! Source: `semantics.md` 13. It could have been any factor: what is met without it stays met, and
//! what is not is undetermined where it could fill the gap.

use super::accepted_content;
use crate::{codes, order::Seen};
use claimledger_facts::fact::FactData;

pub(crate) const ID: &str = "unread";

/// One such statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unread<'a> {
    pub(crate) seen: Seen<'a>,
    /// What would tell.
    pub(crate) missing: &'static str,
}

/// All of a session, of its facts by T.
pub(crate) fn unread<'a>(facts: &[Seen<'a>]) -> Vec<Unread<'a>> {
    let of_no_claim = accepted_content::of_no_claim(facts)
        .map(|seen| Unread { seen, missing: codes::MISSING_CLAIM_CONTENT });
    let not_understood = facts
        .iter()
        .filter(|seen| matches!(seen.known.fact.data, FactData::AuthenticationUnread(_)))
        .map(|seen| Unread { seen: *seen, missing: codes::MISSING_AUTHENTICATION });
    of_no_claim.chain(not_understood).collect()
}
