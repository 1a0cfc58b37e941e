//! What a back-fill closes.

use super::{END, config, ledger, text, time};
use serde_json::{Value, json};

#[test]
fn a_back_fill_closes_just_the_part_of_a_gap_that_it_covers() {
    let span = |id: &str, kind: &str, at: &str, from: &str, until: &str| {
        config(id, kind, at, json!({"from": time(from), "until": time(until)}))
    };
    let scratch = ledger(vec![
        config(
            "heard",
            "source.heard",
            "13:00:00",
            json!({"until": time("23:30:00"), "basis": "stated"}),
        ),
        span("silent", "source.silent", "13:00:00", "10:00:00", "12:00:00"),
        span("filled", "source.backfilled", "14:00:00", "10:30:00", "11:00:00"),
        span("more", "source.backfilled", "15:00:00", "11:00:00", "12:30:00"),
    ]);
    let gaps = |known_at: &str| {
        let answer = scratch.json(&[
            "--tenant",
            "acme",
            "--at",
            END,
            "--known-at",
            known_at,
            "completeness",
        ]);
        let source = answer["items"]
            .as_array()
            .expect("sources")
            .iter()
            .find(|source| source["source"] == "sp")
            .expect("sp")
            .clone();
        let gap = |gap: &Value| {
            format!(
                "{} {} {}",
                &text(&gap["from"])[11..16],
                &text(&gap["until"])[11..16],
                gap["backfilled"]
            )
        };
        source["gaps"].as_array().expect("gaps").iter().map(gap).collect::<Vec<_>>()
    };
    assert_eq!(gaps("2026-03-10T13:30:00Z"), ["10:00 12:00 false"]);
    assert_eq!(
        gaps("2026-03-10T14:30:00Z"),
        ["10:00 10:30 false", "10:30 11:00 true", "11:00 12:00 false"]
    );
    assert_eq!(gaps("2026-03-10T16:00:00Z"), ["10:00 10:30 false", "10:30 12:00 true"]);
}
