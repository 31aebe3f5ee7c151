//! The broker: what is durable goes to the writer, the rest to memory.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
};

use prost::Message;
use sockeye_channels::{
    Announcement, Broker, BrokerError, Deliver, Durability, History, MemoryBroker, Publication,
    PublishOptions, Published, Read, Reply, Retention, StreamPosition,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    OpenError, Options, Stats,
    batch::{Command, Publish},
    clock::Clock,
    file,
    line::{Found, Line},
    lines::{Cache, Lines},
    reader::Reader,
    stats::Counts,
    upkeep::Upkeep,
    writer::Writer,
};

/// Publications are counted in the queue in units of so many bytes.
const UNIT: usize = 1024;

/// Keeps durable streams in one SQLite file, and the others in memory.
///
/// - A durable publish is answered when its transaction is on disk (see [`Synchronous`](crate::Synchronous)) and it was
///   delivered. All that wait at a time share one transaction.
/// - Publishes beyond the queue's bounds ([`Options::queue_len`], [`Options::queue_bytes`]) wait for their turn; they
///   are not refused.
/// - A full disk is [`BrokerError::Full`], anything else that the file refuses [`BrokerError::Unavailable`]; both may
///   be gone for the next publish.
/// - What has expired is gone for readers at once, and from the file in small steps between publishes. The file does not
///   become smaller by that: its room is used again.
/// - Times are those of the system's clock: when that leaps, what expires does too. A read prolongs the life of an unused
///   stream on disk a little late: after a crash a sixteenth of its `meta_ttl` may be missing.
/// - Idempotency keys of durable publishes are in the file; those of others in memory. The same key under both is two.
///
/// Dropped, it does in the background what [`close`](Self::close) does.
pub struct SqliteBroker {
    path: PathBuf,
    memory: MemoryBroker,
    deliver: Arc<Striped>,
    lines: Arc<Lines>,
    clock: Clock,
    queue: Sender<Command>,
    queue_len: Arc<Semaphore>,
    queue_bytes: Arc<Semaphore>,
    queue_units: u32,
    queue_places: usize,
    counts: Arc<Counts>,
    writing: JoinHandle<()>,
    reader: Mutex<Option<Arc<Reader>>>,
    is_closed: AtomicBool,
}

impl SqliteBroker {
    /// Opens a file, or makes it, and its directory too. What a crash left behind is in order again afterwards.
    ///
    /// Beside the file are its write-ahead log (`-wal`, `-shm`), which belongs to it, and a lock (`.lock`).
    ///
    /// # Errors
    ///
    /// If it is no database, or of somebody else, or of a later version; if another process has it; or if it can't be
    /// written to.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let (lock, connection) = file::open(path, &options)?;
        let reading = file::open_to_read(path)?;
        let reader = Reader::start(reading, options.reads).map_err(OpenError::Thread)?;
        let (lines, deliver) = (Arc::new(Lines::default()), Arc::new(Striped::default()));
        let memory = MemoryBroker::new();
        memory.attach(Arc::<Striped>::clone(&deliver));
        let (queue, commands) = channel();
        let clock = Clock::new(options.danger.clock.clone());
        let units = u32::try_from(options.queue_bytes / UNIT).unwrap_or(u32::MAX);
        let units = units.clamp(1, u32::MAX >> 4);
        let counts = Arc::new(Counts::default());
        let (queue_len, queue_bytes) = (
            semaphore(options.queue_len),
            semaphore(usize::try_from(units).unwrap_or(1)),
        );
        let writer = Writer {
            queue: commands,
            connection,
            cache: Cache::new(
                Arc::clone(&lines),
                options.cache_bytes,
                options.cache_channels,
            ),
            deliver: Arc::clone(&deliver),
            clock: clock.clone(),
            options,
            upkeep: Upkeep::default(),
            counts: Arc::clone(&counts),
            lock,
        };
        let name = "sockeye-sqlite-write".to_owned();
        let thread = thread::Builder::new().name(name);
        let writing = thread
            .spawn(move || writer.run())
            .map_err(OpenError::Thread)?;
        Ok(Self {
            path: path.to_owned(),
            memory,
            deliver,
            lines,
            clock,
            queue,
            queue_places: queue_len.available_permits(),
            queue_len,
            queue_bytes,
            queue_units: units,
            counts,
            writing,
            reader: Mutex::new(Some(Arc::new(reader))),
            is_closed: AtomicBool::new(false),
        })
    }

    /// Says whether it takes publishes: it was not closed, and its writer is there.
    pub fn is_open(&self) -> bool {
        self.check_open().is_ok() && !self.writing.is_finished()
    }

    /// Returns what it counted, and what waits now. It takes no lock.
    pub fn stats(&self) -> Stats {
        let units = usize::try_from(self.queue_units).unwrap_or(usize::MAX);
        let waiting = |all: usize, left: &Semaphore| all.saturating_sub(left.available_permits());
        let bytes = waiting(units, &self.queue_bytes).saturating_mul(UNIT);
        self.counts
            .stats(waiting(self.queue_places, &self.queue_len), bytes)
    }

    /// Does what is waiting, moves the write-ahead log into the file, and closes it. Whatever comes later is refused
    /// with [`BrokerError::Closed`].
    ///
    /// Cancel safety: dropped before it is done, it goes on.
    pub async fn close(&self) {
        self.is_closed.store(true, SeqCst);
        // Its connection ends before the writer's, which then has the file alone.
        let reader = self.reader();
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = None;
        drop(reader);
        // Who closes twice waits for nothing: the writer is gone, or about to be.
        let _ = self.ask(|waiter| Command::Close { waiter }).await;
    }

    fn reader(&self) -> Option<Arc<Reader>> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.clone()
    }

    /// Asks the writer, and waits for its answer.
    async fn ask<T>(
        &self,
        command: impl FnOnce(Option<oneshot::Sender<Result<T, BrokerError>>>) -> Command,
    ) -> Result<T, BrokerError> {
        let (waiter, answer) = oneshot::channel();
        let sent = self.queue.send(command(Some(waiter)));
        sent.map_err(|_| BrokerError::Closed)?;
        answer.await.map_err(|_| BrokerError::Closed)?
    }

    /// Takes places in the queue. Who has to wait for them is counted.
    ///
    /// Cancel safety: dropped before it is done, it waits no more and has none.
    async fn places(
        &self,
        places: &Arc<Semaphore>,
        count: u32,
    ) -> Result<OwnedSemaphorePermit, BrokerError> {
        if let Ok(taken) = Arc::clone(places).try_acquire_many_owned(count) {
            return Ok(taken);
        }
        let _waiting = self.counts.wait();
        let taken = Arc::clone(places).acquire_many_owned(count).await;
        taken.map_err(|_| BrokerError::Closed)
    }

    fn check_open(&self) -> Result<(), BrokerError> {
        if self.is_closed.load(SeqCst) {
            return Err(BrokerError::Closed);
        }
        Ok(())
    }

    async fn publish_durably(
        &self,
        channel: &str,
        publication: Publication,
        (options, retention): (PublishOptions, Retention),
    ) -> Result<Published, BrokerError> {
        let bytes = publication.encoded_len();
        let units = u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX);
        let units = units.min(self.queue_units);
        let places = [
            self.places(&self.queue_len, 1).await?,
            self.places(&self.queue_bytes, units).await?,
        ];
        self.check_open()?;
        let ask = |waiter| {
            Command::Publish(Box::new(Publish {
                channel: channel.into(),
                publication,
                options,
                retention,
                bytes,
                waiter,
                _places: places,
            }))
        };
        self.ask(ask).await
    }

    async fn read_durably(
        &self,
        channel: &str,
        read: Read,
        retention: Retention,
    ) -> Result<History, BrokerError> {
        self.check_open()?;
        // A stream may be forgotten between being opened and being read, but not twice.
        for _ in 0..2 {
            let line = match self.lines.find(channel) {
                Some(line) => line,
                None => self.open_line(channel, retention).await?,
            };
            match line.read(&read, retention, self.clock.now()) {
                Found::Here(history) => return Ok(history),
                Found::OnDisk(query, top) => {
                    let reader = self.reader().ok_or(BrokerError::Closed)?;
                    return Ok(History::new(reader.read(query).await?, top));
                }
                Found::Forgotten => {
                    self.open_line(channel, retention).await?;
                }
            }
        }
        let odd = "the clock goes too fast for this stream";
        Err(BrokerError::Unavailable(odd.into()))
    }

    async fn open_line(
        &self,
        channel: &str,
        retention: Retention,
    ) -> Result<Arc<Line>, BrokerError> {
        let _place = self.places(&self.queue_len, 1).await?;
        let channel = channel.into();
        let ask = |waiter| Command::Open {
            channel,
            retention,
            waiter,
        };
        self.ask(ask).await
    }

    async fn remove_durably(&self, channel: &str) -> Result<(), BrokerError> {
        self.check_open()?;
        let _place = self.places(&self.queue_len, 1).await?;
        let channel = channel.into();
        self.ask(|waiter| Command::Remove { channel, waiter }).await
    }
}

impl Broker for SqliteBroker {
    fn attach(&self, deliver: Arc<dyn Deliver>) {
        // Who is first stays.
        let _ = self.deliver.deliver.set(deliver);
    }

    fn publish<'a>(
        &'a self,
        channel: &'a str,
        publication: Publication,
        options: PublishOptions,
    ) -> Reply<'a, Published> {
        match options.retention.filter(is_durable) {
            Some(retention) => {
                Box::pin(self.publish_durably(channel, publication, (options, retention)))
            }
            None => self.memory.publish(channel, publication, options),
        }
    }

    fn history<'a>(
        &'a self,
        channel: &'a str,
        read: Read,
        retention: Retention,
    ) -> Reply<'a, History> {
        if is_durable(&retention) {
            Box::pin(self.read_durably(channel, read, retention))
        } else {
            self.memory.history(channel, read, retention)
        }
    }

    fn remove_history<'a>(&'a self, channel: &'a str) -> Reply<'a, ()> {
        Box::pin(async move {
            self.memory.remove_history(channel).await?;
            self.remove_durably(channel).await
        })
    }

    fn announce<'a>(&'a self, channel: &'a str, announcement: Announcement) -> Reply<'a, ()> {
        self.memory.announce(channel, announcement)
    }

    fn listen<'a>(&'a self, channel: &'a str) -> Reply<'a, ()> {
        self.memory.listen(channel)
    }

    fn unlisten(&self, channel: &str) {
        self.memory.unlisten(channel);
    }

    fn tend(&self) {
        self.memory.tend();
    }
}

fn is_durable(retention: &Retention) -> bool {
    matches!(retention.durability, Durability::Durable)
}

fn semaphore(places: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)))
}

impl fmt::Debug for SqliteBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteBroker")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// How many channels may be delivered to at a time.
const STRIPES: usize = 64;

/// Delivers into a channel from one thread at a time, whether its publications come from the file or from memory.
#[derive(Debug, Default)]
pub(crate) struct Striped {
    deliver: OnceLock<Arc<dyn Deliver>>,
    stripes: Stripes,
    spread: RandomState,
}

#[derive(Debug)]
struct Stripes(Box<[Mutex<()>]>);

impl Default for Stripes {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Mutex::default()).collect())
    }
}

impl Striped {
    fn with(&self, channel: &str, act: impl FnOnce(&dyn Deliver)) {
        let at = self.spread.hash_one(channel) % STRIPES as u64;
        let stripe = self.stripes.0.get(usize::try_from(at).unwrap_or_default());
        let _guard = stripe.map(|it| it.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(deliver) = self.deliver.get() {
            act(&**deliver);
        }
    }
}

impl Deliver for Striped {
    fn publication(
        &self,
        channel: &str,
        publication: &Arc<Publication>,
        position: Option<&StreamPosition>,
    ) {
        self.with(channel, |it| it.publication(channel, publication, position));
    }

    fn announcement(&self, channel: &str, announcement: &Announcement) {
        self.with(channel, |it| it.announcement(channel, announcement));
    }
}
