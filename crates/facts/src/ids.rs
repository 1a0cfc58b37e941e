//! Typed ids. An id is opaque: it is compared bytewise and never parsed.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use uuid::Uuid;

macro_rules! string_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the id as the source spelled it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into())
            }

            /// The id as the source spelled it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
    )*};
}

string_ids! {
    /// A tenant: one log, one set of keys, one set of credentials.
    TenantId;
    /// Where a record comes from: the system that stated it.
    SourceId;
    /// The source's own id of an event.
    SourceEventId;
    /// A session at the service provider, as one source names it.
    SessionId;
    /// An identity provider, as the service provider names it.
    IdpId;
    /// A signing key of an identity provider.
    KeyId;
    /// An application at the service provider.
    AppId;
    /// A policy at the service provider.
    PolicyId;
    /// A rule of a policy.
    RuleId;
    /// A label that a source gives to a version of an IdP or a policy. A label, never an order.
    VersionLabel;
    /// An assertion: its id or its digest, never the assertion itself.
    AssertionId;
    /// A session at the identity provider.
    IdpSessionId;
    /// The root session that groups nested ones.
    RootSessionId;
    /// A session at an application.
    AppSessionId;
    /// An enrolled authenticator.
    AuthenticatorId;
    /// An administrator's opaque id at the source, never a login.
    ActorId;
    /// A change ticket.
    TicketId;
    /// A legal hold.
    HoldId;
    /// A person, as the ledger names them: random, and meaningless once the person's key is
    /// destroyed.
    Pseudonym;
}

impl PolicyId {
    /// The policy of a rule, where a source names the rule and not its policy.
    #[must_use]
    pub fn of_rule(rule: &RuleId) -> Self {
        Self::new(format!("{POLICY_OF_RULE}{rule}"))
    }

    /// The rule by which the policy is named, where it is named so.
    #[must_use]
    pub fn rule(&self) -> Option<RuleId> {
        self.as_str().strip_prefix(POLICY_OF_RULE).map(RuleId::from)
    }
}

/// The prefix of the name of a policy that is known by a rule only.
const POLICY_OF_RULE: &str = "rule:";

/// The id of a record: UUIDv5 of tenant, source and the source's own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub Uuid);

impl RecordId {
    /// The namespace of record ids (UUIDv5 of the DNS namespace and `claimledger.record`).
    pub const NAMESPACE: Uuid = Uuid::from_u128(0xa8c6_774a_f9ef_578c_9456_476e_0cb8_4e41);

    /// Derives the id. Each part is preceded by its length, so that no two triples give the same
    /// bytes.
    #[must_use]
    pub fn derive(tenant: &TenantId, source: &SourceId, event: &SourceEventId) -> Self {
        Self::of(&[
            tenant.as_str().as_bytes(),
            source.as_str().as_bytes(),
            event.as_str().as_bytes(),
        ])
    }

    /// The id of a variant: the same event of a pulled source, with other content.
    #[must_use]
    pub fn derive_variant(
        tenant: &TenantId,
        source: &SourceId,
        event: &SourceEventId,
        content_digest: &[u8; 32],
    ) -> Self {
        Self::of(&[
            tenant.as_str().as_bytes(),
            source.as_str().as_bytes(),
            event.as_str().as_bytes(),
            content_digest,
        ])
    }

    fn of(parts: &[&[u8]]) -> Self {
        // UUIDv5 (RFC 9562, 5.5) is SHA-1 of namespace and name.
        let mut hash = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        hash.update(Self::NAMESPACE.as_bytes());
        for part in parts {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finish().as_ref()[..16]);
        Self(uuid::Builder::from_sha1_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The index of a record in its tenant's log, from 0, without gaps. Also its leaf number.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct LogPosition(pub u64);

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The number of records in a log: the position that the next record gets.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LogSize(pub u64);

impl LogSize {
    /// The position of the last record, if there is one.
    #[must_use]
    pub fn last(self) -> Option<LogPosition> {
        self.0.checked_sub(1).map(LogPosition)
    }
}
