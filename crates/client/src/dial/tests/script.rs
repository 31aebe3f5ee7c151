//! A network whose names a test lists, and whose servers it plays itself.

use std::{
    error::Error,
    future::pending,
    io::{self, ErrorKind},
    iter::successors,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use http::Uri;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::super::{DialError, Dialed, Network, Proxy, Route, Tls, dial_over};
use crate::address::Address;

/// Much longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Names, and what their addresses do. A port tells servers apart: connects to port 9 are refused, those to port 10 hang.
pub(crate) struct Script {
    names: Vec<(&'static str, Vec<&'static str>)>,
    doors: mpsc::UnboundedSender<(SocketAddr, DuplexStream)>,
}

/// Where connections arrive.
pub(crate) struct Arrivals(mpsc::UnboundedReceiver<(SocketAddr, DuplexStream)>);

impl Script {
    pub(crate) fn new(
        names: impl IntoIterator<Item = (&'static str, Vec<&'static str>)>,
    ) -> (Self, Arrivals) {
        let (doors, arrivals) = mpsc::unbounded_channel();
        let names = names.into_iter().collect();
        (Self { names, doors }, Arrivals(arrivals))
    }

    pub(crate) async fn dial(&self, address: &str, route: &Route) -> Result<Dialed, DialError> {
        let address = Address::of(&address.parse::<Uri>().unwrap()).unwrap();
        patiently(dial_over(self, &address, route)).await
    }
}

impl Network for Script {
    type Stream = DuplexStream;

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if host == "hangs" {
            return pending().await;
        }
        if let Ok(ip) = host.parse() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let (_, found) = self
            .names
            .iter()
            .find(|(name, _)| *name == host)
            .ok_or(ErrorKind::NotFound)?;
        let ips = found.iter().map(|ip| ip.parse().unwrap());
        Ok(ips.map(|ip| SocketAddr::new(ip, port)).collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<DuplexStream> {
        match address.port() {
            9 => Err(ErrorKind::ConnectionRefused.into()),
            10 => pending().await,
            _ => {
                let (near, far) = duplex(1 << 16);
                self.doors.send((address, far)).unwrap();
                Ok(near)
            }
        }
    }
}

impl Arrivals {
    /// The next connection, which must have come to this address.
    pub(crate) async fn at(&mut self, address: &str) -> DuplexStream {
        let (found, stream) = patiently(self.0.recv()).await.unwrap();
        assert_eq!(found.to_string(), address);
        stream
    }
}

pub(crate) async fn patiently<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.unwrap()
}

/// Reads what must come next.
pub(crate) async fn expect(stream: &mut (impl AsyncRead + Unpin), expected: &[u8]) {
    let mut read = vec![0; expected.len()];
    patiently(stream.read_exact(&mut read)).await.unwrap();
    assert_eq!(
        read.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
}

/// Whether nothing more comes than what did.
pub(crate) async fn expect_end(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = Vec::new();
    let _ = patiently(stream.read_to_end(&mut rest)).await;
}

pub(crate) async fn accept<S>(stream: S, config: ServerConfig) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    patiently(TlsAcceptor::from(Arc::new(config)).accept(stream)).await
}

/// Sends `ping` to the client and takes `pong` from it, so that each is known to hear the other.
pub(crate) async fn serve(stream: &mut (impl AsyncRead + tokio::io::AsyncWrite + Unpin)) {
    stream.write_all(b"ping").await.unwrap();
    stream.flush().await.unwrap();
    expect(stream, b"pong").await;
}

/// The client's side of [`serve`].
pub(crate) async fn use_it(stream: &mut (impl AsyncRead + tokio::io::AsyncWrite + Unpin)) {
    expect(stream, b"ping").await;
    stream.write_all(b"pong").await.unwrap();
    stream.flush().await.unwrap();
}

pub(crate) fn through(proxy: &str) -> Route {
    Route {
        tls: Tls::default(),
        proxy: Proxy::at(proxy).unwrap(),
    }
}

pub(crate) fn direct() -> Route {
    Route {
        tls: Tls::default(),
        proxy: Proxy::none(),
    }
}

/// An error with its sources, as a log would show it.
pub(crate) fn words(error: &(dyn Error + 'static)) -> String {
    let all = successors(Some(error), |error: &&(dyn Error + 'static)| {
        (*error).source()
    });
    let all: Vec<_> = all.map(ToString::to_string).collect();
    all.join(": ")
}
