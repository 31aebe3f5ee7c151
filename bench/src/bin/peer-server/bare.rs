//! Handshakes by hyper that end with the bare stream: it costs less than the boxed one that hyper hands out.

use anyhow::Context;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// Takes the stream out of hyper's box. A client that speaks before the 101 is refused: the generator never does.
pub(crate) fn bare<S>(upgraded: Upgraded) -> anyhow::Result<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let parts = upgraded
        .downcast::<TokioIo<S>>()
        .ok()
        .context("hyper gave back another stream than it was given")?;
    anyhow::ensure!(
        parts.read_buf.is_empty(),
        "the client spoke before the handshake was over"
    );
    Ok(parts.io.into_inner())
}
