//! sockjs-node, in the version that `bench/peers/sockjs-node` pins: installed into a cache, not into the sources.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use super::Program;

/// What decides which packages are installed.
const PINS: [&str; 2] = ["package.json", "package-lock.json"];

/// sockjs-node, ready to be started.
#[derive(Clone, Debug)]
pub struct SockJsNode {
    script: PathBuf,
    modules: PathBuf,
}

impl SockJsNode {
    /// Installs it with `npm ci` into `out/sockjs-node` beside the sources, unless it is there.
    ///
    /// # Errors
    /// When this was not started by cargo, which knows where the sources are, or npm fails.
    pub fn install() -> anyhow::Result<Self> {
        let sources = env::var_os("CARGO_MANIFEST_DIR");
        let sources = sources.context("start this with `cargo run`: it says where peers lie")?;
        let peer = Path::new(&sources).join("peers/sockjs-node");
        let cache = Path::new(&sources).join("out/sockjs-node");
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
                .context("npm can't be started; `--servers sockeye` does without sockjs-node")?;
            ensure!(status.success(), "sockjs-node can't be installed");
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
