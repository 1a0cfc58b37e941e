//! Rows to write.

use claimledger_export::{
    Format,
    manifest::{Absence, Completeness, Cut, Query, Read, Writing},
    table::{Cell, Column, Kind, Row},
    zone::Zone,
};
use claimledger_facts::time::Time;
use serde_json::json;

pub(crate) fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

/// What rows of four columns, one of each type, are read from.
pub(crate) fn read() -> Read {
    let column = |name: &str, kind| Column {
        name: name.to_owned(),
        kind,
        meaning: format!("what {name} means"),
    };
    Read {
        query: Query {
            list: "sessions".to_owned(),
            filter: json!({"app": "payroll"}),
            labels: false,
            sample: None,
        },
        cut: Cut {
            at: time("2026-03-10T23:00:00Z"),
            known_at: 82,
            recorded_at: time("2026-03-10T22:59:59Z"),
            rules: "r2".to_owned(),
            provisional: false,
            rehearsal: true,
        },
        origin: "0".repeat(64),
        completeness: Completeness {
            complete: true,
            words: "complete".to_owned(),
            sources: Vec::new(),
        },
        absence: Absence { code: "none".to_owned(), words: "There is none.".to_owned() },
        columns: vec![
            column("session", Kind::Text),
            column("started_at", Kind::Time),
            column("factors", Kind::List),
            column("decisions", Kind::Number),
        ],
    }
}

pub(crate) fn writing(format: Format) -> Writing {
    Writing { name: "rows".to_owned(), format, zone: Zone::default() }
}

/// The row of a number; every seventh has a line break and quotes in a cell.
pub(crate) fn row(number: u64) -> Row {
    let factor = if number.is_multiple_of(7) { "a \"b\",\nc" } else { "pwd" };
    Row {
        key: format!("S{number}"),
        cells: vec![
            Cell::from(format!("S{number}")),
            Cell::from(time("2026-03-10T10:00:00Z").plus_secs(number)),
            Cell::from(vec![factor.to_owned(), "hwk".to_owned()]),
            if number.is_multiple_of(5) { Cell::Empty } else { Cell::from(number) },
        ],
        event: Some(json!({"uid": number})),
    }
}

pub(crate) fn rows(count: u64) -> Vec<Row> {
    (1..=count).map(row).collect()
}
