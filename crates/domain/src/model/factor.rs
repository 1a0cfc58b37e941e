//! The factors of a session: those that counted, and claims that did not.

use super::{Bounds, Certainty, RecordRef};
use claimledger_facts::{
    ids::{AssertionId, AuthenticatorId, IdpId, KeyId, VersionLabel},
    time::Time,
    vocabulary::{Amr, Method, Property},
};

/// A knowledge, possession or inherence factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactorType {
    /// The user knows it.
    Knowledge,
    /// The user has it.
    Possession,
    /// It is part of the user.
    Inherence,
    /// Bare `mfa`: two factor types where no constraint is asked, and none by itself.
    Unspecified,
}

/// Who verified the factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The identity provider, by its claim.
    Claimed,
    /// The service provider itself.
    Local,
}

/// How good the evidence is that a factor was honored (`semantics.md` 16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// The service provider says so.
    Stated,
    /// An allow followed, and no local factor came before it.
    Joined,
    /// The rules honor it; nothing recorded says that it was.
    Replayed,
    /// Nothing is known of the IdP.
    Assumed,
}

impl Grade {
    /// As sentences have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Joined => "joined",
            Self::Replayed => "replayed",
            Self::Assumed => "assumed",
        }
    }
}

/// A factor that counted in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HonoredFactor {
    /// What it is called in an answer: the `amr` value where there is one, else the method.
    pub name: String,
    /// The method, where one is stated.
    pub method: Option<Method>,
    /// The `amr` value, where one was asserted.
    pub amr: Option<Amr>,
    /// Its type.
    pub factor_type: FactorType,
    /// Its own characteristics (`semantics.md` 43), in the vocabulary's order.
    pub characteristics: Vec<Property>,
    /// The characteristics that its assertion pools (`semantics.md` 14).
    pub pool: Vec<Property>,
    /// Who verified it.
    pub origin: Origin,
    /// Who asserted it.
    pub idp: Option<IdpId>,
    /// The IdP's display name, as known at K.
    pub idp_name: Option<String>,
    /// The key that signed the assertion.
    pub key: Option<KeyId>,
    /// The assertion.
    pub assertion: Option<AssertionId>,
    /// The authenticator.
    pub authenticator: Option<AuthenticatorId>,
    /// The authenticator's display name, as known at K.
    pub authenticator_name: Option<String>,
    /// When it reached the service provider.
    pub accepted_at: Time,
    /// From when it counts; inclusive.
    pub from: Time,
    /// Until when it counts; exclusive.
    pub until: Option<Time>,
    /// Where no end is known: between which instants it lies.
    pub until_bounds: Option<Bounds>,
    /// Why it ended.
    pub end_reason: Option<&'static str>,
    /// The record that ended it: of the session's end, or of the loss of its authenticator.
    pub end_record: Option<RecordRef>,
    /// A loss of its authenticator by T may have ended it, where that is open.
    pub may_be_lost: bool,
    /// Losses of such an authenticator that came before it: it stands, as a replacement looks the
    /// same (`semantics.md` 11).
    pub lost_before: Vec<RecordRef>,
    /// How good the evidence is.
    pub grade: Grade,
    /// How sure it is that it counts.
    pub certainty: Certainty,
    /// What is missing to be certain, where it is only possible: codes.
    pub missing: Vec<&'static str>,
    /// It counts by record (`semantics.md` 8).
    pub by_record: bool,
    /// It counts by the rules.
    pub by_rules: bool,
    /// Why its assertion is void, all reasons (`semantics.md` 7, 45). Empty where it only may be
    /// (`semantics.md` 3).
    pub void: Vec<&'static str>,
    /// The version of its IdP that it came under. None: verified here, or nothing is stated.
    pub came_under: Option<CameUnder>,
    /// The records that show it: the claim or verification, the key, the trust version, the org.
    pub evidence: Vec<RecordRef>,
    /// Whether something it rests on is a variant.
    pub variant: bool,
}

/// The version of its IdP that a claim came under: of several that may have been in force, those
/// that trust it (`semantics.md` 6, 9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameUnder {
    /// The labels of those that trust it, the latest first; where it was not trusted, of all that
    /// may have been in force. None: no version trusts it, and a state between them may have.
    pub versions: Vec<VersionLabel>,
    /// How sure it is that it was trusted. None: it was not.
    pub trusted: Option<Certainty>,
}

impl CameUnder {
    /// The latest of its versions.
    #[must_use]
    pub fn latest(&self) -> Option<&VersionLabel> {
        self.versions.first()
    }

    /// `trusted as t1`, `trusted as t1 or t2`, `possibly trusted as t1`, `not trusted, under t2`.
    #[must_use]
    pub fn words(&self) -> String {
        let versions = self.labels();
        match self.trusted {
            Some(Certainty::Certain) => format!("trusted as {versions}"),
            Some(Certainty::Possible) => format!("possibly trusted as {versions}"),
            None => format!("not trusted, under {versions}"),
        }
    }

    /// `t1`, or `t2 or t1`.
    pub(crate) fn labels(&self) -> String {
        if self.versions.is_empty() {
            return "a state between versions".to_owned();
        }
        let labels: Vec<&str> = self.versions.iter().map(VersionLabel::as_str).collect();
        labels.join(" or ")
    }
}

impl HonoredFactor {
    /// Whether a name means it: what it is called, its `amr` value, or its method.
    #[must_use]
    pub fn goes_by(&self, name: &str) -> bool {
        goes_by(name, (&self.name, self.amr.as_ref(), self.method))
    }
}

/// A claimed value that did not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredClaim {
    /// The value.
    pub name: String,
    /// The `amr` value, where one was asserted.
    pub amr: Option<Amr>,
    /// The method, where one is stated or the `amr` value can stand for one only.
    pub method: Option<Method>,
    /// Who asserted it.
    pub idp: IdpId,
    /// The assertion.
    pub assertion: Option<AssertionId>,
    /// When it reached the service provider.
    pub received_at: Time,
    /// Every reason, as codes (`semantics.md` 45), ignored ones and void ones.
    pub reasons: Vec<&'static str>,
    /// How sure it is that it did not count. Possible inside the interval of its own time
    /// (`semantics.md` 3), and where what is not known could have made it count.
    pub certainty: Certainty,
    /// The record.
    pub record: RecordRef,
}

impl IgnoredClaim {
    /// Whether a name means it: what it is called, its `amr` value, or its method.
    #[must_use]
    pub fn goes_by(&self, name: &str) -> bool {
        goes_by(name, (&self.name, self.amr.as_ref(), self.method))
    }
}

fn goes_by(name: &str, (own, amr, method): (&str, Option<&Amr>, Option<Method>)) -> bool {
    own == name
        || amr.is_some_and(|amr| amr.as_str() == name)
        || method.is_some_and(|method| method.as_str() == name)
}
