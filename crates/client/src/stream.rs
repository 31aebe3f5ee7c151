//! The byte streams that frames travel on.

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream to a server: TCP, TLS over it, or either through a proxy.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}
