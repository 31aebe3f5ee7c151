//! Handshakes over a stream in memory, with servers of all kinds.

use std::io;

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::pem::PemObject,
    server::{Acceptor, WebPkiClientVerifier},
    version::TLS12,
};
use tokio::{
    io::{AsyncWriteExt, duplex},
    join,
};
use tokio_rustls::{LazyConfigAcceptor, server};

use super::*;
use crate::dial::tests::{
    authority::Authority,
    script::{accept, patiently, serve, use_it, words},
};

type Accepted = io::Result<server::TlsStream<tokio::io::DuplexStream>>;

/// One handshake, and if it comes about, a word in each direction.
async fn meet(
    tls: &Tls,
    host: &str,
    config: ServerConfig,
) -> (Result<Secured, TlsError>, Accepted) {
    let (near, far) = duplex(1 << 16);
    let server = async {
        let mut stream = accept(far, config).await?;
        serve(&mut stream).await;
        Ok(stream)
    };
    let client = async {
        let (mut stream, secured) = patiently(tls.secure(near, host, Role::Server)).await?;
        use_it(&mut stream).await;
        Ok(secured)
    };
    join!(client, server)
}

/// Why a certificate is not trusted.
async fn fault(tls: &Tls, host: &str, config: ServerConfig) -> CertificateFault {
    match meet(tls, host, config).await {
        (Err(TlsError::Certificate(fault)), Err(_)) => fault,
        (other, _) => panic!("{other:?}"),
    }
}

fn trusting(authority: &Authority) -> Tls {
    Tls::only_roots_pem(&authority.pem).unwrap()
}

#[tokio::test]
async fn the_roots_that_are_given_are_trusted_and_no_others() {
    let (one, other) = (Authority::new(), Authority::new());
    let (trusted, _) = meet(
        &trusting(&one),
        "a.example",
        one.issue("a.example").server(),
    )
    .await;
    let secured = trusted.unwrap();
    assert_eq!((secured.version, secured.resumed), ("TLS 1.3", false));
    assert!(secured.cipher.starts_with("TLS13_"), "{secured}");
    let found = fault(
        &trusting(&one),
        "a.example",
        other.issue("a.example").server(),
    )
    .await;
    assert_eq!(found, CertificateFault::UnknownIssuer);

    let both = trusting(&one).add_roots_pem(&other.pem).unwrap();
    assert!(
        meet(&both, "a.example", other.issue("a.example").server())
            .await
            .0
            .is_ok()
    );
    let system_too = Tls::system().add_roots_pem(&other.pem).unwrap();
    assert!(
        meet(&system_too, "a.example", other.issue("a.example").server())
            .await
            .0
            .is_ok()
    );
    let found = fault(&system_too, "a.example", one.issue("a.example").server()).await;
    assert_eq!(found, CertificateFault::UnknownIssuer);
}

#[tokio::test]
async fn a_certificate_is_refused_in_words_that_say_why() {
    let authority = Authority::new();
    let tls = trusting(&authority);
    let server = |change: fn(&mut rcgen::CertificateParams)| {
        authority.issue_with("a.example", change).server()
    };

    let found = fault(&tls, "b.example", server(|_| {})).await;
    assert_eq!(
        found.to_string(),
        "it is not for b.example, but for a.example"
    );
    let found = fault(&tls, "192.0.2.1", server(|_| {})).await;
    assert_eq!(
        found.to_string(),
        "it is not for 192.0.2.1, but for a.example"
    );

    let many = server(|params| {
        let name = params.subject_alt_names[0].clone();
        params.subject_alt_names = vec![name; 20];
    });
    let CertificateFault::WrongName { presented, .. } = fault(&tls, "b.example", many).await else {
        panic!("it is for this name");
    };
    assert_eq!(presented, ["a.example"; 8]);

    let old = server(|params| params.not_after = date_time_ymd(2020, 1, 1));
    let found = fault(&tls, "a.example", old).await;
    assert!(
        matches!(found, CertificateFault::Expired { .. }),
        "{found:?}"
    );

    let new = server(|params| params.not_before = date_time_ymd(4000, 1, 1));
    let found = fault(&tls, "a.example", new).await;
    assert!(
        matches!(found, CertificateFault::NotYetValid { .. }),
        "{found:?}"
    );

    let for_clients = server(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let found = fault(&tls, "a.example", for_clients).await;
    assert_eq!(found, CertificateFault::WrongPurpose);
}

#[test]
fn spans_are_told_in_a_unit_that_says_enough() {
    let told = |seconds| {
        let ago = std::time::Duration::from_secs(seconds);
        CertificateFault::Expired { ago }.to_string()
    };
    assert_eq!(told(119), "it expired 119 seconds ago");
    assert_eq!(told(120), "it expired 2 minutes ago");
    assert_eq!(told(7_200), "it expired 2 hours ago");
    assert_eq!(told(3 * 86_400 + 5), "it expired 3 days ago");
}

#[tokio::test]
async fn an_ip_address_is_a_servers_name_too_and_so_is_a_name_with_the_roots_dot() {
    let authority = Authority::new();
    for (host, issued) in [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("a.example.", "a.example"),
    ] {
        let config = authority.issue(issued).server();
        let (secured, _) = meet(&trusting(&authority), host, config).await;
        assert!(secured.is_ok(), "{secured:?}");
    }
}

#[tokio::test]
async fn the_hello_names_the_host_and_http_1_1() {
    let tls = trusting(&Authority::new());
    for (host, expected) in [("a.example.", Some("a.example")), ("192.0.2.1", None)] {
        let (near, far) = duplex(1 << 16);
        let server = async {
            let start = LazyConfigAcceptor::new(Acceptor::default(), far)
                .await
                .unwrap();
            let hello = start.client_hello();
            assert_eq!(hello.server_name(), expected);
            let alpn: Vec<_> = hello.alpn().unwrap().collect();
            assert_eq!(alpn, [b"http/1.1"]);
        };
        let (broken, ()) =
            patiently(async { join!(tls.secure(near, host, Role::Server), server) }).await;
        assert!(matches!(broken, Err(TlsError::Broken(_))));
    }
}

#[tokio::test]
async fn what_the_server_chose_is_told() {
    let authority = Authority::new();
    let mut config = authority.issue("a.example").server();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (secured, _) = meet(&trusting(&authority), "a.example", config).await;
    let secured = secured.unwrap();
    assert_eq!(secured.alpn.as_deref(), Some("http/1.1"));
    let expected = format!("TLS 1.3, {}, http/1.1", secured.cipher);
    assert_eq!(secured.to_string(), expected);
}

#[tokio::test]
async fn clones_of_a_setting_resume_each_others_sessions() {
    let authority = Authority::new();
    let config = authority.issue("a.example").server();
    let tls = trusting(&authority);
    let (first, _) = meet(&tls, "a.example", config.clone()).await;
    assert!(!first.unwrap().resumed);
    let (again, _) = meet(&tls.clone(), "a.example", config.clone()).await;
    assert!(again.unwrap().resumed);
    let (stranger, _) = meet(&trusting(&authority), "a.example", config).await;
    assert!(!stranger.unwrap().resumed);
}

#[tokio::test]
async fn a_server_of_tls_1_2_is_served() {
    let authority = Authority::new();
    let issued = authority.issue("a.example");
    let chain = CertificateDer::from_pem_slice(issued.chain_pem.as_bytes()).unwrap();
    let key = pem::key(issued.key_pem.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let (secured, _) = meet(&trusting(&authority), "a.example", config).await;
    assert_eq!(secured.unwrap().version, "TLS 1.2");
}

#[tokio::test]
async fn a_server_that_asks_is_shown_the_client_certificate() {
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(pem::roots(authority.pem.as_bytes()).unwrap());
    let provider = Arc::new(ring::default_provider());
    let asks = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let issued = authority.issue("a.example");
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_client_cert_verifier(asks.build().unwrap())
        .with_single_cert(
            pem::chain(issued.chain_pem.as_bytes()).unwrap(),
            pem::key(issued.key_pem.as_bytes()).unwrap(),
        )
        .unwrap();
    let me = authority.issue("me");
    let tls = trusting(&authority)
        .client_certificate_pem(&me.chain_pem, &me.key_pem)
        .unwrap();
    let (_, accepted) = meet(&tls, "a.example", config.clone()).await;
    let accepted = accepted.unwrap();
    let shown = accepted.get_ref().1.peer_certificates().unwrap();
    assert_eq!(shown, pem::chain(me.chain_pem.as_bytes()).unwrap());

    let (refused, _) = meet(&trusting(&authority), "a.example", config).await;
    assert!(
        matches!(refused, Err(TlsError::Handshake(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_danger_takes_any_certificate() {
    let tls = Tls::system().danger_accept_invalid_certificates();
    for version in [&[&TLS12][..], rustls::ALL_VERSIONS] {
        let issued = Authority::new().issue_with("b.example", |params| {
            params.not_after = date_time_ymd(2020, 1, 1);
        });
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(version)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                pem::chain(issued.chain_pem.as_bytes()).unwrap(),
                pem::key(issued.key_pem.as_bytes()).unwrap(),
            )
            .unwrap();
        assert!(meet(&tls, "a.example", config).await.0.is_ok());
    }
}

#[tokio::test]
async fn who_speaks_no_tls_is_told_from_who_hangs_up() {
    let tls = trusting(&Authority::new());
    let (near, mut far) = duplex(1 << 16);
    far.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        .await
        .unwrap();
    let ended = patiently(tls.secure(near, "a.example", Role::Server)).await;
    assert!(matches!(ended, Err(TlsError::NotTls)), "{ended:?}");
    let (near, far) = duplex(1 << 16);
    drop(far);
    let ended = patiently(tls.secure(near, "a.example", Role::Server)).await;
    assert!(matches!(ended, Err(TlsError::Broken(_))), "{ended:?}");
    let (near, _far) = duplex(1 << 16);
    let ended = patiently(tls.secure(near, "a_b!", Role::Server)).await;
    assert!(matches!(ended, Err(TlsError::ServerName)), "{ended:?}");
}

#[test]
fn bad_pem_is_named_by_item_and_reason() {
    let authority = Authority::new();
    let issued = authority.issue("me");
    let (chain, key) = (&*issued.chain_pem, &*issued.key_pem);
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let roots = |pem: &str| words(&Tls::only_roots_pem(pem).unwrap_err());
    let client = |chain: &str, key: &str| {
        words(
            &Tls::system()
                .client_certificate_pem(chain, key)
                .unwrap_err(),
        )
    };
    assert_eq!(
        roots(key),
        "root certificate 1 can't be used: there is none in the PEM"
    );
    let second = roots(&format!("{}{no_certificate}", authority.pem));
    assert!(
        second.starts_with("root certificate 2 can't be used: it is no certificate: "),
        "{second}"
    );
    let cut = roots("-----BEGIN CERTIFICATE-----\nAAAA\n");
    assert!(
        cut.starts_with("root certificate 1 can't be used: it is malformed: "),
        "{cut}"
    );
    assert_eq!(
        client("", key),
        "client certificate 1 can't be used: there is none in the PEM"
    );
    assert_eq!(
        client(chain, chain),
        "the client's private key can't be used: there is none in the PEM"
    );
    assert_eq!(
        client(chain, encrypted),
        "the client's private key can't be used: it is encrypted"
    );
    let of_another = authority.issue("you").key_pem;
    let unfit = client(chain, &of_another);
    assert!(
        unfit.starts_with("the client certificate can't be used with its key: "),
        "{unfit}"
    );
}

#[tokio::test]
async fn nothing_goes_on_top_of_a_configuration_of_rustls() {
    let authority = Authority::new();
    let own = trusting(&authority).config(Role::Server).await.unwrap();
    let given = Tls::from_rustls(own);
    assert!(
        meet(&given, "a.example", authority.issue("a.example").server())
            .await
            .0
            .is_ok()
    );
    let mixed = given.danger_accept_invalid_certificates();
    let (refused, _) = meet(&mixed, "a.example", authority.issue("a.example").server()).await;
    assert!(matches!(refused, Err(TlsError::Mixed)), "{refused:?}");
}

#[tokio::test]
async fn without_roots_there_is_no_connection() {
    let tls = Tls::with_settings(Settings::new(Roots::Own));
    let refused = tls.config(Role::Server).await;
    assert!(matches!(refused, Err(TlsError::NoRoots(None))));
}
