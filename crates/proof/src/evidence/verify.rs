//! Verifying packs and receipts.

use super::{
    EvidencePack, OpenedBytes, OpenedText, OriginalPart, PACK_FORMAT, PackRecord, PersonalPart,
    RECEIPT_FORMAT, ReceiptFile,
    question::session_of,
    references::{Reference, references},
};
use crate::{
    checkpoint::{CheckpointError, TrustedLog},
    note::{NoteError, SignedNote},
    receipt::{Receipt, ReceiptError, ReceiptKind, digest},
    text,
    tree::{ConsistencyProof, InclusionProof, ProofError, TreeHead},
};
use claimledger_facts::{
    ids::LogPosition,
    record::{Digest32, Header, Opening, StoredHeader},
    statement::Statement,
};
use data_encoding::BASE64;
use serde_json::Value;

/// What a pack shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceReport {
    /// The receipt.
    pub receipt: Receipt,
    /// The session that was asked about, by the id of the question.
    pub session: String,
    /// The tree of the checkpoint.
    pub head: TreeHead,
    /// The headers of its records, by position.
    pub headers: Vec<Header>,
    /// Personal blocks and originals that were opened.
    pub opened: usize,
    /// Those that stay committed.
    pub closed: usize,
}

/// Why a pack or a receipt is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Not a file of this format.
    #[error("this is not a file of this format: {what}")]
    Format {
        /// What is wrong with it.
        what: String,
    },
    /// The receipt is not to be believed.
    #[error("the receipt is not to be believed")]
    Receipt(#[source] ReceiptError),
    /// A note cannot be read.
    #[error("the {what} cannot be read")]
    Note {
        /// Which: receipt or checkpoint.
        what: &'static str,
        /// Why.
        #[source]
        error: NoteError,
    },
    /// The question or the answer is not the one that was signed.
    #[error("the {what} was altered: it is not the one that the receipt signs")]
    Altered {
        /// Which: question or answer.
        what: &'static str,
    },
    /// The question is not the one that packs ask.
    #[error("the question is not that of a pack")]
    Question,
    /// The checkpoint is not to be believed.
    #[error("the checkpoint is not to be believed")]
    Checkpoint(#[source] CheckpointError),
    /// The tree of the receipt is not the beginning of that of the checkpoint.
    #[error("the log of the receipt is not the beginning of the log of the checkpoint")]
    Consistency(#[source] ProofError),
    /// A record that the receipt names is not in the pack.
    #[error("record {position} is missing")]
    Missing {
        /// Its position.
        position: LogPosition,
    },
    /// A record that the receipt does not name, or names before one that precedes it here.
    #[error("record {position} is not one that the receipt names, or not in its place")]
    Surplus {
        /// Its position.
        position: LogPosition,
    },
    /// A record was altered, or is not in the log.
    #[error("record {position}: {what}")]
    Record {
        /// Its position, as the pack states it.
        position: LogPosition,
        /// What does not hold.
        what: String,
    },
    /// The answer refers to a record that the pack does not have, or has otherwise.
    #[error("the answer refers to record {position}, {what}")]
    Reference {
        /// The position.
        position: LogPosition,
        /// What does not hold.
        what: &'static str,
    },
    /// The page shows something else than what it carries.
    #[error("line {line} of the page is not what its evidence says")]
    Page {
        /// The first line that differs, from 1.
        line: usize,
    },
}

impl ReceiptFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is no receipt file.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceError> {
        let file: Self = from_json(bytes)?;
        expect_format(&file.format, RECEIPT_FORMAT)?;
        Ok(file)
    }

    /// Verifies that the log's owner signed this answer to this question. Who asked has chosen the
    /// question: the answer alone says nothing.
    ///
    /// # Errors
    /// If not.
    pub fn verify(&self, log: &TrustedLog) -> Result<Receipt, EvidenceError> {
        check_key(&self.verifier_key, log)?;
        signed(&self.receipt, (&self.query, &self.answer), ReceiptKind::Answer, log)
    }
}

impl EvidencePack {
    /// Reads a pack: JSON, or the page that has it.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceError> {
        let json = super::embedded_pack(bytes).unwrap_or(bytes);
        let pack: Self = from_json(json)?;
        expect_format(&pack.format, PACK_FORMAT)?;
        Ok(pack)
    }

    /// Verifies the file that a pack was read from: the pack, and that a page shows what is in it.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify_file(file: &[u8], log: &TrustedLog) -> Result<EvidenceReport, EvidenceError> {
        let pack = Self::parse(file)?;
        let report = pack.verify(log)?;
        if super::embedded_pack(file).is_some() {
            let page = super::to_html(&pack)?;
            if page.as_bytes() != file {
                let shown = file.split(|byte| *byte == b'\n');
                let equal = page.as_bytes().split(|byte| *byte == b'\n').zip(shown);
                let line = 1 + equal.take_while(|(made, shown)| made == shown).count();
                return Err(EvidenceError::Page { line });
            }
        }
        Ok(report)
    }

    /// Verifies everything that the pack says.
    ///
    /// # Errors
    /// The first thing that does not hold, with the record that it concerns.
    pub fn verify(&self, log: &TrustedLog) -> Result<EvidenceReport, EvidenceError> {
        let receipt = signed(&self.receipt, (&self.query, &self.answer), ReceiptKind::Pack, log)?;
        check_key(&self.verifier_key, log)?;
        let session = session_of(&self.query).ok_or(EvidenceError::Question)?;
        let checkpoint =
            log.open(&note("checkpoint", &self.checkpoint)?).map_err(EvidenceError::Checkpoint)?;
        let head = *checkpoint.head();
        let proof = hashes(&self.consistency)
            .ok_or_else(|| malformed("`consistency` is not a list of hashes"))?;
        ConsistencyProof(proof).verify(&receipt.tree, &head).map_err(EvidenceError::Consistency)?;
        self.check_list(&receipt)?;
        let mut report =
            EvidenceReport { receipt, session, head, headers: Vec::new(), opened: 0, closed: 0 };
        for record in &self.records {
            record.verify(&mut report).map_err(|what| EvidenceError::Record {
                position: LogPosition(record.position),
                what,
            })?;
        }
        let answer: Value = serde_json::from_str(&self.answer)
            .map_err(|error| malformed(format!("the answer is no JSON: {error}")))?;
        for reference in references(&answer) {
            check_reference(&reference, &report)?;
        }
        Ok(report)
    }

    /// The positions that an answer refers to, ascending, each once.
    #[must_use]
    pub fn referred_to(answer: &Value) -> Vec<LogPosition> {
        let mut positions: Vec<LogPosition> =
            references(answer).iter().map(|found| LogPosition(found.position)).collect();
        positions.dedup();
        positions
    }

    /// Whether the records are those that the receipt names, in this order.
    fn check_list(&self, receipt: &Receipt) -> Result<(), EvidenceError> {
        let mut named = receipt.records.iter();
        for record in &self.records {
            let position = LogPosition(record.position);
            match named.next() {
                Some(next) if *next == position => {}
                Some(next) if *next < position => {
                    return Err(EvidenceError::Missing { position: *next });
                }
                _ => return Err(EvidenceError::Surplus { position }),
            }
        }
        match named.next() {
            Some(next) => Err(EvidenceError::Missing { position: *next }),
            None => Ok(()),
        }
    }
}

fn check_reference(reference: &Reference, report: &EvidenceReport) -> Result<(), EvidenceError> {
    let position = LogPosition(reference.position);
    let refused = |what| Err(EvidenceError::Reference { position, what });
    match report.headers.binary_search_by_key(&position, |header| header.position) {
        Err(_) => refused("which is not in the pack"),
        Ok(n) => match &reference.id {
            Some(id) if *id != report.headers[n].id.to_string() => {
                refused("and states another id than the record has")
            }
            _ => Ok(()),
        },
    }
}

impl PackRecord {
    fn verify(&self, report: &mut EvidenceReport) -> Result<(), String> {
        let bytes = base64(&self.header).ok_or("the header is not base64")?;
        let header = Header::decode(&bytes).map_err(|error| error.to_string())?;
        let position = LogPosition(self.position);
        if header.position != position {
            return Err(format!("the header is that of record {}", header.position));
        }
        // The leaf is computed here: nothing beside the header is believed.
        let stored = StoredHeader::new(header.id, bytes);
        stored.decode().map_err(|error| error.to_string())?;
        let proof = hashes(&self.proof).ok_or("the proof is not a list of hashes")?;
        InclusionProof(proof)
            .verify(&stored.leaf, position, &report.head)
            .map_err(|error| format!("it was altered, or is not in the log: {error}"))?;
        let opening = self.facts.opening().ok_or("the salt of the facts is not one")?;
        if opening.commitment() != header.facts {
            return Err("what it says was altered: the header commits to something else".into());
        }
        Statement::decode(&opening.bytes, header.occurred).map_err(|error| error.to_string())?;
        self.verify_sealed(&header, report)?;
        report.headers.push(header);
        Ok(())
    }

    fn verify_sealed(&self, header: &Header, report: &mut EvidenceReport) -> Result<(), String> {
        if self.personal.len() != header.personal.len() {
            return Err(format!(
                "it has {} personal blocks, and the header commits to {}",
                self.personal.len(),
                header.personal.len()
            ));
        }
        for (part, commitment) in self.personal.iter().zip(&header.personal) {
            match part {
                PersonalPart::Opened(text) => {
                    let opening = text.opening().ok_or("the salt of a block is not one")?;
                    if opening.commitment() != commitment.plain {
                        return Err("a personal block was altered".into());
                    }
                    report.opened += 1;
                }
                PersonalPart::Closed(_) => report.closed += 1,
            }
        }
        match &self.original {
            OriginalPart::Opened(bytes) => {
                let opening = bytes.opening().ok_or("the original is not base64 with its salt")?;
                if opening.commitment() != header.original.plain {
                    return Err("the original was altered".into());
                }
                report.opened += 1;
            }
            OriginalPart::Closed(_) => report.closed += 1,
        }
        Ok(())
    }
}

impl OpenedText {
    /// What is to be shown of an opening; none: it is not UTF-8.
    #[must_use]
    pub fn new(opening: &Opening) -> Option<Self> {
        let text = String::from_utf8(opening.bytes.clone()).ok()?;
        Some(Self { salt: BASE64.encode(&opening.salt), text })
    }

    fn opening(&self) -> Option<Opening> {
        Some(Opening { salt: salt(&self.salt)?, bytes: self.text.clone().into_bytes() })
    }
}

impl OpenedBytes {
    /// What is to be shown of an opening.
    #[must_use]
    pub fn new(opening: &Opening) -> Self {
        Self { salt: BASE64.encode(&opening.salt), base64: BASE64.encode(&opening.bytes) }
    }

    fn opening(&self) -> Option<Opening> {
        Some(Opening { salt: salt(&self.salt)?, bytes: self.bytes()? })
    }

    /// The bytes; none: not base64.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        base64(&self.base64)
    }
}

/// The key in a file is shown to its readers: it must not be another than the one that is trusted.
pub(super) fn check_key(key: &str, log: &TrustedLog) -> Result<(), EvidenceError> {
    if log.keys().iter().any(|trusted| trusted.to_string() == key) {
        return Ok(());
    }
    Err(malformed("the key in it is not the log's"))
}

/// The receipt, once it is known to be of this kind, question and answer.
pub(super) fn signed(
    receipt: &str,
    (query, answer): (&str, &str),
    kind: ReceiptKind,
    log: &TrustedLog,
) -> Result<Receipt, EvidenceError> {
    let receipt =
        Receipt::open(&note("receipt", receipt)?, log, kind).map_err(EvidenceError::Receipt)?;
    if digest(query) != receipt.query {
        return Err(EvidenceError::Altered { what: "question" });
    }
    if digest(answer) != receipt.answer {
        return Err(EvidenceError::Altered { what: "answer" });
    }
    Ok(receipt)
}

fn note(what: &'static str, text: &str) -> Result<SignedNote, EvidenceError> {
    SignedNote::parse(text.as_bytes()).map_err(|error| EvidenceError::Note { what, error })
}

fn from_json<'b, T: serde::Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, EvidenceError> {
    serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))
}

fn expect_format(found: &str, expected: &str) -> Result<(), EvidenceError> {
    if found == expected {
        return Ok(());
    }
    Err(malformed(format!("its format is {found:?}, and not {expected:?}")))
}

pub(super) fn malformed(what: impl Into<String>) -> EvidenceError {
    EvidenceError::Format { what: what.into() }
}

fn hashes(texts: &[String]) -> Option<Vec<Digest32>> {
    texts.iter().map(|hash| text::hash(hash)).collect()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok()
}

fn salt(text: &str) -> Option<[u8; claimledger_facts::record::SALT]> {
    base64(text)?.try_into().ok()
}
