//! The API token: read where it is, sent, and written nowhere.

use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};
use std::{fmt, io::Read, path::PathBuf};
use zeroize::Zeroizing;

const SCHEME: &str = "SSWS ";
const MAX_TOKEN_BYTES: usize = 4096;

/// Where the token of an org is. The place is stored, the token never.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPlace {
    /// A file.
    File(PathBuf),
    /// An environment variable of the process that polls.
    Env(String),
}

impl fmt::Display for TokenPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "token file {}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The file or variable cannot be read.
    #[error("{place}: {why}")]
    Unreadable {
        /// Where it should be.
        place: String,
        /// Why not.
        why: String,
    },
    /// What is there cannot be a token. It is not shown.
    #[error("{place} holds no token: expected one line of printable characters")]
    Malformed {
        /// Where it should be.
        place: String,
    },
}

/// A token. Its `Debug` says nothing, and its memory is overwritten at the end.
pub struct Token(Zeroizing<String>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

impl TokenPlace {
    /// Reads the token. It is read for each request: one that was replaced needs no restart.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn read(&self) -> Result<Token, TokenError> {
        let unreadable = |why: String| TokenError::Unreadable { place: self.to_string(), why };
        let malformed = || TokenError::Malformed { place: self.to_string() };
        let text = match self {
            Self::File(path) => {
                let file = std::fs::File::open(path).map_err(|e| unreadable(e.to_string()))?;
                let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_TOKEN_BYTES + 1));
                let limit = MAX_TOKEN_BYTES as u64 + 1;
                file.take(limit)
                    .read_to_end(&mut bytes)
                    .map_err(|error| unreadable(error.to_string()))?;
                let text = std::str::from_utf8(&bytes).map_err(|_| malformed())?;
                Zeroizing::new(text.to_owned())
            }
            Self::Env(name) => match std::env::var(name) {
                Ok(text) => Zeroizing::new(text),
                Err(std::env::VarError::NotPresent) => {
                    return Err(unreadable("it is not set".to_owned()));
                }
                Err(std::env::VarError::NotUnicode(_)) => return Err(malformed()),
            },
        };
        let trimmed = text.trim();
        // Pasted from a curl command, it often has the scheme in front.
        let token = trimmed.strip_prefix(SCHEME).unwrap_or(trimmed).trim();
        let fits = (1..=MAX_TOKEN_BYTES).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(malformed());
        }
        Ok(Token(Zeroizing::new(token.to_owned())))
    }
}

impl Token {
    /// The header that carries it, marked as sensitive.
    pub(crate) fn header(&self) -> HeaderValue {
        let text = Zeroizing::new(format!("{SCHEME}{}", &*self.0));
        let mut value = HeaderValue::from_str(&text).expect("printable ASCII");
        value.set_sensitive(true);
        value
    }

    /// A text of the org without the token: an error message may repeat what was sent.
    pub(crate) fn hidden_in(&self, text: &[u8]) -> Vec<u8> {
        String::from_utf8_lossy(text).replace(&*self.0, "(token)").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &[u8]) -> Result<Token, TokenError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, content).unwrap();
        TokenPlace::File(path).read()
    }

    #[test]
    fn a_token_is_trimmed_and_shown_nowhere() {
        for content in ["00secret\n", "  00secret\r\n", "SSWS 00secret\n"] {
            let token = of(content.as_bytes()).unwrap();
            assert_eq!(token.header(), "SSWS 00secret");
            assert!(!format!("{token:?} {:?}", token.header()).contains("00secret"));
        }
    }

    #[test]
    fn what_cannot_be_a_token_is_not_shown() {
        let long = vec![b'a'; MAX_TOKEN_BYTES + 1];
        for content in [&b""[..], b" \n", b"two words", b"a\nb", b"\xff", &long] {
            let error = of(content).unwrap_err();
            assert!(matches!(error, TokenError::Malformed { .. }), "{error}");
            assert!(!error.to_string().contains("words"), "{error}");
        }
        let absent = TokenPlace::File("no/such/file".into()).read().unwrap_err();
        assert!(absent.to_string().starts_with("token file no/such/file: No such file"));
        let unset = TokenPlace::Env("CLAIMLEDGER_TEST_UNSET".into()).read().unwrap_err();
        assert_eq!(unset.to_string(), "environment variable CLAIMLEDGER_TEST_UNSET: it is not set");
    }
}
