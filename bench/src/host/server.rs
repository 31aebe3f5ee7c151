//! A server as a child process on the server's CPU.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use super::Cpus;
use crate::measure::{pin, pin_to};

/// How long a server may take until it accepts.
const START: Duration = Duration::from_secs(10);

/// How often it is tried.
const RETRY: Duration = Duration::from_millis(5);

/// What is to be started; it is also given `--listen` with an address.
#[derive(Debug)]
pub struct Program(Command);

impl Program {
    /// Returns a program of this package, which lies beside the one that runs.
    ///
    /// # Errors
    /// When this process does not know where it lies itself.
    pub fn beside(name: &str, options: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(env::current_exe()?.with_file_name(name));
        command.args(options);
        Ok(Self(command))
    }

    /// Returns a program as it is called.
    pub fn of(command: Command) -> Self {
        Self(command)
    }

    /// Starts it on the server's CPU and waits until it accepts.
    ///
    /// # Errors
    /// When it can't be started, or ends, or does not accept within ten seconds.
    pub fn start(self, cpus: Cpus) -> anyhow::Result<Server> {
        self.start_on(&[cpus.server], cpus)
    }

    /// Starts it on the server's CPU and one more that is not the generator's, if there is one.
    ///
    /// # Errors
    /// As above.
    pub fn start_on_two(self, cpus: Cpus) -> anyhow::Result<Server> {
        let on: Vec<_> = [Some(cpus.server), cpus.spare]
            .into_iter()
            .flatten()
            .collect();
        self.start_on(&on, cpus)
    }

    fn start_on(self, on: &[usize], cpus: Cpus) -> anyhow::Result<Server> {
        let address = free_address()?;
        let mut command = self.0;
        command
            .arg("--listen")
            .arg(address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        // A child runs where its parent ran: no race with the threads it starts.
        pin_to(on)?;
        let child = command.spawn();
        pin(cpus.generator)?;
        let program = command.get_program().display();
        let child = child.with_context(|| format!("{program} can't be started"))?;
        let mut server = Server { child, address };
        server.wait_until_it_accepts()?;
        Ok(server)
    }
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Returns its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    fn wait_until_it_accepts(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended before it listened ({status})");
            }
            ensure!(start.elapsed() < START, "the server does not listen");
            thread::sleep(RETRY);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Finds a port that nobody listens on. Somebody else could take it first; then the server says so and the row fails.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
