//! Signed notes, as C2SP signed-note defines them: a text and the signatures below it.

mod key;
mod sign;

pub use key::{KeyError, KeyId, VerifierKey};
pub use sign::{SigningKey, SigningKeyError};

use data_encoding::BASE64;
use std::fmt;

/// Maximum size of a note.
pub const MAX_NOTE_BYTES: usize = 1_000_000;

/// Maximum number of signatures of a note.
pub const MAX_SIGNATURES: usize = 100;

/// What a line with a signature begins with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// A signature line of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The id of the key.
    pub id: KeyId,
    /// What the key made of the text.
    pub bytes: Vec<u8>,
}

/// A note whose signatures were not verified. Its text says nothing yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A note that at least one known key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedNote<'a> {
    /// The text.
    pub text: &'a str,
    /// The known keys that signed it, each once.
    pub signers: Vec<&'a VerifierKey>,
}

/// Why a note cannot be read or believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Larger than [`MAX_NOTE_BYTES`].
    #[error("the note has {bytes} bytes, more than {MAX_NOTE_BYTES}")]
    TooLarge {
        /// The number of bytes.
        bytes: usize,
    },
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// Not UTF-8, or with control characters.
    #[error("the note is not UTF-8 text without control characters")]
    Characters,
    /// The text does not end with a newline.
    #[error("the text of the note does not end with a newline")]
    Newline,
    /// There is no empty line with signatures below it.
    #[error("the note has no empty line with signatures below it")]
    Unsigned,
    /// A signature line that is not of the form.
    #[error("signature {line} of the note is not of the form: em dash, key name, base64")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// Two known keys have this name and id.
    #[error("two known keys are called {name} and have the id {id}")]
    AmbiguousKey {
        /// The name.
        name: String,
        /// The id.
        id: KeyId,
    },
    /// The signature of a known key does not verify.
    #[error("the signature of the key {name} does not verify")]
    BadSignature {
        /// The key's name.
        name: String,
    },
    /// No known key signed it.
    #[error("no known key has signed the note")]
    NoKnownSignature,
    /// The library would not sign.
    #[error("the key {name} could not sign")]
    Signing {
        /// The key's name.
        name: String,
    },
}

/// Whether a text may be signed.
fn check_text(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::Characters);
    }
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::Newline) }
}

impl SignedNote {
    /// Signs a text with one or more keys.
    ///
    /// # Errors
    /// If the text does not end with a newline or has control characters, if there is no key, or if
    /// a key cannot sign.
    pub fn sign(text: impl Into<String>, keys: &[&SigningKey]) -> Result<Self, NoteError> {
        let text = text.into();
        check_text(&text)?;
        if keys.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let signatures = keys.iter().map(|key| key.sign(&text)).collect::<Result<_, _>>()?;
        Self { text, signatures }.checked()
    }

    /// A text with the signature of a key that is kept elsewhere. Signed are the text's bytes.
    ///
    /// # Errors
    /// If the text does not end with a newline or has control characters, or if it is not this
    /// key's signature of it.
    pub fn new(
        text: impl Into<String>,
        key: &VerifierKey,
        signature: Vec<u8>,
    ) -> Result<Self, NoteError> {
        let text = text.into();
        check_text(&text)?;
        Self { text, signatures: Vec::new() }.with_signature(key, signature)
    }

    /// Adds the signature of a further key that is kept elsewhere.
    ///
    /// # Errors
    /// If it is not this key's signature of this text, or the note becomes too large.
    pub fn with_signature(mut self, key: &VerifierKey, bytes: Vec<u8>) -> Result<Self, NoteError> {
        if !key.has_signed(&self.text, &bytes) {
            return Err(NoteError::BadSignature { name: key.name().to_owned() });
        }
        self.signatures.push(NoteSignature { name: key.name().to_owned(), id: key.id(), bytes });
        self.checked()
    }

    fn checked(self) -> Result<Self, NoteError> {
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let bytes = self.to_string().len();
        if bytes > MAX_NOTE_BYTES { Err(NoteError::TooLarge { bytes }) } else { Ok(self) }
    }

    /// Reads a note. No signature is verified.
    ///
    /// # Errors
    /// If it is not in the form of a note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge { bytes: bytes.len() });
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        check_text(note)?;
        // The text may have empty lines itself: the last one separates.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Unsigned)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Unsigned)?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let malformed = NoteError::Line { line: signatures.len() + 1 };
            signatures.push(read_signature(line).ok_or(malformed)?);
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// Verifies the signatures of known keys. Those of unknown keys are ignored.
    ///
    /// # Errors
    /// If no known key signed, or one of a known key does not verify, whatever others do.
    pub fn verify<'a>(&'a self, keys: &'a [VerifierKey]) -> Result<VerifiedNote<'a>, NoteError> {
        let mut signers: Vec<&VerifierKey> = Vec::new();
        for signature in &self.signatures {
            let is_of = |key: &&VerifierKey| key.matches(signature);
            let Some(key) = keys.iter().find(is_of) else { continue };
            if keys.iter().filter(is_of).any(|other| other != key) {
                let name = signature.name.clone();
                return Err(NoteError::AmbiguousKey { name, id: signature.id });
            }
            if !key.has_signed(&self.text, &signature.bytes) {
                return Err(NoteError::BadSignature { name: signature.name.clone() });
            }
            if !signers.contains(&key) {
                signers.push(key);
            }
        }
        if signers.is_empty() {
            return Err(NoteError::NoKnownSignature);
        }
        Ok(VerifiedNote { text: &self.text, signers })
    }

    /// The signatures, verified or not.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

/// Its bytes: what [`SignedNote::parse`] reads.
impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for NoteSignature { name, id, bytes } in &self.signatures {
            let signature = BASE64.encode(&[id.0.to_be_bytes().as_slice(), bytes].concat());
            writeln!(f, "{SIGNATURE_MARK}{name} {signature}")?;
        }
        Ok(())
    }
}

fn read_signature(line: &str) -> Option<NoteSignature> {
    let (name, signature) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    let signature = BASE64.decode(signature.as_bytes()).ok()?;
    let (id, bytes) = signature.split_first_chunk()?;
    if !key::is_name(name) || bytes.is_empty() {
        return None;
    }
    let id = KeyId(u32::from_be_bytes(*id));
    Some(NoteSignature { name: name.to_owned(), id, bytes: bytes.to_vec() })
}
