//! The accept loop that all peers share.

use std::net::SocketAddr;

use sockeye_bench::{load::Security, tls};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Room for all connections that a row opens at once.
const BACKLOG: u32 = 4096;

/// Where a server listens, and whether it speaks TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) listen: SocketAddr,
    pub(crate) security: Security,
}

/// Accepts for ever; each connection becomes a task, with `TCP_NODELAY` set.
pub(crate) async fn each_connection<F>(
    listen: SocketAddr,
    mut serve: impl FnMut(TcpStream) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = bind(listen)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream));
    }
}

/// Accepts for ever; each connection becomes a task that first shakes hands with it.
pub(crate) async fn each_secure_connection<F>(
    listen: SocketAddr,
    serve: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + 'static,
) -> anyhow::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(tls::server()?);
    each_connection(listen, |stream| {
        let (acceptor, serve) = (acceptor.clone(), serve.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream).await;
            }
        }
    })
    .await
}

/// Listens with room for all connections that a row opens at once.
pub(crate) fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = if listen.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    Ok(socket.listen(BACKLOG)?)
}
