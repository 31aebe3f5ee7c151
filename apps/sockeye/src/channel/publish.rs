//! `sockeye publish`: from the command line or the input into a channel, each acknowledged before the next.

use bytes::Bytes;
use sockeye_channel_client::Line;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines, Stdin, stdin},
    select,
};

use super::{PublishArgs, failed, leave, of_call_error, of_line_error, options};
use crate::connect::{Interrupts, Screen, Verdict, connector_by, with_sources};

/// Where the messages are.
enum Source {
    Arguments(std::vec::IntoIter<String>),
    Input(Lines<BufReader<Stdin>>),
}

impl Source {
    /// The next one. Cancel safety: dropped before it is done, it has taken nothing.
    async fn next(&mut self) -> std::io::Result<Option<String>> {
        match self {
            Self::Arguments(messages) => Ok(messages.next()),
            Self::Input(lines) => lines.next_line().await,
        }
    }
}

pub(super) async fn publish(
    args: &PublishArgs,
    screen: Screen,
    mut interrupts: Interrupts,
) -> Verdict {
    let connector = match connector_by(&args.server.route) {
        Ok(connector) => connector,
        Err(error) => return failed(&screen, &*error),
    };
    let url = args.server.server.to_string();
    let connected = select! {
        connected = Line::connect(&connector, &url, options(&args.server)) => connected,
        signal = interrupts.next() => return Verdict::Signal(signal),
    };
    let line = match connected {
        // What comes unasked is not wanted here.
        Ok((line, _)) => line,
        Err(error) => {
            screen.note(&format!("* {}", with_sources(&error)));
            return of_line_error(&error);
        }
    };
    let mut source = if args.messages.is_empty() {
        Source::Input(BufReader::new(stdin()).lines())
    } else {
        Source::Arguments(args.messages.clone().into_iter())
    };
    let mut acknowledged = 0_u64;
    let verdict = loop {
        let message = select! {
            message = source.next() => message,
            signal = interrupts.next() => break Verdict::Signal(signal),
        };
        let payload = match message {
            Ok(Some(message)) => payload(args, message),
            Ok(None) => break Verdict::Done,
            Err(error) => break failed(&screen, &error),
        };
        let Some(payload) = payload else {
            screen.note("* a message is no JSON; `--text` publishes it as text");
            break Verdict::Failed;
        };
        let published = select! {
            published = line.publish(&args.channel, payload) => published,
            signal = interrupts.next() => break Verdict::Signal(signal),
        };
        if let Err(error) = published {
            let number = acknowledged + 1;
            screen.note(&format!(
                "* message {number} was not acknowledged: {}",
                with_sources(&error)
            ));
            break of_call_error(&error);
        }
        acknowledged += 1;
    };
    if args.verbose {
        screen.note(&format!("* {acknowledged} acknowledged"));
    }
    leave(&line).await;
    verdict
}

/// The payload of a message; `None` if it is no JSON and should be.
fn payload(args: &PublishArgs, message: String) -> Option<Bytes> {
    if args.text {
        return serde_json::to_vec(&message).ok().map(Bytes::from);
    }
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&message).is_ok();
    is_json.then(|| Bytes::from(message))
}
