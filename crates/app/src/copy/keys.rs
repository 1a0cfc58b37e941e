//! Keys, destroyed keys and credentials.

use super::{
    CopyError, CopyParts,
    error::{Of, Side},
    seen::TenantSeen,
};
use claimledger_facts::ids::{Pseudonym, TenantId};
use claimledger_ledger::{
    keys::{CredentialRow, PersonRow, StoredPerson},
    log::LogError,
};

/// Rows in one read or write.
const PAGE: usize = 500;

/// What was compared.
#[derive(Default)]
pub(super) struct ComparedKeys {
    pub(super) persons: u64,
    pub(super) destroyed: u64,
    pub(super) credentials: u64,
}

fn foreign(tenant: &TenantId, what: impl Into<String>) -> CopyError {
    CopyError::Foreign { tenant: tenant.clone(), what: what.into() }
}

fn differs(tenant: &TenantId, what: impl Into<String>) -> CopyError {
    CopyError::Differs { tenant: tenant.clone(), what: what.into() }
}

/// Whether the target has the tenant's keys, where the source has some.
///
/// # Errors
/// [`CopyError::Foreign`] if it has keys, persons or credentials that are not the source's.
pub(super) async fn preflight(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
    seen: &TenantSeen,
) -> Result<bool, CopyError> {
    let stored = target.keys.tenant(tenant).await.of(Side::Target)?;
    if stored.is_some() && stored != seen.keys {
        return Err(foreign(tenant, "other keys than the source"));
    }
    let mut after: Option<Pseudonym> = None;
    loop {
        let theirs = target.keys.persons(tenant, after.as_ref(), PAGE).await.of(Side::Target)?;
        let ours = source.keys.persons(tenant, after.as_ref(), PAGE).await.of(Side::Source)?;
        // An unfinished copy has a first part of the source's persons: each is looked up only where
        // the source has changed since.
        for their in theirs.iter().filter(|_| theirs != ours) {
            let our = source.keys.person(tenant, &their.pseudonym).await.of(Side::Source)?;
            let is_same =
                |our: &PersonRow| our.wrapped == their.wrapped && our.id_index == their.id_index;
            match our {
                Some(StoredPerson::Destroyed) => {}
                Some(StoredPerson::Live(our)) if is_same(&our) => {}
                _ => return Err(foreign(tenant, "a person that the source does not have")),
            }
        }
        match theirs.into_iter().last() {
            Some(last) => after = Some(last.pseudonym),
            None => break,
        }
    }
    let ours = source.keys.credentials(tenant).await.of(Side::Source)?;
    for their in target.keys.credentials(tenant).await.of(Side::Target)? {
        let is_same = |our: &CredentialRow| {
            our.credential == their.credential && our.token_hash == their.token_hash
        };
        if !ours.iter().any(is_same) {
            let what =
                format!("the credential {}, which the source does not have", their.credential);
            return Err(foreign(tenant, what));
        }
    }
    Ok(stored.is_some() || seen.keys.is_none())
}

/// Writes destroyed keys, persons and credentials.
pub(super) async fn write(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<(), CopyError> {
    destroy(source, target, tenant).await?;
    let mut after: Option<Pseudonym> = None;
    loop {
        let rows = source.keys.persons(tenant, after.as_ref(), PAGE).await.of(Side::Source)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.pseudonym.clone());
        // What the target has of them instead is found when both sides are compared.
        target.keys.add_persons(tenant, &rows).await.of(Side::Target)?;
    }
    write_credentials(source, target, tenant).await
}

/// Destroys keys first: a blind index of a destroyed person may be that of a new one.
async fn destroy(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<(), CopyError> {
    let mut after: Option<Pseudonym> = None;
    loop {
        let ours = source.keys.destroyed(tenant, after.as_ref(), PAGE).await.of(Side::Source)?;
        let theirs = target.keys.destroyed(tenant, after.as_ref(), PAGE).await.of(Side::Target)?;
        for pseudonym in ours.iter().filter(|one| theirs.binary_search(one).is_err()) {
            target.keys.destroy(tenant, pseudonym).await.of(Side::Target)?;
        }
        match ours.into_iter().last() {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

async fn write_credentials(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<(), CopyError> {
    let theirs = target.keys.credentials(tenant).await.of(Side::Target)?;
    for our in source.keys.credentials(tenant).await.of(Side::Source)? {
        let keys = &target.keys;
        match (theirs.iter().find(|their| their.credential == our.credential), our.revoked_at) {
            (None, _) => keys.add_credential(&our).await.of(Side::Target)?,
            // Revoked since an earlier copy.
            (Some(CredentialRow { revoked_at: None, .. }), Some(at)) => {
                let revoked = keys.revoke_credential(tenant, &our.credential, at, &our.mac).await;
                revoked.of(Side::Target)?;
            }
            (Some(_), _) => {}
        }
    }
    Ok(())
}

/// Compares destroyed keys, persons and credentials.
///
/// # Errors
/// [`CopyError::Differs`].
pub(super) async fn compare(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<ComparedKeys, CopyError> {
    let (ours, theirs) = (&source.keys, &target.keys);
    let mut compared = ComparedKeys::default();
    let mut after: Option<Pseudonym> = None;
    loop {
        let page = ours.persons(tenant, after.as_ref(), PAGE).await.of(Side::Source)?;
        if page != theirs.persons(tenant, after.as_ref(), PAGE).await.of(Side::Target)? {
            return Err(differs(tenant, "the persons and their keys"));
        }
        compared.persons += page.len() as u64;
        match page.into_iter().last() {
            Some(last) => after = Some(last.pseudonym),
            None => break,
        }
    }
    let mut after: Option<Pseudonym> = None;
    loop {
        let page = ours.destroyed(tenant, after.as_ref(), PAGE).await.of(Side::Source)?;
        if page != theirs.destroyed(tenant, after.as_ref(), PAGE).await.of(Side::Target)? {
            return Err(differs(tenant, "the destroyed keys"));
        }
        compared.destroyed += page.len() as u64;
        match page.into_iter().last() {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    let credentials = ours.credentials(tenant).await.of(Side::Source)?;
    if credentials != theirs.credentials(tenant).await.of(Side::Target)? {
        return Err(differs(tenant, "the credentials"));
    }
    compared.credentials = credentials.len() as u64;
    Ok(compared)
}

/// Writes the keys of a tenant.
pub(super) async fn open(target: &CopyParts, seen: &TenantSeen) -> Result<(), CopyError> {
    let Some(row) = &seen.keys else { return Ok(()) };
    match target.keys.tenant(&row.tenant).await.of(Side::Target)? {
        None => target.keys.add_tenant(row).await.of(Side::Target),
        Some(stored) if stored == *row => Ok(()),
        Some(_) => {
            let why = "something else wrote keys of the tenant";
            Err(LogError::unavailable(why)).of(Side::Target)
        }
    }
}
