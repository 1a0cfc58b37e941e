//! Rows as events of the Open Cybersecurity Schema Framework.
//!
//! A session is a logon, a decision an event of its class Authentication with the profile of
//! security controls, a change of configuration one of Entity Management. The factors that were
//! honored are its `auth_factors`, each with the identity provider that stated it; what the
//! framework has no place for (grade, certainty, key, assertion, trust, evidence) stands under
//! `unmapped.honored_factors`.

use super::{completeness::SourceHit, dependants::DependantHit, reused::ReusedHit, timeline};
use crate::{
    app::Label,
    model::answer::{DecisionHit, OutlivedHit, SessionHit},
};
use claimledger_domain::{
    changes::{ChangeKind, ConfigChange},
    first_seen::FirstSeen,
    held_under::Held,
    model::{HonoredFactor, RecordRef, SessionState},
};
use claimledger_facts::{
    ids::Pseudonym,
    time::Time,
    vocabulary::{Method, Outcome},
};
use serde_json::{Map, Value, json};

/// The version of the framework.
const VERSION: &str = "1.8.0";

const AUTHENTICATION: u32 = 3002;
const ENTITY_MANAGEMENT: u32 = 3004;
/// The category of both: Identity & Access Management.
const IAM: u32 = 3;

/// A row of a list that has events.
pub(super) trait Event {
    /// The event of a row; none: this list has none.
    fn event(&self, _label: Option<&Label>) -> Option<Value> {
        None
    }
}

impl Event for timeline::Row {}
impl Event for OutlivedHit {}
impl Event for ReusedHit {}
impl Event for Held {}
impl Event for DependantHit {}
impl Event for FirstSeen {}
impl Event for SourceHit {}

impl Event for SessionHit<SessionState> {
    fn event(&self, label: Option<&Label>) -> Option<Value> {
        let state = &self.session;
        let (life, origin) = (&state.life, &state.origin);
        let mut event = base(AUTHENTICATION, 1, "Logon", life.started_at.unwrap_or(Time::EPOCH));
        let session_end = life.end.at.or(life.lifetime_ends_at);
        event.extend(object(json!({
            "message": format!("Session {} {}", state.id, life.phase.as_str()),
            "metadata": metadata(state.records.first(), &state.id.to_string(), &[]),
            "user": user(origin.subject.as_ref(), label),
            "service": {"name": state.records.first().map(|record| record.source.as_str())
                .unwrap_or("unknown")},
            "status_id": 1,
            "start_time": life.started_at.map(ms),
            "end_time": life.end.at.map(ms),
            "auth_factors": factors(state.factors.iter().filter(|factor| factor.by_record)),
            "session": given(json!({
                "uid": state.id.as_str(),
                "uid_alt": state.aliases.first().map(|alias| alias.as_str()),
                "issuer": origin.idp.as_ref().map(|idp| idp.as_str()),
                "created_time": life.started_at.map(ms),
                "expiration_time": session_end.map(ms),
                "expiration_reason": life.end.reason,
            })),
            "unmapped": {
                "honored_factors": state.factors.iter().map(honored).collect::<Vec<_>>(),
                "phase": life.phase.as_str(),
                "certainty": life.certainty.as_str(),
                "missing": life.missing,
                "idp_session": origin.idp_session.as_ref().map(|id| id.as_str()),
            },
        })));
        Some(given(Value::Object(event)))
    }
}

impl Event for DecisionHit {
    fn event(&self, label: Option<&Label>) -> Option<Value> {
        let decision = &self.decision;
        let (recorded, under) = (&decision.recorded, &decision.under);
        // Action and disposition: Allowed, Blocked; a challenge is neither allowed nor denied.
        let (action, disposition, status) = match recorded.outcome {
            Outcome::Allow => (1, 1, 1),
            Outcome::Deny => (2, 2, 2),
            Outcome::Challenge => (3, 23, 99),
        };
        let policy = given(json!({
            "uid": under.policy.as_str(),
            "name": under.policy_name,
            "version": under.version_in_force.as_ref().map(|version| version.as_str()),
        }));
        let mut event = base(AUTHENTICATION, 99, "Policy Decision", recorded.at.from);
        event.extend(object(json!({
            "message": format!("{} {} by policy {}", recorded.app, recorded.outcome, under.policy),
            "metadata": metadata(
                Some(&recorded.record),
                &recorded.session.to_string(),
                &["security_control"],
            ),
            "user": user(self.subject.as_ref(), label),
            "service": given(json!({"uid": recorded.app.as_str(), "name": recorded.app_name})),
            "status_id": status,
            "status": recorded.outcome.as_str(),
            "status_detail": decision.differs.as_ref().map(|differs| &differs.words),
            "action_id": action,
            "disposition_id": disposition,
            "authorizations": [{"decision": recorded.outcome.as_str(), "policy": policy}],
            "auth_factors": factors(&self.factors),
            "is_mfa": self.factors.len() > 1,
            "session": {"uid": recorded.session.as_str()},
            "unmapped": {
                "honored_factors": self.factors.iter().map(honored).collect::<Vec<_>>(),
                "rule": under.rule.as_ref().map(|rule| rule.as_str()),
                "implied": decision.made.implied.as_str(),
                "implied_at_k": decision.at_k.implied.as_str(),
                "first_unmet": decision.made.first_unmet,
                "differs": decision.differs.as_ref().map(|differs| differs.code),
                "falsified_later": decision.falsified_later.as_ref().map(|later| later.code),
                "certainty": self.certainty.as_str(),
            },
        })));
        Some(given(Value::Object(event)))
    }
}

impl Event for ConfigChange {
    fn event(&self, _: Option<&Label>) -> Option<Value> {
        let is_new = self.diff.changes.iter().all(|field| field.before.is_none());
        let (activity, name) = if is_new { (1, "Create") } else { (3, "Update") };
        // Types of entities: a policy is one of them, an identity provider is not.
        let entity_type = if self.kind == ChangeKind::Policy { 5 } else { 99 };
        let mut event = base(ENTITY_MANAGEMENT, activity, name, self.occurred.from);
        event.extend(object(json!({
            "message": self.words,
            "metadata": metadata(Some(&self.record), &self.of, &[]),
            "status_id": 1,
            "actor": self.actor.as_ref().map(|actor| json!({"user": {"uid": actor.as_str()}})),
            "comment": self.ticket.as_ref().map(|ticket| ticket.as_str()),
            "entity": given(json!({
                "uid": self.of,
                "name": self.of_name.as_ref().unwrap_or(&self.of),
                "type": self.kind.as_str(),
                "type_id": entity_type,
                "version": self.name,
            })),
            "unmapped": {
                "changes": self.diff.changes.iter().map(|field| json!({"field": field.field,
                    "before": field.before, "after": field.after})).collect::<Vec<_>>(),
                "effective_from": self.effective_from.map(|time| time.to_string()),
                "late": self.late,
            },
        })));
        Some(given(Value::Object(event)))
    }
}

/// What every event has.
fn base(class: u32, activity: u32, name: &str, time: Time) -> Map<String, Value> {
    object(json!({
        "category_uid": IAM,
        "class_uid": class,
        "activity_id": activity,
        "activity_name": name,
        "type_uid": class * 100 + activity,
        "severity_id": 1,
        "time": ms(time),
    }))
}

fn metadata(record: Option<&RecordRef>, correlated: &str, profiles: &[&str]) -> Value {
    given(json!({
        "version": VERSION,
        "product": {"vendor_name": "claimledger", "name": "claimledger",
            "version": env!("CARGO_PKG_VERSION")},
        "profiles": profiles,
        "uid": record.map(|record| record.id.to_string()),
        "sequence": record.map(|record| record.position.0),
        "original_event_uid": record.map(|record| record.source_id.as_str()),
        "original_time": record.map(|record| record.occurred.from.to_string()),
        "logged_time": record.map(|record| ms(record.recorded_at)),
        "event_code": record.map(|record| &*record.kind),
        "log_provider": record.map(|record| record.source.as_str()),
        "correlation_uid": correlated,
    }))
}

fn user(subject: Option<&Pseudonym>, label: Option<&Label>) -> Value {
    given(json!({
        "uid": subject.map_or("unknown", Pseudonym::as_str),
        "name": label.and_then(|label| label.login.as_ref()),
        "full_name": label.and_then(|label| label.name.as_ref()),
    }))
}

fn factors<'f>(honored: impl IntoIterator<Item = &'f HonoredFactor>) -> Value {
    let factors = honored.into_iter().map(|factor| {
        given(json!({
            "factor_type_id": factor_type(factor),
            "factor_type": factor.name,
            "provider": factor.idp.as_ref().map(|idp| format!("claimed by {idp}")),
        }))
    });
    factors.collect()
}

/// The framework's type of a factor; 99: it has none for this one.
fn factor_type(factor: &HonoredFactor) -> u32 {
    match (factor.method, factor.amr.as_ref().map(|amr| amr.as_str())) {
        (Some(Method::Sms), _) | (None, Some("sms")) => 1,
        (Some(Method::SecurityQuestion), _) | (None, Some("kba")) => 2,
        (Some(Method::Voice), _) | (None, Some("tel")) => 3,
        (None, Some("fpt" | "face" | "iris" | "retina" | "vbm")) => 4,
        (Some(Method::Push | Method::SignedNonce), _) => 5,
        (Some(Method::SmartCard | Method::Yubikey | Method::Rsa), _)
        | (None, Some("hwk" | "sc")) => 6,
        (Some(Method::Otp | Method::Totp | Method::CustomOtp | Method::Symantec), _)
        | (None, Some("otp")) => 7,
        (Some(Method::Email), _) => 8,
        (Some(Method::Webauthn), _) => 10,
        (Some(Method::Password), _) | (None, Some("pwd")) => 11,
        _ => 99,
    }
}

/// What is known of a factor that was honored.
fn honored(factor: &HonoredFactor) -> Value {
    json!({
        "name": factor.name,
        "method": factor.method.map(Method::as_str),
        "amr": factor.amr.as_ref().map(|amr| amr.as_str()),
        "characteristics": factor.characteristics.iter().map(|one| one.as_str())
            .collect::<Vec<_>>(),
        "idp": factor.idp.as_ref().map(|idp| idp.as_str()),
        "key": factor.key.as_ref().map(|key| key.as_str()),
        "assertion": factor.assertion.as_ref().map(|assertion| assertion.as_str()),
        "trust_version": factor.came_under.as_ref().and_then(|under| under.latest())
            .map(|version| version.as_str()),
        "from": factor.from.to_string(),
        "until": factor.until.map(|until| until.to_string()),
        "end_reason": factor.end_reason,
        "grade": factor.grade.as_str(),
        "certainty": factor.certainty.as_str(),
        "by_record": factor.by_record,
        "by_rules": factor.by_rules,
        "void": factor.void,
        "evidence": factor.evidence.iter().map(|record| record.position.0).collect::<Vec<_>>(),
    })
}

/// Milliseconds since 1970, as the framework counts time.
const fn ms(time: Time) -> i64 {
    time.micros().div_euclid(1_000)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}

/// Without members that say nothing: the framework has no null.
fn given(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| {
            !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
        });
    }
    value
}
