//! tlog-scales.

use super::{
    folder::{DAMAGED, Folder, LARGE, MILLION, SMALL},
    verdict,
};
use std::{path::Path, process::Command};

fn judge(folder: &Folder) -> Result<String, String> {
    let python = concat!(env!("CARGO_TARGET_TMPDIR"), "/../test-tools/tlog-scales/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/judge.py");
    verdict(Command::new(python).arg(script).arg(folder.path()).arg(folder.vkey()))
}

#[test]
fn tlog_scales_verifies_logs_and_finds_the_same_proofs() {
    for (sizes, entries) in [(&SMALL[..], 700), (&LARGE, 66), (&MILLION, 1_002)] {
        let folder = Folder::write(sizes);
        let Folder { consistency_proofs, proof_files, .. } = folder;
        let expect = format!("{} {entries} {consistency_proofs} {proof_files}", sizes.len());
        assert_eq!(judge(&folder), Ok(expect));
    }
}

#[test]
fn tlog_scales_refuses_every_damaged_file() {
    let folder = Folder::write(&SMALL);
    for path in DAMAGED {
        let refused = folder.with_flipped(path, || judge(&folder));
        assert!(refused.is_err(), "{path}: {refused:?}");
    }
    assert!(judge(&folder).is_ok());
}
