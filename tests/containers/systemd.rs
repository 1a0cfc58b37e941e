//! The service of systemd.

use super::root;
use crate::support::{claimledger, text, tool};
use std::process::{Command, Output};

/// Maximum exposure of the service, in tenths, as systemd counts it.
const MAX_EXPOSURE: &str = "--threshold=15";

/// `systemd-analyze` about a unit with this text, in a folder of its own.
fn analyze(arguments: &[&str], unit: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("claimledger.service");
    std::fs::write(&path, unit).unwrap();
    Command::new(tool("systemd-analyze")).args(arguments).arg(path).output().expect("it runs")
}

fn unit() -> String {
    std::fs::read_to_string(root().join("deploy/claimledger.service")).unwrap()
}

#[test]
fn the_service_is_confined() {
    let arguments = ["security", "--offline=true", MAX_EXPOSURE];
    let out = analyze(&arguments, &unit());
    assert!(out.status.success(), "{}", text(&out.stdout));
    let loose = unit().replace("SystemCallFilter=", "#").replace("PrivateDevices=yes", "");
    assert!(!analyze(&arguments, &loose).status.success());
}

#[test]
fn systemd_reads_the_service_and_the_program_reads_its_command() {
    let unit = unit();
    let program = claimledger().get_program().to_str().unwrap().to_owned();
    let here = unit.replace("/usr/local/bin/claimledger", &program);
    let out = analyze(&["verify"], &here);
    let said = text(&out.stderr);
    assert!(out.status.success() && !said.contains("claimledger.service:"), "{said}");
    let out = analyze(&["verify"], &here.replace("ProtectProc=", "ProtectProk="));
    assert!(text(&out.stderr).contains("Unknown key"), "{}", text(&out.stderr));

    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let arguments = command.split_whitespace().skip(1);
    let out = claimledger().args(arguments).arg("--help").output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    let help = text(&claimledger().arg("--help").output().unwrap().stdout);
    for line in unit.lines().filter_map(|line| line.strip_prefix("Environment=")) {
        let name = line.split('=').next().unwrap();
        assert!(help.contains(&format!("[env: {name}=")), "{name}");
    }
}
