//! `policy.configured`, `policy.listed`.

use super::prelude::*;

/// `policy.configured`: a whole snapshot of a policy.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "policy": "payroll", "version": "v2", "kind": "app_sign_in", "status": "active",
    "apps": ["payroll", "wiki"], "max_lifetime_secs": 43200, "max_idle_secs": 0,
    "actor": "admin-1", "ticket": "T-5",
    "saved": {"policy": true, "rules": ["payroll-1", "payroll-0"]},
    "rules": [
        {
            "rule": "payroll-1", "priority": 1, "access": "allow", "factor_mode": "2fa",
            "status": "active", "chain": ["password", "webauthn"], "reauthenticate_in_secs": 0,
            "alternatives": [
                {
                    "possession": {
                        "device_bound": true, "hardware_protected": true,
                        "phishing_resistant": false, "user_presence": true,
                        "user_verification": false, "reauthenticate_in_secs": 7200
                    },
                    "knowledge": true, "knowledge_methods": ["password"],
                    "knowledge_reauthenticate_in_secs": 3600,
                    "allow_methods": ["webauthn"], "exclude_methods": ["sms", "voice"]
                },
                {"possession": {}}, {}
            ]
        },
        {
            "rule": "payroll-2", "priority": -2, "access": "deny", "factor_mode": "1fa",
            "chains": [[["password"], ["otp", "webauthn"]]]
        },
        {
            "rule": "payroll-3", "priority": 3, "access": "allow", "factor_mode": "1fa",
            "other_verification": "auto_login"
        },
        {
            "rule": "session-1", "priority": 4, "access": "allow", "factor_mode": "1fa",
            "primary_factor": "password_idp_any_factor", "require_mfa": true,
            "max_lifetime_secs": 43200, "max_idle_secs": 7200, "idps": ["idp-x"]
        }
    ]
}]))]
pub struct PolicyConfigured {
    /// The policy.
    pub policy: PolicyId,
    /// The label of this version.
    pub version: VersionLabel,
    /// Its kind.
    pub kind: PolicyKind,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Its status; absent: active.
    pub status: Option<Status>,
    /// The applications it holds for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<AppId>,
    /// Global session policy: how long a session lives, in seconds; 0: no limit.
    pub max_lifetime_secs: Option<u64>,
    /// Global session policy: how long a session may be idle, in seconds; 0: no limit.
    pub max_idle_secs: Option<u64>,
    /// Who set it.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
    /// What of it was saved in the interval of this statement, perhaps more than once, or deleted:
    /// no look saw what it was meanwhile.
    pub saved: Option<SavedParts>,
}

/// Parts of a policy that were saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavedParts {
    /// The policy object itself: its status and limits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub policy: bool,
    /// Rules of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
}

/// `policy.listed`: there is a policy; what its rules ask for is stated in `policy.configured`, or
/// not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "policy": "payroll", "kind": "app_sign_in", "status": "active"
}]))]
pub struct PolicyListed {
    /// The policy.
    pub policy: PolicyId,
    /// Its kind.
    pub kind: PolicyKind,
    /// Its status.
    pub status: Status,
}

/// One rule.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// The rule.
    pub rule: RuleId,
    /// Its priority; lower is first.
    pub priority: i64,
    /// What it gives.
    pub access: Access,
    /// How many factor types it asks for.
    pub factor_mode: FactorMode,
    /// Any one of these suffices; absent, empty or one empty alternative: no constraint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    /// Its status; absent: active.
    pub status: Option<Status>,
    /// Methods in sequence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Method>,
    /// Any one of these chains suffices: each a list of steps, each step a list of methods of which
    /// one is verified (Okta: `AUTH_METHOD_CHAIN`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<Vec<Vec<Method>>>,
    /// A form of verification that no rule of assessment reads, such as `auto_login`; what the rule
    /// implies is then undetermined.
    pub other_verification: Option<String>,
    /// Global session policy: what the first factor may be.
    pub primary_factor: Option<PrimaryFactor>,
    /// Global session policy: whether MFA is required.
    pub require_mfa: Option<bool>,
    /// Global session policy: how long a session lives under this rule, in seconds; 0: no limit.
    pub max_lifetime_secs: Option<u64>,
    /// Global session policy: how long a session may be idle under this rule, in seconds; 0: no
    /// limit.
    pub max_idle_secs: Option<u64>,
    /// Global session policy: only for sign-ins through these IdPs; absent: any.
    pub idps: Option<Vec<IdpId>>,
    /// After how many seconds a verification no longer counts; 0: every time.
    pub reauthenticate_in_secs: Option<u64>,
}

/// One way to meet a rule.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alternative {
    /// A possession factor with these characteristics; empty: any possession factor.
    pub possession: Option<Possession>,
    /// A knowledge factor.
    pub knowledge: Option<bool>,
    /// Only these methods count as knowledge; absent: any. No list of methods as the two below are:
    /// a value of a third-party IdP counts by the method that it stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knowledge_methods: Vec<Method>,
    /// After how many seconds a knowledge factor no longer counts here; it replaces the rule's.
    pub knowledge_reauthenticate_in_secs: Option<u64>,
    /// Only these methods count; absent: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<Method>,
    /// These methods do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_methods: Vec<Method>,
}

/// What a possession factor must have; true: required.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Possession {
    /// The key cannot leave its device.
    pub device_bound: Option<bool>,
    /// The key is held in hardware.
    pub hardware_protected: Option<bool>,
    /// The factor resists phishing.
    pub phishing_resistant: Option<bool>,
    /// A person was present.
    pub user_presence: Option<bool>,
    /// The person was verified by the authenticator.
    pub user_verification: Option<bool>,
    /// After how many seconds a possession factor no longer counts here; it replaces the rule's.
    pub reauthenticate_in_secs: Option<u64>,
}
