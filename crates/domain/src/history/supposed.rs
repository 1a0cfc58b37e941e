//! What a question supposes, behind every record there is.

use super::{Stated, Trust};
use crate::model::RecordRef;
use claimledger_facts::{
    ids::{LogPosition, Pseudonym, RecordId, SourceEventId, SourceId, TenantId},
    time::{Occurred, Time},
    types::{authenticator::AuthenticatorLost, policy::PolicyConfigured, trust::TrustRetracted},
};

/// Falsifiers that nobody stated: a question supposes them.
#[derive(Clone, Debug, Default)]
pub struct Supposed {
    pub(super) retractions: Vec<Stated<TrustRetracted>>,
    pub(super) losses: Vec<Stated<AuthenticatorLost>>,
    /// Claims that name no key are taken to be signed by the retracted one.
    as_signed: bool,
}

impl Supposed {
    /// Supposes a retraction.
    #[must_use]
    pub fn retraction(mut self, data: TrustRetracted) -> Self {
        let stated = self.stated("trust.retracted", Occurred::at(data.from), None).with(data);
        self.retractions.push(stated);
        self
    }

    /// Supposes that a person lost an authenticator.
    #[must_use]
    pub fn loss(mut self, subject: Pseudonym, from: Time, data: AuthenticatorLost) -> Self {
        let stated =
            self.stated("authenticator.lost", Occurred::at(from), Some(subject)).with(data);
        self.losses.push(stated);
        self
    }

    /// The same, and that the retracted key signed every claim of its IdP that names none: the
    /// worst that `semantics.md` 42 leaves open.
    #[must_use]
    pub(crate) fn as_signed(&self) -> Self {
        Self { as_signed: true, ..self.clone() }
    }

    /// Whether it supposes nothing.
    pub(crate) const fn is_empty(&self) -> bool {
        self.retractions.is_empty() && self.losses.is_empty()
    }

    /// The retractions.
    pub(crate) fn retractions(&self) -> impl Iterator<Item = &TrustRetracted> {
        self.retractions.iter().map(|r| &r.data)
    }

    /// Whether it supposes this loss.
    pub(crate) fn has_loss(&self, loss: &Stated<AuthenticatorLost>) -> bool {
        self.losses.iter().any(|l| std::ptr::eq(l, loss))
    }

    fn stated(&self, kind: &str, occurred: Occurred, subject: Option<Pseudonym>) -> Stated<()> {
        Stated::supposed(kind, self.retractions.len() + self.losses.len(), occurred, subject)
    }
}

impl Stated<()> {
    /// One that nobody stated; the number tells it from others that are supposed. It is behind
    /// every record there is.
    pub(super) fn supposed(
        kind: &str,
        number: usize,
        occurred: Occurred,
        subject: Option<Pseudonym>,
    ) -> Self {
        let (source, source_id) =
            (SourceId::new("supposed"), SourceEventId::new(number.to_string()));
        let record = RecordRef {
            id: RecordId::derive(&TenantId::new(""), &source, &source_id),
            source,
            source_id,
            kind: kind.into(),
            position: LogPosition(u64::MAX),
            occurred,
            recorded_at: Time::MAX,
        };
        Self {
            record,
            occurred,
            subject,
            saved: Vec::new(),
            data: (),
            variant_at: None,
            beaten_at: None,
            text: String::new(),
        }
    }
}

impl Stated<PolicyConfigured> {
    /// A version of a policy that a question supposes, from a time on.
    pub(crate) fn supposed_policy(policy: PolicyConfigured, from: Time) -> Self {
        Stated::supposed("policy.configured", 0, Occurred::at(from), None).with(policy)
    }
}

impl Trust<'_> {
    /// Whether claims that name no key are taken to be signed by the key of this retraction.
    pub(crate) fn takes_as_signed(self, retraction: &Stated<TrustRetracted>) -> bool {
        self.0.supposed.is_some_and(|s| {
            s.as_signed && s.retractions.iter().any(|supposed| std::ptr::eq(supposed, retraction))
        })
    }
}
