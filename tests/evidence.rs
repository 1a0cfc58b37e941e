//! Evidence packs and receipts: made by the program, checked without it.

use crate::support::{self, Scratch};
use claimledger_proof::{
    checkpoint::TrustedLog,
    evidence::{
        EvidencePack, OriginalPart, PACK_DOCUMENT, PACK_FORMAT, PersonalPart, ReceiptFile, to_json,
        verify_manifest,
    },
    note::VerifierKey,
};
use serde_json::{Value, json};
use std::path::Path;

/// The log as an auditor trusts it, who was given its key.
pub(crate) fn trusted(scratch: &Scratch) -> TrustedLog {
    let shown = scratch.json(&["--tenant", "acme", "checkpoint"]);
    let key: VerifierKey = shown["verifierKey"].as_str().unwrap().parse().unwrap();
    TrustedLog::new(key.name().to_owned(), vec![key]).unwrap()
}

/// What someone does to a pack.
type Alter<'a> = &'a dyn Fn(&mut EvidencePack);

fn pack(scratch: &Scratch, name: &str, more: &[&str]) -> Vec<u8> {
    let out = scratch.path(name);
    let args = [&["--tenant", "acme", "pack", "S2", "--out", out.to_str().unwrap()], more].concat();
    scratch.ok(&args);
    std::fs::read(&out).unwrap()
}

#[test]
fn a_pack_of_a_session_is_checked_offline_and_every_changed_row_is_named() {
    let scratch = Scratch::fixture();
    let log = trusted(&scratch);
    let page = pack(&scratch, "s2.html", &[]);
    let json = pack(&scratch, "s2.json", &[]);
    let report = EvidencePack::verify_file(&page, &log).unwrap();
    assert_eq!(report, EvidencePack::verify_file(&json, &log).unwrap());
    assert_eq!((report.receipt.known_at.0, report.opened), (82, 0));
    // What S2 rests on: its claims (#24), the decision (#30), and the loss of its device (#64).
    let positions: Vec<u64> = report.headers.iter().map(|header| header.position.0).collect();
    for expected in [24, 27, 30, 64] {
        assert!(positions.contains(&expected), "{expected}: {positions:?}");
    }
    let whole = EvidencePack::parse(&json).unwrap();
    for n in 0..whole.records.len() {
        let position = whole.records[n].position;
        let change = |pack: &mut EvidencePack| pack.records[n].facts.text.push(' ');
        let remove = |pack: &mut EvidencePack| drop(pack.records.remove(n));
        let alterations: [(&str, Alter<'_>); 2] = [("changed", &change), ("missing", &remove)];
        for (what, alter) in alterations {
            let mut altered = whole.clone();
            alter(&mut altered);
            let error = altered.verify(&log).unwrap_err().to_string();
            assert!(error.contains(&format!("record #{position}")), "{what} #{position}: {error}");
        }
    }
    // The page says what the command says.
    let page = String::from_utf8(page).unwrap();
    let why = scratch.ok(&["--tenant", "acme", "why", "S2"]);
    let first = why.lines().next().unwrap();
    assert!(page.contains(&first.split("  ").next().unwrap().replace('>', "&gt;")), "{first}");
    // Nothing personal leaves without being asked for.
    for name in ["alice", "Alice"] {
        assert!(!page.to_lowercase().contains(name), "{name}");
    }
}

#[test]
fn a_pack_opens_what_was_asked_for() {
    let scratch = Scratch::fixture();
    let log = trusted(&scratch);
    let opened = pack(&scratch, "s2.json", &["--open", "personal,originals"]);
    let report = EvidencePack::verify_file(&opened, &log).unwrap();
    assert!(report.opened > report.headers.len(), "{report:?}");
    let opened = EvidencePack::parse(&opened).unwrap();
    let is_open = |part: &PersonalPart| matches!(part, PersonalPart::Opened(_));
    assert!(opened.records.iter().flat_map(|record| &record.personal).all(is_open));
    let received = opened.records.iter().find_map(|record| match &record.original {
        OriginalPart::Opened(bytes) if record.position == 24 => bytes.bytes(),
        _ => None,
    });
    assert!(String::from_utf8(received.unwrap()).unwrap().contains("claims.received"));
}

/// A pack at an earlier K has what was known then, and is proved by a checkpoint of today.
#[test]
fn a_pack_is_of_its_own_t_and_k() {
    let scratch = Scratch::fixture();
    let json = pack(&scratch, "s2.json", &["--at", "2026-03-10T13:00:00Z", "--known-at", "40"]);
    let report = EvidencePack::verify_file(&json, &trusted(&scratch)).unwrap();
    assert_eq!((report.receipt.known_at.0, report.receipt.tree.size.0), (40, 41));
    assert!(report.head.size.0 > 41 && report.headers.iter().all(|it| it.position.0 <= 40));

    let refused = scratch.run(&[
        "--tenant",
        "acme",
        "pack",
        "S99",
        "--out",
        scratch.path("x.html").to_str().unwrap(),
    ]);
    assert_eq!(refused.status.code(), Some(3), "{}", support::text(&refused.stderr));
    assert!(support::text(&refused.stderr).contains("S99"), "{}", support::text(&refused.stderr));
    assert!(!scratch.path("x.html").exists());
    let file = scratch.file("there.html", "mine");
    let refused = scratch.run(&["--tenant", "acme", "pack", "S2", "--out", &file]);
    assert_eq!(refused.status.code(), Some(3));
    assert_eq!(std::fs::read_to_string(Path::new(&file)).unwrap(), "mine");
}

#[test]
fn a_receipt_is_checked_by_asking_again() {
    let scratch = Scratch::fixture();
    let receipt = scratch.path("receipt");
    let receipt = receipt.to_str().unwrap();
    let commands: [&[&str]; 4] =
        [&["why", "S2"], &["sessions"], &["decisions", "--differs"], &["trust"]];
    for command in commands {
        let _ = std::fs::remove_file(receipt);
        let with = [&["--tenant", "acme", "--receipt", receipt], command].concat();
        scratch.ok(&with);
        let file = ReceiptFile::parse(&std::fs::read(receipt).unwrap()).unwrap();
        assert_eq!(file.verify(&trusted(&scratch)).unwrap().known_at.0, 82, "{command:?}");
        let again = scratch.ok(&["--tenant", "acme", "receipt", "check", receipt]);
        assert!(again.contains("the same bytes"), "{command:?}: {again}");
        let refused = scratch.run(&with);
        assert_eq!(refused.status.code(), Some(3), "an older receipt is not replaced");
    }
    // What is recorded later changes no answer at that K.
    let late = json!({"id": "late-1", "type": "session.ended", "session": "S2",
        "subject": {"id": "u-bob"}, "occurred_at": "2026-03-10T12:00:00Z",
        "data": {"reason": "logout"}});
    let late = scratch.file("late.jsonl", format!("{late}\n"));
    scratch.ok(&["--tenant", "acme", "ingest", &late]);
    scratch.ok(&["--tenant", "acme", "receipt", "check", receipt]);

    let altered = std::fs::read_to_string(receipt).unwrap().replacen("idp-x", "idp-q", 1);
    let altered = scratch.file("altered", altered);
    let refused = scratch.run(&["--tenant", "acme", "receipt", "check", &altered]);
    assert_eq!(refused.status.code(), Some(3));
    let said = support::text(&refused.stderr);
    assert!(said.contains("the answer was altered"), "{said}");
    let refused = scratch.run(&["--tenant", "globex", "receipt", "check", receipt]);
    assert_eq!(refused.status.code(), Some(3), "{}", support::text(&refused.stderr));
    let belief_diff: &[&str] = &["belief-diff", "S2", "--from", "#40"];
    for (command, expected) in [
        (&["checkpoint"][..], "of no T and K"),
        (&["record", "#24"], "of no T and K"),
        (belief_diff, "belief-diff compares two"),
    ] {
        let refused = scratch.run(&[&["--tenant", "acme", "--receipt", "x"][..], command].concat());
        let said = support::text(&refused.stderr).replace('\n', " ");
        assert_eq!(refused.status.code(), Some(2), "{command:?}: {said}");
        assert!(said.contains(expected) && refused.stdout.is_empty(), "{command:?}: {said}");
    }
    scratch.ok(&[&["--tenant", "acme"][..], belief_diff].concat());
}

/// Who may only read has any question signed, as the answer that it is: no pack, whatever the
/// answer looks like, and none of its values under another name.
#[test]
fn a_signed_answer_is_no_pack() {
    let scratch = Scratch::fixture();
    let log = trusted(&scratch);
    let read = scratch.token("acme", "read");
    let of_session = EvidencePack::parse(&pack(&scratch, "s2.json", &[])).unwrap();
    let server = scratch.serve();
    let ask = |document: &str, variables: Value| {
        let body = json!({"query": document, "variables": variables}).to_string();
        server.post("/v1/receipts", Some(&read), "application/json", body.as_bytes())
    };
    // The document of the pack, and its answer. With its 500 rows it costs more than is allowed.
    let (status, body) = ask(PACK_DOCUMENT, json!({"session": "S2", "first": 100}));
    assert_eq!(status, 200, "{body}");
    let file = ReceiptFile::parse(body.as_bytes()).unwrap();
    file.verify(&log).unwrap();
    assert_eq!(file.answer, of_session.answer);
    let forged = EvidencePack {
        format: PACK_FORMAT.to_owned(),
        receipt: file.receipt,
        query: file.query,
        answer: file.answer,
        ..of_session.clone()
    };
    for records in [of_session.records.clone(), Vec::new()] {
        let forged = EvidencePack { records, ..forged.clone() };
        let error = EvidencePack::verify_file(to_json(&forged).unwrap().as_bytes(), &log);
        let error = error.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "it is signed as kind answer, and not as kind pack", "{error}");
    }
    // Nor does a pack pass for an answer.
    let of_pack = ReceiptFile { receipt: of_session.receipt, ..receipt_of(&body) };
    assert!(of_pack.verify(&log).is_err());
    // An echo of what was asked under another name, and a position under none that is looked for.
    for query in [
        r#"{ chain(id: "s-2 was let in") { text: id } }"#,
        r#"{ sessions { edges { node { decisions { record { pos: position } } } } } }"#,
        "{ sessions { edges { node { ...N } } } } fragment N on Session { id: idp }",
        "{ sessions { edges { node { ... on Session { id: idp } } } } }",
    ] {
        let (status, body) = ask(query, json!({}));
        assert_eq!(status, 422, "{query}: {body}");
        assert!(body.contains("has no aliases"), "{query}: {body}");
    }
}

fn receipt_of(body: &str) -> ReceiptFile {
    ReceiptFile::parse(body.as_bytes()).unwrap()
}

#[test]
fn a_server_makes_the_same_packs_and_receipts_for_those_with_the_role() {
    let scratch = Scratch::fixture();
    let log = trusted(&scratch);
    let here = EvidencePack::parse(&pack(&scratch, "here.json", &[])).unwrap();
    let (read, export) = (scratch.token("acme", "read"), scratch.token("acme", "read,export"));
    let investigate = scratch.token("acme", "read,export,investigate");
    let server = scratch.serve();
    let get = |path: &str, token: &str| {
        server.get(path, &[("authorization", &format!("Bearer {token}"))])
    };
    let (status, headers, body) =
        get("/v1/evidence?session=S2&format=json&knownAtPosition=82", &export);
    assert_eq!(status, 200, "{body}");
    let there = EvidencePack::parse(body.as_bytes()).unwrap();
    assert_eq!((&there.answer, &there.receipt), (&here.answer, &here.receipt));
    let disposition = headers.iter().find(|(name, _)| name == "content-disposition").unwrap();
    assert!(disposition.1.starts_with("attachment"), "{disposition:?}");
    let (status, _, page) = get("/v1/evidence?session=S2&knownAtPosition=82", &export);
    assert_eq!(status, 200);
    EvidencePack::verify_file(page.as_bytes(), &log).unwrap();

    let open = "/v1/evidence?session=S2&open=personal";
    for (path, token, expected) in [
        ("/v1/evidence?session=S2", &read, 403),
        (open, &export, 403),
        (open, &investigate, 200),
        ("/v1/evidence?session=S99", &export, 422),
        ("/v1/evidence", &export, 422),
        ("/v1/evidence?session=S2&open=all", &export, 422),
        ("/v1/evidence?session=S2&format=pdf", &export, 422),
        ("/v1/evidence?session=S2&knownAt=soon", &export, 422),
    ] {
        let (status, _, body) = get(path, token);
        assert_eq!(status, expected, "{path}: {body}");
    }

    let ask = |query: &str| {
        let body = json!({"query": query}).to_string();
        server.post("/v1/receipts", Some(&read), "application/json", body.as_bytes())
    };
    let (status, body) = ask(r#"{ sessions(first: 2) { edges { node { id } } status { head } } }"#);
    assert_eq!(status, 200, "{body}");
    let file = ReceiptFile::parse(body.as_bytes()).unwrap();
    assert!(!file.answer.contains("head"), "what changes from call to call is left out: {body}");
    let (status, checked) =
        server.post("/v1/receipts/check", Some(&read), "application/json", body.as_bytes());
    let checked: Value = serde_json::from_str(&checked).unwrap();
    assert_eq!((status, &checked["same"]), (200, &json!(true)), "{checked}");
    for (query, expected) in [
        ("{ checkpoint { size } }", "asking"),
        ("mutation { x }", "only a query has a receipt"),
        (
            "{ trust { text } why(session: \"S2\", asking: {knownAtPosition: 4}) { text } }",
            "one T and K",
        ),
        (
            "{ ...R } fragment R on Query { sessions { edges { node { id } } } }",
            "outside of fragments",
        ),
        ("query A { trust { text } } query B { trust { text } }", "one operation"),
        ("{", "expected"),
    ] {
        let (status, body) = ask(query);
        assert_eq!(status, 422, "{query}: {body}");
        assert!(body.contains(expected), "{query}: {body}");
    }
}

/// An auditor has the file, its manifest and the log's key.
#[test]
fn the_manifest_of_an_export_is_signed_wherever_it_is_made() {
    let scratch = Scratch::fixture();
    let log = trusted(&scratch);
    let manifest = |name: &str| {
        let file = scratch.path(&format!("{name}.manifest.json"));
        std::fs::read(file).unwrap()
    };
    let output = |name: &str| scratch.path(name).to_str().unwrap().to_owned();
    let arguments = ["export", "decisions", "--app", "payroll", "--known-at", "82"];
    let zone = ["--time-zone", "+01:00"];
    let here = |name: &str, format: &str, more: &[&str]| {
        let head = ["--tenant", "acme"].as_slice();
        scratch
            .ok(&[head, &arguments, &["--as", format, "--output", &output(name)], more].concat());
    };
    here("here.csv", "csv", &zone);
    here("here.ocsf", "ocsf", &[]);
    here("marked.jsonl", "jsonl", &["--limit", "2", "--limit-marked"]);
    for name in ["here.csv", "here.ocsf", "marked.jsonl"] {
        let report = verify_manifest(&manifest(name), &log).unwrap();
        assert_eq!((report.file.as_str(), report.receipt.known_at.0), (name, 82));
        assert_eq!(report.receipt.tree.size.0, 83);
    }

    let token = scratch.file("token", scratch.token("acme", "read,export"));
    let server = scratch.serve();
    let there = |name: &str, format: &str, more: &[&str]| {
        let file = output(name);
        let head = ["--url", &server.url, "--token-file", &token];
        let args = [&head[..], &arguments, &["--as", format, "--output", &file], more].concat();
        let output = support::claimledger().args(&args).output().unwrap();
        assert!(output.status.success(), "{}", support::text(&output.stderr));
    };
    there("there.csv", "csv", &zone);
    there("there.ocsf", "ocsf", &[]);
    there("marked-there.jsonl", "jsonl", &["--limit", "2", "--limit-marked"]);
    for (name, same) in [
        ("there.csv", "here.csv"),
        ("there.ocsf", "here.ocsf"),
        ("marked-there.jsonl", "marked.jsonl"),
    ] {
        let signed = verify_manifest(&manifest(name), &log).unwrap();
        assert_eq!(signed.receipt, verify_manifest(&manifest(same), &log).unwrap().receipt);
    }

    let text = String::from_utf8(manifest("here.csv")).unwrap();
    let parsed: Value = serde_json::from_str(&text).unwrap();
    let sha256 = parsed["file"]["sha256"].as_str().unwrap();
    for (from, to) in [
        (sha256, &sha256.replace(|_| true, "0")),
        ("\"payroll\"", &"\"payrol\"".to_owned()),
        ("\"rows\": ", &"\"rows\": 1".to_owned()),
        ("+01:00", &"+02:00".to_owned()),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text, "{from}");
        let error = verify_manifest(altered.as_bytes(), &log).unwrap_err().to_string();
        assert!(error.contains("was altered"), "{from}: {error}");
    }
}
