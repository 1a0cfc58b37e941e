//! Polling an Okta org with the shipped binary, against a double of Okta on loopback.

#[path = "../crates/okta/tests/support/double.rs"]
pub(crate) mod double;

use crate::support::{Scratch, text};
use double::{Double, Fault, TOKEN, event};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

const KILLS: u64 = 100;
/// Seconds by which the source is said to be heard less far than it was asked. Events of the double
/// appear later than they are published by less.
const LAG_MILLIS: u64 = 1_500;

/// A double on a runtime of its own.
pub(crate) struct Org {
    runtime: tokio::runtime::Runtime,
    pub(crate) double: Double,
}

impl Org {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let double = runtime.block_on(Double::start());
        Self { runtime, double }
    }
}

impl Drop for Org {
    fn drop(&mut self) {
        // The double hangs on purpose.
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        std::mem::replace(&mut self.runtime, runtime).shutdown_background();
    }
}

pub(crate) fn scratch() -> (Scratch, String) {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.file("okta.token", format!("{TOKEN}\n"));
    permit(&token, 0o600);
    (scratch, token)
}

fn permit(file: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(file, permissions).expect("the mode is set");
}

pub(crate) fn add(scratch: &Scratch, org: &Org, token: &str, more: &[&str]) -> Output {
    let arguments = ["source", "add", "okta", "--org", &org.double.url, "--token-file", token];
    scratch.run(&[&arguments[..], more].concat())
}

/// The clock of this machine, as events are dated.
#[allow(clippy::disallowed_methods, reason = "the program that is tested uses this clock too")]
pub(crate) fn now() -> String {
    let time = std::time::SystemTime::now();
    chrono::DateTime::<chrono::Utc>::from(time).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[test]
fn a_source_is_set_up_polled_asked_for_and_removed() {
    let org = Org::start();
    let (scratch, token) = scratch();
    org.double.org().publish(event("e0", "user.session.start", &now()));
    org.double
        .org()
        .configuration
        .insert("/api/v1/features".to_owned(), double::Given::Status(403, "E0000006"));

    let out = add(&scratch, &org, &token, &[]);
    let words = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{words}{}", text(&out.stderr));
    let row = |words: &str, start: &str| {
        words.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or("").to_owned()
    };
    assert!(row(&words, "/api/v1/logs").contains("readable   okta.logs.read"), "{words}");
    assert!(row(&words, "/api/v1/features").contains("forbidden  okta.features.read"), "{words}");
    let sourcing = row(&words, "/api/v1/policies?type=IDENTITY_CLAIM_SOURCING");
    assert!(sourcing.contains("absent"), "{words}");
    assert!(words.contains("Source okta is set up"), "{words}");
    assert!(text(&out.stderr).contains("Without okta.features.read"), "{}", text(&out.stderr));
    assert_eq!(add(&scratch, &org, &token, &[]).status.code(), Some(3), "it is there already");

    let out = scratch.run(&["source", "status"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stdout).contains("Wrong: it was not polled yet"), "{}", text(&out.stdout));

    // The log is in, and the configuration is not: the table said why.
    let out = scratch.run(&["--format", "json", "source", "poll", "okta", "--once"]);
    let polled: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!((&polled["stored"], &polled["repeated"]), (&json!(1), &json!(0)), "{polled:#}");
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    let record = scratch.json(&["record", "e0"]);
    assert_eq!(record["channel"], "poller", "{record:#}");
    let status = scratch.run(&["source", "status", "okta"]);
    let words = text(&status.stdout);
    assert_eq!(status.status.code(), Some(1), "{words}");
    assert!(words.contains("Wrong: /api/v1/features: the token may not read"), "{words}");
    assert!(words.contains("1 stored, 0 repeated"), "{words}");

    // The server polls by itself, and answers the same questions.
    org.double.org().publish(event("e1", "user.session.start", &now()));
    scratch.ok(&["source", "remove", "okta"]);
    org.double.org().configuration.remove("/api/v1/features");
    let added = add(&scratch, &org, &token, &["--interval", "20ms", "--lag", "0s"]);
    assert_eq!(added.status.code(), Some(0), "{}", text(&added.stderr));
    let operator = scratch.file("operator.token", scratch.token("acme", "operate"));
    let reader = scratch.file("reader.token", scratch.token("acme", "read"));
    let server = scratch.serve();
    let remote = |token: &str, arguments: &[&str]| {
        crate::support::claimledger()
            .args(["--url", &server.url, "--token-file", token, "--format", "json", "source"])
            .args(arguments)
            .output()
            .expect("the binary runs")
    };
    let began = Instant::now();
    let status = loop {
        let out = remote(&operator, &["status"]);
        let status: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        let progress = &status["sources"][0]["progress"];
        if progress["caught_up"] == true && progress["counts"]["repeated"] == 1 {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{status:#}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status["sources"][0]["progress"]["counts"]["stored"], 1, "{status:#}");
    assert_eq!(status["sources"][0]["settings"]["org"], json!(org.double.url));
    let out = remote(&reader, &["list"]);
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stdout));
    assert!(text(&out.stderr).contains("the role operate"), "{}", text(&out.stderr));
    let out = remote(&operator, &["remove", "okta"]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    drop(server);

    assert_eq!(scratch.run(&["source", "poll", "nothing", "--once"]).status.code(), Some(1));
    assert!(scratch.ok(&["source", "list"]).contains(&org.double.url));
    assert!(scratch.ok(&["source", "remove", "okta"]).contains("no longer polled"));
    assert!(scratch.ok(&["source", "list"]).contains("No source is polled"));
    assert_eq!(scratch.json(&["record", "e1"])["channel"], "poller");
}

/// A round that leaves something of the configuration unread does what it can, names that, and ends
/// with a status of its own; one that does not look again ends with 0.
#[test]
fn a_round_with_a_look_that_failed_ends_with_what_failed() {
    let org = Org::start();
    let (scratch, token) = scratch();
    let give = |path: &str, status, code| {
        org.double.org().configuration.insert(path.to_owned(), double::Given::Status(status, code));
    };
    org.double.org().publish(event("e0", "user.session.start", &now()));
    let added = add(&scratch, &org, &token, &["--look-interval", "1d"]);
    assert_eq!(added.status.code(), Some(0), "{}", text(&added.stderr));
    give("/api/v1/features", 403, "E0000006");
    give("/api/v1/apps", 500, "E0000009");
    let poll = || {
        let out = scratch.run(&["source", "poll", "okta", "--once"]);
        (out.status.code(), text(&out.stdout), text(&out.stderr))
    };
    let (status, stdout, stderr) = poll();
    assert_eq!(status, Some(4), "what failed may work later: {stderr}");
    assert!(stdout.starts_with("okta: 1 events stored"), "{stdout}");
    let named = "not everything was read: /api/v1/apps: Okta failed (500)";
    assert!(stderr.contains(named), "{stderr}");
    assert!(stderr.contains("/api/v1/features: the token may not read"), "{stderr}");
    assert_eq!(poll().0, Some(0), "this round looked at nothing");

    // An event says that the configuration changed: what is forbidden stays so.
    org.double.org().configuration.remove("/api/v1/apps");
    scratch.ok(&["source", "remove", "okta"]);
    let added = add(&scratch, &org, &token, &[]);
    assert_eq!(added.status.code(), Some(0), "{}", text(&added.stderr));
    let (status, _, stderr) = poll();
    assert_eq!(status, Some(3), "{stderr}");
    assert!(!stderr.contains("/api/v1/apps"), "an org without it is no failure: {stderr}");
    org.double.org().configuration.remove("/api/v1/features");
    scratch.ok(&["source", "remove", "okta"]);
    assert_eq!(add(&scratch, &org, &token, &[]).status.code(), Some(0));
    assert_eq!(poll().0, Some(0));
}

/// A token that may read nothing sets nothing up; each endpoint says why it may not be read.
#[test]
fn a_token_that_may_read_nothing_sets_nothing_up() {
    let org = Org::start();
    let (scratch, token) = scratch();
    let give_all = |log: Fault, status, code| {
        let mut org = org.double.org();
        for (path, given) in &mut org.configuration {
            // It needs no token.
            if path != "/.well-known/okta-organization" {
                *given = double::Given::Status(status, code);
            }
        }
        org.faults.push_back(log);
    };
    let nothing_is_set_up = || scratch.ok(&["source", "list"]).contains("No source is polled");

    give_all(Fault::Status(403, "E0000006"), 403, "E0000006");
    let out = add(&scratch, &org, &token, &[]);
    let (table, words) = (text(&out.stdout), text(&out.stderr));
    assert_eq!(out.status.code(), Some(1), "{words}");
    assert!(words.contains("The token may read nothing of this org: nothing was set up."));
    for (path, permission) in [
        ("/api/v1/logs", "okta.logs.read"),
        ("/api/v1/idps", "okta.idps.read"),
        ("/api/v1/policies?type=ACCESS_POLICY", "okta.policies.read"),
        ("/api/v1/authenticators", "okta.authenticators.read"),
        ("/api/v1/features", "okta.features.read"),
        ("/api/v1/apps", "okta.apps.read"),
    ] {
        let is_row = |line: &&str| line.split_whitespace().next() == Some(path);
        let row = table.lines().find(is_row).unwrap_or_else(|| panic!("no {path}: {table}"));
        assert!(row.contains(&format!("forbidden  {permission}")), "{row}");
        assert!(row.contains("the token may not read"), "{row}");
    }
    assert!(!table.contains("is set up") && !words.contains("answers stay undetermined"));
    assert!(nothing_is_set_up());

    // As JSON, for programs.
    give_all(Fault::Status(403, "E0000006"), 403, "E0000006");
    let arguments = ["source", "add", "okta", "--org", &org.double.url, "--token-file", &token];
    let out = scratch.run(&[&["--format", "json"], &arguments[..]].concat());
    let said: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!((out.status.code(), &said["added"]), (Some(1), &json!(false)), "{said:#}");
    let endpoints = said["endpoints"].as_array().expect("a list");
    let apps = endpoints.iter().find(|one| one["endpoint"] == "/api/v1/apps").expect("it is asked");
    assert_eq!(
        (&apps["access"], &apps["permission"]),
        (&json!("forbidden"), &json!("okta.apps.read"))
    );
    assert!(apps["why"].as_str().is_some_and(|why| why.contains("lacks the permission")));
    assert!(nothing_is_set_up());

    // What fails says nothing of the token.
    give_all(Fault::Status(403, "E0000006"), 500, "E0000009");
    let out = add(&scratch, &org, &token, &[]);
    let words = text(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{words}");
    assert!(words.contains("Okta did not say what the token may read"), "{words}");
    assert!(nothing_is_set_up());

    // One that the org does not accept.
    std::fs::write(&token, "00wrong\n").expect("a file");
    let out = add(&scratch, &org, &token, &[]);
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("Okta does not accept the token"), "{}", text(&out.stderr));
    assert!(nothing_is_set_up());
}

/// What goes wrong while a source is set up says what it is, and sets nothing up.
#[test]
fn setting_up_says_what_answered_and_what_is_missing() {
    let org = Org::start();
    let (scratch, token) = scratch();
    org.double.org().faults.push_back(double::Fault::Html);
    let out = add(&scratch, &org, &token, &[]);
    let words = text(&out.stderr);
    assert_ne!(out.status.code(), Some(0));
    assert!(words.contains("begins with \"<html>sign in"), "{words}");
    assert!(words.contains("JSON of Okta's API") && !words.contains("may read nothing"), "{words}");
    assert_eq!(org.double.org().seen.len(), 1, "it is asked once");

    let failed = double::Fault::Status(503, "E0000009");
    org.double.org().faults.extend([failed.clone(), failed.clone(), failed]);
    let out = add(&scratch, &org, &token, &[]);
    let words = text(&out.stderr);
    assert_ne!(out.status.code(), Some(0));
    assert!(words.contains("Okta failed (503)") && !words.contains("may read nothing"), "{words}");
    assert!(scratch.ok(&["source", "list"]).contains("No source is polled"));
    assert!(!words.contains("Other users"), "{words}");

    // Four endpoints need one permission: it is named once. A token that others may read is said.
    for kind in ["ACCESS_POLICY", "OKTA_SIGN_ON", "IDP_DISCOVERY"] {
        let forbidden = double::Given::Status(403, "E0000006");
        let address = format!("/api/v1/policies?type={kind}");
        org.double.org().configuration.insert(address, forbidden);
    }
    permit(&token, 0o644);
    let out = add(&scratch, &org, &token, &[]);
    let words = text(&out.stderr);
    assert_eq!(out.status.code(), Some(0), "{words}");
    assert!(words.contains("Without okta.policies.read answers"), "{words}");
    assert!(words.contains("Other users of this machine may read the token"), "{words}");
}

/// A token reaches the org that it is for and nothing else: no output, no argument, no file.
#[test]
fn no_token_is_written_anywhere_or_sent_to_another_server() {
    let org = Org::start();
    let (scratch, token) = scratch();
    let mut words = String::new();
    let mut keep = |out: &Output| {
        words += &text(&out.stdout);
        words += &text(&out.stderr);
    };
    // The token of --url, from the environment, is not the org's.
    let mut inherited = scratch.command(&["source", "add", "okta", "--org", &org.double.url]);
    let out = inherited.env("CLAIMLEDGER_TOKEN_FILE", &token).output().expect("it runs");
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("give --token-file FILE"), "{}", text(&out.stderr));
    assert!(org.double.org().seen.is_empty(), "nothing was asked");

    let add = ["source", "add", "okta", "--org", &org.double.url, "--token-env", "OKTA_CANARY"];
    let debug = |command: &mut Command| {
        command
            .env("CLAIMLEDGER_LOG", "trace")
            .env("OKTA_CANARY", TOKEN)
            .output()
            .expect("the binary runs")
    };
    let out = debug(&mut scratch.command(&add));
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    keep(&out);
    for fault in [
        None,
        Some(Fault::Status(403, "E0000006")),
        Some(Fault::Redirect("https://evil.example/api/v1/logs")),
        Some(Fault::NextAt("https://evil.example/api/v1/logs")),
    ] {
        org.double.org().faults.extend(fault);
        keep(&debug(&mut scratch.command(&["source", "poll", "okta", "--once"])));
    }
    keep(&debug(&mut scratch.command(&["source", "status"])));
    // A wrong one is not shown either.
    let mut wrong = scratch.command(&["source", "poll", "okta", "--once"]);
    let out = wrong.env("OKTA_CANARY", "00canary-wrong").output().expect("it runs");
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("Okta does not accept the token"), "{}", text(&out.stderr));
    keep(&out);
    assert!(words.contains("evil.example") && words.contains("okta.logs.read"), "{words}");
    assert!(!words.contains("canary-"), "{words}");

    let mut files = 0;
    for entry in std::fs::read_dir(scratch.data()).expect("a ledger").flatten() {
        let bytes = std::fs::read(entry.path()).expect("a file");
        let found = bytes.windows(7).any(|window| window == b"canary-");
        assert!(!found, "{} holds the token", entry.path().display());
        files += 1;
    }
    assert!(files >= 3, "{files} files");
}

/// Events that cannot be read: each is stored as an event hook's is, and named; what cannot be
/// stored leaves the source incomplete at its time.
#[test]
fn events_that_cannot_be_read_are_kept_and_named_and_what_is_lost_is_missing() {
    let org = Org::start();
    let (scratch, token) = scratch();
    let odd = |uuid: &str, member: &str, value: Value| {
        let mut event = event(uuid, "user.session.start", "2026-11-20T09:00:00.000Z");
        event["published"] = now().into();
        event[member] = value;
        org.double.org().publish(event);
    };
    let mut deep = json!("bottom");
    for _ in 0..70 {
        deep = json!([deep]);
    }
    odd("ev-1", "displayMessage", json!("good"));
    odd("ev-half", "displayMessage", json!("HALF"));
    odd("ev-twice", "displayMessage", json!("TWICE"));
    odd("ev-deep", "deep", deep);
    odd("ev-3", "displayMessage", json!("good"));
    let large: String = {
        let mut drawn = Drawn(5);
        (0..700_000).map(|_| char::from(b'a' + drawn.below(26) as u8)).collect()
    };
    odd("ev-large", "displayMessage", json!(large));
    odd("ev-byte", "displayMessage", json!("BYTE"));
    assert_eq!(add(&scratch, &org, &token, &["--lag", "0s"]).status.code(), Some(0));
    org.double.org().faults.push_back(Fault::Replaced(&[
        ("HALF", b"\\ud800"),
        ("\"TWICE\"", b"\"x\",\"displayMessage\":\"y\""),
        ("BYTE", b"\xff"),
    ]));
    let polled = scratch.json(&["source", "poll", "okta", "--once"]);
    assert_eq!(polled["stored"], 6, "{polled:#}");
    for (uuid, understood) in [
        ("ev-1", true),
        ("ev-half", false),
        ("ev-twice", false),
        ("ev-deep", false),
        ("ev-3", true),
        ("ev-byte", false),
    ] {
        assert_eq!(scratch.json(&["record", uuid])["understood"], understood, "{uuid}");
    }
    let words = text(&scratch.run(&["source", "status"]).stdout);
    assert!(words.contains("4 events stored, not understood; the last: ev-byte of 2"), "{words}");
    assert!(words.contains("7 of 7 on the page asked for at"), "{words}");
    assert!(words.contains("Wrong: 1 event not stored, the last: ev-large of 2"), "{words}");
    let complete = scratch.json(&["completeness"]);
    let gaps = complete["items"][0]["gaps"].as_array().expect("gaps").clone();
    // What lies before `--since`, and the event that is too large.
    assert_eq!((gaps.len(), &gaps[1]["cause"]), (2, &json!("silent")), "{complete:#}");
}

/// A small generator: moments and faults, the same in every run.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Killed at random moments while events appear, some late, some twice, and everything else goes
/// wrong now and then: every event is stored once, and what is said to be heard is stored before
/// that is said.
#[test]
fn a_hundred_kills_of_the_poller_lose_and_double_no_event() {
    let org = Org::start();
    let (scratch, token) = scratch();
    org.double.org().most = 50;
    let lag = format!("{LAG_MILLIS}ms");
    let settings = ["--page", "50", "--interval", "10ms", "--look-interval", "1d", "--since", "1d"];
    let heard = ["--lag", lag.as_str(), "--heard-every", "0s"];
    let added = add(&scratch, &org, &token, &[&settings[..], &heard].concat());
    assert_eq!(added.status.code(), Some(0), "{}", text(&added.stderr));

    let stop = AtomicBool::new(false);
    let mut drawn = Drawn(13);
    let mut published = BTreeMap::new();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| publish(&org, &stop));
        let mut kills = 0;
        for run in 0.. {
            if kills == KILLS {
                break;
            }
            // One that stays looks at the configuration first; the others read the log at once.
            let once = (run % 3 != 0).then_some("--once");
            let mut polling = scratch
                .command(&["source", "poll", "okta"])
                .args(once)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the binary runs");
            std::thread::sleep(Duration::from_millis(100 + drawn.below(500)));
            let ended = polling.try_wait().expect("its status").is_some();
            kills += u64::from(!ended);
            let _ = polling.kill();
            polling.wait().expect("it ends");
        }
        stop.store(true, Ordering::Relaxed);
        published = writer.join().expect("the writer ends");
    });
    org.double.org().faults.clear();
    std::thread::sleep(Duration::from_millis(LAG_MILLIS));
    // A cursor that expires while what was missed is read again ends a round.
    let _ = scratch.run(&["source", "poll", "okta", "--once"]);
    let last = scratch.json(&["source", "poll", "okta", "--once"]);
    assert!(last["progress"]["failure"].is_null(), "{last:#}");

    let log = read_log(&scratch);
    let mut at: BTreeMap<&str, u64> = BTreeMap::new();
    let mut doubled = Vec::new();
    for record in log.iter().filter(|record| published.contains_key(id(record))) {
        if at.insert(id(record), position(record)).is_some() {
            doubled.push(id(record));
        }
    }
    let stored: BTreeSet<&str> = at.keys().copied().collect();
    let lost: Vec<&String> =
        published.keys().filter(|uuid| !stored.contains(uuid.as_str())).collect();
    assert_eq!((lost.len(), doubled.len()), (0, 0), "lost {lost:?}, doubled {doubled:?}");

    let (mut heard, mut ahead) = (0, Vec::new());
    for record in log.iter().filter(|record| record["kind"] == "source.heard") {
        heard += 1;
        let until = id(record).strip_prefix("heard:").expect("the id names the time");
        for (uuid, time) in &published {
            if instant(time) < instant(until) && at[uuid.as_str()] > position(record) {
                ahead.push(format!("{uuid} of {time}, heard until {until}"));
            }
        }
    }
    let silent = log.iter().filter(|record| record["kind"] == "source.silent").count();
    let filled = log.iter().filter(|record| record["kind"] == "source.backfilled").count();
    println!(
        "{KILLS} kills, {} events, {heard} times heard, {silent} silences, {filled} filled",
        published.len()
    );
    assert_eq!(ahead, Vec::<String>::new());
    assert!(published.len() > 200 && heard > 5, "the test is too tame");
    // The first is what lies before `--since`.
    assert!(filled >= 1 && silent > filled, "{silent} silences, {filled} filled");
}

/// Publishes events until it is stopped, with faults in between. Returns when each was published.
fn publish(org: &Org, stop: &AtomicBool) -> BTreeMap<String, String> {
    let mut drawn = Drawn(7);
    let mut published = BTreeMap::new();
    let mut late: Vec<(Instant, Value)> = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) && late.is_empty() {
            break;
        }
        if !stop.load(Ordering::Relaxed) {
            let (uuid, at) = (format!("event-{n}"), now());
            let event = event(&uuid, "user.session.start", &at);
            published.insert(uuid, at);
            match drawn.below(5) {
                0 => {
                    // Half of the lag at most: the rest is for what a loaded machine adds.
                    let later = Duration::from_millis(drawn.below(LAG_MILLIS / 2));
                    late.push((Instant::now() + later, event));
                }
                _ => org.double.org().events.push((now(), event)),
            }
        }
        let mut waiting = Vec::new();
        for (due, event) in late {
            if due <= Instant::now() || stop.load(Ordering::Relaxed) {
                org.double.org().events.push((now(), event));
            } else {
                waiting.push((due, event));
            }
        }
        late = waiting;
        let fault = match drawn.below(250) {
            0 => Some(Fault::CutOff),
            1 => Some(Fault::Status(500, "E0000009")),
            2 => Some(Fault::Hangs),
            3..6 => Some(Fault::Repeats(5)),
            6 => Some(Fault::Throttled(0)),
            _ => None,
        };
        {
            let mut org = org.double.org();
            if org.faults.len() < 2 {
                org.faults.extend(fault);
            }
            // Rare, because all events of the test are read again then.
            if n % 500 == 499 {
                org.expire_cursors();
            }
        }
        std::thread::sleep(Duration::from_millis(5 + drawn.below(20)));
    }
    published
}

/// Every record, by position.
fn read_log(scratch: &Scratch) -> Vec<Value> {
    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let head = server.graphql(&token, "{ sessions(first: 1) { status { head } } }", json!({}));
    let head = head["sessions"]["status"]["head"].as_u64().expect("a size");
    let mut log = Vec::new();
    for from in (0..head).step_by(50) {
        let fields: String = (from..head.min(from + 50))
            .map(|n| format!("r{n}: record(position: {n}) {{ position sourceId kind }} "))
            .collect();
        let data = server.graphql(&token, &format!("{{ {fields} }}"), json!({}));
        log.extend(data.as_object().expect("an object").values().cloned());
    }
    assert_eq!(log.len() as u64, head);
    log
}

fn id(record: &Value) -> &str {
    record["sourceId"].as_str().expect("an id")
}

fn position(record: &Value) -> u64 {
    record["position"].as_u64().expect("a position")
}

fn instant(text: &str) -> chrono::DateTime<chrono::FixedOffset> {
    chrono::DateTime::parse_from_rfc3339(text).expect("a time")
}
