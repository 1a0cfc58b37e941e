//! Falsifiers that are known and are not the reason for a decision.

use super::{
    NOT_THE_REASON,
    decision::DecisionExplainer,
    word::{hits, lost},
};
use crate::{
    assess::{Trace, authenticator_lost},
    history::{KeyChange, Stated},
    model::Reason,
    words,
};
use claimledger_facts::types::trust::TrustRetracted;

impl<'a> DecisionExplainer<'a, '_> {
    pub(crate) fn not_the_reason(&self) -> Vec<Reason> {
        let mut reasons = self.of_other_keys();
        reasons.extend(self.received_before());
        reasons.extend(self.lost_later());
        reasons
    }

    /// Retractions of keys that signed none of the assertions.
    fn of_other_keys(&self) -> Vec<Reason> {
        let signed: Vec<String> = ordered_keys(self.trace);
        let reasons = self.known.falsifiers.other_keys.iter().map(|r| {
            let key = r.data.key.as_ref().map(ToString::to_string).unwrap_or_default();
            let says = match signed.as_slice() {
                [one] => format!(
                    "the retraction of {key} ({}). This assertion was signed with {one}.",
                    r.record.position
                ),
                some => format!(
                    "the retraction of {key} ({}). These assertions were signed with {}.",
                    r.record.position,
                    words::list(some)
                ),
            };
            Reason::new(says).asked(NOT_THE_REASON).on([&r.record])
        });
        reasons.collect()
    }

    /// Retractions from a time after the assertions were received.
    fn received_before(&self) -> Vec<Reason> {
        let known = self.known.falsifiers.retractions.iter();
        let known = known.filter(|r| !self.known.claims.iter().any(|claim| hits(r, claim)));
        let reasons = known.map(|r| {
            let from = words::clock(r.data.from, self.today);
            let what = r
                .data
                .key
                .as_ref()
                .map_or_else(|| format!("trust in {}", r.data.idp), ToString::to_string);
            let retired = self.retired_later(r);
            let says = match retired {
                Some(c) => format!(
                    "{what} was retired {} ({}) and retracted from {from} ({}); both after this \
                     assertion was received.",
                    words::at(c.occurred, self.today),
                    c.record.position,
                    r.record.position
                ),
                None => format!(
                    "{what} was retracted from {from} ({}), after this assertion was received.",
                    r.record.position
                ),
            };
            Reason::new(says)
                .asked(NOT_THE_REASON)
                .on(retired.map(|c| &c.record))
                .on([&r.record])
                .reading(10)
        });
        reasons.collect()
    }

    /// When the key of a retraction was retired, if that was after every claim and by T.
    fn retired_later(&self, retraction: &Stated<TrustRetracted>) -> Option<&'a Stated<KeyChange>> {
        let key = retraction.data.key.as_ref()?;
        self.trace.history.trust().key_changes(&retraction.data.idp).find(|c| {
            let later = self
                .trace
                .claims
                .iter()
                .all(|claim| c.occurred.from > claim.seen.occurred().latest());
            c.data.key == *key && !c.data.added && later && c.occurred.from <= self.trace.cut.at
        })
    }

    /// Losses of authenticators after the decision.
    fn lost_later(&self) -> Vec<Reason> {
        let decided = self.judged.seen.occurred().latest();
        let losses = self.known.falsifiers.losses.iter();
        let reasons = losses.filter_map(|l| {
            let when = authenticator_lost::when(l);
            if when.from <= decided {
                return None;
            }
            let from = words::moment(when, self.today);
            let says = format!(
                "the loss of {} from {from} ({}). It came after this decision.",
                lost(l),
                l.record.position
            );
            let reason = Reason::new(says).asked(NOT_THE_REASON).on([&l.record]);
            Some(reason.by_rule(authenticator_lost::ID))
        });
        reasons.collect()
    }
}

fn ordered_keys(trace: &Trace<'_>) -> Vec<String> {
    let mut keys: Vec<String> =
        trace.claims.iter().filter_map(|c| c.data.key.as_ref().map(ToString::to_string)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
