//! Checksums of rows that no Merkle tree covers: a read of an altered row fails on every engine.

use claimledger_facts::ids::TenantId;
use claimledger_ledger::tree::CheckpointRow;

/// CRC-32 of a state; a removed one has no value.
pub(crate) fn state(tenant: &TenantId, key: &str, version: u64, value: Option<&[u8]>) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    for text in [tenant.as_str(), key] {
        crc.update(text.as_bytes());
        crc.update(&[0]);
    }
    crc.update(&version.to_le_bytes());
    if let Some(value) = value {
        crc.update(&[1]);
        crc.update(value);
    }
    crc.finalize()
}

/// CRC-32 of a checkpoint.
pub(crate) fn checkpoint(tenant: &TenantId, checkpoint: &CheckpointRow) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(tenant.as_str().as_bytes());
    crc.update(&[0]);
    crc.update(&checkpoint.size.0.to_le_bytes());
    crc.update(checkpoint.note.as_bytes());
    crc.finalize()
}
