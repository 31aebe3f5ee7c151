//! Files that change, as tools change them, under a clock that the test moves.

use std::{os::unix::fs::symlink, path::Path, pin::Pin};

use sockeye::Tls;
use tokio::time::timeout;

use super::*;
use crate::self_signed::{self, SelfSigned};

/// A folder that is removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("sockeye-renewal-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn made() -> SelfSigned {
    self_signed::make(&["a.test".to_owned()], SystemTime::now()).unwrap()
}

fn files(folder: &Path) -> [PathBuf; 2] {
    ["fullchain.pem", "key.pem"].map(|name| folder.join(name))
}

fn put(folder: &Path, pair: &SelfSigned) {
    let [certificate, key] = files(folder);
    replace(&certificate, &pair.certificate);
    replace(&key, &pair.key);
}

/// Puts another file there: what is written twice within a tick of the file system's clock may look the same.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

/// What renews, and runs only while the test lets it.
struct Renewing(Pin<Box<dyn Future<Output = ()>>>);

impl Renewing {
    /// Moves the clock over so many looks.
    async fn look(&mut self, times: u32) {
        let ended = timeout(PERIOD * times, &mut self.0).await;
        assert!(ended.is_err(), "{ended:?}");
    }
}

/// Begins to renew what is in a folder; the first look is in half a period.
async fn begin(folder: &Path) -> (TlsReloader, Renewing) {
    let [certificate, key] = files(folder);
    let renewal = Renewal::of([certificate.clone(), key.clone()]).unwrap();
    let tls = Tls::from_pem_files(certificate, key).unwrap();
    let reloader = tls.reloader().unwrap();
    let mut renewing = Renewing(Box::pin(renewal.run(reloader.clone())));
    // From here on the test's times are not those of the looks.
    let ended = timeout(PERIOD / 2, &mut renewing.0).await;
    assert!(ended.is_err(), "{ended:?}");
    (reloader, renewing)
}

#[tokio::test(start_paused = true)]
async fn files_that_change_are_read_once_both_have_come_to_rest() {
    let folder = Folder::new("rest");
    let (old, new) = (made(), made());
    put(&folder.0, &old);
    let (reloader, mut renewing) = begin(&folder.0).await;
    renewing.look(2).await;
    assert_eq!(reloader.certificate(), old.der);

    let [certificate, key] = files(&folder.0);
    replace(&certificate, &new.certificate);
    // Only half of the pair is there, and has not come to rest either.
    renewing.look(1).await;
    replace(&key, &new.key);
    renewing.look(1).await;
    assert_eq!(reloader.certificate(), old.der);
    renewing.look(1).await;
    assert_eq!(reloader.certificate(), new.der);
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_is_of_no_use_leaves_the_one_before_until_there_is_a_better() {
    let folder = Folder::new("bad");
    let (old, new) = (made(), made());
    put(&folder.0, &old);
    let (reloader, mut renewing) = begin(&folder.0).await;
    let [certificate, _] = files(&folder.0);
    for bad in [&new.certificate, "no certificate at all"] {
        replace(&certificate, bad);
        renewing.look(2).await;
        assert_eq!(reloader.certificate(), old.der);
    }
    fs::remove_file(&certificate).unwrap();
    renewing.look(2).await;
    put(&folder.0, &new);
    renewing.look(2).await;
    assert_eq!(reloader.certificate(), new.der);
}

#[tokio::test(start_paused = true)]
async fn a_link_to_another_folder_is_a_change() {
    let folder = Folder::new("link");
    let (old, new) = (made(), made());
    for (name, pair) in [("1", &old), ("2", &new)] {
        let version = folder.0.join(name);
        fs::create_dir_all(&version).unwrap();
        put(&version, pair);
    }
    let current = folder.0.join("current");
    symlink("1", &current).unwrap();
    let (reloader, mut renewing) = begin(&current).await;
    let next = folder.0.join("next");
    symlink("2", &next).unwrap();
    fs::rename(next, &current).unwrap();
    renewing.look(2).await;
    assert_eq!(reloader.certificate(), new.der);
}
