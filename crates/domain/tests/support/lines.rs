//! A ledger read from native lines: no more of the contract than these tests need.

use claimledger_domain::{
    assess,
    explain::explain,
    falls::{Fallen, falls},
    history::{History, Supposed, is_config},
    model::{Cut, Known, Reasons, RecordRef, SessionState},
};
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{LogPosition, Pseudonym, RecordId, SessionId, SourceEventId, SourceId, TenantId},
    time::{Occurred, Time},
};
use serde_json::Value;

/// Every fact of a file; line n is at position n, as a log's position 0 is its opening.
pub(crate) struct Lines {
    pub(crate) facts: Vec<Known>,
    pub(crate) history: History,
}

impl Lines {
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().filter(|l| !l.trim().is_empty());
        let facts: Vec<Known> =
            lines.enumerate().map(|(at, line)| known(line, at as u64 + 1)).collect();
        let history = facts.iter().filter(|k| is_config(&k.fact.data)).cloned().collect();
        Self { facts, history }
    }

    /// The facts of a session, and those of the IdP session that it names.
    pub(crate) fn of(&self, session: &str) -> Vec<Known> {
        let mine = |k: &&Known| k.fact.session.as_ref().is_some_and(|s| s.as_str() == session);
        let behind = self.facts.iter().filter(mine).find_map(|k| match &k.fact.data {
            FactData::SessionStarted(s) => s.idp_session.clone(),
            _ => None,
        });
        let upstream = |k: &&Known| match &k.fact.data {
            FactData::IdpSessionStarted(s) => Some(&s.idp_session) == behind.as_ref(),
            FactData::IdpSessionEnded(s) => Some(&s.idp_session) == behind.as_ref(),
            _ => false,
        };
        self.facts.iter().filter(|k| mine(k) || upstream(k)).cloned().collect()
    }

    pub(crate) fn assess(&self, session: &str, at: &str, known_at: u64) -> SessionState {
        let cut = Cut { at: Time::parse(at).unwrap(), known_at: LogPosition(known_at) };
        assess(&self.of(session), &self.history, cut).expect("something is known of the session")
    }

    pub(crate) fn explain(&self, session: &str, at: &str, known_at: u64) -> Reasons {
        let cut = Cut { at: Time::parse(at).unwrap(), known_at: LogPosition(known_at) };
        explain(&self.of(session), &self.history, cut).expect("something is known of it").reasons
    }

    pub(crate) fn falls(
        &self,
        session: &str,
        at: &str,
        known_at: u64,
        supposed: &Supposed,
    ) -> Option<Fallen> {
        let cut = Cut { at: Time::parse(at).unwrap(), known_at: LogPosition(known_at) };
        falls(&self.of(session), &self.history, cut, supposed)
    }
}

fn known(line: &str, position: u64) -> Known {
    let line: Value = serde_json::from_str(line).unwrap();
    let text = |field: &str| line[field].as_str().unwrap();
    let (source, source_id) = (SourceId::from(text("source")), SourceEventId::from(text("id")));
    let occurred: Occurred = serde_json::from_value(line["occurred_at"].clone()).unwrap();
    let record = RecordRef {
        id: RecordId::derive(&TenantId::from("t"), &source, &source_id),
        source,
        source_id,
        kind: text("type").into(),
        position: LogPosition(position),
        occurred,
        recorded_at: Time::parse(text("recorded_at")).unwrap(),
    };
    let fact = Fact {
        session: line["session"].as_str().map(SessionId::from),
        subject: line["subject"]["id"].as_str().map(Pseudonym::from),
        occurred,
        data: FactData::from_value(text("type"), line["data"].clone()).unwrap().unwrap(),
    };
    Known { record, variant: false, notes: vec![], root_session: None, fact }
}
