//! Samples.

use crate::common::rows;
use claimledger_export::{
    digest::sha256,
    sample::{Drawing, Sample},
};

fn draw(count: u64, seed: &str, n: u64) -> Vec<String> {
    let mut drawing = Drawing::new(Sample { rows: n, seed: seed.to_owned() });
    rows(count).into_iter().for_each(|row| drawing.see(row));
    drawing.finish().into_iter().map(|row| row.key).collect()
}

#[test]
fn a_sample_is_the_rows_of_the_least_digests_in_the_order_of_the_list() {
    // Drawn once more, as the manifest says it.
    let mut by_digest: Vec<(String, u64)> =
        (1..=50).map(|number| (sha256(format!("42\0S{number}").as_bytes()), number)).collect();
    by_digest.sort();
    let mut expected: Vec<u64> = by_digest.iter().take(3).map(|(_, number)| *number).collect();
    expected.sort_unstable();
    let expected: Vec<String> = expected.iter().map(|number| format!("S{number}")).collect();
    assert_eq!(draw(50, "42", 3), expected);
    assert_ne!(draw(50, "43", 3), expected);
    assert_eq!(draw(2, "42", 3), ["S1", "S2"]);
}
