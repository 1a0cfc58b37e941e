//! What was believed of a session, and what changed.

use super::{View, barrier};
use crate::{
    app::{App, Disclosure},
    model::{
        answer::{Answer, Beliefs},
        question::{AskError, Asking, Caller},
    },
    read::load_session,
};
use claimledger_domain::belief::{self, MAX_TRIED, belief_diff};
use claimledger_facts::{ids::SessionId, time::Time};

impl App {
    /// A session at one T as known at `from` and at `to`, what reads differently, and the records
    /// that made it so. T is `at`, else what `from` or `to` says, else now; the answer's cut is
    /// that of `to`. Sources' completeness stands beside, as at any answer (`semantics.md` 28).
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
        self.disclose(caller, Disclosure::Sessions)?;
        let at = match (at, from.at, to.at) {
            (None, Some(from), Some(to)) if from != to => {
                return Err(AskError::BadInput {
                    what: "both states are true at one time: give it once, as `at`".to_owned(),
                });
            }
            (at, from, to) => at.or(from).or(to),
        };
        let tenant = self.0.tenant(&caller.tenant).await?;
        let after = self.0.pin(&tenant, caller, &Asking { at, ..*to }).await?;
        let before =
            self.0.pin(&tenant, caller, &Asking { at: Some(after.cut.at), ..*from }).await?;
        if before.cut.known_at > after.cut.known_at {
            let what = format!(
                "`from` is known at {}, after `to` at {}: turn them round",
                before.cut.known_at, after.cut.known_at
            );
            return Err(AskError::BadInput { what });
        }
        let view = View::new(&self.0, &tenant, after.cut);
        let reader = tenant.reader(&*self.0.log, &*self.0.views);
        let mut gathered = load_session::session(&reader, view.traits, session, after.cut.known_at)
            .await?
            .unwrap_or_default();
        if view.traits.links() {
            // A link may have meant something else then (`semantics.md` 25). What is known of both
            // is not counted twice.
            let known_at = before.cut.known_at;
            let then = load_session::session(
                &reader,
                tenant.first_of_kind.at(known_at),
                session,
                known_at,
            )
            .await?
            .unwrap_or_default();
            gathered.facts.extend(then.facts);
        }
        let asked = belief::Beliefs {
            session,
            facts: &gathered.facts,
            history: &view.history,
            at: after.cut.at,
            before: before.cut.known_at,
            after: after.cut.known_at,
        };
        let diff = belief_diff(asked).map_err(|many| AskError::TooMany {
            what: "records could have changed it",
            found: many.records as u64,
            limit: MAX_TRIED as u64,
        })?;
        let from = before.answered(&tenant);
        let barrier = barrier::of_session(diff.before.is_some() || diff.after.is_some(), session);
        self.0.answer_with(&tenant, &after, Beliefs { from, diff }, barrier).await
    }
}
