//! Reading a body, never more of it than its limit.

use super::errors::Refused;
use axum::{body::Body, http::StatusCode};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use std::{io::Read, time::Duration};

/// Past its limit a body is still read for a while and discarded: a client that is cut off while it
/// sends never reads the refusal.
const DRAIN_BYTES: usize = 64 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It has more bytes than this.
    TooLarge(usize),
    /// It was cut off.
    Cut,
    /// It is not what its encoding says.
    NotGzip,
}

/// The body's bytes as sent.
pub(crate) async fn read(mut body: Body, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Cut)?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            drop(bytes);
            // Whether it ends in time or not, the answer is the same.
            let _ = tokio::time::timeout(DRAIN_TIME, drain(body)).await;
            return Err(BodyError::TooLarge(limit));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// The body as a JSON object. `example`: what is expected, for the refusal of anything else.
pub(crate) async fn object<T: DeserializeOwned>(
    body: Body,
    limit: usize,
    example: &str,
) -> Result<T, Refused> {
    let body = read(body, limit).await?;
    let expected = |why: String| {
        let message = format!("expected {example}: {why}");
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", message)
    };
    // The parser takes the fields of an object from a list, too.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(expected("this is no object".to_owned()));
    }
    serde_json::from_slice(&body).map_err(|error| expected(error.to_string()))
}

async fn drain(mut body: Body) {
    let mut left = DRAIN_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = frame.data_ref().map_or(Some(left), |data| left.checked_sub(data.len()))
        else {
            return;
        };
        left = rest;
    }
}

/// Unpacks, and stops at the limit: what lies beyond is never inflated.
pub(crate) fn gunzip(packed: &[u8], limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed)
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| BodyError::NotGzip)?;
    if bytes.len() > limit { Err(BodyError::TooLarge(limit)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn pack(bytes: &[u8], times: usize) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..times {
            packer.write_all(bytes).unwrap();
        }
        packer.finish().unwrap()
    }

    #[test]
    fn unpacking_stops_at_the_limit() {
        assert_eq!(gunzip(&pack(b"0123456789", 1), 10).unwrap(), b"0123456789");
        assert_eq!(gunzip(&pack(b"0123456789", 1), 9), Err(BodyError::TooLarge(9)));
        assert_eq!(gunzip(b"not gzip", 100), Err(BodyError::NotGzip));
        assert_eq!(gunzip(&pack(b"x", 1)[..10], 100), Err(BodyError::NotGzip));
    }

    #[test]
    fn a_bomb_is_refused_at_once() {
        let bomb = pack(&[b' '; 1 << 20], 256);
        let started = std::time::Instant::now();
        assert_eq!(gunzip(&bomb, 768 * 1024), Err(BodyError::TooLarge(768 * 1024)));
        assert!(started.elapsed().as_millis() < 100, "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_body_is_never_read_past_its_limit() {
        assert_eq!(read(Body::from("abc"), 3).await.unwrap(), b"abc");
        assert_eq!(read(Body::from("abcd"), 3).await, Err(BodyError::TooLarge(3)));
    }
}
