//! The closed vocabularies of the contract, one enum each, in lower snake case on the wire.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, sync::Arc};

macro_rules! vocabulary {
    ($($(#[doc = $doc:literal])* $name:ident {
        $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[doc = concat!("`", $word, "`")] #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every word, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads a word of the vocabulary.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"description": concat!($($doc),*).trim(), "type": "string",
                    "enum": [$($word),*]})
            }
        }
    )*};
}

vocabulary! {
    /// How a factor was verified.
    Method {
        Password = "password", SecurityQuestion = "security_question", Email = "email", Sms = "sms",
            Voice = "voice",
        Otp = "otp", Totp = "totp", Push = "push", SignedNonce = "signed_nonce",
            Webauthn = "webauthn",
        SmartCard = "smart_card", Duo = "duo", Rsa = "rsa", Symantec = "symantec",
            Yubikey = "yubikey",
        CustomApp = "custom_app", CustomOtp = "custom_otp", ExternalIdp = "external_idp",
    }
    /// A characteristic of a verification (Okta's `AuthenticatorMethodProperty`).
    Property {
        DeviceBound = "device_bound", HardwareProtected = "hardware_protected",
            PhishingResistant = "phishing_resistant",
        UserPresence = "user_presence", UserVerifying = "user_verifying",
    }
    /// The engine of an org.
    Engine { IdentityEngine = "identity_engine", Classic = "classic", }
    /// What kind of identity provider it is.
    IdpKind { OktaIdentityEngine = "okta_identity_engine", OktaClassic = "okta_classic",
        ThirdParty = "third_party", }
    /// The status of a configured thing.
    Status { Active = "active", Inactive = "inactive", Deleted = "deleted", }
    /// The protocol of a federation.
    Protocol { Oidc = "oidc", Saml2 = "saml2", }
    /// The application at the identity provider that the federation goes through.
    IdpApp { Oidc = "oidc", Saml2 = "saml2", Org2org = "org2org", }
    /// What an identity provider is used for.
    IdpUsage { Sso = "sso", FactorOnly = "factor_only", }
    /// The kind of a policy.
    PolicyKind { AppSignIn = "app_sign_in", GlobalSession = "global_session", }
    /// What the first factor of a global session may be: the password or an IdP, or any factor that
    /// the policy of the application asks for.
    PrimaryFactor { PasswordIdp = "password_idp",
        PasswordIdpAnyFactor = "password_idp_any_factor", }
    /// What kind of configured object a name or a change is about.
    ObjectKind {
        AdminRole = "admin_role", App = "app", Authenticator = "authenticator",
            EventHook = "event_hook", Feature = "feature", Idp = "idp", IdpKey = "idp_key",
        LogStream = "log_stream", Policy = "policy", ResourceSet = "resource_set",
            RoutingRule = "routing_rule", Rule = "rule", Token = "token", Zone = "zone",
    }
    /// What a rule gives.
    Access { Allow = "allow", Deny = "deny", }
    /// How many factor types a rule asks for.
    FactorMode { OneFactor = "1fa", TwoFactor = "2fa", }
    /// Where a session goes when reauthentication is due.
    Redirect { None = "none", Fixed = "fixed", }
    /// Whether a local authenticator can be enrolled.
    Enrollment { Allowed = "allowed", Disabled = "disabled", }
    /// What a local authenticator is allowed for: signing in, recovery of the account, or both.
    AllowedFor { Any = "any", None = "none", Recovery = "recovery", Sso = "sso", }
    /// How a request to read records came.
    Surface { Cli = "cli", Http = "http", Graphql = "graphql", Page = "page",
        Subscription = "subscription", Export = "export", }
    /// What the service provider recorded as its decision.
    Outcome { Allow = "allow", Challenge = "challenge", Deny = "deny", }
    /// The outcome of a sign-in, a factor or an access that did not succeed.
    SignInResult {
        Failure = "failure", Deny = "deny", Challenge = "challenge", Abandoned = "abandoned",
            Unanswered = "unanswered",
        RateLimit = "rate_limit", Skipped = "skipped", Other = "other",
    }
    /// Why a session ended, as its source states it.
    EndReason { Logout = "logout", Expired = "expired", Revoked = "revoked",
        UpstreamRevoked = "upstream_revoked", Other = "other", }
    /// On what a statement of completeness rests.
    HeardBasis { Stated = "stated", Polled = "polled", Assumed = "assumed", }
    /// What happened to what sends the events of a source.
    DeliveryChange { Started = "started", Stopped = "stopped", Failed = "failed", }
    /// What was done to a configured object.
    ObjectChange {
        Created = "created", Updated = "updated", Activated = "activated",
            Deactivated = "deactivated", Deleted = "deleted",
        Staged = "staged", Promoted = "promoted", RolledBack = "rolled_back",
            Invalidated = "invalidated", Mapped = "mapped", SecretRead = "secret_read",
    }
    /// What was done to an authenticator of a person.
    AuthenticatorChange {
        Enrolled = "enrolled", Removed = "removed", Suspended = "suspended", Resumed = "resumed",
            Updated = "updated", AllReset = "all_reset",
    }
    /// What was done to administrator roles.
    PrivilegeChange { Granted = "granted", Revoked = "revoked", }
    /// What was done to an account.
    AccountChange {
        Created = "created", Activated = "activated", Deactivated = "deactivated",
            Suspended = "suspended", Resumed = "resumed", Deleted = "deleted",
        Locked = "locked", Unlocked = "unlocked", PasswordChanged = "password_changed",
            PasswordReset = "password_reset", PasswordExpired = "password_expired",
    }
    /// What a source flagged.
    Flag {
        ReportedByUser = "reported_by_user", ThreatDetected = "threat_detected",
            RequestBlocked = "request_blocked", BypassAttempted = "bypass_attempted",
        RiskDetected = "risk_detected", RiskChanged = "risk_changed",
            RiskEvaluated = "risk_evaluated", RiskActedOn = "risk_acted_on",
        ReevaluationFailed = "reevaluation_failed", Reevaluated = "reevaluated",
            ReevaluationActedOn = "reevaluation_acted_on",
        ImpersonationGranted = "impersonation_granted",
            ImpersonationBegan = "impersonation_began",
            ImpersonationExtended = "impersonation_extended",
            ImpersonationEnded = "impersonation_ended",
            ImpersonationRevoked = "impersonation_revoked",
        TokenReused = "token_reused", TokenOutsideZone = "token_outside_zone",
            CredentialBreached = "credential_breached", HookNotDelivered = "hook_not_delivered",
    }
    /// A level of risk.
    RiskLevel { Low = "low", Medium = "medium", High = "high", }
    /// Why a session's context is another one.
    ContextCause { Address = "address", Device = "device", Place = "place", Other = "other", }
    /// How a record was read; stored with it.
    Note {
        /// The source's time had no zone and was read as UTC.
        TimeZoneAssumedUtc = "time_zone_assumed_utc",
        /// No translator of this version reads this kind of event, or it lacks what the facts need.
        NotUnderstood = "not_understood",
        /// The source's log does not say how long a session may last or be idle (`semantics.md`
        /// 22).
        LimitsNotLogged = "limits_not_logged",
        /// What is stated was seen by a look, and was saved since the look before, perhaps more
        /// than once.
        SavedSinceLastLook = "saved_since_last_look",
        /// The object's own time of its last save does not fit to the looks that saw it: the clocks
        /// of the source and of the looks contradict each other.
        ClocksContradict = "clocks_contradict",
    }
    /// What a credential may do.
    Role { Ingest = "ingest", Read = "read", Investigate = "investigate", Export = "export",
        Govern = "govern", Operate = "operate", }
}

/// Words that later versions may add to: a word that this version does not know is kept as it is.
macro_rules! open_vocabulary {
    ($($(#[doc = $doc:literal])* $name:ident {
        $($(#[doc = $vdoc:literal])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $vdoc])* #[doc = concat!("`", $word, "`")] $variant,)*
            /// A word that this version does not know; made by [`Self::parse`] alone.
            Other(Arc<str>),
        }

        impl $name {
            /// Every known word.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant,)*];

            /// The word as it is stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $word,)* Self::Other(word) => word }
            }

            /// Reads a word, known or not.
            #[must_use]
            pub fn parse(word: &str) -> Self {
                match word { $($word => Self::$variant,)* other => Self::Other(other.into()) }
            }
        }
    )*};
}

open_vocabulary! {
    /// How a record came in.
    Channel {
        /// From a file, by the command line.
        File = "file",
        /// By `POST /v1/facts`.
        Http = "http",
        /// By a hook of the source.
        Hook = "hook",
        /// Fetched by a poller.
        Poller = "poller",
        /// From a stream of the source.
        Stream = "stream",
        /// Written by the ledger itself.
        Ledger = "ledger",
        /// Copied from another ledger.
        Copy = "copy",
    }
    /// Why sealed bodies of a record were removed.
    RemovalReason {
        /// Their retention period ended.
        Retention = "retention",
        /// A person they are about was erased.
        Erasure = "erasure",
    }
}

/// An authentication method reference: a value of RFC 8176 or one a vendor adds. Unknown values are
/// kept.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Amr(pub String);

impl Amr {
    /// The value as it was asserted.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Amr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is a code (`^[a-z0-9_]{1,64}$`), which may be stored in the clear. Anything else
/// is free text and is sealed, with [`FREE_TEXT`] in its place.
#[must_use]
pub fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// The code in place of a text that is sealed.
pub const FREE_TEXT: &str = "free_text";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_lower_snake_case_and_short() {
        for code in ["logout", "key_leaked_2", "x", FREE_TEXT, &"a".repeat(64)] {
            assert!(is_code(code), "{code}");
        }
        for text in ["", "Logout", "left the company", "a.b", "a-b", "é", "a\n", &"a".repeat(65)] {
            assert!(!is_code(text), "{text}");
        }
    }

    #[test]
    fn words_read_as_they_are_written() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.as_str()), Some(*method));
            assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
        }
        assert_eq!(Method::parse("Password"), None);
        assert_eq!(Method::ALL.len(), 18);
    }
}
