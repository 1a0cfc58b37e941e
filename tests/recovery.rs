//! A disk that is full for a while, for each file of a ledger: appends are refused meanwhile, and
//! reads where they cannot be recorded; others report their log size. Everything recovers
//! automatically.

use crate::support::{self, Scratch, Server, text, tool};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Maximum time of a recovery: the maximum backoff, with a margin for a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A file system of a few MiB in memory.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts it at a new directory; needs the permission to mount.
    pub(crate) fn mount(at: &Path, mebibytes: u32) -> Self {
        std::fs::create_dir_all(at).expect("a directory");
        let size = format!("size={mebibytes}m,mode=0700");
        let mounted = Command::new(tool("mount"))
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at)
            .output()
            .expect("mount runs");
        assert!(mounted.status.success(), "mount tmpfs: {}", text(&mounted.stderr));
        Self { at: at.to_owned() }
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    /// Writes until it is full.
    pub(crate) fn fill(&self) {
        let mut file =
            File::options().create(true).append(true).open(self.filler()).expect("the filler");
        for bytes in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![7; bytes]).is_ok() {}
        }
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("the filler");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

pub(crate) fn fact(n: u64, person: &str) -> String {
    json!({"id": format!("f-{n}"), "type": "app.accessed", "occurred_at": "2026-03-10T10:00:00Z",
        "session": format!("S{}", n % 7),
           "subject": {"id": person}, "data": {"app": "wiki",
               "app_session": format!("a-{n}-{}", "x".repeat(300))}})
    .to_string()
}

/// Status, headers and body.
type Answered = (u16, Vec<(String, String)>, Value);

/// Sends a fact; returns its position, or the status, headers and body of the refusal.
pub(crate) fn send(server: &Server, token: &str, fact: &str) -> Result<u64, Answered> {
    let (status, headers, body) = server.post_with(
        "/v1/facts",
        Some(token),
        &[("content-type", "application/json")],
        fact.as_bytes(),
    );
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{status}: {body}"));
    if status == 200 {
        Ok(body["results"][0]["position"].as_u64().expect("a position"))
    } else {
        Err((status, headers, body))
    }
}

/// Sends new facts until one is refused; returns its number and the answer.
fn send_until_refused(
    server: &Server,
    token: &str,
    next: &mut u64,
    acknowledged: &mut Vec<(u64, u64)>,
) -> (u64, Answered) {
    for _ in 0..5_000 {
        let n = *next;
        *next += 1;
        match send(server, token, &fact(n, "u-alice")) {
            Ok(position) => acknowledged.push((n, position)),
            Err(refused) => return (n, refused),
        }
    }
    panic!("the disk did not fill");
}

pub(crate) fn ready(server: &Server) -> (u16, Value) {
    let (status, _, body) = server.get("/readyz", &[]);
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{status}: {body}")))
}

/// The parts that `/readyz` names.
fn parts(answer: &Value) -> Vec<&str> {
    answer["causes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|cause| cause["part"].as_str())
        .collect()
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(began.elapsed() < PATIENCE, "{what}: {seen}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn wait_until_ready(server: &Server) {
    wait_for("ready again", || match ready(server) {
        (200, _) => Ok(()),
        (status, body) => Err(format!("{status} {body}")),
    });
}

const ANSWER: &str =
    "answered { position provisional } status { assessedTo head problems { part why } }";

fn sessions(server: &Server, token: &str) -> Value {
    server.graphql(token, &format!("{{ sessions(first: 1) {{ {ANSWER} }} }}"),
        json!({}))["sessions"].clone()
}

/// Every fact is in the log once, at its acknowledged position; the read models cover all of them,
/// and the answer is final.
fn check_whole(server: &Server, token: &str, acknowledged: &[(u64, u64)]) {
    for (n, position) in acknowledged {
        let again = send(server, token, &fact(*n, "u-alice"));
        assert_eq!(again.as_ref().ok(), Some(position), "f-{n}: {again:?}");
    }
    let answer = wait_for("the read models at the head", || {
        let answer = sessions(server, token);
        if answer["status"]["assessedTo"] == answer["status"]["head"] {
            Ok(answer)
        } else {
            Err(answer.to_string())
        }
    });
    assert_eq!(answer["answered"]["provisional"], false, "{answer}");
    assert_eq!(answer["status"]["problems"], json!([]), "{answer}");
    let head = answer["status"]["head"].as_u64().expect("a size");
    let mut found = std::collections::BTreeMap::new();
    for from in (0..head).step_by(40) {
        let fields: String = (from..head.min(from + 40))
            .map(|n| format!("r{n}: record(position: {n}) {{ position sourceId }} "))
            .collect();
        for record in server
            .graphql(token, &format!("{{ {fields} }}"), json!({}))
            .as_object()
            .expect("an object")
            .values()
        {
            *found.entry(record["sourceId"].as_str().expect("an id").to_owned()).or_insert(0) += 1;
        }
    }
    for (n, _) in acknowledged {
        assert_eq!(found.get(&format!("f-{n}")), Some(&1), "f-{n} is there once");
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// The command line against this server.
fn remote(scratch: &Scratch, server: &Server, token: &str, args: &[&str]) -> std::process::Output {
    let file = scratch.file("token", token);
    let mut command = support::claimledger();
    command.args(["--url", &server.url, "--token-file", &file]).args(args).stdin(Stdio::null());
    command.output().expect("the binary runs")
}

#[test]
fn appends_resume_automatically_once_a_full_disk_has_space() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let disk = SmallDisk::mount(&place.path().join("disk"), 12);
    let scratch = Scratch::in_dir(&disk.at);
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "ingest,read,investigate");
    let server = scratch.serve();
    let (mut next, mut acknowledged) = (0, Vec::new());
    for _ in 0..20 {
        acknowledged.push((next, send(&server, &token, &fact(next, "u-alice")).expect("room")));
        next += 1;
    }
    assert_eq!(ready(&server).0, 200);
    // Twice, because the second failure uses the connections that the first recovery opened.
    for round in 0..2 {
        disk.fill();
        let (refused, (status, headers, body)) =
            send_until_refused(&server, &token, &mut next, &mut acknowledged);
        assert_eq!(status, 503, "{body}");
        assert!(header(&headers, "retry-after").is_some(), "{headers:?}");
        let message = body["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains("the disk is full") && message.contains("by itself"), "{message}");
        assert!(!message.contains("restart"), "{message}");
        let (status, body) = ready(&server);
        assert_eq!((status, parts(&body).contains(&"log")), (503, true), "{body}");
        assert!(!body.to_string().contains("acme"), "no tenant: {body}");
        // What it would show of records cannot be recorded, so it shows none.
        let refused_read = wait_for("a read that is refused", || {
            let query = "{ sessions { edges { node { id } } } }";
            match server.graphql_raw(&token, query, json!({})) {
                (503, body) => Ok(body),
                (status, body) => Err(format!("{status} {body}")),
            }
        });
        assert!(
            refused_read.contains("cannot be recorded in the access log")
                && refused_read.contains("the disk is full"),
            "{refused_read}"
        );
        let query = "{ status { problems { part why } } }";
        let status = server.graphql(&token, query, json!({}));
        let problems = status["status"]["problems"].as_array().expect("a list");
        let of_log = problems.iter().find(|problem| problem["part"] == "LOG");
        assert!(
            of_log.is_some_and(|problem| problem["why"]
                .as_str()
                .is_some_and(|why| why.contains("full"))),
            "{status}"
        );
        assert_eq!(ready(&server).0, 503, "as long as the disk is full");

        disk.make_room();
        wait_until_ready(&server);
        let position = send(&server, &token, &fact(refused, "u-alice"))
            .unwrap_or_else(|refused| panic!("round {round}: {refused:?}"));
        acknowledged.push((refused, position));
        check_whole(&server, &token, &acknowledged);
    }
    // A new process finds the same.
    drop(server);
    let server = scratch.serve();
    check_whole(&server, &token, &acknowledged);
}

/// Moves one file of a ledger to another file system and leaves a link.
pub(crate) fn move_file(ledger: &Path, disk: &SmallDisk, name: &str) {
    for end in ["", "-wal", "-shm"] {
        let (from, to) =
            (ledger.join(format!("{name}{end}")), disk.at.join(format!("{name}{end}")));
        if from.exists() {
            std::fs::copy(&from, &to).expect("copied");
            std::fs::remove_file(&from).expect("removed");
        }
    }
    std::os::unix::fs::symlink(disk.at.join(name), ledger.join(name)).expect("a link");
}

#[test]
fn read_models_on_a_full_disk_stop_and_report_it() {
    let scratch = Scratch::new();
    let disk = SmallDisk::mount(&scratch.data().with_file_name("views-disk"), 6);
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "ingest,read,investigate");
    move_file(&scratch.data(), &disk, "views");
    let server = scratch.serve();
    let mut acknowledged = vec![(0, send(&server, &token, &fact(0, "u-alice")).expect("room"))];
    assert_eq!(sessions(&server, &token)["answered"]["provisional"], false);
    disk.fill();
    let mut next = 1;
    let body = wait_for("the read models stand still", || {
        for _ in 0..50 {
            acknowledged.push((
                next,
                send(&server, &token, &fact(next, "u-alice")).expect("the log has room"),
            ));
            next += 1;
        }
        match ready(&server) {
            (503, body) => Ok(body),
            (status, body) => Err(format!("{status} {body}")),
        }
    });
    assert_eq!(parts(&body), ["projection"], "{body}");
    acknowledged
        .push((next, send(&server, &token, &fact(next, "u-alice")).expect("appends go on")));
    let answer = sessions(&server, &token);
    assert_eq!(answer["answered"]["provisional"], true, "{answer}");
    let (assessed, head) = (
        answer["status"]["assessedTo"].as_u64().unwrap(),
        answer["status"]["head"].as_u64().unwrap(),
    );
    assert!(assessed < head, "{answer}");
    assert_eq!(answer["status"]["problems"][0]["part"], "PROJECTION", "{answer}");
    let shown = remote(&scratch, &server, &token, &["sessions"]);
    let shown = text(&shown.stdout);
    assert!(
        shown.contains(&format!("read models are at position {assessed} of {head}")),
        "{shown}"
    );
    assert!(shown.contains("provisional") && !shown.contains("final"), "{shown}");
    let status = remote(&scratch, &server, &token, &["status"]);
    assert!(
        text(&status.stdout).contains("the disk is full"),
        "{}{}",
        text(&status.stdout),
        text(&status.stderr)
    );
    // A record that is not indexed yet is not reported as unknown.
    let unread = json!({"id": "unread", "type": "app.accessed",
        "occurred_at": "2026-03-10T10:00:00Z", "session": "unread",
        "subject": {"id": "u-unread"}, "data": {"app": "wiki"}});
    send(&server, &token, &unread.to_string()).expect("appends go on");
    for args in [
        &["session", "unread"][..],
        &["why", "unread"],
        &["timeline", "unread"],
        &["chain", "unread"],
        &["find", "unread"],
        &["decisions", "--session", "unread"],
        &["sessions", "--subject", "u-unread"],
        &["sessions", "--app", "nothing"],
        &["guard", "idp-x", "--deactivate"],
    ] {
        let said = remote(&scratch, &server, &token, args);
        let words = text(&said.stderr);
        assert_eq!(said.status.code(), Some(4), "{args:?}: {words}{}", text(&said.stdout));
        let at = format!(
            "up to #{}: the read models have not reached the end of the log, #",
            assessed - 1
        );
        assert!(words.contains(&at), "{args:?}: {words}");
    }
    for path in ["/session?id=unread", "/why?session=unread&factor=pwd"] {
        let (status, headers, page) =
            server.get(path, &[("authorization", &format!("Bearer {token}"))]);
        assert_eq!(status, 503, "{path} does not say that there is none: {page}");
        assert!(header(&headers, "retry-after").is_some(), "{headers:?}");
    }
    let unknown = server.graphql(
        &token,
        "{ session(id: \"unread\") { absence { code } answered { provisional } } }",
        json!({}),
    );
    assert_eq!(
        unknown["session"],
        json!({"absence": {"code": "LAGGING"}, "answered": {"provisional": true}})
    );
    // A K that they cover is final; a later one is refused.
    let at = |position: u64| {
        format!("{{ sessions(first: 1, asking: {{knownAtPosition: {position}}}) {{ {ANSWER} }} }}")
    };
    assert_eq!(
        server.graphql(&token, &at(assessed - 1), json!({}))["sessions"]["answered"]["provisional"],
        false
    );
    let (_, lagging) = server.graphql_raw(&token, &at(head - 1), json!({}));
    assert!(lagging.contains("LAGGING"), "{lagging}");

    disk.make_room();
    wait_until_ready(&server);
    check_whole(&server, &token, &acknowledged);
    assert_eq!(remote(&scratch, &server, &token, &["session", "unread"]).status.code(), Some(0));
    assert_eq!(
        remote(&scratch, &server, &token, &["session", "nobody"]).status.code(),
        Some(1),
        "at the head it is said"
    );
}

#[test]
fn keys_on_a_full_disk_block_facts_that_need_a_new_one() {
    let scratch = Scratch::new();
    let disk = SmallDisk::mount(&scratch.data().with_file_name("keys-disk"), 2);
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "ingest,read,investigate");
    move_file(&scratch.data(), &disk, "keys");
    let server = scratch.serve();
    let acknowledged = vec![(0, send(&server, &token, &fact(0, "u-alice")).expect("room"))];
    disk.fill();
    let mut persons = 0;
    let (status, _, body) = loop {
        persons += 1;
        assert!(persons < 20_000, "the disk did not fill");
        if let Err(refused) =
            send(&server, &token, &fact(1_000_000 + persons, &format!("u-{persons}")))
        {
            break refused;
        }
    };
    assert_eq!(status, 503, "{body}");
    assert!(
        body["error"]["message"]
            .as_str()
            .is_some_and(|message| message.contains("`keys`") && message.contains("full")),
        "{body}"
    );
    let (status, body) = ready(&server);
    assert_eq!((status, parts(&body)), (503, vec!["log"]), "{body}");

    disk.make_room();
    wait_until_ready(&server);
    let again = fact(1_000_000 + persons, &format!("u-{persons}"));
    let position = send(&server, &token, &again).expect("room");
    assert_eq!(send(&server, &token, &again).expect("the same again"), position);
    check_whole(&server, &token, &acknowledged);
    let found = server.graphql(
        &token,
        &format!(
            "{{ sessions(filter: {{subject: \"u-{persons}\"}}) {{ edges {{ node {{ id }} }} }} }}"
        ),
        json!({}),
    );
    assert_eq!(
        found["sessions"]["edges"].as_array().map(Vec::len),
        Some(1),
        "the key that was made durable is the one it is sealed under"
    );
}

/// The same without a mount: a limit on the size of files fails writes with another error, which
/// SQLite calls an I/O error.
#[test]
fn appends_resume_after_errors_of_the_disk() {
    let prlimit = tool("prlimit");
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "ingest,read,investigate");
    // An ignored signal stays ignored after `exec`. Otherwise a write past the limit would end the
    // process.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_claimledger")]);
    let server = Server::start_by(shell, &scratch.data(), &[]);
    let limit = |bytes: &str| {
        let set = Command::new(&prlimit)
            .args(["--pid", &server.pid().to_string(), &format!("--fsize={bytes}:")])
            .status();
        assert!(set.expect("prlimit runs").success());
    };
    let (mut next, mut acknowledged) =
        (1, vec![(0, send(&server, &token, &fact(0, "u-alice")).expect("room"))]);
    for round in 0..3 {
        limit("131072");
        let (refused, (status, _, body)) =
            send_until_refused(&server, &token, &mut next, &mut acknowledged);
        assert_eq!(status, 503, "round {round}: {body}");
        assert!(sessions(&server, &token)["status"]["head"].as_u64() > Some(0), "reads go on");
        limit("unlimited");
        wait_until_ready(&server);
        let position = send(&server, &token, &fact(refused, "u-alice"))
            .unwrap_or_else(|refused| panic!("round {round}: {refused:?}"));
        acknowledged.push((refused, position));
    }
    check_whole(&server, &token, &acknowledged);
}
