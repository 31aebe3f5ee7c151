//! Where messages and notes appear: around the line that is being typed, or in two streams.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::ExternalPrinter;
use tokio::time::timeout;

type Printer = Mutex<Box<dyn ExternalPrinter + Send>>;

/// Shows messages on the standard output and notes on the standard error, or both above the line that is being typed.
/// Clones show in the same place.
#[derive(Clone, Default)]
pub(crate) struct Screen(Arc<OnceLock<Printer>>, Arc<OnceLock<Termios>>);

/// A line up and a line down: shows nothing.
const NOTHING: &[u8] = b"\x1b[A\n";
/// How long the last texts may take to be shown.
const SETTLE_TIME: Duration = Duration::from_secs(1);

impl Screen {
    /// From now on a person types: what is shown appears above that.
    pub(crate) fn make_room(&self, printer: impl ExternalPrinter + Send + 'static) {
        if let Ok(modes) = tcgetattr(io::stdin()) {
            let _ = self.1.set(modes);
        }
        let _ = self.0.set(Mutex::new(Box::new(printer)));
    }

    /// Shows a message, as soon as whoever reads it takes it. Meanwhile others do their work.
    ///
    /// Cancel safety: dropped before it is done, it is shown all the same.
    ///
    /// # Errors
    /// If nobody reads it any more.
    pub(crate) async fn show(&self, bytes: Vec<u8>) -> io::Result<()> {
        let screen = self.clone();
        let shown = tokio::task::spawn_blocking(move || screen.write(&bytes));
        shown
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        if let Some(printer) = self.0.get() {
            return print(printer, String::from_utf8_lossy(bytes).into_owned());
        }
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Waits until everything is shown, and leaves the terminal as it was found: whoever types may be in mid-line.
    ///
    /// Cancel safety: dropped before it is done, the terminal stays as it is.
    pub(crate) async fn leave(&self) {
        if self.0.get().is_none() {
            return;
        }
        let screen = self.clone();
        // The printer holds one text, and takes the next when that is shown.
        let settled = tokio::task::spawn_blocking(move || {
            let _ = screen.write(NOTHING).and_then(|()| screen.write(NOTHING));
        });
        let _ = timeout(SETTLE_TIME, settled).await;
        if let Some(modes) = self.1.get() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Drain, modes);
        }
        // What was being typed is sent nowhere.
        let _ = io::stdout().lock().write_all(b"\r\x1b[K");
        let _ = io::stdout().flush();
    }

    /// Shows a note of one or more lines. That it can't be shown stops nothing.
    pub(crate) fn note(&self, text: &str) {
        let text = format!("{}\n", text.trim_end_matches('\n'));
        let _ = match self.0.get() {
            Some(printer) => print(printer, text),
            None => io::stderr().lock().write_all(text.as_bytes()),
        };
    }
}

fn print(printer: &Printer, text: String) -> io::Result<()> {
    let mut printer = printer.lock().unwrap_or_else(PoisonError::into_inner);
    printer.print(text).map_err(io::Error::other)
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}
