//! The directory of a ledger or of a node: who may read and write it.

use super::Finding;
use claimledger_store::sqlite::{SqliteNode, SqliteStore};
use std::{
    fs::Metadata,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

const PART: &str = "directory";
/// Permission bits of others than the owner.
const OTHERS: u32 = 0o077;

/// The directory, and each file in it.
pub(super) fn look(dir: &Path) -> Vec<Finding> {
    let shown = dir.display();
    let meta = match std::fs::metadata(dir) {
        Ok(meta) if meta.is_dir() => meta,
        Ok(_) => {
            return vec![Finding::problem(
                PART,
                format!("{shown} is no directory"),
                "name another",
            )];
        }
        Err(error) => {
            let remedy = "name the right one with --data; `claimledger init` makes that of a \
                          ledger, `serve` that of a node";
            return vec![Finding::problem(PART, format!("{shown}: {error}"), remedy)];
        }
    };
    let mut findings = vec![kind(dir), permissions(dir, &meta)];
    findings.extend(owner(dir, &meta));
    findings.extend(files(dir));
    findings
}

fn kind(dir: &Path) -> Finding {
    let shown = dir.display();
    if SqliteNode::is_in(dir) {
        return Finding::ok(PART, format!("{shown} is that of a node"));
    }
    match SqliteStore::is_in(dir) {
        Ok(true) => Finding::ok(PART, format!("{shown} holds a ledger")),
        Ok(false) => Finding::warning(
            PART,
            format!("{shown} holds no ledger yet"),
            "`claimledger init --tenant NAME` makes one; a node fills its directory when it starts",
        ),
        Err(error) => Finding::error(PART, &error.into()),
    }
}

fn permissions(dir: &Path, meta: &Metadata) -> Finding {
    let (shown, mode) = (dir.display(), meta.permissions().mode() & 0o777);
    match mode & OTHERS {
        0 => Finding::ok(PART, format!("only its owner reads and writes it (mode {mode:o})")),
        others if others & 0o022 != 0 => Finding::problem(
            PART,
            format!("others may replace its files (mode {mode:o})"),
            format!("chmod 700 {shown}"),
        ),
        _ => Finding::warning(
            PART,
            format!("others may list its files (mode {mode:o})"),
            format!("chmod 700 {shown}"),
        ),
    }
}

/// A command that runs as another user makes files that the server cannot open.
fn owner(dir: &Path, meta: &Metadata) -> Option<Finding> {
    let (owner, user) = (meta.uid(), rustix::process::geteuid().as_raw());
    (owner != user).then(|| {
        Finding::problem(
            PART,
            format!("it belongs to user {owner}, and this process runs as user {user}"),
            format!(
                "run every command as the user of the server; for files that another one left: \
                 chown -R {owner} {}",
                dir.display()
            ),
        )
    })
}

/// Files that another user owns, or that others may read.
fn files(dir: &Path) -> Vec<Finding> {
    let Ok(listed) = std::fs::read_dir(dir) else { return Vec::new() };
    let owner = std::fs::metadata(dir).map(|meta| meta.uid()).ok();
    let mut findings = Vec::new();
    for entry in listed.flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        let mode = meta.permissions().mode() & 0o777;
        if owner.is_some_and(|owner| owner != meta.uid()) {
            findings.push(Finding::problem(
                PART,
                format!("{name} belongs to user {}, and the directory to another", meta.uid()),
                format!("chown {} {}", owner.unwrap_or_default(), entry.path().display()),
            ));
        }
        let is_secret = name == "master.key" || name.ends_with(".operator-token");
        if is_secret && mode & OTHERS != 0 {
            findings.push(Finding::problem(
                PART,
                format!("{name} is readable by others (mode {mode:o})"),
                format!("chmod 600 {}; then treat it as known to them", entry.path().display()),
            ));
        } else if mode & 0o022 != 0 && meta.is_file() {
            findings.push(Finding::problem(
                PART,
                format!("{name} can be written by others (mode {mode:o})"),
                format!("chmod 600 {}, and `claimledger verify`", entry.path().display()),
            ));
        }
    }
    findings
}
