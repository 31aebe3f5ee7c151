//! The network as dialling sees it: names and TCP connections. Tests script one of their own.

use std::{io, net::SocketAddr};

use tokio::net::{TcpStream, lookup_host};

use super::{
    error::Unreachable,
    happy_eyeballs::{FailedAttempts, MAX_ATTEMPTS, interleave, race},
};
use crate::stream::Stream;

/// Who answers for names and opens connections.
pub(super) trait Network: Sync {
    type Stream: Stream;

    fn resolve(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    fn connect(&self, address: SocketAddr)
    -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// The resolver and the sockets of the operating system.
#[derive(Debug)]
pub(super) struct System;

impl Network for System {
    type Stream = TcpStream;

    /// Cancel safety: dropped, the answer is forgotten; the thread that asks the system ends by itself.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((host, port)).await?.collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        // Without it things still work, only slower.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// Finds the addresses of a host, in the order in which they are to be tried.
///
/// Cancel safety: nothing is lost.
pub(super) async fn find<N: Network>(
    network: &N,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, Unreachable> {
    let found = network
        .resolve(host, port)
        .await
        .map_err(|source| Unreachable::Lookup {
            host: host.to_owned(),
            source,
        })?;
    let mut ordered = interleave(found);
    ordered.truncate(MAX_ATTEMPTS);
    if ordered.is_empty() {
        return Err(Unreachable::NoAddress {
            host: host.to_owned(),
        });
    }
    Ok(ordered)
}

/// Opens a connection to the first address of a host that answers.
///
/// Cancel safety: dropped, attempts under way are closed.
pub(super) async fn open<N: Network>(
    network: &N,
    host: &str,
    port: u16,
) -> Result<(N::Stream, SocketAddr), Unreachable> {
    let addresses = find(network, host, port).await?;
    let connected = race(addresses, |address| network.connect(address)).await;
    connected.map_err(|attempts| Unreachable::Connect {
        host: host.to_owned(),
        source: FailedAttempts(attempts),
    })
}
