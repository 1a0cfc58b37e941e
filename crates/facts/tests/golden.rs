//! The golden files: stored bytes that every later version must read.
//!
//! `UPDATE_GOLDEN=1 cargo test -p claimledger-facts --test golden` writes files that are missing,
//! and never another.

use crate::common::*;
use claimledger_facts::{
    fact::FACT_TYPES,
    ids::{LogPosition, RecordId},
    record::{BodyKind, Digest32, Entry, Header, Removal, SealedBody, StoredHeader, leaf_hash},
    seal::{BlindKind, PersonKey, TenantKeys, new_pseudonym},
    vocabulary::{Channel, RemovalReason},
};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
};

const WHY: &str = "Stored records are never rewritten: ledgers in use hold the bytes of this file, \
                   and their trees hold its hash. If a golden file no \
                   longer reads, the code is wrong, not the file. Never change or remove one: give \
                   the fact type a new version, or the record a new \
                   format, and add files for it.";

fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Every golden file but the list of digests: name and content.
fn files() -> BTreeMap<String, Value> {
    let mut files = BTreeMap::new();
    for folder in ["facts", "records", "ledger", "keys"] {
        for entry in fs::read_dir(dir().join(folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap());
            let text = fs::read_to_string(dir().join(&name)).unwrap();
            files.insert(name, serde_json::from_str(&text).unwrap());
        }
    }
    files
}

fn records() -> impl Iterator<Item = (String, Value)> {
    files().into_iter().filter(|(name, _)| !name.starts_with("keys/"))
}

fn hex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().expect("hexadecimal text").as_bytes()).unwrap()
}

fn entry(file: &Value) -> Entry {
    let stored = &file["entry"];
    Entry {
        header: StoredHeader {
            id: RecordId(stored["id"].as_str().unwrap().parse().unwrap()),
            bytes: hex(&stored["header"]),
            leaf: Digest32(hex(&stored["leaf"]).try_into().unwrap()),
        },
        facts: hex(&stored["facts"]),
        personal: body(&stored["personal"]),
        original: body(&stored["original"]),
    }
}

fn body(stored: &Value) -> SealedBody {
    match &stored["removed"] {
        Value::Null => SealedBody::Present(hex(stored)),
        removal => SealedBody::Removed(Removal::decode(&hex(removal)).unwrap()),
    }
}

/// The version of a sample record: raised with a fact type in it, as it is then sealed to other
/// bytes. The files of earlier versions stay.
fn of_sample(name: &str) -> u32 {
    if name == "many_facts_many_persons" { 2 } else { 1 }
}

/// What the golden files are made of today, by name.
fn made() -> BTreeMap<String, Value> {
    let mut made = BTreeMap::new();
    for (n, fact) in FACT_TYPES.iter().enumerate() {
        let entry = seal_fixed(&draft_of(fact.name)).finish(
            LogPosition(n as u64),
            time("2026-03-10T10:00:02Z"),
            false,
            false,
        );
        made.insert(format!("facts/{}.v{}.json", fact.name, fact.version), golden_record(&entry));
    }
    for (name, draft) in special_drafts() {
        let sealed = seal_fixed(&draft);
        let at = time("2026-03-11T00:00:00.5Z");
        let entry = sealed.finish(LogPosition(70_000), at, true, false);
        made.insert(format!("records/{name}.v{}.json", of_sample(name)), golden_record(&entry));
        if draft.variants_allowed {
            let entry = sealed.finish(LogPosition(5_000_000_000), at, false, true);
            let name = format!("records/{name}_variant.v{}.json", of_sample(name));
            made.insert(name, golden_record(&entry));
        }
    }
    for (position, (name, draft)) in (0..).map(LogPosition).zip(ledger_drafts()) {
        let mut sealed = seal_fixed(&draft);
        if name.ends_with("unknown_channel") {
            sealed.header.channel = Channel::parse("carrier_pigeon");
        }
        let at = time("2026-03-10T10:05:00Z").plus_secs(position.0);
        let mut entry = sealed.finish(position, at, true, false);
        let whole = entry.clone();
        if name.ends_with("bodies_removed") {
            let at = time("2026-06-10T00:00:00Z");
            entry.remove(&[BodyKind::Personal], &Removal { reason: RemovalReason::Erasure, at });
            entry.remove(&BodyKind::ALL, &Removal { reason: RemovalReason::Retention, at });
        }
        let mut file = golden_record(&entry);
        if entry != whole {
            file["before_removal"] = golden_record(&whole);
        }
        made.insert(format!("ledger/{name}.v1.json"), file);
    }
    made.insert("keys/keys.v1.json".to_owned(), golden_keys());
    made
}

fn golden_record(entry: &Entry) -> Value {
    let record = entry.decode().unwrap();
    let body = |body: &SealedBody| match body {
        SealedBody::Present(bytes) => json!(HEXLOWER.encode(bytes)),
        SealedBody::Removed(removal) => json!({"removed": HEXLOWER.encode(&removal.encode())}),
    };
    json!({
        "statement":
            String::from_utf8(record.statement.encode(record.header.occurred).unwrap()).unwrap(),
        "entry": {
            "id": entry.header.id,
            "header": HEXLOWER.encode(&entry.header.bytes),
            "leaf": entry.header.leaf.to_string(),
            "facts": HEXLOWER.encode(&entry.facts),
            "personal": body(&entry.personal),
            "original": body(&entry.original),
        },
        "channel": record.header.channel.as_str(),
        "opened": opened(entry, &record.header),
    })
}

/// The keys that every other golden file is sealed with, wrapped; and what is computed under them.
fn golden_keys() -> Value {
    let (master, keys) = (master(), tenant_keys());
    let wrapped: Vec<Value> = (0..4)
        .map(|n| {
            let (pseudonym, key) = person(n);
            let wrapped = key.wrap(&keys, &tenant(), &pseudonym, &Fixed::new(format!("wrap {n}")));
            json!({"pseudonym": pseudonym, "wrapped": HEXLOWER.encode(&wrapped)})
        })
        .collect();
    json!({
        "tenant": tenant(),
        "master": HEXLOWER.encode(master.expose()),
        "wrapped": HEXLOWER.encode(&keys.wrap(&master, &tenant(), &Fixed::new("wrap"))),
        "persons": wrapped,
        "id_index": {"u-Alice ": keys.blind_index(BlindKind::Id, "u-Alice ").to_string()},
        "alias_index": {"  Ålice@Acme.Example\n": keys.blind_index(BlindKind::Alias,
            "  Ålice@Acme.Example\n").to_string()},
        "content_digest": {"text": keys.content_digest(b"text").to_string()},
        "byte_digest": {"text": keys.byte_digest(b"text").to_string()},
    })
}

#[test]
fn missing_files_are_written_when_asked() {
    if env::var_os("UPDATE_GOLDEN").is_none() {
        return;
    }
    let mut sums = fs::read_to_string(dir().join("SHA256SUMS")).unwrap_or_default();
    for (name, value) in made() {
        let path = dir().join(&name);
        if !path.exists() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = format!("{value:#}\n");
            sums.push_str(&format!("{}  {name}\n", HEXLOWER.encode(&Sha256::digest(&text))));
            fs::write(path, text).unwrap();
        }
    }
    fs::write(dir().join("SHA256SUMS"), sums).unwrap();
}

#[test]
fn the_set_only_grows() {
    let sums = fs::read_to_string(dir().join("SHA256SUMS")).unwrap();
    let mut listed = BTreeMap::new();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let bytes = fs::read(dir().join(name))
            .unwrap_or_else(|error| panic!("golden/{name}: {error}. {WHY}"));
        assert_eq!(
            HEXLOWER.encode(&Sha256::digest(bytes)),
            sum,
            "golden/{name} was changed. {WHY}"
        );
        listed.insert(name.to_owned(), ());
    }
    for name in files().keys() {
        assert!(listed.contains_key(name), "golden/{name} is not in SHA256SUMS: add its line");
    }
}

#[test]
fn every_fact_type_has_a_file_at_every_version() {
    let files = files();
    for fact in FACT_TYPES {
        for version in 1..=fact.version {
            let name = format!("facts/{}.v{version}.json", fact.name);
            assert!(
                files.contains_key(&name),
                "golden/{name} is missing: UPDATE_GOLDEN=1 cargo test -p claimledger-facts --test \
                 golden"
            );
        }
    }
}

#[test]
fn every_file_still_decodes() {
    for (name, file) in records() {
        let entry = entry(&file);
        let record = entry.decode().unwrap_or_else(|error| panic!("golden/{name}: {error}. {WHY}"));
        let leaf = file["entry"]["leaf"].as_str().unwrap();
        assert_eq!(record.leaf.to_string(), leaf, "golden/{name}: another leaf. {WHY}");
        assert_eq!(leaf_hash(&entry.header.bytes), record.leaf);
        assert_eq!(file["channel"], record.header.channel.as_str(), "golden/{name}. {WHY}");
        assert_eq!(
            record.header.encode(),
            entry.header.bytes,
            "golden/{name}: the header is written otherwise. {WHY}"
        );
    }
}

#[test]
fn a_record_without_its_sealed_bodies_is_proved_like_the_whole_one() {
    let file = &files()["ledger/2_bodies_removed.v1.json"];
    let (removed, whole) = (entry(file), entry(&file["before_removal"]));
    let said: Vec<_> = BodyKind::ALL
        .iter()
        .filter_map(|body| Some(removed.sealed(*body).removal()?.reason.as_str().to_owned()))
        .collect();
    assert_eq!(said, ["erasure", "retention"]);
    assert_eq!(removed.decode().unwrap(), whole.decode().unwrap(), "leaf, header and facts");
    let put_back = Entry { original: whole.original.clone(), ..removed };
    put_back.decode().unwrap_or_else(|error| panic!("the body that was removed fits: {error}"));
}

#[test]
fn an_unknown_channel_is_read_and_kept() {
    let entry = entry(&files()["ledger/3_unknown_channel.v1.json"]);
    let header = entry.header.decode().unwrap();
    assert_eq!(header.channel, Channel::parse("carrier_pigeon"));
    assert!(!Channel::KNOWN.contains(&header.channel), "a test of an unknown word needs one");
}

#[test]
fn statements_are_written_as_ever() {
    for (name, file) in records() {
        let record =
            entry(&file).decode().unwrap_or_else(|error| panic!("golden/{name}: {error}. {WHY}"));
        let stored: Value = serde_json::from_str(file["statement"].as_str().unwrap()).unwrap();
        let facts = stored["facts"].as_array().cloned().unwrap_or_default();
        // A fact of an older version is read, and would be written as the current one.
        if facts
            .iter()
            .zip(&record.statement.facts)
            .all(|(stored, read)| stored["v"] == read.data.version())
        {
            let bytes = record.statement.encode(record.header.occurred).unwrap();
            assert_eq!(
                String::from_utf8(bytes).unwrap(),
                file["statement"],
                "golden/{name}: the statement is written otherwise. {WHY}"
            );
        }
    }
}

#[test]
fn sealed_bodies_still_open() {
    let mut blocks = 0;
    let mut codecs = BTreeSet::new();
    for (name, file) in records() {
        let entry = entry(&file);
        codecs.insert(("facts", entry.facts[0]));
        // Key 1, the codec, is the first of a block's map.
        codecs.extend(entry.original.bytes().map(|original| ("original", original[2])));
        let header =
            entry.header.decode().unwrap_or_else(|error| panic!("golden/{name}: {error}. {WHY}"));
        assert_eq!(
            opened(&entry, &header),
            file["opened"],
            "golden/{name}: something else was opened. {WHY}"
        );
        blocks += header.personal.len();
    }
    assert!(blocks > 16, "the set holds too few personal blocks to prove anything");
    assert_eq!(
        codecs,
        BTreeSet::from([
            ("facts", 0),
            ("facts", 1),
            ("facts", 2),
            ("original", 0),
            ("original", 1),
            ("original", 2)
        ]),
        "the set lacks a codec"
    );
}

/// The sealed bytes themselves may change with the compressor, and with them the hash of what is
/// stored; what is committed to may not.
#[test]
fn sealing_commits_to_what_it_ever_did() {
    let committed = |header: &Header| {
        let mut header = header.clone();
        for commitment in header.personal.iter_mut().chain([&mut header.original]) {
            commitment.stored = header.facts;
        }
        header
    };
    let mut made = made();
    made.remove("keys/keys.v1.json");
    for (name, now) in made {
        let stored = fs::read_to_string(dir().join(&name))
            .unwrap_or_else(|error| panic!("golden/{name}: {error}"));
        let stored: Value = serde_json::from_str(&stored).unwrap();
        let (now, stored) =
            (entry(&now).header.decode().unwrap(), entry(&stored).header.decode().unwrap());
        assert_eq!(
            committed(&now),
            committed(&stored),
            "golden/{name}: sealing the same now commits to something else. {WHY}"
        );
    }
}

#[test]
fn wrapped_keys_still_unwrap() {
    let file = &files()["keys/keys.v1.json"];
    let keys = TenantKeys::unwrap(&master(), &tenant(), &hex(&file["wrapped"]))
        .unwrap_or_else(|error| panic!("golden/keys: {error}. {WHY}"));
    let persons: Vec<_> = file["persons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| {
            let pseudonym = person["pseudonym"].as_str().unwrap().into();
            let key = PersonKey::unwrap(&keys, &tenant(), &pseudonym, &hex(&person["wrapped"]));
            (pseudonym, key.unwrap_or_else(|error| panic!("golden/keys: {error}. {WHY}")))
        })
        .collect();
    // The unwrapped keys open what was sealed under them.
    for (name, file) in records() {
        let entry = entry(&file);
        if entry.original.removal().is_some() {
            continue;
        }
        let header = entry.header.decode().unwrap();
        let original = claimledger_facts::seal::open_original(&entry, &header, &keys, &persons);
        assert_eq!(
            original.unwrap(),
            file["opened"]["original"].as_str().unwrap().as_bytes(),
            "golden/{name}. {WHY}"
        );
    }
}

#[test]
fn what_is_computed_under_the_keys_stays() {
    assert_eq!(
        golden_keys(),
        files()["keys/keys.v1.json"],
        "another wrapping, index, digest or pseudonym. {WHY}"
    );
    assert_eq!(new_pseudonym(&Fixed::new("pseudonym 0")), person(0).0);
}
