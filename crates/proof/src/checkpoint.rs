//! Checkpoints, as C2SP tlog-checkpoint defines them: a tree head in a signed note.

use crate::{
    note::{NoteError, SignedNote, SigningKey, VerifierKey},
    text,
    tree::{EMPTY_ROOT, TreeHead},
};
use claimledger_facts::ids::LogSize;
use std::fmt;

/// What a log states of its tree. Its text is the text of the note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    head: TreeHead,
    extensions: Vec<String>,
}

/// Why a checkpoint cannot be made, read or believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note cannot be read or believed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// An origin is one line, and not empty.
    #[error("the origin of a checkpoint is one line that is not empty")]
    Origin,
    /// Signed, and not a checkpoint.
    #[error("the signed note is not a checkpoint: line {line} is not {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// Signed by a key of this log, and of another log.
    #[error("the checkpoint is that of {found}, not that of {expected}")]
    OtherLog {
        /// The origin that it states.
        found: String,
        /// The origin that is trusted.
        expected: String,
    },
}

fn is_line(line: &str) -> bool {
    !line.is_empty() && !line.contains(|c: char| c < ' ')
}

impl Checkpoint {
    /// A checkpoint of a log.
    ///
    /// # Errors
    /// If it cannot be the origin of a log.
    pub fn new(origin: impl Into<String>, head: TreeHead) -> Result<Self, CheckpointError> {
        let origin = origin.into();
        if !is_line(&origin) {
            return Err(CheckpointError::Origin);
        }
        Ok(Self { origin, head, extensions: Vec::new() })
    }

    /// Which log it is of: a URL without its scheme is recommended.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The tree head.
    #[must_use]
    pub fn head(&self) -> &TreeHead {
        &self.head
    }

    /// Lines behind the head. They are read, and never written.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs it. While keys are being rotated, both sign.
    ///
    /// Never sign a head that is inconsistent with one that was signed before: that is what a
    /// checkpoint promises, and nothing here can know.
    ///
    /// # Errors
    /// If there is no key, or a key cannot sign.
    pub fn sign(&self, keys: &[&SigningKey]) -> Result<SignedNote, NoteError> {
        SignedNote::sign(self.to_string(), keys)
    }

    /// Reads the text of a note that was verified.
    fn parse(note: &str) -> Result<Self, CheckpointError> {
        let malformed = |line, expected| CheckpointError::Line { line, expected };
        let mut lines = note.strip_suffix('\n').unwrap_or(note).split('\n');
        let origin = lines.next().filter(|line| is_line(line));
        let origin = origin.ok_or(malformed(1, "an origin"))?.to_owned();
        let size = lines.next().and_then(text::decimal);
        let size = size.ok_or(malformed(2, "the size of a tree"))?;
        let root = lines.next().and_then(text::hash);
        let root = root.ok_or(malformed(3, "a root hash"))?;
        if size == 0 && root != EMPTY_ROOT {
            return Err(malformed(3, "the root hash of an empty tree"));
        }
        let mut extensions = Vec::new();
        for line in lines {
            if !is_line(line) {
                return Err(malformed(4 + extensions.len(), "an extension line"));
            }
            extensions.push(line.to_owned());
        }
        Ok(Self { origin, head: TreeHead { size: LogSize(size), root }, extensions })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size.0, text::of_hash(&self.head.root))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A log that a verifier trusts: its origin, and the keys that may sign for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedLog {
    origin: String,
    keys: Vec<VerifierKey>,
}

impl TrustedLog {
    /// A log, by its origin and the keys configured for it. One of them must have signed.
    ///
    /// # Errors
    /// If it cannot be the origin of a log.
    pub fn new(origin: impl Into<String>, keys: Vec<VerifierKey>) -> Result<Self, CheckpointError> {
        let origin = origin.into();
        if is_line(&origin) { Ok(Self { origin, keys }) } else { Err(CheckpointError::Origin) }
    }

    /// The origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The keys that may sign for it.
    pub(crate) fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }

    /// Verifies a checkpoint of this log and reads it.
    ///
    /// # Errors
    /// If no key of the log signed it, if one did and does not verify, or if it is another log's.
    pub fn open(&self, note: &SignedNote) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = Checkpoint::parse(note.verify(&self.keys)?.text)?;
        if checkpoint.origin != self.origin {
            return Err(CheckpointError::OtherLog {
                found: checkpoint.origin,
                expected: self.origin.clone(),
            });
        }
        Ok(checkpoint)
    }
}
