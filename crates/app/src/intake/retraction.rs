//! Trust is retracted by a record of the ledger's own, so that no source appears that would have to
//! be heard from. What it can be retracted of is asked in `queries/retractable.rs`.

use crate::{
    app::{App, ask::View, credentials::actor},
    model::{
        query::Query,
        question::{AskError, Asking, Caller},
        retraction::{RecordedRetraction, RetractError, WantedRetraction, new_id},
    },
};
use claimledger_domain::changes::{Retraction, TrustChanges, trust_changes};
use claimledger_facts::{
    fact::FactData,
    ids::SourceEventId,
    refusal::{Refusal, RefusalCode},
    types::trust::TrustRetracted,
};

/// Keys and IdPs that a refusal names.
const MAX_NAMED: usize = 20;

impl App {
    /// Records that assertions of an IdP, or those that one of its keys signed, must not be
    /// believed from a time on. It is dated by the ledger's clock, and its actor is the caller's
    /// credential. The same id with the same content is recorded once, also where
    /// it is asked for twice at the same time.
    ///
    /// # Errors
    /// If the caller lacks the role govern; if a field is not as the contract has it, `from` is
    /// later than the ledger's clock, or nothing is known of the IdP or the key: the refusal names
    /// the field; if other content is recorded under the id; if it was retracted already and the
    /// caller was not shown that; or if the record could not be
    /// written. After `Unavailable` the outcome may be unknown: ask for the same again.
    pub async fn retract(
        &self,
        caller: &Caller,
        wanted: &WantedRetraction,
    ) -> Result<RecordedRetraction, RetractError> {
        let view = self.ask(caller, Query::Retraction, &Asking::default()).await?;
        let own = &view.tenant.identity.own;
        let now = own.now();
        let said = said(caller, wanted)?;
        let (record, said) = own.seal_as_a_source(&format!("retract/{}", wanted.id), &said, now)?;
        let FactData::TrustRetracted(data) = said else {
            return Err(Refusal::whole(RefusalCode::Malformed, "a retraction", "it is none").into());
        };
        if wanted.from > now {
            return Err(Refusal::invalid(
                "from",
                format!("a time up to {now}, which is now by the ledger's clock"),
                format!("{} is later than {now}, which is now by the ledger's clock", wanted.from),
            )
            .into());
        }
        view.must_know(wanted).await?;
        let already = view.retracted_already(wanted, &record.header.source_id).await?;
        if let Some(shown) = wanted.shown
            && let Some(since) = already.iter().find(|of| of.record.position > shown)
        {
            return Err(RetractError::Already { position: since.record.position });
        }
        let appending = view.tenant.appends.begin();
        let receipt = self.append_own(&view.tenant, record).await?;
        view.tenant.appends.wrote(&caller.credential, receipt.position.0 + 1);
        drop(appending);
        let already = already.into_iter().filter(|of| of.record.position < receipt.position);
        Ok(RecordedRetraction {
            source_id: receipt.source_id,
            position: receipt.position,
            recorded_at: receipt.recorded_at,
            outcome: receipt.outcome,
            data,
            already: already.collect(),
        })
    }

    /// An id for a retraction that nobody else has.
    #[must_use]
    pub fn new_retraction_id(&self) -> String {
        new_id(&*self.0.random)
    }
}

impl View<'_> {
    /// What was retracted of the same, not under the caller's own id. It is disclosed like an
    /// answer.
    async fn retracted_already(
        &self,
        wanted: &WantedRetraction,
        own: &SourceEventId,
    ) -> Result<Vec<Retraction>, AskError> {
        let known = trust_changes(&self.history, self.cut, Some(&wanted.idp));
        let of_it = |of: &Retraction| {
            of.covers(&wanted.idp, wanted.retracts.key()) && of.record.source_id != *own
        };
        let retractions: Vec<Retraction> = known.retractions.into_iter().filter(of_it).collect();
        if retractions.is_empty() {
            return Ok(retractions);
        }
        let already = TrustChanges { retractions, ..TrustChanges::default() };
        Ok(self.answer(already).await?.value.retractions)
    }

    /// Refuses what nothing is known of, and says what is: a key that is misspelled would be
    /// recorded as retracted, and hit nothing.
    async fn must_know(&self, wanted: &WantedRetraction) -> Result<(), RetractError> {
        let (idp, key) = (&wanted.idp, wanted.retracts.key());
        let unknown_idp = !self.knows_idp(idp).await.map_err(AskError::from)?;
        let unknown_key = match key {
            Some(key) if !unknown_idp => {
                !self.knows_key(Some(idp), key).await.map_err(AskError::from)?
            }
            _ => false,
        };
        if !unknown_idp && !unknown_key {
            return Ok(());
        }
        if let Some(behind) = &self.pinned.behind {
            let (assessed_to, wanted) = (behind.read_to.0 + 1, behind.end.0 + 1);
            return Err(AskError::Lagging { assessed_to, wanted }.into());
        }
        let of = (!unknown_idp).then_some(idp);
        let known = trust_changes(&self.history, self.cut, of);
        // The names that it discloses are recorded like those of any answer.
        let known = self.answer(known).await?.value;
        Err(match key {
            Some(key) if unknown_key => {
                let names = known.keys.iter().map(|known| known.key.as_str());
                unknown("key", format!("no key {key} of {idp} is known"), names.collect())
            }
            _ => {
                let names = known.versions.iter().map(|version| version.data.idp.as_str());
                unknown("idp", format!("no identity provider {idp} is known"), names.collect())
            }
        }
        .into())
    }
}

/// A refusal of a name, with the names that are known.
fn unknown(field: &str, message: String, mut known: Vec<&str>) -> Refusal {
    known.sort_unstable();
    known.dedup();
    let more = known.len().saturating_sub(MAX_NAMED);
    known.truncate(MAX_NAMED);
    let named = match (known.is_empty(), more) {
        (true, _) => "none is known".to_owned(),
        (false, 0) => format!("known: {}", known.join(", ")),
        (false, more) => format!("known: {} and {more} more", known.join(", ")),
    };
    Refusal::invalid(field, named.clone(), format!("{message}; {named}"))
}

/// What is to be recorded.
fn said(caller: &Caller, wanted: &WantedRetraction) -> Result<FactData, Refusal> {
    for (field, text) in [("id", &wanted.id), ("reason", &wanted.reason)] {
        if text.trim().is_empty() {
            return Err(Refusal::missing(field, "a text that is not empty"));
        }
    }
    Ok(FactData::TrustRetracted(TrustRetracted {
        idp: wanted.idp.clone(),
        from: wanted.from,
        reason: wanted.reason.clone(),
        key: wanted.retracts.key().cloned(),
        actor: Some(actor(caller)),
        ticket: wanted.ticket.clone(),
    }))
}
