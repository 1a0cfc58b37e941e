use super::*;
use crate::{
    intake::{SourceStates, SourceValue},
    testing::{World, at, owner, tenant},
};
use async_trait::async_trait;
use claimledger_facts::{
    draft::DraftFact,
    fact::FactData,
    ids::{IdpId, TenantId},
    personal::Personal,
    time::Occurred,
    types::idp::IdpKeyAdded,
};
use claimledger_ledger::{
    append::AppendOutcome,
    log::Log as _,
    memory::MemoryState,
    state::{StateStore, Versioned},
};
use claimledger_sources::{Dialect, Translation};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::Mutex,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Reads the keys that an IdP publishes, `{"looked_at": …, "keys": […]}`: a key that the look
/// before did not have was added between the two.
fn keys(
    _settings: &SourceSettings,
    previous: Option<&Look>,
    bytes: &[u8],
) -> Result<Translation, Refusal> {
    let malformed =
        |error: &dyn ToString| Refusal::whole(RefusalCode::Malformed, "keys", error.to_string());
    let value: Value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    let looked_at = value["looked_at"].as_str().unwrap_or_default();
    let looked_at = Time::parse(looked_at).map_err(|error| malformed(&error))?;
    let names = |value: &Value| -> BTreeSet<String> {
        let keys = value["keys"].as_array().into_iter().flatten();
        keys.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let before = previous.map_or(Value::Null, |look| {
        serde_json::from_slice(&look.content).expect("what this function wrote")
    });
    let from = previous.map_or(Time::MIN, |look| look.at);
    let occurred = Occurred { from, to: Some(looked_at) };
    let (now, before) = (names(&value), names(&before));
    let drafts = now.difference(&before).map(|key| draft(key, occurred, bytes)).collect();
    let content = json!({"keys": now}).to_string().into_bytes();
    Ok(Translation { drafts, look: Some(Look { at: looked_at, content }) })
}

struct Keys;

impl Translator for Keys {
    fn translate(
        &self,
        settings: &SourceSettings,
        previous: Option<&Look>,
        bytes: &[u8],
    ) -> Result<Translation, Refusal> {
        keys(settings, previous, bytes)
    }
}

fn draft(key: &str, occurred: Occurred, bytes: &[u8]) -> Draft {
    let added =
        IdpKeyAdded { idp: IdpId::from("idp-x"), key: key.into(), actor: None, ticket: None };
    let data = FactData::IdpKeyAdded(added);
    Draft {
        source: None,
        source_id: format!("key:{key}").as_str().into(),
        kind: data.type_name().to_owned(),
        occurred,
        recorded_at: None,
        session: None,
        correlation: BTreeMap::new(),
        notes: Vec::new(),
        facts: vec![DraftFact { session: None, subject: None, occurred: None, data, other: None }],
        persons: Vec::new(),
        unowned: Personal::default(),
        labels: Vec::new(),
        indicators: Vec::new(),
        canonical: b"the same at each look".to_vec(),
        original: bytes[..bytes.len().min(64)].to_vec(),
        unknown_fields: Vec::new(),
        translator: "keys/1",
        variants_allowed: true,
    }
}

/// A state store that another process writes too, or that fails.
#[derive(Default)]
struct Shared {
    inner: MemoryState,
    /// Stored before the next write.
    other: Mutex<Option<(SourceStates, u64, Look)>>,
    /// How many of the next writes another process precedes, with the value that is there.
    conflicts: AtomicUsize,
    /// How many of the next writes do not happen.
    failures: AtomicUsize,
}

/// Takes one of the remaining times.
fn take(left: &AtomicUsize) -> bool {
    let one_less = |n: usize| n.checked_sub(1);
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
}

#[async_trait]
impl StateStore for Shared {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        self.inner.load(tenant, key).await
    }

    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        if take(&self.failures) {
            return Err(LogError::unavailable("the process was killed").into());
        }
        let other = self.other.lock().unwrap().take();
        if let Some((states, version, look)) = other {
            states.store_look(&source(), version, &look).await.unwrap();
        }
        if take(&self.conflicts) {
            let found = self.inner.load(tenant, key).await.unwrap().unwrap();
            self.inner.store(tenant, key, found.version, &found.value).await.unwrap();
        }
        self.inner.store(tenant, key, expected, value).await
    }

    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        self.inner.remove(tenant, key, expected).await
    }

    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        self.inner.keys(tenant, prefix).await
    }
}

fn source() -> SourceId {
    SourceId::from("okta-config")
}

fn look(looked_at: &str, keys: &[&str]) -> Piece {
    let at = at(looked_at).to_string();
    Piece {
        line: 1,
        item: 1,
        bytes: json!({"looked_at": at, "keys": keys}).to_string().into_bytes(),
    }
}

fn stop(values: Vec<Piece>) -> Looks {
    Looks {
        settings: SourceSettings::of(Dialect::Native),
        values,
        channel: Channel::Poller,
        source: Some(source()),
        rehearsal_now: None,
        mode: LooksMode::Stop,
    }
}

async fn opened() -> (World, Arc<Shared>, App) {
    let shared = Arc::new(Shared::default());
    let world = World { state: shared.clone(), ..World::new() };
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), false, None).await.unwrap();
    (world, shared, app)
}

async fn ingest(app: &App, looks: Looks) -> Result<LooksIngested, IngestError> {
    app.ingest_looks_with(&Keys, &owner("acme"), looks).await
}

/// The keys of the drafts, each with its outcome.
fn outcomes(ingested: &LooksIngested) -> Vec<(String, AppendOutcome)> {
    let id = |one: &Ingested| one.id.as_str()["key:".len()..].to_owned();
    ingested.done.iter().map(|one| (id(one), one.outcome)).collect()
}

fn stored(key: &str) -> (String, AppendOutcome) {
    (key.to_owned(), AppendOutcome::Stored)
}

fn repeated(key: &str) -> (String, AppendOutcome) {
    (key.to_owned(), AppendOutcome::Repeated)
}

/// The keys that the stored look has.
async fn known(app: &App) -> Option<Value> {
    let states = app.source_states(&owner("acme")).await.unwrap();
    let look = states.look(&source()).await.unwrap().map(|(_, look)| look);
    look.map(|look| serde_json::from_slice::<Value>(&look.content).unwrap()["keys"].take())
}

#[tokio::test]
async fn each_look_is_compared_with_the_one_before_it() {
    let (world, _, app) = opened().await;
    let values = vec![look("10:00:00", &["A"]), look("10:30:00", &["A", "B"])];
    let first = ingest(&app, stop(values)).await.unwrap();
    assert_eq!(outcomes(&first), [stored("A"), stored("B")], "the second one only adds B");
    app.close().await;

    let app = world.open().await;
    let second = ingest(&app, stop(vec![look("11:00:00", &["A", "B", "C"])])).await.unwrap();
    assert_eq!(outcomes(&second), [stored("C")]);
    let entry = world.log.read_at(&tenant("acme"), &[second.done[0].position]).await.unwrap();
    let header = entry[0].header.decode().unwrap();
    assert_eq!(header.channel, Channel::Poller);
    let between = Occurred { from: at("10:30:00"), to: Some(at("11:00:00")) };
    assert_eq!(header.occurred, between);

    let other = Looks { source: Some("other".into()), ..stop(vec![look("11:00:00", &["A"])]) };
    assert_eq!(outcomes(&ingest(&app, other).await.unwrap()), [stored("A")], "of another source");
    assert_eq!(known(&app).await, Some(json!(["A", "B", "C"])));
    let unchanged = ingest(&app, stop(vec![look("11:30:00", &["C", "B", "A"])])).await.unwrap();
    assert_eq!(outcomes(&unchanged), []);
}

#[tokio::test]
async fn a_crash_before_the_look_is_stored_doubles_no_record() {
    let (world, shared, app) = opened().await;
    ingest(&app, stop(vec![look("10:00:00", &["A"])])).await.unwrap();
    shared.failures.store(1, Ordering::SeqCst);
    let crashed = ingest(&app, stop(vec![look("11:00:00", &["A", "B"])])).await;
    assert!(matches!(crashed, Err(IngestError::Sequencer { line: None, .. })), "{crashed:?}");
    app.close().await;
    let size = world.log.head(&tenant("acme")).await.unwrap();

    let app = world.open().await;
    assert_eq!(known(&app).await, Some(json!(["A"])), "the look before the crash");
    let values = vec![look("11:00:00", &["A", "B"]), look("12:00:00", &["A", "B", "C"])];
    let again = ingest(&app, stop(values)).await.unwrap();
    assert_eq!(outcomes(&again), [repeated("B"), stored("C")]);
    assert_eq!(world.log.head(&tenant("acme")).await.unwrap().0, size.0 + 1);
    assert_eq!(known(&app).await, Some(json!(["A", "B", "C"])));
}

#[tokio::test]
async fn a_look_of_another_process_is_not_overwritten() {
    let (_, shared, app) = opened().await;
    ingest(&app, stop(vec![look("10:00:00", &["A"])])).await.unwrap();
    let theirs =
        keys(&SourceSettings::of(Dialect::Native), None, &look("11:00:00", &["A", "B"]).bytes)
            .unwrap();
    let states = app.source_states(&owner("acme")).await.unwrap();
    *shared.other.lock().unwrap() = Some((states, 1, theirs.look.unwrap()));
    let ours = ingest(&app, stop(vec![look("12:00:00", &["A", "B", "C"])])).await.unwrap();
    assert_eq!(outcomes(&ours), [stored("B"), stored("C")], "each is counted once");
    let states = app.source_states(&owner("acme")).await.unwrap();
    assert_eq!(states.look(&source()).await.unwrap().unwrap().0, 3, "ours comes after theirs");
    assert_eq!(known(&app).await, Some(json!(["A", "B", "C"])));
}

#[tokio::test]
async fn conflicts_are_tried_again_up_to_a_bound() {
    for (conflicts, expected) in [(MAX_ATTEMPTS - 1, true), (MAX_ATTEMPTS, false)] {
        let (_, shared, app) = opened().await;
        ingest(&app, stop(vec![look("10:00:00", &["A"])])).await.unwrap();
        shared.conflicts.store(conflicts, Ordering::SeqCst);
        let done = ingest(&app, stop(vec![look("11:00:00", &["A", "B"])])).await;
        assert_eq!(shared.conflicts.load(Ordering::SeqCst), 0);
        match done {
            Ok(done) => {
                assert_eq!((outcomes(&done).as_slice(), expected), (&[stored("B")][..], true))
            }
            Err(error) => {
                assert!(!expected, "{error}");
                assert!(error.to_string().contains("at the same time"), "{error}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_the_same_time_state_each_change_once() {
    let (world, _, app) = opened().await;
    let all: Vec<String> = (0..20).map(|n| format!("K{n:02}")).collect();
    let requests = (1..=20).map(|n| {
        let (app, keys) = (app.clone(), all[..n].iter().map(String::as_str).collect::<Vec<_>>());
        let looks = stop(vec![look(&format!("10:{n:02}:00"), &keys)]);
        tokio::spawn(async move { ingest(&app, looks).await.unwrap().done.len() })
    });
    let mut drafts = 0;
    for request in requests.collect::<Vec<_>>() {
        drafts += request.await.unwrap();
    }
    let entries = world.log.read(&tenant("acme"), LogPosition(0), 1_000).await.unwrap();
    let of_source = entries.iter().map(|entry| entry.header.decode().unwrap());
    let of_source: Vec<_> = of_source.filter(|header| header.source == source()).collect();
    assert_eq!(of_source.len(), 20, "one record a key, of {drafts} drafts");
    assert!(of_source.iter().all(|header| !header.variant));
}

#[tokio::test]
async fn a_refused_value_stops_all_of_it_or_is_skipped() {
    let (world, _, app) = opened().await;
    let size = world.log.head(&tenant("acme")).await.unwrap();
    let values = || {
        let cut = Piece { line: 2, item: 2, bytes: b"{\"looked_at\":".to_vec() };
        vec![look("10:00:00", &["A"]), cut, Piece { line: 3, ..look("11:00:00", &["B"]) }]
    };
    for mode in [LooksMode::Stop, LooksMode::Atomic] {
        let refused = ingest(&app, Looks { mode, ..stop(values()) }).await.unwrap_err();
        assert_eq!(refused.refused_line(), Some(2), "{refused}");
    }
    assert_eq!(world.log.head(&tenant("acme")).await.unwrap(), size);
    assert_eq!(known(&app).await, None);

    let skip = Looks { mode: LooksMode::Skip, ..stop(values()) };
    let skipped = ingest(&app, skip).await.unwrap();
    assert_eq!(outcomes(&skipped), [stored("A"), stored("B")]);
    let lines: Vec<_> = skipped.refused.iter().map(IngestError::refused_line).collect();
    assert_eq!(lines, [Some(2)]);
}

/// A value of which a record is refused is left out as a whole: were it part of the look that is
/// kept, what it says would be taken for recorded, and never be.
#[tokio::test]
async fn a_value_of_which_a_record_is_refused_is_recorded_by_a_later_look() {
    let (_, _, app) = opened().await;
    let too_long = "K".repeat(claimledger_facts::record::MAX_PLAIN_BYTES);
    let values = || {
        let refused = Piece { line: 3, ..look("11:00:00", &["A", "B", "C", &too_long]) };
        vec![look("10:00:00", &["A"]), Piece { line: 2, ..look("10:30:00", &["A", "C"]) }, refused]
    };
    let skip = Looks { mode: LooksMode::Skip, ..stop(values()) };
    let skipped = ingest(&app, skip).await.unwrap();
    assert_eq!(outcomes(&skipped), [stored("A"), stored("C")]);
    let lines: Vec<_> = skipped.refused.iter().map(IngestError::refused_line).collect();
    assert_eq!(lines, [Some(3)]);
    assert_eq!(known(&app).await, Some(json!(["A", "C"])));
    let later = ingest(&app, stop(vec![look("12:00:00", &["A", "B", "C"])])).await.unwrap();
    assert_eq!(outcomes(&later), [stored("B")]);
}

#[tokio::test]
async fn a_configuration_larger_than_an_append_is_split_unless_it_must_be_atomic() {
    let (_, _, app) = opened().await;
    let names: Vec<String> =
        (0..2 * claimledger_ledger::log::MAX_APPEND_ENTRIES + 1).map(|n| format!("K{n}")).collect();
    let value = look("10:00:00", &names.iter().map(String::as_str).collect::<Vec<_>>());
    let atomic = Looks { mode: LooksMode::Atomic, ..stop(vec![value.clone()]) };
    let refused = ingest(&app, atomic).await.map(|done| done.done.len()).unwrap_err();
    assert!(refused.to_string().contains("500 entries"), "{refused}");
    assert_eq!(known(&app).await, None);
    let done = ingest(&app, stop(vec![value])).await.unwrap().done;
    assert_eq!(done.len(), names.len());
    assert!(done.iter().all(|done| done.outcome == AppendOutcome::Stored));
}

#[tokio::test]
async fn states_are_sealed_and_for_operators() {
    let (_, shared, app) = opened().await;
    let caller = owner("acme");
    let states = app.source_states(&caller).await.unwrap();
    let value = b"the pattern mary@acme.example routes to idp-x";
    let version = states.store(SourceValue::Settings, &source(), 0, value).await.unwrap();
    states.store(SourceValue::Cursor, &source(), 0, b"next").await.unwrap();
    let stored = shared.load(&tenant("acme"), "source/okta-config").await.unwrap().unwrap();
    assert!(!stored.value.windows(4).any(|bytes| bytes == b"mary"));
    let loaded = states.load(SourceValue::Settings, &source()).await.unwrap();
    assert_eq!(loaded, Some(Versioned { version, value: value.to_vec() }));
    assert_eq!(states.sources(SourceValue::Settings).await.unwrap(), [source()]);
    assert_eq!(states.sources(SourceValue::Look).await.unwrap(), []);

    // A value that was moved to another name does not open there.
    shared.store(&tenant("acme"), "source/other", 0, &stored.value).await.unwrap();
    let moved = states.load(SourceValue::Settings, &"other".into()).await;
    assert!(
        matches!(&moved, Err(StateError::Log(error)) if error.is_damage()),
        "{:?}",
        moved.map(drop)
    );
    states.remove(SourceValue::Settings, &source(), version).await.unwrap();
    assert_eq!(states.load(SourceValue::Settings, &source()).await.unwrap(), None);

    let reader = Caller { roles: vec![Role::Read, Role::Govern, Role::Ingest], ..caller };
    assert!(matches!(
        app.source_states(&reader).await.map(drop),
        Err(IngestError::Forbidden { needs: Role::Operate })
    ));
    let reader = Caller { roles: vec![Role::Read], ..reader };
    let forbidden = app.ingest_looks_with(&Keys, &reader, stop(Vec::new())).await;
    assert!(matches!(forbidden, Err(IngestError::Forbidden { needs: Role::Ingest })));
}

/// What an org publishes of itself, and one of its features.
fn of_org(org: &str) -> Looks {
    let value = |line, path: &str, body: Value| Piece {
        line,
        item: line,
        bytes: json!({"looked_at": "2026-03-10T10:00:00Z", "path": path, "body": body})
            .to_string()
            .into_bytes(),
    };
    let feature = json!([{"id": "ftr1", "name": "Okta-to-Okta Claims Sharing",
        "type": "self-service", "status": "ENABLED", "stage": {"value": "EA"}}]);
    let itself = json!({"id": org, "pipeline": "idx", "_links": {}});
    let values = vec![
        value(1, "/api/v1/features", feature),
        value(2, "/.well-known/okta-organization", itself),
    ];
    Looks { settings: SourceSettings::of(Dialect::OktaConfig), ..stop(values) }
}

/// Features and authenticators name no org: those of two would be read as one.
#[tokio::test]
async fn a_look_at_another_org_than_the_tenants_is_refused_as_a_whole() {
    let (world, _, app) = opened().await;
    app.init_tenant(&tenant("other"), false, None).await.unwrap();
    let acme = owner("acme");
    assert_eq!(app.service_provider(&acme).await.unwrap(), None);
    let first = app.ingest_looks(&acme, of_org("00oA")).await.unwrap();
    assert_eq!(first.done.len(), 2);
    app.close().await;

    let app = world.open().await;
    let held = app.service_provider(&acme).await.unwrap().expect("it is known");
    assert_eq!((held.org.as_str(), held.source), ("00oA", source()));
    let again = || Looks { source: Some("files".into()), ..of_org("00oA") };
    assert_eq!(app.ingest_looks(&acme, again()).await.unwrap().done.len(), 2, "another source");
    for mode in [LooksMode::Stop, LooksMode::Skip, LooksMode::Atomic] {
        let looks = Looks { source: Some("orgb".into()), mode, ..of_org("00oB") };
        let error = app.ingest_looks(&acme, looks).await.unwrap_err();
        let words = error.to_string();
        assert_eq!(error.refused_line(), Some(2), "{words}");
        assert!(words.contains("org 00oB") && words.contains("org 00oA"), "{words}");
        assert!(words.contains("by source okta-config") && words.contains("init"), "{words}");
    }
    let states = app.source_states(&acme).await.unwrap();
    assert_eq!(states.look(&"orgb".into()).await.unwrap(), None, "nothing of it is kept");
    // Another tenant has an org of its own.
    assert_eq!(app.ingest_looks(&owner("other"), of_org("00oB")).await.unwrap().done.len(), 2);
}
