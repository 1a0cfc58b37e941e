//! What is done to a ledger, and what is asked of it: the same on every engine.

use super::ledger::Stored;
use crate::{
    model::{
        ask::{self, Asked},
        fixture as model,
    },
    support::fixture,
};
use claimledger_app::{
    app::App,
    intake::Batch,
    model::{
        proof::LogKind,
        question::{Asking, Caller},
    },
};
use claimledger_facts::{
    draft::Draft,
    ids::{SessionId, SourceId, TenantId},
    time::Time,
    vocabulary::{Channel, Role},
};
use claimledger_ledger::log::Log;
use claimledger_server::graphql::Executor;
use claimledger_sources::{Dialect, translate};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The tenants with the fixture's days, and the sessions that are asked about.
pub(super) const TENANTS: [(&str, &[&str]); 3] = [
    ("acme", &["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"]),
    ("globex", &["GX1"]),
    ("live", &["S1", "S5"]),
];

/// Lines in one request.
const LINES: usize = 20;

/// The operations of the command line.
const COMMON: &str = include_str!("../../crates/claimledger/src/queries/common.graphql");
const SESSION: &str = concat!(
    include_str!("../../crates/claimledger/src/queries/session.graphql"),
    include_str!("../../crates/claimledger/src/queries/session_fields.graphql")
);
const WHY: &str = include_str!("../../crates/claimledger/src/queries/why.graphql");
const SESSIONS: &str = include_str!("../../crates/claimledger/src/queries/sessions.graphql");
const DECISIONS: &str = include_str!("../../crates/claimledger/src/queries/decisions.graphql");
const TIMELINE: &str = concat!(
    include_str!("../../crates/claimledger/src/queries/timeline.graphql"),
    include_str!("../../crates/claimledger/src/queries/record_fields.graphql")
);
const RECORD: &str = include_str!("../../crates/claimledger/src/queries/record.graphql");
const PROVE: &str = include_str!("../../crates/claimledger/src/queries/prove.graphql");

fn owner(tenant: &str) -> Caller {
    Caller::owner(TenantId::from(tenant))
}

fn drafts(lines: &[String]) -> Vec<(u64, Draft)> {
    let read = |line: &String| translate(&Dialect::Native.into(), None, line.as_bytes()).unwrap();
    let numbered = (1..)
        .zip(lines)
        .flat_map(|(n, line)| read(line).drafts.into_iter().map(move |draft| (n, draft)));
    numbered.collect()
}

/// Appends one request after the other, and returns the receipts.
async fn ingest(app: &App, tenant: &str, lines: &[String], channel: &Channel) -> Vec<String> {
    let mut receipts = Vec::new();
    for some in lines.chunks(LINES) {
        let batch = Batch {
            drafts: drafts(some),
            channel: channel.clone(),
            source: None,
            expected_revision: None,
            rehearsal_now: None,
        };
        let ingested = app.ingest(&owner(tenant), batch).await.unwrap();
        receipts.extend(ingested.iter().map(|one| format!("{tenant} {one:?}")));
    }
    receipts
}

fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

/// The fixture's lines as a live ledger takes them: without recorded times.
fn live(text: &str) -> Vec<String> {
    let without = |line: String| {
        let mut line: Value = serde_json::from_str(&line).unwrap();
        line.as_object_mut().unwrap().remove("recorded_at");
        line.to_string()
    };
    lines(text).into_iter().map(without).collect()
}

/// What a ledger answered.
#[derive(Default)]
pub(super) struct Told {
    /// Receipts and answers.
    pub(super) answers: Vec<String>,
    /// What depends on randomness: credentials with their tokens, proofs.
    pub(super) random: Vec<String>,
}

/// Three tenants: two rehearsals of the fixture's days, and one that is stamped by the clock. With
/// repeated deliveries, credentials, and a destroyed key.
pub(super) async fn live_the_fixture(stored: &Stored, app: &App, told: &mut Told) {
    for (tenant, sessions) in TENANTS {
        let id = TenantId::from(tenant);
        let is_live = tenant == "live";
        told.random.push(app.init_tenant(&id, !is_live, None).await.unwrap());
        let day = match tenant {
            "live" => live(&fixture::facts("acme")),
            rehearsed => lines(&fixture::facts(rehearsed)),
        };
        let now = |second: u64| Time::parse("2026-05-01T08:00:00Z").unwrap().plus_secs(second);
        for (n, some) in day.chunks(3 * LINES).enumerate() {
            stored.clock.set(now(60 * n as u64));
            told.answers.extend(ingest(app, tenant, some, &Channel::File).await);
        }
        // The last ones again, by another channel.
        let repeated = &day[day.len() - 5..];
        told.answers.extend(ingest(app, tenant, repeated, &Channel::Http).await);
        let source = SourceId::from("okta");
        let (kept, token) = app.grant(&owner(tenant), &[Role::Read], Some(&source)).await.unwrap();
        told.random.extend([kept, token]);
        let (revoked, token) = app.grant(&owner(tenant), &[Role::Ingest], None).await.unwrap();
        told.random.push(token);
        assert!(app.revoke(&owner(tenant), &revoked).await.unwrap());
        app.settled_status(&owner(tenant)).await.unwrap();
        let (first, now) = (SessionId::from(sessions[0]), Asking::default());
        let shown = app.session(&owner(tenant), &first, &now).await.unwrap().value.unwrap();
        let subject = shown.state.origin.subject.clone().unwrap();
        app.destroy_key(&owner(tenant), &subject).await.unwrap();
        // People come later, one of them by an id whose key is destroyed.
        told.answers.extend(ingest(app, tenant, &late(tenant, is_live), &Channel::Hook).await);
        app.settled_status(&owner(tenant)).await.unwrap();
    }
}

fn late(tenant: &str, is_live: bool) -> Vec<String> {
    let line = |n: usize| {
        let mut line = json!({"id": format!("late-{n}"), "type": "app.accessed", "session": "S2",
            "occurred_at": "2026-03-10T18:00:00Z", "data": {"app": "wiki"},
            "subject": {"id": format!("u-{n}"), "login": format!("u{n}@{tenant}.example")}});
        if !is_live {
            line["recorded_at"] = json!("2026-04-30T18:00:00Z");
        }
        line.to_string()
    };
    (0..3).map(line).collect()
}

/// A tenant with a generated day.
pub(super) async fn live_a_day(app: &App, day: &Asked, told: &mut Told) {
    let id = TenantId::from(day.tenant.as_str());
    told.random.push(app.init_tenant(&id, true, None).await.unwrap());
    let lines: Vec<_> = day.lines.iter().map(Value::to_string).collect();
    told.answers.extend(ingest(app, &day.tenant, &lines, &Channel::File).await);
    app.settled_status(&owner(&day.tenant)).await.unwrap();
}

/// Asks about the fixture: the questions of the model, and those of the commands.
pub(super) async fn ask_of_the_fixture(app: &App, told: &mut Told) {
    let executor = Executor::new(app.clone());
    let fields: Vec<_> = model::questions().into_iter().map(|one| one.field).collect();
    told.answers.extend(ask(&executor, "acme", &fields).await);
    let pinned = json!({"at": "2026-03-10T23:00:00Z", "knownAtPosition": 60});
    let now = json!({});
    for (tenant, sessions) in TENANTS {
        let asking = if tenant == "acme" { &pinned } else { &now };
        let answers = &mut told.answers;
        for document in [SESSIONS, DECISIONS] {
            let variables = json!({"asking": asking, "first": 50});
            answers.push(answer(&executor, tenant, document, variables).await);
        }
        for session in sessions {
            let variables = json!({"id": session, "asking": asking});
            answers.push(answer(&executor, tenant, SESSION, variables).await);
            let variables = json!({"session": session, "asking": asking, "first": 100});
            answers.push(answer(&executor, tenant, WHY, variables.clone()).await);
            answers.push(answer(&executor, tenant, TIMELINE, variables).await);
        }
        for position in [0, 7, 18] {
            let variables = json!({"position": position});
            answers.push(answer(&executor, tenant, RECORD, variables.clone()).await);
            told.random.push(answer(&executor, tenant, PROVE, variables).await);
        }
    }
}

/// Asks every `step`th question about a generated day.
pub(super) async fn ask_of_a_day(app: &App, day: &Asked, step: usize, told: &mut Told) {
    let executor = Executor::new(app.clone());
    let fields: Vec<_> =
        ask::questions(day).into_iter().step_by(step).map(|one| one.field).collect();
    told.answers.extend(ask(&executor, &day.tenant, &fields).await);
}

async fn ask(executor: &Executor, tenant: &str, fields: &[String]) -> Vec<String> {
    let mut answers = Vec::new();
    for some in fields.chunks(6) {
        let query: String =
            some.iter().enumerate().map(|(n, field)| format!("q{n}: {field}\n")).collect();
        let found = executor.execute(&owner(tenant), &format!("{{ {query} }}"), json!({})).await;
        answers.push(format!("{query}{found}"));
    }
    answers
}

async fn answer(executor: &Executor, tenant: &str, document: &str, variables: Value) -> String {
    let is_whole = document.contains("...A");
    let document = if is_whole { format!("{document}\n{COMMON}") } else { document.to_owned() };
    let found = executor.execute(&owner(tenant), &document, variables.clone()).await;
    assert!(found["errors"].is_null(), "{document}: {found:#}");
    format!("{tenant} {variables} {found}")
}

/// Waits until the last checkpoint of each log covers it, and nothing is written any more.
pub(super) async fn sign(stored: &Stored, app: &App, tenants: &[&str]) {
    for tenant in tenants {
        for (kind, log) in
            [(LogKind::Records, &stored.parts.log), (LogKind::Access, &stored.parts.access)]
        {
            let head = head(log, tenant).await;
            let signed = async || {
                let last = app.checkpoint(&owner(tenant), kind).await.unwrap();
                last.map_or(0, |last| last.size)
            };
            while signed().await < head {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn head(log: &Arc<dyn Log>, tenant: &str) -> u64 {
    log.head(&TenantId::from(tenant)).await.unwrap().0
}
