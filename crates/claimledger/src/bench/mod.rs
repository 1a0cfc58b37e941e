//! Benchmarks that measure their own yardstick: bare SQLite or bare PostgreSQL, in the same run, on
//! the same disk. Only the ratios say something.

pub(crate) mod bare_postgres;
pub(crate) mod bare_sqlite;
pub(crate) mod corpus;
pub(crate) mod fixture;
pub(crate) mod process;
pub(crate) mod product;
pub(crate) mod profiles;
pub(crate) mod scratch_databases;
pub(crate) mod scratch_dir;
pub(crate) mod sessions;
pub(crate) mod storage;

/// One line of a report: rates in events a second, one a run.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    /// The ratio to be met.
    pub(crate) target: f64,
    /// The yardstick: of bare SQLite the quickest.
    pub(crate) yardstick: Vec<f64>,
    /// Bare SQLite as most would write it, where that is something else.
    pub(crate) plain: Vec<f64>,
    pub(crate) product: Vec<f64>,
}

impl Line {
    /// A line without a run.
    pub(crate) fn new(id: &'static str, what: &'static str, target: f64) -> Self {
        Self { id, what, target, yardstick: vec![], plain: vec![], product: vec![] }
    }

    /// The ratio of each run, product to yardstick of the same run.
    pub(crate) fn ratios(&self) -> Vec<f64> {
        self.product
            .iter()
            .zip(&self.yardstick)
            .map(|(product, yardstick)| product / yardstick)
            .collect()
    }
}

/// Median, least and greatest.
pub(crate) fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.as_slice() {
        [] => (f64::NAN, f64::NAN, f64::NAN),
        all => (all[all.len() / 2], all[0], all[all.len() - 1]),
    }
}

/// The value below which this share of them lies (nearest rank).
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{quantile, spread};

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(
            (quantile(&values, 0.5), quantile(&values, 0.99), quantile(&values, 1.0)),
            (50.0, 99.0, 100.0)
        );
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn the_spread_is_the_middle_and_both_ends() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (2.0, 1.0, 3.0));
    }
}
