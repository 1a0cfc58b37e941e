//! A server over engines in memory.

use crate::options::ServerOptions;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use claimledger_app::{
    app::{AccessParts, App, Nodes, Options, Parts, ProofParts},
    intake::Batch,
    model::question::Caller,
};
use claimledger_facts::{
    ids::{SourceId, TenantId},
    random::SystemRandom,
    seal::MasterKey,
    time::Time,
    vocabulary::{Channel, Role},
};
use claimledger_ledger::{
    clock::FixedClock,
    log::Log,
    memory::{
        MemoryAccessIndex, MemoryCheckpoints, MemoryIndex, MemoryKeys, MemoryLog, MemoryState,
        MemoryTiles,
    },
};
use claimledger_sources::{Dialect, translate};
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;

/// T of the demo's day, and K as its last position.
pub(super) const AT: &str = "2026-03-10T23:00:00Z";

pub(super) struct World {
    pub(super) app: App,
    pub(super) router: Router,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.status, self.body))
    }

    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(&name).map_or("", |value| value.to_str().unwrap())
    }
}

impl World {
    /// Two tenants with the fixture's day.
    pub(super) async fn new() -> Self {
        Self::with(ServerOptions::default()).await
    }

    pub(super) async fn with(options: ServerOptions) -> Self {
        Self::over(Arc::new(MemoryLog::default()), options).await
    }

    /// The same over another log.
    pub(super) async fn over(log: Arc<dyn Log>, options: ServerOptions) -> Self {
        Self::on(log, Arc::new(MemoryLog::default()), options).await
    }

    /// The same with this access log.
    pub(super) async fn recording(access: Arc<dyn Log>) -> Self {
        Self::on(Arc::new(MemoryLog::default()), access, ServerOptions::default()).await
    }

    async fn on(log: Arc<dyn Log>, access: Arc<dyn Log>, options: ServerOptions) -> Self {
        let app = App::open(parts(log, access, Arc::default(), Options::default())).await.unwrap();
        Self::filled(app, options).await
    }

    /// One of two nodes, and the app of the other one. They share log, access log and keys.
    pub(super) async fn of_two_nodes() -> (Self, App) {
        let (log, access, keys): (Arc<MemoryLog>, Arc<MemoryLog>, Arc<MemoryKeys>) =
            Default::default();
        let options = Options { nodes: Nodes::Many, ..Options::default() };
        let open = async || {
            let parts = parts(log.clone(), access.clone(), keys.clone(), options.clone());
            App::open(parts).await.unwrap()
        };
        (Self::filled(open().await, ServerOptions::default()).await, open().await)
    }

    async fn filled(app: App, options: ServerOptions) -> Self {
        for tenant in ["acme", "globex"] {
            let id = TenantId::new(tenant);
            app.init_tenant(&id, true, None).await.unwrap();
            let path = format!("{}/../../tests/fixture/{tenant}.jsonl", env!("CARGO_MANIFEST_DIR"));
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            app.ingest(&Caller::owner(id.clone()), batch(&lines)).await.unwrap();
            app.settled_status(&Caller::owner(id.clone())).await.unwrap();
        }
        Self { router: crate::router(app.clone(), options), app }
    }

    /// Records native facts, and waits until they are in the read models.
    pub(super) async fn ingest(&self, facts: &[Value]) {
        let owner = Caller::owner(TenantId::new("acme"));
        // As many at once as a log takes.
        for some in facts.chunks(300) {
            let lines: Vec<String> = some.iter().map(Value::to_string).collect();
            self.app.ingest(&owner, batch(&lines)).await.unwrap();
        }
        self.app.settled_status(&owner).await.unwrap();
    }

    pub(super) async fn token(&self, tenant: &str, roles: &[Role], source: Option<&str>) -> String {
        let owner = Caller::owner(TenantId::new(tenant));
        let source = source.map(SourceId::new);
        let (_, token) = self.app.grant(&owner, roles, source.as_ref()).await.unwrap();
        self.app.settled_status(&owner).await.unwrap();
        token
    }

    pub(super) fn cookie(&self, tenant: &str, roles: &[Role]) -> String {
        let caller = Caller {
            roles: roles.to_vec(),
            credential: "c-test".to_owned(),
            ..Caller::owner(TenantId::new(tenant))
        };
        format!("claimledger={}", self.app.page_session(&caller))
    }

    pub(super) async fn send(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // As every client of HTTP/1.1 does.
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header("host", "ledger.example");
        }
        let response =
            self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The status of an answer that is no text.
    pub(super) async fn send_bytes(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
    ) -> StatusCode {
        let request = Request::builder().method(method).uri(uri).header("host", "ledger.example");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        response.into_body().collect().await.unwrap();
        status
    }

    pub(super) async fn get(&self, uri: &str, cookie: &str) -> Answer {
        self.send("GET", uri, &[("cookie", cookie)], "").await
    }

    pub(super) async fn graphql(&self, token: &str, query: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let body = serde_json::json!({"query": query}).to_string();
        self.send(
            "POST",
            "/graphql",
            &[("authorization", &bearer), ("content-type", "application/json")],
            body,
        )
        .await
    }
}

/// Native facts, one a line.
fn batch<S: AsRef<str>>(lines: &[S]) -> Batch {
    let drafts = (1..).zip(lines).flat_map(|(n, line)| {
        let line = line.as_ref().as_bytes();
        let translated = translate(&Dialect::Native.into(), None, line).unwrap();
        translated.drafts.into_iter().map(move |draft| (n, draft))
    });
    Batch {
        drafts: drafts.collect(),
        channel: Channel::File,
        source: None,
        expected_revision: None,
        rehearsal_now: None,
    }
}

fn parts(
    log: Arc<dyn Log>,
    access: Arc<dyn Log>,
    keys: Arc<MemoryKeys>,
    options: Options,
) -> Parts {
    Parts {
        log,
        keys,
        state: Arc::new(MemoryState::default()),
        proofs: ProofParts {
            tiles: Arc::new(MemoryTiles::default()),
            checkpoints: Arc::new(MemoryCheckpoints::default()),
        },
        access: AccessParts { log: access, index: Arc::new(MemoryAccessIndex::default()) },
        views: Arc::new(MemoryIndex::default()),
        clock: Arc::new(FixedClock::new(Time::parse("2026-03-11T08:00:00Z").unwrap())),
        random: Arc::new(SystemRandom),
        master: MasterKey::from_bytes([7; 32]),
        options,
        engine: Box::new(()),
    }
}
