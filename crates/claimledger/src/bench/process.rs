//! This program as a process of its own, so that its memory and its start can be seen from outside.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// How a command went.
pub(crate) struct Ended {
    pub(crate) secs: f64,
    /// The most memory it had at once: bytes resident.
    pub(crate) peak: u64,
}

/// Runs a command of the program on a ledger.
pub(crate) fn run(ledger: &Path, arguments: &[&str]) -> Result<Ended> {
    let began = Instant::now();
    let mut child = command(ledger).args(arguments).stdout(Stdio::null()).spawn()?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(memory(child.id(), "VmHWM:").unwrap_or_default());
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(POLL_INTERVAL),
        }
    };
    let secs = began.elapsed().as_secs_f64();
    if !status.success() {
        bail!("claimledger {} ended with {status}", arguments.join(" "));
    }
    Ok(Ended { secs, peak })
}

/// A server on loopback.
pub(crate) struct Server {
    child: Child,
    url: String,
    token: String,
    agent: ureq::Agent,
    /// From the start of the process until it said that it is ready.
    pub(crate) ready_secs: f64,
}

impl Server {
    /// Starts one that limits no rate, and waits until it is ready.
    pub(crate) fn start(ledger: &Path, token: &str) -> Result<Self> {
        let config = ledger.with_file_name("bench.toml");
        std::fs::write(&config, "[serve]\nrate_per_second = 1000000\nrate_burst = 1000000\n")?;
        let began = Instant::now();
        let mut child = command(ledger)
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let said: Value =
            serde_json::from_str(&line).context("the server did not say where it listens")?;
        let url = said["listening"].as_str().context("where it listens")?.to_owned();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut server = Self { child, url, token: token.to_owned(), agent, ready_secs: 0.0 };
        while server.agent.get(format!("{}/readyz", server.url)).call()?.status() != 200 {
            std::thread::sleep(POLL_INTERVAL);
        }
        server.ready_secs = began.elapsed().as_secs_f64();
        Ok(server)
    }

    /// Bytes resident now.
    pub(crate) fn resident(&self) -> u64 {
        memory(self.child.id(), "VmRSS:").unwrap_or_default()
    }

    /// Over connections of its own, with the credential that the server was started with.
    pub(crate) fn client(&self) -> Client {
        self.client_of(&self.token)
    }

    /// The same with another credential.
    pub(crate) fn client_of(&self, token: &str) -> Client {
        Client { url: self.url.clone(), token: token.to_owned(), agent: self.agent.clone() }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client of a server of this process.
pub(crate) fn client_of(url: String, token: String) -> Client {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    Client { url, token, agent }
}

/// See [`Server::client`].
pub(crate) struct Client {
    url: String,
    token: String,
    agent: ureq::Agent,
}

impl Client {
    /// Appends facts in one request.
    pub(crate) fn append(&self, facts: &[Value]) -> Result<()> {
        let body: Vec<String> = facts.iter().map(Value::to_string).collect();
        self.post("/v1/facts", "application/x-ndjson", &body.join("\n")).map(drop)
    }

    /// Asks in GraphQL.
    pub(crate) fn ask(&self, document: &str, variables: &Value) -> Result<Value> {
        let answer = self.post(
            "/graphql",
            "application/json",
            &json!({"query": document, "variables": variables}).to_string(),
        )?;
        match answer["errors"].get(0) {
            Some(error) => bail!("{error}"),
            None => Ok(answer),
        }
    }

    /// A page.
    pub(crate) fn page(&self, path: &str) -> Result<String> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let mut answer = request.call()?;
        let text = answer.body_mut().read_to_string()?;
        if answer.status() != 200 {
            bail!("{path}: {} {text}", answer.status());
        }
        Ok(text)
    }

    /// The page that a text leads to, and follows where that is another one.
    pub(crate) fn find(&self, text: &str) -> Result<String> {
        let request = self
            .agent
            .post(format!("{}/find", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/x-www-form-urlencoded");
        // Followed here, because the client would leave the credential out.
        let request = request.config().max_redirects(0).build();
        let mut answer = request.send(format!("text={text}"))?;
        if let Some(to) = answer.headers().get("location") {
            return self.page(to.to_str()?);
        }
        Ok(answer.body_mut().read_to_string()?)
    }

    fn post(&self, path: &str, kind: &str, body: &str) -> Result<Value> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token));
        let mut answer = request.header("content-type", kind).send(body)?;
        let text = answer.body_mut().read_to_string()?;
        if !answer.status().is_success() {
            bail!("{path}: {} {text}", answer.status());
        }
        Ok(serde_json::from_str(&text)?)
    }
}

fn command(ledger: &Path) -> Command {
    let program = std::env::current_exe().unwrap_or_else(|_| "claimledger".into());
    let mut command = Command::new(program);
    command.arg("--data").arg(ledger).args(["--format", "json"]).stdin(Stdio::null());
    command
}

/// A line of a process's status, in bytes. Linux only.
fn memory(process: u32, line: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let text = status.lines().find_map(|text| text.strip_prefix(line))?;
    text.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
}
