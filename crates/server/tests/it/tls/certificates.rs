//! Certificates that change while the server runs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use sockeye_endpoint::Initiator::Peer;
use sockeye_server::{Tls, TlsError};

use super::{Pair, Secure};
use crate::client::close_frame;

/// A folder that is removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sockeye-tls-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn certificate(&self) -> PathBuf {
        self.0.join("fullchain.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }

    fn put(&self, certificate: &str, key: &str) {
        fs::write(self.certificate(), certificate).unwrap();
        fs::write(self.key(), key).unwrap();
    }

    fn tls(&self) -> Tls {
        Tls::from_pem_files(self.certificate(), self.key()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_reload_shows_the_new_certificate_and_leaves_open_sessions_alone() {
    let (old, new) = (Pair::new(), Pair::new());
    let folder = Folder::new();
    folder.put(&old.certificate, &old.key);
    let tls = folder.tls();
    let reloader = tls.reloader().unwrap();
    assert_eq!(reloader.certificate(), *old.der);
    let mut served = Secure::echo(tls);
    let mut early = served.open(old.trusted()).await;

    folder.put(&new.certificate, &new.key);
    reloader.reload().unwrap();
    assert_eq!(reloader.certificate(), *new.der);
    early.echo("still here").await;
    let mut late = served.open(new.trusted()).await;
    late.echo("good day").await;
    let suspicious = served.try_connect(&Arc::new(old.trusted())).await;
    assert!(suspicious.unwrap_err().to_string().contains("certificate"));

    for mut client in [early, late] {
        client.send(&close_frame(1000)).await;
        assert_eq!(client.verdict().await, Some(1000));
        assert_eq!(served.ends.next().await, (1000, Peer));
    }
    served.finish().await;
}

#[tokio::test]
async fn a_reload_that_fails_keeps_the_certificate() {
    let (good, other) = (Pair::new(), Pair::new());
    let folder = Folder::new();
    folder.put(&good.certificate, &good.key);
    let tls = folder.tls();
    let reloader = tls.reloader().unwrap();
    let served = Secure::echo(tls);

    // As if the second file were yet to be written.
    folder.put(&other.certificate, &good.key);
    let names = |path: &Option<PathBuf>, file: &Path| path.as_deref() == Some(file);
    assert!(matches!(
        reloader.reload().unwrap_err(),
        TlsError::Mismatch { certificate, key }
            if names(&certificate, &folder.certificate()) && names(&key, &folder.key())
    ));
    fs::write(folder.key(), "no key").unwrap();
    assert!(matches!(
        reloader.reload().unwrap_err(),
        TlsError::Key { path, .. } if names(&path, &folder.key())
    ));
    fs::remove_file(folder.certificate()).unwrap();
    assert!(matches!(
        reloader.reload().unwrap_err(),
        TlsError::Certificate { path, .. } if names(&path, &folder.certificate())
    ));
    assert_eq!(reloader.certificate(), *good.der);
    drop(served.connect(good.trusted()).await);
    served.finish().await;
}

#[test]
fn only_files_can_be_read_again() {
    assert!(Pair::new().tls().reloader().is_none());
}
