//! What was known of a session at two positions, and what changed.

use super::barrier;
use crate::{
    app::App,
    model::{
        answer::{Answer, Beliefs},
        query::Query,
        question::{AskError, Asking, Caller},
    },
};
use claimledger_domain::belief::{self, MAX_TRIED, belief_diff};
use claimledger_facts::{ids::SessionId, time::Time};

impl App {
    /// A session at one T as known at `from` and at `to`, the differences, and the records that
    /// caused them. T is `at`, or that of `from` or `to`, or now; the cut of the answer is that of
    /// `to`. The answer includes the completeness of the sources (`semantics.md` 28).
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn belief_diff(
        &self,
        caller: &Caller,
        session: &SessionId,
        at: Option<Time>,
        from: &Asking,
        to: &Asking,
    ) -> Result<Answer<Beliefs>, AskError> {
        let at = match (at, from.at, to.at) {
            (None, Some(from), Some(to)) if from != to => {
                return Err(AskError::BadInput {
                    what: "both states have the same T: give it once, as `at`".to_owned(),
                });
            }
            (at, from, to) => at.or(from).or(to),
        };
        let view = self.ask(caller, Query::BeliefDiff, &Asking { at, ..*to }).await?;
        let after = view.cut;
        let before =
            self.0.pin(&view.tenant, caller, &Asking { at: Some(after.at), ..*from }).await?;
        if before.cut.known_at > after.known_at {
            let what = format!(
                "`from` is known at {}, after `to` at {}: swap them",
                before.cut.known_at, after.known_at
            );
            return Err(AskError::BadInput { what });
        }
        let mut gathered = view.gathered(session, after.known_at, None).await?.unwrap_or_default();
        if view.traits.links() {
            // A link may have had another meaning then (`semantics.md` 25). Facts known at both
            // positions are counted once.
            let then = view.gathered(session, before.cut.known_at, None).await?.unwrap_or_default();
            gathered.facts.extend(then.facts);
        }
        let asked = belief::Beliefs {
            session,
            facts: &gathered.facts,
            history: &view.history,
            at: after.at,
            before: before.cut.known_at,
            after: after.known_at,
        };
        let diff = belief_diff(asked).map_err(|many| AskError::TooMany {
            what: "records could have changed it",
            found: many.records as u64,
            limit: MAX_TRIED as u64,
        })?;
        let from = before.answered(&view.tenant);
        let barrier = barrier::of_session(diff.before.is_some() || diff.after.is_some(), session);
        view.answer_with(Beliefs { from, diff }, barrier).await
    }
}
