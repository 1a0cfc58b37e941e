//! Cuts a byte stream, in UTF-8 or UTF-16, into top-level JSON values: JSON lines, one value, or
//! arrays of values, on one line each or printed over many.
//!
//! It looks at structure only (brackets, strings, commas), so that a broken value is noticed where
//! it breaks and the next one is found again. Whether a value is valid JSON is decided by
//! [`crate::strict`].
//!
//! Memory: the value being read, at most [`Limits::max_value_bytes`], and what was pushed last.
//!
//! After a broken value the reading goes on at the first later line that begins with a bracket,
//! indented no deeper than the broken value was. So a cut line costs itself and nothing else, and a
//! broken value that is printed over many lines is one refusal.

use crate::{
    encoding::Encoding,
    strict::{self, Duplicates, MAX_DEPTH},
};
use claimledger_facts::{
    record::MAX_RECORD_BYTES,
    refusal::{Refusal, RefusalCode},
};

/// One value may have this many bytes: more could not be stored as one record.
pub const MAX_VALUE_BYTES: usize = MAX_RECORD_BYTES;

/// What the splitter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes one value may have.
    pub max_value_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_value_bytes: MAX_VALUE_BYTES }
    }
}

/// One top-level value, not yet parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The line where it starts, from 1.
    pub line: u64,
    /// Its number in the stream, from 1, broken ones counted.
    pub item: u64,
    /// Its bytes, without white space around them.
    pub bytes: Vec<u8>,
}

/// The splitter: [`push`](Self::push) bytes in, iterate pieces out, [`finish`](Self::finish) at the
/// end and iterate the rest. `next` answers `None` when it needs more bytes; after that it can be
/// asked again.
#[derive(Debug)]
pub struct Splitter {
    limits: Limits,
    encoding: Encoding,
    /// `buffer[start..]` was not yet given out, `buffer[scanned..]` not yet looked at.
    buffer: Vec<u8>,
    start: usize,
    scanned: usize,
    /// The line of `buffer[scanned]`.
    line: u64,
    /// How many white-space bytes are before `buffer[scanned]` on its line; none once anything
    /// else does.
    indent: Option<usize>,
    state: State,
    /// The line where the open top-level array began, and what may come next in it.
    array: Option<Array>,
    /// How many values were given out or refused.
    items: u64,
    ended: bool,
}

#[derive(Debug)]
enum State {
    /// Nothing was read yet: a byte order mark is tolerated here.
    Start,
    /// Between values.
    Between,
    /// Inside a value that starts at `buffer[start]`.
    Value(Value),
    /// After a broken value: everything up to a line that begins with a bracket at `indent` or less
    /// is skipped.
    Skipping { indent: usize },
}

#[derive(Debug)]
struct Array {
    line: u64,
    next: ArrayNext,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ArrayNext {
    /// Just after `[`: a value or `]`.
    First,
    /// After a comma: a value.
    Value,
    /// After a value: a comma or `]`.
    Comma,
    /// After something broken, which may have swallowed commas and the `]`: anything that is no
    /// mistake of its own.
    Anything,
}

/// How far the structure of the open value is known.
#[derive(Debug)]
struct Value {
    line: u64,
    /// The indentation of the value, where it is the first thing on its line; else 0.
    indent: usize,
    /// A bit a level, the innermost lowest: 1 for an object, 0 for an array.
    objects: u128,
    depth: usize,
    last: Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    Open,
    Comma,
    Colon,
    Done,
    /// Inside a number or word; the top level has it when the whole value is no object and no
    /// array.
    Scalar,
    String {
        escaped: bool,
    },
}

enum Step {
    /// The byte belongs to the value.
    Inside,
    /// The byte is the value's last.
    Complete,
    /// The byte is not allowed here.
    Broken,
}

impl Splitter {
    /// A splitter at the beginning of a stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            encoding: Encoding::Unknown(Vec::new()),
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            line: 1,
            indent: Some(0),
            state: State::Start,
            array: None,
            items: 0,
            ended: false,
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.encoding.decode(chunk, &mut self.buffer);
    }

    /// Says that the stream has ended. Ask for the rest afterwards: a value that was cut is a
    /// refusal that names its line.
    pub fn finish(&mut self) {
        self.encoding.finish(&mut self.buffer);
        self.ended = true;
    }

    /// How many bytes are held: the open value, and what was pushed and not yet looked at.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn between(&mut self, byte: u8) -> Option<Result<Piece, Refusal>> {
        match (byte, &mut self.array) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => self.skip_byte(byte),
            (b'[', None | Some(Array { next: ArrayNext::Anything, .. })) => {
                self.array = Some(Array { line: self.line, next: ArrayNext::First });
                self.skip_byte(byte);
            }
            (
                b']',
                Some(Array {
                    next: ArrayNext::First | ArrayNext::Comma | ArrayNext::Anything, ..
                }),
            ) => {
                self.array = None;
                self.skip_byte(byte);
            }
            (b',', Some(Array { next: next @ ArrayNext::Comma, .. })) => {
                *next = ArrayNext::Value;
                self.skip_byte(byte);
            }
            (b',', Some(Array { next: ArrayNext::Anything, .. })) => self.skip_byte(byte),
            (b',' | b']' | b'}' | b':', in_array) => {
                let expected = if in_array.is_some() {
                    "a value, or after one `,` or `]`"
                } else {
                    "a JSON value"
                };
                let refusal =
                    malformed(expected, format!("`{}` is not allowed here", char::from(byte)))
                        .on_line(self.line)
                        .of_item(self.items + 1);
                if let Some(array) = in_array {
                    array.next = ArrayNext::Anything;
                }
                self.skip_byte(byte);
                // What follows on the line belongs to the same mistake.
                self.state = State::Skipping { indent: usize::MAX };
                return Some(Err(refusal));
            }
            (_, Some(array @ Array { next: ArrayNext::Comma, .. })) => {
                array.next = ArrayNext::Anything;
                return Some(Err(malformed(
                    "`,` or `]`",
                    "a comma is missing between two values of the array",
                )
                .on_line(self.line)
                .of_item(self.items + 1)));
            }
            _ => {
                let value = Value {
                    line: self.line,
                    indent: self.indent.unwrap_or(0),
                    objects: 0,
                    depth: 0,
                    last: Last::Nothing,
                };
                self.state = State::Value(value);
            }
        }
        None
    }

    /// Moves on by one byte that no value needs.
    fn skip_byte(&mut self, byte: u8) {
        self.advance(byte);
        self.start = self.scanned;
    }

    fn advance(&mut self, byte: u8) {
        self.scanned += 1;
        match byte {
            b'\n' => {
                self.line += 1;
                self.indent = Some(0);
            }
            b' ' | b'\t' | b'\r' => self.indent = self.indent.map(|n| n + 1),
            _ => self.indent = None,
        }
    }

    /// Gives out the open value, which ends before the byte to be looked at next.
    fn take(&mut self, line: u64) -> Piece {
        let bytes = self.buffer[self.start..self.scanned].trim_ascii_end().to_vec();
        self.start = self.scanned;
        self.after_value();
        self.items += 1;
        Piece { line, item: self.items, bytes }
    }

    fn after_value(&mut self) {
        self.state = State::Between;
        if let Some(array) = &mut self.array
            && array.next != ArrayNext::Anything
        {
            array.next = ArrayNext::Comma;
        }
    }

    /// Refuses the open value and goes back to the line after the one it starts on.
    fn refuse(&mut self, refusal: Refusal, line: u64, indent: usize) -> Refusal {
        if let Some(newline) = self.buffer[self.start..].iter().position(|b| *b == b'\n') {
            self.scanned = self.start + newline + 1;
            self.line = line + 1;
            self.indent = Some(0);
        } else {
            self.indent = None;
        }
        self.start = self.scanned;
        self.state = State::Skipping { indent };
        if let Some(array) = &mut self.array {
            array.next = ArrayNext::Anything;
        }
        self.items += 1;
        refusal.on_line(line).of_item(self.items)
    }

    /// What is wrong with the open value, which is known to be cut or broken before `buffer[end]`.
    fn diagnosis(&self, end: usize, line: u64) -> Refusal {
        let mut refusal = match strict::parse(&self.buffer[self.start..end], Duplicates::Tolerated)
        {
            Err(refusal) => refusal,
            Ok(_) => malformed("one JSON value", "the value does not end where it should"),
        };
        if self.line > line {
            refusal.message = format!(
                "the value that begins here is cut or broken, as line {} shows: {}",
                self.line, refusal.message
            );
        }
        refusal
    }

    fn scan_value(&mut self) -> Option<Result<Piece, Refusal>> {
        while let State::Value(value) = &mut self.state {
            let (line, indent) = (value.line, value.indent);
            let length = self.scanned - self.start;
            if length > self.limits.max_value_bytes {
                let max = self.limits.max_value_bytes;
                let refusal = Refusal::whole(
                    RefusalCode::TooLarge,
                    format!("at most {max} bytes"),
                    format!("the value has more than {max} bytes"),
                );
                return Some(Err(self.refuse(refusal, line, indent)));
            }
            let Some(&byte) = self.buffer.get(self.scanned) else {
                if !self.ended {
                    return None;
                }
                if value.depth == 0 && value.last == Last::Scalar {
                    return Some(Ok(self.take(line)));
                }
                let refusal = self.diagnosis(self.scanned, line);
                return Some(Err(self.refuse(refusal, line, indent)));
            };
            // A value that is no object and no array ends where its line ends, or its place in an
            // array does.
            if value.depth == 0
                && value.last == Last::Scalar
                && (byte == b'\n'
                    || (self.array.is_some() && matches!(byte, b',' | b']' | b' ' | b'\t' | b'\r')))
            {
                return Some(Ok(self.take(line)));
            }
            match value.step(byte) {
                Step::Inside => self.advance(byte),
                Step::Complete if length < self.limits.max_value_bytes => {
                    self.advance(byte);
                    return Some(Ok(self.take(line)));
                }
                Step::Complete => self.advance(byte),
                Step::Broken => {
                    // A string that meets the end of its line is shown as cut, anything else with
                    // the byte that is not allowed there.
                    let end = if byte == b'\n' { self.scanned } else { self.scanned + 1 };
                    let refusal = self.diagnosis(end, line);
                    return Some(Err(self.refuse(refusal, line, indent)));
                }
            }
        }
        None
    }

    /// Skips to a line that begins with a bracket, not deeper than `indent`.
    fn skip(&mut self, indent: usize) -> bool {
        while let Some(&byte) = self.buffer.get(self.scanned) {
            if matches!(byte, b'{' | b'[') && self.indent.is_some_and(|n| n <= indent) {
                self.state = State::Between;
                return true;
            }
            // The end of an array that holds the broken value: known by its indentation, which is
            // less.
            if byte == b']' && self.array.is_some() && self.indent.is_some_and(|n| n <= indent) {
                self.after_value();
                return true;
            }
            self.skip_byte(byte);
        }
        if self.ended {
            self.after_value();
        }
        false
    }
}

impl Iterator for Splitter {
    type Item = Result<Piece, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match &self.state {
                State::Start => {
                    const MARK: &[u8] = b"\xEF\xBB\xBF";
                    if self.buffer.len() < MARK.len()
                        && MARK.starts_with(&self.buffer)
                        && !self.ended
                    {
                        return None;
                    }
                    if self.buffer.starts_with(MARK) {
                        (self.start, self.scanned) = (MARK.len(), MARK.len());
                    }
                    self.state = State::Between;
                }
                State::Between => match self.buffer.get(self.scanned) {
                    Some(&byte) => {
                        if let Some(item) = self.between(byte) {
                            return Some(item);
                        }
                    }
                    None if self.ended => {
                        let array =
                            self.array.take().filter(|array| array.next != ArrayNext::Anything)?;
                        return Some(Err(malformed(
                            "`]`",
                            "the array that begins on this line is cut",
                        )
                        .on_line(array.line)));
                    }
                    None => return None,
                },
                State::Value(_) => return self.scan_value(),
                State::Skipping { indent } => {
                    let indent = *indent;
                    if !self.skip(indent) {
                        return None;
                    }
                }
            }
        }
    }
}

impl Value {
    fn step(&mut self, byte: u8) -> Step {
        if let Last::String { escaped } = self.last {
            self.last = match byte {
                _ if escaped => Last::String { escaped: false },
                b'\\' => Last::String { escaped: true },
                b'"' => Last::Done,
                // A line cannot end inside of a string: the value is cut here.
                b'\n' => return Step::Broken,
                _ => self.last,
            };
            return self.complete_or_inside();
        }
        let in_object = self.depth > 0 && self.objects & 1 == 1;
        let value_may_start = match self.last {
            Last::Nothing | Last::Colon => true,
            Last::Open | Last::Comma => !in_object,
            Last::Done | Last::Scalar | Last::String { .. } => false,
        };
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                if self.last == Last::Scalar && self.depth > 0 {
                    self.last = Last::Done;
                }
            }
            b'{' | b'[' => {
                if !value_may_start || self.depth >= MAX_DEPTH {
                    return Step::Broken;
                }
                self.objects = self.objects << 1 | u128::from(byte == b'{');
                self.depth += 1;
                self.last = Last::Open;
            }
            b'}' | b']' => {
                if self.depth == 0 || in_object != (byte == b'}') || self.last == Last::Colon {
                    return Step::Broken;
                }
                self.objects >>= 1;
                self.depth -= 1;
                self.last = Last::Done;
                return self.complete_or_inside();
            }
            b'"' => {
                let key_may_start = in_object && matches!(self.last, Last::Open | Last::Comma);
                if !value_may_start && !key_may_start {
                    return self.junk();
                }
                self.last = Last::String { escaped: false };
            }
            b',' if self.depth > 0 && matches!(self.last, Last::Done | Last::Scalar) => {
                self.last = Last::Comma
            }
            b':' if in_object && self.last == Last::Done => self.last = Last::Colon,
            b',' | b':' => return self.junk(),
            _ if self.last == Last::Scalar || value_may_start => self.last = Last::Scalar,
            _ => return self.junk(),
        }
        Step::Inside
    }

    /// At the top level a line that is no object and no array is one piece, whatever is in it.
    fn junk(&self) -> Step {
        if self.depth == 0 { Step::Inside } else { Step::Broken }
    }

    fn complete_or_inside(&mut self) -> Step {
        match self.last {
            Last::Done if self.depth == 0 => Step::Complete,
            _ => Step::Inside,
        }
    }
}

fn malformed(expected: impl Into<String>, message: impl Into<String>) -> Refusal {
    Refusal::whole(RefusalCode::Malformed, expected, message)
}
