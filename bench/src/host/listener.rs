//! Where the servers of this package listen.

use std::net::{SocketAddr, TcpListener};

use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, listen, socket_with,
    sockopt::set_socket_reuseaddr,
};

/// Room for all connections that a row opens at once.
const BACKLOG: i32 = 4096;

/// Listens with room for all connections that a row opens at once; the standard library's way has room for 128.
///
/// # Errors
/// When somebody listens there.
pub fn listener(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket.into())
}
