//! Damaged files: flipped bits, and files that are missing, truncated or owned by another user. An
//! answer equals that of the undamaged ledger, or it is refused with status 5 and the name of the
//! damage; never another answer, never "make a ledger", never "try again later".

use crate::support::{self, Scratch, Server, claimledger, text};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Number of flipped bits per file.
const FLIPS: u64 = 300;
/// Maximum programs that run at the same time.
const AT_ONCE: usize = 2;

const QUESTIONS: &[&[&str]] = &[
    &["status"],
    &["sessions", "--first", "100", "--at", "2026-03-10T15:00:00Z"],
    &["why", "S3", "--app", "payroll"],
    &["decisions", "--at", "2026-03-10T15:00:00Z"],
    &["session", "S5", "--at", "2026-03-10T15:00:00Z"],
    &["find", "carol@acme.example"],
    &["sessions", "--retracted", "--at", "2026-03-10T15:00:00Z"],
    &["timeline", "S2"],
    &["completeness", "--at", "2026-03-10T15:00:00Z"],
    &["watch", "--known-at", "0", "--first", "40"],
    &["reused"],
    &["trust"],
];

/// A closed ledger with the day of the demo, and its answers.
struct Good {
    scratch: Scratch,
    answers: Vec<(Option<i32>, String)>,
}

impl Good {
    fn new() -> Self {
        let scratch = Scratch::rehearsal(&["acme"]);
        let acme = support::fixture::dir().join("acme.jsonl");
        scratch.ok(&["ingest", acme.to_str().expect("UTF-8")]);
        scratch.ok(&[
            "ingest",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/okta-system-log.jsonl"),
            "--as",
            "okta-system-log",
            "--source",
            "okta-acme",
        ]);
        scratch.ok(&["status"]);
        for file in ["log", "keys", "state", "views"] {
            without_free_pages(&scratch.data().join(file));
        }
        let answers =
            QUESTIONS.iter().map(|question| said(&ask(&scratch.data(), question))).collect();
        Self { scratch, answers }
    }

    /// A copy of its files.
    fn copy(&self) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = dir.path().join("ledger");
        copy(&self.scratch.data(), &data);
        (dir, data)
    }

    /// The error in the answer to a question, if there is one.
    fn judge(&self, question: usize, out: &Output) -> Verdict {
        let (code, mut stdout) = said(out);
        // The status after a rebuild ends with its report.
        if let Some((before, _)) = stdout.split_once("Last rebuild: ") {
            stdout = before.to_owned();
        }
        if (code, stdout) == self.answers[question] {
            return Verdict::Equal;
        }
        let stderr = text(&out.stderr);
        let named = ["damaged", "is missing"].iter().any(|word| stderr.contains(word));
        let misleading =
            ["init --tenant", "later", "panicked"].iter().any(|word| stderr.contains(word));
        match out.status.code() {
            Some(5) if named && !misleading => Verdict::Damaged,
            code => {
                let expected = &self.answers[question].1;
                let first = text(&out.stdout)
                    .lines()
                    .zip(expected.lines())
                    .find(|(one, other)| one != other)
                    .map(|(one, _)| one.to_owned());
                Verdict::Wrong(format!(
                    "{:?}: status {code:?}, {} first other line {first:?}",
                    QUESTIONS[question],
                    stderr.trim()
                ))
            }
        }
    }
}

/// Only pages in use have bits to flip.
pub(crate) fn without_free_pages(file: &Path) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        use sqlx::Connection as _;
        let mut connection = sqlx::SqliteConnection::connect(file.to_str().expect("UTF-8"))
            .await
            .expect("the file opens");
        sqlx::query("VACUUM").execute(&mut connection).await.expect("it is vacuumed");
        connection.close().await.expect("it closes");
    });
}

enum Verdict {
    Equal,
    Damaged,
    Wrong(String),
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

pub(crate) fn ask(data: &Path, question: &[&str]) -> Output {
    claimledger()
        .arg("--data")
        .arg(data)
        .args(question)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn said(out: &Output) -> (Option<i32>, String) {
    (out.status.code(), text(&out.stdout))
}

/// SplitMix64: the same bits in every run.
pub(crate) fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(crate) fn flip(path: &Path, bit: u64) {
    let mut bytes = std::fs::read(path).expect("the file");
    bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    std::fs::write(path, bytes).expect("writing");
}

/// Runs each case on one of [`AT_ONCE`] threads; returns the errors.
pub(crate) fn each_case(cases: u64, case: impl Fn(u64) -> Vec<String> + Sync) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed) as u64;
                    if n >= cases {
                        return;
                    }
                    let found = case(n);
                    wrong.lock().expect("nobody panicked").extend(found);
                }
            });
        }
    });
    wrong.into_inner().expect("nobody panicked")
}

/// Flips one bit at a time in a copy and asks some questions after each.
fn flipped_bits(good: &Good, file: &str, questions: usize, heals: bool) {
    let bits = std::fs::metadata(good.scratch.data().join(file)).expect("the file").len() * 8;
    let (equal, damaged) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let began = Instant::now();
    let wrong = each_case(FLIPS, |n| {
        let bit = mix(n ^ bits << 20) % bits;
        let (_dir, data) = good.copy();
        flip(&data.join(file), bit);
        let mut wrong = Vec::new();
        let mut look = |question: usize, after: &str| match good
            .judge(question, &ask(&data, QUESTIONS[question]))
        {
            Verdict::Equal => _ = equal.fetch_add(1, Ordering::Relaxed),
            Verdict::Damaged if after.is_empty() => _ = damaged.fetch_add(1, Ordering::Relaxed),
            Verdict::Damaged => wrong.push(format!("{file}, bit {bit}: still damaged {after}")),
            Verdict::Wrong(what) => {
                wrong.push(format!("{file}, bit {bit} (byte {}): {what} {after}", bit / 8))
            }
        };
        for step in 0..questions {
            look((n as usize + step * 5) % QUESTIONS.len(), "");
        }
        if heals && n.is_multiple_of(30) {
            let rebuilt = ask(&data, &["rebuild"]);
            if rebuilt.status.success() {
                (0..QUESTIONS.len()).for_each(|question| look(question, "after a rebuild"));
            } else {
                wrong.push(format!(
                    "{file}, bit {bit}: rebuild {:?} {}",
                    rebuilt.status.code(),
                    text(&rebuilt.stderr)
                ));
            }
        }
        wrong
    });
    let (equal, damaged) = (equal.into_inner(), damaged.into_inner());
    println!(
        "{file}: {FLIPS} flipped bits, {equal} answers equal, {damaged} damaged, {} wrong, {:?}",
        wrong.len(),
        began.elapsed()
    );
    assert!(wrong.is_empty(), "{} wrong answers\n{}", wrong.len(), wrong.join("\n"));
    assert!(damaged > 0, "no damage of {file} was noticed: the test is too tame");
}

#[test]
pub(crate) fn flipped_bits_give_the_same_answer_or_are_reported_as_damage() {
    let good = Good::new();
    flipped_bits(&good, "views", 2, true);
    flipped_bits(&good, "log", 2, false);
    flipped_bits(&good, "keys", 1, false);
    flipped_bits(&good, "state", 1, false);
    flipped_bits(&good, "master.key", 1, false);
}

/// The files after a kill: write-ahead logs without a checkpoint.
#[test]
pub(crate) fn flipped_bits_of_write_ahead_logs_lose_nothing_unnoticed() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let facts = support::fixture::facts("acme").into_bytes();
    let server = scratch.serve();
    let token = scratch_token(&scratch);
    let (status, body) = server.post("/v1/facts", Some(&token), "application/x-ndjson", &facts);
    assert!(status < 300, "{status} {body}");
    let size = settled(&server, &token);
    server.kill();
    for name in ["log-wal", "views-wal"] {
        assert!(
            std::fs::metadata(scratch.data().join(name)).is_ok_and(|file| file.len() > 0),
            "{name} is left"
        );
    }
    let answers = {
        let copied = tempfile::tempdir().expect("a temporary directory");
        copy(&scratch.data(), &copied.path().join("ledger"));
        QUESTIONS
            .iter()
            .map(|question| said(&ask(&copied.path().join("ledger"), question)))
            .collect()
    };
    let good = Good { scratch, answers };
    assert!(good.answers[0].1.contains(&format!("{size} records")), "{}", good.answers[0].1);
    for name in ["log-wal", "views-wal"] {
        let bits = std::fs::metadata(good.scratch.data().join(name)).expect("the file").len() * 8;
        let wrong = each_case(40, |n| {
            let (_dir, data) = good.copy();
            flip(&data.join(name), mix(n) % bits);
            let question = n as usize % QUESTIONS.len();
            match good.judge(question, &ask(&data, QUESTIONS[question])) {
                Verdict::Wrong(what) => vec![format!("{name}, bit {}: {what}", mix(n) % bits)],
                Verdict::Equal | Verdict::Damaged => Vec::new(),
            }
        });
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    // Without the whole write-ahead log the read models cover records that the log does not have.
    let (_dir, data) = good.copy();
    std::fs::remove_file(data.join("log-wal")).expect("it is there");
    let _ = std::fs::remove_file(data.join("log-shm"));
    for (n, question) in QUESTIONS.iter().enumerate() {
        assert!(matches!(good.judge(n, &ask(&data, question)), Verdict::Damaged), "{question:?}");
    }
}

fn scratch_token(scratch: &Scratch) -> String {
    std::fs::read_to_string(scratch.data().join("acme.operator-token"))
        .expect("the operator's token")
        .trim()
        .to_owned()
}

/// Waits until the read models cover the log; returns the size of the log.
fn settled(server: &Server, token: &str) -> u64 {
    let began = Instant::now();
    loop {
        let asked = server.graphql(
            token,
            "{ sessions(first: 1) { status { head assessedTo } } }",
            Value::Null,
        );
        let status = &asked["sessions"]["status"];
        let (head, assessed) = (status["head"].as_u64(), status["assessedTo"].as_u64());
        if head == assessed && head > Some(1) {
            return head.unwrap_or_default();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{status}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_missing_or_truncated_file_is_named() {
    let good = Good::new();
    let cut = |path: &Path, bytes: u64| {
        let file = std::fs::OpenOptions::new().write(true).open(path).expect("the file");
        file.set_len(bytes).expect("it is cut");
    };
    for file in ["log", "keys", "master.key", "views"] {
        let length = std::fs::metadata(good.scratch.data().join(file)).expect("the file").len();
        for (name, left) in [
            ("gone", None),
            ("emptied", Some(0)),
            ("cut in half", Some(length / 2)),
            ("cut by a byte", Some(length - 1)),
        ] {
            let (_dir, data) = good.copy();
            match left {
                None => std::fs::remove_file(data.join(file)).expect("it is there"),
                Some(bytes) => cut(&data.join(file), bytes),
            }
            for question in [0, 1, 5, 9] {
                let verdict = good.judge(question, &ask(&data, QUESTIONS[question]));
                // The next command rebuilds missing read models.
                let fine = if file == "views" {
                    matches!(verdict, Verdict::Equal | Verdict::Damaged)
                } else {
                    matches!(verdict, Verdict::Damaged)
                };
                let said = match verdict {
                    Verdict::Wrong(what) => what,
                    Verdict::Equal => "the same answer".to_owned(),
                    Verdict::Damaged => "damaged".to_owned(),
                };
                assert!(fine, "{file} {name}: {said}");
            }
            let init = ask(&data, &["init", "--tenant", "other"]);
            assert!(
                file == "views" || init.status.code() == Some(5),
                "{file} {name}: init {:?} {}",
                init.status.code(),
                text(&init.stderr)
            );
            if file == "views" {
                let rebuilt = ask(&data, &["--tenant", "acme", "rebuild"]);
                assert!(rebuilt.status.success(), "{name}: {}", text(&rebuilt.stderr));
                assert!(
                    matches!(good.judge(1, &ask(&data, QUESTIONS[1])), Verdict::Equal)
                        || init.status.success(),
                    "{name}"
                );
            }
        }
    }
    let (_dir, data) = good.copy();
    std::fs::write(data.join("views"), "no database at all").expect("writing");
    let rebuilt = ask(&data, &["rebuild"]);
    assert!(rebuilt.status.success(), "{}", text(&rebuilt.stderr));
    assert!(
        text(&rebuilt.stdout).contains("was damaged")
            && text(&rebuilt.stdout).contains("it was deleted"),
        "{}",
        text(&rebuilt.stdout)
    );
    assert!((0..QUESTIONS.len()).all(|question| matches!(
        good.judge(question, &ask(&data, QUESTIONS[question])),
        Verdict::Equal
    )));
}

/// No record depends on the file: without it every answer is the same, and its damage is named.
#[test]
fn a_missing_state_changes_no_answer_and_a_truncated_one_is_named() {
    let good = Good::new();
    let length = std::fs::metadata(good.scratch.data().join("state")).expect("the file").len();
    for (left, is_damage) in [(None, false), (Some(0), false), (Some(length - 1), true)] {
        let (_dir, data) = good.copy();
        let path = data.join("state");
        match left {
            None => std::fs::remove_file(&path).expect("it is there"),
            Some(bytes) => {
                let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file");
                file.set_len(bytes).expect("it is cut");
            }
        }
        for question in [0, 1, 5] {
            let out = ask(&data, QUESTIONS[question]);
            match good.judge(question, &out) {
                Verdict::Equal => assert!(!is_damage, "{left:?}"),
                Verdict::Damaged => {
                    assert!(is_damage, "{left:?}: {}", text(&out.stderr));
                    assert!(text(&out.stderr).contains("state is damaged"), "{left:?}");
                }
                Verdict::Wrong(what) => panic!("{left:?}: {what}"),
            }
        }
    }
}

#[test]
fn a_directory_of_another_user_is_reported_as_such() {
    let setpriv = support::tool("setpriv");
    let superuser = std::fs::metadata("/proc/self")
        .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    assert!(superuser, "only the superuser can run the program as another user");
    let good = Good::new();
    let (dir, data) = good.copy();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).expect("permissions");
    // The other user must be able to execute the program.
    let program = dir.path().join("claimledger");
    std::fs::copy(env!("CARGO_BIN_EXE_claimledger"), &program).expect("a copy");
    let as_another = |question: &[&str]| -> Output {
        let mut command = Command::new(&setpriv);
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(&program)
            .arg("--data")
            .arg(&data);
        command.args(question).env("NO_COLOR", "1").stdin(Stdio::null()).output().expect("it runs")
    };
    // First without access to the directory, then with access to it but not to the files.
    for mode in [0o700, 0o755] {
        std::fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(mode))
            .expect("permissions");
        for file in ["log", "keys", "state", "views", "master.key"] {
            std::fs::set_permissions(
                data.join(file),
                std::os::unix::fs::PermissionsExt::from_mode(0o600),
            )
            .expect("permissions");
        }
        for question in [
            QUESTIONS[0],
            QUESTIONS[1],
            &["serve", "--listen", "127.0.0.1:0"],
            &["rebuild"],
            &["init", "--tenant", "acme"],
        ] {
            let out = as_another(question);
            let stderr = text(&out.stderr);
            assert_eq!(out.status.code(), Some(4), "{mode:o} {question:?}: {stderr}");
            assert!(
                stderr.contains("belongs to user 0") && stderr.contains("permission denied"),
                "{mode:o} {question:?}: {stderr}"
            );
            assert!(!stderr.contains("init --tenant"), "{stderr}");
        }
    }
}

/// The offset of some bytes in a file.
fn find(path: &Path, what: &[u8]) -> u64 {
    let bytes = std::fs::read(path).expect("the file");
    bytes
        .windows(what.len())
        .position(|window| window == what)
        .unwrap_or_else(|| panic!("{what:?} is in {}", path.display())) as u64
}

/// Waits until `/readyz` says that something is damaged.
fn until_not_ready(server: &Server) -> String {
    let began = Instant::now();
    loop {
        let (status, _, body) = server.get("/readyz", &[]);
        if status == 503 {
            return body;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{status} {body}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_server_detects_and_reports_a_damaged_record_in_the_background() {
    let good = Good::new();
    let (_dir, data) = good.copy();
    // In the middle of the log, in the header of a record of a session: neither a start nor an
    // append reads it.
    let at = find(&data.join("log"), b"S1-start");
    flip(&data.join("log"), at * 8);
    let status = ask(&data, &["status"]);
    assert_eq!(status.status.code(), Some(5), "{}", text(&status.stdout));
    assert!(text(&status.stderr).contains("the log is damaged at"), "{}", text(&status.stderr));
    let server = Server::start(&data);
    let body = until_not_ready(&server);
    assert!(body.contains("damage") && body.contains("`log`"), "{body}");
    let file = data.join("acme.operator-token");
    let asked = claimledger()
        .args(["--url", &server.url, "status", "--token-file"])
        .arg(&file)
        .output()
        .expect("the binary runs");
    assert_eq!(asked.status.code(), Some(5), "{}", text(&asked.stdout));
    assert!(text(&asked.stderr).contains("the log "), "{}", text(&asked.stderr));
    let token = std::fs::read_to_string(file).expect("the token");
    let (status, body) =
        server.graphql_raw(token.trim(), "{ record(id: 4) { position } }", Value::Null);
    assert!(status == 200 || status == 500, "{status} {body}");
}

#[test]
fn a_server_starts_with_damaged_read_models_and_rebuilds_them() {
    let good = Good::new();
    // One bit in each place of the text. A page may keep bytes of an older one that no row uses:
    // there the answer is the same; in a row it is reported.
    let views = std::fs::read(good.scratch.data().join("views")).expect("the file");
    let places = (0..views.len()).filter(|at| views[*at..].starts_with(b"as-S3"));
    let damaged: Vec<_> = places
        .filter_map(|at| {
            let (dir, data) = good.copy();
            flip(&data.join("views"), at as u64 * 8);
            match good.judge(1, &ask(&data, QUESTIONS[1])) {
                Verdict::Equal => None,
                Verdict::Damaged => Some((dir, data)),
                Verdict::Wrong(what) => panic!("at byte {at}: {what}"),
            }
        })
        .collect();
    let (_dir, data) = damaged.into_iter().next().expect("a row that the question reads");
    assert_eq!(ask(&data, QUESTIONS[1]).status.code(), Some(5));
    let server = Server::start(&data);
    let token = std::fs::read_to_string(data.join("acme.operator-token"))
        .expect("the token")
        .trim()
        .to_owned();
    settled(&server, &token);
    assert_eq!(server.get("/readyz", &[]).0, 200);
    drop(server);
    assert!((0..QUESTIONS.len()).all(|question| matches!(
        good.judge(question, &ask(&data, QUESTIONS[question])),
        Verdict::Equal
    )));
}
