//! Text from outside, made inert: escaped, set apart from the direction of its surroundings, and
//! with nothing in it that cannot be seen.

use crate::unseen::{Piece, combines, is_unseen, pieces, pieces_of_name, spelled};
use maud::{Markup, html};
use std::fmt::{Display, Write};

/// What is longer is cut, and says how long it was.
const MAX_CHARS: usize = 200;
/// Maximum width of what has no place to break a line, in letters of the usual width: a UUID has
/// 36. What is wider is broken anywhere.
const MAX_UNBROKEN: f64 = 36.0;

/// Text from outside as markup: `<bdi>`, escaped, invisible characters as chips.
pub(crate) fn inert(text: &str) -> Markup {
    let (shown, cut) = cut(text);
    let pieces = pieces_of_name(shown);
    html! {
        bdi class=[is_unbroken(&pieces).then_some("long")] { (written(&pieces)) }
        @if let Some(bytes) = cut { span class="cut" { "… (" (bytes) " bytes)" } }
        @if mixes_scripts(shown) { span class="flag" { "mixed scripts" } }
    }
}

/// The same where no markup can stand: titles, attributes, plain text.
pub(crate) fn plain(text: &str) -> String {
    let (shown, cut) = cut(text);
    let mut out = String::with_capacity(shown.len());
    for piece in pieces_of_name(shown) {
        match piece {
            Piece::Seen(seen) => out.push_str(seen),
            Piece::Unseen(c) => out.push_str(&spelled(c)),
        }
    }
    if let Some(bytes) = cut {
        // Writing to a string does not fail.
        let _ = write!(out, "… ({bytes} bytes)");
    }
    out
}

/// A sentence of ours with text from outside in it: not cut, as long as it is a sentence. `#n`
/// becomes what `link` makes of it.
pub(crate) fn sentence(text: &str, link: &dyn Fn(u64) -> Option<Markup>) -> Markup {
    /// No sentence of ours is longer; what is was made so from outside.
    const LONGEST: usize = 2_000;
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    let mut out = Vec::new();
    let mut rest = &text[..end];
    let mut from = 0;
    while let Some(at) = rest[from..].find('#').map(|at| at + from) {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        match rest[at + 1..at + 1 + digits].parse().ok().and_then(link) {
            None => from = at + 1,
            Some(linked) => {
                out.push(uncut(&rest[..at]));
                out.push(linked);
                rest = &rest[at + 1 + digits..];
                from = 0;
            }
        }
    }
    out.push(uncut(rest));
    html! { @for part in &out { (part) } @if end < text.len() {
    span class="cut" { "… (" (text.len()) " bytes)" } } }
}

/// A count with its noun: `1 record`, `2 records`.
pub(crate) fn count<N: Display + From<u8> + PartialEq>(count: N, noun: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Escaped and made visible, and not cut.
pub(crate) fn uncut(text: &str) -> Markup {
    let pieces = pieces(text);
    let written = written(&pieces);
    if is_unbroken(&pieces) {
        html! { span class="long" { (written) } }
    } else {
        written
    }
}

fn written(pieces: &[Piece<'_>]) -> Markup {
    html! {
        @for piece in pieces {
            @match *piece {
                Piece::Seen(seen) => (seen),
                Piece::Unseen(c) => span class="chip" { (spelled(c)) },
            }
        }
    }
}

/// Whether something in it is wider than a narrow window and has no space to break a line at.
fn is_unbroken(pieces: &[Piece<'_>]) -> bool {
    let mut width = 0.0;
    for piece in pieces {
        match *piece {
            Piece::Unseen(c) => width += spelled(c).len() as f64,
            Piece::Seen(seen) => {
                for c in seen.chars() {
                    width = if c == ' ' { 0.0 } else { width + letters_wide(c) };
                    if width > MAX_UNBROKEN {
                        return true;
                    }
                }
            }
        }
        if width > MAX_UNBROKEN {
            return true;
        }
    }
    false
}

/// About how wide a character is, in letters of the usual width.
pub(crate) fn letters_wide(c: char) -> f64 {
    match c {
        c if combines(c) => 0.0,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 1.6,
        'A'..='Z' => 1.25,
        // Letters of East Asia and pictures are as wide as they are high.
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{1F000}'..='\u{3FFFF}' => 2.0,
        _ => 1.0,
    }
}

fn cut(text: &str) -> (&str, Option<usize>) {
    match text.char_indices().nth(MAX_CHARS) {
        None => (text, None),
        Some((at, _)) => (&text[..at], Some(text.len())),
    }
}

/// Whether something in a text cannot be seen, but for breaks of lines and tabs.
pub(crate) fn has_unseen(text: &str) -> bool {
    text.chars().any(|c| is_unseen(c) && !matches!(c, '\n' | '\r' | '\t'))
}

/// Whether one word mixes Latin with letters that look like Latin ones.
fn mixes_scripts(text: &str) -> bool {
    text.split(|c: char| !c.is_alphabetic()).any(|word| {
        let latin =
            word.chars().any(|c| c.is_ascii_alphabetic() || matches!(c, '\u{00C0}'..='\u{024F}'));
        let alike = word.chars().any(|c| {
            matches!(c, '\u{0370}'..='\u{052F}' |
            '\u{0531}'..='\u{0587}' | '\u{13A0}'..='\u{13FF}')
        });
        latin && alike
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, markup: &str, as_plain: &str) {
        assert_eq!(inert(text).into_string(), markup);
        assert_eq!(plain(text), as_plain);
    }

    #[test]
    fn markup_is_text() {
        check(
            "<script>alert(1)</script>",
            "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>",
            "<script>alert(1)</script>",
        );
        check("\" onload=\"x", "<bdi>&quot; onload=&quot;x</bdi>", "\" onload=\"x");
    }

    #[test]
    fn a_noun_is_counted_in_the_singular_and_the_plural() {
        for (n, text) in [(0_u64, "0 records"), (1, "1 record"), (2, "2 records")] {
            assert_eq!(count(n, "record"), text);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_spelled() {
        check("a\u{202E}b", "<bdi>a<span class=\"chip\">\\u{202E}</span>b</bdi>", "a\\u{202E}b");
        check("\0", "<bdi><span class=\"chip\">\\u{0000}</span></bdi>", "\\u{0000}");
        check("x\u{200B}", "<bdi>x<span class=\"chip\">\\u{200B}</span></bdi>", "x\\u{200B}");
        check("a\nb", "<bdi>a<span class=\"chip\">\\u{000A}</span>b</bdi>", "a\\u{000A}b");
    }

    #[test]
    fn marks_beyond_those_of_a_letter_are_spelled() {
        let letter = "e\u{301}\u{301}\u{301}\u{301}";
        check(letter, &format!("<bdi>{letter}</bdi>"), letter);
        let zalgo = format!("{letter}\u{301}b");
        let chip = "<span class=\"chip\">\\u{0301}</span>";
        check(&zalgo, &format!("<bdi>{letter}{chip}b</bdi>"), &format!("{letter}\\u{{0301}}b"));
        // Its letter would be what stands before the text.
        check("\u{301}b", &format!("<bdi>{chip}b</bdi>"), "\\u{0301}b");
    }

    #[test]
    fn what_has_no_place_to_break_is_broken_anywhere() {
        let is_long = |text: &str| inert(text).into_string().contains("class=\"long\"");
        assert!(!is_long("b24a3575-5bd1-511c-b34b-3e6b8d34dbe9"));
        assert!(!is_long(&"a word ".repeat(20)));
        for long in ["x".repeat(37), "W".repeat(23), "\u{2060}y".repeat(6)] {
            assert!(is_long(&long), "{long:?}");
            assert!(uncut(&long).into_string().starts_with("<span class=\"long\">"), "{long:?}");
        }
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let long = "ä".repeat(201);
        assert_eq!(plain(&long), format!("{}… (402 bytes)", "ä".repeat(200)));
        assert!(inert(&long).into_string().ends_with("<span class=\"cut\">… (402 bytes)</span>"));
    }

    #[test]
    fn records_in_a_sentence_become_links() {
        let link = |n: u64| (n == 54).then(|| html! { a href="x" { "#" (n) } });
        assert_eq!(
            sentence("at 13:50 (#54), not #7 # <b>", &link).into_string(),
            "at 13:50 (<a href=\"x\">#54</a>), not #7 # &lt;b&gt;"
        );
        assert_eq!(
            sentence("\u{202E}", &link).into_string(),
            "<span class=\"chip\">\\u{202E}</span>"
        );
        assert!(sentence(&"x".repeat(2_001), &link).into_string().ends_with("(2001 bytes)</span>"));
    }

    #[test]
    fn mixed_scripts_are_flagged() {
        assert!(inert("pаypal").into_string().contains("mixed scripts"));
        assert!(!inert("Иван Smith").into_string().contains("mixed scripts"));
    }
}
