//! What several rows of an answer need is loaded once for all of them.

use super::{
    batch::{Batched, Load},
    errors,
    types::Session,
};
use async_graphql::Error;
use claimledger_app::{
    app::{App, Label},
    model::question::{Asking, Caller},
};
use claimledger_facts::ids::{Pseudonym, SessionId};
use std::collections::HashMap;

/// Labels of people: one question for all people of an answer.
pub(crate) struct Labels {
    app: App,
    caller: Caller,
}

impl Labels {
    /// For one request.
    pub(crate) fn of(app: App, caller: Caller) -> Batched<Self> {
        Batched::new(Self { app, caller })
    }
}

#[async_trait::async_trait]
impl Load for Labels {
    type Key = Pseudonym;
    type Value = Label;

    async fn load(&self, keys: &[Pseudonym]) -> Result<HashMap<Pseudonym, Label>, Error> {
        let labels =
            self.app.labels(&self.caller, keys).await.map_err(|error| errors::asked(&error))?;
        Ok(labels.into_iter().collect())
    }
}

/// The sessions of a list's decisions, each once.
pub(crate) struct Sessions {
    app: App,
    caller: Caller,
    asking: Asking,
}

impl Sessions {
    /// For one list, at its cut.
    pub(crate) fn of(app: App, caller: Caller, asking: Asking) -> Batched<Self> {
        Batched::new(Self { app, caller, asking })
    }
}

#[async_trait::async_trait]
impl Load for Sessions {
    type Key = SessionId;
    type Value = Session;

    async fn load(&self, keys: &[SessionId]) -> Result<HashMap<SessionId, Session>, Error> {
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            let answer = self
                .app
                .session(&self.caller, key, &self.asking)
                .await
                .map_err(|error| errors::asked(&error))?;
            if let Some(session) = answer.value {
                found.insert(key.clone(), session.into());
            }
        }
        Ok(found)
    }
}
