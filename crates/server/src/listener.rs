//! Listening on an address from several workers, and accepting in spite of errors.

use std::{io, net::SocketAddr, num::NonZeroUsize, sync::atomic::Ordering, time::Duration};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use crate::tally::Tally;

/// How many connections may wait to be accepted. The kernel's own bound (`net.core.somaxconn`) may be lower.
const BACKLOG: i32 = 4096;

/// How long accepting pauses after an error that will not go away at once, such as no descriptor being left.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Opens a listening socket for each worker, all on one address; the kernel spreads the connections over them.
///
/// # Errors
/// Whatever the operating system says: most often that the address is in use.
pub(crate) fn listen(
    addr: SocketAddr,
    workers: NonZeroUsize,
) -> io::Result<Vec<std::net::TcpListener>> {
    // Sockets that share a port share it with any process of the same user. That two servers take turns at answering
    // is never meant, so a socket that does not share asks for the port first.
    let probe = socket(addr, Share::No)?;
    probe.bind(&addr.into())?;
    let addr = probe.local_addr()?.as_socket().unwrap_or(addr);
    drop(probe);
    (0..workers.get())
        .map(|_| {
            let socket = socket(addr, Share::Yes)?;
            socket.bind(&addr.into())?;
            socket.listen(BACKLOG)?;
            Ok(socket.into())
        })
        .collect()
}

#[derive(Clone, Copy)]
enum Share {
    Yes,
    No,
}

fn socket(addr: SocketAddr, share: Share) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted server finds the port again although old connections linger.
    socket.set_reuse_address(true)?;
    if let Share::Yes = share {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Accepts the next connection. Errors of a single connection are passed over; others make it pause and try again, so
/// that a server without descriptors recovers when some are free.
///
/// Cancel safety: dropped before it is done, no connection is lost.
pub(crate) async fn accept(listener: &TcpListener, tally: &Tally) -> (TcpStream, SocketAddr) {
    let mut pause = FIRST_PAUSE;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tally.accept_errors.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, pause = ?pause, "can't accept connections; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

    #[test]
    fn workers_share_a_port_and_a_second_server_does_not() {
        let listeners = listen(([127, 0, 0, 1], 0).into(), TWO).unwrap();
        let addr = listeners[0].local_addr().unwrap();
        assert_eq!(addr, listeners[1].local_addr().unwrap());
        assert_eq!(
            listen(addr, TWO).unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
        drop(listeners);
        assert!(listen(addr, TWO).is_ok());
    }
}
