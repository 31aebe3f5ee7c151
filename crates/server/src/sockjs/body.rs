//! The body of a send, as it arrives.

use std::{pin::pin, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt;
use sockeye_sockjs_proto::RequestError;
use tokio::time::timeout;

/// What a body may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyCost {
    pub(super) bytes: usize,
    pub(super) time: Duration,
}

/// Reads a body whole.
///
/// Cancel safety: dropped before it is done, the body is lost, as its request is.
///
/// # Errors
/// [`RequestError`] if it is too large or too slow, or the client left.
pub(super) async fn read<B: Body>(
    headers: &HeaderMap,
    body: B,
    cost: BodyCost,
) -> Result<Bytes, RequestError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > cost.bytes as u64) {
        return Err(RequestError::BodyTooLarge);
    }
    match timeout(cost.time, collect(body, cost.bytes)).await {
        Ok(body) => body,
        Err(_) => Err(RequestError::BodyTooSlow),
    }
}

async fn collect<B: Body>(body: B, most: usize) -> Result<Bytes, RequestError> {
    let mut body = pin!(body);
    let mut whole = Bytes::new();
    let mut parts = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            // Whoever broke it off does not read the answer.
            return Err(RequestError::PayloadExpected);
        };
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        if data.remaining() > most - parts.len() - whole.len() {
            return Err(RequestError::BodyTooLarge);
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
