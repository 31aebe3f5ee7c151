//! Listening on an address from several workers, and accepting in spite of errors.

use std::{io, net::SocketAddr, num::NonZeroUsize, sync::atomic::Ordering, time::Duration};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::{Instant, sleep_until};

use crate::{
    options::Sharing,
    reactor::{Fresh, Listening},
    tally::Tally,
};

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
    sharing: Sharing,
) -> io::Result<Vec<std::net::TcpListener>> {
    let mut addr = addr;
    // Sockets that share a port share it with any process of the same user. That two servers take turns at answering
    // is seldom meant, so unless it is, a socket that does not share asks for the port first.
    if sharing == Sharing::None {
        addr = bound(addr, Share::No)?.1;
    }
    let share = match sharing {
        // The only listener needs no other beside it.
        Sharing::None if workers == NonZeroUsize::MIN => Share::No,
        Sharing::None | Sharing::Processes => Share::Yes,
    };
    (0..workers.get())
        .map(|_| {
            let (socket, bound) = bound(addr, share)?;
            // If the system chooses the port, it chooses once.
            addr = bound;
            socket.listen(BACKLOG)?;
            Ok(socket.into())
        })
        .collect()
}

/// A socket with an address, and which one that is.
fn bound(addr: SocketAddr, share: Share) -> io::Result<(Socket, SocketAddr)> {
    let socket = socket(addr, share)?;
    socket.bind(&addr.into())?;
    let bound = socket.local_addr()?.as_socket().unwrap_or(addr);
    Ok((socket, bound))
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
    // Small messages must not wait for more.
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

/// Accepts connections on a socket, in spite of errors.
#[derive(Debug)]
pub(crate) struct Acceptor {
    listener: Listening,
    pause: Pause,
}

impl Acceptor {
    pub(crate) fn new(listener: Listening) -> Self {
        Self {
            listener,
            pause: Pause::default(),
        }
    }

    /// Accepts the next connection. Errors of a single connection are passed over; others make it pause and try again,
    /// so that a server without descriptors recovers when some are free.
    ///
    /// Cancel safety: dropped before it is done, no connection is lost, and the next call goes on with the pause.
    pub(crate) async fn accept(&mut self, tally: &Tally) -> (Fresh, SocketAddr) {
        loop {
            self.pause.over().await;
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.pause = Pause::default();
                    return (stream, peer);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tally.accept_errors.fetch_add(1, Ordering::Relaxed);
                    let pause = self.pause.begin();
                    tracing::warn!(%error, ?pause, "can't accept connections; trying again");
                }
            }
        }
    }
}

/// A pause in which nothing is accepted: twice as long as the one before, up to a bound.
///
/// It is kept beside whoever waits for it: a worker waits anew whenever anything else happens.
#[derive(Debug, Default)]
struct Pause {
    length: Duration,
    until: Option<Instant>,
}

impl Pause {
    /// Begins the next, and returns how long it is.
    fn begin(&mut self) -> Duration {
        self.length = (self.length * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.until = Some(Instant::now() + self.length);
        self.length
    }

    /// Waits until it is over.
    ///
    /// Cancel safety: dropped before it is done, the rest is still to be waited for.
    async fn over(&mut self) {
        if let Some(until) = self.until {
            sleep_until(until).await;
            self.until = None;
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
    use tokio::{net::TcpStream, time::timeout};

    use super::*;

    const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();
    const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    #[test]
    fn workers_share_a_port_and_a_second_server_does_not() {
        let listeners = listen(ANY, TWO, Sharing::None).unwrap();
        let addr = listeners[0].local_addr().unwrap();
        assert_eq!(addr, listeners[1].local_addr().unwrap());
        assert_eq!(
            listen(addr, TWO, Sharing::None).unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
        drop(listeners);
        assert!(listen(addr, TWO, Sharing::None).is_ok());
    }

    #[test]
    fn servers_share_a_port_if_both_say_so() {
        for workers in [NonZeroUsize::MIN, TWO] {
            let first = listen(ANY, workers, Sharing::Processes).unwrap();
            let addr = first[0].local_addr().unwrap();
            let second = listen(addr, workers, Sharing::Processes).unwrap();
            for listener in first.iter().chain(&second) {
                assert_eq!(listener.local_addr().unwrap(), addr);
            }
            let refused = listen(addr, workers, Sharing::None).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        }
    }

    #[test]
    fn a_single_worker_s_port_is_not_even_shared_with_who_asks_for_it() {
        let alone = listen(ANY, NonZeroUsize::MIN, Sharing::None).unwrap();
        let addr = alone[0].local_addr().unwrap();
        let refused = listen(addr, TWO, Sharing::Processes).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    }

    #[tokio::test]
    async fn a_connection_does_not_hold_small_messages_back() {
        let listener = listen(ANY, NonZeroUsize::MIN, Sharing::None).unwrap();
        let listener = listener.into_iter().next().unwrap();
        let addr = listener.local_addr().unwrap();
        let listener = Listening::new(listener).unwrap();
        let mut acceptor = Acceptor::new(listener);
        let _client = TcpStream::connect(addr).await.unwrap();
        let (stream, _) = acceptor.accept(&Tally::default()).await;
        assert!(stream.into_std().unwrap().nodelay().unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_second_however_often_who_waits_begins_anew() {
        let mut pause = Pause::default();
        let start = Instant::now();
        pause.over().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        for millis in [10, 20, 40, 80, 160, 320, 640, 1000, 1000] {
            let begun = Instant::now();
            pause.begin();
            while timeout(Duration::from_millis(7), pause.over())
                .await
                .is_err()
            {}
            assert_eq!(begun.elapsed(), Duration::from_millis(millis));
        }
    }
}
