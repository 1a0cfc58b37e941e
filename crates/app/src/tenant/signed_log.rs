//! What a tenant's log is to verifiers: its origin, the key that signs its checkpoints, and the
//! last checkpoint.

use crate::model::proof::LogKind;
use claimledger_facts::{ids::TenantId, seal::TenantKeys};
use claimledger_ledger::{
    log::LogError,
    tree::{CheckpointRow, TreeRow},
};
use claimledger_proof::{
    checkpoint::{Checkpoint, CheckpointError, TrustedLog},
    note::{NoteError, SignedNote, SigningKey},
    receipt::Receipt,
    tree::TreeHead,
};
use parking_lot::RwLock;

/// What origins begin with. An origin is a name, not an address: nothing is fetched from it.
const ORIGIN_PREFIX: &str = "claimledger/t/";
/// The same of access logs.
const ACCESS_ORIGIN_PREFIX: &str = "claimledger/access/";

/// A log with its signing key. Both origin and key are derived from the tenant's key.
pub(crate) struct SignedLog {
    kind: LogKind,
    stored_as: TenantId,
    origin: String,
    key: SigningKey,
    trusted: TrustedLog,
    last: RwLock<Option<Signed>>,
}

/// The name under which the tree and the checkpoint of a log are stored.
pub(crate) fn stored_as(kind: LogKind, tenant: &TenantId) -> TenantId {
    match kind {
        LogKind::Records => tenant.clone(),
        // No tenant has this name: names have no slash.
        LogKind::Access => TenantId::new(format!("{tenant}/access")),
    }
}

/// A checkpoint that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) head: TreeHead,
    pub(crate) note: String,
}

impl SignedLog {
    pub(crate) fn new(
        kind: LogKind,
        tenant: &TenantId,
        keys: &TenantKeys,
    ) -> Result<Self, LogError> {
        let unusable = |error: &dyn std::fmt::Display| {
            LogError::unavailable(format!("the key that signs checkpoints cannot be used: {error}"))
        };
        let prefix = match kind {
            LogKind::Records => ORIGIN_PREFIX,
            LogKind::Access => ACCESS_ORIGIN_PREFIX,
        };
        let stored_as = stored_as(kind, tenant);
        let origin = format!("{prefix}{}", keys.log_name());
        let key = SigningKey::from_seed(&origin, keys.log_signing_seed())
            .map_err(|error| unusable(&error))?;
        let trusted = TrustedLog::new(&origin, vec![key.verifier().clone()])
            .map_err(|error| unusable(&error))?;
        Ok(Self { kind, stored_as, origin, key, trusted, last: RwLock::default() })
    }

    pub(crate) const fn kind(&self) -> LogKind {
        self.kind
    }

    /// The name under which its tree and its checkpoint are stored.
    pub(crate) const fn stored_as(&self) -> &TenantId {
        &self.stored_as
    }

    /// An error of reading this log.
    pub(crate) fn error(&self, error: LogError) -> LogError {
        match self.kind {
            LogKind::Records => error,
            LogKind::Access => access_error(error),
        }
    }

    /// The origin: the first line of every checkpoint.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The public key, as verifiers configure it (C2SP signed-note, vkey).
    pub(crate) fn verifier_key(&self) -> String {
        self.key.verifier().to_string()
    }

    /// The log as a verifier trusts it.
    pub(crate) fn trusted(&self) -> &TrustedLog {
        &self.trusted
    }

    /// The last checkpoint that this process knows.
    pub(crate) fn last(&self) -> Option<Signed> {
        self.last.read().clone()
    }

    pub(crate) fn set_last(&self, signed: Signed) {
        *self.last.write() = Some(signed);
    }

    /// Signs a head. The caller makes sure that it is consistent with every head that was signed
    /// before.
    pub(crate) fn sign(&self, head: TreeHead) -> Result<Signed, CheckpointError> {
        let note = Checkpoint::new(&self.origin, head)?.sign(&[&self.key])?.to_string();
        Ok(Signed { head, note })
    }

    /// Signs a receipt. The caller makes sure that its answer was given.
    pub(crate) fn sign_receipt(&self, receipt: &Receipt) -> Result<String, NoteError> {
        Ok(receipt.sign(&[&self.key])?.to_string())
    }

    /// Verifies a note as a checkpoint of this log.
    pub(crate) fn open(&self, note: &str) -> Result<Signed, CheckpointError> {
        let parsed = SignedNote::parse(note.as_bytes())?;
        let head = *self.trusted.open(&parsed)?.head();
        Ok(Signed { head, note: note.to_owned() })
    }
}

impl Signed {
    pub(crate) fn row(&self) -> CheckpointRow {
        CheckpointRow { size: self.head.size, note: self.note.clone() }
    }
}

/// An error of the access log, whose entries are no records of the file `log`.
pub(crate) fn access_error(error: LogError) -> LogError {
    match error {
        LogError::Corrupt { position, what } => {
            LogError::damaged("access", format!("entry {position}"), what)
        }
        other => other,
    }
}

/// A head as the store of tiles has it.
pub(crate) const fn tree_row(head: TreeHead) -> TreeRow {
    TreeRow { size: head.size, root: head.root }
}
