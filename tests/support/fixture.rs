//! Where the fixture is: one day of two organisations, as native facts.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};

/// The fixture of the repository. `CLAIMLEDGER_SHARED` names a folder with another edition of the
/// same day: the same questions are then asked of that one.
pub(crate) fn dir() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixture");
    shared().map_or_else(own, |shared| shared.join("fixture"))
}

fn shared() -> Option<PathBuf> {
    std::env::var_os("CLAIMLEDGER_SHARED").filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

/// An input that the repository does not hold; only the tests of `make test-shared` need one.
pub(crate) fn shared_input(what: &str) -> PathBuf {
    let path = shared().expect("CLAIMLEDGER_SHARED names the folder of shared inputs").join(what);
    assert!(path.exists(), "{} does not exist", path.display());
    path
}

/// The facts of one organisation, one a line.
pub(crate) fn facts(tenant: &str) -> String {
    let path = dir().join(format!("{tenant}.jsonl"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
