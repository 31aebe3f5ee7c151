//! The program with a file of its own, started and killed as often as a test wants.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

/// Where a test's programs keep what they keep. Removed at the end.
#[derive(Debug)]
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        Self::on(&std::env::temp_dir(), name)
    }

    /// In this folder, which may be on a disk of its own.
    pub(crate) fn on(folder: &Path, name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("sockeye-{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes the beginning of something behind the write-ahead log's end, as a loss of power can leave it.
    pub(crate) fn tear_log(&self) {
        let log = self.0.join("publications.db-wal");
        let mut log = fs::OpenOptions::new().append(true).open(log).unwrap();
        log.write_all(&[0xa5; 5000]).unwrap();
    }

    /// Says whether a file has these words in it.
    pub(crate) fn holds(&self, file: &str, words: &str) -> bool {
        let bytes = fs::read(self.0.join(file)).unwrap_or_default();
        bytes.windows(words.len()).any(|at| at == words.as_bytes())
    }

    /// Takes all room that is left on the disk, until [`make_room`](Self::make_room).
    pub(crate) fn fill_disk(&self) {
        let mut ballast = fs::File::create(self.0.join("ballast")).unwrap();
        while ballast.write_all(&[1; 4096]).is_ok() {}
    }

    pub(crate) fn make_room(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }

    /// Starts the program with these settings behind the place's own.
    pub(crate) fn start(&self, settings: &str, port: u16) -> Program {
        let file = self.0.join("sockeye.toml");
        let path = self.0.join("publications.db");
        let broker = format!(
            "[channels]\nanonymous = \"anybody\"\n[broker]\npath = {:?}\n",
            path.to_str().unwrap()
        );
        fs::write(&file, format!("{broker}{settings}")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_sockeye"))
            .args(["--listen", &format!("127.0.0.1:{port}"), "--workers", "1"])
            .args(["--config", file.to_str().unwrap()])
            .env_clear()
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            let _ = errors.read_to_string(&mut log);
            log
        });
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        let Some(port) = line
            .trim()
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
        else {
            let _ = child.kill();
            panic!("it did not start: {line}{}", log.join().unwrap());
        };
        Program {
            child,
            port,
            _printed: printed,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running program; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pub(crate) port: u16,
    /// Held, so that what it prints goes somewhere.
    _printed: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/connection/websocket", self.port)
    }
}

impl Drop for Program {
    /// As `kill -9` does.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
