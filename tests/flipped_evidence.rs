//! One flipped bit in what evidence rests on: the records, the access log, the tree, the signed
//! checkpoints, the keys. It is located, or it is harmless: every checkpoint, proof and report is
//! then equal, to the byte, to those of the undamaged ledger.

use crate::{
    damage::{ask, copy, each_case, flip, mix, without_free_pages},
    support::{Scratch, fixture, text},
};
use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Flipped bits of each file.
const FLIPS: u64 = 200;
const FILES: [&str; 5] = ["log", "access", "tree", "checkpoints", "keys"];

/// What shows evidence. `verify` is the first, because the others leave entries in the access log.
const COMMANDS: [&[&str]; 5] = [
    &["verify"],
    &["checkpoint"],
    &["checkpoint", "--access"],
    &["prove", "29"],
    &["prove", "3", "--access"],
];

/// What a command says: its status, and what it prints.
fn said(data: &Path, command: &[&str]) -> (Option<i32>, String, String) {
    let out = ask(data, command);
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

/// Whether a refusal says what is damaged, and where.
fn is_located(status: Option<i32>, stdout: &str, stderr: &str) -> bool {
    let place = |text: &str| {
        FILES.iter().any(|file| text.contains(&format!("`{file}`")))
            || FILES.iter().any(|file| text.contains(&format!("/{file}")))
            || text.contains("the log is damaged at record #")
            || text.contains("checkpoint")
    };
    match status {
        Some(1) => stdout.contains("  ✗ "),
        Some(5) => place(stderr) && !stderr.contains("panicked"),
        _ => false,
    }
}

#[test]
fn a_flipped_bit_of_what_evidence_rests_on_is_located_or_harmless() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let acme = fixture::dir().join("acme.jsonl");
    scratch.ok(&["ingest", acme.to_str().expect("UTF-8")]);
    // Entries of the access log, and their checkpoint.
    for session in ["S1", "S2", "S3", "S4"] {
        scratch.ok(&["session", session]);
    }
    scratch.ok(&["checkpoint", "--access"]);
    FILES.iter().for_each(|file| without_free_pages(&scratch.data().join(file)));

    let copied = |to: &Path| copy(&scratch.data(), to);
    // Each on a copy of its own: what shows records leaves an entry in the access log.
    let good = COMMANDS.map(|command| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = dir.path().join("ledger");
        copied(&data);
        said(&data, command)
    });
    for (command, answer) in COMMANDS.iter().zip(&good) {
        assert_eq!(answer.0, Some(0), "{command:?}: {answer:?}");
    }
    for file in FILES {
        let bits = std::fs::metadata(scratch.data().join(file)).expect("the file").len() * 8;
        let (harmless, located) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let wrong = each_case(FLIPS, |n| {
            let bit = mix(n ^ bits << 20) % bits;
            let dir = tempfile::tempdir().expect("a temporary directory");
            let data = dir.path().join("ledger");
            copied(&data);
            flip(&data.join(file), bit);
            let mut wrong = Vec::new();
            // `verify`, and one of the others.
            for command in [0, 1 + n as usize % (COMMANDS.len() - 1)] {
                let answer = said(&data, COMMANDS[command]);
                if (answer.0, &answer.1) == (good[command].0, &good[command].1) {
                    harmless.fetch_add(1, Ordering::Relaxed);
                } else if is_located(answer.0, &answer.1, &answer.2) {
                    located.fetch_add(1, Ordering::Relaxed);
                } else {
                    let (status, stdout, stderr) = answer;
                    let stdout: String = stdout.chars().take(200).collect();
                    let command = COMMANDS[command];
                    wrong.push(format!(
                        "{file}, bit {bit}: {command:?}: {status:?} {stdout} {stderr}"
                    ));
                }
            }
            wrong
        });
        let (harmless, located) = (harmless.into_inner(), located.into_inner());
        println!(
            "{file}: {FLIPS} flipped bits, {harmless} answers equal, {located} refused, {} wrong",
            wrong.len()
        );
        assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
        assert!(located > 0, "no damage of {file} was noticed");
    }
}
