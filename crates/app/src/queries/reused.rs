//! Reused: assertions that came twice, and IdP sessions behind several sessions.

use super::{View, candidates::Candidates};
use crate::{
    app::{App, Disclosure},
    model::{
        answer::Answer,
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
    /// What was used more than once by T, as known at K.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn reused(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<Vec<Reuse>>, AskError> {
        self.disclose(caller, Disclosure::Sessions)?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let pinned = self.0.pin(&tenant, caller, asking).await?;
        let view = View::new(&self.0, &tenant, pinned.cut);
        let mut candidates = Candidates::new(&view);
        let mut sessions: Vec<Arc<SessionSeen>> = Vec::new();
        for (kind, carried) in [
            (TermKind::Assertion, Carried::ByTwoRecords),
            (TermKind::IdpSession, Carried::ByTwoSessions),
        ] {
            for value in candidates.values(kind, carried).await? {
                for id in candidates.named_by(&term(kind, value)).await? {
                    let seen = candidates.seen(&id).await?;
                    // Two ids of one session show the same.
                    if !sessions.iter().any(|known| Arc::ptr_eq(known, &seen)) {
                        sessions.push(seen);
                    }
                }
            }
        }
        let reuses = reused(sessions.iter().map(Arc::as_ref));
        self.0.answer(&tenant, &pinned, reuses).await
    }
}
