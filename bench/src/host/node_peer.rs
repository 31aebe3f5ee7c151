//! Peers on Node.js, in the versions that `bench/peers` pins: installed into a cache, not into the sources.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use super::Program;

/// What decides which packages are installed.
const PINS: [&str; 2] = ["package.json", "package-lock.json"];

/// A peer on Node.js, ready to be started.
#[derive(Clone, Debug)]
pub struct NodePeer {
    script: PathBuf,
    modules: PathBuf,
}

impl NodePeer {
    /// Installs the peer of that name with `npm ci` into `out` beside the sources, unless it is there.
    ///
    /// # Errors
    /// When this was not started by cargo, which knows where the sources are, or npm fails.
    pub fn install(name: &str) -> anyhow::Result<Self> {
        let sources = env::var_os("CARGO_MANIFEST_DIR");
        let sources = sources.context("start this with `cargo run`: it says where peers lie")?;
        let peer = Path::new(&sources).join("peers").join(name);
        let cache = Path::new(&sources).join("out").join(name);
        fs::create_dir_all(&cache)?;
        let this = Self {
            script: peer.join("server.js"),
            modules: cache.join("node_modules"),
        };
        let is_there = this.modules.exists() && PINS.iter().all(|pin| is_same(pin, &peer, &cache));
        if !is_there {
            for pin in PINS {
                fs::copy(peer.join(pin), cache.join(pin))?;
            }
            let status = Command::new("npm")
                .args([
                    "ci",
                    "--silent",
                    "--ignore-scripts",
                    "--no-audit",
                    "--no-fund",
                ])
                .current_dir(&cache)
                .status()
                .with_context(|| {
                    format!("npm can't be started; `--without {name}` does without")
                })?;
            ensure!(status.success(), "{name} can't be installed");
        }
        Ok(this)
    }

    /// Returns it as it is called.
    pub fn program(&self) -> Program {
        let mut command = Command::new("node");
        command.arg(&self.script).env("NODE_PATH", &self.modules);
        Program::of(command)
    }
}

fn is_same(file: &str, one: &Path, other: &Path) -> bool {
    match (fs::read(one.join(file)), fs::read(other.join(file))) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
