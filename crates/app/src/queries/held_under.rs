//! Access that continued under a version of a policy that had been replaced.

use super::candidates::Candidates;
use crate::{
    app::App,
    model::{
        answer::{Answer, HeldAnswer},
        query::Query,
        question::{AskError, Asking, Caller},
        terms::term,
    },
    projection::session_rows::Summary,
    read::prefetch::MAX_SESSIONS,
};
use claimledger_domain::held_under::{Held, held_under, replaced};
use claimledger_facts::{
    ids::{PolicyId, SessionId, VersionLabel},
    time::Time,
};
use claimledger_ledger::views::TermKind;
use std::collections::BTreeSet;

impl App {
    /// Access that continued under replaced versions of a policy with this label, and whether the
    /// next version would have allowed it.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn held_under(
        &self,
        caller: &Caller,
        policy: &PolicyId,
        version: &VersionLabel,
        asking: &Asking,
    ) -> Result<Answer<HeldAnswer>, AskError> {
        let view = self.ask(caller, Query::HeldUnder, asking).await?;
        let replaced = replaced(view.history.at(view.cut.known_at), policy, version, view.cut.at);
        let mut items: Vec<Held> = Vec::new();
        let first: Option<Time> = replaced.iter().map(|replaced| replaced.at.from).min();
        let last: Option<Time> = replaced.iter().map(|replaced| replaced.at.latest()).max();
        if let (Some(first), Some(last)) = (first, last) {
            let mut candidates = Candidates::new(&view);
            let mut done: BTreeSet<SessionId> = BTreeSet::new();
            // Only sessions that had begun and not ended by then. The absence of further facts does
            // not end a session.
            let over = |row: &Summary| {
                matches!(row, Summary::State { ended_at: Some(ended),
                .. } if *ended <= first)
            };
            let mut ids = BTreeSet::new();
            for name in view.history.at(view.cut.known_at).policies().names(policy) {
                let term = term(TermKind::Policy, name.as_str());
                ids.extend(candidates.ids_with(&term, last, over).await?);
            }
            let ids: Vec<SessionId> = ids.into_iter().collect();
            for (at, id) in ids.iter().enumerate() {
                if at % MAX_SESSIONS == 0 {
                    candidates.fetch(ids[at..].iter().take(MAX_SESSIONS)).await?;
                }
                if done.contains(id) {
                    continue;
                }
                let Some(gathered) = candidates.gathered(id).await? else { continue };
                done.extend(gathered.ids.iter().cloned());
                items.extend(held_under(&gathered.facts, &view.history, view.cut, policy, version));
            }
        }
        items.sort_by(|a, b| {
            (a.allow.occurred.from, &a.session, &a.app).cmp(&(
                b.allow.occurred.from,
                &b.session,
                &b.app,
            ))
        });
        let barrier = view.policy_version(policy, version).await?;
        view.answer_with(HeldAnswer { replaced, items }, barrier).await
    }
}
