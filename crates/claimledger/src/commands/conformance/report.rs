//! What a run of the suites says: a line a check, as it ends.

use crate::{
    cli::Format,
    exit_status::No,
    terminal::{escape, print_json, print_text},
};
use anyhow::Result;
use claimledger_ledger::conformance::{Check, Outcome};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{panic::PanicHookInfo, sync::Arc, time::Duration};

/// Maximum duration of one check: some hundred calls of 44 ms each, and a slow network.
const CHECK_TIMEOUT: Duration = Duration::from_secs(300);

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// The checks so far.
pub(super) struct Report {
    format: Format,
    engines: Vec<Value>,
    failed: usize,
    /// Where and why the running check panicked. Its tasks come first: their panic is the cause.
    panics: Arc<Mutex<Vec<String>>>,
    hook: Option<Hook>,
}

impl Report {
    /// Until it is dropped, panics are collected and not printed.
    pub(super) fn new(format: Format) -> Self {
        let panics = Arc::<Mutex<Vec<String>>>::default();
        let hook = std::panic::take_hook();
        let collected = Arc::clone(&panics);
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| format!("{}:{}: ", at.file(), at.line()));
            let message = info.payload_as_str().unwrap_or("it panicked without a message");
            collected.lock().push(format!("{}{message}", place.unwrap_or_default()));
        }));
        Self { format, engines: Vec::new(), failed: 0, panics, hook: Some(hook) }
    }

    /// The checks that follow are of this engine. `left`: what they leave behind.
    pub(super) fn engine(&mut self, name: &str, server: &str, left: &str) {
        self.text(|| format!("{name}, {}\n{left}", escape(server)));
        self.engines.push(json!({"engine": name, "server": server, "left": left, "checks": []}));
    }

    /// Runs the checks of a suite.
    pub(super) async fn run(&mut self, suite: &str, checks: Vec<Check<'_>>) {
        for check in checks {
            self.panics.lock().clear();
            let Outcome { name, elapsed, failure } = check.outcome(CHECK_TIMEOUT).await;
            let why = failure.map(|what| self.panics.lock().first().cloned().unwrap_or(what));
            self.failed += usize::from(why.is_some());
            let word = if why.is_some() { "FAILED" } else { "ok" };
            let seconds = elapsed.as_secs_f64();
            let indented = why.as_ref().map(|why| format!("\n  {}", escape(why)));
            self.text(|| {
                let why = indented.unwrap_or_default();
                format!("{word:6} {suite}: {name} ({seconds:.2} s){why}")
            });
            let checks = self.engines.last_mut().and_then(|engine| engine["checks"].as_array_mut());
            if let Some(checks) = checks {
                checks.push(json!({"suite": suite, "check": name, "ok": why.is_none(),
                    "seconds": seconds, "failure": why}));
            }
        }
    }

    /// Prints the document, or the count.
    pub(super) fn finish(self) -> Result<()> {
        let count = |engine: &Value| engine["checks"].as_array().map_or(0, Vec::len);
        let (all, failed) = (self.engines.iter().map(count).sum::<usize>(), self.failed);
        match self.format {
            Format::Json => {
                print_json(&json!({"conforms": failed == 0, "engines": self.engines}));
            }
            Format::Text => print_text(&format!("{} of {all} checks hold.", all - failed)),
        }
        match failed {
            0 => Ok(()),
            failed => Err(No(format!(
                "{failed} of {all} checks failed: do not keep a ledger on this engine; report it \
                 with this output, and with the version of the server"
            ))
            .into()),
        }
    }

    fn text(&self, text: impl FnOnce() -> String) {
        if self.format == Format::Text {
            print_text(&text());
        }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(hook) = self.hook.take()
            && !std::thread::panicking()
        {
            std::panic::set_hook(hook);
        }
    }
}
