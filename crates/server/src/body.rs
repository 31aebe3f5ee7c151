//! The body of a request, as it arrives.

use std::{pin::pin, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt;
use thiserror::Error;
use tokio::time::timeout;

/// What a body may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyCost {
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum BodyError {
    #[error("the body is too large")]
    TooLarge,
    #[error("the body took too long")]
    TooSlow,
    /// Whoever broke it off does not read the answer.
    #[error("the body was broken off")]
    BrokenOff,
}

/// Reads a body whole.
///
/// Cancel safety: dropped before it is done, the body is lost, as its request is.
///
/// # Errors
/// [`BodyError`] if it is too large or too slow, or the client left.
pub(crate) async fn read<B: Body>(
    headers: &HeaderMap,
    body: B,
    cost: BodyCost,
) -> Result<Bytes, BodyError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > cost.bytes as u64) {
        return Err(BodyError::TooLarge);
    }
    match timeout(cost.time, collect(body, cost.bytes)).await {
        Ok(body) => body,
        Err(_) => Err(BodyError::TooSlow),
    }
}

async fn collect<B: Body>(body: B, most: usize) -> Result<Bytes, BodyError> {
    let mut body = pin!(body);
    let mut whole = Bytes::new();
    let mut parts = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(BodyError::BrokenOff);
        };
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        if data.remaining() > most - parts.len() - whole.len() {
            return Err(BodyError::TooLarge);
        }
        // Most bodies come in one piece, which needs no copy.
        if whole.is_empty() && parts.is_empty() {
            whole = data.copy_to_bytes(data.remaining());
        } else {
            parts.extend_from_slice(&std::mem::take(&mut whole));
            while data.has_remaining() {
                let chunk = data.chunk();
                parts.extend_from_slice(chunk);
                let length = chunk.len();
                data.advance(length);
            }
        }
    }
    Ok(if parts.is_empty() {
        whole
    } else {
        parts.freeze()
    })
}
