//! Who takes part, each a child process on the server's CPU.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use clap::ValueEnum;
use sockeye_bench::host::{Cpus, Program, Server};

/// A server that can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// The program, with its file: what is acknowledged is on disk.
    Sockeye,
    /// The program, with everything in memory.
    SockeyeMemory,
    /// The Go library, with everything in memory, on one CPU as the others.
    Centrifuge,
}

/// What may be done in which namespace: the same as in `peers/centrifuge`.
const SETTINGS: &str = r#"
[channels]
anonymous = "anybody"
commands_per_second = "off"

[channels.namespace.open]
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true

[channels.namespace.kept]
history_size = 1000000
history_ttl = "1h"
force_recovery = true
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true
"#;

impl Contender {
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Starts it on the server's CPU, with nothing kept from before.
    pub(crate) fn start(self, cpus: Cpus) -> anyhow::Result<Server> {
        match self {
            Self::Sockeye => {
                let file = out("channels")?.join("publications.db");
                for end in ["", "-wal", "-shm"] {
                    let mut stale = file.clone().into_os_string();
                    stale.push(end);
                    // Mostly there is none.
                    let _ = fs::remove_file(stale);
                }
                program(&format!(
                    "[broker]\npath = {:?}\n",
                    file.display().to_string()
                ))
            }
            Self::SockeyeMemory => program("[broker]\nmemory = true\n"),
            Self::Centrifuge => centrifuge(),
        }?
        .start(cpus)
    }
}

fn program(broker: &str) -> anyhow::Result<Program> {
    let file = out("channels")?.join("sockeye.toml");
    fs::write(&file, format!("{broker}{SETTINGS}"))?;
    let mut command = Command::new(env::current_exe()?.with_file_name("sockeye"));
    command.args(["serve", "--workers", "1", "--qr", "never", "--config"]);
    command.arg(file);
    Ok(Program::of(command))
}

/// Builds the peer in Go, unless it is there.
fn centrifuge() -> anyhow::Result<Program> {
    let built = out("centrifuge")?.join("peer");
    let status = Command::new("go")
        .args(["build", "-o"])
        .arg(&built)
        .arg(".")
        .current_dir(sources()?.join("peers/centrifuge"))
        .status()
        .context("go can't be started; `--servers sockeye,sockeye-memory` does without")?;
    ensure!(status.success(), "centrifuge does not build");
    let mut command = Command::new(built);
    command.env("GOMAXPROCS", "1");
    Ok(Program::of(command))
}

fn sources() -> anyhow::Result<PathBuf> {
    let sources = env::var_os("CARGO_MANIFEST_DIR");
    let sources = sources.context("start this with `cargo run`: it says where peers lie")?;
    Ok(PathBuf::from(sources))
}

/// A folder for what is made, beside the sources.
fn out(name: &str) -> anyhow::Result<PathBuf> {
    let folder = Path::new(&sources()?).join("out").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
