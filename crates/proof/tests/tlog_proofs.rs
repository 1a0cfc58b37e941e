//! Proof files: made, read, and believed or not.

use crate::support::{StoredLog, leaf, signing_key, trusted};
use claimledger_facts::ids::LogPosition;
use claimledger_proof::{
    checkpoint::CheckpointError,
    note::NoteError,
    tiles::{Tile, TileError},
    tlog_proof::{TlogProof, TlogProofError},
    tree::{ProofError, SizeError},
};

#[test]
fn a_proof_file_is_read_and_verified_without_the_log() {
    let key = signing_key(1);
    for size in [1, 2, 7, 256, 700] {
        let log = StoredLog::of_size(size);
        for position in [0, size / 2, size - 1] {
            for extra in [vec![], b"age-v1".to_vec()] {
                let proof = log.prove(position, &key).with_extra(extra.clone());
                let read = TlogProof::parse(proof.to_string().as_bytes()).unwrap();
                assert_eq!(read, proof);
                assert_eq!((read.position(), read.extra()), (LogPosition(position), &extra[..]));
                let head = *read.verify(&leaf(position), &trusted(&[&key])).unwrap().head();
                assert_eq!(head, log.tree.head());
            }
        }
    }
}

#[test]
fn the_file_is_that_of_the_specification() {
    let key = signing_key(1);
    let file = StoredLog::of_size(2).prove(1, &key).with_extra(b"extra data".to_vec()).to_string();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[..3], ["c2sp.org/tlog-proof@v1", "extra ZXh0cmEgZGF0YQ==", "index 1"]);
    assert_eq!(lines[3], data_encoding::BASE64.encode(&leaf(0).0));
    assert_eq!(lines[4..7], ["", "log.example/t/1", "2"]);
    assert!(lines[9].starts_with("\u{2014} log.example/t/1 "));
    assert_eq!(lines.len(), 10);
}

#[test]
fn what_does_not_show_the_entry_is_refused() {
    let (key, other) = (signing_key(1), signing_key(2));
    let log = StoredLog::of_size(700);
    let proof = log.prove(41, &key);
    let refused = |leaf, keys: &[_]| proof.verify(&leaf, &trusted(keys)).unwrap_err();
    assert_eq!(refused(leaf(42), &[&key]), TlogProofError::Proof(ProofError::Root));
    let unknown = CheckpointError::Note(NoteError::NoKnownSignature);
    assert_eq!(refused(leaf(41), &[&other]), TlogProofError::Checkpoint(unknown));

    let make = |position, leaf| {
        let signed = log.sign(&[&key]);
        TlogProof::make(&log.set(), &leaf, LogPosition(position), signed, &trusted(&[&key]))
    };
    assert_eq!(make(41, leaf(42)), Err(TlogProofError::Proof(ProofError::Root)));
    let outside =
        TileError::Size(SizeError::Outside { position: LogPosition(700), size: log.size() });
    assert_eq!(make(700, leaf(700)), Err(TlogProofError::Tiles(outside)));
}

#[test]
fn damaged_tiles_make_no_proof() {
    let key = signing_key(1);
    let mut log = StoredLog::of_size(700);
    let tile = Tile { level: 0, index: 1, width: 256 };
    log.tiles.get_mut(&tile).unwrap()[77] ^= 1;
    let signed = log.sign(&[&key]);
    let position = LogPosition(300);
    let made = TlogProof::make(&log.set(), &leaf(300), position, signed, &trusted(&[&key]));
    assert_eq!(made, Err(TlogProofError::Proof(ProofError::Root)));
}

#[test]
fn what_is_no_proof_file_is_refused() {
    let key = signing_key(1);
    let file = StoredLog::of_size(2).prove(1, &key).with_extra(b"extra data".to_vec()).to_string();
    let hash = file.lines().nth(3).unwrap().to_owned();
    let with = |from: &str, to: &str| file.replacen(from, to, 1);
    for (file, line) in [
        (String::new(), 1),
        ("c2sp.org/tlog-proof@v1".to_owned(), 1),
        (with("@v1", "@v2"), 1),
        (format!(" {file}"), 1),
        (with("ZXh0cmEgZGF0YQ==", ""), 2),
        (with("ZXh0cmEgZGF0YQ==", "ZXh0cmEgZGF0YQ"), 2),
        (with("extra ", "extras "), 2),
        (with("extra ZXh0cmEgZGF0YQ==\n", "\n"), 2),
        (with("index 1", "index 01"), 3),
        (with("index 1", "index -1"), 3),
        (with("index 1", "index"), 3),
        (with("index 1\n", ""), 3),
        (with("index", "extra YQ==\nindex"), 3),
        (with(&hash, &hash[1..]), 4),
        (with(&hash, &format!("{hash} ")), 4),
        (with(&format!("{hash}\n"), &format!("{hash}\n").repeat(64)), 67),
        (with(&format!("{hash}\n\n"), &format!("{hash}\n")), 5),
        (file[..file.find(&hash).unwrap()].to_owned(), 4),
    ] {
        let refused = TlogProof::parse(file.as_bytes());
        let is_named =
            matches!(refused, Err(TlogProofError::Line { line: found, .. }) if found == line);
        assert!(is_named, "{file}: {refused:?}");
    }
    let unsigned = file.split_once('\u{2014}').unwrap().0;
    let unsigned = TlogProof::parse(unsigned.as_bytes());
    assert_eq!(unsigned, Err(TlogProofError::Note(NoteError::Unsigned)));
}
