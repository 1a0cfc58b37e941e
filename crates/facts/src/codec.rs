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
const WORTH_TRYING: usize = 96;

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
