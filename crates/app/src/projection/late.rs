//! Sessions that late configuration may have changed: it occurred before facts of theirs.

use crate::model::terms::{claim_key_term, term};
use claimledger_domain::{history::HistoryCut, model::Known, scope::Scope};
use claimledger_facts::{
    ids::{SessionId, TenantId},
    time::Time,
};
use claimledger_ledger::{
    log::LogError,
    views::{SessionRow, SortKey, Term, TermKind, Views},
};
use serde::Deserialize;
use std::{collections::VecDeque, sync::Arc};
use tokio_util::task::AbortOnDropHandle;

/// Maximum session rows per read and per write when late configuration is applied.
pub(crate) const MAX_LATE: usize = 500;

/// Sessions that late configuration may have changed, in chunks. The next chunk is read while one
/// is assessed.
pub(crate) struct Late {
    views: Arc<dyn Views>,
    tenant: TenantId,
    scopes: VecDeque<(Scope, Time)>,
    after: Option<SortKey>,
    next: Option<AbortOnDropHandle<Result<Vec<SessionRow>, LogError>>>,
}

impl Late {
    /// For new configuration. If it occurred after every fact of every session (`latest`), it
    /// changes none of them.
    pub(crate) fn of(
        config: &[Known],
        history: HistoryCut<'_>,
        latest: Option<Time>,
        (views, tenant): (&Arc<dyn Views>, &TenantId),
    ) -> Self {
        let mut scopes: VecDeque<(Scope, Time)> = VecDeque::new();
        let add = |scopes: &mut VecDeque<(Scope, Time)>, scope: Scope, from: Time| match scopes
            .iter_mut()
            .find(|(known, _)| *known == scope)
        {
            Some((_, earliest)) => *earliest = (*earliest).min(from),
            None => scopes.push_back((scope, from)),
        };
        let mut stated = VecDeque::new();
        let of_log = |known: &Known| Scope::of_log(history, &known.record, &known.fact);
        let all =
            config.iter().flat_map(|known| Scope::of(&known.fact).into_iter().chain(of_log(known)));
        for (scope, from) in all {
            if latest.is_none_or(|latest| from <= latest) {
                add(&mut stated, scope, from);
            }
        }
        // Once a policy, not once a version of it: each has many names and versions.
        for (scope, from) in stated {
            for named in scope.of_each_name(history) {
                add(&mut scopes, named, from);
            }
        }
        Self { views: Arc::clone(views), tenant: tenant.clone(), scopes, after: None, next: None }
    }

    /// The next chunk; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<SessionId>>, LogError> {
        while let Some((scope, from)) = self.scopes.front() {
            let rows = match self.next.take() {
                Some(begun) => begun.await.map_err(|error| LogError::Unavailable {
                    reason: "a list was cancelled".to_owned(),
                    source: Some(Box::new(error)),
                })?,
                None => self.rows(scope).await,
            }?;
            let Some(last) = rows.last() else {
                self.scopes.pop_front();
                self.after = None;
                continue;
            };
            let chunk = rows
                .iter()
                .filter(|row| concerned(row, scope, *from))
                .map(|row| row.session.clone())
                .collect();
            self.after = Some(last.key());
            self.next = Some(AbortOnDropHandle::new(tokio::spawn(self.rows(scope))));
            return Ok(Some(chunk));
        }
        Ok(None)
    }

    /// The rows after those already read.
    fn rows(
        &self,
        scope: &Scope,
    ) -> impl Future<Output = Result<Vec<SessionRow>, LogError>> + use<> {
        let terms: Vec<Term> = match scope {
            Scope::Everything => Vec::new(),
            Scope::Idp(idp) | Scope::Claims(idp) => vec![term(TermKind::Idp, idp.as_str())],
            Scope::Signed(idp, key) => vec![claim_key_term(Some(idp), Some(key))],
            Scope::Keyless(idp) => vec![claim_key_term(Some(idp), None)],
            Scope::Policy(policy) => vec![term(TermKind::Policy, policy.as_str())],
            Scope::Person(person) => vec![term(TermKind::Subject, person.as_str())],
        };
        let (views, tenant, after) =
            (Arc::clone(&self.views), self.tenant.clone(), self.after.clone());
        async move { views.sessions_with(&tenant, &terms, None, after.as_ref(), MAX_LATE).await }
    }
}

/// What a row's state says of the last claim of its session.
#[derive(Deserialize)]
struct LastClaim {
    claimed: Option<i64>,
}

/// Whether the session has a fact (for retractions: a claim) at or after a time.
fn concerned(row: &SessionRow, scope: &Scope, from: Time) -> bool {
    if !scope.is_of_claims() {
        return row.last_occurred >= from;
    }
    let last = |last: LastClaim| last.claimed.map_or(row.last_occurred, Time::from_micros);
    serde_json::from_slice(&row.state).map_or(true, |row| last(row) >= from)
}
