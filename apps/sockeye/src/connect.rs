//! `sockeye connect`: a person or a pipe at one end, a WebSocket server at the other.

mod args;
mod exec;
mod input;
mod interrupts;
mod line;
mod route;
mod say;
mod screen;
mod setup;
mod show;
mod source;
mod talk;
mod verdict;
mod watch;
mod words;

use std::{process::ExitCode, sync::Arc};

use sockeye::client::{Connector, Reconnecting};

pub(crate) use args::{ConnectArgs, RouteArgs, address};
pub(crate) use interrupts::Interrupts;
use line::Line;
pub(crate) use screen::Screen;
pub(crate) use setup::connector_by;
use setup::{connector, form, reading};
pub(crate) use show::escaped;
use talk::Talk;
pub(crate) use verdict::Verdict;
use watch::Watch;
pub(crate) use words::with_sources;

/// Talks, and returns the status to end with.
pub(crate) fn connect(args: &ConnectArgs) -> ExitCode {
    let screen = Screen::default();
    let verdict = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let verdict = runtime.block_on(talk(args, &screen));
            // The thread that reads the input may never return.
            runtime.shutdown_background();
            verdict
        }
        Err(error) => fail(&screen, &error),
    };
    verdict.status()
}

async fn talk(args: &ConnectArgs, screen: &Screen) -> Verdict {
    let mut connector = match connector(args) {
        Ok(connector) => connector,
        Err(error) => return fail(screen, &*error),
    };
    if args.verbose {
        connector = connector.observer(Arc::new(Watch(screen.clone())));
    }
    let mut interrupts = match Interrupts::new() {
        Ok(interrupts) => interrupts,
        Err(error) => return fail(screen, &error),
    };
    let talk = Talk {
        args,
        screen: screen.clone(),
        form: form(args),
        exec: setup::exec(args),
        reading: reading(args),
    };
    match line(&talk, connector, &mut interrupts).await {
        Ok(line) => talk.run(line, &mut interrupts).await,
        Err(verdict) => verdict,
    }
}

/// Connects; a line that comes back does so by itself.
async fn line(
    talk: &Talk<'_>,
    connector: Connector,
    interrupts: &mut Interrupts,
) -> Result<Line, Verdict> {
    let uri = talk.args.url.to_string();
    if talk.args.retry.reconnect {
        let mut reconnecting =
            Reconnecting::new(connector, &*uri).queue_bytes(talk.args.message_bytes());
        if let Some(attempts) = talk.args.retry.attempts {
            reconnecting = reconnecting.give_up_after_attempts(attempts);
        }
        return Ok(Line::returning(reconnecting));
    }
    let connected = tokio::select! {
        connected = connector.connect(&*uri) => connected,
        signal = interrupts.next() => return Err(Verdict::Signal(signal)),
    };
    match connected {
        Ok(connection) => {
            talk.welcome(
                connection.transport(),
                connection.protocol(),
                connection.deflate_agreed(),
            );
            Ok(Line::Once(connection))
        }
        Err(error) => {
            talk.note_failed(&error);
            Err(Verdict::of_error(&error))
        }
    }
}

fn fail(screen: &Screen, error: &dyn std::error::Error) -> Verdict {
    screen.note(&format!("* {}", with_sources(error)));
    Verdict::Failed
}
