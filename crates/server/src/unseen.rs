//! Characters of text from outside that a reader cannot see, or that cover what is around them.
//! Each is spelled, on pages and in a terminal alike.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Maximum marks that combine with one letter; more of them are spelled. Scripts in use combine
/// three, and a letter with hundreds covers the lines around it.
const MAX_MARKS: usize = 4;

/// A part of a text.
pub enum Piece<'a> {
    /// Shown as it is.
    Seen(&'a str),
    /// Shown as [`spelled`].
    Unseen(char),
}

/// A text in parts: what is shown as it is, and what is spelled.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    split(text, |_, _| false)
}

/// The same of an id or a name: also a space is spelled that a page does not show, because it is
/// the first or the last, or follows another.
#[must_use]
pub fn pieces_of_name(text: &str) -> Vec<Piece<'_>> {
    split(text, |at, c| c == ' ' && (at == 0 || text[..at].ends_with(' ') || at + 1 == text.len()))
}

fn split(text: &str, is_unseen_too: impl Fn(usize, char) -> bool) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut from = 0;
    // At the start they would combine with what is before the text.
    let mut marks = MAX_MARKS;
    for (at, c) in text.char_indices() {
        marks = if combines(c) { marks.saturating_add(1) } else { 0 };
        if is_unseen(c) || marks > MAX_MARKS || is_unseen_too(at, c) {
            if from < at {
                out.push(Piece::Seen(&text[from..at]));
            }
            out.push(Piece::Unseen(c));
            from = at + c.len_utf8();
        }
    }
    if from < text.len() {
        out.push(Piece::Seen(&text[from..]));
    }
    out
}

/// The code point of a character, as text: `\u{202E}`.
#[must_use]
pub fn spelled(c: char) -> String {
    format!("\\u{{{:04X}}}", u32::from(c))
}

/// A mark that is drawn on the letter before it: Mn and Me of the Unicode Character Database.
pub(crate) fn combines(c: char) -> bool {
    // Nothing before U+0300 combines, and most of what is shown is.
    c >= '\u{300}'
        && matches!(
            c.general_category(),
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
        )
}

/// Control characters, characters that change direction, and characters without width.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' |
                '\u{17B5}' | '\u{180E}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' |
                '\u{FFF9}'..='\u{FFFB}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{180B}'..='\u{180F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        pieces(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Seen(seen) => seen.to_owned(),
                Piece::Unseen(c) => spelled(c),
            })
            .collect()
    }

    /// Acute accent; Arabic superscript alef; Devanagari virama; Thai mai ek; enclosing circle.
    const MARKS: [char; 5] = ['\u{301}', '\u{670}', '\u{94D}', '\u{E48}', '\u{20DD}'];

    #[test]
    fn marks_of_every_script_beyond_those_of_a_letter_are_spelled() {
        for mark in MARKS {
            let many = format!("e{}b", String::from(mark).repeat(200));
            let left = shown(&many).chars().filter(|c| *c == mark).count();
            assert_eq!(left, MAX_MARKS, "{mark:?}");
        }
    }

    #[test]
    fn a_space_that_a_page_does_not_show_is_spelled_in_a_name() {
        let named = |text: &str| -> usize {
            let pieces = pieces_of_name(text);
            pieces.iter().filter(|piece| matches!(piece, Piece::Unseen(' '))).count()
        };
        for (name, spelled) in [("K", 0), ("K ", 1), (" K", 1), ("a b", 0), ("a  b", 1), (" ", 1)] {
            assert_eq!(named(name), spelled, "{name:?}");
        }
        assert_eq!(shown("of a sentence "), "of a sentence ");
    }

    #[test]
    fn texts_of_scripts_that_combine_are_left_as_they_are() {
        for text in ["Zoë", "हिन्दी", "שָׁלוֹם", "ภาษาไทย", "Việt", "مُحَمَّدٌ"]
        {
            assert_eq!(shown(text), text);
        }
    }
}
