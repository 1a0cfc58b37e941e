//! The table of fact types: name, current version, nature, and what a line of it must carry.

use crate::{
    ids::{Pseudonym, SessionId},
    nature::Nature,
    time::Occurred,
    types::{
        access, account, activity, app, authenticator, claims, configuration, erasure, factor,
        hold, idp, idp_session, ledger, object, org, policy, session, sign_in, source, subject,
        trust,
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

/// One line of the table of fact types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactType {
    /// The stored name, past tense; never edited or reused.
    pub name: &'static str,
    /// The current version.
    pub version: u32,
    /// What kind of statement it makes.
    pub nature: Nature,
    /// What it is, in a word or two.
    pub words: &'static str,
    /// Whether a line must name a session.
    pub needs_session: bool,
    /// Whether a line must name a subject.
    pub needs_subject: bool,
}

/// Data of a fact type.
pub trait Typed {
    /// Its type.
    const TYPE: &'static FactType;
}

/// A `reason` field, whether required or optional.
trait Reason {
    fn text(&self) -> Option<&String>;
    fn text_mut(&mut self) -> Option<&mut String>;
}

impl Reason for String {
    fn text(&self) -> Option<&String> {
        Some(self)
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        Some(self)
    }
}

impl Reason for Option<String> {
    fn text(&self) -> Option<&String> {
        self.as_ref()
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        self.as_mut()
    }
}

macro_rules! fact_types {
    ($($variant:ident($data:ty) = $name:literal v $version:literal,
        $nature:ident, $words:literal, [$($flag:ident)*];)*) => {
        /// What a fact says, at the current version of its type.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum FactData {
            $(#[doc = concat!("`", $name, "`")] $variant($data),)*
        }

        /// Every fact type, in the order of the contract.
        pub const FACT_TYPES: &[FactType] = &[$(*<$data as Typed>::TYPE,)*];

        $(impl Typed for $data {
            const TYPE: &'static FactType = &FactType {
                name: $name,
                version: $version,
                nature: Nature::$nature,
                words: $words,
                needs_session: fact_types!(@has session $($flag)*),
                needs_subject: fact_types!(@has subject $($flag)*),
            };
        })*

        impl FactData {
            /// Its type.
            #[must_use]
            pub const fn fact_type(&self) -> &'static FactType {
                match self { $(Self::$variant(_) => <$data as Typed>::TYPE,)* }
            }

            fn reason(&self) -> Option<&String> {
                match self {
                    $(Self::$variant(data) => fact_types!(@reason text, data $($flag)*),)*
                }
            }

            fn reason_mut(&mut self) -> Option<&mut String> {
                match self {
                    $(Self::$variant(data) => fact_types!(@reason text_mut, data $($flag)*),)*
                }
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

            /// Reads data at the current version of its type; `None` if no fact type has this name.
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

            /// Like [`Self::from_value`], from JSON text. Errors have no path: stored data was
            /// checked when it came in, and this is the hot path of every read.
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
    (@has $flag:ident $other:ident $($rest:ident)*) => { fact_types!(@has $flag $($rest)*) };
    (@has $flag:ident) => { false };
    (@reason $of:ident, $data:ident reason $($rest:ident)*) => { $data.reason.$of() };
    (@reason $of:ident, $data:ident $other:ident $($rest:ident)*) => {
        fact_types!(@reason $of, $data $($rest)*)
    };
    (@reason $of:ident, $data:ident) => {{ _ = $data; None }};
}

// One line a type: variant, data, stored name, version; nature, what it is in a word or two, and
// what else holds for it. `session`, `subject`: a line must name one. `reason`: its `reason` may be
// free text, which must not be stored in the clear.
fact_types! {
    OrgConfigured(org::OrgConfigured) = "org.configured" v 1,
        Configuration, "organisation configured", [];
    IdpConfigured(idp::IdpConfigured) = "idp.configured" v 1,
        Configuration, "IdP configured", [];
    IdpKeyAdded(idp::IdpKeyAdded) = "idp.key_added" v 1,
        Configuration, "key added", [];
    IdpKeyRetired(idp::IdpKeyRetired) = "idp.key_retired" v 1,
        Configuration, "key retired", [];
    TrustRetracted(trust::TrustRetracted) = "trust.retracted" v 1,
        Falsifier, "trust retracted", [reason];
    PolicyConfigured(policy::PolicyConfigured) = "policy.configured" v 4,
        Configuration, "policy configured", [];
    ClaimSourcingConfigured(claims::ClaimSourcingConfigured) = "claim_sourcing.configured" v 1,
        Configuration, "claim sourcing configured", [];
    RoutingRuleConfigured(idp::RoutingRuleConfigured) = "routing_rule.configured" v 1,
        Configuration, "routing rule configured", [];
    AuthenticatorConfigured(authenticator::AuthenticatorConfigured)
        = "authenticator.configured" v 3, Configuration, "authenticator configured", [];
    AuthenticatorLost(authenticator::AuthenticatorLost) = "authenticator.lost" v 1,
        Falsifier, "authenticator lost", [subject];
    SubjectLinked(subject::SubjectLinked) = "subject.linked" v 1,
        Person, "identities linked", [subject];
    IdpSessionStarted(idp_session::IdpSessionStarted) = "idp_session.started" v 1,
        Session, "IdP session started", [subject];
    IdpSessionEnded(idp_session::IdpSessionEnded) = "idp_session.ended" v 1,
        Session, "IdP session ended", [subject reason];
    SessionStarted(session::SessionStarted) = "session.started" v 1,
        SignOfLife, "started", [session subject];
    SessionLinked(session::SessionLinked) = "session.linked" v 1,
        Session, "linked", [session];
    ClaimsReceived(claims::ClaimsReceived) = "claims.received" v 1,
        SignOfLife, "claims received", [session subject];
    ClaimAccepted(claims::ClaimAccepted) = "claim.accepted" v 2,
        SignOfLife, "claim accepted", [session subject reason];
    ClaimIgnored(claims::ClaimIgnored) = "claim.ignored" v 1,
        SignOfLife, "claim ignored", [session subject reason];
    FactorVerified(factor::FactorVerified) = "factor.verified" v 1,
        SignOfLife, "factor verified", [session subject];
    PolicyDecided(factor::PolicyDecided) = "policy.decided" v 2,
        SignOfLife, "decision", [session subject];
    AppAccessed(app::AppAccessed) = "app.accessed" v 1,
        SignOfLife, "app access", [session subject];
    SessionEnded(session::SessionEnded) = "session.ended" v 1,
        Session, "ended", [session subject];
    SourceHeard(source::SourceHeard) = "source.heard" v 1,
        Completeness, "source heard", [];
    SourceSilent(source::SourceSilent) = "source.silent" v 1,
        Completeness, "source silent", [];
    SourceBackfilled(source::SourceBackfilled) = "source.backfilled" v 1,
        Completeness, "source back-filled", [];
    HoldPlaced(hold::HoldPlaced) = "hold.placed" v 1,
        Governance, "hold placed", [reason];
    HoldReleased(hold::HoldReleased) = "hold.released" v 1,
        Governance, "hold released", [reason];
    ErasureRequested(erasure::ErasureRequested) = "erasure.requested" v 1,
        Governance, "erasure requested", [subject reason];
    LedgerOpened(ledger::LedgerOpened) = "ledger.opened" v 1,
        Ledger, "ledger opened", [];
    FactConflicted(ledger::FactConflicted) = "fact.conflicted" v 1,
        Ledger, "conflict", [];
    RoleGranted(ledger::RoleGranted) = "role.granted" v 2,
        Ledger, "role granted", [];
    RoleRevoked(ledger::RoleRevoked) = "role.revoked" v 2,
        Ledger, "role revoked", [];
    RulesActivated(ledger::RulesActivated) = "rules.activated" v 1,
        Ledger, "rules activated", [];
    SubjectSessionsEnded(subject::SubjectSessionsEnded) = "subject.sessions_ended" v 1,
        Person, "sessions of the person ended", [subject];
    SignInRefused(sign_in::SignInRefused) = "sign_in.refused" v 1,
        SignOfLife, "sign-in refused", [reason];
    ObjectNamed(object::ObjectNamed) = "object.named" v 1,
        Configuration, "object named", [];
    SessionGoverned(session::SessionGoverned) = "session.governed" v 1,
        Session, "global session rule", [session subject];
    ConfigurationChanged(configuration::ConfigurationChanged) = "configuration.changed" v 1,
        SignOfLife, "configuration changed", [];
    AuthenticatorChanged(authenticator::AuthenticatorChanged) = "authenticator.changed" v 1,
        Account, "authenticator changed", [subject];
    PrivilegeChanged(account::PrivilegeChanged) = "privilege.changed" v 1,
        Account, "administrator roles changed", [];
    AccountChanged(account::AccountChanged) = "account.changed" v 1,
        Account, "account changed", [subject];
    ActivityFlagged(activity::ActivityFlagged) = "activity.flagged" v 1,
        Account, "flagged", [reason];
    SessionContextChanged(session::SessionContextChanged) = "session.context_changed" v 1,
        Session, "used from elsewhere", [session subject];
    SourceDeliveryChanged(source::SourceDeliveryChanged) = "source.delivery_changed" v 1,
        Completeness, "delivery of a source changed", [];
    AuthenticatorListed(authenticator::AuthenticatorListed) = "authenticator.listed" v 2,
        Configuration, "authenticator listed", [];
    PolicyListed(policy::PolicyListed) = "policy.listed" v 1,
        Configuration, "policy listed", [];
    AuthenticationUnread(factor::AuthenticationUnread) = "authentication.unread" v 1,
        Session, "authentication that is not understood", [session];
    SessionLogoutReported(session::SessionLogoutReported) = "session.logout_reported" v 1,
        Session, "logout that may have ended the session", [session];
    RecordsDisclosed(access::RecordsDisclosed) = "records.disclosed" v 1,
        Ledger, "records disclosed", [];
}

impl FactType {
    /// The fact type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FACT_TYPES.iter().find(|t| t.name == name)
    }

    /// Whether only the ledger itself may write it.
    #[must_use]
    pub fn is_ledger_only(&self) -> bool {
        self.nature == Nature::Ledger
    }
}

impl FactData {
    /// The stored name of its type.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.fact_type().name
    }

    /// The current version of its type: the one it is written as.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.fact_type().version
    }

    /// What kind of statement it makes.
    #[must_use]
    pub const fn nature(&self) -> Nature {
        self.fact_type().nature
    }

    /// Whether its reason is free text, which must not be stored in the clear.
    #[must_use]
    pub fn has_free_text(&self) -> bool {
        self.reason().is_some_and(|reason| !is_code(reason))
    }

    /// Removes a reason that is free text, and leaves [`FREE_TEXT`] in its place. The caller seals
    /// what is returned, under the subject's key or, without a subject, under the tenant's.
    pub fn take_free_text(&mut self) -> Option<String> {
        self.reason_mut()
            .filter(|reason| !is_code(reason))
            .map(|reason| std::mem::replace(reason, FREE_TEXT.to_owned()))
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
                .map(|fact| (fact.needs_session, fact.needs_subject, fact.is_ledger_only()))
        };
        assert_eq!(needs("session.started"), Some((true, true, false)));
        assert_eq!(needs("session.linked"), Some((true, false, false)));
        assert_eq!(needs("authenticator.lost"), Some((false, true, false)));
        assert_eq!(needs("org.configured"), Some((false, false, false)));
        assert_eq!(needs("ledger.opened"), Some((false, false, true)));
        assert_eq!(needs("session.paused"), None);
    }

    /// A `reason` that is a bare string may hold free text. Without the flag it would be stored in
    /// the clear.
    #[test]
    fn every_reason_in_words_has_its_flag() {
        for fact in FACT_TYPES {
            let schema =
                data_schema(fact.name, &mut SchemaGenerator::default()).unwrap().to_value();
            let reason = &schema["properties"]["reason"];
            let kinds = reason["type"].as_str().map(|kind| vec![kind]).or_else(|| {
                Some(reason["type"].as_array()?.iter().filter_map(Value::as_str).collect())
            });
            let in_words = kinds.is_some_and(|kinds| kinds.contains(&"string"));
            let mut sample = schema["examples"][0].clone();
            sample["reason"] = json!("left the company");
            let flagged = FactData::from_value(fact.name, sample)
                .unwrap()
                .is_ok_and(|data| data.has_free_text());
            assert_eq!(flagged, in_words, "{}", fact.name);
        }
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
