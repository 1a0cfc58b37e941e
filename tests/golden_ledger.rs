//! The golden ledger through the shipped program: a directory made of bytes that were written once
//! (`crates/facts/golden/ledger/`). It has an ordinary record, one whose sealed bodies were removed,
//! and one that came in by a channel this version does not know. None of them is damage: each is
//! folded, rebuilt, proved and shown.

use crate::support::{self, Scratch, Server};
use claimledger_facts::{
    ids::{LogPosition, LogSize, Pseudonym, RecordId, TenantId},
    record::{BodyKind, Digest32, Entry, Removal, SealedBody, StoredHeader},
    seal::{BlindKind, MasterKey, TenantKeys},
    time::Time,
    vocabulary::RemovalReason,
};
use claimledger_ledger::{
    keys::{KeyStore, PersonRow, TenantKeysRow},
    log::Log,
};
use claimledger_store::sqlite::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

const REMOVED: u64 = 2;
const UNKNOWN_CHANNEL: u64 = 3;

fn golden(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../facts/golden").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).expect("a golden file")).expect("JSON")
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("hexadecimal text");
    data_encoding::HEXLOWER.decode(text.as_bytes()).expect("hexadecimal text")
}

fn digest(value: &Value) -> Digest32 {
    Digest32(hex(value).try_into().expect("32 bytes"))
}

fn body(stored: &Value) -> SealedBody {
    match &stored["removed"] {
        Value::Null => SealedBody::Present(hex(stored)),
        removal => SealedBody::Removed(Removal::decode(&hex(removal)).expect("a removal")),
    }
}

fn entry(stored: &Value) -> Entry {
    Entry {
        header: StoredHeader {
            id: RecordId(stored["id"].as_str().expect("an id").parse().expect("a UUID")),
            bytes: hex(&stored["header"]),
            leaf: digest(&stored["leaf"]),
        },
        facts: hex(&stored["facts"]),
        personal: body(&stored["personal"]),
        original: body(&stored["original"]),
    }
}

fn files() -> [Value; 4] {
    ["0_opened", "1_normal", "2_bodies_removed", "3_unknown_channel"]
        .map(|name| golden(&format!("ledger/{name}.v1.json")))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// The golden ledger as a directory that the program opens.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let (dir, keys, acme) = (scratch.data(), golden("keys/keys.v1.json"), TenantId::from("acme"));
    std::fs::create_dir_all(&dir).expect("a directory");
    let master = dir.join("master.key");
    std::fs::write(&master, hex(&keys["master"])).expect("a file");
    for (path, mode) in [(&dir, 0o700), (&master, 0o600)] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, permissions).expect("permissions");
    }
    let master = MasterKey::from_bytes(hex(&keys["master"]).try_into().expect("32 bytes"));
    let tenant_keys = TenantKeys::unwrap(&master, &acme, &hex(&keys["wrapped"])).expect("keys");
    let alice = &keys["persons"][0];
    let persons = [PersonRow {
        pseudonym: Pseudonym::from(alice["pseudonym"].as_str().expect("a pseudonym")),
        wrapped: hex(&alice["wrapped"]),
        id_index: tenant_keys.blind_index(BlindKind::Id, "u-alice"),
        alias_index: vec![tenant_keys.blind_index(BlindKind::Alias, "alice@acme.example")],
    }];
    let entries = files().map(|file| entry(&file["entry"]));
    runtime().block_on(async {
        let store = SqliteStore::create(&dir, SqliteOptions::default()).await.expect("a store");
        let row = TenantKeysRow { tenant: acme.clone(), wrapped: hex(&keys["wrapped"]) };
        store.keys().add_tenant(&row).await.expect("keys");
        store.keys().add_persons(&acme, &persons).await.expect("persons");
        store.log().append(&acme, LogSize(0), &entries).await.expect("records");
    });
    scratch
}

/// Removes sealed bodies as retention does, while no program has the ledger.
fn remove(data: &Path, position: u64, bodies: &[BodyKind]) {
    let at = Time::parse("2026-07-01T00:00:00Z").expect("a time");
    let removal = Removal { reason: RemovalReason::Retention, at };
    runtime().block_on(async {
        let store = SqliteStore::open(data, SqliteOptions::default()).await.expect("a store");
        let positions = [LogPosition(position)];
        let acme = TenantId::from("acme");
        store.log().remove_bodies(&acme, &positions, bodies, &removal).await.expect("removed");
    });
}

/// What the session says: nothing of it rests on sealed bodies.
fn told(scratch: &Scratch) -> Vec<String> {
    [&["session", "S1"][..], &["timeline", "S1"], &["sessions", "--first", "10"], &["why", "S1"]]
        .iter()
        .map(|question| {
            let mut args = vec!["--format", "json"];
            args.extend_from_slice(question);
            support::text(&scratch.run(&args).stdout)
        })
        .collect()
}

#[test]
fn records_without_sealed_bodies_are_folded_rebuilt_and_proved() {
    let scratch = scratch();
    let before = told(&scratch);
    let session: Value = serde_json::from_str(&before[0]).expect("JSON");
    let factors = session["session"]["factors"].as_array().expect("factors").len();
    assert_eq!(factors, 1, "the factor of the record without bodies counts: {session:#}");
    assert!(before[1].contains("app.accessed"), "{}", before[1]);

    // Of every record but the first: what was known of the session stays the same.
    remove(&scratch.data(), 1, &BodyKind::ALL);
    remove(&scratch.data(), REMOVED, &BodyKind::ALL);
    remove(&scratch.data(), UNKNOWN_CHANNEL, &[BodyKind::Original]);
    assert_eq!(told(&scratch), before);
    let report = scratch.ok(&["rebuild"]);
    assert!(report.contains("equal"), "{report}");
    for name in ["views", "views-wal", "views-shm"] {
        let _ = std::fs::remove_file(scratch.data().join(name));
    }
    assert_eq!(told(&scratch), before, "folded from the log again");
    // Reads every record and compares it with what its header commits to.
    scratch.ok(&["status"]);
    for (position, file) in files().iter().enumerate() {
        let record = scratch.json(&["record", &format!("#{position}")]);
        assert_eq!(record["leafHash"], file["entry"]["leaf"], "the leaf is the one ever stored");
    }
    let found = scratch.ok(&["find", "alice@acme.example"]);
    let alice = golden("keys/keys.v1.json")["persons"][0]["pseudonym"].clone();
    assert!(found.contains(alice.as_str().expect("a pseudonym")), "{found}");
}

#[test]
fn a_removed_body_is_shown_as_removed_with_its_reason() {
    let scratch = scratch();
    let text = scratch.ok(&["record", "#2"]);
    for line in [
        "the personal blocks were removed: erasure, 2026-06-10T00:00:00Z",
        "the original was removed: retention, 2026-06-10T00:00:00Z",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let normal = scratch.ok(&["record", "#1"]);
    assert!(normal.contains("original line of session.started"), "{normal}");
    assert!(!normal.contains("removed"), "{normal}");

    let reader = scratch.token("acme", "read");
    let investigator = scratch.token("acme", "read,investigate");
    let server = scratch.serve();
    let query = "query($p: Position!) { record(position: $p) {
        channel original personal sealed facts removed { body reason at } } }";
    for token in [&reader, &investigator] {
        let record = &server.graphql(token, query, json!({"p": REMOVED}))["record"];
        let at = "2026-06-10T00:00:00Z";
        assert_eq!(
            record["removed"],
            json!([{"body": "personal", "reason": "erasure", "at": at},
                {"body": "original", "reason": "retention", "at": at}])
        );
        assert_eq!((&record["original"], &record["personal"]), (&Value::Null, &Value::Null));
        let sealed = record["sealed"].as_str().expect("a reason");
        assert!(sealed.starts_with("the original was removed: retention"), "{sealed}");
        assert_eq!(record["facts"][0]["type"], "factor.verified", "what it states stays");
    }
    let normal = &server.graphql(&investigator, query, json!({"p": 1}))["record"];
    assert_eq!((&normal["removed"], &normal["sealed"]), (&json!([]), &Value::Null));
    let drawer = drawer(&server, REMOVED);
    for line in ["the personal blocks were removed: erasure", "the original was removed: retention"]
    {
        assert!(drawer.contains(line), "{line}\n{drawer}");
    }
}

#[test]
fn an_unknown_channel_is_shown_as_it_is() {
    let scratch = scratch();
    for (position, channel) in [(0, "ledger"), (1, "file"), (UNKNOWN_CHANNEL, "carrier_pigeon")] {
        let record = format!("#{position}");
        assert_eq!(scratch.json(&["record", &record])["channel"], channel);
        let text = scratch.ok(&["record", &record]);
        assert!(text.contains(&format!("by {channel} ·")), "{text}");
    }
    let server = scratch.serve();
    let drawer = drawer(&server, UNKNOWN_CHANNEL);
    assert!(drawer.contains("<dt>channel</dt><dd><bdi>carrier_pigeon</bdi></dd>"), "{drawer}");
}

/// The drawer of a record, on the page of its session.
fn drawer(server: &Server, position: u64) -> String {
    let link = server.sign_in["acme"].as_str().expect("a link").trim_start_matches(&server.url);
    let (_, headers, _) = server.get(link, &[]);
    let cookie = headers.iter().find(|(name, _)| name == "set-cookie").expect("a cookie");
    let cookie = cookie.1.split(';').next().expect("a value");
    let mut path = format!("/session?id=S1&open={position}");
    loop {
        let (status, headers, page) = server.get(&path, &[("cookie", cookie)]);
        match headers.iter().find(|(name, _)| name == "location") {
            Some((_, location)) if status == 303 => path.clone_from(location),
            _ => {
                assert_eq!(status, 200, "{page}");
                return page.split("id=\"record\"").nth(1).expect("the drawer").to_owned();
            }
        }
    }
}
