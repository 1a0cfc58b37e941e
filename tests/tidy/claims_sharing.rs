//! The table of `docs/claims-sharing.md`: every rule has a file and a test, and every file of a
//! rule is in the table.

use super::root;
use std::{collections::BTreeSet, fs};

/// A row: the file of the rule, and its test as `file: name`.
struct Row {
    file: String,
    test: String,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/claims-sharing.md")).expect("the table");
    let code = |cell: &str| cell.trim().strip_prefix('`')?.strip_suffix('`').map(str::to_owned);
    let cells = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [_, file, test] = cells.as_slice() else { panic!("three columns: {line}") };
        (*file != "file").then(|| (line.to_owned(), code(file), code(test)))
    });
    let row = |(line, file, test): (String, Option<String>, Option<String>)| Row {
        file: file.unwrap_or_else(|| panic!("a file in code: {line}")),
        test: test.unwrap_or_else(|| panic!("a test in code: {line}")),
    };
    cells.map(row).collect()
}

#[test]
fn every_row_names_a_file_and_a_test_that_exist() {
    let rows = rows();
    assert!(rows.len() >= 40, "{} rows", rows.len());
    let domain = root().join("crates/domain");
    for Row { file, test } in rows {
        let source = domain.join("src").join(&file);
        assert!(source.is_file(), "{file} does not exist");
        let (place, name) = test.split_once(": ").expect("`file: test`");
        let tests = fs::read_to_string(domain.join("tests/rules").join(place))
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        let defined = format!("\nfn {name}() {{");
        let before = tests.split_once(&defined).map(|(before, _)| before);
        assert!(
            before.is_some_and(|text| text.trim_end().ends_with("#[test]")),
            "{place} has no test {name}"
        );
    }
}

#[test]
fn every_file_of_a_rule_is_in_the_table() {
    let listed: BTreeSet<String> = rows().into_iter().map(|row| row.file).collect();
    let assess = root().join("crates/domain/src/assess");
    let mut rules = 0;
    for entry in fs::read_dir(assess).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("UTF-8");
        if text.contains("\npub(crate) const ID: &str") {
            rules += 1;
            let name = path.file_name().expect("a name").to_string_lossy();
            let name = format!("assess/{name}");
            assert!(listed.contains(&name), "docs/claims-sharing.md has no row for {name}");
        }
    }
    assert!(rules >= 20, "{rules} files of rules");
}
