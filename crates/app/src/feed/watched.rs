//! What an open page watches: the records that touch the answer about one session, or all records.

use super::{Changes, Only, POLL_INTERVAL, Place};
use crate::{
    app::App,
    model::{
        query::Query,
        question::{AskError, Caller},
    },
    tenant::Tenant,
};
use claimledger_domain::belief::Draw;
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};
use std::sync::Arc;

/// Which session is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// The session with this id, any alias.
    Session(SessionId),
    /// The first session that a record names.
    Record(LogPosition),
}

/// The number of records after a position, as it grows.
pub struct NewRecords {
    tenant: Arc<Tenant>,
    after: LogPosition,
    told: u64,
}

impl App {
    /// The changes of one session after a position, in the order of the log. With a T only those
    /// that change the answer at that T; without, those of any T. `draw` says what its page shows
    /// beside it. None: no such session is known, or the log has no such position.
    ///
    /// # Errors
    /// If the caller may not read, or the log cannot be read.
    pub async fn changes_of(
        &self,
        caller: &Caller,
        watched: &Watched,
        (at, draw): (Option<Time>, Draw),
        after: LogPosition,
    ) -> Result<Option<Changes>, AskError> {
        self.disclose(caller, Query::SessionChanges).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let began = self.0.log.head(&tenant.id).await?.0;
        let session = match watched {
            Watched::Session(id) => Some(id.clone()),
            Watched::Record(position) if position.0 < began => {
                let reader = tenant.reader(&*self.0.log, &*self.0.views);
                let records = reader.records(&[*position]).await?;
                records.iter().find_map(|record| record.statement.sessions().next().cloned())
            }
            Watched::Record(_) => None,
        };
        Ok(session.filter(|_| after.0 < began).map(|session| Changes {
            app: self.clone(),
            caller: caller.clone(),
            place: Place::after(after),
            tenant,
            began,
            candidates: None,
            only: Some(Only { session, at, draw }),
        }))
    }

    /// The number of records after a position. It says nothing of what they contain.
    ///
    /// # Errors
    /// If the caller may not read, or the tenant cannot be opened.
    pub async fn new_records(
        &self,
        caller: &Caller,
        after: LogPosition,
    ) -> Result<NewRecords, AskError> {
        self.disclose(caller, Query::SessionChanges).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        Ok(NewRecords { tenant, after, told: 0 })
    }
}

impl Changes {
    /// The number of records that were in the log already when it began, and are yet to be
    /// compared.
    #[must_use]
    pub const fn behind(&self) -> u64 {
        self.began.saturating_sub(self.place.position.0.saturating_add(1))
    }
}

impl NewRecords {
    /// The number as soon as it is larger than before, without a timeout.
    ///
    /// # Errors
    /// If the read models stopped.
    pub async fn next(&mut self) -> Result<u64, AskError> {
        let mut assessed = self.tenant.progress.assessed.subscribe();
        loop {
            let size = *assessed.borrow_and_update();
            let found = size.saturating_sub(self.after.0.saturating_add(1));
            if found > self.told {
                self.told = found;
                return Ok(found);
            }
            if let Some(error) = self.tenant.progress.stopped() {
                return Err(error.into());
            }
            let _ = tokio::time::timeout(POLL_INTERVAL, assessed.changed()).await;
        }
    }
}
