//! How the measures of one size are shown, beside those of other sizes.

use super::lines::DEBUG_BUILD;
use crate::{
    cli::Format,
    table::table,
    terminal::{print_json, print_text},
};
use serde_json::{Value, json};

/// One measure of one size.
pub(crate) struct Measure {
    /// The line of the targets that it is for.
    pub(crate) line: &'static str,
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// What is to be met, where it stands by itself.
    pub(crate) target: Option<Target>,
}

/// A bound.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Measure {
    pub(crate) fn new(
        line: &'static str,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) -> Self {
        Self { line, what: what.into(), value, unit, target: None }
    }

    pub(crate) fn at_least(self, bound: f64) -> Self {
        Self { target: Some(Target::AtLeast(bound)), ..self }
    }

    pub(crate) fn at_most(self, bound: f64) -> Self {
        Self { target: Some(Target::AtMost(bound)), ..self }
    }

    fn met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::AtLeast(bound) => self.value >= bound,
            Target::AtMost(bound) => self.value <= bound,
        })
    }
}

/// The measures of each size, side by side.
pub(crate) fn print(format: Format, about: &str, sizes: &[(String, Vec<Measure>)]) {
    match format {
        Format::Json => {
            let sizes: Vec<Value> = sizes
                .iter()
                .map(|(size, measures)| {
                    let measures: Vec<_> = measures
                        .iter()
                        .map(|m| {
                            json!({"line": m.line, "what": m.what,
                            "value": m.value, "unit": m.unit, "met": m.met()})
                        })
                        .collect();
                    json!({"size": size, "measures": measures})
                })
                .collect();
            print_json(&json!({"about": about, "debug": cfg!(debug_assertions), "sizes": sizes}));
        }
        Format::Text => {
            if cfg!(debug_assertions) {
                print_text(DEBUG_BUILD);
            }
            print_text(&format!("{about}\n"));
            let mut header = vec!["", ""];
            header.extend(sizes.iter().map(|(size, _)| size.as_str()));
            header.push("target");
            let Some((_, first)) = sizes.first() else { return };
            let rows = first.iter().map(|row| {
                let of = |measures: &[Measure]| {
                    measures
                        .iter()
                        .find(|m| (m.line, &m.what) == (row.line, &row.what))
                        .map_or_else(String::new, shown)
                };
                let target = match row.target {
                    Some(Target::AtLeast(bound)) => format!("≥ {bound}"),
                    Some(Target::AtMost(bound)) => format!("≤ {bound}"),
                    None => String::new(),
                };
                [row.line.to_owned(), row.what.clone()]
                    .into_iter()
                    .chain(sizes.iter().map(|(_, measures)| of(measures)))
                    .chain([target])
                    .collect()
            });
            print_text(&table(&header, rows.collect()));
        }
    }
}

fn shown(measure: &Measure) -> String {
    let digits =
        if measure.value.abs() < 10.0 { 2 } else { usize::from(measure.value.abs() < 1_000.0) };
    let met = match measure.met() {
        Some(true) => " met",
        Some(false) => " missed",
        None => "",
    };
    format!("{:.digits$} {}{met}", measure.value, measure.unit)
}
