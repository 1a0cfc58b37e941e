//! Exports as programs read them that others wrote: DuckDB, pandas, and LibreOffice.

use crate::support::{Scratch, reader_python, text, tool};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, process::Command};

fn export(scratch: &Scratch, list: &[&str], format: &str, name: &str) -> String {
    let file = scratch.path(name).to_str().expect("a UTF-8 path").to_owned();
    let end = ["--as", format, "--output", &file];
    scratch.ok(&[&["--tenant", "acme", "--known-at", "82", "export"], list, &end].concat());
    file
}

/// What the script says of a file of Parquet beside one of JSON lines.
fn compared(parquet: &str, jsonl: &str) -> Result<Value, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/readers/parquet.py");
    let output = Command::new(reader_python())
        .arg(script)
        .args([parquet, jsonl])
        .output()
        .expect("python runs");
    if !output.status.success() {
        return Err(text(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn duckdb_and_pandas_read_the_cells_of_parquet() {
    let scratch = Scratch::fixture();
    let lists: [(&str, &[&str]); 4] = [
        ("sessions", &["sessions", "--labels"]),
        ("decisions", &["decisions"]),
        ("timeline", &["timeline", "S2"]),
        ("trust", &["trust"]),
    ];
    for (name, list) in lists {
        let parquet = export(&scratch, list, "parquet", &format!("{name}.parquet"));
        let jsonl = export(&scratch, list, "jsonl", &format!("{name}.jsonl"));
        let found = compared(&parquet, &jsonl).unwrap_or_else(|error| panic!("{name}: {error}"));
        let rows = std::fs::read_to_string(&jsonl).unwrap().lines().count() as u64;
        assert_eq!(found["rows"], rows, "{name}");
        assert!(rows > 0 && found["cells"].as_u64() >= Some(2 * rows * 8), "{name}: {found}");
        // The comparison sees one cell of many.
        let altered = std::fs::read_to_string(&jsonl).unwrap().replacen("2026-03", "2026-04", 1);
        let altered = scratch.file("altered.jsonl", altered);
        assert!(compared(&parquet, &altered).unwrap_err().contains("AssertionError"), "{name}");
    }
}

/// What spreadsheets take for formulas, and what people try to get past a check of the first
/// character: 200 of them.
fn payloads() -> Vec<String> {
    const BODIES: [&str; 10] = [
        "1+1",
        "HYPERLINK(\"http://192.0.2.1/\",\"open\")",
        "cmd|' /C calc'!A0",
        "SUM(A1:A9)",
        "WEBSERVICE(\"http://192.0.2.1/\")",
        "1+1,=2+2",
        "1+1\",\"=2+2",
        "DDE(\"cmd\";\"/C calc\";\"x\")",
        "A1",
        "IMPORTXML(\"http://192.0.2.1/\";\"//a\")",
    ];
    const HEADS: [&str; 20] = [
        "=", "+", "-", "@", " =", "  =", "'=", "\"=", "\"\"=", ";=", ",=", "|=", "%=", "=+", "=-",
        "@=", "+=", "-=", "\u{ff1d}", "\u{a0}=",
    ];
    HEADS.iter().flat_map(|head| BODIES.map(|body| format!("{head}{body}"))).collect()
}

/// The formulas, and the texts of all cells, that LibreOffice finds in a file of CSV.
fn in_libreoffice(scratch: &Scratch, csv: &str) -> (usize, BTreeSet<String>) {
    let out = scratch.path("office");
    let profile = format!("-env:UserInstallation=file://{}", scratch.path("profile").display());
    let output = Command::new(tool("soffice"))
        // Commas, quotes, UTF-8.
        .args([&profile, "--headless", "--infilter=CSV:44,34,76"])
        .args(["--convert-to", "fods", "--outdir"])
        .arg(&out)
        .arg(csv)
        .output()
        .expect("LibreOffice runs");
    let name = Path::new(csv).with_extension("fods");
    let file = out.join(name.file_name().expect("a name"));
    let sheet = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    let cells = sheet.split("<text:p>").skip(1).filter_map(|rest| rest.split_once("</text:p>"));
    let plain = |text: &str| {
        let text = text.replace("<text:s/>", " ").replace("&quot;", "\"").replace("&apos;", "'");
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    };
    let texts = cells.map(|(cell, _)| plain(cell)).collect();
    (sheet.matches("table:formula=").count(), texts)
}

#[test]
fn libreoffice_finds_no_formula_in_an_export() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let payloads = payloads();
    assert_eq!(payloads.iter().collect::<BTreeSet<_>>().len(), 200);
    let lines: String = payloads
        .iter()
        .enumerate()
        .map(|(n, payload)| {
            // In what a person is called, in what an application is called, and in an id.
            let fact = json!({"id": format!("e{n}"), "type": "session.started",
                "session": format!("{payload} {n}"), "occurred_at": "2026-03-10T09:00:00Z",
                "subject": {"id": format!("u{n}"), "login": payload, "name": payload},
                "data": {"idp": payload}});
            format!("{fact}\n")
        })
        .collect();
    let file = scratch.file("facts.jsonl", lines);
    scratch.ok(&["ingest", &file]);
    let csv = scratch.path("sessions.csv").to_str().unwrap().to_owned();
    scratch.ok(&["export", "sessions", "--labels", "--as", "csv", "--output", &csv]);

    // LibreOffice does find formulas where nobody has made them harmless.
    let raw: String =
        payloads.iter().map(|payload| format!("\"{}\"\n", payload.replace('"', "\"\""))).collect();
    let raw = scratch.file("raw.csv", raw);
    let (formulas, _) = in_libreoffice(&scratch, &raw);
    assert!(formulas > 20, "{formulas}");

    let (formulas, texts) = in_libreoffice(&scratch, &csv);
    assert_eq!(formulas, 0);
    // They are there, as text: without white space, which is written otherwise, and apostrophes.
    let bare = |text: &str| text.replace(['\'', ' ', '\u{a0}'], "");
    let texts: BTreeSet<String> = texts.iter().map(|cell| bare(cell)).collect();
    for payload in &payloads {
        assert!(texts.contains(&bare(payload)), "{payload}");
    }
}
