//! Short scenarios: `given([…]).at("12:00:00")` is the state of session `S` then. All on
//! 2026-03-10; the ledger learns facts in the order given.

use claimledger_domain::{
    assess,
    explain::{explain, explain_life},
    history::{History, is_config, is_held},
    model::{Certainty, Cut, Explained, Known, Reasons, RecordRef, SessionState},
};
use claimledger_facts::{
    fact::{Fact, FactData, FactType},
    ids::{LogPosition, Pseudonym, RecordId, SessionId, SourceEventId, SourceId, TenantId},
    nature::Nature,
    time::{Occurred, Time},
    vocabulary::Note,
};
use serde_json::{Value, json};

/// Some facts.
pub(crate) struct Given(pub(crate) Vec<Known>);

/// A fact before it has a record.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) occurred: Occurred,
    pub(crate) id: Option<&'static str>,
    pub(crate) source: &'static str,
    pub(crate) session: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) variant: Option<&'static str>,
    pub(crate) notes: Vec<Note>,
    pub(crate) data: FactData,
}

impl Said {
    pub(crate) fn id(self, id: &'static str) -> Self {
        Self { id: Some(id), ..self }
    }
    pub(crate) fn from(self, source: &'static str) -> Self {
        Self { source, ..self }
    }
    pub(crate) fn session(self, session: &'static str) -> Self {
        Self { session, ..self }
    }
    pub(crate) fn subject(self, subject: &'static str) -> Self {
        Self { subject, ..self }
    }
    /// It is only known to have occurred by then.
    pub(crate) fn until(self, to: &str) -> Self {
        Self { occurred: Occurred { to: Some(time(to)), ..self.occurred }, ..self }
    }
    /// Its source's log does not say how long sessions last.
    pub(crate) fn limits_not_logged(self) -> Self {
        Self { notes: vec![Note::LimitsNotLogged], ..self }
    }
    /// It names no session.
    pub(crate) fn of_no_session(self) -> Self {
        self.session("")
    }
    /// It was seen by a look, and was saved since the one before.
    pub(crate) fn saved_since_last_look(self) -> Self {
        Self { notes: vec![Note::SavedSinceLastLook], ..self }
    }
    /// One of several records under one id.
    pub(crate) fn variant(self, name: &'static str) -> Self {
        Self { variant: Some(name), ..self }
    }
}

pub(crate) fn time(of_day: &str) -> Time {
    Time::parse(&format!("2026-03-10T{of_day}Z")).unwrap()
}

pub(crate) fn fact(at: &str, kind: &str, data: Value) -> Said {
    let data = FactData::from_value(kind, data).expect("a fact type").unwrap();
    Said {
        occurred: Occurred::at(time(at)),
        id: None,
        source: "sp",
        session: "S",
        subject: "u",
        variant: None,
        notes: vec![],
        data,
    }
}

pub(crate) fn given(facts: impl IntoIterator<Item = Said>) -> Given {
    Given(facts.into_iter().enumerate().map(|(at, said)| known(said, at as u64 + 1)).collect())
}

fn known(said: Said, position: u64) -> Known {
    let needs = FactType::named(said.data.type_name()).unwrap();
    let source = SourceId::from(said.source);
    let source_id =
        SourceEventId::new(said.id.map_or_else(|| format!("e{position}"), str::to_owned));
    let tenant = TenantId::from("t");
    let id = match said.variant {
        None => RecordId::derive(&tenant, &source, &source_id),
        Some(name) => {
            RecordId::derive_variant(&tenant, &source, &source_id, &[name.as_bytes()[0]; 32])
        }
    };
    let record = RecordRef {
        id,
        source,
        source_id,
        kind: said.data.type_name().into(),
        position: LogPosition(position),
        occurred: said.occurred,
        recorded_at: said.occurred.to.unwrap_or(said.occurred.from),
    };
    // It may name a session; here it does.
    let may = matches!(needs.nature, Nature::SignOfLife | Nature::Session | Nature::Account);
    let of_session = (needs.needs_session || may) && !said.session.is_empty();
    let fact = Fact {
        session: of_session.then(|| SessionId::from(said.session)),
        subject: (needs.needs_subject || of_session && !needs.needs_session)
            .then(|| Pseudonym::from(said.subject)),
        occurred: said.occurred,
        data: said.data,
    };
    Known { record, variant: false, notes: said.notes, root_session: None, fact }
}

impl Given {
    fn explained_at(&self, at: &str, position: u64) -> Option<Explained> {
        let history: History = self.0.iter().filter(|k| is_held(&k.fact.data)).cloned().collect();
        let facts: Vec<Known> =
            self.0.iter().filter(|k| !is_config(&k.fact.data)).cloned().collect();
        let cut = Cut { at: time(at), known_at: LogPosition(position) };
        let state = assess(&facts, &history, cut);
        let explained = explain(&facts, &history, cut);
        let life = explained.clone().map(|one| (one.state, one.reasons.session));
        assert_eq!(explain_life(&facts, &history, cut), life, "why it is active or not");
        if let Some(Explained { state, reasons, .. }) = &explained {
            assert!(
                reasons.decisions.iter().all(|because| !because.conclusion.is_empty())
                    && reasons.decisions.len() == state.decisions.len()
                    && reasons.factors.len() == state.factors.len()
                    && reasons.ignored.len() == state.ignored.len(),
                "each decision, factor and ignored claim is explained"
            );
        }
        assert_eq!(state, explained.as_ref().map(|one| one.state.clone()), "with reasons or not");
        explained
    }

    pub(crate) fn known_at(&self, at: &str, position: u64) -> Option<SessionState> {
        self.explained_at(at, position).map(|explained| explained.state)
    }

    /// The state and its reasons at a time, as known at the head.
    pub(crate) fn explained(&self, at: &str) -> Explained {
        self.explained_at(at, u64::MAX).expect("something is known of the session")
    }

    /// The state at a time, as known at the head.
    pub(crate) fn at(&self, at: &str) -> SessionState {
        self.known_at(at, u64::MAX).expect("something is known of the session")
    }

    /// The state at the end of the day.
    pub(crate) fn end(&self) -> SessionState {
        self.at("23:59:59")
    }

    /// The reasons at the end of the day.
    pub(crate) fn why(&self) -> Reasons {
        self.explained("23:59:59").reasons
    }

    /// Checks the outcome of each asserted value and each verification at the end of the day.
    #[track_caller]
    pub(crate) fn fates(&self, expected: &[&str]) {
        assert_eq!(fates(&self.end()), expected);
    }

    /// Checks each decision at the end of the day.
    #[track_caller]
    pub(crate) fn decisions(&self, expected: &[&str]) {
        assert_eq!(decisions(&self.end()), expected);
    }

    /// The tree of the last decision.
    pub(crate) fn tree(&self) -> String {
        claimledger_domain::explain::text(self.why().decisions.last().unwrap())
    }
}

/// `pwd`, `phr void key_retired`, `xyz ignored unknown_value`, `pwd possible idp`, in order;
/// ignored ones last.
pub(crate) fn fates(state: &SessionState) -> Vec<String> {
    let mut fates = Vec::new();
    for f in &state.factors {
        let mut fate = f.name.clone();
        match (f.by_record, f.by_rules) {
            (true, true) => {}
            (true, false) => fate.push_str(" by_record"),
            (false, true) => fate.push_str(" by_rules"),
            (false, false) => fate.push_str(" neither"),
        }
        if !f.void.is_empty() {
            fate.push_str(&format!(" void {}", f.void.join(" ")));
        }
        if f.certainty == Certainty::Possible {
            fate.push_str(&format!(" possible {}", f.missing.join(" ")));
        }
        fates.push(fate);
    }
    fates.extend(
        state.ignored.iter().map(|i| format!("{} ignored {}", i.name, i.reasons.join(" "))),
    );
    fates
}

/// `allow Allow`, `allow Deny not_enough_factors differs key_retired`,
/// `allow Undetermined missing policy`.
pub(crate) fn decisions(state: &SessionState) -> Vec<String> {
    let of = |d: &claimledger_domain::model::Decision| {
        let mut text = format!("{} {:?}", d.recorded.outcome, d.made.implied);
        if let Some(code) = d.made.first_unmet {
            text.push_str(&format!(" {code}"));
        }
        if !d.made.missing.is_empty() {
            text.push_str(&format!(" missing {}", d.made.missing.join(" ")));
        }
        if let Some(differs) = &d.differs {
            text.push_str(&format!(" differs {}", differs.code));
        }
        text
    };
    state.decisions.iter().map(of).collect()
}

// The facts of most scenarios. Configuration is of 08:00:00 where no time is given.

pub(crate) fn org() -> Said {
    fact(
        "08:00:00",
        "org.configured",
        json!({"engine": "identity_engine", "claims_sharing": true,
            "third_party_claims_sharing": true}),
    )
}

pub(crate) fn idp_at(at: &str, kind: &str, status: &str, trust: bool) -> Said {
    fact(
        at,
        "idp.configured",
        json!({"idp": "x", "version": "t1", "kind": kind, "status": status, "trust_claims": trust}),
    )
}

pub(crate) fn third_party() -> Said {
    idp_at("08:00:00", "third_party", "active", true)
}

pub(crate) fn okta() -> Said {
    idp_at("08:00:00", "okta_identity_engine", "active", true)
}

pub(crate) fn key_added(at: &str, key: &str) -> Said {
    fact(at, "idp.key_added", json!({"idp": "x", "key": key}))
}

pub(crate) fn key_retired(at: &str, key: &str) -> Said {
    fact(at, "idp.key_retired", json!({"idp": "x", "key": key}))
}

pub(crate) fn policy(rule: Value) -> Said {
    policy_at("08:00:00", rule)
}

/// A policy `p` with one rule `r`; what the rule leaves out is priority 1, allow, 2fa.
pub(crate) fn policy_at(at: &str, rule: Value) -> Said {
    let mut whole = json!({"rule": "r", "priority": 1, "access": "allow", "factor_mode": "2fa"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    fact(
        at,
        "policy.configured",
        json!({"policy": "p", "version": "v1", "kind": "app_sign_in", "rules": [whole]}),
    )
}

pub(crate) fn claims(at: &str, amr: &[&str]) -> Said {
    claim(at, json!({"amr": amr}))
}

pub(crate) fn claim(at: &str, more: Value) -> Said {
    let mut whole = json!({"idp": "x", "assertion": "a"});
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fact(at, "claims.received", whole)
}

pub(crate) fn verified(at: &str, method: &str) -> Said {
    fact(at, "factor.verified", json!({"method": method}))
}

pub(crate) fn decided(at: &str, outcome: &str) -> Said {
    fact(at, "policy.decided", json!({"app": "a", "policy": "p", "outcome": outcome, "rule": "r"}))
}

pub(crate) fn local(method: &str) -> Said {
    fact(
        "08:00:00",
        "authenticator.configured",
        json!({"method": method, "status": "active", "enrollment": "allowed"}),
    )
}
