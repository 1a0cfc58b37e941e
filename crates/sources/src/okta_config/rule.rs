//! Rules of policies, by what they act on.

use super::{
    assurance, duration,
    look::{Body, RuleContent},
    shape::Shape,
};
use claimledger_facts::{
    ids::{IdpId, RuleId},
    types::{claims::ClaimSourcingConfigured, policy::Rule},
    vocabulary::{Access, FactorMode, PolicyKind, PrimaryFactor, Redirect, Status},
};
use serde_json::{Map, Value};

/// Okta's catch-all rules come last.
const LAST: i64 = 99;

/// Members that facts need, and what each has to be. One that is something else is said, and the
/// rule then implies nothing and gives no limits: a default in its place would be a wrong answer.
const TYPED: &[Typed] = &[
    ("priority", Value::is_i64, "a whole number"),
    ("actions.signon.requireFactor", Value::is_boolean, "true or false"),
    ("actions.signon.factorLifetime", Value::is_u64, "a number of minutes"),
    ("actions.signon.session.maxSessionIdleMinutes", Value::is_u64, "a number of minutes"),
    ("actions.signon.session.maxSessionLifetimeMinutes", Value::is_u64, "a number of minutes"),
];

/// What a rule lacks that came without its policy, as a bare list of rules does.
const NO_POLICY: &str = "_links.self: the address of the rule, which names its policy; else an \
                         envelope with \"path\": \"/api/v1/policies/ID/rules\"";

/// A path, what fits there, and that in words.
type Typed = (&'static str, fn(&Value) -> bool, &'static str);

/// The code of a rule of which a member is not of its type.
const UNREAD: &str = "unread_member";

/// The members of a rule that are not what they have to be, each with that.
pub(super) fn wrong(members: &Map<String, Value>, body: &Body) -> Vec<String> {
    let is_homeless =
        matches!(body, Body::Rule { policy: None, content: RuleContent::Policy { .. } });
    let homeless = is_homeless.then(|| NO_POLICY.to_owned());
    mistyped(members).chain(homeless).collect()
}

fn mistyped(members: &Map<String, Value>) -> impl Iterator<Item = String> {
    let is_wrong = |path: &str, fits: fn(&Value) -> bool| {
        let mut names = path.split('.');
        let first = names.next().and_then(|name| members.get(name));
        let found = first.and_then(|first| names.try_fold(first, |of, name| of.get(name)));
        found.is_some_and(|value| !value.is_null() && !fits(value))
    };
    let wrong = TYPED.iter().filter(move |(path, fits, _)| is_wrong(path, *fits));
    wrong.map(|(path, _, expected)| format!("{path}: {expected}"))
}

pub(super) fn read(shape: &Shape<'_>, id: &str) -> RuleContent {
    let mut content = read_content(shape, id);
    if let RuleContent::Policy { rule, .. } = &mut content
        && mistyped(shape.members).next().is_some()
    {
        rule.other_verification = Some(UNREAD.to_owned());
    }
    content
}

fn read_content(shape: &Shape<'_>, id: &str) -> RuleContent {
    let actions = &shape.members["actions"];
    let status = shape.text("status").and_then(super::idp::status);
    let content = if let Some(action) = actions.get("appSignOn") {
        app_sign_in(shape, id, action)
    } else if let Some(action) = actions.get("signon") {
        global_session(shape, id, action)
    } else if let Some(action) = actions.get("claimSourcing") {
        Some(RuleContent::Sourcing(sourcing(action, status)))
    } else if let Some(action) = actions.get("idp") {
        routing(shape, action, status)
    } else {
        None
    };
    content.unwrap_or(RuleContent::Unread)
}

fn app_sign_in(shape: &Shape<'_>, id: &str, action: &Value) -> Option<RuleContent> {
    let mut rule = base(shape, id, action)?;
    // A rule that denies carries a verification method all the same, and does not use it.
    if rule.access == Access::Allow {
        assurance::read(action.get("verificationMethod"), &mut rule);
    }
    Some(RuleContent::Policy { kind: PolicyKind::AppSignIn, rule: Box::new(rule) })
}

fn global_session(shape: &Shape<'_>, id: &str, action: &Value) -> Option<RuleContent> {
    let mut rule = base(shape, id, action)?;
    let session = action.get("session");
    let seconds = |name: &str| {
        let minutes = session.and_then(|session| session.get(name)).and_then(Value::as_u64);
        minutes.map(|minutes| minutes.saturating_mul(60))
    };
    rule.max_lifetime_secs = seconds("maxSessionLifetimeMinutes");
    rule.max_idle_secs = seconds("maxSessionIdleMinutes");
    // A Classic rule that challenges lets in after a second factor.
    let challenges = action.get("access").and_then(Value::as_str) == Some("CHALLENGE");
    rule.require_mfa =
        if challenges { Some(true) } else { action.get("requireFactor").and_then(Value::as_bool) };
    if rule.require_mfa == Some(true) && rule.access == Access::Allow {
        rule.factor_mode = FactorMode::TwoFactor;
    }
    rule.primary_factor = match action.get("primaryFactor").and_then(Value::as_str) {
        Some("PASSWORD_IDP") => Some(PrimaryFactor::PasswordIdp),
        Some("PASSWORD_IDP_ANY_FACTOR") => Some(PrimaryFactor::PasswordIdpAnyFactor),
        _ => None,
    };
    rule.idps = idps(shape);
    Some(RuleContent::Policy { kind: PolicyKind::GlobalSession, rule: Box::new(rule) })
}

/// The IdPs that the rule is for: absent: any sign-in; empty: only those at Okta itself.
fn idps(shape: &Shape<'_>) -> Option<Vec<IdpId>> {
    let condition = shape.members.get("conditions")?.get("identityProvider")?;
    match condition.get("provider")?.as_str()? {
        "OKTA" => Some(Vec::new()),
        "SPECIFIC_IDP" => Some(ids(condition.get("idpIds")?)),
        _ => None,
    }
}

fn ids(list: &Value) -> Vec<IdpId> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|id| id.as_str().or_else(|| id.get("id")?.as_str())).map(IdpId::from).collect()
}

fn base(shape: &Shape<'_>, id: &str, action: &Value) -> Option<Rule> {
    let access = match action.get("access")?.as_str()? {
        "ALLOW" | "CHALLENGE" => Access::Allow,
        "DENY" => Access::Deny,
        _ => return None,
    };
    let status = super::idp::status(shape.text("status").unwrap_or("ACTIVE"))?;
    Some(Rule {
        rule: RuleId::from(id),
        priority: shape.members.get("priority").and_then(Value::as_i64).unwrap_or(LAST),
        access,
        factor_mode: FactorMode::OneFactor,
        alternatives: Vec::new(),
        status: (status != Status::Active).then_some(status),
        chain: Vec::new(),
        chains: Vec::new(),
        other_verification: None,
        primary_factor: None,
        require_mfa: None,
        max_lifetime_secs: None,
        max_idle_secs: None,
        idps: None,
        reauthenticate_in_secs: None,
    })
}

/// Where reauthentication goes. An inactive rule sends nobody back.
fn sourcing(action: &Value, status: Option<Status>) -> ClaimSourcingConfigured {
    let refresh = action.get("refresh");
    let word = refresh.and_then(|refresh| refresh.get("redirectType")).and_then(Value::as_str);
    let fixed = word == Some("FIXED") && status != Some(Status::Inactive);
    let include = refresh.and_then(|refresh| refresh.get("filter")?.get("include")).map(ids);
    ClaimSourcingConfigured {
        redirect: if fixed { Redirect::Fixed } else { Redirect::None },
        include: include.filter(|_| fixed),
    }
}

/// The IdPs that a rule sends users to; those that it keeps at Okta have none.
fn routing(shape: &Shape<'_>, action: &Value, status: Option<Status>) -> Option<RuleContent> {
    let providers = action.get("providers").or_else(|| action.get("idpIds"));
    Some(RuleContent::Routing {
        idps: providers.map(ids).unwrap_or_default(),
        status: status?,
        priority: shape.members.get("priority").and_then(Value::as_i64),
    })
}

/// The seconds of a member that is a duration. The error: it is there and cannot be read.
pub(super) fn seconds(of: &Value, name: &str) -> Result<Option<u64>, &'static str> {
    match of.get(name).map(|value| value.as_str().and_then(duration::seconds)) {
        None => Ok(None),
        Some(Some(seconds)) => Ok(Some(seconds)),
        Some(None) => Err("unread_duration"),
    }
}
