//! `claimledger-verify`, as its user runs it.

use claimledger_facts::{
    ids::{LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    record::{Digest32, FORMAT, Header, SealedCommitment, leaf_hash},
    time::{Occurred, Time},
    vocabulary::Channel,
};
use claimledger_proof::{
    checkpoint::{Checkpoint, TrustedLog},
    note::SigningKey,
    tiles::{TileSet, TreeBuilder, TreeQuery},
    tlog_proof::TlogProof,
};
use std::{path::Path, process::Command};

const ORIGIN: &str = "claimledger/t/1";

fn header(position: u64) -> Vec<u8> {
    let digest = Digest32([position as u8; 32]);
    let (tenant, source) = (TenantId::new("acme"), SourceId::new("okta"));
    let source_id = SourceEventId::new(format!("e\u{1b}{position}"));
    Header {
        format: FORMAT,
        id: RecordId::derive(&tenant, &source, &source_id),
        tenant,
        position: LogPosition(position),
        source,
        source_id,
        channel: Channel::File,
        occurred: Occurred::at(Time::EPOCH),
        recorded_at: Time::EPOCH.plus_secs(position),
        recorded_asserted: false,
        variant: false,
        translator: "native/1".to_owned(),
        content_digest: digest,
        byte_digest: digest,
        facts: digest,
        personal: Vec::new(),
        original: SealedCommitment { plain: digest, stored: digest },
    }
    .encode()
}

fn run(dir: &Path, what: &str, content: &[u8], key: &str) -> (Option<i32>, String) {
    let file = dir.join("file");
    std::fs::write(&file, content).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_claimledger-verify"))
        .args([what, file.to_str().unwrap(), "--key", key])
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_proof_holds_and_every_changed_byte_of_it_does_not() {
    let headers: Vec<Vec<u8>> = (0..7).map(header).collect();
    let leaves: Vec<_> = headers.iter().map(|bytes| leaf_hash(bytes)).collect();
    let mut tree = TreeBuilder::new();
    let mut stored = tree.append(&leaves).unwrap();
    stored.extend(tree.partial_tiles());
    let key = SigningKey::from_seed(ORIGIN, [7; 32].into()).unwrap();
    let signed = Checkpoint::new(ORIGIN, tree.head()).unwrap().sign(&[&key]).unwrap();
    let log = TrustedLog::new(ORIGIN, vec![key.verifier().clone()]).unwrap();
    let mut tiles = TileSet::default();
    let query = TreeQuery::Inclusion { position: LogPosition(5), size: tree.size() };
    for tile in query.tiles().unwrap() {
        let found = stored.iter().find(|stored| stored.tile == tile).unwrap();
        tiles.insert(tile, &found.bytes).unwrap();
    }
    let make = |extra: &[u8]| {
        let proof = TlogProof::make(&tiles, &leaves[5], LogPosition(5), signed.clone(), &log);
        proof.unwrap().with_extra(extra.to_vec()).to_string()
    };
    let (dir, vkey) = (tempfile::tempdir().unwrap(), key.verifier().to_string());
    let file = make(&headers[5]);
    let (status, text) = run(dir.path(), "proof", file.as_bytes(), &vkey);
    assert_eq!(status, Some(0), "{text}");
    for part in ["HOLDS", "record #5", "7 records", "okta", "1970-01-01T00:00:05Z"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let (status, text) = run(dir.path(), "checkpoint", signed.to_string().as_bytes(), &vkey);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("7 records"), "{text}");

    // One byte in eleven: each run is a process.
    for at in (0..file.len()).step_by(11) {
        let mut changed = file.clone().into_bytes();
        changed[at] ^= 1;
        let (status, text) = run(dir.path(), "proof", &changed, &vkey);
        assert_eq!(status, Some(1), "byte {at}: {text}");
        assert!(text.starts_with("DOES NOT HOLD"), "{text}");
    }
    let other = SigningKey::from_seed(ORIGIN, [8; 32].into()).unwrap().verifier().to_string();
    for (content, key) in [
        (make(&headers[4]), &vkey),
        (make(&[]), &vkey),
        (file.clone(), &other),
        (String::new(), &vkey),
    ] {
        let (status, text) = run(dir.path(), "proof", content.as_bytes(), key);
        assert_eq!(status, Some(1), "{text}");
    }
    let (status, _) = run(dir.path(), "record", file.as_bytes(), &vkey);
    assert_eq!(status, Some(2));
}

/// What was not looked at is not what does not hold.
#[test]
fn a_key_or_a_file_that_cannot_be_read_is_usage() {
    let key = SigningKey::from_seed(ORIGIN, [7; 32].into()).unwrap().verifier().to_string();
    let id = key.split('+').nth(1).unwrap().to_owned();
    let dir = tempfile::tempdir().unwrap();
    for (malformed, expected) in [
        ("", "name+id+key"),
        ("KEY", "name+id+key"),
        (&key[..key.len() - 4], "name+id+key"),
        (&key.replacen(&id, "00000000", 1), "is not that of the name and the key"),
    ] {
        let (status, text) = run(dir.path(), "checkpoint", b"x", malformed);
        assert_eq!(status, Some(2), "{malformed}: {text}");
        assert!(text.starts_with("nothing was verified: --key: "), "{malformed}: {text}");
        assert!(text.contains(expected), "{malformed}: {text}");
    }
    for what in ["proof", "checkpoint", "pack", "receipt", "manifest"] {
        let output = Command::new(env!("CARGO_BIN_EXE_claimledger-verify"))
            .args([what, "no such\u{1b}file", "--key", &key])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{what}: {text}");
        assert!(text.starts_with("nothing was verified: no such"), "{what}: {text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
