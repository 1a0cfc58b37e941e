//! What keeps the tree in shape: which crate may depend on which, and what the repository may not
//! contain.

#[path = "tidy/claims_sharing.rs"]
mod claims_sharing;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/tokens.rs"]
mod tokens;
#[path = "tidy/types.rs"]
mod types;
#[path = "tidy/words.rs"]
mod words;

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

/// Every allowed edge between our crates. A new one is a visible line in a diff. Dependencies point
/// up this list only.
const EDGES: &[(&str, &[&str])] = &[
    ("claimledger-facts", &[]),
    ("claimledger-domain", &["claimledger-facts"]),
    ("claimledger-proof", &["claimledger-facts"]),
    ("claimledger-ledger", &["claimledger-facts"]),
    ("claimledger-export", &["claimledger-facts"]),
    ("claimledger-store", &["claimledger-facts", "claimledger-ledger"]),
    ("claimledger-kurrentdb-double", &[]),
    ("claimledger-kurrentdb", &["claimledger-facts", "claimledger-ledger"]),
    ("claimledger-sources", &["claimledger-facts"]),
    (
        "claimledger-app",
        &[
            "claimledger-facts",
            "claimledger-domain",
            "claimledger-proof",
            "claimledger-ledger",
            "claimledger-export",
            "claimledger-sources",
        ],
    ),
    (
        "claimledger-server",
        &[
            "claimledger-facts",
            "claimledger-domain",
            "claimledger-proof",
            "claimledger-ledger",
            "claimledger-export",
            "claimledger-sources",
            "claimledger-app",
        ],
    ),
    (
        "claimledger-okta",
        &["claimledger-facts", "claimledger-ledger", "claimledger-sources", "claimledger-app"],
    ),
    (
        "claimledger",
        &[
            "claimledger-facts",
            "claimledger-domain",
            "claimledger-proof",
            "claimledger-ledger",
            "claimledger-export",
            "claimledger-store",
            "claimledger-kurrentdb",
            "claimledger-sources",
            "claimledger-app",
            "claimledger-server",
            "claimledger-okta",
        ],
    ),
];

/// Crates that do no IO: they may not depend on a runtime, a database or an HTTP library.
const PURE: &[&str] =
    &["claimledger-facts", "claimledger-domain", "claimledger-proof", "claimledger-sources"];
const IO: &[&str] = &["tokio", "sqlx", "axum", "ureq", "reqwest", "tower-http"];

/// Maximum lines of a source file.
const MAX_LINES: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let normal = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|d| d["kind"].is_null());
            let names = normal.filter_map(|d| d["name"].as_str()).map(str::to_owned).collect();
            (package["name"].as_str().expect("a name").to_owned(), names)
        })
        .collect()
}

#[test]
fn crates_depend_only_along_the_allowed_edges() {
    let dependencies = dependencies();
    assert_eq!(
        dependencies.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        EDGES.iter().map(|(name, _)| *name).collect()
    );
    for (name, allowed) in EDGES {
        let ours =
            dependencies[*name].iter().filter(|dependency| dependency.starts_with("claimledger"));
        for dependency in ours {
            assert!(allowed.contains(&dependency.as_str()), "{name} depends on {dependency}");
        }
    }
}

#[test]
fn the_pure_core_does_no_io() {
    let dependencies = dependencies();
    for name in PURE {
        for library in IO {
            assert!(!dependencies[*name].contains(*library), "{name} depends on {library}");
        }
    }
}

/// The files that git tracks, or would.
fn files() -> Vec<PathBuf> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let listed =
        out.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    listed.lines().map(|line| root().join(line)).filter(|path| path.is_file()).collect()
}

#[test]
fn no_source_file_is_too_long_to_read() {
    for path in files().iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let lines = std::fs::read_to_string(path).expect("UTF-8").lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines: split it", path.display());
    }
}

#[test]
fn nothing_is_left_open_and_no_machine_is_named() {
    let marks = [
        ["to", "do!("].concat(),
        ["unimple", "mented!("].concat(),
        ["FIX", "ME"].concat(),
        ["#[ig", "nore"].concat(),
    ];
    let places = [
        ["/wo", "rk/"].concat(),
        ["/ro", "ot/"].concat(),
        ["crates", ".io"].concat(),
        ["registry.", "npm"].concat(),
    ];
    for path in files() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if path.ends_with("Cargo.lock") || path.ends_with(".ci/run") {
            continue;
        }
        for word in
            marks.iter().filter(|_| path.extension().is_some_and(|e| e == "rs")).chain(&places)
        {
            assert!(!text.contains(word.as_str()), "{} contains {word}", path.display());
        }
        assert!(
            !text.contains(&["../sha", "red"].concat()),
            "{} names the folder of shared inputs",
            path.display()
        );
    }
}

/// A test that lacks something fails. `power_cut.rs` has one that is run as a child process.
#[test]
fn no_test_passes_by_returning_early() {
    let early = [" else { ret", "urn };"].concat();
    for path in files() {
        let of_tests = path.components().any(|part| part.as_os_str() == "tests");
        if !of_tests || path.extension().is_none_or(|e| e != "rs") || path.ends_with("power_cut.rs")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let found = text
            .lines()
            .find(|line| line.starts_with("    let ") && line.ends_with(early.as_str()));
        assert_eq!(found, None, "{}", path.display());
    }
}

/// Versions of libraries that are known to be unsound, and what says so. None may come back by way
/// of another library.
#[test]
fn no_library_is_used_that_is_known_to_be_unsound() {
    const UNSOUND: &[(&str, &str, &str)] = &[("lru", "0.16.", "RUSTSEC-2026-0253")];
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let mut name = "";
    for line in lock.lines() {
        let value = |key: &str| line.strip_prefix(key).map(|value| value.trim_matches('"'));
        if let Some(named) = value("name = ") {
            name = named;
        }
        for (library, versions, advisory) in UNSOUND {
            let found = value("version = ")
                .is_some_and(|version| name == *library && version.starts_with(versions));
            assert!(!found, "{library} {versions}x is unsound: {advisory}");
        }
    }
}

/// Each dependency of a crate is named by its code: one that nothing names only costs build time.
/// What a crate's tests alone name belongs among its `dev-dependencies`.
#[test]
fn every_dependency_is_used() {
    let mut unused = Vec::new();
    let mut used_somewhere = BTreeSet::new();
    let crates = std::fs::read_dir(root().join("crates")).expect("crates/");
    for folder in crates.filter_map(|entry| Some(entry.ok()?.path())) {
        let manifest = folder.join("Cargo.toml");
        let tests = [folder.join("tests"), folder.join("benches"), folder.join("examples")];
        let source = code_of(&[folder.join("src")]);
        let mut with_tests = source.clone() + &code_of(&tests);
        if folder.ends_with("claimledger") {
            with_tests += &code_of(&[root().join("tests")]);
        }
        for (section, code) in [("dependencies", &source), ("dev-dependencies", &with_tests)] {
            for name in entries(&manifest, section) {
                let path = format!("{}::", name.replace('-', "_"));
                let is_named = code.match_indices(&path).any(|(at, _)| {
                    !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                });
                if !is_named {
                    unused.push(format!("{}: {name} in [{section}]", manifest.display()));
                }
                used_somewhere.insert(name);
            }
        }
    }
    for name in entries(&root().join("Cargo.toml"), "workspace.dependencies") {
        if !used_somewhere.contains(&name) {
            unused.push(format!("Cargo.toml: {name} is no crate's"));
        }
    }
    assert_eq!(unused, Vec::<String>::new());
}

/// All Rust code below some folders.
fn code_of(folders: &[PathBuf]) -> String {
    let mut code = String::new();
    let mut folders = folders.to_vec();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|e| e.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                // A module of another crate's tests, included by its path.
                let included = text.lines().filter_map(|line| {
                    line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]")
                });
                for other in included.filter(|other| other.starts_with("../")) {
                    let other = path.with_file_name(other);
                    code += &std::fs::read_to_string(other).unwrap_or_default();
                }
                code += &text;
            }
        }
    }
    code
}

/// The names in a section of a manifest.
fn entries(manifest: &Path, section: &str) -> Vec<String> {
    let text = std::fs::read_to_string(manifest).expect("a manifest");
    let lines = text.lines().skip_while(|line| *line != format!("[{section}]")).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| Some(line.split_once(['.', ' '])?.0.to_owned()))
        .filter(|name| name.starts_with(|c: char| c.is_alphanumeric()))
        .collect()
}
