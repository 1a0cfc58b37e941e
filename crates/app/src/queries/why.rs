//! Explanations: the traces of the assessment.

use super::barrier::not_known;
use crate::{
    app::App,
    model::{
        answer::{Answer, Why},
        query::Query,
        question::{AskError, Asking, Caller, WhyFilter},
    },
};
use claimledger_domain::{
    completeness::Barrier,
    model::{Decision, Explained, Reason, RecordRef, SessionState},
};
use claimledger_facts::ids::SessionId;

impl App {
    /// Explains a session: one tree per decision, or per factor if one is requested. Without a
    /// filter, a session without decisions is explained itself.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn why(
        &self,
        caller: &Caller,
        session: &SessionId,
        filter: &WhyFilter,
        asking: &Asking,
    ) -> Result<Answer<Why>, AskError> {
        let view = self.ask(caller, Query::Why, asking).await?;
        let (why, barrier) = match view.explained(session).await? {
            Some(explained) => {
                let id = explained.state.id.clone();
                let mut barrier = unknown_in(&explained.state, filter);
                if let (None, Some(app)) = (&barrier, &filter.app) {
                    barrier = view.app(app).await?;
                }
                (Why { session: Some(id), because: explain(&explained, filter) }, barrier)
            }
            None => {
                (Why { session: None, because: Vec::new() }, Some(not_known("session", session)))
            }
        };
        view.answer_with(why, barrier).await
    }
}

/// The barrier of a filter that names what the session does not have.
fn unknown_in(state: &SessionState, filter: &WhyFilter) -> Option<Barrier> {
    let of = |name: &str| format!("{name} of session {}", state.id);
    let decided = |name: &String| {
        state.decisions.iter().any(|decision| names(&decision.recorded.record, name))
    };
    let carried = |name: &String| {
        state.factors.iter().any(|factor| factor.goes_by(name))
            || state.ignored.iter().any(|claim| claim.goes_by(name))
    };
    let decision = filter
        .decision
        .as_ref()
        .filter(|name| !decided(name))
        .map(|name| not_known("decision", &of(name)));
    decision.or_else(|| {
        filter
            .factor
            .as_ref()
            .filter(|name| !carried(name))
            .map(|name| not_known("factor", &of(name)))
    })
}

fn explain(explained: &Explained, filter: &WhyFilter) -> Vec<Reason> {
    let chosen = |decision: &Decision| {
        filter.app.as_ref().is_none_or(|app| decision.recorded.app == *app)
            && filter.decision.as_ref().is_none_or(|name| names(&decision.recorded.record, name))
    };
    if let Some(factor) = &filter.factor {
        return of_factor(explained, factor, filter, chosen);
    }
    if explained.state.decisions.is_empty() && *filter == WhyFilter::default() {
        return vec![explained.reasons.session.clone()];
    }
    let decisions = explained.decisions().filter(|(decision, _)| chosen(decision));
    decisions.map(|(_, because)| because.clone()).collect()
}

/// Why a factor counted, or a claimed value did not. With a decision or an application: only if one
/// of those decisions relied on it.
fn of_factor(
    explained: &Explained,
    name: &str,
    filter: &WhyFilter,
    chosen: impl Fn(&Decision) -> bool,
) -> Vec<Reason> {
    let of_decision = filter.app.is_some() || filter.decision.is_some();
    let rested: Vec<usize> = explained
        .state
        .decisions
        .iter()
        .filter(|decision| chosen(decision))
        .flat_map(|decision| decision.relied_on.iter().map(|relied| relied.factor))
        .collect();
    let counted = explained.factors().enumerate().filter(|(index, (factor, _))| {
        factor.goes_by(name) && (!of_decision || rested.contains(index))
    });
    let ignored = explained.ignored().filter(|(claim, _)| claim.goes_by(name));
    let reasons = counted.map(|(_, (_, because))| because).chain(ignored.map(|(_, why)| why));
    reasons.cloned().collect()
}

/// Whether a text identifies a record: its id, the source id, or its position, with or without `#`.
pub(super) fn names(record: &RecordRef, name: &str) -> bool {
    let at_position = name.strip_prefix('#').unwrap_or(name).parse() == Ok(record.position.0);
    at_position || record.source_id.as_str() == name || record.id.to_string() == name
}
