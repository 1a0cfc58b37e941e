//! Samples that anyone can draw again.

use crate::table::Row;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Maximum rows of a sample: they are kept in memory until the list ends.
pub const MAX_SAMPLE: u64 = 10_000;

/// How a sample is drawn, as the manifest says it.
pub const METHOD: &str = "the n rows whose SHA-256(seed, one zero byte, key of the row) is least, \
                          in the order of the list; the key is the session's name, or source, \
                          slash and source id of the record; seed and key are UTF-8";

/// A sample to be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The number of rows.
    pub rows: u64,
    /// The seed.
    pub seed: String,
}

/// A sample that is being drawn.
pub struct Drawing {
    sample: Sample,
    /// By digest, then place in the list.
    drawn: BTreeMap<([u8; 32], u64), Row>,
    seen: u64,
}

impl Drawing {
    /// An empty one.
    #[must_use]
    pub const fn new(sample: Sample) -> Self {
        Self { sample, drawn: BTreeMap::new(), seen: 0 }
    }

    /// Looks at a row.
    pub fn see(&mut self, row: Row) {
        let digest = Sha256::new()
            .chain_update(&self.sample.seed)
            .chain_update([0])
            .chain_update(&row.key)
            .finalize();
        self.drawn.insert((digest.into(), self.seen), row);
        self.seen += 1;
        if self.drawn.len() as u64 > self.sample.rows {
            self.drawn.pop_last();
        }
    }

    /// The rows, in the order of the list.
    #[must_use]
    pub fn finish(self) -> Vec<Row> {
        let in_order: BTreeMap<u64, Row> =
            self.drawn.into_iter().map(|((_, place), row)| (place, row)).collect();
        in_order.into_values().collect()
    }
}
