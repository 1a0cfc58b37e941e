//! Who may do what: credentials and their tokens, and the page sessions that rest on them.

use crate::{access::tokens, app::App, model::ingest::IngestError, model::question::Caller};
use claimledger_facts::{
    fact::FactData,
    ids::{Pseudonym, SourceId, TenantId},
    record::Prepared,
    refusal::{Refusal, RefusalCode},
    types::ledger::{RoleGranted, RoleRevoked},
    vocabulary::Role,
};
use claimledger_ledger::{
    append::{AppendRequest, SequencerError},
    keys::CredentialRow,
    log::LogError,
};
use std::{sync::PoisonError, time::Duration};
use tokio::{sync::watch, time::Instant};
use zeroize::Zeroizing;

/// How long an answer of the key store is believed: another node's revocation takes so long to be
/// felt. One of this process is felt at once.
const BELIEVED: Duration = Duration::from_secs(1);
/// So many callers are kept in memory.
const KEPT: usize = 10_000;

impl App {
    /// Who holds this token; none: nobody. The same answer, by the same path, for a token that was
    /// never made and one that was taken back.
    ///
    /// # Errors
    /// If the key store cannot be read.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Caller>, LogError> {
        let Some(hash) = tokens::hash(token) else { return Ok(None) };
        let now = Instant::now();
        {
            let kept = self.0.authenticated.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((caller, until)) = kept.get(&hash)
                && *until > now
            {
                return Ok(Some(caller.clone()));
            }
        }
        let Some(row) = self.0.keys.credential(&hash).await? else { return Ok(None) };
        if row.revoked_at.is_some() || !tokens::same(&row.token_hash, &hash) {
            return Ok(None);
        }
        let caller = caller_of(row);
        let mut kept = self.0.authenticated.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(hash, (caller.clone(), now + BELIEVED));
        Ok(Some(caller))
    }

    /// Makes a credential in the caller's tenant and records it. Returns its public id and its
    /// token, which is shown only here.
    ///
    /// # Errors
    /// If the caller does not govern, no role is given, or the record could not be written.
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
                "a credential without roles is of no use",
            )
            .into());
        }
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        let (row, token) = self.new_credential(&caller.tenant, "c-", &roles, source);
        let fact =
            RoleGranted { credential: row.credential.clone(), roles, source: source.cloned() };
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        let record = tenant.identity.own.seal(
            &format!("grant/{}", row.credential),
            FactData::RoleGranted(fact),
            tenant.identity.own.now(),
        )?;
        // The record first: no credential works that the log does not know of.
        self.append_own(&caller.tenant, record).await?;
        self.0.keys.add_credential(&row).await.map_err(log)?;
        Ok((row.credential, token.to_string()))
    }

    /// Destroys a person's key: what is sealed under it cannot be opened any more, nor found by
    /// what the person is called. What the facts say of the pseudonym stays. An event that names
    /// the person's id later is about a new person. No endpoint offers this yet: an erasure also
    /// needs holds and a fact of its own.
    ///
    /// # Errors
    /// If the caller does not govern, or the key store fails: then do it again.
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

    /// Takes a credential of the caller's tenant back, and records that. False: there is none of
    /// this id.
    ///
    /// # Errors
    /// If the caller does not govern, or the record could not be written; the credential is of no
    /// use any more all the same.
    pub async fn revoke(&self, caller: &Caller, credential: &str) -> Result<bool, IngestError> {
        if let Some(forbidden) = lacks(caller, Role::Govern) {
            return Err(forbidden);
        }
        // First what matters most: that it stops working.
        if !self
            .0
            .keys
            .revoke_credential(&caller.tenant, credential, self.0.clock.now())
            .await
            .map_err(log)?
        {
            return Ok(false);
        }
        let gone = |c: &Caller| c.tenant == caller.tenant && c.credential == credential;
        self.0
            .authenticated
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, (kept, _)| !gone(kept));
        self.0.pages.forget(gone);
        self.0.revocations.send_modify(|count| *count += 1);
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        let fact = FactData::RoleRevoked(RoleRevoked { credential: credential.to_owned() });
        let record = tenant.identity.own.seal(
            &format!("revoke/{credential}"),
            fact,
            tenant.identity.own.now(),
        )?;
        self.append_own(&caller.tenant, record).await?;
        Ok(true)
    }

    /// A code that signs a browser in as this caller: once, within
    /// [`crate::access::page_sessions::CODE_LIFETIME`].
    #[must_use]
    pub fn sign_in_code(&self, caller: &Caller) -> String {
        let code = self.secret_text();
        self.0.pages.add_code(&code, caller.clone());
        code
    }

    /// Whom a code signs in. It is of no use afterwards.
    #[must_use]
    pub fn redeem(&self, code: &str) -> Option<Caller> {
        self.0.pages.redeem(code)
    }

    /// A cookie's value that stands for this caller for
    /// [`crate::access::page_sessions::PAGE_SESSION_LIFETIME`], or until the credential is taken back.
    #[must_use]
    pub fn page_session(&self, caller: &Caller) -> String {
        let value = self.secret_text();
        self.0.pages.add_session(&value, caller.clone());
        value
    }

    /// For whom a cookie's value stands.
    #[must_use]
    pub fn caller_of_page_session(&self, value: &str) -> Option<Caller> {
        self.0.pages.caller(value)
    }

    /// Signs a browser out.
    pub fn end_page_session(&self, value: &str) {
        self.0.pages.end(value);
        self.0.revocations.send_modify(|count| *count += 1);
    }

    /// Wakes up when a credential is taken back or a browser signs out, in this process. The value
    /// counts, and says nothing else.
    #[must_use]
    pub fn revocations(&self) -> watch::Receiver<u64> {
        self.0.revocations.subscribe()
    }

    /// Makes a credential without a record.
    pub(crate) async fn add_credential(
        &self,
        tenant: &TenantId,
        prefix: &str,
        roles: &[Role],
        source: Option<&SourceId>,
    ) -> Result<(String, String), LogError> {
        let (row, token) = self.new_credential(tenant, prefix, roles, source);
        self.0.keys.add_credential(&row).await?;
        Ok((row.credential, token.to_string()))
    }

    fn new_credential(
        &self,
        tenant: &TenantId,
        prefix: &str,
        roles: &[Role],
        source: Option<&SourceId>,
    ) -> (CredentialRow, Zeroizing<String>) {
        let mut secret = Zeroizing::new([0; 32]);
        self.0.random.fill(secret.as_mut_slice());
        let token = tokens::format(&secret);
        let mut name = [0; 8];
        self.0.random.fill(&mut name);
        let row = CredentialRow {
            tenant: tenant.clone(),
            credential: format!("{prefix}{}", data_encoding::HEXLOWER.encode(&name)),
            token_hash: tokens::sha256(token.as_bytes()),
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            source: source.map(|source| source.as_str().to_owned()),
            created_at: self.0.clock.now(),
            revoked_at: None,
        };
        (row, token)
    }

    async fn append_own(&self, tenant: &TenantId, record: Prepared) -> Result<(), IngestError> {
        let tenant = self.0.tenant(tenant).await.map_err(log)?;
        let request = AppendRequest { records: vec![record], expected_revision: None };
        let receipts = tenant
            .sequencer
            .append(request)
            .await
            .map_err(|error| IngestError::Sequencer { line: None, error })?;
        receipts.iter().for_each(|receipt| tenant.recorded(receipt.recorded_at));
        Ok(())
    }

    fn secret_text(&self) -> String {
        let mut secret = Zeroizing::new([0; 32]);
        self.0.random.fill(secret.as_mut_slice());
        data_encoding::BASE64URL_NOPAD.encode(secret.as_slice())
    }
}

/// Words that are no role of this version give nothing.
fn caller_of(row: CredentialRow) -> Caller {
    Caller {
        tenant: row.tenant,
        credential: row.credential,
        roles: row.roles.iter().filter_map(|word| Role::parse(word)).collect(),
        source: row.source.map(SourceId::new),
    }
}

/// What to answer if the caller lacks a role.
pub(crate) fn lacks(caller: &Caller, role: Role) -> Option<IngestError> {
    (!caller.has(role)).then_some(IngestError::Forbidden { needs: role })
}

pub(crate) fn log(error: LogError) -> IngestError {
    IngestError::Sequencer { line: None, error: SequencerError::Log(error) }
}
