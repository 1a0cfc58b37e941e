//! Signatures of exports: what was signed was read from the ledger, and what does not fit is named.

use crate::{
    evidence::trusted,
    support::{Scratch, text},
};
use claimledger_export::digest::sha256;
use claimledger_proof::{evidence::verify_manifest, note::SigningKey};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn path(file: &Path) -> &str {
    file.to_str().expect("a UTF-8 path")
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path(file)))
}

fn manifest_of(file: &Path) -> Value {
    let text = std::fs::read(beside(file, ".manifest.json")).expect("a manifest");
    serde_json::from_slice(&text).expect("JSON")
}

/// Part and journal of a file, edited together: the journal has the digest of the part.
fn edit(file: &Path, rows: impl Fn(&str) -> String, read: impl Fn(&mut Value)) {
    let (part, journal) = (beside(file, ".part"), beside(file, ".part.journal"));
    let before = std::fs::read_to_string(&part).expect("a part");
    let after = rows(&before);
    std::fs::write(&part, &after).expect("a part");
    let lines = std::fs::read_to_string(&journal).expect("a journal");
    let lines: Vec<&str> = lines.lines().collect();
    let mut begin: Value = serde_json::from_str(lines[0]).expect("JSON");
    read(&mut begin["read"]);
    let mut mark: Value = serde_json::from_str(lines[lines.len() - 1]).expect("JSON");
    assert_eq!(mark["bytes"], before.len(), "the part is whole up to the last page");
    mark["bytes"] = json!(after.len());
    mark["sha256"] = json!(sha256(after.as_bytes()));
    std::fs::write(&journal, format!("{begin}\n{mark}\n")).expect("a journal");
}

const CUT: [&str; 4] = ["--at", "2026-03-10T23:00:00Z", "--known-at", "82"];

/// An export of sessions as CSV, to this file.
fn sessions<'a>(client: &[&'a str], file: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let export = ["export", "sessions", "--as", "csv", "--output", path(file)];
    [client, &CUT, &export, more].concat()
}

fn same(rows: &str) -> String {
    rows.to_owned()
}

fn header_edited(rows: &str) -> String {
    rows.replacen("session", "person", 1)
}

fn row_edited(rows: &str) -> String {
    rows.replacen("logout", "expiry", 1)
}

fn row_invented(rows: &str) -> String {
    let last = rows.lines().last().expect("a row");
    format!("{rows}{}\n", last.replacen(',', "9,", 1))
}

#[test]
fn what_is_signed_after_a_resume_was_read_from_the_ledger() {
    let scratch = Scratch::fixture();
    let log = trusted(&scratch);
    let whole = scratch.path("whole.csv");
    let tenant = ["--tenant", "acme"];
    scratch.ok(&sessions(&tenant, &whole, &[]));
    let bytes = std::fs::read_to_string(&whole).expect("the file");
    let token = scratch.file("token", scratch.token("acme", "read,export"));
    let begin = |name: &str| {
        let file = scratch.path(name);
        let limited = scratch.run(&sessions(&tenant, &file, &["--limit", "3"]));
        assert_eq!(limited.status.code(), Some(3), "{}", text(&limited.stderr));
        file
    };
    type Edit = (&'static str, fn(&str) -> String, &'static str);
    let edits: [Edit; 3] = [
        ("edited.csv", row_edited, "row 2 differs: S1,"),
        ("invented.csv", row_invented, "a row was added, the 4th: "),
        ("header.csv", header_edited, "the header row differs"),
    ];
    let files = edits.map(|(name, rows, expected)| {
        let file = begin(name);
        edit(&file, rows, |_| {});
        (file, expected)
    });
    // What was heard of the sources is not taken from the journal either.
    let complete = ["complete.csv", "complete-there.csv"].map(|name| {
        let file = begin(name);
        edit(&file, same, |read| {
            read["completeness"] = json!({"complete": true, "words": "all", "sources": []});
            read["absence"] = json!({"code": "none", "words": "none"});
            read["cut"]["recordedAt"] = json!("2020-01-01T00:00:00Z");
            read["cut"]["rehearsal"] = json!(false);
        });
        file
    });
    let refused = |client: &[&str]| {
        for (file, expected) in &files {
            let out = scratch.run(&sessions(client, file, &["--resume"]));
            let said = text(&out.stderr);
            assert_eq!(out.status.code(), Some(3), "{expected}: {said}");
            assert!(said.contains(expected) && said.contains("Nothing was signed"), "{said}");
            assert!(!file.exists() && !beside(file, ".manifest.json").exists(), "{expected}");
            assert!(beside(file, ".part").exists(), "{expected}");
        }
    };
    let resumed = |client: &[&str], file: &Path| {
        scratch.ok(&sessions(client, file, &["--resume"]));
        assert!(std::fs::read_to_string(file).expect("the file") == bytes);
        let (mut manifest, of_whole) = (manifest_of(file), manifest_of(&whole));
        manifest["file"]["name"] = of_whole["file"]["name"].clone();
        manifest["verify"] = of_whole["verify"].clone();
        assert_eq!(manifest, of_whole);
        let manifest = std::fs::read(beside(file, ".manifest.json")).expect("a manifest");
        verify_manifest(&manifest, &log).expect("signed");
    };
    refused(&tenant);
    resumed(&tenant, &complete[0]);
    // A part that is removed is written again.
    let (file, _) = &files[0];
    for ending in [".part", ".part.journal"] {
        std::fs::remove_file(beside(file, ending)).expect("removed");
    }
    scratch.ok(&sessions(&tenant, file, &[]));
    assert!(std::fs::read_to_string(file).expect("the file") == bytes);
    std::fs::remove_file(file).expect("removed");
    std::fs::remove_file(beside(file, ".manifest.json")).expect("removed");
    begin("edited.csv");
    edit(file, row_edited, |_| {});

    let server = scratch.serve();
    let client = ["--url", &server.url, "--token-file", &token];
    refused(&client);
    resumed(&client, &complete[1]);
}

#[test]
fn a_manifest_is_checked_with_the_key_in_it_or_with_a_given_one() {
    let scratch = Scratch::fixture();
    let file = scratch.path("sessions.csv");
    scratch.ok(&sessions(&["--tenant", "acme"], &file, &[]));
    let key = scratch.json(&["--tenant", "acme", "checkpoint"])["verifierKey"].clone();
    let key = key.as_str().expect("a key").to_owned();
    let (name, _) = key.split_once('+').expect("a name");
    let other = SigningKey::from_seed(name, [7; 32].into()).expect("a key").verifier().to_string();
    let verify = |more: &[&str]| {
        let out = scratch.run(&[&["export", "verify", path(&file)], more].concat());
        let said = format!("{}{}", text(&out.stdout), text(&out.stderr)).replace('\n', " ");
        (out.status.code(), said)
    };
    let expect = |more: &[&str], status: i32, expected: &str| {
        let (code, said) = verify(more);
        assert_eq!(code, Some(status), "{expected}: {said}");
        assert!(said.contains(expected), "{expected}: {said}");
    };
    let own = format!("signed by {key}, which came with the manifest: compare it");
    let words: Vec<&str> = own.split(' ').collect();
    let (code, said) = verify(&[]);
    assert_eq!(code, Some(0), "{said}");
    let said: Vec<&str> = said.split_whitespace().collect();
    assert!(said.windows(words.len()).any(|some| some == words), "{said:?}");
    let shown = scratch.json(&["export", "verify", path(&file)]);
    assert_eq!([&shown["signature"], &shown["verifierKey"]], [&json!("own_key"), &json!(key)]);
    let shown = scratch.json(&["export", "verify", path(&file), "--key", &key]);
    assert_eq!([&shown["signature"], &shown["verified"]], [&json!("trusted_key"), &json!(true)]);
    expect(&["--key", &other], 1, "is not to be believed");
    expect(&["--key", "KEY"], 2, "--key");

    // File and manifest altered together: the signature alone does not fit.
    let whole = std::fs::read_to_string(&file).expect("the file");
    let manifest = beside(&file, ".manifest.json");
    let signed = std::fs::read_to_string(&manifest).expect("a manifest");
    let altered = row_edited(&whole);
    let digest = |rows: &str| sha256(rows.as_bytes());
    let short = |text: &str| -> String {
        text.lines()
            .skip(1)
            .map(|row| sha256(format!("{row}\n").as_bytes())[..12].to_owned())
            .collect()
    };
    let rows = |text: &str| text.split_once('\n').expect("a header").1.to_owned();
    let forged = signed
        .replace(&digest(&whole), &digest(&altered))
        .replace(&digest(&rows(&whole)), &digest(&rows(&altered)))
        .replace(&short(&whole), &short(&altered));
    std::fs::write(&file, &altered).expect("the file");
    std::fs::write(&manifest, &forged).expect("the manifest");
    expect(&[], 1, "the answer was altered");
    expect(&["--key", &key], 1, "the answer was altered");
    // Signed by a key of the forger's own, under the name of the log.
    let mut mine: Value = serde_json::from_str(&forged).expect("JSON");
    mine["verifierKey"] = json!(other);
    std::fs::write(&manifest, mine.to_string()).expect("the manifest");
    expect(&[], 1, "the receipt is not to be believed");
    mine["verifierKey"] = json!("no key");
    std::fs::write(&manifest, mine.to_string()).expect("the manifest");
    expect(&[], 1, "its key cannot be read");
    for left in ["receipt", "verifierKey"] {
        let mut half: Value = serde_json::from_str(&forged).expect("JSON");
        half.as_object_mut().expect("an object").remove(left);
        std::fs::write(&manifest, half.to_string()).expect("the manifest");
        expect(&[], 1, "is not to be believed");
    }
    for name in ["receipt", "verifierKey"] {
        mine.as_object_mut().expect("an object").remove(name);
    }
    std::fs::write(&manifest, mine.to_string()).expect("the manifest");
    expect(&[], 0, "not signed");
    expect(&["--key", &key], 1, "it is not signed");
}
