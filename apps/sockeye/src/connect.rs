//! `sockeye connect`: a person or a pipe at one end, a WebSocket server at the other.

mod args;
mod exec;
mod input;
mod interrupts;
mod say;
mod screen;
mod setup;
mod show;
mod source;
mod talk;
mod verdict;
mod watch;

use std::{process::ExitCode, sync::Arc};

use sockeye::client::{ConnectError, Connection};

pub(crate) use args::ConnectArgs;
use interrupts::Interrupts;
use screen::Screen;
use setup::{connector, form, reading};
use show::escaped;
use talk::{Talk, with_sources};
use verdict::Verdict;
use watch::Watch;

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
    let uri = args.url.to_string();
    let connected = tokio::select! {
        connected = connector.connect(&*uri) => connected,
        signal = interrupts.next() => return Verdict::Signal(signal),
    };
    let connection = match connected {
        Ok(connection) => connection,
        Err(error) => return refused(screen, &error),
    };
    if !args.quiet {
        screen.note(&welcome(&connection));
    }
    let talk = Talk {
        args,
        screen: screen.clone(),
        form: form(args),
        exec: setup::exec(args),
        reading: reading(args),
    };
    talk.run(connection, &mut interrupts).await
}

/// Says what the handshake came to.
fn welcome(connection: &Connection) -> String {
    let mut text = "* connected".to_owned();
    if let Some(protocol) = connection.protocol() {
        text += ", subprotocol ";
        text += &escaped(protocol);
    }
    if connection.deflate_agreed().is_some() {
        text += ", compressed";
    }
    if source::is_a_person() {
        text += "; /help lists the commands";
    }
    text
}

fn refused(screen: &Screen, error: &ConnectError) -> Verdict {
    let _ = fail(screen, error);
    Verdict::of_error(error)
}

fn fail(screen: &Screen, error: &dyn std::error::Error) -> Verdict {
    screen.note(&format!("* {}", with_sources(error)));
    Verdict::Failed
}
