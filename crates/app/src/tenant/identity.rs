//! What does not change while a tenant is open.

use crate::{
    model::{cursor::CursorKey, proof::LogKind},
    tenant::{
        access_log::AccessLog, keyring::Keyring, own_records::OwnRecords, signed_log::SignedLog,
    },
};
use claimledger_facts::seal::TenantKeys;
use claimledger_ledger::nodes::Nodes;
use std::sync::Arc;

/// The tenant's keys, and the writer of the ledger's own records.
pub(crate) struct Identity {
    /// Whether recorded times are asserted by the input.
    pub(crate) rehearsal: bool,
    /// The version of the rules in the first record.
    pub(crate) opened_rules: String,
    pub(crate) cursor_key: CursorKey,
    pub(crate) keys: TenantKeys,
    pub(crate) keyring: Keyring,
    pub(crate) own: Arc<OwnRecords>,
    /// Who was shown what.
    pub(crate) access: AccessLog,
    pub(crate) signed_log: SignedLog,
    pub(crate) signed_access_log: SignedLog,
    /// Whether other processes write the tenant's logs.
    pub(crate) nodes: Nodes,
}

impl Identity {
    /// One of the tenant's logs, as verifiers know it.
    pub(crate) const fn signed(&self, kind: LogKind) -> &SignedLog {
        match kind {
            LogKind::Records => &self.signed_log,
            LogKind::Access => &self.signed_access_log,
        }
    }
}
