//! What is stored of sources, as this crate sees it.

use async_trait::async_trait;
use claimledger_app::intake::{SourceStates, SourceValue};
use claimledger_facts::ids::SourceId;
use claimledger_ledger::state::{StateError, Versioned};

/// The values of one tenant's sources: written by compare-and-set, durable on return.
#[async_trait]
pub trait States: Send + Sync {
    /// A value; none: it is absent.
    async fn load(
        &self,
        value: SourceValue,
        source: &SourceId,
    ) -> Result<Option<Versioned>, StateError>;

    /// Replaces a value if it has the version `expected`; 0: it is absent.
    async fn store(
        &self,
        value: SourceValue,
        source: &SourceId,
        expected: u64,
        plain: &[u8],
    ) -> Result<u64, StateError>;

    /// Removes a value if it has the version `expected`.
    async fn remove(
        &self,
        value: SourceValue,
        source: &SourceId,
        expected: u64,
    ) -> Result<(), StateError>;

    /// The sources that have such a value.
    async fn sources(&self, value: SourceValue) -> Result<Vec<SourceId>, StateError>;
}

#[async_trait]
impl States for SourceStates {
    async fn load(
        &self,
        value: SourceValue,
        source: &SourceId,
    ) -> Result<Option<Versioned>, StateError> {
        self.load(value, source).await
    }

    async fn store(
        &self,
        value: SourceValue,
        source: &SourceId,
        expected: u64,
        plain: &[u8],
    ) -> Result<u64, StateError> {
        self.store(value, source, expected, plain).await
    }

    async fn remove(
        &self,
        value: SourceValue,
        source: &SourceId,
        expected: u64,
    ) -> Result<(), StateError> {
        self.remove(value, source, expected).await
    }

    async fn sources(&self, value: SourceValue) -> Result<Vec<SourceId>, StateError> {
        self.sources(value).await
    }
}
