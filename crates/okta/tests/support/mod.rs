//! A poller between a double of Okta and a ledger that notes what it is given.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod double;

use async_trait::async_trait;
use claimledger_app::intake::SourceValue;
use claimledger_facts::{
    ids::{SourceId, TenantId},
    random::SystemRandom,
    time::Time,
};
use claimledger_ledger::{
    clock::FixedClock,
    log::LogError,
    memory::MemoryState,
    state::{StateError, StateStore, Versioned},
};
use claimledger_okta::{
    Backoff, Client, ClientOptions, Intake, IntakeError, Kind, NotRead, Org, PollError, Poller,
    Progress, Source, Sources, States, Surroundings, Taken, TokenPlace,
};
use double::{Double, TOKEN};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

pub(crate) struct World {
    pub(crate) double: Double,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) state: Arc<State>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) source: Source,
    pub(crate) options: ClientOptions,
    dir: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let double = Double::start().await;
        let dir = tempfile::tempdir().expect("a directory");
        let token = dir.path().join("token");
        std::fs::write(&token, format!("{TOKEN}\n")).expect("a file");
        let org = Org::parse(&double.url).expect("loopback");
        let mut source = Source::okta(org, TokenPlace::File(token));
        source.heard_every = "0s".parse().expect("a span");
        let backoff =
            Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(5) };
        Self {
            double,
            ledger: Arc::default(),
            state: Arc::default(),
            clock: Arc::new(FixedClock::new(time("2026-03-10T10:00:00Z"))),
            source,
            options: ClientOptions { backoff, ..ClientOptions::default() },
            dir,
        }
    }

    pub(crate) fn sources(&self) -> Sources {
        Sources::new(self.state.clone())
    }

    pub(crate) fn client(&self) -> Client {
        let surroundings =
            Surroundings { clock: self.clock.clone(), random: Arc::new(SystemRandom) };
        let Source { org, token, .. } = self.source.clone();
        Client::new(org, token, self.options, surroundings).expect("a client")
    }

    /// A poller as a process makes one when it starts.
    pub(crate) fn poller(&self) -> Poller {
        Poller::new(id(), self.source.clone(), self.client(), self.ledger.clone(), self.sources())
    }

    /// One round of a new process.
    pub(crate) async fn round(&self) -> Result<(), PollError> {
        self.poller().round(&mut |_| {}).await
    }

    /// One round that fails, in words.
    pub(crate) async fn failed_round(&self) -> String {
        self.round().await.expect_err("the round fails").to_string()
    }

    pub(crate) async fn progress(&self) -> Progress {
        self.sources().progress(&id()).await.expect("a progress")
    }

    pub(crate) fn publish(&self, uuid: &str, published: &str) {
        self.double.org().publish(double::event(uuid, "user.session.start", published));
    }

    pub(crate) fn set_token(&self, token: &str) {
        std::fs::write(self.dir.path().join("token"), token).expect("a file");
    }

    /// Later by this number of seconds.
    pub(crate) fn advance(&self, secs: u64) {
        use claimledger_ledger::clock::Clock as _;
        self.clock.set(self.clock.now().plus_secs(secs));
    }
}

pub(crate) fn id() -> SourceId {
    SourceId::new("okta")
}

pub(crate) fn time(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

/// What a ledger was given, in order. An id is stored once.
#[derive(Default)]
pub(crate) struct Ledger {
    stored: Mutex<Vec<(Kind, Value)>>,
    ids: Mutex<BTreeSet<String>>,
    /// Whether appends of events fail.
    pub(crate) is_full: AtomicBool,
    /// Values that are refused: those that contain this text.
    pub(crate) refuses: Mutex<Option<&'static str>>,
}

impl Ledger {
    pub(crate) fn of(&self, kind: Kind) -> Vec<Value> {
        let stored = self.stored.lock().expect("no panic");
        stored.iter().filter(|(of, _)| *of == kind).map(|(_, value)| value.clone()).collect()
    }

    pub(crate) fn uuids(&self) -> Vec<String> {
        self.of(Kind::Event).iter().map(|event| text(&event["uuid"])).collect()
    }

    /// The statements, such as `source.heard`.
    pub(crate) fn statements(&self, fact: &str) -> Vec<Value> {
        self.of(Kind::Statement).into_iter().filter(|line| line["type"] == fact).collect()
    }

    /// The paths of the looks.
    pub(crate) fn looked_at(&self) -> Vec<String> {
        self.of(Kind::Look).iter().map(|look| text(&look["path"])).collect()
    }

    pub(crate) fn everything(&self) -> String {
        format!("{:?}", self.stored.lock().expect("no panic"))
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[async_trait]
impl Intake for Ledger {
    async fn append(&self, kind: Kind, values: &[&[u8]]) -> Result<Taken, IntakeError> {
        if kind == Kind::Event && self.is_full.load(Ordering::SeqCst) {
            return Err(IntakeError::new("the disk is full"));
        }
        let mut taken = Taken::default();
        let counts = &mut taken.counts;
        for (index, value) in values.iter().enumerate() {
            let read = serde_json::from_slice(value);
            if let (Kind::Event, Err(error)) = (kind, &read) {
                counts.unread += 1;
                taken.not_read.push(NotRead { index, why: error.to_string(), stored: true });
                continue;
            }
            let value: Value = read.expect("JSON");
            if self.refuses.lock().expect("no panic").is_some_and(|t| value.to_string().contains(t))
            {
                counts.refused += 1;
                let why = "no such field".to_owned();
                counts.refusal = Some(why.clone());
                taken.not_read.push(NotRead { index, why, stored: false });
                continue;
            }
            let id = match kind {
                Kind::Event => text(&value["uuid"]),
                Kind::Statement => text(&value["id"]),
                Kind::Look => format!("{}@{}", value["path"], value["looked_at"]),
            };
            if self.ids.lock().expect("no panic").insert(id) {
                self.stored.lock().expect("no panic").push((kind, value));
                counts.stored += 1;
            } else {
                counts.repeated += 1;
            }
        }
        Ok(taken)
    }
}

/// States of which writes fail from one on, as if the process had been killed before it.
#[derive(Default)]
pub(crate) struct State {
    inner: MemoryState,
    /// Writes up to and with the first that fails; 0: none does.
    pub(crate) fails_in: AtomicUsize,
}

fn place(value: SourceValue, source: &SourceId) -> (TenantId, String) {
    (TenantId::new("acme"), format!("{value:?}/{source}"))
}

#[async_trait]
impl States for State {
    async fn load(
        &self,
        value: SourceValue,
        source: &SourceId,
    ) -> Result<Option<Versioned>, StateError> {
        let (tenant, key) = place(value, source);
        self.inner.load(&tenant, &key).await
    }

    async fn store(
        &self,
        value: SourceValue,
        source: &SourceId,
        expected: u64,
        plain: &[u8],
    ) -> Result<u64, StateError> {
        let left = self.fails_in.load(Ordering::SeqCst);
        if left == 1 {
            return Err(LogError::unavailable("killed").into());
        }
        self.fails_in.store(left.saturating_sub(1), Ordering::SeqCst);
        let (tenant, key) = place(value, source);
        self.inner.store(&tenant, &key, expected, plain).await
    }

    async fn remove(
        &self,
        value: SourceValue,
        source: &SourceId,
        expected: u64,
    ) -> Result<(), StateError> {
        let (tenant, key) = place(value, source);
        self.inner.remove(&tenant, &key, expected).await
    }

    async fn sources(&self, value: SourceValue) -> Result<Vec<SourceId>, StateError> {
        let (tenant, prefix) = place(value, &SourceId::new(""));
        let keys = self.inner.keys(&tenant, &prefix).await?;
        Ok(keys.iter().map(|key| SourceId::new(&key[prefix.len()..])).collect())
    }
}
