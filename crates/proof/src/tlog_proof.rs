//! Proofs in files, as C2SP tlog-proof defines them: what shows, without the log, that an entry is
//! in it.

use crate::{
    checkpoint::{Checkpoint, CheckpointError, TrustedLog},
    note::{NoteError, SignedNote},
    text,
    tiles::{TileError, TileSet},
    tree::{InclusionProof, ProofError},
};
use claimledger_facts::{ids::LogPosition, record::Digest32};
use data_encoding::BASE64;
use std::fmt;

/// The first line.
const VERSION: &str = "c2sp.org/tlog-proof@v1";

/// Maximum number of hashes of a proof: the levels of the largest tree.
const MAX_HASHES: usize = 63;

/// An inclusion proof and the checkpoint that it leads to. Its text is the file
/// (`.tlog-proof`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    extra: Vec<u8>,
    position: LogPosition,
    proof: InclusionProof,
    checkpoint: SignedNote,
}

/// Why a proof file cannot be made, read or believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// The tiles give no proof.
    #[error(transparent)]
    Tiles(#[from] TileError),
    /// Not a proof file.
    #[error("not a proof file: line {line} is not {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// The checkpoint in it is no note.
    #[error("the checkpoint in the proof cannot be read")]
    Note(#[source] NoteError),
    /// The checkpoint is not one of the trusted log.
    #[error("the checkpoint in the proof is not to be believed")]
    Checkpoint(#[source] CheckpointError),
    /// The checkpoint is the log's, and does not have the entry.
    #[error("the proof does not show that the entry is in the log")]
    Proof(#[source] ProofError),
}

impl TlogProof {
    /// A proof that a leaf is in the tree of a checkpoint. It needs the tiles of
    /// [`crate::tiles::TreeQuery::Inclusion`] for the checkpoint's size, and is verified before it
    /// is returned.
    ///
    /// # Errors
    /// If tiles are missing or those of another tree, if the checkpoint is not one of the log, or
    /// if the leaf is not at this position.
    pub fn make(
        tiles: &TileSet,
        leaf: &Digest32,
        position: LogPosition,
        checkpoint: SignedNote,
        log: &TrustedLog,
    ) -> Result<Self, TlogProofError> {
        let size = log.open(&checkpoint).map_err(TlogProofError::Checkpoint)?.head().size;
        let proof = tiles.inclusion_proof(position, size)?;
        let made = Self { extra: Vec::new(), position, proof, checkpoint };
        made.verify(leaf, log)?;
        Ok(made)
    }

    /// Adds data for the application. Nothing signs it.
    #[must_use]
    pub fn with_extra(mut self, extra: Vec<u8>) -> Self {
        self.extra = extra;
        self
    }

    /// Data for the application, empty if there is none. Nothing signs it: verify it by what is
    /// signed.
    #[must_use]
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// The entry's position in the log, as the file states it.
    #[must_use]
    pub fn position(&self) -> LogPosition {
        self.position
    }

    /// The checkpoint as a note, for keys that are not those of the log, such as witnesses'.
    #[must_use]
    pub fn checkpoint(&self) -> &SignedNote {
        &self.checkpoint
    }

    /// Verifies that a leaf is in a trusted log, at [`Self::position`], and returns the checkpoint
    /// that says so. Compute the leaf from the entry: the file does not state it.
    ///
    /// # Errors
    /// If it is not shown.
    pub fn verify(&self, leaf: &Digest32, log: &TrustedLog) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = log.open(&self.checkpoint).map_err(TlogProofError::Checkpoint)?;
        let shown = self.proof.verify(leaf, self.position, checkpoint.head());
        shown.map_err(TlogProofError::Proof)?;
        Ok(checkpoint)
    }

    /// Reads a file. Nothing is verified.
    ///
    /// # Errors
    /// If it is not in the form of a proof file.
    pub fn parse(file: &[u8]) -> Result<Self, TlogProofError> {
        let mut lines = Lines { rest: file, number: 0 };
        if lines.next() != Some(VERSION) {
            return Err(lines.malformed("c2sp.org/tlog-proof@v1"));
        }
        let mut line = lines.next();
        let mut extra = Vec::new();
        if let Some(data) = line.and_then(|line| line.strip_prefix("extra ")) {
            extra = BASE64.decode(data.as_bytes()).unwrap_or_default();
            if extra.is_empty() {
                return Err(lines.malformed("extra data in base64"));
            }
            line = lines.next();
        }
        let index = line.and_then(|line| line.strip_prefix("index ")).and_then(text::decimal);
        let position = index.map(LogPosition).ok_or(lines.malformed("the index of an entry"))?;
        let mut hashes = Vec::new();
        loop {
            match lines.next() {
                Some("") => break,
                Some(line) if hashes.len() < MAX_HASHES => {
                    hashes.push(text::hash(line).ok_or(lines.malformed("a hash in base64"))?);
                }
                _ => return Err(lines.malformed("an empty line")),
            }
        }
        let checkpoint = SignedNote::parse(lines.rest).map_err(TlogProofError::Note)?;
        Ok(Self { extra, position, proof: InclusionProof(hashes), checkpoint })
    }
}

/// The lines in front of the checkpoint.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    /// The next line; `None` if it is not text or has no end.
    fn next(&mut self) -> Option<&'a str> {
        self.number += 1;
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        std::str::from_utf8(line).ok()
    }

    fn malformed(&self, expected: &'static str) -> TlogProofError {
        TlogProofError::Line { line: self.number, expected }
    }
}

/// The file's bytes: what [`TlogProof::parse`] reads.
impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{VERSION}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", BASE64.encode(&self.extra))?;
        }
        writeln!(f, "index {}", self.position.0)?;
        for hash in &self.proof.0 {
            writeln!(f, "{}", text::of_hash(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
