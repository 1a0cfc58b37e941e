//! A log to test with, the definitions of RFC 9162 word for word, and chance.

mod naive;
mod rng;
mod stored;

pub(crate) use naive::Naive;
pub(crate) use rng::Rng;
pub(crate) use stored::{StoredLog, entry, leaf, signing_key, trusted};
