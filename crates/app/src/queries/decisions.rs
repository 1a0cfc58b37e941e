//! Lists of decisions.

use super::{
    claims::is_key_of,
    session_scan::SessionScan,
    sessions::{at_most_a_page, with_one_of},
};
use crate::{
    app::App,
    model::{
        answer::{Answer, DecisionHit, Page},
        cursor::{Cursor, Question},
        query::Query,
        question::{AskError, Asking, Caller, DecisionFilter},
        terms::{claim_key_term, term},
    },
    projection::session_rows::{self, Summary},
};
use claimledger_domain::{
    RULES,
    history::HistoryCut,
    model::{Certainty, Decision, Explained, HonoredFactor, Reason, Relied, SessionState},
};
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::{
    generations::VIEWS_VERSION,
    views::{SortKey, Term, TermKind},
};

/// The name of this list in its cursors.
const LIST: &str = "decisions";

impl App {
    /// Decisions by T: session by session in the order of their sessions, each session's in the
    /// total order.
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
        let belongs =
            |state: &SessionState, decision: &Decision| matches(state, decision, filter, history);
        let mut page = Page { items: Vec::new(), cursors: Vec::new(), has_next: false };
        // Adds a session's decisions that come after the cursor; false when the page is full and
        // there are more.
        let mut add = |key: &SortKey, explained: Explained| {
            let shown = cursor
                .as_ref()
                .filter(|cursor| cursor.session == *key)
                .and_then(|cursor| cursor.decision);
            for (decision, because) in behind(&explained, shown) {
                let Some(certainty) = belongs(&explained.state, decision) else { continue };
                if page.items.len() == first as usize {
                    page.has_next = true;
                    return false;
                }
                page.cursors.push(view.tenant.identity.cursor_key.seal(&Cursor {
                    question,
                    at: view.cut.at,
                    known_at: view.cut.known_at,
                    known_at_time: view.pinned.known_at_time,
                    rules: RULES.to_owned(),
                    views: VIEWS_VERSION.to_owned(),
                    session: key.clone(),
                    decision: Some(decision.record.position),
                }));
                page.items.push(DecisionHit {
                    decision: decision.clone(),
                    because: because.clone(),
                    certainty,
                });
            }
            true
        };
        let mut found = true;
        if let Some(session) = &filter.session {
            let assessed = view.session(session, None).await?;
            found = assessed.is_some();
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
                None,
                cursor.as_ref().map(|cursor| cursor.session.clone()),
                true,
            )
            .await?;
            while let Some((key, assessed)) = scan.next(|row| cannot_match(row, filter)).await? {
                if !assessed
                    .state
                    .decisions
                    .iter()
                    .any(|decision| belongs(&assessed.state, decision).is_some())
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
}

/// The decisions after one of them, or all.
fn behind(
    explained: &Explained,
    shown: Option<LogPosition>,
) -> impl Iterator<Item = (&Decision, &Reason)> {
    let index = shown.and_then(|shown| {
        explained.decisions().position(|(decision, _)| decision.record.position == shown)
    });
    explained.decisions().skip(index.map_or(0, |index| index + 1))
}

/// What narrows the candidates: a session carries all terms of one of the sets.
fn terms(filter: &DecisionFilter) -> Vec<Vec<Term>> {
    let mut terms = Vec::new();
    terms.extend(filter.app.as_ref().map(|app| term(TermKind::App, app.as_str())));
    terms.extend(filter.idp.as_ref().map(|idp| term(TermKind::Idp, idp.as_str())));
    // A claim that names no key may have been signed by any (`semantics.md` 42).
    match &filter.key {
        Some(key) => with_one_of(
            &[terms],
            &[Some(key), None].map(|key| claim_key_term(filter.idp.as_ref(), key)),
        ),
        None => vec![terms],
    }
}

fn cannot_match(row: &Summary, filter: &DecisionFilter) -> bool {
    let Summary::State { decisions, differs, falsified, last, .. } = row else { return true };
    *decisions == 0
        || (filter.differs == Some(true) && *differs == 0)
        || (filter.falsified_later == Some(true) && *falsified == 0)
        || filter.from.is_some_and(|from| *last < from.micros())
}

/// How surely a decision belongs to the set; none: it does not.
fn matches(
    state: &SessionState,
    decision: &Decision,
    filter: &DecisionFilter,
    history: HistoryCut<'_>,
) -> Option<Certainty> {
    let holds = filter.app.as_ref().is_none_or(|app| decision.app == *app)
        && filter.outcome.is_none_or(|outcome| decision.outcome == outcome)
        && filter.from.is_none_or(|from| decision.at.from >= from)
        && filter.to.is_none_or(|to| decision.at.from < to)
        && filter.differs.is_none_or(|differs| decision.differs.is_some() == differs)
        && filter
            .falsified_later
            .is_none_or(|falsified| decision.falsified_later.is_some() == falsified);
    if !holds {
        return None;
    }
    if filter.idp.is_none() && filter.key.is_none() {
        return Some(Certainty::Certain);
    }
    // One factor must meet both.
    let rested = decision
        .relied_on
        .iter()
        .filter_map(|relied| rests_on(relied, state.factors.get(relied.factor)?, filter, history));
    rested.min()
}

/// How surely a decision rested on a claim of the IdP and the key that are asked for, by one of its
/// factors.
fn rests_on(
    relied: &Relied,
    factor: &HonoredFactor,
    filter: &DecisionFilter,
    history: HistoryCut<'_>,
) -> Option<Certainty> {
    let idp = factor.idp.as_ref()?;
    if filter.idp.as_ref().is_some_and(|asked| asked != idp) {
        return None;
    }
    let signed = match &filter.key {
        None => Certainty::Certain,
        Some(key) => is_key_of(idp, factor.key.as_ref(), key, history)?,
    };
    Some(signed.max(relied.certainty))
}
