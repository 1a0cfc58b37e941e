//! Reads a document. The parser recurses over what it reads, and so does everything after it, so
//! brackets are counted first, in one pass over the text: a document that nests deeper than any
//! question needs is never parsed.

use super::errors;
use async_graphql::{
    Pos, ServerError,
    parser::{parse_query, types::ExecutableDocument},
};
use std::borrow::Cow;

/// Maximum brackets inside of one another: selection sets, arguments, lists, objects and list types
/// together.
pub(crate) const MAX_BRACKETS: u64 = 64;

/// Reads a document. Every entrance of GraphQL passes here, and nothing else calls the parser.
///
/// # Errors
/// If it nests too deep, or is no GraphQL.
pub(crate) fn read(text: &str) -> Result<ExecutableDocument, ServerError> {
    let text = with_line_feeds(text);
    let Nesting { depth, past_limit } = Nesting::of(&text);
    if let Some(place) = past_limit {
        let message = format!(
            "refused before it was parsed: brackets nested {depth} deep, {MAX_BRACKETS} is the \
             limit"
        );
        let numbers = [("cost", depth), ("limit", MAX_BRACKETS)];
        let mut error = errors::refused("TOO_DEEP", message, &numbers);
        error.locations.push(place);
        return Err(error);
    }
    parse_query(&*text).map_err(|error| errors::not_parsed(error.into()))
}

/// Ends every line with a line feed. The parser reads a lone carriage return as the end of a line
/// but does not count it, so its locations would point outside of the document. In a block string
/// the specification does the same.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    }
}

/// How deep brackets stand inside of one another.
#[derive(Debug, PartialEq)]
struct Nesting {
    depth: u64,
    /// The first bracket past [`MAX_BRACKETS`].
    past_limit: Option<Pos>,
}

impl Nesting {
    /// Counts in one pass. Brackets in comments and strings are text. Whether brackets match is the
    /// parser's to say: it stops at the first that does not, so it never nests deeper than the
    /// count.
    fn of(text: &str) -> Self {
        let mut scan = Scan { rest: text, line: 1, column: 1, block_strings_end: true };
        let (mut open, mut depth, mut past_limit) = (0_u64, 0, None);
        loop {
            let place = Pos { line: scan.line, column: scan.column };
            let Some(c) = scan.next() else { break };
            match c {
                '#' => scan.skip_comment(),
                '"' => scan.skip_string(),
                '(' | '[' | '{' => {
                    open += 1;
                    depth = depth.max(open);
                    if open > MAX_BRACKETS && past_limit.is_none() {
                        past_limit = Some(place);
                    }
                }
                ')' | ']' | '}' => open = open.saturating_sub(1),
                _ => {}
            }
        }
        Self { depth, past_limit }
    }
}

/// What is left of a document, and where it begins.
struct Scan<'t> {
    rest: &'t str,
    line: usize,
    column: usize,
    /// False once a block string was found without an end: the parser then reads `"""` as an empty
    /// string and a quote.
    block_strings_end: bool,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn skip(&mut self, bytes: usize) {
        let until = self.rest.len() - bytes;
        while self.rest.len() > until && self.next().is_some() {}
    }

    fn skip_comment(&mut self) {
        self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
    }

    /// After a quote.
    fn skip_string(&mut self) {
        if self.block_strings_end && self.rest.starts_with("\"\"") {
            match end_of_block_string(&self.rest[2..]) {
                Some(end) => return self.skip(2 + end),
                None => self.block_strings_end = false,
            }
        }
        if let Some(end) = end_of_string(self.rest) {
            self.skip(end);
        }
        // Without an end it is no string: the parser stops at its quote, and what follows is
        // counted like any text.
    }
}

/// The bytes of a block string after its opening quotes, the closing ones included.
fn end_of_block_string(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find("\"\"\"")?;
        if !text[..at].ends_with('\\') {
            return Some(at + 3);
        }
        from = at + 3;
    }
}

/// The bytes of a string after its opening quote, the closing one included.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{
        Value,
        parser::types::{Selection, SelectionSet},
    };

    fn depth(text: &str) -> u64 {
        Nesting::of(&with_line_feeds(text)).depth
    }

    #[test]
    fn brackets_in_strings_and_comments_are_text() {
        for (text, expected) in [
            ("{ a(b: [[1]]) }", 4),
            ("{ a } # {{{{{{", 1),
            ("{ a # {{{{{{\r{b} }", 2),
            (r#"{ a(b: "[[[[[[") }"#, 2),
            (r#"{ a(b: "\"[[[[[[") }"#, 2),
            (r#"{ a(b: """ "[[[[ \""" [[[ """) }"#, 2),
            // No block string ends here, so the parser sees an empty string, `x`, and brackets.
            (r#"{ a(b: ["""x" [[[1]]]]) }"#, 6),
            // A string does not go on over the end of its line.
            ("{ a(b: \"\n[[[", 5),
            (")))]]]}}}{", 1),
            ("{ a(b: \"\u{1F600}[\") c(d: [1]) }", 3),
        ] {
            assert_eq!(depth(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_bracket_past_the_limit_is_named() {
        let nested = |n: usize| format!("{{\r\n  session(id: {}1{})", "[".repeat(n), "]".repeat(n));
        let most = usize::try_from(MAX_BRACKETS).unwrap() - 2;
        assert_eq!(
            Nesting::of(&with_line_feeds(&nested(most))),
            Nesting { depth: MAX_BRACKETS, past_limit: None }
        );
        let error = read(&nested(30_000)).unwrap_err();
        assert_eq!(error.locations, [Pos { line: 2, column: 15 + most }]);
        assert_eq!(error.extensions.unwrap().get("code"), Some(&"TOO_DEEP".into()));
    }

    /// How deep a value is, as the parser read it.
    fn of_value(value: &Value) -> u64 {
        match value {
            Value::List(items) => 1 + items.iter().map(of_value).max().unwrap_or(0),
            Value::Object(members) => 1 + members.values().map(of_value).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn of_set(set: &SelectionSet) -> u64 {
        let of = |selection: &Selection| match selection {
            Selection::Field(field) => {
                let values = field
                    .node
                    .arguments
                    .iter()
                    .filter_map(|(_, value)| value.node.clone().into_const());
                let arguments = values.map(|value| 1 + of_value(&value)).max();
                of_set(&field.node.selection_set.node).max(arguments.unwrap_or(0))
            }
            Selection::InlineFragment(inline) => of_set(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => 0,
        };
        set.items.iter().map(|item| 1 + of(&item.node)).max().unwrap_or(0)
    }

    /// Whatever quotes, escapes and comments do to one another: what the parser reads is never
    /// deeper than the count.
    #[test]
    fn the_parser_never_nests_deeper_than_the_count() {
        const PIECES: [&str; 12] =
            ["\"", "\"\"\"", "\\", "\\\"", "[", "]", "#", "\n", "\r", "a", "1", " "];
        let mut seed = 0x2545_F491_4F6C_DD1D_u64;
        let mut random = move |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed % below as u64).unwrap()
        };
        let mut parsed = 0;
        for _ in 0..60_000 {
            let inner: String = (0..1 + random(10)).map(|_| PIECES[random(PIECES.len())]).collect();
            let text = format!("{{ a(b: [{inner}]) }}");
            let Ok(document) = parse_query(&*with_line_feeds(&text)) else { continue };
            parsed += 1;
            let deepest = document
                .operations
                .iter()
                .map(|(_, operation)| of_set(&operation.node.selection_set.node))
                .max();
            assert!(deepest.unwrap_or(0) <= depth(&text), "{text:?}");
        }
        assert!(parsed > 1_000, "{parsed}");
    }
}
