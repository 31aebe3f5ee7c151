//! One talk: what comes in is shown, what is typed or piped goes out, until one side has had enough.

use std::{io, mem, pin::pin, time::Duration};

use sockeye::{
    Close, Message, Transport,
    client::{Agreed, ConnectError},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{
    args::{ConnectArgs, Linger},
    exec::Exec,
    interrupts::Interrupts,
    line::{End, Heard, Line, Unsent, Voice},
    say::{First, SayError, Silence, Speaker},
    screen::Screen,
    show::{Form, escaped},
    source::{self, Reading},
    verdict::{SIGINT, Verdict},
    words::{self, Body, with_sources},
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
#[derive(Default)]
struct Course {
    /// Whether messages still count: not after we closed.
    stage: Stage,
    meeting: Meeting,
    received: u64,
    /// When nothing more is waited for, once the input has ended.
    deadline: Option<Instant>,
    linger: Option<Duration>,
    /// What this side made of it; if nothing, the end of the connection decides.
    verdict: Option<Verdict>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Talking,
    Closing,
}

/// Which connection the next one is.
#[derive(Clone, Copy, Default)]
enum Meeting {
    #[default]
    First,
    Another,
}

impl Talk<'_> {
    /// Talks until the line has ended, and says how it went.
    pub(crate) async fn run(&self, mut line: Line, interrupts: &mut Interrupts) -> Verdict {
        let mut saying = self.start_to_say(&line);
        let mut course = Course::default();
        let mut says = true;
        loop {
            let patience = wait_until(course.deadline);
            tokio::select! {
                heard = line.recv() => match heard {
                    Some(heard) => tokio::select! {
                        () = self.hear(heard, &mut line, &mut course) => {}
                        // Whoever reads what is shown may have stopped, and a command may take long.
                        signal = interrupts.next() => {
                            self.fail(&mut line, &mut course, Verdict::Signal(signal));
                        }
                    },
                    None => break,
                },
                silence = &mut saying, if says => {
                    says = false;
                    self.fall_silent(silence, &mut line, &mut course);
                }
                () = patience => self.close(&mut line, &mut course, self.args.close.clone()),
                signal = interrupts.next() => {
                    self.fail(&mut line, &mut course, Verdict::Signal(signal));
                }
            }
        }
        saying.abort();
        let mut ending = pin!(line.ended());
        let end = loop {
            tokio::select! {
                end = &mut ending => break end,
                // It closes already: a second one ends the program.
                signal = interrupts.next() => {
                    course.verdict.get_or_insert(Verdict::Signal(signal));
                }
            }
        };
        self.note_end(&end);
        self.screen.leave().await;
        course.verdict.unwrap_or_else(|| Verdict::of_end(&end))
    }

    fn start_to_say(&self, line: &Line) -> JoinHandle<Silence> {
        let speaker = Speaker {
            voice: line.voice(),
            screen: self.screen.clone(),
            reading: self.reading,
        };
        tokio::spawn(speaker.speak(First::of(self.args)))
    }

    async fn hear(&self, heard: Heard, line: &mut Line, course: &mut Course) {
        match heard {
            Heard::Message(message) => self.hear_message(message, line, course).await,
            Heard::Opened(opened) => match mem::replace(&mut course.meeting, Meeting::Another) {
                Meeting::First => {
                    self.welcome(opened.transport, opened.protocol.as_deref(), opened.deflate);
                }
                Meeting::Another => self.inform("connected again"),
            },
            Heard::Refused => self.screen.note(&format!("* {}", SayError::Binary)),
            Heard::Lost(lost) => self.inform(&words::lost(&lost, self.body())),
        }
    }

    async fn hear_message(&self, message: Message, line: &mut Line, course: &mut Course) {
        if course.stage == Stage::Closing {
            return;
        }
        course.received += 1;
        if let Some(linger) = course.linger {
            course.deadline = Instant::now().checked_add(linger);
        }
        match self.show(message, &line.voice(), course).await {
            Ok(()) => {}
            // Whoever reads has seen enough, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.close(line, course, self.args.close.clone());
            }
            Err(error) => {
                self.screen.note(&format!("* {error}"));
                self.fail(line, course, Verdict::Failed);
            }
        }
        if self
            .args
            .count
            .is_some_and(|count| course.received >= count)
        {
            self.close(line, course, self.args.close.clone());
        }
    }

    async fn show(&self, message: Message, voice: &Voice, course: &mut Course) -> io::Result<()> {
        let Some(exec) = &self.exec else {
            return self.screen.show(self.form.show(&message)).await;
        };
        let done = exec.run(message).await?;
        if !done.status.success() {
            // The talk goes on, and what came of it is not forgotten.
            course.verdict.get_or_insert(Verdict::Failed);
            self.screen
                .note(&format!("* the command ended with {}", done.status));
        }
        if let Some(reply) = done.reply {
            // A line that has ended says so by itself.
            match voice.send(reply).await {
                Err(Unsent::Full) => self.screen.note(&format!("* {}", SayError::QueueFull)),
                Err(Unsent::Binary) => self.screen.note(&format!("* {}", SayError::Binary)),
                Err(Unsent::Closed) | Ok(()) => {}
            }
        }
        Ok(())
    }

    fn fall_silent(
        &self,
        silence: Result<Silence, tokio::task::JoinError>,
        line: &mut Line,
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
                self.close(
                    line,
                    course,
                    close.unwrap_or_else(|| self.args.close.clone()),
                );
            }
            Ok(Silence::Interrupted) => self.fail(line, course, Verdict::Signal(SIGINT)),
            // The end of the connection tells the rest.
            Ok(Silence::Closed) => {}
            Ok(Silence::Failed(error)) => {
                self.screen.note(&format!("* {}", with_sources(&error)));
                self.fail(line, course, Verdict::Failed);
            }
            Err(error) => {
                self.screen.note(&format!("* {error}"));
                self.fail(line, course, Verdict::Failed);
            }
        }
    }

    fn close(&self, line: &mut Line, course: &mut Course, close: Close) {
        course.stage = Stage::Closing;
        course.deadline = None;
        course.linger = None;
        let waiting = line.close(close);
        if waiting > 0 {
            self.inform(&format!("{waiting} messages were not sent"));
        }
    }

    fn fail(&self, line: &mut Line, course: &mut Course, verdict: Verdict) {
        course.verdict.get_or_insert(verdict);
        self.close(line, course, Close::normal());
    }

    /// Says what the handshake came to.
    pub(crate) fn welcome(
        &self,
        transport: Transport,
        protocol: Option<&str>,
        deflate: Option<Agreed>,
    ) {
        let mut text = "connected".to_owned();
        if transport != Transport::WebSocket {
            text += &format!(" by {transport}");
        }
        if let Some(protocol) = protocol {
            text += ", subprotocol ";
            text += &escaped(protocol);
        }
        if deflate.is_some() {
            text += ", compressed";
        }
        if source::is_a_person() {
            text += "; /help lists the commands";
        }
        self.inform(&text);
    }

    /// Says why there is no connection, and will be none.
    pub(crate) fn note_failed(&self, error: &ConnectError) {
        let why = words::no_connection(error, self.body());
        self.screen.note(&format!("* {why}"));
    }

    fn note_end(&self, end: &End) {
        match end {
            End::Closed(closed) => {
                self.inform(&format!("closed: {}", escaped(&closed.to_string())));
            }
            End::Unconnected(error) => self.note_failed(error),
            End::Left(_) => self.inform("closed while there was no connection"),
        }
    }

    fn body(&self) -> Body {
        if self.args.verbose {
            Body::Whole
        } else {
            Body::FirstLine
        }
    }

    /// Notes how the connection comes and goes, if that is to be shown.
    fn inform(&self, text: &str) {
        if !self.args.quiet {
            self.screen.note(&format!("* {text}"));
        }
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
