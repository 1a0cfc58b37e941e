//! The files that deploy the program: containers, and a service of systemd. None is started here:
//! the files are parsed, compared with their schema and with what is in the repository, and the
//! scripts and settings in them are run against a PostgreSQL server.

mod compose;
mod dockerfile;
mod once;
mod rules;
mod scripts;
mod systemd;

use std::path::{Path, PathBuf};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// A linter of `scripts/install-test-tools.sh`.
fn linter(name: &str) -> std::process::Command {
    let path = root().join("target/test-tools/containers/bin").join(name);
    let shown = path.display();
    assert!(path.is_file(), "{shown} is missing; `make test` installs it where it can");
    std::process::Command::new(path)
}
