//! How the payload of a body is packed. Every body names its codec, so that a better one can be added without touching what is stored.

use crate::record::{CorruptRecord, MAX_PLAIN_BYTES};
use std::{cell::RefCell, io};
use zstd::bulk::{Compressor, Decompressor};

/// The bytes as they are.
pub(crate) const RAW: u8 = 0;
/// One zstd frame (RFC 8878).
pub(crate) const ZSTD: u8 = 1;
/// Reserved: one zstd frame made with a dictionary, whose id the frame names. Nothing writes it yet.
pub(crate) const ZSTD_DICTIONARY: u8 = 2;

/// Speed over size: records are small, and a better ratio comes from dictionaries.
const LEVEL: i32 = 1;
/// Below this a frame's overhead eats what it saves. The writer's choice alone: readers go by the codec.
const WORTH_TRYING: usize = 192;

thread_local! {
    // A context is hundreds of kilobytes: made once a thread, not once a body.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Appends the payload to `out` and says by which codec: zstd if that is smaller, else raw.
pub(crate) fn pack(payload: &[u8], out: &mut Vec<u8>) -> u8 {
    if payload.len() >= WORTH_TRYING && compress(payload, out) {
        return ZSTD;
    }
    out.extend_from_slice(payload);
    RAW
}

/// True if `out` grew by fewer bytes than the payload has; else `out` is as it was.
fn compress(payload: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    // A destination one byte shorter than the payload makes zstd give up as soon as it cannot win.
    out.resize(start + payload.len() - 1, 0);
    let packed = with(&COMPRESSOR, || Compressor::new(LEVEL), |compressor| compressor.compress_to_buffer(payload, &mut out[start..]));
    out.truncate(start + packed.as_ref().map_or(0, |len| *len));
    packed.is_ok()
}

/// The payload again.
///
/// # Errors
/// If the codec is unknown, the frame is broken, or more than [`MAX_PLAIN_BYTES`] come out.
pub(crate) fn unpack(codec: u8, packed: &[u8]) -> Result<Vec<u8>, CorruptRecord> {
    match codec {
        RAW => Ok(packed.to_vec()),
        ZSTD => with(&DECOMPRESSOR, Decompressor::new, |decompressor| decompressor.decompress(packed, MAX_PLAIN_BYTES))
            .map_err(|error| CorruptRecord::new(format!("a zstd frame does not unpack: {error}"))),
        ZSTD_DICTIONARY => Err(CorruptRecord::new("a body needs a zstd dictionary (codec 2), which this version cannot read")),
        other => Err(CorruptRecord::new(format!("a body has codec {other}, which this version does not know"))),
    }
}

fn with<C, T>(
    slot: &'static std::thread::LocalKey<RefCell<Option<C>>>,
    make: impl FnOnce() -> io::Result<C>,
    run: impl FnOnce(&mut C) -> io::Result<T>,
) -> io::Result<T> {
    slot.with_borrow_mut(|slot| match slot {
        Some(context) => run(context),
        None => run(slot.insert(make()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(payload: &[u8]) -> (u8, Vec<u8>) {
        let mut out = b"before".to_vec();
        let codec = pack(payload, &mut out);
        (codec, out.strip_prefix(b"before").unwrap().to_vec())
    }

    #[test]
    fn what_repeats_is_packed_and_what_does_not_stays_raw() {
        let repeats = br#"{"method":"webauthn"},"#.repeat(40);
        let noise: Vec<u8> = (0_u64..600).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
        for (payload, expect) in [(repeats.as_slice(), ZSTD), (&noise, RAW), (b"short", RAW), (b"", RAW)] {
            let (codec, bytes) = packed(payload);
            assert_eq!(codec, expect);
            assert!(codec == RAW && bytes == payload || bytes.len() < payload.len());
            assert_eq!(unpack(codec, &bytes).unwrap(), payload);
        }
    }

    #[test]
    fn unpacking_is_bounded() {
        let within = vec![b'x'; MAX_PLAIN_BYTES];
        assert_eq!(unpack(ZSTD, &packed(&within).1).unwrap().len(), MAX_PLAIN_BYTES);
        let (codec, bomb) = packed(&vec![b'x'; MAX_PLAIN_BYTES + 1]);
        assert!(codec == ZSTD && bomb.len() < 1000);
        let error = unpack(codec, &bomb).unwrap_err();
        assert!(error.what.starts_with("a zstd frame does not unpack"), "{error}");
        // Also where the frame does not say how much will come out.
        let mut stream = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        std::io::Write::write_all(&mut stream, &vec![b'x'; MAX_PLAIN_BYTES + 1]).unwrap();
        unpack(ZSTD, &stream.finish().unwrap()).unwrap_err();
    }

    #[test]
    fn a_failure_leaves_the_contexts_usable() {
        let payload = b"abcabcabc".repeat(50);
        let (codec, bytes) = packed(&payload);
        unpack(codec, &bytes[..bytes.len() - 1]).unwrap_err();
        let noise: Vec<u8> = (0_u64..600).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
        assert_eq!(packed(&noise).0, RAW);
        assert_eq!(packed(&payload), (codec, bytes.clone()));
        assert_eq!(unpack(codec, &bytes).unwrap(), payload);
    }

    #[test]
    fn other_codecs_are_refused_by_name() {
        assert_eq!(unpack(2, b"x").unwrap_err().what, "a body needs a zstd dictionary (codec 2), which this version cannot read");
        assert_eq!(unpack(77, b"x").unwrap_err().what, "a body has codec 77, which this version does not know");
    }
}
