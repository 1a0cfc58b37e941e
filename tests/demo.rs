//! The demo is the newcomer's first run: it prints the two trees and shows pages.

mod support;

use support::claimledger;

#[test]
fn once_prints_why_s3_got_in_and_s4_did_not() {
    let out = claimledger().args(["demo", "--once"]).output().expect("the binary runs");
    assert!(out.status.success(), "{}", support::text(&out.stderr));
    let printed = support::text(&out.stdout);
    for expected in [
        "S3 was let into payroll at 13:20:04Z. The rules then in force say the same: allow.",
        "phr has it itself",
        "S4 was refused payroll at 13:55:00Z. The rules then in force say the same: deny. First \
         unmet: phishing-resistant.",
        "sms was seen and falls short",
        "not understood",
    ] {
        assert!(printed.contains(expected), "{expected} is missing from\n{printed}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = claimledger()
        .args(["demo", "--once"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let out = child.wait_with_output().expect("the binary ends");
    assert!(out.status.success() && out.stderr.is_empty(), "{}", support::text(&out.stderr));
}
