//! Entries of the log, 256 in a row: each with its length in two bytes, big-endian.

use super::Bundle;

/// Maximum size of an entry: what two bytes can state.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// Why entries are no bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry is longer than its length can state.
    #[error("an entry has {bytes} bytes; a bundle takes at most {MAX_ENTRY_BYTES}")]
    TooLong {
        /// The entry's bytes.
        bytes: usize,
    },
    /// The bytes end within an entry.
    #[error("the bundle ends within entry {entry}")]
    Truncated {
        /// Its index in the bundle.
        entry: u16,
    },
    /// More bytes follow the last entry.
    #[error("{bytes} bytes follow the last entry of the bundle")]
    Trailing {
        /// The number of bytes.
        bytes: usize,
    },
}

/// The bytes of a bundle.
///
/// # Errors
/// If an entry is too long.
pub fn encode_bundle<E: AsRef<[u8]>>(
    entries: impl IntoIterator<Item = E>,
) -> Result<Vec<u8>, BundleError> {
    let mut bundle = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len());
        let length = length.map_err(|_| BundleError::TooLong { bytes: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// The entries of a bundle.
///
/// # Errors
/// If the bytes are not exactly as many entries as the bundle has.
pub fn decode_bundle(bundle: Bundle, bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut rest = bytes;
    let mut entries = Vec::with_capacity(usize::from(bundle.width));
    for entry in 0..bundle.width {
        let truncated = BundleError::Truncated { entry };
        let (length, behind) = rest.split_first_chunk().ok_or(truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (bytes, behind) = behind.split_at_checked(length).ok_or(truncated)?;
        entries.push(bytes);
        rest = behind;
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::Trailing { bytes: rest.len() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let longest = vec![7; MAX_ENTRY_BYTES];
        let entries = [b"".as_slice(), b"a", &longest];
        let bytes = encode_bundle(entries).unwrap();
        assert_eq!(bytes[..5], [0, 0, 0, 1, b'a']);
        let bundle = |width| Bundle { index: 0, width };
        assert_eq!(decode_bundle(bundle(3), &bytes).unwrap(), entries);
        assert_eq!(
            decode_bundle(bundle(2), &bytes),
            Err(BundleError::Trailing { bytes: MAX_ENTRY_BYTES + 2 })
        );
        for end in [0, 1, 2, 3, 4, bytes.len() - 1] {
            let error = decode_bundle(bundle(3), &bytes[..end]).unwrap_err();
            assert!(matches!(error, BundleError::Truncated { .. }), "{end}: {error}");
        }
        assert_eq!(
            decode_bundle(bundle(4), &bytes),
            Err(BundleError::Truncated { entry: 3 }),
            "one more than there are"
        );
    }

    #[test]
    fn an_entry_that_is_too_long_is_refused() {
        let bytes = MAX_ENTRY_BYTES + 1;
        assert_eq!(encode_bundle([vec![0; bytes]]), Err(BundleError::TooLong { bytes }));
    }
}
