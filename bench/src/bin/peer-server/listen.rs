//! The accept loop that all peers share.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Room for all connections that a row opens at once.
const BACKLOG: u32 = 4096;

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
