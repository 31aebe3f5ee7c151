//! The processes that hold connections, as the one that measures sees them.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use super::{
    client::ClientArgs,
    error::BenchError,
    servers::Servers,
    talk::{Counts, Event, Order},
};

/// How often it is looked whether servers still run while something is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// Processes that hold connections. They end with it.
#[derive(Debug)]
pub(super) struct Fleet {
    clients: Vec<Client>,
    /// What each says; `None` once it has ended.
    events: Receiver<(usize, Option<Event>)>,
    patience: Duration,
}

#[derive(Debug)]
struct Client {
    child: Child,
    orders: ChildStdin,
}

impl Fleet {
    /// Starts a process for each of these command lines.
    pub(super) fn start(all: &[ClientArgs], patience: Duration) -> Result<Self, BenchError> {
        let (sender, events) = mpsc::channel();
        let mut fleet = Self {
            clients: Vec::new(),
            events,
            patience,
        };
        for (index, args) in all.iter().enumerate() {
            let mut child = spawn(args).map_err(failed)?;
            let (orders, said) = (child.stdin.take(), child.stdout.take());
            let (Some(orders), Some(said)) = (orders, said) else {
                return Err(failed(io::ErrorKind::BrokenPipe.into()));
            };
            fleet.clients.push(Client { child, orders });
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(said).lines().map_while(Result::ok) {
                    let why = || format!("a client process says {line:?}");
                    let event = serde_json::from_str(&line)
                        .unwrap_or_else(|_| Event::Failed { why: why() });
                    // Nobody listens any more if this fails.
                    let _ = sender.send((index, Some(event)));
                }
                let _ = sender.send((index, None));
            });
        }
        Ok(fleet)
    }

    /// How many processes there are.
    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Asks one for something. Whether it was heard is told by what it answers: see [`wait`](Self::wait).
    pub(super) fn order(&mut self, index: usize, order: &Order) -> Result<(), BenchError> {
        let Some(client) = self.clients.get_mut(index) else {
            return Err(BenchError::ClientEnded);
        };
        let mut line = serde_json::to_vec(order).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        // One that has ended has said why, or is told of as ended, to whoever waits for its answer.
        let _ = client.orders.write_all(&line);
        Ok(())
    }

    /// Waits until each of these has said what is waited for, and returns what that was. `doing` says what it is that
    /// is waited for.
    ///
    /// # Errors
    /// If a client fails, a server ends, or nothing is said for too long.
    pub(super) fn wait<T>(
        &self,
        from: std::ops::Range<usize>,
        doing: &'static str,
        servers: &mut Servers,
        mut wanted: impl FnMut(&Event) -> Option<T>,
    ) -> Result<Vec<T>, BenchError> {
        let (mut said, mut heard) = (Vec::new(), Instant::now());
        while said.len() < from.len() {
            match self.next(LOOK, servers)? {
                Some((index, event)) => {
                    heard = Instant::now();
                    if from.contains(&index) {
                        said.extend(wanted(&event));
                    }
                }
                None if heard.elapsed() > self.patience => {
                    return Err(BenchError::Patience(self.patience, doing));
                }
                None => {}
            }
        }
        Ok(said)
    }

    /// Lets a time pass in which all is to go well.
    ///
    /// # Errors
    /// If a client fails, or a server ends.
    pub(super) fn watch(&self, time: Duration, servers: &mut Servers) -> Result<(), BenchError> {
        let start = Instant::now();
        while let Some(left) = time.checked_sub(start.elapsed()) {
            self.next(left.min(LOOK), servers)?;
        }
        Ok(())
    }

    /// The next that any says within a time.
    fn next(
        &self,
        time: Duration,
        servers: &mut Servers,
    ) -> Result<Option<(usize, Event)>, BenchError> {
        let ended = match self.events.recv_timeout(time) {
            // A server that ended is the cause, if one did.
            Ok((_, Some(Event::Failed { why }))) => BenchError::Connection(why),
            Ok((index, Some(event))) => return Ok(Some((index, event))),
            Err(RecvTimeoutError::Timeout) => return servers.check().map(|()| None),
            Ok((_, None)) | Err(RecvTimeoutError::Disconnected) => BenchError::ClientEnded,
        };
        servers.check()?;
        Err(ended)
    }

    /// What each has counted.
    pub(super) fn count(&mut self, servers: &mut Servers) -> Result<Vec<Counts>, BenchError> {
        for index in 0..self.len() {
            self.order(index, &Order::Count)?;
        }
        self.wait(
            0..self.len(),
            "client processes counted",
            servers,
            |event| match event {
                Event::Counted(counts) => Some(counts.clone()),
                _ => None,
            },
        )
    }
}

fn spawn(args: &ClientArgs) -> io::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["bench", "idle-client"]);
    for url in &args.urls {
        command.arg("--url").arg(url.to_string());
    }
    if let Some(source) = args.source {
        command.arg("--source").arg(source.to_string());
    }
    command
        .arg("--per-source")
        .arg(args.per_source.to_string())
        .arg("--message-bytes")
        .arg(args.message_bytes.to_string())
        .arg("--under-way")
        .arg(args.under_way.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

fn failed(error: io::Error) -> BenchError {
    BenchError::Process {
        what: "a client process can't be started or talked to",
        error,
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for client in &mut self.clients {
            // It has ended already if this fails.
            let _ = client.child.kill();
            let _ = client.child.wait();
        }
    }
}
