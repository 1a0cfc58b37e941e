//! Endpoints that are no pages, and what surrounds every answer: limits of time and size, headers,
//! panics.

pub(crate) mod access;
pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod connections;
pub(crate) mod credentials;
pub(crate) mod errors;
pub(crate) mod evidence;
pub(crate) mod export;
pub(crate) mod facts;
pub(crate) mod graphql;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod hooks;
pub(crate) mod host;
pub(crate) mod log_files;
pub(crate) mod rate;
pub(crate) mod rebuild;
pub(crate) mod retractions;
pub(crate) mod sources;
pub(crate) mod stream;
pub(crate) mod subscription_slots;

#[cfg(test)]
mod tests;

use crate::{graphql::LedgerSchema, options::ServerOptions};
use claimledger_app::app::App;
use rate::Limiter;
use std::sync::{Arc, atomic::AtomicU64};
use subscription_slots::SubscriptionSlots;
use tokio_util::sync::CancellationToken;

/// What every handler shares.
pub(crate) struct Server {
    /// The ledger.
    pub app: App,
    /// How it runs.
    pub options: ServerOptions,
    /// The schema.
    pub schema: LedgerSchema,
    /// Questions, by credential.
    pub questions: Limiter,
    /// Requests with facts, by credential.
    pub facts: Limiter,
    /// Slots of subscriptions.
    pub subscription_slots: Arc<SubscriptionSlots>,
    /// Slots of open pages that hear of newer records.
    pub live_slots: Arc<SubscriptionSlots>,
    /// Ends what would never end by itself.
    pub shutdown: CancellationToken,
    /// Reports of the content security policy since the start.
    pub csp_reports: AtomicU64,
    /// Panics that were caught since the start.
    pub panics: Arc<AtomicU64>,
}

/// The state of the router.
pub(crate) type Shared = Arc<Server>;
