//! `sockeye publish` and `sockeye tail`: a channel from a terminal or a pipe.

mod args;
mod publish;
mod since;
mod tail;

use std::{future::Future, process::ExitCode, time::Duration};

use sockeye_channel_client::{CallError, Codec, Line, LineError, Options};
use tokio::time::timeout;

use args::ServerArgs;
pub(crate) use args::{PublishArgs, TailArgs};

use crate::connect::{Interrupts, Screen, Verdict, with_sources};

/// How long a server may take to answer a close.
const LEAVE: Duration = Duration::from_secs(2);

/// Publishes, and returns the status to end with.
pub(crate) fn publish(args: &PublishArgs) -> ExitCode {
    run(|screen, interrupts| publish::publish(args, screen, interrupts))
}

/// Listens, and returns the status to end with.
pub(crate) fn tail(args: &TailArgs) -> ExitCode {
    run(|screen, interrupts| tail::tail(args, screen, interrupts))
}

fn run<F: Future<Output = Verdict>>(talk: impl FnOnce(Screen, Interrupts) -> F) -> ExitCode {
    let screen = Screen::default();
    let verdict = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let verdict = runtime.block_on(async {
                match Interrupts::new() {
                    Ok(interrupts) => talk(screen.clone(), interrupts).await,
                    Err(error) => failed(&screen, &error),
                }
            });
            // The thread that reads the input may never return.
            runtime.shutdown_background();
            verdict
        }
        Err(error) => failed(&screen, &error),
    };
    verdict.status()
}

fn failed(screen: &Screen, error: &dyn std::error::Error) -> Verdict {
    screen.note(&format!("* {}", with_sources(error)));
    Verdict::Failed
}

/// How this program connects: as JSON, which it prints as it comes.
fn options(args: &ServerArgs) -> Options {
    let mut options = Options::default().codec(Codec::Json);
    options.connect.token.clone_from(&args.token);
    "sockeye".clone_into(&mut options.connect.name);
    env!("CARGO_PKG_VERSION").clone_into(&mut options.connect.version);
    options
}

/// Closes a connection, and waits a little for the server's answer.
async fn leave(line: &Line) {
    line.close();
    let _ = timeout(LEAVE, line.ended()).await;
}

/// Judges a connection that could not be made.
fn of_line_error(error: &LineError) -> Verdict {
    match error {
        LineError::Connect(error) => Verdict::of_error(error),
        LineError::Refused(error) => of_call_error(error),
        _ => Verdict::Failed,
    }
}

/// Judges a command that came to nothing.
fn of_call_error(error: &CallError) -> Verdict {
    match error {
        CallError::Refused(_) => Verdict::Refused,
        CallError::Ended(Some(closed)) => Verdict::of_closed(closed),
        CallError::Ended(None) => Verdict::Lost,
        CallError::NotJson => Verdict::Failed,
        _ => Verdict::Violated,
    }
}
