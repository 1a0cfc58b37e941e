//! Plain words and short lines.

use super::files;
use std::path::Path;

/// Maximum columns of a line of code, and of prose.
const MAX_CODE: usize = 100;
const MAX_PROSE: usize = 120;

/// Files of data, where a line is one record.
const DATA: &[&str] = &["jsonl", "json", "lock", "csv", "svg", "bin", "cbor", "txt", "SHA256SUMS"];

/// Phrases of a dialect, and what to write instead. Whole words, without regard to case.
const PHRASES: &[(&str, &str)] = &[
    ("so many", "Maximum …, or the number"),
    ("so much", "the amount"),
    ("so far as", "as far as"),
    ("whoever", "callers, clients, the process that"),
    ("whomever", "the caller that"),
    ("is told by", "is found by, is read from"),
    ("are told by", "are found by"),
    ("is told", "is passed, is notified"),
    ("are told", "are passed"),
    ("stands where", "has the same sort key"),
    ("stood where", "had the same sort key"),
    ("where things stand", "status"),
    ("gone without", "dropped"),
    ("anew", "again, rebuild"),
    ("flat out", "saturated"),
    ("gives way", "yields"),
    ("give way", "yield"),
    ("at hand", "cached, loaded"),
    ("of no use", "rejected, invalid"),
    ("in brief", "without reasons; summary"),
    ("likewise", "also"),
    ("put down", "written"),
    ("taken in", "ingested"),
    ("takes in", "ingests"),
    ("thrown away", "deleted, dropped"),
    ("taken back", "revoked"),
    ("what came of", "the result of"),
    ("what became of", "the outcome of"),
    ("came to nothing", "failed"),
    ("comes to nothing", "fails"),
    ("that is asked", "live"),
    ("is asked now", "is live now"),
    ("hangs together", "is linked"),
    ("hang together", "are linked"),
    ("hold together", "are consistent"),
    ("holds together", "is consistent"),
    ("for ever", "permanently"),
    ("sees to it", "ensures"),
    ("see to it", "ensure"),
    ("is nobody's", "not recognised"),
    ("no word of", "unknown"),
    ("told apart", "distinguished"),
    ("half way", "before it completes"),
    ("is owed", "is the target"),
    ("on its way", "in progress"),
    ("without end", "unbounded"),
    ("everybody's", "of all people"),
    ("somebody", "a caller, a client"),
];

/// Text that people read: code, documents, pages. Decisions are dated documents and stay as they
/// were written; this list names the phrases.
fn prose() -> impl Iterator<Item = std::path::PathBuf> {
    const KINDS: &[&str] =
        &["rs", "md", "sql", "graphql", "cddl", "css", "js", "sh", "toml", "yml", "yaml", "html"];
    files().into_iter().filter(|path| {
        path.extension().is_some_and(|e| KINDS.iter().any(|kind| e == *kind))
            && !path.ends_with("tests/tidy/words.rs")
    })
}

fn has(line: &str, phrase: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(phrase).any(|(at, _)| {
        !line[..at].ends_with(inside) && !line[at + phrase.len()..].starts_with(inside)
    })
}

#[test]
fn nothing_is_written_in_stock_phrases() {
    assert!(PHRASES.len() >= 40);
    let mut found = Vec::new();
    for path in prose() {
        let text = std::fs::read_to_string(&path).expect("UTF-8").to_lowercase();
        for (number, line) in text.lines().enumerate() {
            for (phrase, instead) in PHRASES.iter().filter(|(phrase, _)| has(line, phrase)) {
                found.push(format!("{}:{}: {phrase} → {instead}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{} stock phrases:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_line_is_wider_than_a_page() {
    let mut found = Vec::new();
    for path in files() {
        let kind = path.extension().or(path.file_name()).unwrap_or_default().to_string_lossy();
        if DATA.contains(&&*kind) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let most = if kind == "md" { MAX_PROSE } else { MAX_CODE };
        for (number, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > most && !is_table_or_link(&path, line) {
                found.push(format!("{}:{}: {columns}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{} wide lines:\n{}", found.len(), found.join("\n"));
}

/// Rows of tables and addresses cannot be broken.
fn is_table_or_link(path: &Path, line: &str) -> bool {
    let line = line.trim_start().trim_start_matches(['/', '!']).trim_start();
    let markdown = path.extension().is_some_and(|e| e == "md" || e == "rs");
    (markdown && line.starts_with('|')) || (line.contains("https://") && !line.contains(". "))
}

#[test]
fn phrases_are_found_as_whole_words() {
    assert!(has("so many rows", "so many"));
    assert!(!has("also many rows", "so many"));
    assert!(!has("anewer", "anew"));
}
