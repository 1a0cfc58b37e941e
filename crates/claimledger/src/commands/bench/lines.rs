//! How lines of rates are shown: yardstick, product and ratio.

use crate::{
    bench::{Line, spread},
    table::table,
};
use serde_json::{Value, json};

pub(super) const DEBUG_BUILD: &str =
    "This is a debug build: the figures say nothing. Build with --release.\n";

/// Median, least and greatest.
pub(super) fn show(values: &[f64], digits: usize) -> String {
    let (median, least, greatest) = spread(values);
    format!("{median:.digits$} ({least:.digits$} to {greatest:.digits$})")
}

/// The lines that were measured, beside what their yardstick is.
pub(super) fn table_of(lines: &[Line], yardstick: &str, product: &str) -> String {
    let rows = lines.iter().filter(|line| !line.product.is_empty()).map(|line| {
        let ratios = line.ratios();
        let met = if spread(&ratios).0 >= line.target { "met" } else { "missed" };
        vec![
            line.id.into(),
            line.what.into(),
            show(&line.yardstick, 0),
            show(&line.product, 0),
            show(&ratios, 2),
            format!("≥ {} {met}", line.target),
        ]
    });
    table(&["", "", yardstick, product, "ratio", "target"], rows.collect())
}

/// The same for programs.
pub(super) fn document(lines: &[Line]) -> Vec<Value> {
    lines
        .iter()
        .map(|line| {
            json!({"line": line.id, "what": line.what, "target": line.target,
                "yardstick": line.yardstick, "plainLoop": line.plain, "product": line.product,
                "ratios": line.ratios(), "medianRatio": spread(&line.ratios()).0})
        })
        .collect()
}
