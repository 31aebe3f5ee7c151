//! The thread that reads the file, where memory does not have what is asked for.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use rusqlite::Connection;
use sockeye_channels::{BrokerError, Publication};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{line::Query, refused::Refused, statements};

type Answer = Result<Vec<Arc<Publication>>, BrokerError>;

/// Asks the thread. It ends with this.
#[derive(Debug)]
pub(crate) struct Reader {
    asked: Sender<Question>,
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct Question {
    query: Query,
    waiter: oneshot::Sender<Answer>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// Starts the thread; so many questions may wait.
    pub(crate) fn start(connection: Connection, places: usize) -> io::Result<Self> {
        let (asked, questions) = channel();
        let name = "sockeye-sqlite-read".to_owned();
        thread::Builder::new()
            .name(name)
            .spawn(move || answer(&connection, &questions))?;
        let places = Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self { asked, places })
    }

    /// Reads publications.
    ///
    /// Cancel safety: it changes nothing.
    pub(crate) async fn read(&self, query: Query) -> Answer {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let (waiter, answer) = oneshot::channel();
        let question = Question {
            query,
            waiter,
            _place: place.map_err(|_| BrokerError::Closed)?,
        };
        self.asked.send(question).map_err(|_| BrokerError::Closed)?;
        answer.await.map_err(|_| BrokerError::Closed)?
    }
}

fn answer(connection: &Connection, questions: &Receiver<Question>) {
    while let Ok(question) = questions.recv() {
        if question.waiter.is_closed() {
            continue;
        }
        let found = statements::publications(connection, question.query);
        let found = found.map_err(|error| Refused::from(error).into());
        let _ = question.waiter.send(found);
    }
}
