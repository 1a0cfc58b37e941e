//! Which facts an event states: one function an event type.
//!
//! `None` is "not understood": another event type, or one that lacks what its facts need. An empty
//! list is "understood, and it states no fact": a verification for something else than a sign-in.
//! What did not succeed is a fact of its own, with its reason (`docs/decisions/0028`).

use super::{
    event::{Event, NotAList, Target, id, is_true, list, session_id},
    factor, refusal,
};
use crate::{bearer, json::Json, text};
use claimledger_facts::{
    fact::FactData,
    ids::{ActorId, AppId, AssertionId, AuthenticatorId, IdpId, PolicyId, RootSessionId, RuleId},
    types::{
        app::AppAccessed,
        claims::{ClaimAccepted, ClaimsReceived},
        factor::{AuthenticationUnread, FactorVerified, PolicyDecided},
        session::{SessionEnded, SessionGoverned, SessionLogoutReported, SessionStarted},
        sign_in::SignInRefused,
        subject::SubjectSessionsEnded,
    },
    vocabulary::{Amr, EndReason, Method, Outcome, Protocol, SignInResult},
};

/// One fact of an event, about its subject.
pub(super) struct Said<'e> {
    /// The session, where the event names another one than its own.
    pub(super) session: Option<&'e str>,
    /// What it says.
    pub(super) data: FactData,
}

pub(super) type Facts<'e> = Option<Vec<Said<'e>>>;

/// The application of a decision about the org itself: Classic evaluates its session policy without
/// naming one.
const ORG_APP: &str = "okta_dashboard";
/// How Identity Engine names the global session policy among the targets.
const SESSION_POLICY: &str = "Global session policy";
/// The application of an administrator's access, where the event names none.
const ADMIN_APP: &str = "okta_admin_console";

/// The facts of an event.
pub(super) fn of<'e>(event: &Event<'e>, kind: &str) -> Facts<'e> {
    match kind {
        "user.authentication.auth_via_IDP" | "user.authentication.auth_via_social" => {
            or_refused(event, Attempt::Federation, claims_received)
        }
        "user.authentication.auth_via_mfa" if is_for_something_else(event) => Some(Vec::new()),
        "user.authentication.auth_via_mfa" | "user.authentication.verify"
            if event.result()? != SUCCESS =>
        {
            refused(event, Attempt::Factor)
        }
        "user.authentication.auth_via_mfa" => verified_by_mfa(event),
        "user.authentication.verify" => verified(event),
        "policy.evaluate_sign_on" => policy_decided(event),
        "user.session.start" => or_refused(event, Attempt::SignIn, session_started),
        "user.authentication.sso" => {
            or_refused(event, Attempt::Access, |event| app_accessed(event, None))
        }
        "user.session.access_admin_app" => {
            or_refused(event, Attempt::Access, |event| app_accessed(event, Some(ADMIN_APP)))
        }
        "application.policy.sign_on.deny_access" => refused(event, Attempt::Access),
        "user.mfa.okta_verify.deny_push" => push_rejected(),
        "user.session.end" => on_success(event, session_ended),
        _ if is_logout(kind) => on_success(event, logout_reported),
        "user.session.clear" => on_success(event, session_cleared),
        _ => None,
    }
}

/// What an event may have said that is not understood, where an answer could turn on it: any factor
/// that was verified, or the end of its session.
pub(super) fn unread(event: &Event<'_>, kind: &str) -> Option<FactData> {
    if event.result().is_some_and(|result| result != SUCCESS) {
        return None;
    }
    if kind == "user.session.end" || is_logout(kind) {
        return Some(FactData::SessionLogoutReported(SessionLogoutReported {}));
    }
    let authenticates = kind.starts_with(AUTHENTICATION) && kind != "user.authentication.sso";
    authenticates.then_some(FactData::AuthenticationUnread(AuthenticationUnread {}))
}

/// What event types of authentication begin with.
const AUTHENTICATION: &str = "user.authentication.";

/// Logouts of applications: they may end the session as well, and an event of its own says so then
/// where it is logged.
fn is_logout(kind: &str) -> bool {
    matches!(kind, "user.authentication.slo" | "user.session.expire")
        || kind.starts_with("user.authentication.universal_logout")
        || kind == "user.session.universal_logout"
}

/// Of an administrator's act the session that is named is the administrator's own.
fn logout_reported<'e>(event: &Event<'e>) -> Facts<'e> {
    let user = |user: Target<'e>| user.id();
    let (actor, target) = (event.actor("User").and_then(user), event.target("User").and_then(user));
    if actor.is_some() && target.is_some() && actor != target {
        return Some(Vec::new());
    }
    one(FactData::SessionLogoutReported(SessionLogoutReported {}))
}

pub(super) const SUCCESS: &str = "SUCCESS";

/// What was tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// A sign-in as a whole.
    SignIn,
    /// A factor of one.
    Factor,
    /// A sign-in through an identity provider.
    Federation,
    /// To open an application, or a decision about it.
    Access,
}

/// A fact of what succeeded, or that it was refused. An event without an outcome is not understood.
fn or_refused<'e>(
    event: &Event<'e>,
    attempt: Attempt,
    read: impl FnOnce(&Event<'e>) -> Facts<'e>,
) -> Facts<'e> {
    match event.result()? {
        SUCCESS => read(event),
        _ => refused(event, attempt),
    }
}

/// What did not succeed, and why.
fn refused<'e>(event: &Event<'e>, attempt: Attempt) -> Facts<'e> {
    let app = || event.target("AppInstance").and_then(|app| app.id());
    let enrollment = event.target("AuthenticatorEnrollment");
    one(FactData::SignInRefused(SignInRefused {
        result: refusal::result(event.result()?),
        reason: event.text(&["outcome", "reason"]).map(refusal::reason),
        method: if attempt == Attempt::Factor { factor::method(event, enrollment) } else { None },
        idp: app().filter(|_| attempt == Attempt::Federation).map(IdpId::from),
        app: app().filter(|_| attempt == Attempt::Access).map(AppId::from),
    }))
}

/// The user refused a push on their device.
fn push_rejected<'e>() -> Facts<'e> {
    let (result, reason) = (SignInResult::Deny, Some(refusal::PUSH_REJECTED.to_owned()));
    one(FactData::SignInRefused(SignInRefused {
        result,
        reason,
        method: Some(Method::Push),
        idp: None,
        app: None,
    }))
}

/// The end of a session that did not come about states no fact. An event without an outcome is not
/// understood.
fn on_success<'e>(event: &Event<'e>, read: impl FnOnce(&Event<'e>) -> Facts<'e>) -> Facts<'e> {
    match event.result()? {
        SUCCESS => read(event),
        _ => Some(Vec::new()),
    }
}

pub(super) fn one<'e>(data: FactData) -> Facts<'e> {
    Some(vec![of_its_session(data)])
}

const fn of_its_session<'e>(data: FactData) -> Said<'e> {
    Said { session: None, data }
}

/// The IdP is the `AppInstance` among the targets. `amrList` is documented, but no public event has
/// it.
fn claims_received<'e>(event: &Event<'e>) -> Facts<'e> {
    let idp = event.target("AppInstance").and_then(|app| app.id())?;
    let assertion = ["assertionId", "tokenId", "responseId"]
        .into_iter()
        .find_map(|field| event.debug(field).and_then(id))
        .map(AssertionId::from);
    // The assertion itself was replaced by its digest before anything was read.
    let digest = || {
        event
            .debug("assertion")
            .and_then(id)
            .filter(|text| !bearer::is_token(text))
            .map(AssertionId::from)
    };
    let amr = event.debug("amrList").and_then(amr);
    let readable = amr.as_ref().is_some_and(Result::is_err).then_some(false);
    one(FactData::ClaimsReceived(ClaimsReceived {
        idp: IdpId::from(idp),
        assertion: assertion.or_else(digest),
        amr: amr.and_then(Result::ok),
        methods: Vec::new(),
        key: None,
        protocol: event.text(&["legacyEventType"]).and_then(protocol),
        acr: event
            .debug_text("authenticationContext")
            .filter(|acr| is_uri_like(acr))
            .map(str::to_owned),
        auth_time: None,
        issued_at: None,
        readable,
    }))
}

/// The values of `amrList`; an error: it is cut off, or holds what is no value. None: nothing is
/// stated, also by a list of nothing but `null`.
fn amr(stated: &Json<'_>) -> Option<Result<Vec<Amr>, NotAList>> {
    let is_null = |value: &str| value.eq_ignore_ascii_case("null");
    let is_value = |value: &&str| {
        text::is_id(value)
            && !is_null(value)
            && !value.contains(|c: char| c.is_whitespace() || "[]{}\";".contains(c))
    };
    let is_nothing =
        |item: &Json<'_>| matches!(item, Json::Null) || item.as_str().is_some_and(is_null);
    if stated.as_list().is_some_and(|items| !items.is_empty() && items.iter().all(is_nothing)) {
        return None;
    }
    let values = match list(stated) {
        Ok(None) => return None,
        Ok(Some(values)) if !values.is_empty() && values.iter().all(|value| is_null(value)) => {
            return None;
        }
        Ok(Some(values)) if values.iter().all(is_value) => values,
        Ok(Some(_)) | Err(NotAList) => return Some(Err(NotAList)),
    };
    Some(Ok(values.into_iter().map(|value| Amr(value.to_owned())).collect()))
}

/// From the older name of the event type: `core.user_auth.idp.saml.login_success`.
fn protocol(legacy: &str) -> Option<Protocol> {
    match legacy.split('.').nth(3) {
        Some("saml") => Some(Protocol::Saml2),
        Some("oidc") => Some(Protocol::Oidc),
        _ => None,
    }
}

/// Class references are URIs or short words; anything else would be free text in the clear.
fn is_uri_like(text: &str) -> bool {
    text.len() <= text::MAX_ID_BYTES
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":/._-#".contains(&b))
}

/// Verifications for an enrolment or a recovery have another intent and state nothing about a
/// session. Real events say `AUTHENTICATION` where the catalogue says `LOGIN`; some say nothing.
fn is_for_something_else(event: &Event<'_>) -> bool {
    !matches!(event.debug_text("factorIntent"), None | Some("LOGIN" | "AUTHENTICATION"))
}

/// A factor of a sign-in.
fn verified_by_mfa<'e>(event: &Event<'e>) -> Facts<'e> {
    one(FactData::FactorVerified(factor_verified(event)?))
}

/// A verification by authenticator. `factorVerifiedByIdp` is the only documented field that says
/// that a factor came from the IdP: then the service provider says that it counted a claim.
fn verified<'e>(event: &Event<'e>) -> Facts<'e> {
    let verified = factor_verified(event)?;
    let by_idp = event
        .target("AuthenticatorEnrollment")
        .and_then(|e| e.detail("factorVerifiedByIdp"))
        .or_else(|| event.debug("factorVerifiedByIdp"));
    one(if is_true(by_idp) {
        FactData::ClaimAccepted(ClaimAccepted {
            assertion: None,
            amr: None,
            method: Some(verified.method),
            reason: None,
            properties: verified.properties,
            authenticator: verified.authenticator,
        })
    } else {
        FactData::FactorVerified(verified)
    })
}

fn factor_verified(event: &Event<'_>) -> Option<FactorVerified> {
    let enrollment = event.target("AuthenticatorEnrollment");
    Some(FactorVerified {
        method: factor::method(event, enrollment)?,
        authenticator: enrollment.and_then(|e| e.id()).map(AuthenticatorId::from),
        properties: factor::properties(enrollment),
    })
}

/// A decision. Identity Engine evaluates two policies in one event and gives one outcome: the fact
/// names the rule of the application's policy, and that of the global session policy only where it
/// is alone. Classic writes one event a policy.
fn policy_decided<'e>(event: &Event<'e>) -> Facts<'e> {
    let outcome = match event.result()? {
        "ALLOW" => Outcome::Allow,
        "CHALLENGE" => Outcome::Challenge,
        "DENY" => Outcome::Deny,
        SUCCESS => return None,
        // Not evaluated to its end: no decision, and it let no one in.
        _ => return refused(event, Attempt::Access),
    };
    let app = match event.target("AppInstance") {
        Some(app) => app.id()?,
        None => ORG_APP,
    };
    let rule_of = |names: &[&str]| {
        event.targets("Rule").find(|rule| {
            rule.text("alternateId")
                .is_some_and(|kind| names.iter().any(|name| name.eq_ignore_ascii_case(kind)))
        })
    };
    let rule = rule_of(&["Authentication policy", "App sign-in policy"])
        .or_else(|| rule_of(&[SESSION_POLICY]));
    let governed = governed(event, outcome);
    let (policy, rule) = match rule {
        Some(rule) => (rule.detail("policyId").and_then(id), rule.id()),
        None => (
            event.target("PolicyEntity").and_then(|policy| policy.id()),
            event.target("PolicyRule").and_then(|rule| rule.id()),
        ),
    };
    let decided = FactData::PolicyDecided(PolicyDecided {
        app: AppId::from(app),
        policy: policy.map(PolicyId::from).or_else(|| rule.map(policy_of_rule))?,
        outcome,
        version: None,
        rule: rule.map(RuleId::from),
        requested_acr: None,
        relied_on: None,
    });
    Some(std::iter::once(decided).chain(governed).map(of_its_session).collect())
}

/// Which rule of the global session policy held: Identity Engine names it beside that of the
/// application's policy, Classic in an event of its own. Who was refused has no session.
fn governed(event: &Event<'_>, outcome: Outcome) -> Option<FactData> {
    let by_engine = event.targets("Rule").find(|rule| {
        rule.text("alternateId").is_some_and(|kind| kind.eq_ignore_ascii_case(SESSION_POLICY))
    });
    let classic = || {
        let policy = event.target("PolicyEntity")?;
        let of_sessions = policy.detail_text("policyType") == Some("OktaSignOn");
        Some((event.target("PolicyRule")?.id()?, policy.id())).filter(|_| of_sessions)
    };
    let (rule, policy) = match by_engine {
        Some(rule) => (rule.id()?, rule.detail("policyId").and_then(id)),
        None => classic()?,
    };
    (outcome != Outcome::Deny).then(|| {
        FactData::SessionGoverned(SessionGoverned {
            rule: RuleId::from(rule),
            policy: policy.map(PolicyId::from),
        })
    })
}

/// Events up to 2025 name the rule and not its policy. The policy is then "the one that has this
/// rule", until a snapshot says which.
pub(super) fn policy_of_rule(rule: &str) -> PolicyId {
    PolicyId::of_rule(&RuleId::from(rule))
}

fn session_started<'e>(event: &Event<'e>) -> Facts<'e> {
    let root_session = event
        .value(&["authenticationContext", "rootSessionId"])
        .and_then(session_id)
        .map(RootSessionId::from);
    one(FactData::SessionStarted(SessionStarted { root_session, ..SessionStarted::default() }))
}

fn app_accessed<'e>(event: &Event<'e>, otherwise: Option<&'e str>) -> Facts<'e> {
    let app = event.target("AppInstance").map_or(otherwise, |app| app.id())?;
    one(FactData::AppAccessed(AppAccessed { app: AppId::from(app), app_session: None }))
}

fn session_ended<'e>(event: &Event<'e>) -> Facts<'e> {
    one(FactData::SessionEnded(SessionEnded { reason: end_reason(event) }))
}

/// Why a session ended: for a reason that Okta gives when it ends it itself; else by expiry, which
/// only the address of the page says; else the user signed out.
pub(super) fn end_reason(event: &Event<'_>) -> EndReason {
    let has_expired = |field: &str| {
        event.debug_text(field).is_some_and(|url| url.contains("session_has_expired"))
    };
    if event.debug_text("terminationReason").is_some() {
        EndReason::Revoked
    } else if has_expired("url") || has_expired("requestUri") {
        EndReason::Expired
    } else {
        EndReason::Logout
    }
}

/// All sessions of a user were revoked, by an administrator or by the API. One that is named as
/// ended is also stated to have ended. The administrator's id is stored in the clear unless it is a
/// login, or the user's own id, which would reveal whose pseudonym it is.
fn session_cleared<'e>(event: &Event<'e>) -> Facts<'e> {
    let target = event.target("User").and_then(|user| user.id());
    let actor = event
        .actor("User")
        .and_then(|actor| actor.id())
        .filter(|id| Some(*id) != target && !id.contains('@'));
    let ended = SubjectSessionsEnded {
        reason: EndReason::Revoked,
        actor: actor.map(ActorId::from),
        ticket: None,
    };
    let named = event.debug("endedSessionId").and_then(session_id);
    let revoked = || FactData::SessionEnded(SessionEnded { reason: EndReason::Revoked });
    let all = Said { session: None, data: FactData::SubjectSessionsEnded(ended) };
    Some(
        std::iter::once(all)
            .chain(named.map(|session| Said { session: Some(session), data: revoked() }))
            .collect(),
    )
}
