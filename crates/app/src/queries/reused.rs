//! Assertions that were received twice, and IdP sessions with several sessions.

use super::candidates::Candidates;
use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
        terms::term,
    },
};
use claimledger_domain::{
    claims_seen::SessionSeen,
    reused::{Reuse, reused},
};
use claimledger_ledger::views::{Carried, TermKind};
use std::sync::Arc;

impl App {
    /// Assertions and IdP sessions used more than once by T, as known at K.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn reused(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<Vec<Reuse>>, AskError> {
        let view = self.ask(caller, Query::Reused, asking).await?;
        let mut candidates = Candidates::new(&view);
        let mut sessions: Vec<Arc<SessionSeen>> = Vec::new();
        for (kind, carried) in [
            (TermKind::Assertion, Carried::ByTwoRecords),
            (TermKind::IdpSession, Carried::ByTwoSessions),
        ] {
            for value in candidates.values(kind, carried).await? {
                for id in candidates.named_by(&term(kind, value)).await? {
                    let seen = candidates.seen(&id).await?;
                    // Several ids of one session have the same claims.
                    if !sessions.iter().any(|known| Arc::ptr_eq(known, &seen)) {
                        sessions.push(seen);
                    }
                }
            }
        }
        let reuses = reused(sessions.iter().map(Arc::as_ref));
        view.answer(reuses).await
    }
}
