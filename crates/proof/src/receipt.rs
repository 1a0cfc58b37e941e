//! Receipts of answers: a signed note that says what was asked, of which T, K and rules, and what
//! the digest of the answer was. The same question gets the same bytes again.
//!
//! One key signs checkpoints and receipts of every kind, and none is taken for another: the first
//! line of a receipt is never the origin of a log, and the second one names its kind, which its
//! reader states.

use crate::{
    checkpoint::TrustedLog,
    note::{NoteError, SignedNote, SigningKey},
    text,
    tree::TreeHead,
};
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::Digest32,
    time::Time,
};
use sha2::{Digest, Sha256};
use std::fmt;

/// The first line.
const VERSION: &str = "claimledger receipt v1";
/// What a receipt writes for no records.
const NONE: &str = "-";

/// What a receipt is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptKind {
    /// An answer to any question. The caller chose the question, and so what the answer looks like.
    Answer,
    /// The answer of a pack: to the one question that packs ask, with the records that it names.
    Pack,
    /// The manifest of an export, of which the ledger has read the rows.
    Manifest,
}

impl ReceiptKind {
    const ALL: [Self; 3] = [Self::Answer, Self::Pack, Self::Manifest];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Pack => "pack",
            Self::Manifest => "manifest",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the receipt names records: those of a pack, which has at least one.
    const fn names_records(self) -> bool {
        matches!(self, Self::Pack)
    }
}

impl fmt::Display for ReceiptKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a log's owner signs of an answer. Its text is the text of the note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What it is of.
    pub kind: ReceiptKind,
    /// The origin of the log.
    pub origin: String,
    /// T: the instant that the answer is about.
    pub at: Time,
    /// K: the last record that the answer may rest on.
    pub known_at: LogPosition,
    /// R: the name of the rules of assessment.
    pub rules: String,
    /// SHA-256 of the question.
    pub query: Digest32,
    /// SHA-256 of the answer.
    pub answer: Digest32,
    /// The tree of the log up to K: its size is K + 1.
    pub tree: TreeHead,
    /// The records that come with the answer as evidence, ascending: at least one of a pack, none
    /// of another kind.
    pub records: Vec<LogPosition>,
}

/// Why a receipt cannot be read or believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The note cannot be read or believed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Signed, and not a receipt.
    #[error("the signed note is not a receipt: line {line} is not {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// Signed as another kind than the one that it is taken for.
    #[error("it is signed as kind {found}, and not as kind {expected}")]
    Kind {
        /// The kind that it states.
        found: ReceiptKind,
        /// The kind that is expected.
        expected: ReceiptKind,
    },
    /// A pack without records, or records where only a pack has some.
    #[error("a receipt of kind {kind} names {expected}")]
    Records {
        /// The kind that it states.
        kind: ReceiptKind,
        /// How many it should name.
        expected: &'static str,
    },
    /// Signed by a key of this log, and of another log.
    #[error("the receipt is that of {found}, not that of {expected}")]
    OtherLog {
        /// The origin that it states.
        found: String,
        /// The origin that is trusted.
        expected: String,
    },
}

/// SHA-256 of a text, as receipts have it of questions and answers.
#[must_use]
pub fn digest(text: &str) -> Digest32 {
    Digest32(Sha256::digest(text).into())
}

impl Receipt {
    /// Signs it.
    ///
    /// # Errors
    /// If its origin or rules are not one line, there is no key, or a key cannot sign.
    pub fn sign(&self, keys: &[&SigningKey]) -> Result<SignedNote, NoteError> {
        SignedNote::sign(self.to_string(), keys)
    }

    /// Verifies a receipt of this log and reads it.
    ///
    /// # Errors
    /// If no key of the log signed it, if one did and does not verify, or if it is another log's or
    /// of another kind.
    pub fn open(
        note: &SignedNote,
        log: &TrustedLog,
        expected: ReceiptKind,
    ) -> Result<Self, ReceiptError> {
        let receipt = Self::parse(note.verify(log.keys())?.text)?;
        if receipt.kind != expected {
            return Err(ReceiptError::Kind { found: receipt.kind, expected });
        }
        if receipt.origin != log.origin() {
            let expected = log.origin().to_owned();
            return Err(ReceiptError::OtherLog { found: receipt.origin, expected });
        }
        Ok(receipt)
    }

    fn parse(note: &str) -> Result<Self, ReceiptError> {
        let mut lines = Lines { lines: note.split_terminator('\n'), line: 0 };
        lines.take("the version of receipts", |line| (line == VERSION).then_some(()))?;
        let receipt = Self {
            kind: lines.word("kind", "answer, pack or manifest", ReceiptKind::parse)?,
            origin: lines.word("log", "the origin of a log", |word| Some(word.to_owned()))?,
            at: lines.word("at", "a time", canonical_time)?,
            known_at: LogPosition(lines.word("known-at", "a position", text::decimal)?),
            rules: lines.word("rules", "the name of rules", |word| Some(word.to_owned()))?,
            query: lines.word("query", "a digest", text::hash)?,
            answer: lines.word("answer", "a digest", text::hash)?,
            tree: lines.word("tree", "size and root hash of a tree", tree)?,
            records: lines.word("records", "positions that ascend", positions)?,
        };
        lines.end()?;
        let kind = receipt.kind;
        match (kind.names_records(), receipt.records.is_empty()) {
            (true, true) => Err(ReceiptError::Records { kind, expected: "at least one record" }),
            (false, false) => Err(ReceiptError::Records { kind, expected: "no record" }),
            (true, false) | (false, true) => Ok(receipt),
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{VERSION}\nkind {}", self.kind)?;
        writeln!(f, "log {}\nat {}", self.origin, self.at)?;
        writeln!(f, "known-at {}\nrules {}", self.known_at.0, self.rules)?;
        writeln!(f, "query {}", text::of_hash(&self.query))?;
        writeln!(f, "answer {}", text::of_hash(&self.answer))?;
        writeln!(f, "tree {} {}", self.tree.size.0, text::of_hash(&self.tree.root))?;
        write!(f, "records ")?;
        let ranges = ranges(&self.records);
        if ranges.is_empty() {
            write!(f, "{NONE}")?;
        }
        for (n, (first, last)) in ranges.into_iter().enumerate() {
            let comma = if n > 0 { "," } else { "" };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        writeln!(f)
    }
}

/// The lines of a note that was verified, and which is next.
struct Lines<'n> {
    lines: std::str::SplitTerminator<'n, char>,
    line: usize,
}

impl<'n> Lines<'n> {
    fn take<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&'n str) -> Option<T>,
    ) -> Result<T, ReceiptError> {
        self.line += 1;
        let value = self.lines.next().and_then(read);
        value.ok_or(ReceiptError::Line { line: self.line, expected })
    }

    /// A line of a name, a space, and what it names.
    fn word<T>(
        &mut self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&'n str) -> Option<T>,
    ) -> Result<T, ReceiptError> {
        self.take(expected, |line| {
            let word = line.strip_prefix(name)?.strip_prefix(' ')?;
            if word.is_empty() { None } else { read(word) }
        })
    }

    fn end(mut self) -> Result<(), ReceiptError> {
        match self.lines.next() {
            None => Ok(()),
            Some(_) => Err(ReceiptError::Line { line: self.line + 1, expected: "the end" }),
        }
    }
}

/// A time in the one spelling that receipts write.
fn canonical_time(text: &str) -> Option<Time> {
    Time::parse(text).ok().filter(|time| time.to_string() == text)
}

fn tree(text: &str) -> Option<TreeHead> {
    let (size, root) = text.split_once(' ')?;
    Some(TreeHead { size: LogSize(text::decimal(size)?), root: text::hash(root)? })
}

/// Positions as ranges: first and last.
fn ranges(positions: &[LogPosition]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for LogPosition(position) in positions {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*position) => *last = *position,
            _ => ranges.push((*position, *position)),
        }
    }
    ranges
}

/// Maximum number of records that a receipt names.
pub const MAX_RECORDS: usize = 100_000;

/// Positions as they were written. Other spellings of the same are refused.
fn positions(text: &str) -> Option<Vec<LogPosition>> {
    if text == NONE {
        return Some(Vec::new());
    }
    let mut positions = Vec::new();
    for range in text.split(',') {
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (text::decimal(first)?, text::decimal(last)?),
            None => (text::decimal(range)?, text::decimal(range)?),
        };
        // Ranges that touch are written as one, and a range of one as one position.
        let is_after = |last: &LogPosition| last.0.checked_add(1).is_some_and(|next| first > next);
        let is_one = range.contains('-') && first >= last;
        if is_one || !positions.last().is_none_or(is_after) {
            return None;
        }
        let left = MAX_RECORDS.checked_sub(positions.len())?;
        if last - first >= left as u64 {
            return None;
        }
        positions.extend((first..=last).map(LogPosition));
    }
    Some(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_have_one_spelling() {
        for (written, expected) in [("-", vec![]), ("0", vec![0]), ("3,5-7,9", vec![3, 5, 6, 7, 9])]
        {
            let expected: Vec<LogPosition> = expected.into_iter().map(LogPosition).collect();
            assert_eq!(positions(written), Some(expected.clone()), "{written}");
            let again: Vec<String> = ranges(&expected)
                .into_iter()
                .map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") })
                .collect();
            assert_eq!(if again.is_empty() { NONE.to_owned() } else { again.join(",") }, written);
        }
        for other in
            ["", "1,2", "1-1", "2-1", "1,1", "3,2", "1-3,3", "01", "1,", "0-100000", "1-2,3"]
        {
            assert_eq!(positions(other), None, "{other}");
        }
    }
}
