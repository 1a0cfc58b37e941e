//! Sessions that continued after their IdP session had ended.

use super::{View, candidates::Candidates};
use crate::{
    app::App,
    model::{
        answer::{Answer, OutlivedHit},
        query::Query,
        question::{AskError, Asking, Caller},
        terms::{IDP_SESSION_ENDED, pair, term},
    },
    projection::session_rows::Summary,
    read::prefetch::MAX_SESSIONS,
};
use claimledger_domain::{assess::assess, outlived::outlived};
use claimledger_facts::{fact::FactData, ids::SessionId, time::Time};
use claimledger_ledger::{
    session_flags::{SessionFlag, SessionFlags},
    views::TermKind,
};
use std::collections::{BTreeMap, BTreeSet};

impl App {
    /// Sessions that certainly or possibly outlived their IdP session (`semantics.md` 24), in the
    /// order in which that ended.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn outlived(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<Vec<OutlivedHit>>, AskError> {
        let view = self.ask(caller, Query::Outlived, asking).await?;
        let mut candidates = Candidates::new(&view);
        let flags = SessionFlags::of([(SessionFlag::Outlived, true)]);
        let ids = match candidates.ids_flagged(flags).await? {
            Some(ids) => ids,
            // As at a K long past: sessions are found by the ends of IdP sessions that were known.
            None => by_ends(&view, &candidates).await?,
        };
        let mut hits: Vec<OutlivedHit> = Vec::new();
        let mut done: BTreeSet<SessionId> = BTreeSet::new();
        for (at, id) in ids.iter().enumerate() {
            if at % MAX_SESSIONS == 0 {
                candidates.fetch(ids[at..].iter().take(MAX_SESSIONS)).await?;
            }
            if done.contains(id) {
                continue;
            }
            let Some(gathered) = candidates.gathered(id).await? else { continue };
            done.extend(gathered.ids.iter().cloned());
            let Some(session) = assess(&gathered.facts, &view.history, view.cut) else {
                continue;
            };
            if let Some(outlived) = outlived(&session) {
                hits.push(OutlivedHit { session, outlived });
            }
        }
        hits.sort_by(|a, b| {
            let place = |hit: &OutlivedHit| {
                (hit.outlived.idp_session_end.occurred.from, hit.session.id.clone())
            };
            place(a).cmp(&place(b))
        });
        view.answer(hits).await
    }
}

/// Ids of the sessions on IdP sessions that ended by T.
async fn by_ends(view: &View<'_>, candidates: &Candidates<'_>) -> Result<Vec<SessionId>, AskError> {
    let mut ids = Vec::new();
    for (idp_session, ended) in ends(view, candidates).await? {
        for id in candidates.named_by(&term(TermKind::IdpSession, idp_session)).await? {
            if !ended_before(view, &id, ended).await? {
                ids.push(id);
            }
        }
    }
    Ok(ids)
}

/// IdP sessions that ended by T, as term values, each with its earliest end.
async fn ends(
    view: &View<'_>,
    candidates: &Candidates<'_>,
) -> Result<BTreeMap<String, Time>, AskError> {
    let mut ends: BTreeMap<String, Time> = BTreeMap::new();
    for record in candidates.records(&term(TermKind::IdpSession, IDP_SESSION_ENDED)).await? {
        for fact in record.statement.facts.iter().filter(|fact| fact.occurred.from <= view.cut.at) {
            if let FactData::IdpSessionEnded(data) = &fact.data {
                let value =
                    pair(TermKind::IdpSession, data.idp.as_str(), data.idp_session.as_str()).value;
                let end = ends.entry(value).or_insert(fact.occurred.from);
                *end = (*end).min(fact.occurred.from);
            }
        }
    }
    Ok(ends)
}

/// Whether, according to its row, a session ended by a time and had no later sign of life: then it
/// did not outlive an IdP session that ended later.
async fn ended_before(view: &View<'_>, id: &SessionId, time: Time) -> Result<bool, AskError> {
    let Some(row) = view.inner.views.session_row(&view.tenant.id, id).await? else {
        return Ok(false);
    };
    let holds_at_k = row.assessed_to.0 <= view.cut.known_at.0 + 1;
    let over = match serde_json::from_slice::<Summary>(&row.state) {
        Ok(Summary::State { ended_at, .. }) => ended_at.is_some_and(|ended| ended <= time),
        Ok(Summary::Alias { .. } | Summary::NotUnderstood { .. }) | Err(_) => false,
    };
    Ok(holds_at_k && over && row.last_occurred <= time)
}
