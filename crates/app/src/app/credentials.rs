//! Credentials with their tokens, and the page sessions that depend on them.

use crate::{
    access::{credential_mac, tokens},
    app::App,
    model::{
        access::{Reason, Requested},
        ingest::IngestError,
        question::Caller,
    },
    tenant::Tenant,
};
use claimledger_facts::{
    fact::FactData,
    ids::{ActorId, Pseudonym, SourceId, TenantId},
    record::{Digest32, Prepared},
    refusal::{Refusal, RefusalCode},
    seal::TenantKeys,
    time::Time,
    types::ledger::{RoleGranted, RoleRevoked},
    vocabulary::Role,
};
use claimledger_ledger::{
    append::{AppendRequest, Receipt, SequencerError},
    keys::CredentialRow,
    log::LogError,
};
use claimledger_sources::{EXPECTED_ID, is_id};
use std::time::Duration;
use tokio::{sync::watch, time::Instant};
use zeroize::Zeroizing;

/// Lifetime of cached credentials: a revocation by another node takes effect after this time, one
/// by this process at once.
const CACHE_LIFETIME: Duration = Duration::from_secs(1);
/// Maximum cached callers.
const MAX_CACHED: usize = 10_000;

/// A credential as its tenant's governors see it: without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its public id.
    pub id: String,
    /// What it may do; roles that this version does not know are left out.
    pub roles: Vec<Role>,
    /// The source it may append as.
    pub source: Option<SourceId>,
    /// When it was created.
    pub created_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

impl App {
    /// The caller with this token; none: the token is unknown. A token that never existed and a
    /// revoked one get the same answer on the same path.
    ///
    /// # Errors
    /// If the key store cannot be read, or the credential's row is not as this ledger wrote it.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Caller>, LogError> {
        let Some(hash) = tokens::hash(token) else { return Ok(None) };
        let now = Instant::now();
        {
            let cached = self.0.authenticated.lock();
            if let Some((caller, until)) = cached.get(&hash)
                && *until > now
            {
                return Ok(Some(caller.clone()));
            }
        }
        let Some(row) = self.0.keys.credential(&hash).await? else { return Ok(None) };
        let tenant = self.0.tenant(&row.tenant).await?;
        if let Err(damage) = credential_mac::check(&tenant.identity.keys, &row) {
            tenant.report_damage(&*self.0.views, &damage);
            return Err(damage);
        }
        if row.revoked_at.is_some() || !tokens::same(&row.token_hash, &hash) {
            return Ok(None);
        }
        let caller = caller_of(row);
        let mut cached = self.0.authenticated.lock();
        if cached.len() >= MAX_CACHED {
            cached.clear();
        }
        cached.insert(hash, (caller.clone(), now + CACHE_LIFETIME));
        Ok(Some(caller))
    }

    /// Creates a credential in the caller's tenant and records it. Returns its public id and its
    /// token, which cannot be shown again.
    ///
    /// # Errors
    /// If the caller lacks the role govern, no role is given, or the record could not be written.
    pub async fn grant(
        &self,
        caller: &Caller,
        roles: &[Role],
        source: Option<&SourceId>,
    ) -> Result<(String, String), IngestError> {
        if let Some(forbidden) = lacks(caller, Role::Govern) {
            return Err(forbidden);
        }
        if roles.is_empty() {
            return Err(Refusal::field(
                RefusalCode::MissingField,
                "roles",
                "at least one role",
                "no role is given",
            )
            .into());
        }
        // Records carry it as their source, so the rule is that of a source.
        if let Some(source) = source.filter(|source| !is_id(source.as_str())) {
            let bytes = source.as_str().len();
            let got = format!("expected {EXPECTED_ID}, got {bytes} bytes that are not one");
            return Err(
                Refusal::field(RefusalCode::InvalidField, "source", EXPECTED_ID, got).into()
            );
        }
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        let keys = &tenant.identity.keys;
        let (row, token) = self.new_credential(&caller.tenant, keys, "c-", &roles, source);
        let fact = RoleGranted {
            credential: row.credential.clone(),
            roles,
            source: source.cloned(),
            actor: Some(actor(caller)),
        };
        let record = tenant.identity.own.seal(
            &format!("grant/{}", row.credential),
            FactData::RoleGranted(fact),
            tenant.identity.own.now(),
        )?;
        // The record first, so that every credential that works is in the log.
        self.append_own(&tenant, record).await?;
        if let Err(error) = self.0.keys.add_credential(&row).await {
            // The log should not keep a grant of what does not exist: `verify` would take the row
            // for a removed one. Where this fails too, it does.
            let revoked = self.record_revocation(&tenant, caller, &row.credential).await;
            if let Err(why) = revoked {
                tracing::warn!(tenant = %caller.tenant, %why, "a grant without its credential");
            }
            return Err(log(error));
        }
        Ok((row.credential, token.to_string()))
    }

    /// The credentials of the caller's tenant, revoked ones too, by the time of their creation.
    ///
    /// # Errors
    /// If the caller lacks the role govern, the key store cannot be read, or a row is not as this
    /// ledger wrote it.
    pub async fn credentials(&self, caller: &Caller) -> Result<Vec<Credential>, IngestError> {
        if let Some(forbidden) = lacks(caller, Role::Govern) {
            return Err(forbidden);
        }
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        let mut rows = self.0.keys.credentials(&caller.tenant).await.map_err(log)?;
        for row in &rows {
            if let Err(damage) = credential_mac::check(&tenant.identity.keys, row) {
                tenant.report_damage(&*self.0.views, &damage);
                return Err(log(damage));
            }
        }
        rows.sort_by(|a, b| (a.created_at, &a.credential).cmp(&(b.created_at, &b.credential)));
        Ok(rows.into_iter().map(credential_of).collect())
    }

    /// Destroys a person's key. Data sealed under it can no longer be opened, and the person is no
    /// longer found by identifiers. Facts about the pseudonym remain. A later event with the
    /// person's id is about a new person. No endpoint offers this yet: an erasure also needs holds
    /// and a fact type.
    ///
    /// # Errors
    /// If the caller lacks the role govern, or the key store fails: then repeat the call.
    pub async fn destroy_key(
        &self,
        caller: &Caller,
        person: &Pseudonym,
    ) -> Result<(), IngestError> {
        if let Some(forbidden) = lacks(caller, Role::Govern) {
            return Err(forbidden);
        }
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        tenant.identity.keyring.destroy(person).await.map_err(log)
    }

    /// Revokes a credential of the caller's tenant, and records that. False: there is no credential
    /// with this id.
    ///
    /// # Errors
    /// If the caller lacks the role govern, or the record could not be written; the credential is
    /// revoked in that case too.
    pub async fn revoke(&self, caller: &Caller, credential: &str) -> Result<bool, IngestError> {
        if let Some(forbidden) = lacks(caller, Role::Govern) {
            return Err(forbidden);
        }
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        let rows = self.0.keys.credentials(&caller.tenant).await.map_err(log)?;
        let Some(row) = rows.into_iter().find(|row| row.credential == credential) else {
            return Ok(false);
        };
        let at = self.0.clock.now();
        let mac = credential_mac::when_revoked(&tenant.identity.keys, row, at);
        // Revoked first, because that matters most.
        let revoking = self.0.keys.revoke_credential(&caller.tenant, credential, at, &mac);
        if !revoking.await.map_err(log)? {
            return Ok(false);
        }
        self.0.forget_credential(&caller.tenant, credential);
        self.record_revocation(&tenant, caller, credential).await?;
        Ok(true)
    }

    async fn record_revocation(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        credential: &str,
    ) -> Result<(), IngestError> {
        let fact = RoleRevoked { credential: credential.to_owned(), actor: Some(actor(caller)) };
        let own = &tenant.identity.own;
        // It may have been recorded before, as of another actor: the first one stands.
        let (id, fact) = (format!("revoke/{credential}"), FactData::RoleRevoked(fact));
        let record = own.seal_for_any_actor(&id, fact, own.now())?;
        self.append_own(tenant, record).await.map(|_| ())
    }

    /// A code that signs a browser in as this caller, once, within
    /// [`crate::access::page_sessions::CODE_LIFETIME`].
    #[must_use]
    pub fn sign_in_code(&self, caller: &Caller) -> String {
        let code = self.secret_text();
        self.0.pages.add_code(&code, caller.clone());
        code
    }

    /// The caller of a sign-in code, which becomes invalid.
    #[must_use]
    pub fn redeem(&self, code: &str) -> Option<Caller> {
        self.0.pages.redeem(code)
    }

    /// A cookie value that identifies this caller for
    /// [`crate::access::page_sessions::PAGE_SESSION_LIFETIME`], or until the credential is revoked.
    #[must_use]
    pub fn page_session(&self, caller: &Caller) -> String {
        let value = self.secret_text();
        self.0.pages.add_session(&value, caller.clone());
        value
    }

    /// The caller of a cookie value.
    #[must_use]
    pub fn caller_of_page_session(&self, value: &str) -> Option<Caller> {
        self.0.pages.caller(value)
    }

    /// States for what reason the reader of a page session reads, until the session ends.
    pub fn state_page_reason(&self, value: &str, reason: Reason) {
        self.0.pages.state_reason(value, reason);
    }

    /// Signs a browser out.
    pub fn end_page_session(&self, value: &str) {
        self.0.pages.end(value);
        self.0.revocations.count.send_modify(|count| *count += 1);
    }

    /// Notifies when this process revokes a credential or ends a page session, or another node
    /// revokes a credential that is in use here. The value is a counter.
    #[must_use]
    pub fn revocations(&self) -> watch::Receiver<u64> {
        self.0.revocations.count.subscribe()
    }

    /// Creates a credential without a record.
    pub(crate) async fn add_credential(
        &self,
        tenant: &TenantId,
        keys: &TenantKeys,
        prefix: &str,
        roles: &[Role],
    ) -> Result<(String, String), LogError> {
        let (row, token) = self.new_credential(tenant, keys, prefix, roles, None);
        self.0.keys.add_credential(&row).await?;
        Ok((row.credential, token.to_string()))
    }

    fn new_credential(
        &self,
        tenant: &TenantId,
        keys: &TenantKeys,
        prefix: &str,
        roles: &[Role],
        source: Option<&SourceId>,
    ) -> (CredentialRow, Zeroizing<String>) {
        let mut secret = Zeroizing::new([0; 32]);
        self.0.random.fill(secret.as_mut_slice());
        let token = tokens::format(&secret);
        let mut name = [0; 8];
        self.0.random.fill(&mut name);
        let mut row = CredentialRow {
            tenant: tenant.clone(),
            credential: format!("{prefix}{}", data_encoding::HEXLOWER.encode(&name)),
            token_hash: tokens::sha256(token.as_bytes()),
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            source: source.map(|source| source.as_str().to_owned()),
            created_at: self.0.clock.now(),
            revoked_at: None,
            mac: Digest32([0; 32]),
        };
        row.mac = credential_mac::of(keys, &row);
        (row, token)
    }

    /// Appends a record of the ledger's own.
    pub(crate) async fn append_own(
        &self,
        tenant: &Tenant,
        record: Prepared,
    ) -> Result<Receipt, IngestError> {
        let request = AppendRequest { records: vec![record], expected_revision: None };
        let receipts = tenant
            .sequencer
            .append(request)
            .await
            .map_err(|error| IngestError::Sequencer { line: None, item: None, error })?;
        receipts.iter().for_each(|receipt| tenant.recorded(receipt.recorded_at));
        let what = "an append of one record without its receipt".to_owned();
        receipts.into_iter().next().ok_or_else(|| log(LogError::unavailable(what)))
    }

    fn secret_text(&self) -> String {
        let mut secret = Zeroizing::new([0; 32]);
        self.0.random.fill(secret.as_mut_slice());
        data_encoding::BASE64URL_NOPAD.encode(secret.as_slice())
    }
}

fn caller_of(row: CredentialRow) -> Caller {
    let tenant = row.tenant.clone();
    let Credential { id, roles, source, .. } = credential_of(row);
    Caller { tenant, credential: id, roles, source, request: Requested::default() }
}

/// A caller as the actor of a record.
pub(crate) fn actor(caller: &Caller) -> ActorId {
    ActorId::new(caller.credential.as_str())
}

/// Roles that this version does not know are ignored.
fn credential_of(row: CredentialRow) -> Credential {
    Credential {
        id: row.credential,
        roles: row.roles.iter().filter_map(|word| Role::parse(word)).collect(),
        source: row.source.map(SourceId::new),
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    }
}

/// The error if the caller lacks a role.
pub(crate) fn lacks(caller: &Caller, role: Role) -> Option<IngestError> {
    (!caller.has(role)).then_some(IngestError::Forbidden { needs: role })
}

pub(crate) fn log(error: LogError) -> IngestError {
    IngestError::Sequencer { line: None, item: None, error: SequencerError::Log(error) }
}
