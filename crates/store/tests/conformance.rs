//! The SQLite engines pass the conformance suites, and the sequencer works over them as over the
//! memory engines.

use async_trait::async_trait;
use claimledger_facts::{
    ids::*,
    record::{BodyKind, Digest32, Entry, Removal, StoredHeader},
    time::Time,
};
use claimledger_ledger::{
    append::{AppendOutcome, AppendRequest},
    clock::{ClockGuard, ClockSettings, FixedClock},
    conformance::{self, Records},
    generations::{Comparison, Generations, MadeBy, Place},
    index::{Looked, RecordIndex},
    keys::{CredentialRow, KeyStore, PersonRow, StoredPerson, TenantKeysRow},
    log::{AppendFailure, Log, LogError},
    memory::MemoryIndex,
    nodes::Nodes,
    record_summaries::RecordSummaries,
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
    session_flags::{SessionFlag, SessionFlags},
    views::{Carried, IndexRow, RowFilter, SessionRow, SortKey, Term, TermKind, Views},
};
use claimledger_store::sqlite::{OpenError, SqliteOptions, SqliteStore};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::watch;

/// A store, and its directory for as long as the store lives.
struct Fresh {
    store: SqliteStore,
    _dir: TempDir,
}

impl Fresh {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            store: SqliteStore::create(dir.path(), SqliteOptions::default()).await.unwrap(),
            _dir: dir,
        }
    }
}

#[async_trait]
impl Log for Fresh {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        self.store.log().append(tenant, expected, entries).await
    }
    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        self.store.log().read(tenant, from, max).await
    }
    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        self.store.log().read_at(tenant, positions).await
    }
    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.store.log().headers(tenant, from, max).await
    }
    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.store.log().headers_at(tenant, positions).await
    }
    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        self.store.log().remove_bodies(tenant, positions, bodies, removal).await
    }
    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        self.store.log().head(tenant).await
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.store.log().tenants().await
    }
    fn changes(&self) -> watch::Receiver<u64> {
        self.store.log().changes()
    }
}

#[async_trait]
impl KeyStore for Fresh {
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError> {
        self.store.keys().add_tenant(row).await
    }
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        self.store.keys().tenant(tenant).await
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.store.keys().tenants().await
    }
    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError> {
        self.store.keys().add_persons(tenant, rows).await
    }
    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError> {
        self.store.keys().person(tenant, pseudonym).await
    }
    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError> {
        self.store.keys().destroy(tenant, pseudonym).await
    }
    async fn destructions(&self, tenant: &TenantId) -> Result<u64, LogError> {
        self.store.keys().destructions(tenant).await
    }
    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError> {
        self.store.keys().destroyed(tenant, after, max).await
    }
    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &claimledger_facts::record::Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        self.store.keys().person_by_id(tenant, index).await
    }
    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.store.keys().persons(tenant, after, max).await
    }
    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &claimledger_facts::record::Digest32,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.store.keys().persons_by_alias(tenant, index).await
    }
    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        self.store.keys().add_credential(row).await
    }
    async fn credential(
        &self,
        token_hash: &claimledger_facts::record::Digest32,
    ) -> Result<Option<CredentialRow>, LogError> {
        self.store.keys().credential(token_hash).await
    }
    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        self.store.keys().credentials(tenant).await
    }
    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
        mac: &claimledger_facts::record::Digest32,
    ) -> Result<bool, LogError> {
        self.store.keys().revoke_credential(tenant, credential, at, mac).await
    }
}

#[async_trait]
impl RecordIndex for Fresh {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        self.store.views().covered(tenant).await
    }
    async fn look_up(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
        sessions: &[SessionId],
    ) -> Result<Looked, LogError> {
        self.store.views().look_up(tenant, ids, sessions).await
    }
    async fn ids_after(
        &self,
        tenant: &TenantId,
        after: Option<RecordId>,
        max: usize,
    ) -> Result<Option<Vec<RecordId>>, LogError> {
        self.store.views().ids_after(tenant, after, max).await
    }
}

#[async_trait]
impl Views for Fresh {
    async fn apply(
        &self,
        tenant: &TenantId,
        from: LogSize,
        rows: &[IndexRow],
        session_rows: &[SessionRow],
    ) -> Result<(), LogError> {
        self.store.views().apply(tenant, from, rows, session_rows).await
    }
    async fn positions_of(
        &self,
        t: &TenantId,
        term: &Term,
        from: LogPosition,
        known: LogPosition,
        max: usize,
    ) -> Result<Vec<LogPosition>, LogError> {
        self.store.views().positions_of(t, term, from, known, max).await
    }
    async fn positions_of_each(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        known_at: LogPosition,
    ) -> Result<Vec<Vec<LogPosition>>, LogError> {
        self.store.views().positions_of_each(tenant, terms, known_at).await
    }
    async fn summaries_of_each(
        &self,
        tenant: &TenantId,
        sessions: &[SessionId],
    ) -> Result<Vec<Vec<RecordSummaries>>, LogError> {
        self.store.views().summaries_of_each(tenant, sessions).await
    }
    async fn sessions_with(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        filter: Option<RowFilter>,
        after: Option<&SortKey>,
        max: usize,
    ) -> Result<Vec<SessionRow>, LogError> {
        self.store.views().sessions_with(tenant, terms, filter, after, max).await
    }
    async fn count_with(
        &self,
        tenant: &TenantId,
        term: &Term,
        max: usize,
    ) -> Result<usize, LogError> {
        self.store.views().count_with(tenant, term, max).await
    }
    async fn values_of(
        &self,
        t: &TenantId,
        kind: TermKind,
        often: Carried,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<String>, LogError> {
        self.store.views().values_of(t, kind, often, after, max).await
    }
    async fn session_row(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<Option<SessionRow>, LogError> {
        self.store.views().session_row(tenant, session).await
    }
    async fn session_count(&self, tenant: &TenantId) -> Result<u64, LogError> {
        self.store.views().session_count(tenant).await
    }
    async fn reset(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.store.views().reset(tenant).await
    }
    async fn dump(&self, tenant: &TenantId) -> Result<Vec<String>, LogError> {
        self.store.views().dump(tenant).await
    }
    fn shadow(&self) -> Arc<dyn Views> {
        self.store.views().shadow()
    }
    async fn generations(&self, tenant: &TenantId) -> Result<Generations, LogError> {
        self.store.views().generations(tenant).await
    }
    async fn begin(
        &self,
        tenant: &TenantId,
        place: Place,
        made_by: &MadeBy,
    ) -> Result<(), LogError> {
        self.store.views().begin(tenant, place, made_by).await
    }
    async fn abandon_shadow(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.store.views().abandon_shadow(tenant).await
    }
    async fn compare(&self, tenant: &TenantId) -> Result<Box<dyn Comparison>, LogError> {
        self.store.views().compare(tenant).await
    }
    async fn switch(&self, tenant: &TenantId, at: LogSize, report: &str) -> Result<(), LogError> {
        self.store.views().switch(tenant, at, report).await
    }
    async fn sweep(&self, tenant: &TenantId) -> Result<bool, LogError> {
        self.store.views().sweep(tenant).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log() {
    conformance::log(Fresh::new).await;
}

#[tokio::test]
async fn keys() {
    conformance::keys(Fresh::new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destroyed_key_stays_destroyed() {
    let fresh = Fresh::new().await;
    conformance::races_of_destroyed_keys(fresh.store.keys(), 1_000).await;
}

#[tokio::test]
async fn views() {
    conformance::views(Fresh::new).await;
}

/// A term of many sessions, so that the list is scanned instead of sorted. The dumps of both
/// engines are equal too.
#[tokio::test]
async fn a_term_of_many_sessions_lists_like_the_memory_engine() {
    let (fresh, memory, tenant) =
        (Fresh::new().await, MemoryIndex::default(), TenantId::from("acme"));
    let term = |kind, value: &str| Term { kind, value: value.to_owned() };
    let (mut rows, mut session_rows) = (Vec::new(), Vec::new());
    for n in 0..5000_u64 {
        let session = format!("S{n}");
        let mut terms = vec![
            term(TermKind::Session, &session),
            term(TermKind::Idp, "north"),
            term(TermKind::Kind, "k"),
        ];
        if n % 50 == 0 {
            terms.push(term(TermKind::Key, "rare"));
        }
        rows.push(IndexRow {
            position: LogPosition(n),
            id: RecordId(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, session.as_bytes())),
            leaf: Digest32([0; 32]),
            terms,
            summary: vec![7; 50],
        });
        session_rows.push(SessionRow {
            session: SessionId::new(session),
            first_occurred: Time::EPOCH.plus_secs(n * 7919 % 5003),
            first_source: "okta".to_owned(),
            first_source_id: n.to_string(),
            assessed_to: LogSize(if n % 10 == 0 { 6000 + n } else { 5000 }),
            over_at: (n % 7 != 0)
                .then(|| Time::EPOCH.plus_secs(n * 7919 % 5003 + (n % 23) * (n % 29))),
            last_occurred: Time::EPOCH.plus_secs(n * 7919 % 5003 + (n % 19) * (n % 31)),
            // Many rows differ, and few have another flag.
            flags: SessionFlags::of([
                (SessionFlag::Differs, n % 9 != 0),
                (SessionFlag::FalsifiedLater, n % 70 == 0),
                (SessionFlag::Outlived, n % 41 == 0),
                (SessionFlag::Retracted, n == 4_321),
            ]),
            state: Vec::new(),
        });
    }
    for views in [&fresh as &dyn Views, &memory] {
        views.apply(&tenant, LogSize(0), &rows, &session_rows).await.unwrap();
    }
    let set = |flags: &[SessionFlag]| SessionFlags::of(flags.iter().map(|flag| (*flag, true)));
    let none = SessionFlags::default();
    let of = |active_at, flags, size| {
        Some(RowFilter { active_at, flags, ..RowFilter::at(LogSize(size)) })
    };
    let instant = |secs| Some(Time::EPOCH.plus_secs(secs));
    let reaching = |from, active_at, flags, size| {
        let last_from = instant(from);
        Some(RowFilter { active_at, flags, last_from, ..RowFilter::at(LogSize(size)) })
    };
    // As known at the head; when a tenth of the rows was not known; when nothing was.
    let sizes = [0, 4999, 5000, 10_500, 11_000];
    let mut filters = vec![None, of(Some(Time::MIN), none, 0)];
    for secs in [0, 1, 300, 2500, 5002, 9000] {
        filters.extend(sizes.map(|size| of(instant(secs), none, size)));
        filters.extend(sizes.map(|size| reaching(secs, None, none, size)));
        filters.extend(sizes.map(|size| reaching(secs, instant(secs + 9), none, size)));
    }
    for flags in [
        vec![SessionFlag::Differs],
        vec![SessionFlag::FalsifiedLater],
        vec![SessionFlag::Outlived],
        vec![SessionFlag::Retracted],
        vec![SessionFlag::Differs, SessionFlag::Outlived],
    ] {
        filters.extend(sizes.map(|size| of(None, set(&flags), size)));
        filters.extend(sizes.map(|size| reaching(2500, instant(2600), set(&flags), size)));
        filters.extend(sizes.map(|size| reaching(2500, None, set(&flags), size)));
        filters.extend(sizes.map(|size| of(instant(2500), set(&flags), size)));
        // As of a T that some sessions have a fact after.
        for at in [0, 1234, 9_999] {
            let at = |filter: Option<RowFilter>| {
                let flags_at = Time::EPOCH.plus_secs(at);
                filter.map(|filter| RowFilter { flags_at, ..filter })
            };
            filters.extend(sizes.map(|size| at(of(None, set(&flags), size))));
            filters.extend(sizes.map(|size| at(of(instant(2500), set(&flags), size))));
            filters.extend(sizes.map(|size| at(reaching(2500, None, set(&flags), size))));
        }
    }
    for filter in filters {
        for terms in [
            vec![],
            vec![term(TermKind::Idp, "north")],
            vec![term(TermKind::Idp, "north"), term(TermKind::Key, "rare")],
        ] {
            let mut after = None;
            for _ in 0..3 {
                let page =
                    fresh.sessions_with(&tenant, &terms, filter, after.as_ref(), 40).await.unwrap();
                assert_eq!(
                    page,
                    memory
                        .sessions_with(&tenant, &terms, filter, after.as_ref(), 40)
                        .await
                        .unwrap(),
                    "{filter:?} {terms:?}"
                );
                let Some(last) = page.last() else { break };
                after = Some(last.key());
            }
        }
    }
    assert_eq!(fresh.dump(&tenant).await.unwrap(), memory.dump(&tenant).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sequencer_over_sqlite_groups_repeats_and_reopens() {
    let dir = tempfile::tempdir().unwrap();
    let tenant = TenantId::from("acme");
    let records = Arc::new(Records::new(&tenant));
    let clock = Arc::new(FixedClock::new(Time::EPOCH.plus_secs(1000)));
    for round in 0..3 {
        // The sequencer of the previous round stops asynchronously, and holds the directory until
        // then.
        let store = loop {
            match SqliteStore::open(dir.path(), SqliteOptions::default()).await {
                Err(OpenError::Owned { .. }) => tokio::task::yield_now().await,
                other => break other.unwrap(),
            }
        };
        let config = SequencerConfig {
            tenant: tenant.clone(),
            log: store.log(),
            index: store.views(),
            facts: records.clone(),
            clock: Arc::new(ClockGuard::new(clock.clone(), ClockSettings::default())),
            kind: LedgerKind::Live,
            nodes: Nodes::One,
        };
        let sequencer = Sequencer::open(config).await.unwrap();
        let clients: Vec<_> = (0..300)
            .map(|n| {
                let (sequencer, record) = (
                    sequencer.clone(),
                    records.record(&format!("r{}", n % 250), Some("S1"), "same", 5),
                );
                tokio::spawn(async move {
                    sequencer
                        .append(AppendRequest { records: vec![record], expected_revision: None })
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut stored = 0;
        for client in clients {
            stored += usize::from(client.await.unwrap()[0].outcome == AppendOutcome::Stored);
        }
        assert_eq!(stored, if round == 0 { 250 } else { 0 });
        assert_eq!(store.log().head(&tenant).await.unwrap(), LogSize(250));
        if round == 1 {
            // From now on only the read models have these ids, not the sequencer.
            let entries = store.log().read(&tenant, LogPosition(0), 500).await.unwrap();
            let terms = vec![Term { kind: TermKind::Session, value: "S1".to_owned() }];
            let rows: Vec<_> = entries
                .iter()
                .zip(0..)
                .map(|(entry, n)| IndexRow {
                    position: LogPosition(n),
                    id: entry.header.id,
                    leaf: entry.header.leaf,
                    terms: terms.clone(),
                    summary: Vec::new(),
                })
                .collect();
            store.views().apply(&tenant, LogSize(0), &rows, &[]).await.unwrap();
        }
    }
}

/// A term of more records than one transaction deletes, and terms of one record: all rows are
/// deleted, and none is read afterwards.
#[tokio::test]
async fn a_term_of_very_many_records_is_deleted_too() {
    let (fresh, tenant) = (Fresh::new().await, TenantId::from("acme"));
    let term = |kind, value: String| Term { kind, value };
    let rows: Vec<_> = (0..45_000_u64)
        .map(|n| IndexRow {
            position: LogPosition(n),
            id: RecordId(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &n.to_be_bytes())),
            leaf: Digest32([0; 32]),
            terms: vec![
                term(TermKind::Idp, "north".to_owned()),
                term(TermKind::Session, format!("S{n}")),
            ],
            summary: vec![7; 50],
        })
        .collect();
    fresh.apply(&tenant, LogSize(0), &rows, &[]).await.unwrap();
    fresh.begin(&tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
    fresh.shadow().apply(&tenant, LogSize(0), &rows, &[]).await.unwrap();
    fresh.switch(&tenant, LogSize(45_000), "").await.unwrap();
    let mut steps = 0;
    while fresh.sweep(&tenant).await.unwrap() {
        steps += 1;
        assert!(steps < 1_000, "it comes to an end");
    }
    assert!(steps > 8, "{steps} steps: some rows at a time");
    let file = fresh._dir.path().join("views");
    let mut connection =
        <sqlx::SqliteConnection as sqlx::Connection>::connect(file.to_str().unwrap())
            .await
            .unwrap();
    for (table, left) in [
        ("posting_1", 90_000),
        ("term_session_1", 90_000),
        ("term_1", 45_001),
        ("record_1", 45_000),
        ("record_summary", 45_000),
        ("generation", 1),
    ] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        assert_eq!(
            sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut connection).await.unwrap(),
            left,
            "{table}"
        );
    }
    let dump = fresh.dump(&tenant).await.unwrap();
    assert_eq!(dump.len(), 1 + 45_000 + 90_000 + 90_000 + 45_000);
    fresh.begin(&tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
    fresh.shadow().apply(&tenant, LogSize(0), &rows, &[]).await.unwrap();
    assert!(fresh.compare(&tenant).await.unwrap().differences(3).await.unwrap().is_empty());
}
