//! The way out: what is asked for at the start, then what is typed or piped in.

use std::{io, path::Path, time::Duration};

use bytes::Bytes;
use sockeye::{Close, Message, client::PingError};
use thiserror::Error;
use tokio::{fs::File, io::AsyncReadExt};

use super::{
    args::ConnectArgs,
    input::{HELP, Wish},
    line::{Unsent, Voice},
    screen::Screen,
    show::escaped,
    source::{self, Reading, Stopped},
};

/// Why nothing more is said.
#[derive(Debug)]
pub(crate) enum Silence {
    /// The input has ended.
    InputEnded,
    /// A person wants to close, with this or with what was asked for at the start.
    CloseAsked(Option<Close>),
    /// A person pressed Ctrl-C.
    Interrupted,
    /// The connection takes nothing any more.
    Closed,
    /// This side failed.
    Failed(SayError),
}

/// What was to be said could not be read.
#[derive(Debug, Error)]
pub(crate) enum SayError {
    #[error(transparent)]
    Input(#[from] Stopped),
    #[error("can't read {0}")]
    File(String, #[source] io::Error),
    #[error("{0} has more than {1} bytes: --message-bytes allows larger messages")]
    TooLarge(String, usize),
    #[error("not sent: as much waits for a connection as may")]
    QueueFull,
    #[error("not sent: the connection carries text only")]
    Binary,
}

/// Says everything there is to say.
pub(crate) struct Speaker {
    pub(crate) voice: Voice,
    pub(crate) screen: Screen,
    pub(crate) reading: Reading,
}

/// What goes out before the input is read.
#[derive(Debug)]
pub(crate) struct First {
    messages: Vec<String>,
    files: Vec<std::path::PathBuf>,
}

impl First {
    pub(crate) fn of(args: &ConnectArgs) -> Self {
        Self {
            messages: args.messages.clone(),
            files: args.files.clone(),
        }
    }
}

impl Speaker {
    /// Speaks until the input ends or is not wanted any more.
    pub(crate) async fn speak(self, first: First) -> Silence {
        match self.say_first(first).await {
            Ok(None) => {}
            Ok(Some(silence)) => return silence,
            Err(error) => return Silence::Failed(error),
        }
        let mut wishes = source::open(self.reading, &self.screen);
        while let Some(wish) = wishes.recv().await {
            let said = match wish {
                Ok(wish) => self.fulfil(wish).await,
                Err(Stopped::Interrupted) => return Silence::Interrupted,
                Err(Stopped::Unreadable(error)) if source::is_a_person() => {
                    self.screen.note(&format!("* {error}"));
                    Ok(None)
                }
                Err(stopped) => Err(stopped.into()),
            };
            match said {
                Ok(None) => {}
                Ok(Some(silence)) => return silence,
                Err(error) if source::is_a_person() => self.screen.note(&format!("* {error}")),
                Err(error) => return Silence::Failed(error),
            }
        }
        Silence::InputEnded
    }

    async fn say_first(&self, first: First) -> Result<Option<Silence>, SayError> {
        for message in first.messages {
            let message = self
                .reading
                .encoding
                .read(message.into())
                .map_err(Stopped::from)?;
            if let Some(silence) = self.send(message).await? {
                return Ok(Some(silence));
            }
        }
        for file in first.files {
            let bytes = self.read_file(&file).await?;
            if let Some(silence) = self.send(Message::Binary(bytes)).await? {
                return Ok(Some(silence));
            }
        }
        Ok(None)
    }

    async fn fulfil(&self, wish: Wish) -> Result<Option<Silence>, SayError> {
        match wish {
            Wish::Send(message) => return self.send(message).await,
            Wish::File(path) => {
                let bytes = self.read_file(Path::new(&path)).await?;
                return self.send(Message::Binary(bytes)).await;
            }
            Wish::Ping(payload) => self.ping(payload),
            Wish::Close(close) => return Ok(Some(Silence::CloseAsked(close))),
            Wish::Help => self.screen.note(HELP),
        }
        Ok(None)
    }

    /// Sends a message. While there is no connection, a person's message waits in the queue, since one may want to do
    /// something else; a pipe waits itself.
    async fn send(&self, message: Message) -> Result<Option<Silence>, SayError> {
        let sent = if source::is_a_person() {
            self.voice.send(message).await
        } else {
            self.voice.send_connected(message).await
        };
        match sent {
            Ok(()) => Ok(None),
            Err(Unsent::Closed) => Ok(Some(Silence::Closed)),
            Err(Unsent::Full) => Err(SayError::QueueFull),
            Err(Unsent::Binary) => Err(SayError::Binary),
        }
    }

    /// Pings, and notes how long the pong took, without waiting for it.
    fn ping(&self, payload: Bytes) {
        let Some(sender) = self.voice.connection() else {
            self.screen.note("* there is no connection to ping");
            return;
        };
        let screen = self.screen.clone();
        tokio::spawn(async move {
            match sender.ping(payload).await {
                Ok(round_trip) => screen.note(&format!("* pong after {}", in_ms(round_trip))),
                Err(PingError::Closed) => {}
                Err(error) => screen.note(&format!("* {error}")),
            }
        });
    }

    async fn read_file(&self, path: &Path) -> Result<Bytes, SayError> {
        let name = || escaped(&path.display().to_string());
        let most = self.reading.message_bytes;
        let read = async {
            let mut bytes = Vec::new();
            let beyond = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
            File::open(path)
                .await?
                .take(beyond)
                .read_to_end(&mut bytes)
                .await?;
            io::Result::Ok(bytes)
        };
        let bytes = read.await.map_err(|error| SayError::File(name(), error))?;
        if bytes.len() > most {
            return Err(SayError::TooLarge(name(), most));
        }
        Ok(bytes.into())
    }
}

/// Writes a time as pings have it: milliseconds, to the microsecond.
pub(crate) fn in_ms(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03} ms", micros / 1000, micros % 1000)
}
