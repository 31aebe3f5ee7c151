//! Https: what is shown, what is redirected, and what a signal renews.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use crate::{run, running::Running, sockeye};

/// A certificate for `localhost`, with its key, in a folder that is removed with them.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sockeye-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Puts another pair there and returns its certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(self.path("chain.pem"), made.cert.pem()).unwrap();
        fs::write(self.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
        made.cert.der().clone()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream
}

/// What is answered over http.
fn plain(address: &str, request: &str) -> String {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// What is answered over https, if this certificate is shown.
fn secure(
    address: &str,
    trusted: &CertificateDer<'static>,
    request: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, connect(address));
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

const PAGE: &str = "GET /say HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn the_page_is_served_over_https_http_leads_there_and_a_hangup_renews_the_certificate() {
    let folder = Folder::new("renewed");
    let first = folder.renew();
    let mut running = Running::start(
        sockeye(&["--listen", "127.0.0.1:0"])
            .args(["--tls-cert", &folder.path("chain.pem")])
            .args(["--tls-key", &folder.path("key.pem")])
            .env("SOCKEYE_TLS_REDIRECT", "127.0.0.1:0"),
    );
    running.logs("certificate loaded names=\"localhost\" expires=4096-01-01T00:00:00Z");
    let address = running.told("sockeye listens on ").to_owned();
    let (_, port) = address.rsplit_once(':').unwrap();
    let url = format!("https://localhost:{port}/say");
    assert!(running.greeting.contains(&url), "{}", running.greeting);
    let page = secure(&address, &first, PAGE).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(!page.contains("strict-transport-security"), "{page}");

    let moved = plain(running.told("and redirects from http on "), PAGE);
    assert!(moved.starts_with("HTTP/1.1 308 "), "{moved}");
    assert!(moved.contains(&format!("location: {url}\r\n")), "{moved}");

    fs::write(folder.path("key.pem"), "no key").unwrap();
    running.signal("HUP");
    running.logs("the certificate can't be renewed");
    assert!(secure(&address, &first, PAGE).is_ok());
    let second = folder.renew();
    running.signal("HUP");
    running.logs("certificate loaded");
    assert!(secure(&address, &second, PAGE).is_ok());
    assert!(secure(&address, &first, PAGE).is_err());

    running.signal("TERM");
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_certificate_made_for_the_run_is_told_by_its_fingerprint() {
    let running = Running::start(&mut sockeye(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--tls-self-signed",
    ]));
    let fingerprint = running.told("its SHA-256 is\n");
    let shown = shown(running.told("sockeye listens on "));
    let digest = ::ring::digest::digest(&::ring::digest::SHA256, &shown);
    let bytes: Vec<_> = digest.as_ref().iter().map(|b| format!("{b:02X}")).collect();
    assert_eq!(fingerprint, bytes.join(":"));
    // Who trusts it can talk.
    let page = secure(running.told("sockeye listens on "), &shown, PAGE).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
}

/// Sees a certificate and does not believe it.
#[derive(Debug, Default)]
struct Sees(Mutex<Option<CertificateDer<'static>>>);

type Verified = Result<HandshakeSignatureValid, rustls::Error>;

impl ServerCertVerifier for Sees {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(shown.clone().into_owned());
        Err(rustls::Error::General("seen".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Verified {
        unreachable!("the certificate is refused before")
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Verified {
        unreachable!("the certificate is refused before")
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// The certificate that is shown to a client that trusts nobody.
fn shown(address: &str) -> CertificateDer<'static> {
    let sees = Arc::new(Sees::default());
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&sees) as _)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let refused = StreamOwned::new(client, connect(address)).write_all(b"hello?");
    refused.unwrap_err();
    let shown = sees.0.lock().unwrap().take();
    shown.unwrap()
}

#[test]
fn check_config_reads_the_certificate_too() {
    let folder = Folder::new("checked");
    folder.renew();
    let config = folder.path("sockeye.toml");
    let (chain, key) = (folder.path("chain.pem"), folder.path("key.pem"));
    let text = format!("[tls]\ncertificate = '{chain}'\nkey = '{key}'\n");
    fs::write(&config, text).unwrap();
    let (status, printed, _) = run(&["check-config", "--config", &config]);
    assert_eq!(status, Some(0), "{printed}");
    assert!(printed.contains(&format!("key = \"{key}\"")), "{printed}");
    fs::write(&key, "no key").unwrap();
    let (status, _, errors) = run(&["check-config", "--config", &config]);
    assert_eq!(status, Some(1));
    assert!(errors.contains("tls.key: "), "{errors}");
    assert!(errors.contains("sockeye.toml:3:"), "{errors}");
}
