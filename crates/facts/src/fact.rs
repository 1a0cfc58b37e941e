//! The table of fact types: name, current version, what a line of it must carry, and who may write
//! it.

use crate::{
    ids::{Pseudonym, SessionId},
    time::Occurred,
    types::{
        app, authenticator, claims, erasure, factor, hold, idp, idp_session, ledger, org, policy,
        session, sign_in, source, subject, trust,
    },
    vocabulary::{FREE_TEXT, is_code},
};
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

/// One typed statement of a record, as the fold sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The session it names.
    pub session: Option<SessionId>,
    /// The person it is about.
    pub subject: Option<Pseudonym>,
    /// When it occurred, as the source claims.
    pub occurred: Occurred,
    /// What it says.
    pub data: FactData,
}

/// What a fact type asks of a line, and who may write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactType {
    /// The stored name, past tense; never edited or reused.
    pub name: &'static str,
    /// The current version.
    pub version: u32,
    /// Whether a line must name a session.
    pub needs_session: bool,
    /// Whether a line must name a subject.
    pub needs_subject: bool,
    /// Whether only the ledger itself may write it.
    pub ledger_only: bool,
}

macro_rules! fact_types {
    ($($variant:ident($data:ty) = $name:literal v $version:literal $($flag:ident)*;)*) => {
        /// What a fact says, at the current version of its type.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum FactData {
            $(#[doc = concat!("`", $name, "`")] $variant($data),)*
        }

        /// Every fact type, in the order of the contract.
        pub const FACT_TYPES: &[FactType] = &[$(FactType {
            name: $name,
            version: $version,
            needs_session: fact_types!(@has session $($flag)*),
            needs_subject: fact_types!(@has subject $($flag)*),
            ledger_only: fact_types!(@has ledger $($flag)*),
        },)*];

        impl FactData {
            /// The stored name of its type.
            #[must_use]
            pub const fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// The current version of its type: the one it is written as.
            #[must_use]
            pub const fn version(&self) -> u32 {
                match self { $(Self::$variant(_) => $version,)* }
            }

            /// As a JSON value, for storing.
            ///
            /// # Errors
            /// Never for the types of the contract; serde asks for it.
            pub fn to_value(&self) -> Result<Value, serde_json::Error> {
                match self { $(Self::$variant(data) => serde_json::to_value(data),)* }
            }

            /// As JSON text, at the current version of its type.
            ///
            /// # Errors
            /// Never for the types of the contract; serde asks for it.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$variant(data) => serde_json::to_string(data),)* }
            }

            /// Reads data at the current version of its type; `None` for a name that is no fact
            /// type.
            ///
            /// # Errors
            /// With the path of the field and what was expected.
            pub fn from_value(name: &str, value: Value) -> Option<Result<Self,
                serde_path_to_error::Error<serde_json::Error>>> {
                match name {
                    $($name => Some(serde_path_to_error::deserialize::<_,
                        $data>(value).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }

        impl FactData {
            /// Like [`Self::from_value`], from JSON text, and without the path in errors: for
            /// stored data, whose form is known.
            ///
            /// # Errors
            /// With what was expected.
            pub fn from_json(name: &str, json: &str) -> Option<Result<Self, serde_json::Error>> {
                match name {
                    $($name => Some(serde_json::from_str::<$data>(json).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }

        /// A reference to the JSON Schema of a fact type's data, which the generator then holds.
        pub(crate) fn data_schema_ref(name: &str,
            generator: &mut SchemaGenerator) -> Option<Schema> {
            match name { $($name => Some(generator.subschema_for::<$data>()),)* _ => None }
        }

        /// The JSON Schema of a fact type's data at its current version.
        #[must_use]
        pub fn data_schema(name: &str, generator: &mut SchemaGenerator) -> Option<Schema> {
            match name { $($name => Some(generator.root_schema_for::<$data>()),)* _ => None }
        }
    };
    (@has session session $($rest:ident)*) => { true };
    (@has subject subject $($rest:ident)*) => { true };
    (@has ledger ledger $($rest:ident)*) => { true };
    (@has $flag:ident $other:ident $($rest:ident)*) => { fact_types!(@has $flag $($rest)*) };
    (@has $flag:ident) => { false };
}

fact_types! {
    OrgConfigured(org::OrgConfigured) = "org.configured" v 1;
    IdpConfigured(idp::IdpConfigured) = "idp.configured" v 1;
    IdpKeyAdded(idp::IdpKeyAdded) = "idp.key_added" v 1;
    IdpKeyRetired(idp::IdpKeyRetired) = "idp.key_retired" v 1;
    TrustRetracted(trust::TrustRetracted) = "trust.retracted" v 1;
    PolicyConfigured(policy::PolicyConfigured) = "policy.configured" v 1;
    ClaimSourcingConfigured(claims::ClaimSourcingConfigured) = "claim_sourcing.configured" v 1;
    RoutingRuleConfigured(idp::RoutingRuleConfigured) = "routing_rule.configured" v 1;
    AuthenticatorConfigured(authenticator::AuthenticatorConfigured) = "authenticator.configured" v
        1;
    AuthenticatorLost(authenticator::AuthenticatorLost) = "authenticator.lost" v 1 subject;
    SubjectLinked(subject::SubjectLinked) = "subject.linked" v 1 subject;
    IdpSessionStarted(idp_session::IdpSessionStarted) = "idp_session.started" v 1 subject;
    IdpSessionEnded(idp_session::IdpSessionEnded) = "idp_session.ended" v 1 subject;
    SessionStarted(session::SessionStarted) = "session.started" v 1 session subject;
    SessionLinked(session::SessionLinked) = "session.linked" v 1 session;
    ClaimsReceived(claims::ClaimsReceived) = "claims.received" v 1 session subject;
    ClaimAccepted(claims::ClaimAccepted) = "claim.accepted" v 1 session subject;
    ClaimIgnored(claims::ClaimIgnored) = "claim.ignored" v 1 session subject;
    FactorVerified(factor::FactorVerified) = "factor.verified" v 1 session subject;
    PolicyDecided(factor::PolicyDecided) = "policy.decided" v 1 session subject;
    AppAccessed(app::AppAccessed) = "app.accessed" v 1 session subject;
    SessionEnded(session::SessionEnded) = "session.ended" v 1 session subject;
    SourceHeard(source::SourceHeard) = "source.heard" v 1;
    SourceSilent(source::SourceSilent) = "source.silent" v 1;
    SourceBackfilled(source::SourceBackfilled) = "source.backfilled" v 1;
    HoldPlaced(hold::HoldPlaced) = "hold.placed" v 1;
    HoldReleased(hold::HoldReleased) = "hold.released" v 1;
    ErasureRequested(erasure::ErasureRequested) = "erasure.requested" v 1 subject;
    LedgerOpened(ledger::LedgerOpened) = "ledger.opened" v 1 ledger;
    FactConflicted(ledger::FactConflicted) = "fact.conflicted" v 1 ledger;
    RoleGranted(ledger::RoleGranted) = "role.granted" v 1 ledger;
    RoleRevoked(ledger::RoleRevoked) = "role.revoked" v 1 ledger;
    RulesActivated(ledger::RulesActivated) = "rules.activated" v 1 ledger;
    SubjectSessionsEnded(subject::SubjectSessionsEnded) = "subject.sessions_ended" v 1 subject;
    SignInRefused(sign_in::SignInRefused) = "sign_in.refused" v 1;
}

/// The fact types without a reason in words: a new one must be put here, or have its reason looked
/// at.
macro_rules! without_reason {
    () => {
        Self::OrgConfigured(_)
            | Self::IdpConfigured(_)
            | Self::IdpKeyAdded(_)
            | Self::IdpKeyRetired(_)
            | Self::PolicyConfigured(_)
            | Self::ClaimSourcingConfigured(_)
            | Self::RoutingRuleConfigured(_)
            | Self::AuthenticatorConfigured(_)
            | Self::AuthenticatorLost(_)
            | Self::SubjectLinked(_)
            | Self::IdpSessionStarted(_)
            | Self::SessionStarted(_)
            | Self::SessionLinked(_)
            | Self::ClaimsReceived(_)
            | Self::FactorVerified(_)
            | Self::PolicyDecided(_)
            | Self::AppAccessed(_)
            | Self::SessionEnded(_)
            | Self::SourceHeard(_)
            | Self::SourceSilent(_)
            | Self::SourceBackfilled(_)
            | Self::LedgerOpened(_)
            | Self::FactConflicted(_)
            | Self::RoleGranted(_)
            | Self::RoleRevoked(_)
            | Self::RulesActivated(_)
            | Self::SubjectSessionsEnded(_)
    };
}

impl FactType {
    /// The fact type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FACT_TYPES.iter().find(|t| t.name == name)
    }
}

impl FactData {
    /// Whether its reason is free text, which may not stand in the clear.
    #[must_use]
    pub fn has_free_text(&self) -> bool {
        self.reason().is_some_and(|reason| !is_code(reason))
    }

    /// Takes its reason away if that is free text, and leaves [`FREE_TEXT`] in its place. What is
    /// taken is to be sealed: under `text` of the subject, or of nobody.
    pub fn take_free_text(&mut self) -> Option<String> {
        self.reason_mut()
            .filter(|reason| !is_code(reason))
            .map(|reason| std::mem::replace(reason, FREE_TEXT.to_owned()))
    }

    fn reason(&self) -> Option<&String> {
        match self {
            Self::TrustRetracted(data) => Some(&data.reason),
            Self::IdpSessionEnded(data) => data.reason.as_ref(),
            Self::SignInRefused(data) => data.reason.as_ref(),
            Self::ClaimAccepted(data) => data.reason.as_ref(),
            Self::ClaimIgnored(data) => data.reason.as_ref(),
            Self::HoldPlaced(data) => data.reason.as_ref(),
            Self::HoldReleased(data) => data.reason.as_ref(),
            Self::ErasureRequested(data) => data.reason.as_ref(),
            without_reason!() => None,
        }
    }

    fn reason_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::TrustRetracted(data) => Some(&mut data.reason),
            Self::IdpSessionEnded(data) => data.reason.as_mut(),
            Self::SignInRefused(data) => data.reason.as_mut(),
            Self::ClaimAccepted(data) => data.reason.as_mut(),
            Self::ClaimIgnored(data) => data.reason.as_mut(),
            Self::HoldPlaced(data) => data.reason.as_mut(),
            Self::HoldReleased(data) => data.reason.as_mut(),
            Self::ErasureRequested(data) => data.reason.as_mut(),
            without_reason!() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_lower_case_with_one_dot_and_used_once() {
        let mut names: Vec<_> = FACT_TYPES.iter().map(|fact| fact.name).collect();
        for name in &names {
            let (noun, verb) = name.split_once('.').unwrap();
            assert!(is_code(noun) && is_code(verb), "{name}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FACT_TYPES.len());
    }

    #[test]
    fn the_table_says_what_a_line_needs() {
        let needs = |name: &str| {
            FactType::named(name)
                .map(|fact| (fact.needs_session, fact.needs_subject, fact.ledger_only))
        };
        assert_eq!(needs("session.started"), Some((true, true, false)));
        assert_eq!(needs("session.linked"), Some((true, false, false)));
        assert_eq!(needs("authenticator.lost"), Some((false, true, false)));
        assert_eq!(needs("org.configured"), Some((false, false, false)));
        assert_eq!(needs("ledger.opened"), Some((false, false, true)));
        assert_eq!(needs("session.paused"), None);
    }

    #[test]
    fn an_error_names_the_path() {
        let data = json!({"policy": "p", "version": "1", "kind": "app_sign_in",
            "rules": [{"rule": "r", "priority": "first"}]});
        let error = FactData::from_value("policy.configured", data).unwrap().unwrap_err();
        assert_eq!(error.path().to_string(), "rules[0].priority");
        assert!(FactData::from_value("session.paused", json!({})).is_none());
    }
}
