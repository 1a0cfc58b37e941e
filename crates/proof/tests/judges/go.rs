//! Go's tlog and note.

use super::{
    folder::{DAMAGED, Folder, LARGE, MILLION, SMALL},
    verdict,
};
use crate::{
    mutated::mutate_bytes,
    support::{Rng, StoredLog, signing_key},
};
use claimledger_facts::ids::{LogPosition, LogSize};
use claimledger_proof::note::SignedNote;
use sha2::{Digest, Sha256};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The judge, built once for all tests.
fn judge() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let program = BUILT.get_or_init(|| {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let program = scratch.join("judge");
        let mut go = Command::new("go");
        go.arg("build").arg("-o").arg(&program).arg("judge.go");
        go.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges"));
        // Where Debian's packages of Go libraries are. Nothing is fetched.
        go.env("GOPATH", "/usr/share/gocode").env("GO111MODULE", "off").env("GOFLAGS", "");
        go.env("GOCACHE", scratch.join("go-cache"));
        if let Err(error) = verdict(&mut go) {
            panic!("{error}\nrun make test-tools");
        }
        program
    });
    Command::new(program)
}

fn judge_log(folder: &Folder) -> Result<String, String> {
    verdict(judge().arg("log").arg(folder.path()).arg(folder.vkey()))
}

/// Every root, inclusion proof and consistency proof of every tree of up to 1,100 entries: Go makes
/// its own, and both are hashed.
#[test]
fn go_makes_the_same_proofs_of_all_small_trees() {
    const MAX: u64 = 1_100;
    let mut log = StoredLog::default();
    let mut digest = Sha256::new();
    let mut say = |hashes: &[claimledger_facts::record::Digest32]| {
        digest.update([hashes.len() as u8]);
        hashes.iter().for_each(|hash| digest.update(hash.0));
    };
    for size in 1..=MAX {
        log.grow_to(size);
        let tiles = log.set();
        say(&[log.tree.head().root]);
        for index in 0..size {
            say(&tiles.inclusion_proof(LogPosition(index), LogSize(size)).unwrap().0);
        }
        for old in 1..=size {
            say(&tiles.consistency_proof(LogSize(old), LogSize(size)).unwrap().0);
        }
    }
    let ours = data_encoding::HEXLOWER.encode(&digest.finalize());
    assert_eq!(verdict(judge().arg("transcript").arg(MAX.to_string())), Ok(ours));
}

#[test]
fn go_verifies_logs() {
    for sizes in [&SMALL[..], &LARGE, &MILLION] {
        let folder = Folder::write(sizes);
        let Folder { tiles, consistency_proofs, proof_files, .. } = folder;
        let (count, last) = (sizes.len(), sizes[sizes.len() - 1]);
        let expect = format!(
            "{count} {last} {count} {tiles} {consistency_proofs} {proof_files} \
             checkpoints, entries, roots, tiles, consistency proofs, proof files"
        );
        assert_eq!(judge_log(&folder), Ok(expect));
    }
}

#[test]
fn go_refuses_every_damaged_file() {
    let folder = Folder::write(&SMALL);
    for path in DAMAGED {
        let refused = folder.with_flipped(path, || judge_log(&folder));
        assert!(refused.is_err(), "{path}: {refused:?}");
    }
    assert!(judge_log(&folder).is_ok());
}

/// What we refuse, Go refuses, but for one thing: it ignores bits behind the last byte of a
/// signature's base64, so that one note has several spellings. We accept one.
#[test]
fn go_rejects_mutated_notes() {
    let key = signing_key(1);
    let note = SignedNote::sign("a\n\nb\n", &[&key]).unwrap().to_string();
    // 68 bytes of base64 end with a character of which two bits count.
    let last = note.len() - 3;
    let next = char::from(note.as_bytes()[last] + 1);
    let respelled = format!("{}{next}=\n", &note[..last]);
    assert!(SignedNote::parse(respelled.as_bytes()).is_err());
    let mut rng = Rng(10);
    let mut notes = vec![note.clone().into_bytes(), respelled.into_bytes()];
    notes.extend((0..5_000).map(|_| mutate_bytes(&mut rng, &note)));
    let mut file = Vec::new();
    for note in &notes {
        file.extend((note.len() as u32).to_be_bytes());
        file.extend(note);
    }
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&path, file).unwrap();
    let vkey = key.verifier().to_string();
    let verdicts = verdict(judge().arg("notes").arg(path.path()).arg(vkey)).unwrap();
    let accepted: Vec<usize> = verdicts
        .lines()
        .enumerate()
        .filter_map(|(number, said)| (said == "accepted").then_some(number))
        .collect();
    assert_eq!((verdicts.lines().count(), accepted), (notes.len(), vec![0, 1]));
}
