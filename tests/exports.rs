//! Lists as files: the same by every door, resumable, limited, checked, and for the roles that may.

use crate::support::{Scratch, Server, text};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::{Duration, Instant},
};

const CUT: [&str; 4] = ["--at", "2026-03-10T23:00:00Z", "--known-at", "82"];

/// Every list, as a command and as an address.
const LISTS: [(&[&str], &str); 6] = [
    (&["sessions"], "sessions?"),
    (&["sessions", "--idp", "idp-x", "--ended=true"], "sessions?idp=idp-x&ended=true&"),
    (&["decisions", "--app", "payroll"], "decisions?app=payroll&"),
    (&["timeline", "S2"], "timeline?session=S2&order=occurred&"),
    (&["trust"], "trust?"),
    (&["policies", "--policy", "payroll"], "policies?policy=payroll&"),
];

fn path(file: &Path) -> &str {
    file.to_str().expect("a UTF-8 path")
}

fn manifest_of(file: &Path) -> Value {
    let text = std::fs::read_to_string(format!("{}.manifest.json", path(file)));
    serde_json::from_str(&text.expect("a manifest")).expect("JSON")
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A GET with a token; status, headers and body.
fn get(server: &Server, token: &str, address: &str) -> (u16, Vec<(String, String)>, String) {
    server.get(address, &[("authorization", &bearer(token))])
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> &'h str {
    headers.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
}

#[test]
fn a_file_is_the_same_by_every_door_and_its_manifest_fits() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read,investigate,export");
    let local = |args: &[&str], format: &str, name: &str| {
        let file = scratch.path(name);
        let mut all = vec!["--tenant", "acme"];
        all.extend(CUT);
        all.push("export");
        all.extend(args);
        all.extend(["--as", format, "--output", path(&file)]);
        scratch.ok(&all);
        file
    };
    let mut files: Vec<(PathBuf, &str, &[&str], &str)> = Vec::new();
    for (index, (args, address)) in LISTS.into_iter().enumerate() {
        for format in ["csv", "jsonl"] {
            files.push((local(args, format, &format!("{index}.{format}")), format, args, address));
        }
    }
    let server = scratch.serve();
    let token_file = scratch.file("token", &token);
    for (file, format, args, address) in files {
        let bytes = std::fs::read_to_string(&file).expect("the file");
        let manifest = manifest_of(&file);
        assert!(manifest["rows"].as_u64().is_some_and(|rows| rows > 0), "{manifest}");
        // The command line, of a server.
        let other = scratch.path(&format!("{}.remote", path(&file)));
        let mut all = vec!["--url", &server.url, "--token-file", &token_file];
        all.extend(CUT);
        all.push("export");
        all.extend(args);
        all.extend(["--as", format, "--output", path(&other)]);
        scratch.ok(&all);
        assert_eq!(std::fs::read_to_string(&other).expect("the file"), bytes, "{args:?}");
        let mut of_server = manifest_of(&other);
        of_server["file"]["name"] = manifest["file"]["name"].clone();
        of_server["verify"] = manifest["verify"].clone();
        assert_eq!(of_server, manifest);
        // HTTP.
        let address =
            format!("/v1/export/{address}as={format}&at=2026-03-10T23:00:00Z&knownAtPosition=82");
        let (status, headers, body) = get(&server, &token, &address);
        assert_eq!((status, body.as_str()), (200, bytes.as_str()), "{address}");
        let list = args[0];
        let name = format!("{list}-82.{format}");
        assert!(header(&headers, "content-disposition").contains(&name), "{headers:?}");
        let link = header(&headers, "link");
        let link = link.strip_prefix('<').and_then(|link| link.split_once('>')).expect("a link").0;
        let (status, _, body) = get(&server, &token, link);
        assert_eq!(status, 200, "{link}: {body}");
        let mut linked: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(linked["file"]["name"], name);
        linked["file"]["name"] = manifest["file"]["name"].clone();
        linked["verify"] = manifest["verify"].clone();
        assert_eq!(linked, manifest, "{link}");
        scratch.ok(&["export", "verify", path(&file)]);
    }
}

#[test]
fn an_export_needs_its_role_and_those_of_what_it_shows() {
    let scratch = Scratch::fixture();
    let tokens = ["read", "export", "read,export", "investigate,export"]
        .map(|roles| scratch.token("acme", roles));
    let other = scratch.token("globex", "read,export");
    let server = scratch.serve();
    let [reader, exporter, both, sees_labels] = &tokens;
    let needs = |token: &str, address: &str| {
        let (status, _, body) = get(&server, token, &format!("/v1/export/{address}"));
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((status, &body["error"]["code"]), (403, &json!("forbidden")), "{body}");
        body["error"]["needs"].as_str().expect("a role").to_owned()
    };
    for list in ["sessions?", "decisions?", "timeline?session=S1&", "trust?", "policies?"] {
        for sent in ["as=csv", "as=pages", "as=jsonl&part=manifest"] {
            assert_eq!(needs(reader, &format!("{list}{sent}")), "export");
            assert_eq!(needs(exporter, &format!("{list}{sent}")), "read");
            assert_eq!(needs(both, &format!("{list}labels=true&{sent}")), "investigate");
        }
    }
    let labels = "/v1/export/sessions?as=csv&labels=true";
    assert!(get(&server, sees_labels, labels).2.contains("alice@acme.example"));
    let plain = get(&server, both, "/v1/export/sessions?as=csv").2;
    assert!(plain.contains("S1,") && !plain.contains("alice"), "{plain}");
    assert_eq!(server.get("/v1/export/sessions?as=csv", &[]).0, 401);
    // The tenant is the credential's.
    let globex = get(&server, &other, "/v1/export/sessions?as=csv").2;
    assert_eq!(globex.lines().count(), 2, "{globex}");
    assert!(globex.contains("GX1") && !globex.contains("S1,"), "{globex}");
    // And on the command line.
    let token_file = scratch.file("token", reader);
    let out = scratch.run(&[
        "--url",
        &server.url,
        "--token-file",
        &token_file,
        "export",
        "sessions",
        "--as",
        "csv",
        "--output",
        path(&scratch.path("out.csv")),
    ]);
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("needs the role export"), "{}", text(&out.stderr));
    assert!(!scratch.path("out.csv.part").exists());
}

#[test]
fn what_an_address_may_not_say_is_refused() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read,investigate,export");
    let server = scratch.serve();
    let check = |address: &str, part: &str| {
        let (status, _, body) = get(&server, &token, &format!("/v1/export/{address}"));
        assert_eq!(status, 422, "{address}: {body}");
        assert!(body.contains(part), "{address}: {body}");
    };
    check("secrets?as=csv", "no list that can be exported");
    check("sessions?as=xml", "csv");
    check("sessions", "csv");
    check("sessions?as=csv&ap=payroll", "ap is no parameter");
    check("sessions?as=csv&app=a&app=b", "given twice");
    check("sessions?as=csv&subject=alice@acme.example", "pseudonym");
    check("decisions?as=csv&outcome=maybe", "outcome");
    check("sessions?as=csv&timeZone=CET", "timeZone");
    check("sessions?as=parquet&timeZone=%2B01:00", "in UTC");
    check("sessions?as=csv&events=true", "ocsf");
    check("timeline?as=ocsf&session=S1", "no events");
    check("sessions?as=csv&sample=3", "seed");
    check("sessions?as=csv&sample=10001&seed=1", "10000 is the limit");
    check("sessions?as=csv&limit=7", "more than 7 rows");
    check("sessions?as=csv&limit=0", "more than 0 rows");
    check("sessions?as=csv&knownAtPosition=9999", "past the head");
    check("sessions?as=pages&after=x", "cursor");
    check("timeline?as=csv", "session");
    let marked = get(&server, &token, "/v1/export/sessions?as=jsonl&limit=7&limitMarked=true").2;
    assert!(marked.ends_with("}\n{\"stopped_at_limit\":7}\n"), "{marked}");
    assert_eq!(get(&server, &token, "/v1/export/sessions?as=csv&limit=8").0, 200);
}

#[test]
fn an_empty_list_is_a_file_only_where_none_may_be_said() {
    let scratch = Scratch::fixture();
    let run = |args: &[&str], name: &str| {
        let file = scratch.path(name);
        let all =
            [&["--tenant", "acme", "export"], args, &["--as", "csv", "--output", path(&file)]];
        (scratch.run(&all.concat()), file)
    };
    let (none, file) = run(&["decisions", "--app", "payroll", "--idp", "idp-z"], "none.csv");
    assert_eq!(none.status.code(), Some(0), "{}", text(&none.stderr));
    assert_eq!(std::fs::read_to_string(&file).expect("a file").lines().count(), 1);
    assert_eq!(manifest_of(&file)["absence"]["code"], "none");
    for unknown in [&["timeline", "S99"][..], &["trust", "--idp", "nobody"]] {
        let (out, file) = run(unknown, "unknown.csv");
        assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
        assert!(text(&out.stderr).contains("is known"), "{}", text(&out.stderr));
        assert!(!file.exists());
    }
}

#[test]
fn the_timeline_of_an_unknown_session_is_not_found_over_http() {
    let scratch = Scratch::fixture();
    let bearer = format!("Bearer {}", scratch.token("acme", "read,export"));
    let server = scratch.serve();
    // Unknown, and of another tenant.
    for session in ["S99", "GX1"] {
        for part in ["", "&part=manifest"] {
            let path = format!("/v1/export/timeline?as=csv&session={session}{part}");
            let (status, _, said) = server.get(&path, &[("authorization", &bearer)]);
            assert_eq!(status, 404, "{session}: {said}");
            let said: Value = serde_json::from_str(&said).expect("JSON");
            let error =
                json!({"code": "not_found", "message": format!("No session {session} is known.")});
            assert_eq!(said["error"], error);
        }
    }
}

#[test]
fn the_verifier_names_what_differs_without_a_ledger() {
    let scratch = Scratch::fixture();
    let file = scratch.path("s.csv");
    let args = ["--tenant", "acme", "export", "sessions", "--as", "csv", "--output", path(&file)];
    scratch.ok(&args);
    let whole = std::fs::read_to_string(&file).expect("the file");
    let lines: Vec<&str> = whole.lines().collect();
    let verify = |content: &str| -> (Option<i32>, Vec<Value>) {
        std::fs::write(&file, content).expect("a file");
        // No ledger is named.
        let out = crate::support::claimledger()
            .args(["--format", "json", "export", "verify", path(&file)])
            .output()
            .expect("the binary runs");
        let told: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        (out.status.code(), told["differences"].as_array().expect("a list").clone())
    };
    let with = |lines: &[&str]| format!("{}\n", lines.join("\n"));
    assert_eq!(verify(&whole), (Some(0), vec![]));
    let changed = whole.replacen("logout", "expiry", 1);
    let (status, found) = verify(&changed);
    assert_eq!((status, found.len()), (Some(1), 1), "{found:?}");
    assert!(found[0].as_str().is_some_and(|words| words.starts_with("row 2 differs: S1,")));
    let mut dropped = lines.clone();
    dropped.remove(4);
    assert_eq!(verify(&with(&dropped)), (Some(1), vec![json!("row 4 is missing")]));
    let mut swapped = lines.clone();
    swapped.swap(2, 6);
    let (status, found) = verify(&with(&swapped));
    assert_eq!((status, found.len()), (Some(1), 2), "{found:?}");
    assert!(found[0].as_str().is_some_and(|words| words.starts_with("row 2 was moved")));
    std::fs::remove_file(format!("{}.manifest.json", path(&file))).expect("removed");
    assert_eq!(scratch.run(&["export", "verify", path(&file)]).status.code(), Some(2));
}

/// The same rows in a format that is no text, by every door.
#[test]
fn parquet_is_the_same_by_every_door_and_its_rows_are_named() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read,export");
    let token_file = scratch.file("token", &token);
    let [whole, other] = ["s.parquet", "other.parquet"].map(|name| scratch.path(name));
    let mut args = vec!["--tenant", "acme"];
    args.extend(CUT);
    args.extend(["export", "sessions", "--as", "parquet", "--output"]);
    scratch.ok(&[&args[..], &[path(&whole)]].concat());
    let bytes = std::fs::read(&whole).expect("the file");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    let server = scratch.serve();
    let mut remote = vec!["--url", &server.url, "--token-file", &token_file];
    remote.extend(&args[2..]);
    scratch.ok(&[&remote[..], &[path(&other)]].concat());
    assert!(std::fs::read(&other).expect("the file") == bytes, "over HTTP");
    let address = "sessions?as=parquet&at=2026-03-10T23:00:00Z&knownAtPosition=82";
    let url = format!("{}/v1/export/{address}", server.url);
    let answer = ureq::get(&url).header("authorization", bearer(&token)).call();
    let body = answer.expect("an answer").body_mut().read_to_vec().expect("a body");
    assert!(body == bytes, "by address");
    drop(server);
    // What was begun is written again from its begin.
    let killed = scratch.path("killed.parquet");
    let limited = scratch.run(&[&args[..], &[path(&killed), "--limit", "3"]].concat());
    assert_eq!(limited.status.code(), Some(3));
    scratch.ok(&[&args[..], &[path(&killed), "--resume"]].concat());
    assert!(std::fs::read(&killed).expect("the file") == bytes, "resumed");
    // A marked part says so in its metadata, and is verified.
    let marked = scratch.path("marked.parquet");
    let limit = ["--limit", "3", "--limit-marked"];
    scratch.ok(&[&args[..], &[path(&marked)], &limit].concat());
    let part = std::fs::read(&marked).expect("the file");
    assert!(text(&part).contains("stopped at the limit of 3 rows"));
    scratch.ok(&["export", "verify", path(&marked)]);
    // A file of fewer rows under this manifest: the rows that are missing are named.
    std::fs::write(&whole, part).expect("a file");
    let out = scratch.run(&["export", "verify", path(&whole)]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stdout).contains("row 8 is missing"), "{}", text(&out.stdout));
}

/// Prints what the schema of OCSF refuses of the lines of a file.
const OCSF: &str = r#"
import json, sys
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.8.0"))
for line in open(sys.argv[1]):
    event = json.loads(line)
    assert event["metadata"]["version"] == "1.8.0"
    name = schema.lookup_class_name_from_uid(class_uid=event["class_uid"])
    profiles = event["metadata"].get("profiles", [])
    checked = schema.get_class_schema(class_name=name, profiles=profiles)
    for error in Draft202012Validator(checked).iter_errors(event):
        print(list(error.path), error.message[:200])
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        print("type_uid", event["type_uid"])
print("checked")
"#;

#[test]
fn events_of_ocsf_follow_its_schema_and_hold_the_honored_factors() {
    let scratch = Scratch::fixture();
    let python = crate::support::ocsf_python();
    let export = |args: &[&str], name: &str| -> Vec<Value> {
        let file = scratch.path(name);
        let mut all = vec!["--tenant", "acme"];
        all.extend(CUT);
        all.push("export");
        all.extend(args);
        all.extend(["--as", "ocsf", "--output", path(&file)]);
        scratch.ok(&all);
        scratch.ok(&["export", "verify", path(&file)]);
        let checked = std::process::Command::new(&python).args(["-c", OCSF, path(&file)]).output();
        let checked = checked.expect("python runs");
        let said = format!("{}{}", text(&checked.stdout), text(&checked.stderr));
        assert_eq!(said, "checked\n", "{args:?}");
        let lines = std::fs::read_to_string(&file).expect("the file");
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let sessions = export(&["sessions", "--labels"], "sessions");
    assert_eq!(sessions.len(), 8);
    assert!(sessions.iter().all(|event| event["type_uid"] == 300_201));
    let decisions = export(&["decisions", "--app", "payroll"], "decisions");
    let s3 = decisions.iter().find(|event| event["session"]["uid"] == "S3").expect("S3");
    assert_eq!(s3["time"], 1_773_148_804_000_u64, "2026-03-10T13:20:04Z in milliseconds");
    assert_eq!([&s3["action_id"], &s3["disposition_id"], &s3["status_id"]], [1, 1, 1]);
    assert_eq!(
        s3["auth_factors"],
        json!([
            {"factor_type_id": 11, "factor_type": "pwd", "provider": "claimed by idp-x"},
            {"factor_type_id": 6, "factor_type": "hwk", "provider": "claimed by idp-x"},
            {"factor_type_id": 99, "factor_type": "phr", "provider": "claimed by idp-x"},
        ])
    );
    assert_eq!(s3["authorizations"][0]["policy"], json!({"uid": "payroll", "version": "v2"}));
    let honored = &s3["unmapped"]["honored_factors"][2];
    assert_eq!(
        [&honored["key"], &honored["trust_version"], &honored["grade"]],
        ["X2", "tx1", "joined"]
    );
    assert!(honored["evidence"].as_array().is_some_and(|evidence| !evidence.is_empty()));
    let trust = export(&["trust"], "trust");
    assert!(trust.iter().all(|event| event["class_uid"] == 3004), "{trust:?}");
    let first = trust.iter().find(|event| event["comment"] == "T-1").expect("the trust switch");
    assert_eq!(first["actor"]["user"]["uid"], "admin-2");
    let policies = export(&["policies", "--policy", "payroll"], "policies");
    assert_eq!(policies[0]["entity"]["type_id"], 5, "{policies:?}");
}

/// A ledger of many sessions, each with a decision.
fn many(sessions: u32) -> Scratch {
    let scratch = Scratch::rehearsal(&["acme"]);
    let mut lines = String::new();
    for number in 0..sessions {
        let minute = format!("{:02}:{:02}", number / 60 % 24, number % 60);
        let login = format!("=u{number}@acme.example");
        for (kind, data, second) in [
            (
                "claims.received",
                json!({"idp": "idp-x", "assertion": format!("as-{number}"),
                "amr": ["pwd", "otp"], "key": "X1"}),
                0,
            ),
            (
                "policy.decided",
                json!({"app": "payroll", "policy": "payroll", "outcome": "allow"}),
                1,
            ),
        ] {
            let line = json!({"id": format!("{kind}-{number}"), "type": kind, "data": data,
                "occurred_at": format!("2026-03-10T{minute}:{second:02}Z"),
                "session": format!("S{number}"),
                "subject": {"id": format!("u{number}"), "login": login}});
            lines.push_str(&format!("{line}\n"));
        }
    }
    let file = scratch.file("many.jsonl", lines);
    scratch.ok(&["ingest", &file]);
    scratch
}

#[test]
fn an_export_that_is_killed_goes_on_to_the_same_bytes() {
    let scratch = many(1_100);
    let args = |file: &'static str| {
        ["export", "decisions", "--labels", "--as", "csv", "--output", file].map(str::to_owned)
    };
    let run = |file: &'static str, more: &[&str]| -> (Output, PathBuf) {
        let mut args = args(file);
        let path = scratch.path(file);
        args[6] = path.to_str().expect("a UTF-8 path").to_owned();
        let all: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
        (scratch.run(&all), path)
    };
    let (out, whole) = run("whole.csv", &[]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let bytes = std::fs::read(&whole).expect("the file");
    assert!(text(&bytes).contains("'=u17@acme.example"), "logins are made harmless");

    let mut cut_off = 0;
    for kill in 0..4_u64 {
        let file = scratch.path("killed.csv");
        let part = scratch.path("killed.csv.part");
        let mut args = args("killed.csv");
        args[6] = path(&file).to_owned();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut child =
            scratch.command(&args).stdout(Stdio::null()).spawn().expect("the binary runs");
        // Once a page is there, at different moments of the next.
        let begun = Instant::now();
        let is_begun = || std::fs::metadata(&part).is_ok_and(|part| part.len() > 1_000);
        while !is_begun() && !file.exists() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(17 * kill));
        child.kill().expect("killed");
        child.wait().expect("ended");
        if !file.exists() {
            cut_off += 1;
            let (again, _) = run("killed.csv", &[]);
            assert_eq!(again.status.code(), Some(3), "nothing is written over");
            if kill % 2 == 1 {
                // And a power cut that took the end of the part.
                let cut = std::fs::OpenOptions::new().write(true).open(&part).expect("the part");
                let length = cut.metadata().expect("its length").len();
                cut.set_len(length * (7 + kill) / 17).expect("cut");
            }
            let (resumed, _) = run("killed.csv", &["--resume"]);
            assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
        }
        assert!(std::fs::read(&file).expect("the file") == bytes, "other bytes after kill {kill}");
        let [manifest, of_whole] = [&file, &whole].map(|file| manifest_of(file));
        assert_eq!(manifest["chunks"], of_whole["chunks"]);
        scratch.ok(&["export", "verify", path(&file)]);
        std::fs::remove_file(&file).expect("removed");
        std::fs::remove_file(format!("{}.manifest.json", path(&file))).expect("removed");
    }
    assert!(cut_off > 0, "no export was cut off");
}

#[test]
fn a_limit_beyond_a_page_cuts_the_answer_off_instead_of_ending_it() {
    let scratch = many(700);
    let token = scratch.token("acme", "read,export");
    let token_file = scratch.file("token", &token);
    let server = scratch.serve();
    let fetch = |address: &str| {
        let url = format!("{}/v1/export/{address}", server.url);
        let answer = ureq::get(&url).header("authorization", bearer(&token)).call();
        answer.expect("an answer").body_mut().read_to_string()
    };
    assert!(fetch("sessions?as=csv&limit=600").is_err(), "a short file");
    let marked = fetch("sessions?as=csv&limit=600&limitMarked=true").expect("a file");
    assert_eq!(marked.lines().count(), 602);
    // On the command line: more is read after a higher limit.
    let file = scratch.path("limited.csv");
    let run = |more: &[&str]| {
        let args = [
            "--url",
            &server.url,
            "--token-file",
            &token_file,
            "export",
            "sessions",
            "--as",
            "csv",
            "--output",
            path(&file),
        ];
        scratch.run(&[&args[..], more].concat())
    };
    let refused = run(&["--limit", "600"]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
    let fewer = run(&["--resume", "--limit", "500", "--limit-marked"]);
    assert_eq!(fewer.status.code(), Some(3), "{}", text(&fewer.stderr));
    let other = run(&["--resume", "--time-zone", "+01:00"]);
    assert_eq!(other.status.code(), Some(3), "{}", text(&other.stderr));
    let other = run(&["--resume", "--idp", "idp-x"]);
    assert_eq!(other.status.code(), Some(3), "{}", text(&other.stderr));
    let resumed = run(&["--resume", "--limit", "700"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    let written = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(written, fetch("sessions?as=csv").expect("a file"));
}

#[test]
fn the_page_of_sessions_exports_its_list_for_those_who_may() {
    let scratch = Scratch::fixture();
    let [token, reader] = ["read,export", "read"].map(|roles| scratch.token("acme", roles));
    let server = scratch.serve();
    let page = |token: &str| {
        let (_, headers, _) = get(&server, token, "/sessions?idp=idp-x&ended=true");
        let (status, _, body) = get(&server, token, header(&headers, "location"));
        assert_eq!(status, 200);
        body
    };
    assert!(!page(&reader).contains("/v1/export/"));
    let page = page(&token);
    let form = page.split("<form class=\"export\"").nth(1).expect("a form");
    let form = form.split("</form>").next().expect("its end");
    let mut address = "/v1/export/sessions?as=csv".to_owned();
    for field in form.split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = field.split_once("\" value=\"").expect("a value");
        address.push_str(&format!("&{name}={}", rest.split('"').next().expect("its end")));
    }
    let (status, _, body) = get(&server, &token, &address);
    assert_eq!(status, 200, "{address}: {body}");
    let sessions: Vec<&str> =
        body.lines().skip(1).map(|line| line.split(',').next().expect("a cell")).collect();
    assert_eq!(sessions, ["S7", "S1", "S2", "S3", "S5", "S8"], "{address}");
}
