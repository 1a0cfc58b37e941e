//! Checks and words for text that came from outside.

/// Maximum length of an id, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 512;
/// What is expected of an id.
pub const EXPECTED_ID: &str = "a string of 1 to 512 bytes without control characters";

/// Whether the text can be an id: 1 to 512 bytes, no control characters.
#[must_use]
pub fn is_id(text: &str) -> bool {
    // Nearly every id is plain ASCII, and a loop without a way out looks at many bytes at once.
    let plain =
        |text: &str| text.bytes().fold(true, |all, byte| all & (0x20..0x7f).contains(&byte));
    !text.is_empty()
        && text.len() <= MAX_ID_BYTES
        && (plain(text) || !text.chars().any(char::is_control))
}

/// Words to choose from, as a message lists them: `a`, `b` or `c`.
pub(crate) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Text from outside as a message may show it: without control characters, cut short.
pub(crate) fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let mut out = String::new();
    for c in text.chars().take(MAX_CHARS) {
        if c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' |
                '\u{2066}'..='\u{2069}')
        {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(MAX_CHARS).is_some() {
        out.push('…');
    }
    out
}

/// Adds a key to a field path: `data.rules`.
pub(crate) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

/// Adds an index to a field path: `rules[0]`.
pub(crate) fn push_index(path: &mut String, index: usize) {
    path.push('[');
    path.push_str(&index.to_string());
    path.push(']');
}

/// Up to three of the candidates that are spelled most like the word.
pub(crate) fn close<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    const MAX_DISTANCE: usize = 4;
    if word.len() > 64 {
        return Vec::new();
    }
    let mut ranked: Vec<(usize, &str)> =
        candidates.map(|c| (distance(word, c), c)).filter(|(d, _)| *d <= MAX_DISTANCE).collect();
    ranked.sort();
    ranked.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// How many letters must be added, removed or exchanged to come from one word to the other
/// (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_has_no_control_characters() {
        assert!(is_id("S1") && is_id(&"x".repeat(512)) && is_id("Jürgen 7"));
        assert!(!is_id("") && !is_id(&"x".repeat(513)) && !is_id("a\nb") && !is_id("a\u{9b}b"));
    }

    #[test]
    fn words_to_choose_from_read_as_a_sentence() {
        assert_eq!(any_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!((any_of(["a", "b"]), any_of(["a"])), ("`a` or `b`".into(), "`a`".into()));
    }

    #[test]
    fn messages_show_no_control_characters_and_are_short() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}"), "a\\u{1b}[2Jb\\u{202e}");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), 121);
    }

    #[test]
    fn close_names_are_listed_nearest_first() {
        let names = ["session.started", "session.ended", "claims.received"];
        assert_eq!(close("session.endet", names.into_iter()), ["session.ended"]);
        assert_eq!(close("claim.received", names.into_iter()), ["claims.received"]);
        assert!(close("login", names.into_iter()).is_empty());
    }
}
