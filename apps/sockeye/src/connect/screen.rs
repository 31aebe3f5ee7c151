//! Where messages and notes appear: around the line that is being typed, or in two streams.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rustyline::ExternalPrinter;

type Printer = Mutex<Box<dyn ExternalPrinter + Send>>;

/// Shows messages on the standard output and notes on the standard error, or both above the line that is being typed.
/// Clones show in the same place.
#[derive(Clone, Default)]
pub(crate) struct Screen(Arc<OnceLock<Printer>>);

impl Screen {
    /// From now on a person types: what is shown appears above that.
    pub(crate) fn make_room(&self, printer: impl ExternalPrinter + Send + 'static) {
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
