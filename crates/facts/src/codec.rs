//! How the payload of a body is packed. Every body names its codec, so that a better one can be
//! added without touching what is stored.

use crate::record::{CorruptRecord, MAX_PLAIN_BYTES};
use std::{cell::RefCell, io, sync::LazyLock};
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe,
};

/// The bytes as they are.
pub(crate) const RAW: u8 = 0;
/// One zstd frame (RFC 8878).
pub(crate) const ZSTD: u8 = 1;
/// One zstd frame made with a dictionary, whose id the frame names.
pub(crate) const ZSTD_DICTIONARY: u8 = 2;

/// The dictionary with id 1. Frozen: bodies compressed with it can only be decompressed with it.
/// `examples/train_dictionary` made it.
const DICTIONARY: &[u8] = include_bytes!("../dictionaries/1.zstd-dict");
const DICTIONARY_ID: u32 = 1;

/// Speed over size: records are small, and the better ratio comes from the dictionary.
const LEVEL: i32 = 1;
/// Below this a frame's overhead eats what it saves. The writer's choice alone, like the next:
/// readers go by the codec.
const WORTH_TRYING: usize = 32;
/// Above this a payload has enough of its own to refer to.
const DICTIONARY_HELPS: usize = 16 * 1024;

static ENCODER: LazyLock<Option<EncoderDictionary<'static>>> =
    LazyLock::new(|| EncoderDictionary::try_copy(DICTIONARY, LEVEL).ok());
static DECODER: LazyLock<Option<DecoderDictionary<'static>>> =
    LazyLock::new(|| DecoderDictionary::try_copy(DICTIONARY).ok());

thread_local! {
    // A context is hundreds of kilobytes: made once a thread, not once a body.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    static DICTIONARY_COMPRESSOR: RefCell<Option<Compressor<'static>>> = const {
        RefCell::new(None) };
    static DICTIONARY_DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const {
        RefCell::new(None) };
}

/// Appends the payload to `out` and says by which codec: zstd if that is smaller, else raw.
pub(crate) fn pack(payload: &[u8], out: &mut Vec<u8>) -> u8 {
    let (codec, compressor) = match payload.len() {
        0..WORTH_TRYING => (RAW, None),
        WORTH_TRYING..=DICTIONARY_HELPS => (ZSTD_DICTIONARY, Some(&DICTIONARY_COMPRESSOR)),
        _ => (ZSTD, Some(&COMPRESSOR)),
    };
    if compressor.is_some_and(|compressor| compress(compressor, codec, payload, out)) {
        return codec;
    }
    out.extend_from_slice(payload);
    RAW
}

/// True if `out` grew by fewer bytes than the payload has; else `out` is as it was.
fn compress(
    compressor: &'static Context<Compressor<'static>>,
    codec: u8,
    payload: &[u8],
    out: &mut Vec<u8>,
) -> bool {
    let start = out.len();
    // A destination one byte shorter than the payload makes zstd give up as soon as it cannot win.
    out.resize(start + payload.len() - 1, 0);
    let make = || match codec {
        ZSTD_DICTIONARY => {
            Compressor::with_prepared_dictionary(ENCODER.as_ref().ok_or_else(no_dictionary)?)
        }
        _ => Compressor::new(LEVEL),
    };
    let packed = with(compressor, make, |compressor| {
        compressor.compress_to_buffer(payload, &mut out[start..])
    });
    out.truncate(start + packed.as_ref().map_or(0, |len| *len));
    packed.is_ok()
}

/// The payload again.
///
/// # Errors
/// If the codec or the dictionary is unknown, the frame is broken, or more than [`MAX_PLAIN_BYTES`]
/// come out.
pub(crate) fn unpack(codec: u8, packed: &[u8]) -> Result<Vec<u8>, CorruptRecord> {
    match codec {
        RAW => Ok(packed.to_vec()),
        ZSTD => decompress(&DECOMPRESSOR, Decompressor::new, packed),
        ZSTD_DICTIONARY => match zstd_safe::get_dict_id_from_frame(packed).map(u32::from) {
            Some(DICTIONARY_ID) => {
                let make = || {
                    Decompressor::with_prepared_dictionary(
                        DECODER.as_ref().ok_or_else(no_dictionary)?,
                    )
                };
                decompress(&DICTIONARY_DECOMPRESSOR, make, packed)
            }
            Some(other) => Err(CorruptRecord::new(format!(
                "a body needs zstd dictionary {other}, which this version does not have"
            ))),
            None => Err(CorruptRecord::new(
                "a body was packed with a zstd dictionary (codec 2), and its frame does not name \
                 one",
            )),
        },
        other => Err(CorruptRecord::new(format!(
            "a body has codec {other}, which this version does not know"
        ))),
    }
}

fn decompress(
    slot: &'static Context<Decompressor<'static>>,
    make: impl FnOnce() -> io::Result<Decompressor<'static>>,
    packed: &[u8],
) -> Result<Vec<u8>, CorruptRecord> {
    // RFC 8878, 3.1.1.1.1: the one bit of a frame that a decoder ignores. Writers leave it 0; were
    // it let through, stored bytes could change unnoticed.
    if packed.get(4).is_some_and(|descriptor| descriptor & 0b1_0000 != 0) {
        return Err(CorruptRecord::new("a zstd frame has a bit set that has no meaning"));
    }
    with(slot, make, |decompressor| decompressor.decompress(packed, MAX_PLAIN_BYTES))
        .map_err(|error| CorruptRecord::new(format!("a zstd frame does not unpack: {error}")))
}

/// Cannot be: a test reads the embedded dictionary. Packing then goes without, and reading says so.
fn no_dictionary() -> io::Error {
    io::Error::other("the embedded zstd dictionary does not load")
}

type Context<C> = std::thread::LocalKey<RefCell<Option<C>>>;

fn with<C, T>(
    slot: &'static Context<C>,
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
    use data_encoding::HEXLOWER;
    use sha2::{Digest, Sha256};

    fn packed(payload: &[u8]) -> (u8, Vec<u8>) {
        let mut out = b"before".to_vec();
        let codec = pack(payload, &mut out);
        (codec, out.strip_prefix(b"before").unwrap().to_vec())
    }

    fn noise(bytes: usize) -> Vec<u8> {
        (0_u64..).flat_map(|n| Sha256::digest(n.to_be_bytes())).take(bytes).collect()
    }

    #[test]
    fn the_dictionary_never_changes() {
        assert_eq!(
            HEXLOWER.encode(&Sha256::digest(DICTIONARY)),
            "939ddb7cd13125d418512781121c886e10006ec1fef6b912ca5e4387c2c7e821",
            "dictionaries/1.zstd-dict was changed. Stored bodies can only be decompressed with \
             the original: add a better dictionary as a file of its own with the next id, and \
             keep this one."
        );
        assert_eq!(
            zstd_safe::get_dict_id_from_dict(DICTIONARY).map(u32::from),
            Some(DICTIONARY_ID)
        );
        assert!(ENCODER.is_some() && DECODER.is_some());
    }

    #[test]
    fn what_repeats_is_packed_and_what_does_not_stays_raw() {
        let repeats = br#"{"method":"webauthn"},"#.repeat(40);
        let long = repeats.repeat(20);
        let familiar = br#"{"data":{"reason":"logout"},"type":"session.ended"}"#;
        for (payload, expect) in [
            (repeats.as_slice(), ZSTD_DICTIONARY),
            (familiar, ZSTD_DICTIONARY),
            (&long, ZSTD),
            (&noise(600), RAW),
            (&noise(20_000), RAW),
            (b"short", RAW),
            (b"", RAW),
        ] {
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
        let beyond = vec![b'x'; MAX_PLAIN_BYTES + 1];
        let (codec, bomb) = packed(&beyond);
        let dictionary_bomb =
            Compressor::with_dictionary(1, DICTIONARY).unwrap().compress(&beyond).unwrap();
        assert!(bomb.len() < 1000 && dictionary_bomb.len() < 1000);
        for (codec, bomb) in [(codec, bomb), (ZSTD_DICTIONARY, dictionary_bomb)] {
            let error = unpack(codec, &bomb).unwrap_err();
            assert!(error.what.starts_with("a zstd frame does not unpack"), "{error}");
        }
        // Also where the frame does not say how much will come out.
        let mut stream = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        std::io::Write::write_all(&mut stream, &beyond).unwrap();
        unpack(ZSTD, &stream.finish().unwrap()).unwrap_err();
    }

    #[test]
    fn a_bit_without_meaning_is_not_let_through() {
        for payload in [b"abcabcabc".repeat(50), b"abcabcabc".repeat(5_000)] {
            let (codec, mut bytes) = packed(&payload);
            bytes[4] ^= 0b1_0000;
            assert_eq!(
                unpack(codec, &bytes).unwrap_err().what,
                "a zstd frame has a bit set that has no meaning"
            );
        }
    }

    #[test]
    fn a_failure_leaves_the_contexts_usable() {
        for payload in [b"abcabcabc".repeat(50), b"abcabcabc".repeat(5_000)] {
            let (codec, bytes) = packed(&payload);
            unpack(codec, &bytes[..bytes.len() - 1]).unwrap_err();
            assert_eq!(packed(&noise(payload.len())).0, RAW);
            assert_eq!(packed(&payload), (codec, bytes.clone()));
            assert_eq!(unpack(codec, &bytes).unwrap(), payload);
        }
    }

    #[test]
    fn other_codecs_and_dictionaries_are_refused_by_name() {
        let with = |id: u32| {
            let mut dictionary = DICTIONARY.to_vec();
            dictionary[4..8].copy_from_slice(&id.to_le_bytes());
            Compressor::with_dictionary(1, &dictionary).unwrap().compress(b"abcabcabc").unwrap()
        };
        for (codec, bytes, expect) in [
            (2, with(2), "a body needs zstd dictionary 2, which this version does not have"),
            (
                2,
                with(70_000),
                "a body needs zstd dictionary 70000, which this version does not have",
            ),
            (
                2,
                b"x".to_vec(),
                "a body was packed with a zstd dictionary (codec 2), and its frame does not name \
                 one",
            ),
            (77, b"x".to_vec(), "a body has codec 77, which this version does not know"),
        ] {
            assert_eq!(unpack(codec, &bytes).unwrap_err().what, expect);
        }
        // Codec 1 has no dictionary, so a frame that asks for one is broken.
        unpack(ZSTD, &with(1)).unwrap_err();
    }
}
