//! The demo is the newcomer's first run: it prints the two trees and shows pages.

use crate::support::{Scratch, claimledger, text, tool};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

#[test]
fn once_prints_why_s3_got_in_and_s4_did_not() {
    let out = claimledger().args(["demo", "--once"]).output().expect("the binary runs");
    assert!(out.status.success(), "{}", text(&out.stderr));
    let printed = text(&out.stdout);
    for expected in [
        "S3 was let into payroll at 13:20:04Z. The rules then in force say the same: allow.",
        "phr has it itself",
        "S4 was refused payroll at 13:55:00Z. The rules then in force say the same: deny. First \
         unmet: phishing-resistant.",
        "sms was seen and falls short",
        "not understood",
        "idxA was let into Payroll (0oaPayroll) at 09:00:03Z. The rules then in force say the \
         same: allow.",
        "Partner Okta (0oaPartner), no assertion seen",
    ] {
        assert!(printed.contains(expected), "{expected} is missing from\n{printed}");
    }
}

#[test]
fn a_closed_output_pipe_is_no_failure() {
    let mut child = claimledger()
        .args(["demo", "--once"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let out = child.wait_with_output().expect("the binary ends");
    assert!(out.status.success() && out.stderr.is_empty(), "{}", text(&out.stderr));
}

/// A demo that serves; stopped with Ctrl-C.
struct Demo {
    child: Child,
    printed: Vec<String>,
}

impl Demo {
    fn start(data: &Path) -> Self {
        let mut child = claimledger()
            .arg("--data")
            .arg(data)
            .args(["demo", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut printed = Vec::new();
        while printed.last().is_none_or(|line| line != "Stop with Ctrl-C.") {
            printed.push(lines.next().expect("the demo says how to stop it").expect("text"));
        }
        Self { child, printed }
    }

    fn line(&self, with: &str) -> &str {
        let found = self.printed.iter().find(|line| line.contains(with));
        found.unwrap_or_else(|| panic!("{with} is missing from {:#?}", self.printed)).trim()
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
        assert!(sent.success());
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0));
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sh(line: &str) -> String {
    let out = Command::new("sh").args(["-c", line]).output().expect("a shell runs");
    assert!(out.status.success(), "{line}: {}", text(&out.stderr));
    text(&out.stdout)
}

#[test]
fn a_demo_with_a_directory_keeps_running_and_its_commands_can_be_pasted() {
    let scratch = Scratch::new();
    let demo = Demo::start(&scratch.data());
    let first = demo.line("acme: sign in at").to_owned();
    assert!(sh(demo.line("why S3 --app payroll")).contains("S3 was let into payroll"));
    assert!(sh(demo.line(" sessions --active-at")).contains("S2"));
    tool("curl");
    let answer = sh(demo.line("curl "));
    assert!(answer.contains("S4 was refused payroll"), "{answer}");
    let token = demo.line("Token for acme").to_owned();
    demo.stop();
    let again = Demo::start(&scratch.data());
    assert_ne!(
        again.line("acme: sign in at"),
        first,
        "a link works once: each start has a new one"
    );
    assert_eq!(again.line("Token for acme"), token);
    again.stop();
    let answer = scratch.ok(&["--tenant", "acme", "why", "S3", "--app", "payroll"]);
    assert!(answer.contains("S3 was let into payroll"), "{answer}");
}

#[test]
fn a_demo_refuses_a_ledger_that_it_did_not_create() {
    for rehearsal in [&["--rehearsal"][..], &[]] {
        let scratch = Scratch::new();
        scratch.ok(&[&["init", "--tenant", "acme"], rehearsal].concat());
        let out = scratch.run(&["demo", "--once"]);
        assert_eq!(out.status.code(), Some(2), "{}", text(&out.stdout));
        assert!(text(&out.stderr).contains("holds a ledger that the demo did not make"));
        assert!(scratch.ok(&["sessions"]).contains("None seen"));
    }
}
