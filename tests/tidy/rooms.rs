//! Rooms: the folders at the top of a crate. Imports between them have one direction.

use super::{files, root};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Every allowed edge between the rooms of `app`, in the order of the flow. A new one is a visible
/// line in a diff. A room imports only rooms above it in this list.
const APP: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("access", &["model"]),
    ("read", &["model"]),
    ("tenant", &["model", "read"]),
    ("app", &["access", "model", "read", "tenant"]),
    ("intake", &["app", "model", "tenant"]),
    ("projection", &["app", "model", "read", "tenant"]),
    ("tree", &["access", "app", "model", "read", "tenant"]),
    ("copy", &["model", "tenant", "tree"]),
    ("feed", &["app", "model", "read", "tenant"]),
    ("queries", &["app", "model", "projection", "read", "tenant", "tree"]),
    ("export", &["app", "model", "queries"]),
    ("open", &["app", "model", "projection", "tenant", "tree"]),
];

/// The same of `proof`: from hashes to files.
const PROOF: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("tree", &[]),
    ("tiles", &["text", "tree"]),
    ("note", &[]),
    ("checkpoint", &["note", "text", "tree"]),
    ("tlog_proof", &["checkpoint", "note", "text", "tiles", "tree"]),
    ("receipt", &["checkpoint", "note", "text", "tree"]),
    ("evidence", &["checkpoint", "note", "receipt", "text", "tree"]),
];

/// A crate's modules at the top, and which others each imports. Files in `tests` and test modules
/// at the end of a file are left out.
fn edges(krate: &str) -> BTreeMap<String, BTreeSet<String>> {
    let source = root().join("crates").join(krate).join("src");
    let source = source.canonicalize().expect("a crate");
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files().iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let Some(inside) = path
            .canonicalize()
            .ok()
            .and_then(|path| path.strip_prefix(&source).ok().map(Path::to_path_buf))
        else {
            continue;
        };
        let first = inside.components().next().expect("a file");
        let room = Path::new(first.as_os_str()).file_stem().expect("a name").to_string_lossy();
        let is_root = ["lib", "main"].contains(&&*room);
        if is_root || inside.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("UTF-8");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        edges
            .entry(room.clone().into_owned())
            .or_default()
            .extend(imported(code).into_iter().filter(|other| *other != *room));
    }
    edges
}

/// The modules at the top of the crate that a file names: in `use crate::…` and in paths.
fn imported(code: &str) -> BTreeSet<String> {
    let code: String = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = BTreeSet::new();
    for (at, mark) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + mark.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut begins = true;
        for (index, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                c if c.is_whitespace() => {}
                _ if begins && depth == 0 => {
                    found.insert(name(&group[index..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    // Items at the crate's root begin with a capital letter, macros and attributes have no name.
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Every room imports what its line says, and only rooms above it.
fn imports_are_allowed(krate: &str, rooms: &[(&str, &[&str])]) {
    let found = edges(krate);
    for (place, (room, allowed)) in rooms.iter().enumerate() {
        for other in *allowed {
            let above = rooms[..place].iter().any(|(name, _)| name == other);
            assert!(above, "{room} imports {other}, which stands below it in the list");
        }
        let allowed: BTreeSet<String> = allowed.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(found.get(*room), Some(&allowed), "imports of {krate}/src/{room}");
    }
    let rooms: BTreeSet<&str> = rooms.iter().map(|(room, _)| *room).collect();
    let stray: Vec<_> = found.keys().filter(|room| !rooms.contains(room.as_str())).collect();
    assert!(stray.is_empty(), "modules of {krate} without a line in the list: {stray:?}");
}

#[test]
fn rooms_of_the_use_cases_import_along_the_allowed_edges() {
    imports_are_allowed("app", APP);
}

#[test]
fn rooms_of_the_proofs_import_along_the_allowed_edges() {
    imports_are_allowed("proof", PROOF);
}

#[test]
fn no_crate_has_an_import_circle_between_its_folders() {
    for krate in [
        "facts",
        "domain",
        "proof",
        "ledger",
        "export",
        "store",
        "kurrentdb",
        "kurrentdb-double",
        "sources",
        "app",
        "server",
        "okta",
        "claimledger",
    ] {
        let source = root().join("crates").join(krate).join("src");
        let edges = edges(krate);
        let folder = |name: &str| source.join(name).is_dir();
        for start in edges.keys().filter(|name| folder(name)) {
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            let mut next = vec![start.as_str()];
            while let Some(room) = next.pop() {
                let further = edges.get(room).into_iter().flatten().map(String::as_str);
                next.extend(further.filter(|room| seen.insert(room)));
            }
            assert!(
                !seen.contains(start.as_str()),
                "{krate}: {start} imports itself by way of {:?}",
                seen.iter().filter(|name| folder(name)).collect::<Vec<_>>()
            );
        }
    }
}

/// `Answer` is made in one place, which records what it discloses.
#[test]
fn answers_are_made_by_the_one_way_to_read_alone() {
    let mut makers = Vec::new();
    for path in files() {
        let name = path.display().to_string();
        let is_code = name.contains("/crates/app/src/") && name.ends_with(".rs");
        let text = if is_code { std::fs::read_to_string(&path).expect("UTF-8") } else { continue };
        let makes = |line: &str| {
            let line = line.trim_start();
            !line.starts_with("//")
                && !line.contains("struct Answer")
                && !line.contains("let Answer")
                && line
                    .match_indices("Answer {")
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        if text.lines().any(makes) {
            makers.push(name.split("/crates/app/src/").nth(1).unwrap_or_default().to_owned());
        }
    }
    assert_eq!(makers, ["app/ask.rs"]);
}

#[test]
fn imports_are_read_from_groups_and_from_paths() {
    let code = "use crate::{\n    a::{self, b::C},\n    d,\n};\nuse crate::e::F;\n// crate::g\n\
                fn f() { crate::h::i(); other_crate::j(); }\n";
    let found: Vec<String> = imported(code).into_iter().collect();
    assert_eq!(found, ["a", "d", "e", "h"]);
}
