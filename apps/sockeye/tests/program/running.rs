//! A program whose log is read while it runs.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// The program while it runs; it is gone with this.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) greeting: String,
    log: BufReader<std::process::ChildStderr>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = String::new();
        // What is to be opened stands last.
        while !greeting.contains("://") {
            greeting += &(lines.next().unwrap().unwrap() + "\n");
        }
        let log = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            greeting,
            log,
        }
    }

    /// What stands behind these words in the greeting.
    pub(crate) fn told(&self, words: &str) -> &str {
        let (_, behind) = self.greeting.split_once(words).unwrap();
        behind.lines().next().unwrap().trim()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for a line of the log, and returns it.
    pub(crate) fn logs(&mut self, words: &str) -> String {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "no {words:?}");
        }
        line
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
