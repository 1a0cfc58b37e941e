//! The scripts of the deployment.

use super::{linter, root};
use crate::support::{text, tool};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
    thread,
};

fn scripts() -> Vec<PathBuf> {
    let listed = fs::read_dir(root().join("deploy")).unwrap();
    let all = listed.map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|of| of == "sh")).collect()
}

#[test]
fn they_pass_their_linter() {
    assert_eq!(scripts().len(), 4);
    let out = linter("shellcheck").args(scripts()).output().expect("shellcheck runs");
    assert!(out.status.success(), "{}", text(&out.stdout));
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad.sh");
    fs::write(&bad, "#!/bin/sh\nrm -r $1/old\n").unwrap();
    assert!(!linter("shellcheck").arg(bad).output().expect("shellcheck runs").status.success());
}

/// Runs `log-login.sh` against a server that answers with this status; what it was sent.
fn log_login(status: &str) -> (Output, String) {
    tool("curl");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        reader.into_inner().write_all(answer.as_bytes()).unwrap();
        format!("{head}\n{}", text(&body))
    });
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("log-password"), "0123abcd\n").unwrap();
    fs::write(dir.path().join("ca.crt"), "").unwrap();
    let out = Command::new("sh")
        .arg(root().join("deploy/log-login.sh"))
        .arg(format!("http://{address}"))
        .args([dir.path().join("ca.crt"), dir.path().to_owned()])
        .env("KURRENTDB_ADMIN_PASSWORD", "admin word")
        .output()
        .unwrap();
    (out, server.join().unwrap())
}

/// Over plain HTTP, to a server of the test: KurrentDB's answers are those of its documentation.
#[test]
fn the_login_of_the_log_is_made_or_left() {
    let (out, sent) = log_login("201 Created");
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(sent.starts_with("POST /users/ "), "{sent}");
    // `admin:admin word`
    assert!(sent.contains("Authorization: Basic YWRtaW46YWRtaW4gd29yZA=="), "{sent}");
    let body: serde_json::Value = serde_json::from_str(sent.split("\n\n").last().unwrap())
        .unwrap_or_else(|error| panic!("{error}: {sent}"));
    assert_eq!((&body["LoginName"], &body["Password"]), (&"ledger".into(), &"0123abcd".into()));
    assert_eq!(body["Groups"], serde_json::json!([]), "no administrator");
    let (out, _) = log_login("409 Conflict");
    assert!(out.status.success() && text(&out.stdout).contains("is there"));
    let (out, _) = log_login("401 Unauthorized");
    assert!(!out.status.success() && text(&out.stderr).contains("status 401"));
    let shown = text(&out.stdout) + &text(&out.stderr);
    assert!(!shown.contains("admin word") && !shown.contains("0123abcd"), "{shown}");
}
