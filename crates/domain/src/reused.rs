//! Whether an assertion was accepted twice, or one IdP session used for several sessions.
//!
//! Source: `semantics.md` 26: one (IdP, assertion) in two `claims.received` of different ids. One
//! IdP session behind several sessions is no reuse of an assertion and may be ordinary single
//! sign-on; it is shown because the holder of the IdP's session held all of them. Ids that links
//! join are one session (`semantics.md` 25) and no second use.

use crate::{
    claims_seen::{ClaimSeen, SessionSeen, StartSeen},
    model::{Certainty, RecordRef},
};
use claimledger_facts::{
    ids::{AssertionId, IdpId, IdpSessionId, Pseudonym, SessionId},
    time::Occurred,
};
use std::collections::{BTreeMap, BTreeSet};

/// What was used more than once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Used {
    /// An assertion.
    Assertion(IdpId, AssertionId),
    /// An IdP's session.
    IdpSession(IdpId, IdpSessionId),
}

/// Something that was used more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// What.
    pub used: Used,
    /// Each use, in the total order.
    pub uses: Vec<Use>,
    /// How sure it is. Ids are compared bytewise; possible only where fewer than two uses certainly
    /// came by T (`semantics.md` 3, 6).
    pub certainty: Certainty,
}

/// One use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The session, by the name it has at K.
    pub session: SessionId,
    /// Whose it is.
    pub subject: Option<Pseudonym>,
    /// When.
    pub occurred: Occurred,
    /// Possible at a T inside the interval of its own time.
    pub certainty: Certainty,
    /// The record that says so.
    pub record: RecordRef,
}

/// What these sessions show to be used more than once: assertions first, then IdP sessions, each in
/// the order of their first use.
#[must_use]
pub fn reused<'a>(sessions: impl IntoIterator<Item = &'a SessionSeen>) -> Vec<Reuse> {
    let mut uses: BTreeMap<Used, Vec<Use>> = BTreeMap::new();
    for session in sessions {
        for claim in &session.claims {
            if let Some(assertion) = &claim.assertion {
                uses.entry(Used::Assertion(claim.idp.clone(), assertion.clone()))
                    .or_default()
                    .push(of_claim(claim));
            }
        }
        for start in &session.starts {
            uses.entry(Used::IdpSession(start.idp.clone(), start.idp_session.clone()))
                .or_default()
                .push(of_start(start));
        }
    }
    let mut reused: Vec<Reuse> = uses
        .into_iter()
        .filter_map(|(used, mut uses)| {
            uses.sort_by(|a, b| place(a).cmp(&place(b)));
            let several = |at_most: Certainty| {
                let uses = uses.iter().filter(|one| one.certainty <= at_most);
                match &used {
                    Used::Assertion(..) => {
                        uses.map(|one| one.record.id).collect::<BTreeSet<_>>().len() > 1
                    }
                    Used::IdpSession(..) => {
                        uses.map(|one| &one.session).collect::<BTreeSet<_>>().len() > 1
                    }
                }
            };
            let certainty = [Certainty::Certain, Certainty::Possible]
                .into_iter()
                .find(|certainty| several(*certainty))?;
            Some(Reuse { used, uses, certainty })
        })
        .collect();
    let kind = |reuse: &Reuse| matches!(reuse.used, Used::IdpSession(..));
    reused.sort_by(|a, b| {
        kind(a)
            .cmp(&kind(b))
            .then_with(|| a.uses.first().map(place).cmp(&b.uses.first().map(place)))
    });
    reused
}

fn place(one: &Use) -> (claimledger_facts::time::Time, &str, &str) {
    (one.occurred.from, one.record.source.as_str(), one.record.source_id.as_str())
}

fn of_claim(claim: &ClaimSeen) -> Use {
    let (session, subject, record) =
        (claim.session.clone(), claim.subject.clone(), claim.record.clone());
    Use { session, subject, occurred: claim.occurred, certainty: claim.certainty, record }
}

fn of_start(start: &StartSeen) -> Use {
    let (session, subject, record) =
        (start.session.clone(), start.subject.clone(), start.record.clone());
    Use { session, subject, occurred: start.occurred, certainty: start.certainty, record }
}
