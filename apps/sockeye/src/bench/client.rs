//! A process that holds connections: one thread, one epoll set, and orders from who started it.
//!
//! A task for each connection would cost more memory than the servers that are measured.

mod conn;
mod crowd;
mod dial;
mod frame;
mod handshake;

use std::{
    io::{self, Write},
    mem::MaybeUninit,
    net::Ipv4Addr,
    os::fd::OwnedFd,
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use http::Uri;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use self::{crowd::Crowd, dial::Dial};
use super::talk::{Event, Order};

pub(super) use dial::address;

/// What stands for the orders in the epoll set; connections have their index.
const ORDERS: u64 = u64::MAX;

/// How many connections are looked at before orders are.
const TURN: usize = 1024;

/// The command line of a process that holds connections.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClientArgs {
    /// Where to connect, in turns
    #[arg(long = "url", required = true)]
    pub(super) urls: Vec<Uri>,
    /// The first address to connect from, where the system does not choose it
    #[arg(long)]
    pub(super) source: Option<Ipv4Addr>,
    /// How many connections come from one address
    #[arg(long)]
    pub(super) per_source: u32,
    /// How many bytes a broadcast has
    #[arg(long)]
    pub(super) message_bytes: u16,
    /// How many handshakes may be under way
    #[arg(long)]
    pub(super) under_way: usize,
}

/// Follows orders until there are no more.
pub(super) fn run(args: &ClientArgs) -> ExitCode {
    match follow(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody is left to tell if this can't be written either.
            let _ = say(&[Event::Failed { why }]);
            ExitCode::FAILURE
        }
    }
}

fn follow(args: &ClientArgs) -> Result<(), String> {
    crate::descriptors::raise().map_err(|error| error.to_string())?;
    let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(|error| error.to_string())?;
    let epoll = Arc::new(epoll);
    let mut orders = Orders::new(&epoll)?;
    let dial = Dial::new(args)?;
    let mut crowd = Crowd::new(Arc::clone(&epoll), dial, args.message_bytes, args.under_way);
    let mut room = [MaybeUninit::uninit(); TURN];
    loop {
        let ready = match epoll::wait(&epoll, &mut room, None) {
            Ok((ready, _)) => ready,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.to_string()),
        };
        let mut asked = Asked::Nothing;
        for event in ready {
            match event.data.u64() {
                ORDERS => asked = orders.read()?,
                index => crowd.turn(index)?,
            }
        }
        while let Some(order) = orders.next()? {
            crowd.follow(&order)?;
        }
        crowd.fill()?;
        say(&crowd.take_events()).map_err(|error| error.to_string())?;
        if let Asked::Over = asked {
            return Ok(());
        }
    }
}

/// Whether there may be more orders.
enum Asked {
    Nothing,
    Something,
    Over,
}

/// Orders as they arrive on the standard input.
struct Orders {
    read: Vec<u8>,
}

impl Orders {
    fn new(epoll: &OwnedFd) -> Result<Self, String> {
        epoll::add(
            epoll,
            io::stdin(),
            EventData::new_u64(ORDERS),
            EventFlags::IN,
        )
        .map_err(|error| format!("orders can't be waited for: {error}"))?;
        Ok(Self { read: Vec::new() })
    }

    /// Reads what is there. It is only asked once something is.
    fn read(&mut self) -> Result<Asked, String> {
        let mut buffer = [0; 4096];
        // Not by way of `Stdin`, whose buffer would hide what it holds from the epoll set.
        let length = rustix::io::read(io::stdin(), &mut buffer).map_err(|it| it.to_string())?;
        self.read
            .extend_from_slice(buffer.get(..length).unwrap_or_default());
        Ok(if length == 0 {
            Asked::Over
        } else {
            Asked::Something
        })
    }

    /// Takes the next order that is there whole.
    fn next(&mut self) -> Result<Option<Order>, String> {
        let Some(end) = self.read.iter().position(|it| *it == b'\n') else {
            return Ok(None);
        };
        let line: Vec<u8> = self.read.drain(..=end).collect();
        let order = serde_json::from_slice(&line).map_err(|it| format!("an order: {it}"))?;
        Ok(Some(order))
    }
}

fn say(events: &[Event]) -> io::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for event in events {
        serde_json::to_writer(&mut lines, event)?;
        lines.push(b'\n');
    }
    let mut out = io::stdout().lock();
    out.write_all(&lines)?;
    out.flush()
}
