//! Values of a configuration, each compared with the one before it.

use super::{BATCH_LINES, Run, refusal};
use crate::exit_status::Refused;
use anyhow::Result;
use claimledger_app::intake::{BATCH_BYTES, Looks, LooksMode, Places};
use claimledger_facts::vocabulary::Channel;
use claimledger_sources::Piece;

impl Run<'_> {
    /// Adds a value to those that are written together.
    pub(super) async fn look(&mut self, mut value: Piece) -> Result<()> {
        let most = if self.plan.ack { 1 } else { BATCH_LINES };
        if self.values.len() >= most || self.bytes + value.bytes.len() > BATCH_BYTES {
            self.flush().await?;
        }
        self.bytes += value.bytes.len();
        value.line = self.places.add(value.line, value.item);
        self.values.push(value);
        Ok(())
    }

    /// Writes what the values changed. With `--keep-going` refused values are listed and skipped.
    pub(super) async fn write_looks(&mut self, values: Vec<Piece>, places: &Places) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let owner = self.ledger.embedded("ingest")?;
        let looks = Looks {
            settings: self.plan.settings.clone(),
            values,
            channel: Channel::File,
            source: self.plan.source.clone(),
            rehearsal_now: self.plan.now,
            mode: if self.plan.keep_going { LooksMode::Skip } else { LooksMode::Stop },
        };
        match owner.app.ingest_looks(&owner.caller, looks).await {
            Ok(ingested) => {
                let refused = ingested.refused.into_iter().map(|error| places.of(error));
                self.tally.refused.extend(refused.filter_map(|error| refusal(&error)));
                *self.tally.unchanged.get_or_insert(0) += ingested.unchanged;
                self.done(&ingested.done)
            }
            Err(error) => {
                let error = places.of(error);
                let Some(refused) = refusal(&error) else { return Err(error.into()) };
                self.tally.refused.push(refused);
                Err(anyhow::Error::new(Refused(error.to_string())))
            }
        }
    }
}
