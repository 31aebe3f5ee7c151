//! TLS handshakes: what is agreed on, what is resumed, and those that come to nothing.

use std::sync::Arc;

use sockeye_endpoint::Initiator::Peer;
use sockeye_server::{
    Tls,
    rustls::{
        HandshakeKind, ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, pem::PemObject},
        version::{TLS12, TLS13},
    },
};
use sockeye_types::Limits;

use super::{Pair, Secure};
use crate::{
    client::{Client, close_frame, handshake, patiently},
    served::{LATE, SOON},
};

#[tokio::test]
async fn a_second_handshake_resumes_the_session_of_the_first() {
    let pair = Pair::new();
    let mut served = Secure::echo(pair.tls());
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(pair.trusted_with(&[version]));
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut client = served.try_connect(&config).await.unwrap();
            client.shake_hands("/", "").await;
            // The tickets have come with what came before.
            client.echo("good day").await;
            assert_eq!(client.io.get_ref().1.handshake_kind(), Some(expected));
            client.send(&close_frame(1000)).await;
            assert_eq!(client.verdict().await, Some(1000));
            assert_eq!(served.ends.next().await, (1000, Peer));
        }
    }
    served.finish().await;
}

#[tokio::test]
async fn http_1_is_agreed_on_by_name_or_without_one_and_nothing_unknown_is() {
    let pair = Pair::new();
    let served = Secure::echo(pair.tls());
    for (offered, agreed) in [
        (&[&b"http/1.1"[..]][..], Some(&b"http/1.1"[..])),
        (&[b"spdy/1", b"http/1.1"], Some(b"http/1.1")),
        (&[], None),
    ] {
        let mut config = pair.trusted();
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        let mut client = served.connect(config).await;
        assert_eq!(client.io.get_ref().1.alpn_protocol(), agreed);
        client.send(handshake("/nowhere", "").as_bytes()).await;
        assert_eq!(client.reply().await.status, 404);
    }
    let mut config = pair.trusted();
    config.alpn_protocols = vec![b"spdy/1".to_vec()];
    let refused = served.try_connect(&Arc::new(config)).await.unwrap_err();
    assert!(
        refused.to_string().contains("NoApplicationProtocol"),
        "{refused}"
    );
    served.finish().await;
}

#[tokio::test]
async fn a_configuration_of_rustls_gets_the_servers_own_alpn_and_no_early_data() {
    let pair = Pair::new();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.der.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"spdy/1".to_vec()];
    config.max_early_data_size = 1024;
    let mut served = Secure::echo(Tls::from_rustls(Arc::new(config)));
    let mut config = pair.trusted();
    config.alpn_protocols = vec![b"spdy/1".to_vec(), b"http/1.1".to_vec()];
    config.enable_early_data = true;
    let config = Arc::new(config);
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut client = served.try_connect(&config).await.unwrap();
        client.shake_hands("/", "").await;
        let agreed = client.io.get_ref().1;
        assert_eq!(agreed.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(agreed.handshake_kind(), Some(expected));
        assert!(!agreed.is_early_data_accepted());
        client.send(&close_frame(1000)).await;
        assert_eq!(client.verdict().await, Some(1000));
        assert_eq!(served.ends.next().await, (1000, Peer));
    }
    served.finish().await;
}

#[tokio::test]
async fn plain_http_is_answered_with_400() {
    let served = Secure::echo(Pair::new().tls());
    let mut client = Client::connect(served.addr).await;
    client.send(handshake("/", "").as_bytes()).await;
    let reply = client.reply().await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.body, "this port speaks https\n");
    assert_eq!(client.rest().await, []);
    drop(client);
    served.finish().await;
}

/// The beginning of a `ClientHello`.
const HELLO: &[u8] = &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

#[tokio::test]
async fn a_handshake_that_stalls_is_cut_at_handshake_time() {
    let pair = Pair::new();
    let served = Secure::server(pair.tls(), Limits::default(), |server| {
        server.handshake_time(SOON)
    });
    // Silent at once, within the handshake, and as one who is told of plain HTTP and stays.
    for begun in [&b""[..], HELLO] {
        let mut client = Client::connect(served.addr).await;
        client.send(begun).await;
        assert_eq!(client.rest().await, []);
    }
    let mut client = Client::connect(served.addr).await;
    client.send(b"G").await;
    // On a busy machine the time may be over before the answer is written.
    let told = client.rest().await;
    assert!(
        told.is_empty() || told.starts_with(b"HTTP/1.1 400 "),
        "{told:?}"
    );
    // Behind the handshake, if that was in time, it is the head's time that counts.
    if let Ok(mut client) = served.try_connect(&Arc::new(pair.trusted())).await {
        assert_eq!(client.rest().await, []);
    }
    served.finish().await;
}

#[tokio::test]
async fn a_handshake_that_stalls_does_not_hold_a_shutdown() {
    let pair = Pair::new();
    let served = Secure::server(pair.tls(), Limits::default(), |server| {
        server.handshake_time(LATE).shutdown_time(LATE)
    });
    let mut client = Client::connect(served.addr).await;
    client.send(HELLO).await;
    // Whoever comes later is served later: the first is within its handshake by then.
    drop(served.connect(pair.trusted()).await);
    served.finish().await;
    client.rest().await;
}

#[tokio::test]
async fn garbage_is_cut_and_others_are_served() {
    let pair = Pair::new();
    let served = Secure::server(pair.tls(), Limits::default(), |server| {
        server.handshake_time(LATE)
    });
    let record_of_garbage = [&[0x16, 3, 1, 0, 100][..], &[0xff; 100]].concat();
    let application_data = [&[0x17, 3, 3, 0, 100][..], &[0; 100]].concat();
    let endless = [&[0x16, 3, 1, 0xff, 0xff][..], &[0; 1 << 16]].concat();
    for noise in [
        &record_of_garbage[..],
        &application_data,
        &endless,
        &[0; 100],
    ] {
        let mut client = Client::connect(served.addr).await;
        // It may be cut before it has said all.
        let _ = client.try_send(noise).await;
        let alert = client.rest().await;
        assert!(alert.is_empty() || alert[0] == 0x15, "{alert:?}");
        drop(served.connect(pair.trusted()).await);
    }
    served.finish().await;
}

#[tokio::test]
async fn one_connection_more_than_there_may_be_is_cut_before_its_handshake() {
    let pair = Pair::new();
    let mut served = Secure::server(pair.tls(), Limits::default(), |server| {
        server.connections(1).handshake_time(LATE)
    });
    let mut first = served.open(pair.trusted()).await;
    let mut second = Client::connect(served.addr).await;
    assert_eq!(second.rest().await, []);
    first.echo("good day").await;
    first.send(&close_frame(1000)).await;
    assert_eq!(first.verdict().await, Some(1000));
    assert_eq!(served.ends.next().await, (1000, Peer));
    // Its socket may be counted a moment longer than its session.
    let config = Arc::new(pair.trusted());
    let third = patiently(async {
        loop {
            if let Ok(third) = served.try_connect(&config).await {
                break third;
            }
        }
    });
    drop(third.await);
    served.finish().await;
}
