//! Every command of the README and of the command line's reference runs, in their order, in a
//! directory that holds nothing but the examples.

use crate::support::{text, tool};
use std::{net::TcpListener, path::Path, process::Command};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The lines of a page's blocks for a shell.
fn commands(page: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join(page)).expect("the page");
    let mut blocks = page.split("```");
    blocks.next();
    blocks
        .step_by(2)
        .filter_map(|block| block.strip_prefix("sh\n"))
        .flat_map(str::lines)
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_of_the_readme_runs() {
    let (shell, _curl, _jq) = (tool("bash"), tool("curl"), tool("jq"));
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(dir.path().join("examples")).expect("a directory");
    for name in ["facts.jsonl", "okta-system-log.jsonl"] {
        let name = Path::new("examples").join(name);
        std::fs::copy(root().join(&name), dir.path().join(&name)).expect("an example");
    }
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let url = format!("127.0.0.1:{}", free.port());
    // The build has been done, and a reader waits until the server says that it listens.
    let wait = format!(
        "claimledger --data ledger serve --listen {url} & trap 'kill %1; wait' EXIT\n\
         until curl -sf {url}/readyz; do sleep 0.1; done"
    );
    let readme: Vec<String> = commands("README.md")
        .into_iter()
        .filter(|line| !line.starts_with("cargo "))
        .map(|line| line.replace("claimledger --data ledger serve &", &wait))
        .map(|line| line.replace("127.0.0.1:7070", &url))
        .collect();
    assert!(readme.len() > 20, "{readme:?}");
    run(&shell, dir.path(), &readme);
    let reference = commands("docs/cli.md");
    assert!(reference.len() > 10, "{reference:?}");
    run(&shell, dir.path(), &reference);
    let exports = commands("docs/exports.md");
    assert!(exports.len() > 8, "{exports:?}");
    run(&shell, dir.path(), &exports);
}

fn run(shell: &Path, dir: &Path, lines: &[String]) {
    let binary = Path::new(env!("CARGO_BIN_EXE_claimledger")).parent().expect("its directory");
    let path = std::env::var("PATH").unwrap_or_default();
    let out = Command::new(shell)
        .args(["-euxmo", "pipefail", "-c", &lines.join("\n")])
        .current_dir(dir)
        .env("PATH", format!("{}:{path}", binary.display()))
        .env_remove("CLAIMLEDGER_DATA")
        .output()
        .expect("a shell runs");
    let (printed, said) = (text(&out.stdout), text(&out.stderr));
    assert!(out.status.success(), "{printed}\n{said}");
    assert!(!printed.contains("\"error"), "{printed}");
}
