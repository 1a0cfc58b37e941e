//! What can be said of a value that is no strict JSON, for what is kept and not understood: keys
//! that stand twice are numbered, and what is no character is replaced.

use crate::strict::{self, Duplicates};
use serde_json::Value;

/// As much of a value as JSON can say; none: it is damaged outside of its texts, or too deep.
pub(crate) fn parse(bytes: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(bytes);
    let text = whole_characters(&text);
    strict::parse(text.as_bytes(), Duplicates::Numbered).ok()
}

/// The text with U+FFFD in place of each half of a surrogate pair that stands alone.
fn whole_characters(text: &str) -> String {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut out, mut at, mut copied) = (String::with_capacity(text.len()), 0, 0);
    while let Some(found) = text[at..].find('\\') {
        at += found;
        let (high, low) = (unit(at), unit(at + 6));
        let is =
            |unit: Option<u16>, from| unit.is_some_and(|unit| (from..from + 0x400).contains(&unit));
        if is(high, 0xd800) && is(low, 0xdc00) {
            at += 12;
        } else if is(high, 0xd800) || is(high, 0xdc00) {
            out.push_str(&text[copied..at]);
            out.push('\u{fffd}');
            at += 6;
            copied = at;
        } else {
            // The escaped character may be a backslash itself.
            let next = text[at + 1..].chars().next();
            at += 1 + next.map_or(0, char::len_utf8);
        }
    }
    out.push_str(&text[copied..]);
    out
}
