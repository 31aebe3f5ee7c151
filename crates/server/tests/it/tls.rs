//! HTTPS and `wss`: the handshake below the handshake, what is the same above it, and certificates that change.

mod certificates;
mod handshakes;
mod sessions;

use std::{net::SocketAddr, num::NonZeroUsize, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use sockeye_endpoint::Endpoints;
use sockeye_server::{ServeError, Server, Tls, rustls};
use sockeye_types::Limits;
use tokio::{io, net::TcpStream, sync::oneshot, task::JoinHandle};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    client::{Client, patiently},
    served::{Echo, Ends, Watch},
};

type TlsClient = Client<TlsStream<TcpStream>>;

/// A certificate for `sockeye.test`, with its key.
struct Pair {
    certificate: String,
    key: String,
    der: CertificateDer<'static>,
}

impl Pair {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["sockeye.test".to_owned()]).unwrap();
        Self {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
            der: made.cert.der().clone(),
        }
    }

    fn tls(&self) -> Tls {
        Tls::from_pem(&self.certificate, &self.key).unwrap()
    }

    /// A client that trusts this certificate and no other, and speaks these versions.
    fn trusted_with(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    fn trusted(&self) -> ClientConfig {
        self.trusted_with(rustls::ALL_VERSIONS)
    }
}

/// A server with one worker behind TLS.
struct Secure {
    addr: SocketAddr,
    ends: Ends,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServeError>>,
}

impl Secure {
    /// Serves an echo on `/`.
    fn echo(tls: Tls) -> Self {
        Self::server(tls, Limits::default(), |server| server)
    }

    /// Serves an echo on `/`, on a server that is set up as the test needs it.
    fn server(tls: Tls, limits: Limits, set_up: impl FnOnce(Server) -> Server) -> Self {
        let (watch, ends) = Watch::new();
        let endpoints = Endpoints::new().at("/", Echo(watch)).limits(limits);
        let server = set_up(Server::new(endpoints).workers(NonZeroUsize::MIN));
        let bound = server.tls(tls).bind("127.0.0.1:0").unwrap();
        let addr = bound.local_addr();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(bound.run_until(async {
            let _ = stopped.await;
        }));
        Self {
            addr,
            ends,
            stop,
            done,
        }
    }

    /// Does the TLS handshake, and says nothing more.
    async fn try_connect(&self, config: &Arc<ClientConfig>) -> io::Result<TlsClient> {
        let tcp = patiently(TcpStream::connect(self.addr)).await?;
        let connector = TlsConnector::from(Arc::clone(config));
        let name = "sockeye.test".try_into().unwrap();
        Ok(Client::over(patiently(connector.connect(name, tcp)).await?))
    }

    async fn connect(&self, config: ClientConfig) -> TlsClient {
        self.try_connect(&Arc::new(config)).await.unwrap()
    }

    /// Opens a session on `/`.
    async fn open(&self, config: ClientConfig) -> TlsClient {
        let mut client = self.connect(config).await;
        client.shake_hands("/", "").await;
        client
    }

    /// Shuts down and waits for it; no session ended but those that were waited for.
    async fn finish(mut self) {
        self.stop.send(()).unwrap();
        patiently(self.done).await.unwrap().unwrap();
        self.ends.assert_no_more();
    }
}
