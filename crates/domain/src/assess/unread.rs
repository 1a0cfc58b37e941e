//! What may have been presented in a session, without any fact that says which factor it was.
//!
//! Source: `semantics.md` 13. It could have been any factor: what is met without it stays met, and
//! what is not is undetermined where it could fill the gap. So it is with what a source did not
//! send ([`super::silence`]).

use super::accepted_content;
use crate::{codes, history::Gap, model::RecordRef, order::Seen};
use claimledger_facts::{fact::FactData, time::Occurred};

pub(crate) const ID: &str = "unread";

/// One such authentication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unread<'a> {
    /// The record that says so.
    pub(crate) record: &'a RecordRef,
    /// When it may have been.
    pub(crate) occurred: Occurred,
    /// What would tell.
    pub(crate) missing: &'static str,
    /// The gap in which it may have been; none: a fact says that it was.
    pub(crate) gap: Option<Gap>,
}

/// All of a session that its facts by T say.
pub(crate) fn unread<'a>(facts: &[Seen<'a>]) -> Vec<Unread<'a>> {
    let told = |seen: Seen<'a>, missing| Unread {
        record: seen.record(),
        occurred: seen.occurred(),
        missing,
        gap: None,
    };
    let of_no_claim =
        accepted_content::of_no_claim(facts).map(|seen| told(seen, codes::MISSING_CLAIM_CONTENT));
    let not_understood = facts
        .iter()
        .filter(|seen| matches!(seen.known.fact.data, FactData::AuthenticationUnread(_)))
        .map(|seen| told(*seen, codes::MISSING_AUTHENTICATION));
    of_no_claim.chain(not_understood).collect()
}
