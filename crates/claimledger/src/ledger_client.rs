//! How a command reaches the ledger: as the owner of its directory, or over HTTP with a credential.
//! Questions are GraphQL either way, so that the same question gets the same answer.

use crate::{
    engine,
    exit_status::{Damaged, Refused, usage},
    output::items,
    settings::Settings,
    terminal::LongWork,
};
use anyhow::{Context, Result, anyhow};
use claimledger_app::{
    Opened,
    app::App,
    model::{
        access::{Reason, Request},
        question::{Asking, Caller},
    },
};
use claimledger_facts::{ids::SessionId, vocabulary::Surface};
use claimledger_server::graphql::{ChangeStream, Executor};
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader};

/// Maximum size of an evidence pack that is read from a server, in bytes.
const MAX_PACK_BYTES: u64 = 512 * 1024 * 1024;

/// Rows that one request for a list asks of a server: its sessions cost about eighty each, of
/// 10,000 that a request may.
const ROWS_A_REQUEST: u64 = 100;
/// Maximum rows of a page; the server refuses more by name.
const MAX_ROWS: u64 = 500;

const COMMON: &str = include_str!("queries/common.graphql");

/// One of the two.
pub(crate) enum LedgerClient {
    /// This process owns the directory.
    Embedded(Box<Embedded>),
    /// A server does.
    Remote(Remote),
}

/// The ledger of a directory, and the tenant of its questions.
pub(crate) struct Embedded {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    executor: Executor,
}

/// A server and a credential.
pub(crate) struct Remote {
    url: String,
    token: String,
    /// The tenant that the token has to be of, where one is named.
    tenant: Option<String>,
    reason: Reason,
    agent: ureq::Agent,
}

impl LedgerClient {
    /// Opens what the settings name.
    pub(crate) async fn open(settings: &Settings) -> Result<Self> {
        match &settings.url {
            Some(url) => Remote::new(url, settings).map(Self::Remote),
            None => Ok(Self::Embedded(Box::new(Embedded::open(settings).await?))),
        }
    }

    /// The same, with damaged read models deleted instead of refused; and why they were, if
    /// they were.
    pub(crate) async fn open_and_heal(settings: &Settings) -> Result<(Self, Option<String>)> {
        match &settings.url {
            Some(url) => Ok((Self::Remote(Remote::new(url, settings)?), None)),
            None => {
                let (app, healed) =
                    engine::open_and_heal(&settings.location()?, settings.options()).await?;
                Ok((Self::Embedded(Box::new(Embedded::of(app, settings).await?)), healed))
            }
        }
    }

    /// Asks a question and returns its field. A server bounds what one request may cost, so that a
    /// long page of a list is fetched from it in parts, each where the one before ended.
    pub(crate) async fn ask(&self, query: &str, field: &str, variables: Value) -> Result<Value> {
        let wanted = variables["first"].as_u64().unwrap_or(0);
        let is_long = matches!(self, Self::Remote(_)) && ROWS_A_REQUEST < wanted;
        if !is_long || wanted > MAX_ROWS {
            return self.ask_once(query, field, variables).await;
        }
        let mut part = variables;
        let mut whole: Option<Value> = None;
        loop {
            let rows = whole.as_ref().map_or(0, |whole| items(&whole["edges"]).count() as u64);
            part["first"] = json!(ROWS_A_REQUEST.min(wanted - rows));
            let answer = self.ask_once(query, field, part.clone()).await?;
            let page = answer["pageInfo"].clone();
            let whole = match &mut whole {
                None => whole.insert(answer),
                Some(whole) => {
                    if let Some(edges) = whole["edges"].as_array_mut() {
                        edges.extend(items(&answer["edges"]).cloned());
                    }
                    whole["pageInfo"] = page.clone();
                    whole
                }
            };
            let rows = items(&whole["edges"]).count() as u64;
            if page["hasNextPage"] != true || rows >= wanted {
                return Ok(whole.take());
            }
            part["after"] = page["endCursor"].clone();
        }
    }

    async fn ask_once(&self, query: &str, field: &str, variables: Value) -> Result<Value> {
        let document = document(query);
        let answer = match self {
            Self::Embedded(embedded) => {
                embedded.settle().await;
                embedded.executor.execute(&embedded.caller, &document, variables).await
            }
            Self::Remote(remote) => {
                remote.post("/graphql", &json!({"query": document, "variables": variables}))?
            }
        };
        if let Some(error) = answer["errors"].get(0) {
            return Err(refusal(error));
        }
        Ok(answer["data"][field].clone())
    }

    /// Asks a question again and has its answer signed; or `errors`.
    pub(crate) async fn receipt(&self, query: &str, variables: Value) -> Result<Value> {
        let document = document(query);
        match self {
            Self::Embedded(embedded) => {
                Ok(embedded.executor.receipt(&embedded.caller, &document, variables).await)
            }
            Self::Remote(remote) => {
                remote.post("/v1/receipts", &json!({"query": document, "variables": variables}))
            }
        }
    }

    /// Whether a receipt holds, and its question still gets the same answer; or `errors`.
    pub(crate) async fn check_receipt(&self, file: &[u8]) -> Result<Value> {
        match self {
            Self::Embedded(embedded) => {
                embedded.settle().await;
                Ok(embedded.executor.check_receipt(&embedded.caller, file).await)
            }
            Self::Remote(remote) => {
                Ok(remote.send("/v1/receipts/check", "application/json", file)?.1)
            }
        }
    }

    /// The evidence pack of a session; or `errors`.
    pub(crate) async fn evidence_pack(
        &self,
        settings: &Settings,
        session: &SessionId,
        opened: Opened,
    ) -> Result<Value> {
        match self {
            Self::Embedded(embedded) => {
                embedded.settle().await;
                let Embedded { executor, caller, .. } = &**embedded;
                Ok(executor.evidence_pack(caller, session, &settings.asking, opened).await)
            }
            Self::Remote(remote) => remote.evidence_pack(settings, session, opened),
        }
    }

    /// Waits until the read models of the directory have all of the log, however long that takes: a
    /// command is the only one that brings them there. A server does it by itself.
    pub(crate) async fn settle(&self) {
        if let Self::Embedded(embedded) = self {
            embedded.settle().await;
        }
    }

    /// Says what must be said by the owner of the directory only.
    pub(crate) fn embedded(&self, command: &str) -> Result<&Embedded> {
        match self {
            Self::Embedded(embedded) => Ok(embedded),
            Self::Remote(_) => Err(usage(format!(
                "`{command}` is for the owner of the directory: give --data DIR instead of --url"
            ))),
        }
    }

    /// Writes out what is under way and closes the files.
    pub(crate) async fn close(self) {
        if let Self::Embedded(embedded) = self {
            embedded.app.close().await;
        }
    }
}

impl Embedded {
    /// Begins a subscription.
    pub(crate) fn subscribe(&self, document: &str, variables: Value) -> ChangeStream {
        self.executor.subscribe(&self.caller, document, variables)
    }

    async fn settle(&self) {
        let mut work = LongWork::new("records read into the read models");
        // What does not work is what the question says.
        let _ = self.app.settle(&self.caller, |done, of| work.moved(done, of)).await;
    }

    async fn open(settings: &Settings) -> Result<Self> {
        Self::of(engine::open(&settings.location()?, settings.options()).await?, settings).await
    }

    async fn of(app: App, settings: &Settings) -> Result<Self> {
        let tenant = engine::tenant(&app, settings.tenant.as_deref()).await?;
        let request = Request::in_parts(Surface::Cli, settings.reason.clone());
        let caller = Caller::owner(tenant).with_request(request);
        if app.read_only().is_some() {
            // Read models in memory begin with nothing. Where they are on the disk, they are at the
            // head already.
            let mut work = LongWork::new("records read into the read models");
            app.settle(&caller, |done, of| work.moved(done, of)).await?;
        }
        Ok(Self { executor: Executor::new(app.clone()), app, caller })
    }
}

impl Remote {
    fn new(url: &str, settings: &Settings) -> Result<Self> {
        let file = settings.token_file.as_deref().ok_or_else(|| {
            usage("--url needs --token-file: a file with the token of a credential")
        })?;
        let token = std::fs::read_to_string(file)
            .map_err(|error| usage(format!("token file {}: {error}", file.display())))?
            .trim()
            .to_owned();
        if url.starts_with("https:") {
            return Err(usage(
                "this build speaks plain HTTP: reach a server behind TLS through a local tunnel or \
                 proxy",
            ));
        }
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let (url, reason) = (url.trim_end_matches('/').to_owned(), settings.reason.clone());
        Ok(Self { url, token, tenant: settings.tenant.clone(), reason, agent })
    }

    /// A subscription: `take` gets each response, and says whether more is wanted. True: the line
    /// was cut off, and more may come; false: that was all.
    pub(crate) fn listen(
        &self,
        path: &str,
        body: &Value,
        begun: impl FnOnce(),
        take: &mut impl FnMut(&Value) -> Result<bool>,
    ) -> Result<bool> {
        let url = format!("{}{path}", self.url);
        let request = self
            .with_headers(self.agent.post(&url))
            .header("content-type", "application/json")
            .header("accept", "text/event-stream");
        // An IO error tells the caller that the server is away, and that it may try again.
        let mut answer = request
            .send(body.to_string().as_bytes())
            .map_err(ureq::Error::into_io)
            .with_context(|| format!("{url} does not answer"))?;
        if answer.status() != 200 {
            let text = answer.body_mut().read_to_string().with_context(|| url.clone())?;
            let body: Value = serde_json::from_str(&text).with_context(|| {
                format!("{url} answered status {} without JSON", answer.status())
            })?;
            return Err(refusal(&body["errors"][0]));
        }
        begun();
        for line in BufReader::new(answer.body_mut().as_reader()).lines() {
            // One line an event: that is how this server writes them.
            let Ok(line) = line else { return Ok(true) };
            if line == "event: complete" {
                return Ok(false);
            }
            if let Some(data) = line.strip_prefix("data: ")
                && !take(&serde_json::from_str(data).with_context(|| url.clone())?)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// With the credential and the reason.
    fn with_headers<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        let mut request = request.header("authorization", format!("Bearer {}", self.token));
        let Reason { purpose, case } = &self.reason;
        let named = [
            ("claimledger-tenant", &self.tenant),
            ("claimledger-purpose", purpose),
            ("claimledger-case", case),
        ];
        for (name, text) in named {
            if let Some(text) = text {
                request = request.header(name, text.as_str());
            }
        }
        request
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(path, "application/json", body.to_string().as_bytes()).map(|(_, body)| body)
    }

    /// A POST; status and body.
    pub(crate) fn send(&self, path: &str, content_type: &str, body: &[u8]) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.url);
        let request = self.with_headers(self.agent.post(&url)).header("content-type", content_type);
        let answer = request.send(body).with_context(|| format!("{url} does not answer"))?;
        Self::read(&url, answer)
    }

    /// A DELETE; status and body.
    pub(crate) fn delete(&self, path: &str) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.url);
        let request = self.with_headers(self.agent.delete(&url));
        let answer = request.call().with_context(|| format!("{url} does not answer"))?;
        Self::read(&url, answer)
    }

    /// A GET; status and body.
    pub(crate) fn get(&self, path: &str) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.url);
        let request = self.with_headers(self.agent.get(&url));
        let answer = request.call().with_context(|| format!("{url} does not answer"))?;
        Self::read(&url, answer)
    }

    /// A GET with parameters whose body is read as it comes; status and body.
    pub(crate) fn stream(
        &self,
        path: &str,
        parameters: &[(String, String)],
    ) -> Result<(u16, ureq::Body)> {
        let url = format!("{}{path}", self.url);
        let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let answer = self
            .with_headers(self.agent.get(&url))
            .query_pairs(pairs)
            .call()
            .with_context(|| format!("{url} does not answer"))?;
        Ok((answer.status().as_u16(), answer.into_body()))
    }

    /// The pack of a session as JSON.
    fn evidence_pack(
        &self,
        settings: &Settings,
        session: &SessionId,
        opened: Opened,
    ) -> Result<Value> {
        let words = [(opened.personal, "personal"), (opened.originals, "originals")];
        let words: Vec<&str> = words.iter().filter(|it| it.0).map(|it| it.1).collect();
        let asking = &settings.asking;
        let known_at = asking.known_at.map(|time| time.to_string());
        let parameters = [
            ("session", Some(session.as_str().to_owned())),
            ("format", Some("json".to_owned())),
            ("open", (!words.is_empty()).then(|| words.join(","))),
            ("at", asking.at.map(|time| time.to_string())),
            ("knownAt", known_at),
            ("knownAtPosition", asking.known_at_position.map(|it| it.0.to_string())),
        ];
        let parameters: Vec<(String, String)> = parameters
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let path = "/v1/evidence";
        let (status, mut body) = self.stream(path, &parameters)?;
        let text = body.with_config().limit(MAX_PACK_BYTES).read_to_string();
        let text = text.with_context(|| format!("{}{path}", self.url))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{}{path} answered status {status} without JSON", self.url))
    }

    fn read(url: &str, mut answer: ureq::http::Response<ureq::Body>) -> Result<(u16, Value)> {
        let text = answer.body_mut().read_to_string().with_context(|| url.to_owned())?;
        let body = serde_json::from_str(&text)
            .with_context(|| format!("{url} answered status {} without JSON", answer.status()))?;
        Ok((answer.status().as_u16(), body))
    }
}

/// The document of a query, with the common fragments that it uses.
fn document(query: &str) -> String {
    without_unused_fragments(&format!("{query}\n{COMMON}"))
}

/// The part of a document that one operation uses: GraphQL refuses unused fragments. A fragment is
/// one line, or ends with a brace at the begin of a line.
fn without_unused_fragments(document: &str) -> String {
    let used = |name: &str| {
        [' ', '}', '\n'].iter().any(|end| document.contains(&format!("...{name}{end}")))
    };
    let mut is_unused = false;
    let mut kept = Vec::new();
    for line in document.lines() {
        let begun = line.strip_prefix("fragment ").and_then(|rest| rest.split(' ').next());
        if let Some(name) = begun {
            is_unused = !used(name);
        }
        if !is_unused {
            kept.push(line);
        }
        if line == "}" || (begun.is_some() && line.ends_with('}')) {
            is_unused = false;
        }
    }
    kept.join("\n")
}

/// An error of GraphQL, with its code.
pub(crate) fn refusal(error: &Value) -> anyhow::Error {
    let message = crate::output::field(error, "message");
    match error["extensions"]["code"].as_str() {
        Some("UNAVAILABLE" | "LAGGING") | None => anyhow!(message),
        Some("CORRUPT") => anyhow::Error::new(Damaged(message)),
        Some(code) => anyhow::Error::new(Refused(format!("{message} ({})", code.to_lowercase()))),
    }
}

/// An input object without the fields that were not given; null where none was.
pub(crate) fn given(mut input: Value) -> Value {
    if let Some(fields) = input.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    if input.as_object().is_some_and(Map::is_empty) { Value::Null } else { input }
}

/// The variable `asking`; null where nothing was asked.
pub(crate) fn asking(asking: &Asking) -> Value {
    given(json!({
        "at": asking.at.map(|at| at.to_string()),
        "knownAt": asking.known_at.map(|known_at| known_at.to_string()),
        "knownAtPosition": asking.known_at_position.map(|position| position.0),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commands::demo, engine};
    use claimledger_app::app::Options;
    use claimledger_facts::ids::TenantId;
    use std::time::Duration;

    /// A command is the only one that brings the read models of its directory to the head, and
    /// waits, however long that takes.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_question_waits_until_the_read_models_have_all_of_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("ledger");
        let idle = Options { follow: false, ..Options::default() };
        let app = engine::create_or_open(&engine::Location::directory(&dir), idle).await.unwrap();
        app.init_tenant(&TenantId::new("acme"), true, None).await.unwrap();
        let (tenant, dialect, source, text) = demo::FILES[0];
        demo::fill(&app, tenant, dialect, source, text).await.unwrap();
        let caller = Caller::owner(TenantId::new(tenant));
        let executor = Executor::new(app.clone());
        let client = LedgerClient::Embedded(Box::new(Embedded { app, caller, executor }));
        let query = "query { sessions(first: 1) { status { head } } }";
        // Past the time in which a read of a server gives up.
        let asked = client.ask(query, "sessions", json!({}));
        let answer = tokio::time::timeout(Duration::from_secs(7), asked).await;
        assert!(answer.is_err(), "nothing projects, and still: {answer:?}");
    }
}
