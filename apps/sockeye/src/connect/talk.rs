//! One talk: what comes in is shown, what is typed or piped goes out, until one side has had enough.

use std::{io, time::Duration};

use sockeye::{
    Close, Message,
    client::{Closed, Connection},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{
    args::{ConnectArgs, Linger},
    exec::Exec,
    interrupts::Interrupts,
    say::{First, Silence, Speaker},
    screen::Screen,
    show::{Form, escaped},
    source::Reading,
    verdict::{SIGINT, Verdict},
};

/// What a talk needs beside a connection.
pub(crate) struct Talk<'a> {
    pub(crate) args: &'a ConnectArgs,
    pub(crate) screen: Screen,
    pub(crate) form: Form,
    pub(crate) exec: Option<Exec>,
    pub(crate) reading: Reading,
}

/// Where a talk stands.
struct Course {
    /// Whether messages still count: not after we closed.
    stage: Stage,
    received: u64,
    /// When nothing more is waited for, once the input has ended.
    deadline: Option<Instant>,
    linger: Option<Duration>,
    /// What this side made of it; if nothing, the end of the connection decides.
    verdict: Option<Verdict>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Talking,
    Closing,
}

impl Talk<'_> {
    /// Talks until the connection has ended, and says how it went.
    pub(crate) async fn run(
        &self,
        mut connection: Connection,
        interrupts: &mut Interrupts,
    ) -> Verdict {
        let mut saying = self.start_to_say(&connection);
        let mut course = Course {
            stage: Stage::Talking,
            received: 0,
            deadline: None,
            linger: None,
            verdict: None,
        };
        let mut says = true;
        loop {
            let deadline = course.deadline;
            let patience = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = connection.recv() => match message {
                    // A command or whoever reads may take for ever.
                    Some(message) => tokio::select! {
                        () = self.hear(message, &connection, &mut course) => {}
                        signal = interrupts.next() => {
                            course.fail(&connection, Verdict::Signal(signal));
                        }
                    },
                    None => break,
                },
                silence = &mut saying, if says => {
                    says = false;
                    self.fall_silent(silence, &connection, &mut course);
                }
                () = patience => course.close(&connection, self.args.close.clone()),
                signal = interrupts.next() => {
                    course.fail(&connection, Verdict::Signal(signal));
                }
            }
        }
        saying.abort();
        let closed = loop {
            tokio::select! {
                closed = connection.wait_closed() => break closed,
                signal = interrupts.next() => course.fail(&connection, Verdict::Signal(signal)),
            }
        };
        self.note_closed(&closed);
        course
            .verdict
            .unwrap_or_else(|| Verdict::of_closed(&closed))
    }

    fn start_to_say(&self, connection: &Connection) -> JoinHandle<Silence> {
        let speaker = Speaker {
            sender: connection.sender(),
            screen: self.screen.clone(),
            reading: self.reading,
        };
        tokio::spawn(speaker.speak(First::of(self.args)))
    }

    async fn hear(&self, message: Message, connection: &Connection, course: &mut Course) {
        if course.stage == Stage::Closing {
            return;
        }
        course.received += 1;
        if let Some(linger) = course.linger {
            course.deadline = Instant::now().checked_add(linger);
        }
        match self.show(message, connection).await {
            Ok(()) => {}
            // Whoever reads has seen enough, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                course.close(connection, self.args.close.clone());
            }
            Err(error) => {
                self.screen.note(&format!("* {error}"));
                course.fail(connection, Verdict::Failed);
            }
        }
        if self
            .args
            .count
            .is_some_and(|count| course.received >= count)
        {
            course.close(connection, self.args.close.clone());
        }
    }

    async fn show(&self, message: Message, connection: &Connection) -> io::Result<()> {
        let Some(exec) = &self.exec else {
            return self.screen.show(self.form.show(&message)).await;
        };
        let done = exec.run(message).await?;
        if !done.status.success() {
            self.screen
                .note(&format!("* the command ended with {}", done.status));
        }
        if let Some(reply) = done.reply {
            // A connection that is closed says so by itself.
            let _ = connection.send(reply).await;
        }
        Ok(())
    }

    fn fall_silent(
        &self,
        silence: Result<Silence, tokio::task::JoinError>,
        connection: &Connection,
        course: &mut Course,
    ) {
        match silence {
            Ok(Silence::InputEnded) => match self.args.linger() {
                Linger::Forever => {}
                Linger::Silence(linger) => {
                    course.linger = Some(linger);
                    course.deadline = Instant::now().checked_add(linger);
                }
            },
            Ok(Silence::CloseAsked(close)) => {
                course.close(connection, close.unwrap_or_else(|| self.args.close.clone()));
            }
            Ok(Silence::Interrupted) => course.fail(connection, Verdict::Signal(SIGINT)),
            // The end of the connection tells the rest.
            Ok(Silence::Closed) => {}
            Ok(Silence::Failed(error)) => {
                self.screen.note(&format!("* {}", with_sources(&error)));
                course.fail(connection, Verdict::Failed);
            }
            Err(error) => {
                self.screen.note(&format!("* {error}"));
                course.fail(connection, Verdict::Failed);
            }
        }
    }

    fn note_closed(&self, closed: &Closed) {
        if !self.args.quiet {
            self.screen
                .note(&format!("* closed: {}", escaped(&closed.to_string())));
        }
    }
}

impl Course {
    fn close(&mut self, connection: &Connection, close: Close) {
        self.stage = Stage::Closing;
        self.deadline = None;
        self.linger = None;
        connection.close(close);
    }

    fn fail(&mut self, connection: &Connection, verdict: Verdict) {
        self.verdict.get_or_insert(verdict);
        self.close(connection, Close::normal());
    }
}

/// Writes an error with what is behind it, in one line.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = escaped(&error.to_string());
    let mut behind = error.source();
    while let Some(error) = behind {
        text += ": ";
        text += &escaped(&error.to_string());
        behind = error.source();
    }
    text
}
