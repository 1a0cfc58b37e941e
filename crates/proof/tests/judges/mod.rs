//! What programs that we did not write say of our logs: Go's `x/mod/sumdb/tlog` and `note`, and the
//! Python package tlog-scales. `make test-tools` installs them.

mod folder;
mod go;
mod python;

use std::process::{Command, Output};

/// What a judge printed, or why it refused.
fn verdict(command: &mut Command) -> Result<String, String> {
    let output = command.output();
    let Output { status, stdout, stderr } =
        output.unwrap_or_else(|error| panic!("{command:?}: {error}; run make test-tools"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").trim_end().to_owned();
    if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
}
