//! Trust is retracted by the role govern: from the directory, over HTTP and by the form of the
//! pages.

mod command;
mod form;
mod http;

use crate::support::{Scratch, fixture};

/// What the fixture retracts.
const FROM: &str = "2026-03-10T13:40:00Z";

/// The fixture's day without its own retraction.
fn day_before_it() -> Scratch {
    let scratch = Scratch::rehearsal(&["acme"]);
    let day = std::fs::read_to_string(fixture::dir().join("acme.jsonl")).expect("the fixture");
    let lines: Vec<&str> = day.lines().filter(|line| !line.contains("trust.retracted")).collect();
    assert_eq!(lines.len() + 1, day.lines().count());
    let file = scratch.file("acme.jsonl", lines.join("\n"));
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    scratch
}

fn head(scratch: &Scratch) -> u64 {
    scratch.json(&["--tenant", "acme", "status"])["head"].as_u64().expect("a size")
}
