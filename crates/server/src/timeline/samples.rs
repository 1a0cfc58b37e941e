//! Made-up states: of tests, and of the page that shows every element.

use claimledger_domain::model::{
    Activity, AppAccess, AsKnown, CameUnder, Certainty, Context, Decision, DecisionRule, Explained,
    FactorType, Falsifier, Grade, HonoredFactor, Implied, MetAtDecision, Origin, Phase, Reason,
    Reasons, RecordRef, RecordedDecision, SessionEnd, SessionLife, SessionOrigin, SessionState,
};
use claimledger_facts::{
    ids::{LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    time::{Occurred, Time},
    vocabulary::{Amr, FactorMode, Outcome},
};

pub(crate) fn t(text: &str) -> Time {
    // The texts are all here: a wrong one is seen at once.
    Time::parse(text).unwrap_or(Time::MIN)
}

pub(crate) fn record(position: u64, kind: &str, at: &str) -> RecordRef {
    let (source, source_id) =
        (SourceId::new("acme-sp"), SourceEventId::new(format!("e{position}")));
    RecordRef {
        id: RecordId::derive(&TenantId::new("acme"), &source, &source_id),
        source,
        source_id,
        kind: kind.into(),
        position: LogPosition(position),
        occurred: Occurred::at(t(at)),
        recorded_at: t(at),
    }
}

pub(crate) fn thought(words: &str) -> Reason {
    Reason {
        mark: None,
        question: None,
        conclusion: words.to_owned(),
        code: None,
        rule: None,
        source: None,
        semantics: None,
        facts: Vec::new(),
        show_delay: false,
        because: Vec::new(),
    }
}

pub(crate) fn factor(name: &str, from: &str, until: Option<&str>) -> HonoredFactor {
    HonoredFactor {
        name: name.to_owned(),
        method: None,
        amr: Some(Amr(name.to_owned())),
        factor_type: FactorType::Possession,
        characteristics: Vec::new(),
        pool: Vec::new(),
        origin: Origin::Claimed,
        idp_name: None,
        authenticator_name: None,
        idp: Some("idp-x".into()),
        key: Some("X1".into()),
        assertion: Some("as-1".into()),
        authenticator: None,
        accepted_at: t(from),
        from: t(from),
        until: until.map(t),
        until_bounds: None,
        end_reason: until.map(|_| "expired"),
        end_record: None,
        may_be_lost: false,
        lost_before: Vec::new(),
        grade: Grade::Joined,
        certainty: Certainty::Certain,
        missing: Vec::new(),
        by_record: true,
        by_rules: true,
        void: Vec::new(),
        came_under: Some(CameUnder {
            versions: vec!["tx1".into()],
            trusted: Some(Certainty::Certain),
        }),
        evidence: vec![record(24, "claims.received", from)],
        variant: false,
    }
}

pub(crate) fn decision(position: u64, at: &str, outcome: Outcome) -> Decision {
    let implied = AsKnown {
        implied: Implied::Allow,
        first_unmet: None,
        missing: Vec::new(),
        met: MetAtDecision::default(),
    };
    Decision {
        recorded: RecordedDecision {
            record: record(position, "policy.decided", at),
            session: "S1".into(),
            session_recorded: "S1".into(),
            app: "payroll".into(),
            app_name: None,
            at: Occurred::at(t(at)),
            outcome,
            variant: false,
        },
        under: DecisionRule {
            policy: "payroll".into(),
            policy_name: None,
            version_label: None,
            version_in_force: Some("v2".into()),
            other_versions: Vec::new(),
            rule: Some("payroll-2".into()),
            rule_name: None,
            factor_mode: Some(FactorMode::TwoFactor),
        },
        made: implied.clone(),
        differs: None,
        falsified_later: None,
        at_k: implied,
        later: Vec::new(),
        relied_on: Vec::new(),
        signed_in: Vec::new(),
    }
}

pub(crate) fn falsifier(record: RecordRef, code: &'static str) -> Falsifier {
    let from = record.occurred.from;
    Falsifier {
        record,
        code,
        from,
        retracts: None,
        certainty: Certainty::Certain,
        actor: None,
        words: code.to_owned(),
    }
}

pub(crate) fn access(position: u64, at: &str) -> AppAccess {
    AppAccess {
        app: "payroll".into(),
        app_name: None,
        app_session: None,
        at: t(at),
        record: record(position, "app.accessed", at),
    }
}

/// From 11:30 to 19:30 on one day, with two factors, two decisions and an access.
pub(crate) fn session() -> Explained {
    let state = SessionState {
        id: "S1".into(),
        aliases: Vec::new(),
        origin: SessionOrigin {
            subject: Some("p-4KD2".into()),
            idp: Some("idp-x".into()),
            idp_name: None,
            idp_session: None,
            idp_session_interval: None,
            root_session: None,
        },
        life: SessionLife {
            phase: Phase::Ended,
            certainty: Certainty::Certain,
            missing: vec![],
            started_at: Some(t("2026-03-10T11:30:00Z")),
            end: SessionEnd {
                at: Some(t("2026-03-10T19:30:00Z")),
                reason: Some("expired"),
                bounds: None,
                record: Some(record(77, "session.ended", "2026-03-10T19:30:00Z")),
                of_all: false,
            },
            lifetime_ends_at: None,
            last_seen: Some(t("2026-03-10T12:30:00Z")),
            last_seen_record: None,
            proven_alive: None,
        },
        factors: vec![
            factor("pwd", "2026-03-10T11:30:00Z", Some("2026-03-10T19:30:00Z")),
            factor("hwk", "2026-03-10T11:30:00Z", Some("2026-03-10T12:10:00Z")),
        ],
        ignored: Vec::new(),
        decisions: vec![
            decision(26, "2026-03-10T11:30:04Z", Outcome::Allow),
            decision(30, "2026-03-10T12:30:00Z", Outcome::Deny),
        ],
        activity: Activity {
            accesses: vec![access(31, "2026-03-10T12:30:01Z")],
            refused: Vec::new(),
        },
        falsifiers: Vec::new(),
        records: vec![
            record(24, "claims.received", "2026-03-10T11:30:00Z"),
            record(26, "policy.decided", "2026-03-10T11:30:04Z"),
            record(30, "policy.decided", "2026-03-10T12:30:00Z"),
            record(31, "app.accessed", "2026-03-10T12:30:01Z"),
            record(77, "session.ended", "2026-03-10T19:30:00Z"),
        ],
    };
    // The drawing has no words of the reasons.
    let reasons = Reasons {
        session: thought("S1: ended."),
        factors: vec![],
        ignored: vec![],
        decisions: vec![],
    };
    Explained { state, reasons, context: Context::default() }
}
