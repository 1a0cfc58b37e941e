//! Text that a spreadsheet would read as a formula.
//!
//! A file that a compliance department opens in a spreadsheet holds text that users and vendors
//! wrote. A cell that begins with one of a few characters is computed there, and may start a
//! program or send what stands in other cells away.

use std::borrow::Cow;

/// What begins a formula, in one spreadsheet or another; with the full-width forms that some read
/// alike.
const BEGINS: &[char] = &[
    '=', '+', '-', '@', '\t', '\r', '\0', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    '\u{2212}',
];

/// What a reader may see as the end of a cell: in places the separator is a semicolon or a tab.
const SEPARATES: &[char] = &[';', '\t', '\n', '\r'];

/// What spreadsheets may skip at the begin of a cell.
fn is_skipped(c: char) -> bool {
    c != '\t'
        && c != '\r'
        && (c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'))
}

fn begins_formula(text: &str) -> bool {
    text.trim_start_matches(is_skipped).starts_with(BEGINS)
}

/// The text with an apostrophe before whatever would be a formula.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let mut begins: Vec<usize> = Vec::new();
    if begins_formula(text) {
        begins.push(0);
    }
    for (at, separator) in text.match_indices(SEPARATES) {
        let next = at + separator.len();
        if begins_formula(&text[next..]) {
            begins.push(next);
        }
    }
    if begins.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + begins.len());
    let mut from = 0;
    for at in begins {
        out.push_str(&text[from..at]);
        out.push('\'');
        from = at;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}
