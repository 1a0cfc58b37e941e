//! The facts of events about accounts, configuration and suspicion ([`super::kinds`]).
//!
//! What did not succeed changed nothing, and states no fact. Of configuration the subject is the
//! user who acted; of everything else the user it was done to.

use super::{
    event::{Event, Target, id, is_opaque, is_true, list, session_id, something},
    factor,
    facts::{Facts, SUCCESS, Said, one},
    kinds::Reading,
    refusal,
};
use crate::json::{Json, Object};
use claimledger_facts::{
    fact::FactData,
    ids::{ActorId, AuthenticatorId},
    types::{
        account::{AccountChanged, PrivilegeChanged},
        activity::ActivityFlagged,
        authenticator::AuthenticatorChanged,
        configuration::ConfigurationChanged,
        session::{SessionContextChanged, SessionEnded},
        subject::SubjectSessionsEnded,
    },
    vocabulary::{
        AccountChange, ContextCause, EndReason, Flag, ObjectChange, ObjectKind, RiskLevel, is_code,
    },
};

/// Maximum number of field names taken from one event.
const MAX_FIELDS: usize = 32;

/// The facts of an event. `subject`: the id of the user it is about.
pub(super) fn of<'e>(event: &Event<'e>, reading: Reading, subject: Option<&str>) -> Facts<'e> {
    let actor = || event.actor_id().filter(|id| Some(*id) != subject).map(ActorId::from);
    match reading {
        // The source says itself that it locked the account, as the outcome of an attempt.
        Reading::Flagged(_) | Reading::Context | Reading::Account(AccountChange::Locked) => {}
        _ if event.result()? != SUCCESS => return Some(Vec::new()),
        _ => {}
    }
    match reading {
        Reading::Configuration(kind, change) => configuration(event, kind, change, actor()),
        Reading::Authenticator(change) => {
            let enrollment = event.target("AuthenticatorEnrollment");
            let reason = || event.text(&["outcome", "reason"]);
            one(FactData::AuthenticatorChanged(AuthenticatorChanged {
                change,
                method: factor::method(event, enrollment)
                    .or_else(|| reason().and_then(factor::named_in)),
                authenticator: enrollment.and_then(Target::id).map(AuthenticatorId::from),
                actor: actor(),
            }))
        }
        Reading::Privilege(change) => {
            let roles = event.targets("ROLE").filter_map(Target::id).map(str::to_owned).collect();
            let group = ["UserGroup", "Group"].into_iter().find_map(|kind| event.target(kind));
            one(FactData::PrivilegeChanged(PrivilegeChanged {
                change,
                roles,
                group: group.and_then(Target::id).map(str::to_owned),
                actor: actor(),
            }))
        }
        Reading::Account(change) => {
            one(FactData::AccountChanged(AccountChanged { change, actor: actor() }))
        }
        Reading::Flagged(flag) => flagged(event, flag, actor(), subject.is_some()),
        Reading::Context => context(event),
    }
}

fn configuration<'e>(
    event: &Event<'e>,
    kind: ObjectKind,
    change: ObjectChange,
    actor: Option<ActorId>,
) -> Facts<'e> {
    let policy = event.target("PolicyEntity");
    let is_routing = policy.and_then(|p| p.detail_text("policyType")) == Some("IdpDiscovery");
    let (kind, object, of) = match kind {
        ObjectKind::Rule => {
            let rule = event.target("PolicyRule").or_else(|| event.target("Rule"))?;
            let of = policy.and_then(Target::id);
            (if is_routing { ObjectKind::RoutingRule } else { kind }, rule.id(), of)
        }
        ObjectKind::Policy => {
            let app = event.target("AppInstance").filter(|_| change == ObjectChange::Mapped);
            (kind, policy.and_then(Target::id), app.and_then(Target::id))
        }
        ObjectKind::IdpKey => {
            let is_key = |target: &Target<'_>| {
                let kind = target.text("type").unwrap_or_default().to_ascii_lowercase();
                ["key", "cert", "credential"].iter().any(|word| kind.contains(word))
            };
            let key = event.all_targets().find(is_key).and_then(Target::id);
            let idp = event.all_targets().find(|target| !is_key(target)).and_then(Target::id);
            (kind, key.or_else(|| event.debug("kid").and_then(id)), idp)
        }
        _ => (kind, object_of(event), None),
    };
    // Classic names a factor of the org by its type alone.
    let by_type = || {
        let word = event.target("MFA Factor")?.detail_text("factorType")?.to_ascii_lowercase();
        is_code(&word).then_some(word)
    };
    let object = by_type().or_else(|| object.map(str::to_owned))?;
    one(FactData::ConfigurationChanged(ConfigurationChanged {
        kind,
        object,
        change,
        of: of.map(str::to_owned),
        fields: fields(event),
        actor,
        token: event.api_token().map(str::to_owned),
    }))
}

/// The first target that is no person, or the feature that the event names.
pub(super) fn object_of<'e>(event: &Event<'e>) -> Option<&'e str> {
    let target = event.all_targets().find(|target| target.text("type") != Some("User"));
    target
        .and_then(Target::id)
        .filter(|id| is_opaque(id))
        .or_else(|| event.debug("featureName").and_then(id))
}

/// Names of the fields whose values differ in `changeDetails`.
fn fields(event: &Event<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for target in event.all_targets() {
        let side = |name| target.0.get("changeDetails").and_then(|details| details.get(name));
        let (from, to) = (side("from"), side("to"));
        let keys = [from, to].into_iter().flatten().filter_map(Json::as_object);
        for key in keys.flat_map(Object::keys).filter(|key| is_field(key)) {
            if from.and_then(|side| side.get(key)) != to.and_then(|side| side.get(key)) {
                names.push(key.to_owned());
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names.truncate(MAX_FIELDS);
    names
}

/// Names of fields are stored in the clear, so other text is left out.
fn is_field(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn flagged<'e>(
    event: &Event<'e>,
    flag: Flag,
    actor: Option<ActorId>,
    has_subject: bool,
) -> Facts<'e> {
    let level = |field: &str| {
        let stated = event.text(&["securityContext", "risk", field]);
        stated.or_else(|| in_map(event.debug_text("risk")?, field)).and_then(risk_level)
    };
    let reason = event
        .text(&["securityContext", "risk", "detectionName"])
        .map(|name| name.trim().to_ascii_lowercase().replace([' ', '-'], "_"))
        .filter(|name| is_code(name))
        .or_else(|| event.text(&["outcome", "reason"]).map(refusal::reason));
    let said = FactData::ActivityFlagged(ActivityFlagged {
        flag,
        level: level("level"),
        previous_level: level("previousLevel"),
        reason,
        actor: actor.clone(),
        token: event.api_token().map(str::to_owned),
    });
    let mut facts = vec![Said { session: None, data: said }];
    let acted = matches!(flag, Flag::ReevaluationActedOn | Flag::RiskActedOn);
    if acted && has_subject && event.result() == Some(SUCCESS) {
        facts.extend(terminated(event, actor));
    }
    Some(facts)
}

/// What an action of a policy ended: the session that the event names, or all of the user's.
fn terminated<'e>(event: &Event<'e>, actor: Option<ActorId>) -> Option<Said<'e>> {
    let debug = event.value(&["debugContext", "debugData"]).and_then(Json::as_object);
    let details = event.all_targets().filter_map(|t| t.0.get("detailEntry")?.as_object());
    let says = |word: &str| {
        debug.into_iter().chain(details.clone()).any(|members| {
            members.iter().any(|(key, value)| {
                key.to_ascii_lowercase().contains("action")
                    && something(value).is_some_and(|text| text.contains(word))
            })
        })
    };
    if says("TERMINATE_ALL_SESSIONS") {
        let reason = EndReason::Revoked;
        let ended = SubjectSessionsEnded { reason, actor, ticket: None };
        return Some(Said { session: None, data: FactData::SubjectSessionsEnded(ended) });
    }
    let named = event.debug("externalSessionId").and_then(session_id);
    let session = named.or_else(|| event.session("")).filter(|_| says("TERMINATE_SESSION"))?;
    let ended = SessionEnded { reason: EndReason::Revoked };
    Some(Said { session: Some(session), data: FactData::SessionEnded(ended) })
}

/// A member of a map in Okta's own spelling: `{reasons=New IP, level=HIGH}`.
fn in_map<'e>(text: &'e str, field: &str) -> Option<&'e str> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    inner.split(',').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name.trim() == field).then(|| value.trim())
    })
}

fn risk_level(word: &str) -> Option<RiskLevel> {
    RiskLevel::parse(&word.to_ascii_lowercase())
}

fn context<'e>(event: &Event<'e>) -> Facts<'e> {
    let cause = |word: &str| match word.split('.').next() {
        Some("ipAddress") => ContextCause::Address,
        Some(word) if word.starts_with("device") => ContextCause::Device,
        _ => ContextCause::Other,
    };
    let mut causes: Vec<ContextCause> =
        match event.debug("causes").and_then(|causes| list(causes).ok().flatten()) {
            Some(words) => words.into_iter().map(cause).collect(),
            // A session that roams is used from another place.
            None => vec![ContextCause::Place],
        };
    causes.sort_unstable();
    causes.dedup();
    let again = event.debug("arePoliciesReevaluated");
    let session = event.debug("externalSessionId").and_then(session_id);
    let reevaluated = again.map(|value| is_true(Some(value)));
    let data = FactData::SessionContextChanged(SessionContextChanged { causes, reevaluated });
    Some(vec![Said { session, data }])
}
