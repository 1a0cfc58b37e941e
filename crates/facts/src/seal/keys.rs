//! The keys: one master key wraps each tenant's, a tenant's wrap each person's. None of them is
//! ever shown by `Debug`.
//!
//! ```text
//! master ── wraps ── tenant secrets: tenant · index · digest
//! tenant ── HKDF ── wrapping key ── wraps ── person secrets
//!        ── HKDF with record id ── key of what belongs to nobody, one a record
//!        ── HKDF with its name ── key of what a source keeps between two runs
//!        ── HKDF ── seed of the key that signs the log's checkpoints
//!        ── HKDF ── HMAC ── what credentials may do
//! person ── HKDF ── key of the person's blocks
//! tenant ‖ persons, by pseudonym ── HKDF with record id ── key of an original
//! index ── HMAC ── blind indexes       digest ── HMAC ── content and byte digests
//! ```
//! A key of AES-256-GCM with random nonces is good for 2³² messages. Only wrapping keys and a
//! person's key are used more than once.

use super::cipher::{self, Aead, Extracted, KEY, Secret};
use crate::{
    ids::{Pseudonym, RecordId, TenantId},
    indicator::IndexEntry,
    random::Random,
    record::Digest32,
};
use aws_lc_rs::{aead::NONCE_LEN, hmac};
use data_encoding::BASE32_DNSSEC;
use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
};
use zeroize::Zeroizing;

/// The key that `init` makes or reads; it wraps every tenant's keys.
pub struct MasterKey(Secret);

/// The keys of one tenant. Cheap to clone.
#[derive(Clone)]
pub struct TenantKeys(Arc<Tenant>);

/// The key of one person. Cheap to clone; overwritten when the last clone is dropped.
#[derive(Clone)]
pub struct PersonKey(Arc<Person>);

/// A wrapped key that does not unwrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Made by a newer version, or no wrapped key at all.
    #[error("the wrapped key is not of a form that this version reads")]
    Form,
    /// Another wrapping key, another tenant, another person, or altered bytes.
    #[error(
        "the wrapped key does not open: it was wrapped by another key or for another person, or it \
         was altered"
    )]
    Wrapped,
}

/// What is found by a blind index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlindKind {
    /// The identifier that is unique to a person in the tenant: compared exactly.
    Id,
    /// Another identifier: compared without surrounding white space and in lower case.
    Alias,
    /// A display name of what is no person: compared as [`Self::Alias`] is.
    Label,
}

/// Bytes of [`TenantKeys::log_name`].
const LOG_NAME_BYTES: usize = 16;

/// The first byte of a wrapped key: AES-256-GCM, then nonce and ciphertext.
const WRAPPED: u8 = 1;

struct Tenant {
    tenant: Secret,
    index: Secret,
    digest: Secret,
    wrapping: Aead,
    extracted: Extracted,
    index_mac: hmac::Key,
    digest_mac: hmac::Key,
}

struct Person {
    secret: Secret,
    personal: Aead,
    /// What the keys of originals that need this person alone are derived from, and under which
    /// tenant's keys. The weak reference keeps the address from being used again.
    original: OnceLock<(Weak<Tenant>, Extracted)>,
    /// What digests of indicators are made with: nearly every record has some.
    client_mac: OnceLock<hmac::Key>,
}

impl MasterKey {
    /// A new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self(draw(random))
    }

    /// From its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes: to be written where only the operator reads.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY] {
        &self.0
    }
}

impl TenantKeys {
    /// New ones.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self::new(draw(random), draw(random), draw(random))
    }

    fn new(tenant: Secret, index: Secret, digest: Secret) -> Self {
        let extracted = Extracted::new(&*tenant);
        let wrapping = Aead::new(&extracted.expand(&[b"claimledger wrap v1"]));
        let mac = |secret: &Secret| hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice());
        let (index_mac, digest_mac) = (mac(&index), mac(&digest));
        Self(Arc::new(Tenant { tenant, index, digest, wrapping, extracted, index_mac, digest_mac }))
    }

    /// Wrapped for the key store.
    #[must_use]
    pub fn wrap(&self, master: &MasterKey, tenant: &TenantId, random: &dyn Random) -> Vec<u8> {
        let mut plain = Zeroizing::new([0; 3 * KEY]);
        plain[..KEY].copy_from_slice(&*self.0.tenant);
        plain[KEY..2 * KEY].copy_from_slice(&*self.0.index);
        plain[2 * KEY..].copy_from_slice(&*self.0.digest);
        wrap(&Aead::new(&master.0), &tenant_context(tenant), &*plain, random)
    }

    /// From the key store.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn unwrap(master: &MasterKey, tenant: &TenantId, wrapped: &[u8]) -> Result<Self, KeyError> {
        let plain = unwrap(&Aead::new(&master.0), &tenant_context(tenant), wrapped)?;
        let part = |n: usize| {
            plain
                .get(n * KEY..(n + 1) * KEY)
                .and_then(|part| secret(part).ok())
                .ok_or(KeyError::Form)
        };
        if plain.len() != 3 * KEY {
            return Err(KeyError::Form);
        }
        Ok(Self::new(part(0)?, part(1)?, part(2)?))
    }

    /// What a person is found by in the key store: HMAC-SHA-256 under the index key.
    #[must_use]
    pub fn blind_index(&self, kind: BlindKind, identifier: &str) -> Digest32 {
        match kind {
            BlindKind::Id => mac(&self.0.index_mac, b"claimledger id v1\0", identifier.as_bytes()),
            BlindKind::Alias => mac(
                &self.0.index_mac,
                b"claimledger alias v1\0",
                identifier.trim().to_lowercase().as_bytes(),
            ),
            BlindKind::Label => mac(
                &self.0.index_mac,
                b"claimledger label v1\0",
                identifier.trim().to_lowercase().as_bytes(),
            ),
        }
    }

    /// What records with these indicators are found by, where the client belongs to no person.
    pub fn client_index(&self, entries: &[IndexEntry]) -> Vec<Digest32> {
        entries.iter().map(|entry| client_digest(&self.0.index_mac, entry)).collect()
    }

    /// The digest that deduplication compares: of the canonical line.
    #[must_use]
    pub fn content_digest(&self, canonical: &[u8]) -> Digest32 {
        mac(&self.0.digest_mac, b"claimledger content v1\0", canonical)
    }

    /// The digest of the bytes of one delivery.
    #[must_use]
    pub fn byte_digest(&self, bytes: &[u8]) -> Digest32 {
        mac(&self.0.digest_mac, b"claimledger bytes v1\0", bytes)
    }

    /// The seed of the Ed25519 key that signs the checkpoints of the log. Derived, so that it is
    /// secret and does not have to be stored.
    #[must_use]
    pub fn log_signing_seed(&self) -> Zeroizing<[u8; KEY]> {
        self.0.extracted.expand(&[b"claimledger log signing v1"])
    }

    /// The MAC of a credential's row, which [`Self::credential_mac`] encodes.
    pub(super) fn mac_credential(&self, content: &[u8]) -> Digest32 {
        let secret = self.0.extracted.expand(&[b"claimledger credential v1"]);
        mac_of(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice()), &[], content)
    }

    /// The opaque name of the log in its checkpoints: it says nothing of the tenant.
    #[must_use]
    pub fn log_name(&self) -> String {
        let name = self.0.extracted.expand(&[b"claimledger log name v1"]);
        BASE32_DNSSEC.encode(&name[..LOG_NAME_BYTES])
    }

    /// Seals what a source keeps between two runs. Associated data ties it to tenant and name.
    #[must_use]
    pub fn seal_state(
        &self,
        tenant: &TenantId,
        name: &str,
        plain: &[u8],
        random: &dyn Random,
    ) -> Vec<u8> {
        wrap(&self.state(name), &state_context(tenant, name), plain, random)
    }

    /// Opens it.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn open_state(
        &self,
        tenant: &TenantId,
        name: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        unwrap(&self.state(name), &state_context(tenant, name), sealed)
    }

    /// One a name: a cursor is sealed again after each page.
    fn state(&self, name: &str) -> Aead {
        Aead::new(&self.0.extracted.expand(&[b"claimledger state v1", name.as_bytes()]))
    }

    /// The key of what belongs to nobody: one a record, because there may be more records than
    /// random nonces allow under one key.
    pub(super) fn unowned(&self, id: &RecordId) -> Aead {
        Aead::new(&self.0.extracted.expand(&[b"claimledger unowned v1", id.0.as_bytes()]))
    }

    /// The key of an original: needs the keys of all its persons, which come ordered by pseudonym.
    pub(super) fn original(&self, id: &RecordId, persons: &[&PersonKey]) -> Aead {
        let info: [&[u8]; 2] = [b"claimledger original v1", id.0.as_bytes()];
        Aead::new(&match persons {
            [] => self.0.extracted.expand(&info),
            [person] => {
                let (of, extracted) = person
                    .0
                    .original
                    .get_or_init(|| (Arc::downgrade(&self.0), self.together(persons)));
                if std::ptr::eq(of.as_ptr(), Arc::as_ptr(&self.0)) {
                    extracted.expand(&info)
                } else {
                    self.together(persons).expand(&info)
                }
            }
            persons => self.together(persons).expand(&info),
        })
    }

    fn together(&self, persons: &[&PersonKey]) -> Extracted {
        let mut secrets = Zeroizing::new(Vec::with_capacity((1 + persons.len()) * KEY));
        secrets.extend_from_slice(&*self.0.tenant);
        for person in persons {
            secrets.extend_from_slice(&*person.0.secret);
        }
        Extracted::new(&secrets)
    }
}

impl PersonKey {
    /// A new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self::new(draw(random))
    }

    fn new(secret: Secret) -> Self {
        let personal = Aead::new(&cipher::derive(&*secret, &[b"claimledger personal v1"]));
        let (original, client_mac) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(Person { secret, personal, original, client_mac }))
    }

    /// Wrapped for the key store: for this person of this tenant only.
    #[must_use]
    pub fn wrap(
        &self,
        keys: &TenantKeys,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
        random: &dyn Random,
    ) -> Vec<u8> {
        wrap(&keys.0.wrapping, &person_context(tenant, pseudonym), &*self.0.secret, random)
    }

    /// From the key store.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn unwrap(
        keys: &TenantKeys,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
        wrapped: &[u8],
    ) -> Result<Self, KeyError> {
        Ok(Self::new(secret(&unwrap(
            &keys.0.wrapping,
            &person_context(tenant, pseudonym),
            wrapped,
        )?)?))
    }

    /// What records with these indicators are found by, where the client is theirs. Under their
    /// own key: with it goes the way back from the digest to the indicator.
    #[must_use]
    pub fn client_index(&self, entries: &[IndexEntry]) -> Vec<Digest32> {
        let new = || hmac::Key::new(hmac::HMAC_SHA256, self.0.secret.as_slice());
        let key = self.0.client_mac.get_or_init(new);
        entries.iter().map(|entry| client_digest(key, entry)).collect()
    }

    /// The key of the person's blocks.
    pub(super) fn personal(&self) -> &Aead {
        &self.0.personal
    }
}

/// A new random name for a person: `p-` and 16 characters of Crockford's base 32 (80 bits).
#[must_use]
pub fn new_pseudonym(random: &dyn Random) -> Pseudonym {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0; 16];
    random.fill(&mut bytes[6..]);
    let number = u128::from_be_bytes(bytes);
    let digits = (0..16).rev().map(|n| char::from(ALPHABET[(number >> (5 * n)) as usize & 31]));
    Pseudonym::new("p-".chars().chain(digits).collect::<String>())
}

/// The name is part of it: a city and a country of one name have different digests.
fn client_digest(key: &hmac::Key, entry: &IndexEntry) -> Digest32 {
    let prefix: [&[u8]; 3] = [b"claimledger client v1\0", entry.name.as_bytes(), b"\0"];
    mac_of(key, &prefix, entry.text.as_bytes())
}

fn draw(random: &dyn Random) -> Secret {
    let mut secret = Zeroizing::new([0; KEY]);
    random.fill(secret.as_mut_slice());
    secret
}

fn secret(bytes: &[u8]) -> Result<Secret, KeyError> {
    bytes.try_into().map(Zeroizing::new).map_err(|_| KeyError::Form)
}

fn mac(key: &hmac::Key, prefix: &[u8], data: &[u8]) -> Digest32 {
    mac_of(key, &[prefix], data)
}

fn mac_of(key: &hmac::Key, prefix: &[&[u8]], data: &[u8]) -> Digest32 {
    let mut context = hmac::Context::with_key(key);
    prefix.iter().for_each(|part| context.update(part));
    context.update(data);
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    Digest32(out)
}

fn tenant_context(tenant: &TenantId) -> Vec<u8> {
    cipher::cbor(64, |e| e.array(2)?.str("claimledger tenant keys v1")?.str(tenant.as_str())?.ok())
}

fn state_context(tenant: &TenantId, name: &str) -> Vec<u8> {
    cipher::cbor(96, |e| {
        e.array(3)?.str("claimledger state v1")?.str(tenant.as_str())?.str(name)?.ok()
    })
}

fn person_context(tenant: &TenantId, pseudonym: &Pseudonym) -> Vec<u8> {
    cipher::cbor(96, |e| {
        e.array(3)?
            .str("claimledger person key v1")?
            .str(tenant.as_str())?
            .str(pseudonym.as_str())?
            .ok()
    })
}

fn wrap(key: &Aead, context: &[u8], plain: &[u8], random: &dyn Random) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce);
    // Large enough from the start: growing would leave a copy of the key behind.
    let mut text = Vec::with_capacity(plain.len() + cipher::TAG);
    text.extend_from_slice(plain);
    key.seal(&nonce, context, &mut text);
    [&[WRAPPED], nonce.as_slice(), &text].concat()
}

fn unwrap(key: &Aead, context: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (&form, rest) = wrapped.split_first().ok_or(KeyError::Form)?;
    let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(KeyError::Form)?;
    if form != WRAPPED {
        return Err(KeyError::Form);
    }
    key.open(nonce, context, text).ok_or(KeyError::Wrapped)
}

macro_rules! hidden {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    )*};
}

hidden! { MasterKey TenantKeys PersonKey }
