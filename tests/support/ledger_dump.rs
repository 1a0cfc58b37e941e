//! Everything that a ledger stores, as text: two ledgers are equal to the byte where it is equal.

use claimledger_app::copy::CopyParts;
use claimledger_facts::ids::{LogPosition, TenantId};

/// Maximum rows of a kind.
const MAX: usize = 10_000;

/// Logs, keys, credentials, states and checkpoints of all tenants, and of these, which may not be
/// complete. Versions of states are an engine's own.
pub(crate) async fn dump(parts: &CopyParts, of: &[&str]) -> Vec<String> {
    let mut tenants: Vec<_> = of.iter().map(|tenant| TenantId::from(*tenant)).collect();
    tenants.extend(parts.log.tenants().await.unwrap());
    tenants.extend(parts.access.tenants().await.unwrap());
    tenants.extend(parts.keys.tenants().await.unwrap());
    tenants.sort();
    tenants.dedup();
    let mut lines = Vec::new();
    for tenant in tenants {
        for log in [&parts.log, &parts.access] {
            let head = log.head(&tenant).await.unwrap();
            let mut next = LogPosition(0);
            while next.0 < head.0 {
                for entry in log.read(&tenant, next, 500).await.unwrap() {
                    lines.push(format!("{tenant} {next} {entry:?}"));
                    next.0 += 1;
                }
            }
            lines.push(format!("{tenant}: a log of {}", head.0));
        }
        lines.push(format!("{tenant} {:?}", parts.keys.tenant(&tenant).await.unwrap()));
        for person in parts.keys.persons(&tenant, None, MAX).await.unwrap() {
            lines.push(format!("{tenant} {person:?}"));
        }
        let destroyed = parts.keys.destroyed(&tenant, None, MAX).await.unwrap();
        lines.push(format!("{tenant} destroyed {destroyed:?}"));
        for credential in parts.keys.credentials(&tenant).await.unwrap() {
            lines.push(format!("{tenant} {credential:?}"));
        }
        for key in parts.state.keys(&tenant, "").await.unwrap() {
            let value = parts.state.load(&tenant, &key).await.unwrap().unwrap().value;
            lines.push(format!("{tenant} state {key} {value:?}"));
        }
        for name in [tenant.clone(), TenantId::new(format!("{tenant}/access"))] {
            let checkpoint = parts.checkpoints.checkpoint(&name).await.unwrap();
            lines.push(format!("{name} {checkpoint:?}"));
        }
    }
    lines
}

/// The first line in which two dumps differ, with both.
pub(crate) fn differs(ours: &[String], theirs: &[String]) -> Option<(String, String)> {
    let lines = ours.len().max(theirs.len());
    let line = |of: &[String], n: usize| of.get(n).cloned().unwrap_or_default();
    (0..lines).map(|n| (line(ours, n), line(theirs, n))).find(|(ours, theirs)| ours != theirs)
}
