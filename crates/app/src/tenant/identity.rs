//! Who a tenant is: what does not change while it is open.

use crate::{
    model::cursor::CursorKey,
    tenant::{keyring::Keyring, own_records::OwnRecords},
};
use claimledger_facts::seal::TenantKeys;
use std::sync::Arc;

/// A tenant's keys, and the writer of the ledger's own records.
pub(crate) struct Identity {
    /// Whether recorded times are asserted by the input.
    pub(crate) rehearsal: bool,
    /// The rules that the first record names.
    pub(crate) opened_rules: String,
    pub(crate) cursor_key: CursorKey,
    pub(crate) keys: TenantKeys,
    pub(crate) keyring: Keyring,
    pub(crate) own: Arc<OwnRecords>,
}
