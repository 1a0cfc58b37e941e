//! The image.

use super::{linter, root};
use crate::support::text;
use std::path::Path;

/// What `COPY` names of the build context, and the instructions.
fn copied(dockerfile: &str) -> Vec<String> {
    let lines = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    let of_context = lines.filter(|rest| !rest.starts_with("--from"));
    let mut copied = Vec::new();
    for line in of_context {
        let mut words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        words.pop();
        copied.extend(words);
    }
    copied
}

fn dockerfile() -> String {
    std::fs::read_to_string(root().join("Dockerfile")).expect("a Dockerfile")
}

#[test]
fn it_passes_its_linter() {
    let out = linter("hadolint").arg(root().join("Dockerfile")).output().expect("hadolint runs");
    assert!(out.status.success() && out.stdout.is_empty(), "{}", text(&out.stdout));
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("Dockerfile");
    std::fs::write(&bad, dockerfile().replace("rust:1.95-bookworm", "rust")).unwrap();
    let out = linter("hadolint").arg(bad).output().expect("hadolint runs");
    assert!(!out.status.success() && text(&out.stdout).contains("DL3006"), "{}", text(&out.stdout));
}

#[test]
fn it_does_not_run_as_root_and_its_commands_are_lists() {
    let text = dockerfile();
    let user = text.lines().filter_map(|line| line.strip_prefix("USER ")).next_back();
    let id: u32 = user.and_then(|user| user.split(':').next()).unwrap().parse().expect("a number");
    assert!(id > 0);
    for name in ["ENTRYPOINT ", "CMD "] {
        let list = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        serde_json::from_str::<Vec<String>>(list).expect(name);
    }
}

/// Files that the build reads: all members of the workspace, and what the code includes.
#[test]
fn it_copies_what_the_build_reads() {
    let copied = copied(&dockerfile());
    for source in &copied {
        assert!(root().join(source).exists(), "COPY names {source}, which does not exist");
    }
    let is_copied = |path: &Path| copied.iter().any(|source| path.starts_with(source));
    let ignored = std::fs::read_to_string(root().join(".dockerignore")).unwrap();
    let is_ignored = |path: &Path| ignored.lines().any(|line| path.starts_with(line));
    let mut read = vec!["Cargo.toml".into(), "Cargo.lock".into()];
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let krate = entry.unwrap().path();
        read.push(krate.join("Cargo.toml").strip_prefix(root()).unwrap().to_owned());
        included(&krate.join("src"), &mut read);
        let manifest = std::fs::read_to_string(krate.join("Cargo.toml")).unwrap();
        // Cargo reads the paths of all targets, those of tests too.
        for path in manifest.lines().filter_map(|line| line.strip_prefix("path = \"../../")) {
            read.push(path.trim_end_matches('"').into());
        }
    }
    assert!(read.len() > 40, "{read:?}");
    for path in &read {
        assert!(is_copied(path) && !is_ignored(path), "{} is not in the image", path.display());
    }
}

/// The files outside of its folder that Rust code includes.
fn included(dir: &Path, read: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            included(&path, read);
            continue;
        }
        let Ok(code) = std::fs::read_to_string(&path) else { continue };
        for call in ["include_str!(\"", "include_bytes!(\""] {
            for rest in code.split(call).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                let Ok(file) = path.parent().unwrap().join(name).canonicalize() else { continue };
                read.push(file.strip_prefix(root()).expect("inside").to_owned());
            }
        }
    }
}
