//! What the end-to-end tests share: the shipped binary, a scratch ledger, a running server, and the
//! fixture.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod browser;
pub(crate) mod documents;
pub(crate) mod fixture;
pub(crate) mod okta_events;
pub(crate) mod postgres;
pub(crate) mod questions;
pub(crate) mod shared_ledger;

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
    time::Duration,
};

/// The shipped binary.
pub(crate) fn claimledger() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimledger"));
    command
        .env_remove("CLAIMLEDGER_DATA")
        .env_remove("CLAIMLEDGER_TENANT")
        .env_remove("CLAIMLEDGER_URL")
        .env_remove("CLAIMLEDGER_DATABASE_URL")
        .env_remove("CLAIMLEDGER_DATABASE_URL_FILE")
        .env_remove("CLAIMLEDGER_LOG_URL")
        .env_remove("CLAIMLEDGER_LOG_URL_FILE")
        .env_remove("CLAIMLEDGER_MASTER_KEY_FILE")
        .env("NO_COLOR", "1");
    command
}

/// A program that a test needs. A test that lacks one fails: it must not pass without running.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed; `make test` installs it where it can"))
}

/// A Python that has the schema of OCSF.
pub(crate) fn ocsf_python() -> PathBuf {
    python("ocsf")
}

/// A Python that has DuckDB and pandas.
pub(crate) fn reader_python() -> PathBuf {
    python("readers")
}

/// A Python of an environment that `scripts/install-test-tools.sh` makes.
fn python(environment: &str) -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-tools");
    let python = tools.join(environment).join("bin/python");
    let shown = python.display();
    assert!(python.is_file(), "{shown} is missing; `make test` installs it where it can");
    python
}

/// A temporary ledger directory, deleted at the end.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
    /// Variables that every command gets.
    environment: Vec<(&'static str, PathBuf)>,
}

impl Scratch {
    /// An empty place; no ledger yet.
    pub(crate) fn new() -> Self {
        Self::of(tempfile::tempdir().expect("a temporary directory"))
    }

    /// An empty place inside this directory.
    pub(crate) fn in_dir(dir: &Path) -> Self {
        Self::of(tempfile::tempdir_in(dir).expect("a temporary directory"))
    }

    fn of(dir: tempfile::TempDir) -> Self {
        Self { dir, environment: Vec::new() }
    }

    /// The same place, with variables for every command.
    pub(crate) fn with_environment(self, environment: Vec<(&'static str, PathBuf)>) -> Self {
        Self { environment, ..self }
    }

    /// A rehearsal ledger with these tenants.
    pub(crate) fn rehearsal(tenants: &[&str]) -> Self {
        let scratch = Self::new();
        for tenant in tenants {
            scratch.ok(&["init", "--tenant", tenant, "--rehearsal"]);
        }
        scratch
    }

    /// The fixture in a rehearsal ledger of two tenants.
    pub(crate) fn fixture() -> Self {
        let scratch = Self::rehearsal(&["acme", "globex"]);
        for tenant in ["acme", "globex"] {
            let file = fixture::dir().join(format!("{tenant}.jsonl"));
            scratch.ok(&["--tenant", tenant, "ingest", file.to_str().expect("a UTF-8 path")]);
        }
        scratch
    }

    /// The ledger's directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("ledger")
    }

    /// A file beside the ledger.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).expect("writing a scratch file");
        path.to_str().expect("a UTF-8 path").to_owned()
    }

    /// The path of a file beside the ledger.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The command with `--data`.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program();
        command.arg("--data").arg(self.data()).args(args);
        command
    }

    /// The command without `--data`.
    fn program(&self) -> Command {
        let mut command = claimledger();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs with any result.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().expect("the binary runs")
    }

    /// Runs with this standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        // The program may close the pipe early when it refuses its input.
        let _ = child.stdin.take().expect("piped").write_all(input);
        child.wait_with_output().expect("the binary ends")
    }

    /// Runs, expects success, returns standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let out = self.run(args);
        assert!(
            out.status.success(),
            "{args:?} failed with {:?}\n{}",
            out.status.code(),
            text(&out.stderr)
        );
        text(&out.stdout)
    }

    /// Runs with `--format json`, expects success, returns the document.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let mut all = vec!["--format", "json"];
        all.extend_from_slice(args);
        let out = self.ok(&all);
        serde_json::from_str(&out)
            .unwrap_or_else(|error| panic!("{args:?} printed no JSON ({error}): {out}"))
    }

    /// A token of these roles.
    pub(crate) fn token(&self, tenant: &str, roles: &str) -> String {
        self.json(&["--tenant", tenant, "token", "--role", roles])["token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// Starts a server of this ledger.
    pub(crate) fn serve(&self) -> Server {
        Server::start_by(self.program(), &self.data(), &[])
    }
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running server of a scratch ledger; killed at the end.
pub(crate) struct Server {
    child: Child,
    _stderr: BufReader<ChildStderr>,
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    /// One-time links into the pages, by tenant.
    pub(crate) sign_in: Value,
    agent: ureq::Agent,
}

impl Server {
    /// Starts on a free port and waits until it listens.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(data: &Path, arguments: &[&str]) -> Self {
        Self::start_by(claimledger(), data, arguments)
    }

    /// The same with another way to run the binary.
    pub(crate) fn start_by(mut command: Command, data: &Path, arguments: &[&str]) -> Self {
        let mut child = command
            .arg("--data")
            .arg(data)
            .args(["--format", "json", "serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let mut why = String::new();
            let _ = std::io::Read::read_to_string(&mut stderr, &mut why);
            panic!("the server did not start: {line}{why}");
        };
        // The server closes a connection that idles for ten seconds; pooled connections must be
        // younger.
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_age(Duration::from_secs(4))
            .build()
            .into();
        Self {
            child,
            _stderr: stderr,
            url: ready["listening"].as_str().expect("an address").to_owned(),
            sign_in: ready["signIn"].clone(),
            agent,
        }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A GraphQL request; status and body.
    pub(crate) fn graphql_raw(&self, token: &str, query: &str, variables: Value) -> (u16, String) {
        self.post(
            "/graphql",
            Some(token),
            "application/json",
            json!({"query": query, "variables": variables}).to_string().as_bytes(),
        )
    }

    /// A GraphQL request that must succeed; its data.
    pub(crate) fn graphql(&self, token: &str, query: &str, variables: Value) -> Value {
        let (status, body) = self.graphql_raw(token, query, variables);
        let body: Value =
            serde_json::from_str(&body).unwrap_or_else(|_| panic!("status {status}: {body}"));
        assert!(body.get("errors").is_none(), "{query}\n{body:#}");
        body["data"].clone()
    }

    /// A POST; status and body.
    pub(crate) fn post(
        &self,
        path: &str,
        token: Option<&str>,
        content_type: &str,
        body: &[u8],
    ) -> (u16, String) {
        let (status, _, body) =
            self.post_with(path, token, &[("content-type", content_type)], body);
        (status, body)
    }

    /// A POST with headers; status, headers and body.
    pub(crate) fn post_with(
        &self,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (u16, Vec<(String, String)>, String) {
        let send = || {
            let mut request = self.agent.post(format!("{}{path}", self.url));
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            request.send(body)
        };
        // The server may have closed the connection that was kept after an answer: it has not seen
        // the request then.
        let sent = match send() {
            Err(ureq::Error::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => send(),
            sent => sent,
        };
        answer(sent.expect("an answer"))
    }

    /// A GET; status, headers and body.
    pub(crate) fn get(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (u16, Vec<(String, String)>, String) {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call().expect("an answer"))
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> (u16, Vec<(String, String)>, String) {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
        .collect();
    (response.status().as_u16(), headers, response.body_mut().read_to_string().expect("a body"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
