//! Behind TLS: the example, and whose stream it is.

use std::{num::NonZeroUsize, sync::Arc};

use sockeye::{
    Close, CloseCode, Tls,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};
use tokio::{net::TcpStream, sync::oneshot};
use tokio_rustls::TlsConnector;

use crate::{
    client::{Client, ask},
    opened::{listen, stream_at},
};

#[path = "../../examples/wss.rs"]
#[expect(dead_code, reason = "the test chooses its own port and certificate")]
mod wss;

#[tokio::test]
async fn an_echo_behind_tls_is_driven_without_a_box_around_its_stream() {
    listen();
    let made = rcgen::generate_simple_self_signed(["sockeye.test".to_owned()]).unwrap();
    let tls = Tls::from_pem(made.cert.pem(), made.signing_key.serialize_pem()).unwrap();
    let server = wss::server(tls).workers(NonZeroUsize::MIN);
    let server = server.bind("127.0.0.1:0").unwrap();
    let addr = server.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(server.run_until(async {
        let _ = stopped.await;
    }));

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(addr).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let name = "sockeye.test".try_into().unwrap();
    let tls = connector.connect(name, tcp).await.unwrap();
    let mut client = Client::over(tls, ask(addr, "/echo")).await.unwrap();
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    let stream = stream_at("/echo");
    let is_own = stream.starts_with("tokio_rustls::server::TlsStream<sockeye_server::tls::");
    assert!(is_own, "{stream}");
    client.close(Close::normal()).await;
    assert_eq!(client.closed().await.code(), CloseCode::NORMAL);
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}
