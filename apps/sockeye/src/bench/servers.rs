//! The server processes that are measured: those that are started here, or that run already.

use std::{
    env,
    io::{self, BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use http::Uri;
use rustix::process::{Signal, set_parent_process_death_signal};

use super::{
    args::IdleArgs,
    error::BenchError,
    proc::{Memory, cpu_time, open_descriptors},
};

/// How often it is asked whether servers have noticed that connections are gone.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Servers on one port, or several that run already. Those that were started here end with it.
#[derive(Debug)]
pub(super) struct Servers {
    started: Vec<Child>,
    pids: Vec<u32>,
    urls: Vec<Uri>,
}

impl Servers {
    /// Starts as many as asked for, or takes those that are named.
    pub(super) fn new(args: &IdleArgs) -> Result<Self, BenchError> {
        let mut servers = Self {
            started: Vec::new(),
            pids: args.pids.clone(),
            urls: args.urls.clone(),
        };
        if servers.urls.is_empty() {
            let mut listen = "127.0.0.1:0".to_owned();
            for _ in 0..args.servers.get() {
                // The first chooses the port.
                listen = servers.start(args, &listen)?;
            }
            let url = format!("ws://{listen}/say").parse();
            servers.urls = vec![url.map_err(|_| BenchError::Url(listen))?];
        }
        Ok(servers)
    }

    /// Starts one, and returns where it listens.
    fn start(&mut self, args: &IdleArgs, listen: &str) -> Result<String, BenchError> {
        let failed = |error| BenchError::Process {
            what: "a server can't be started",
            error,
        };
        let heartbeat = humantime::format_duration(args.heartbeat).to_string();
        let mut command = Command::new(env::current_exe().map_err(failed)?);
        command
            .args([
                "bench",
                "idle-server",
                "--listen",
                listen,
                "--share-port",
                "--qr",
                "never",
            ])
            .args(["--workers", &args.workers.to_string()])
            .env("SOCKEYE_HEARTBEAT_PERIOD", heartbeat)
            .env("SOCKEYE_SERVER_CONNECTIONS", "1000000")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if env::var_os("RUST_LOG").is_none() {
            // A line for each session is no part of what is measured.
            command.env("RUST_LOG", "warn");
        }
        let mut child = command.spawn().map_err(failed)?;
        let out = child.stdout.take();
        self.pids.push(child.id());
        self.started.push(child);
        let mut lines =
            BufReader::new(out.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?);
        let mut line = String::new();
        lines.read_line(&mut line).map_err(failed)?;
        // It says more, and must not find the pipe closed.
        thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
        match line.trim().strip_prefix("sockeye listens on ") {
            Some(addr) => Ok(addr.to_owned()),
            None => {
                self.check()?;
                Err(failed(io::ErrorKind::InvalidData.into()))
            }
        }
    }

    /// Where to connect.
    pub(super) fn urls(&self) -> &[Uri] {
        &self.urls
    }

    /// How many processes there are, where that is known.
    pub(super) fn processes(&self) -> Option<usize> {
        match self.pids.len() {
            0 => None,
            processes => Some(processes),
        }
    }

    /// Says whether all that were started run.
    pub(super) fn check(&mut self) -> Result<(), BenchError> {
        for child in &mut self.started {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(BenchError::ServerEnded(status));
            }
        }
        Ok(())
    }

    /// The memory of each.
    pub(super) fn memory(&self) -> Result<Vec<Memory>, BenchError> {
        self.pids.iter().map(|pid| Memory::of(*pid)).collect()
    }

    /// The CPU time of all.
    pub(super) fn cpu_time(&self) -> Result<Duration, BenchError> {
        self.pids.iter().map(|pid| cpu_time(*pid)).sum()
    }

    /// How many descriptors each has open.
    pub(super) fn descriptors(&self) -> Result<Vec<usize>, BenchError> {
        let each = self.pids.iter().map(|pid| open_descriptors(*pid));
        each.collect()
    }

    /// Waits until the servers have no more descriptors open, all together, than so many: they have noticed that
    /// connections are gone.
    pub(super) fn wait_for_descriptors(
        &mut self,
        most: usize,
        patience: Duration,
    ) -> Result<(), BenchError> {
        let until = Instant::now() + patience;
        while self.descriptors()?.iter().sum::<usize>() > most {
            self.check()?;
            if Instant::now() > until {
                let what = "servers were to notice that connections are gone";
                return Err(BenchError::Patience(patience, what));
            }
            // The kernel tells nobody when another process closes a file.
            thread::sleep(ASK_AGAIN);
        }
        Ok(())
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.started {
            // It has ended already if this fails.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Lets this process end when the one that started it does, whatever ends that.
pub(crate) fn die_with_parent() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}
