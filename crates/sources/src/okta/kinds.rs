//! Event types about accounts, configuration and suspicion, and what each says: one table.
//!
//! The log says *that* something was changed. What it is now, a look at the object says, so these
//! events are evidence, and never configuration (`claimledger_facts::types::configuration`).

use claimledger_facts::vocabulary::{
    AccountChange, AuthenticatorChange, Flag, ObjectChange, ObjectKind, PrivilegeChange,
};

/// What an event type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A configured object was changed, by the actor.
    Configuration(ObjectKind, ObjectChange),
    /// An authenticator of the user among the targets was changed.
    Authenticator(AuthenticatorChange),
    /// Administrator roles were granted or revoked.
    Privilege(PrivilegeChange),
    /// An account was opened, closed or locked.
    Account(AccountChange),
    /// Something is out of the ordinary.
    Flagged(Flag),
    /// A session is used from elsewhere.
    Context,
}

/// Objects, by what their event types begin with; a verb follows.
const OBJECTS: &[(&str, ObjectKind)] = &[
    ("application.lifecycle.", ObjectKind::App),
    ("event_hook.", ObjectKind::EventHook),
    ("iam.resourceset.", ObjectKind::ResourceSet),
    ("iam.role.", ObjectKind::AdminRole),
    ("policy.branch.lifecycle.", ObjectKind::Policy),
    ("policy.branch.rule.", ObjectKind::Rule),
    ("policy.lifecycle.", ObjectKind::Policy),
    ("policy.rule.", ObjectKind::Rule),
    ("security.authenticator.lifecycle.", ObjectKind::Authenticator),
    ("system.api_token.", ObjectKind::Token),
    ("system.feature.", ObjectKind::Feature),
    ("system.idp.key.", ObjectKind::IdpKey),
    ("system.idp.lifecycle.", ObjectKind::Idp),
    ("system.log_stream.lifecycle.", ObjectKind::LogStream),
    ("system.mfa.factor.", ObjectKind::Authenticator),
    ("zone.", ObjectKind::Zone),
];

fn change(verb: &str) -> Option<ObjectChange> {
    Some(match verb {
        "add" | "create" | "created" => ObjectChange::Created,
        "ea_auto_enroll" | "make_blacklist" | "overwrite" | "remove_blacklist" | "update"
        | "updated" => ObjectChange::Updated,
        "activate" | "activated" | "enable" => ObjectChange::Activated,
        "deactivate" | "deactivated" | "disable" | "revoke" => ObjectChange::Deactivated,
        "delete" | "deleted" => ObjectChange::Deleted,
        "invalidate" => ObjectChange::Invalidated,
        "promote" => ObjectChange::Promoted,
        "read_client_secret" => ObjectChange::SecretRead,
        "rollback" => ObjectChange::RolledBack,
        "stage" => ObjectChange::Staged,
        _ => return None,
    })
}

/// What an event type says; none: it is not among these.
pub(super) fn reading(kind: &str) -> Option<Reading> {
    let of_object = OBJECTS.iter().find_map(|(prefix, object)| {
        Some(Reading::Configuration(*object, change(kind.strip_prefix(prefix)?)?))
    });
    if of_object.is_some() {
        return of_object;
    }
    let updated = |object| Reading::Configuration(object, ObjectChange::Updated);
    Some(match kind {
        // They name the application and not its policy.
        "app.policy.sign_on.update"
        | "application.policy.sign_on.update"
        | "application.policy.sign_on.rule.create"
        | "application.policy.sign_on.rule.update"
        | "application.policy.sign_on.rule.delete" => updated(ObjectKind::App),
        "policy.mapping.create" => Reading::Configuration(ObjectKind::Policy, ObjectChange::Mapped),
        "iam.resourceset.resources.add"
        | "iam.resourceset.resources.update"
        | "iam.resourceset.resources.delete" => updated(ObjectKind::ResourceSet),
        "iam.role.permissions.add"
        | "iam.role.permissions.delete"
        | "iam.role.permission.conditions.add"
        | "iam.role.permission.conditions.delete" => updated(ObjectKind::AdminRole),
        "user.mfa.factor.activate" => Reading::Authenticator(AuthenticatorChange::Enrolled),
        "user.mfa.factor.deactivate" => Reading::Authenticator(AuthenticatorChange::Removed),
        "user.mfa.factor.suspend" => Reading::Authenticator(AuthenticatorChange::Suspended),
        "user.mfa.factor.unsuspend" => Reading::Authenticator(AuthenticatorChange::Resumed),
        "user.mfa.factor.update" => Reading::Authenticator(AuthenticatorChange::Updated),
        "user.mfa.factor.reset_all" => Reading::Authenticator(AuthenticatorChange::AllReset),
        "group.privilege.grant"
        | "iam.resourceset.bindings.add"
        | "user.account.privilege.grant" => Reading::Privilege(PrivilegeChange::Granted),
        "group.privilege.revoke"
        | "iam.resourceset.bindings.delete"
        | "user.account.privilege.revoke" => Reading::Privilege(PrivilegeChange::Revoked),
        _ => return account(kind).map(Reading::Account).or_else(|| flagged(kind)),
    })
}

fn account(kind: &str) -> Option<AccountChange> {
    Some(match kind {
        "user.account.expire_password" => AccountChange::PasswordExpired,
        "user.account.lock" | "user.account.lock.limit" => AccountChange::Locked,
        "user.account.reset_password" => AccountChange::PasswordReset,
        "user.account.unlock" | "user.account.unlock_by_admin" => AccountChange::Unlocked,
        "user.account.update_password" => AccountChange::PasswordChanged,
        "user.lifecycle.activate" | "user.lifecycle.reactivate" => AccountChange::Activated,
        "user.lifecycle.create" => AccountChange::Created,
        "user.lifecycle.deactivate" => AccountChange::Deactivated,
        "user.lifecycle.delete.completed" => AccountChange::Deleted,
        "user.lifecycle.suspend" => AccountChange::Suspended,
        "user.lifecycle.unsuspend" => AccountChange::Resumed,
        _ => return None,
    })
}

fn flagged(kind: &str) -> Option<Reading> {
    Some(Reading::Flagged(match kind {
        "app.oauth2.as.token.detect_reuse" | "app.oauth2.token.detect_reuse" => Flag::TokenReused,
        "event_hook.delivery" => Flag::HookNotDelivered,
        "policy.auth_reevaluate.action" | "policy.continuous_access.action" => {
            Flag::ReevaluationActedOn
        }
        "policy.auth_reevaluate.enforce" => Flag::Reevaluated,
        "policy.auth_reevaluate.fail" | "policy.continuous_access.evaluate" => {
            Flag::ReevaluationFailed
        }
        "policy.entity_risk.action" => Flag::RiskActedOn,
        "policy.entity_risk.evaluate" => Flag::RiskEvaluated,
        "security.breached_credential.detected" => Flag::CredentialBreached,
        "security.request.blocked" => Flag::RequestBlocked,
        "security.session.detect_client_roaming" | "user.session.context.change" => {
            return Some(Reading::Context);
        }
        "security.threat.detected" => Flag::ThreatDetected,
        "system.api_token.request_outside_allowed_range" => Flag::TokenOutsideZone,
        "user.account.report_suspicious_activity_by_enduser" => Flag::ReportedByUser,
        "user.mfa.attempt_bypass" => Flag::BypassAttempted,
        "user.risk.change" => Flag::RiskChanged,
        "user.risk.detect" => Flag::RiskDetected,
        "user.session.impersonation.end" => Flag::ImpersonationEnded,
        "user.session.impersonation.extend" => Flag::ImpersonationExtended,
        "user.session.impersonation.grant" => Flag::ImpersonationGranted,
        "user.session.impersonation.initiate" => Flag::ImpersonationBegan,
        "user.session.impersonation.revoke" => Flag::ImpersonationRevoked,
        _ => return None,
    }))
}

/// Whether another person acts in the user's place: what they do is no act of the user.
pub(super) const fn is_impersonation(flag: Flag) -> bool {
    matches!(
        flag,
        Flag::ImpersonationBegan
            | Flag::ImpersonationEnded
            | Flag::ImpersonationExtended
            | Flag::ImpersonationGranted
            | Flag::ImpersonationRevoked
    )
}
