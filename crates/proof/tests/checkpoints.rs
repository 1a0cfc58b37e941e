//! Which checkpoints are those of a log.

use crate::support::{StoredLog, signing_key, trusted};
use claimledger_facts::ids::LogSize;
use claimledger_proof::{
    checkpoint::{Checkpoint, CheckpointError, TrustedLog},
    note::{NoteError, SignedNote},
    tree::TreeHead,
};

const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

#[test]
fn a_checkpoint_comes_back() {
    let key = signing_key(1);
    for size in [0, 1, 300] {
        let log = StoredLog::of_size(size);
        let signed = log.sign(&[&key]).to_string();
        let read = SignedNote::parse(signed.as_bytes()).unwrap();
        let checkpoint = trusted(&[&key]).open(&read).unwrap();
        assert_eq!(*checkpoint.head(), log.tree.head());
        assert_eq!(checkpoint.origin(), "log.example/t/1");
        assert!(checkpoint.extensions().is_empty());
    }
    let empty = Checkpoint::new("log.example/t/1", TreeHead::EMPTY).unwrap();
    assert_eq!(empty.to_string(), format!("log.example/t/1\n0\n{EMPTY}\n"));
}

#[test]
fn while_keys_are_rotated_either_suffices() {
    let (old, new, later) = (signing_key(1), signing_key(2), signing_key(3));
    let log = StoredLog::of_size(5);
    let signed = log.sign(&[&old, &new]);
    for keys in [vec![&old], vec![&new], vec![&old, &new], vec![&later, &new]] {
        assert_eq!(*trusted(&keys).open(&signed).unwrap().head(), log.tree.head());
    }
    let unknown = CheckpointError::Note(NoteError::NoKnownSignature);
    assert_eq!(trusted(&[&later]).open(&signed), Err(unknown));
}

#[test]
fn another_logs_checkpoint_is_refused_even_if_the_key_is_the_same() {
    let key = signing_key(1);
    let head = StoredLog::of_size(5).tree.head();
    let other = Checkpoint::new("log.example/t/2", head).unwrap().sign(&[&key]).unwrap();
    let refused = trusted(&[&key]).open(&other).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the checkpoint is that of log.example/t/2, not that of log.example/t/1"
    );
}

#[test]
fn a_signed_text_that_is_no_checkpoint_is_refused() {
    let key = signing_key(1);
    let open = |text: &str| {
        let signed = SignedNote::sign(text, &[&key]).unwrap();
        trusted(&[&key]).open(&signed)
    };
    let o = "log.example/t/1";
    let good = open(&format!("{o}\n20852163\n{ROOT}\nextension\nanother\n")).unwrap();
    assert_eq!(good.head().size, LogSize(20_852_163));
    assert_eq!(good.extensions(), ["extension", "another"]);
    assert_eq!(good.to_string(), format!("{o}\n20852163\n{ROOT}\nextension\nanother\n"));
    for (text, line) in [
        ("\n".to_owned(), 1),
        (format!("\n7\n{ROOT}\n"), 1),
        (format!("{o}\n"), 2),
        (format!("{o}\n\n{ROOT}\n"), 2),
        (format!("{o}\n07\n{ROOT}\n"), 2),
        (format!("{o}\n+7\n{ROOT}\n"), 2),
        (format!("{o}\n7 \n{ROOT}\n"), 2),
        (format!("{o}\n-1\n{ROOT}\n"), 2),
        (format!("{o}\n9223372036854775808\n{ROOT}\n"), 2),
        (format!("{o}\n7\n"), 3),
        (format!("{o}\n7\n\n"), 3),
        (format!("{o}\n7\n{}\n", &ROOT[1..]), 3),
        (format!("{o}\n7\n{ROOT} \n"), 3),
        (format!("{o}\n7\n{}\n", ROOT.replace("2I=", "2J=")), 3),
        (format!("{o}\n0\n{ROOT}\n"), 3),
        (format!("{o}\n7\n{ROOT}\n\n"), 4),
        (format!("{o}\n7\n{ROOT}\nextension\n\nanother\n"), 5),
    ] {
        let refused = open(&text);
        let is_named =
            matches!(refused, Err(CheckpointError::Line { line: found, .. }) if found == line);
        assert!(is_named, "{text:?}: {refused:?}");
    }
    assert!(open(&format!("{o}\n0\n{EMPTY}\n")).is_ok());
}

#[test]
fn an_origin_is_one_line() {
    for origin in ["", "a\nb", "a\tb"] {
        let refused = Err(CheckpointError::Origin);
        assert_eq!(Checkpoint::new(origin, TreeHead::EMPTY).map(|_| ()), refused);
        assert_eq!(TrustedLog::new(origin, Vec::new()).map(|_| ()), refused);
    }
    // Recommended against, and not forbidden: Go's checksum database has such a one.
    assert!(Checkpoint::new("go.sum database tree", TreeHead::EMPTY).is_ok());
}
