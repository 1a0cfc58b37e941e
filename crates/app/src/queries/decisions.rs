//! Lists of decisions.

use super::{
    candidates::Candidates,
    narrowed::Narrowed,
    session_scan::SessionScan,
    sessions::{at_most_a_page, with_one_of},
};
use crate::{
    app::App,
    model::{
        answer::{Answer, DecisionHit, DecisionOf, Page},
        cursor::Question,
        query::Query,
        question::{AskError, Asking, Caller, DecisionFilter},
        terms::{claim_key_term, term},
    },
    projection::session_rows::{self, Summary},
    read::prefetch::MAX_SESSIONS,
};
use claimledger_domain::{
    assess,
    decision_list::belongs,
    model::{Certainty, Decision, Explained, Reason, SessionState},
};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};
use claimledger_ledger::{
    session_flags::{SessionFlag, SessionFlags},
    views::{SortKey, Term, TermKind},
};

use std::collections::BTreeSet;

/// The name of this list in its cursors.
const LIST: &str = "decisions";

impl App {
    /// Decisions up to T: sessions in list order, and the decisions of each in the total order.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn decisions(
        &self,
        caller: &Caller,
        filter: &DecisionFilter,
        asking: &Asking,
        first: u32,
        after: Option<&str>,
    ) -> Result<Answer<Page<DecisionHit>>, AskError> {
        at_most_a_page(first)?;
        let question = Question::of(LIST, filter);
        let (view, cursor) =
            self.ask_page(caller, Query::Decisions, asking, question, after).await?;

        let history = view.history.at(view.cut.known_at);
        let certainty = |state: &SessionState, decision: &Decision| {
            belongs(state, decision, filter, history, view.cut.at)
        };
        let mut page = Page { items: Vec::new(), cursors: Vec::new(), has_next: false };
        // Adds the decisions of a session after the cursor; false if the page is full and there are
        // more.
        let mut add = |key: &SortKey, explained: Explained| {
            let shown = cursor
                .as_ref()
                .filter(|cursor| cursor.session == *key)
                .and_then(|cursor| cursor.decision);
            for (decision, because) in behind(&explained, shown) {
                let Some(certainty) = certainty(&explained.state, decision) else { continue };
                if page.items.len() == first as usize {
                    page.has_next = true;
                    return false;
                }
                let position = Some(decision.recorded.record.position);
                page.cursors.push(view.cursor_after(question, key.clone(), position));
                page.items.push(hit(&explained.state, decision, because, certainty));
            }
            true
        };
        let mut found = true;
        if let Some(session) = &filter.session {
            let assessed = view.session(session, None).await?;
            found = assessed.is_some();
            if let Some(assessed) = &assessed {
                view.is_about_session(&assessed.state.id);
                let subject = assessed.state.origin.subject.as_slice();
                view.is_about_people(subject).await?;
            }
            if let Some(assessed) = assessed
                && let Some(key) =
                    session_rows::key_of(&assessed.state.id, &assessed.gathered.records)
                && let Some(explained) = view.explain(&assessed.gathered)
            {
                add(&key, explained);
            }
        } else {
            let mut scan = SessionScan::new(
                &view,
                terms(filter),
                Narrowed { active_at: None, flags: flags(filter), last_from: filter.from },
                cursor.as_ref().map(|cursor| cursor.session.clone()),
                true,
            )
            .await?;
            let at = view.cut.at;
            while let Some((key, assessed)) =
                scan.next(|row, last| cannot_match(row, last, filter, at)).await?
            {
                if !assessed
                    .state
                    .decisions
                    .iter()
                    .any(|decision| certainty(&assessed.state, decision).is_some())
                {
                    continue;
                }
                let Some(explained) = view.explain(&assessed.gathered) else { continue };
                if !add(&key, explained) {
                    break;
                }
            }
        }
        let barrier = view.barrier_of_decisions(filter, found).await?;
        view.answer_with(page, barrier).await
    }

    /// Every decision of some sessions that belongs to the list, without reasons and without
    /// pages: sessions as given, and the decisions of each in the total order. Several ids of one
    /// session are one.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn decisions_of(
        &self,
        caller: &Caller,
        sessions: &[SessionId],
        filter: &DecisionFilter,
        asking: &Asking,
    ) -> Result<Answer<Vec<DecisionOf>>, AskError> {
        let view = self.ask(caller, Query::Decisions, asking).await?;
        let history = view.history.at(view.cut.known_at);
        let mut candidates = Candidates::new(&view);
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for (at, id) in sessions.iter().enumerate() {
            if at % MAX_SESSIONS == 0 {
                candidates.fetch(sessions[at..].iter().take(MAX_SESSIONS)).await?;
            }
            let Some(gathered) = candidates.gathered(id).await? else { continue };
            let Some(state) = assess(&gathered.facts, &view.history, view.cut) else { continue };
            for decision in &state.decisions {
                if let Some(certainty) = belongs(&state, decision, filter, history, view.cut.at)
                    && seen.insert(decision.recorded.record.position)
                {
                    found.push(DecisionOf { decision: decision.clone(), certainty });
                }
            }
        }
        view.answer(found).await
    }
}

/// A decision with what a list shows of its session.
fn hit(
    state: &SessionState,
    decision: &Decision,
    because: &Reason,
    certainty: Certainty,
) -> DecisionHit {
    DecisionHit {
        decision: decision.clone(),
        because: because.clone(),
        subject: state.origin.subject.clone(),
        factors: (decision.relied_on.iter())
            .filter_map(|relied| state.factors.get(relied.factor).cloned())
            .collect(),
        certainty,
    }
}

/// The decisions after a given one, or all.
fn behind(
    explained: &Explained,
    shown: Option<LogPosition>,
) -> impl Iterator<Item = (&Decision, &Reason)> {
    let index = shown.and_then(|shown| {
        explained.decisions().position(|(decision, _)| decision.recorded.record.position == shown)
    });
    explained.decisions().skip(index.map_or(0, |index| index + 1))
}

/// Term sets that find candidates: a session has all terms of one set.
fn terms(filter: &DecisionFilter) -> Vec<Vec<Term>> {
    let mut terms = Vec::new();
    terms.extend(filter.app.as_ref().map(|app| term(TermKind::App, app.as_str())));
    terms.extend(filter.idp.as_ref().map(|idp| term(TermKind::Idp, idp.as_str())));
    // A claim that names no key may have been signed by any key (`semantics.md` 42).
    match &filter.key {
        Some(key) => with_one_of(
            &[terms],
            &[Some(key), None].map(|key| claim_key_term(filter.idp.as_ref(), key)),
        ),
        None => vec![terms],
    }
}

/// The flags of every session with a decision that matches.
fn flags(filter: &DecisionFilter) -> SessionFlags {
    SessionFlags::of([
        (SessionFlag::Differs, filter.differs == Some(true)),
        (SessionFlag::FalsifiedLater, filter.falsified_later == Some(true)),
    ])
}

/// Whether a row, true at the end of time, says that no decision of its session matches at T. A
/// later fact may have settled what was odd at T.
fn cannot_match(row: &Summary, last: Time, filter: &DecisionFilter, at: Time) -> bool {
    let Summary::State { decisions, differs, falsified, .. } = row else { return true };
    *decisions == 0
        || (last <= at
            && ((filter.differs == Some(true) && *differs == 0)
                || (filter.falsified_later == Some(true) && *falsified == 0)))
}
