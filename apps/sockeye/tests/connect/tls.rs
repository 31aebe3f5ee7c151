//! `wss://`: who is believed to be the server, and who this side is.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::Output,
    sync::Arc,
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};

use crate::{Server, expect, run, shake_hands, sockeye, text};

/// An authority and what it certified, in a folder that is removed with it: `ca.pem`, `server.pem` for `localhost`,
/// `client.pem`, and the keys beside them; `other.pem` is another authority's.
struct Papers(PathBuf);

impl Papers {
    fn new(name: &str) -> Self {
        let folder = format!("sockeye-connect-{}-{name}", std::process::id());
        let papers = Self(std::env::temp_dir().join(folder));
        fs::create_dir_all(&papers.0).unwrap();
        let ours = authority("ours");
        papers.write("ca.pem", &ours.pem());
        papers.write("other.pem", &authority("another").pem());
        for name in ["localhost", "client"] {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new([name.to_owned()]).unwrap();
            let made = params.signed_by(&key, &ours).unwrap();
            papers.write(&format!("{name}.pem"), &made.pem());
            papers.write(&format!("{name}.key"), &key.serialize_pem());
        }
        papers
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path(name)).unwrap()
    }

    /// Talks where only another authority is trusted.
    fn talk(&self, args: &[&str], input: &[u8]) -> Output {
        let mut command = sockeye(&[&["connect"], args].concat());
        run(command.env("SSL_CERT_FILE", self.path("other.pem")), input)
    }
}

impl Drop for Papers {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn a_server_is_believed_if_its_authority_is_trusted_or_nothing_is_checked() {
    let papers = Papers::new("server");
    let (chain, key) = (papers.path("localhost.pem"), papers.path("localhost.key"));
    let server = Server::start_with(&["--tls-cert", &chain, "--tls-key", &key]);
    let port = server.address.rsplit(':').next().unwrap();
    let url = format!("wss://localhost:{port}/echo");
    let ca = papers.path("ca.pem");

    let output = papers.talk(&["-v", "-n1", "--ca", &ca, &url], b"hi\n");
    expect(&output, 0, b"hi\n");
    assert!(text(&output.stderr).contains("TLS 1.3"), "{output:?}");

    let output = papers.talk(&[&url], b"");
    expect(&output, 3, b"");
    let why = "* no TLS connection to localhost: its certificate is not trusted: no trusted root has certified it\n";
    assert_eq!(text(&output.stderr), why);

    let elsewhere = format!("wss://127.0.0.1:{port}/echo");
    let output = papers.talk(&["--ca", &ca, &elsewhere], b"");
    expect(&output, 3, b"");
    let said = text(&output.stderr);
    assert!(
        said.contains("not for 127.0.0.1") && said.contains("localhost"),
        "{said}"
    );

    let args = ["-n1", "--danger-accept-invalid-certs", &elsewhere];
    expect(&papers.talk(&args, b"hi\n"), 0, b"hi\n");
}

#[test]
fn a_file_that_holds_no_certificate_is_named() {
    let papers = Papers::new("files");
    let (missing, key) = (papers.path("missing.pem"), papers.path("client.key"));
    let output = papers.talk(&["--ca", &missing, "wss://localhost:9/"], b"");
    expect(&output, 1, b"");
    assert!(
        text(&output.stderr).contains(&format!("can't read {missing}: ")),
        "{output:?}"
    );
    let output = papers.talk(&["--ca", &key, "wss://localhost:9/"], b"");
    expect(&output, 1, b"");
    assert!(
        text(&output.stderr).contains(&format!("{key} can't be used: ")),
        "{output:?}"
    );
}

/// Serves two clients that must show a certificate of the authority; returns the one that was shown.
fn strict_server(papers: &Papers) -> (String, thread::JoinHandle<CertificateDer<'static>>) {
    let mut roots = RootCertStore::empty();
    roots.add(papers.certificate("ca.pem")).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![papers.certificate("localhost.pem")],
            PrivateKeyDer::from_pem_file(papers.path("localhost.key")).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let accept = || {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            StreamOwned::new(connection, listener.accept().unwrap().0)
        };
        let stranger = accept().read(&mut [0]);
        assert!(stranger.is_err(), "{stranger:?}");
        let mut client = accept();
        shake_hands(&mut client);
        // A close with 1000 (RFC 6455 §5.5.1).
        client.write_all(&[0x88, 2, 0x03, 0xe8]).unwrap();
        let _ = client.read_to_end(&mut Vec::new());
        client.conn.peer_certificates().unwrap()[0].clone()
    });
    (format!("wss://localhost:{port}/"), serving)
}

#[test]
fn a_certificate_is_shown_to_a_server_that_asks_for_one() {
    let papers = Papers::new("client");
    let (url, serving) = strict_server(&papers);
    let ca = papers.path("ca.pem");
    let output = papers.talk(&["--linger", "forever", "--ca", &ca, &url], b"");
    expect(&output, 3, b"");
    let (chain, key) = (papers.path("client.pem"), papers.path("client.key"));
    let own = [
        "--linger", "forever", "--ca", &ca, "--cert", &chain, "--key", &key, &url,
    ];
    expect(&papers.talk(&own, b""), 0, b"");
    assert_eq!(serving.join().unwrap(), papers.certificate("client.pem"));
}
