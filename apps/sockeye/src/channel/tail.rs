//! `sockeye tail`: what is published in a channel, over as many connections as it takes.

use std::{io, time::Duration};

use serde::Serialize;
use serde_json::value::RawValue;
use sockeye::client::Connector;
use sockeye_channel_client::{
    CallError, Line, LineError, Publication, Push, Pushes, StreamPosition, SubscribeRequest,
};
use tokio::{select, time::sleep};

use super::{TailArgs, failed, leave, of_call_error, of_line_error, options};
use crate::connect::{Interrupts, Screen, Verdict, connector_by, escaped, with_sources};

/// How long to wait before the first attempt to come back; it doubles up to the second.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LAST_WAIT: Duration = Duration::from_secs(15);

pub(super) async fn tail(args: &TailArgs, screen: Screen, mut interrupts: Interrupts) -> Verdict {
    let connector = match connector_by(&args.server.route) {
        Ok(connector) => connector,
        Err(error) => return failed(&screen, &*error),
    };
    let mut tail = Tail {
        args,
        screen,
        connector,
        position: args.since.as_ref().map(|since| since.0.clone()),
        left: args.count,
        wait: FIRST_WAIT,
    };
    select! {
        verdict = tail.run() => verdict,
        signal = interrupts.next() => Verdict::Signal(signal),
    }
}

/// One channel, and how far it was read.
struct Tail<'a> {
    args: &'a TailArgs,
    screen: Screen,
    connector: Connector,
    /// Behind what was shown last, where the channel keeps a stream.
    position: Option<StreamPosition>,
    /// How many are still wanted.
    left: Option<u64>,
    wait: Duration,
}

/// Why one connection was not enough.
enum Stop {
    /// Another may be.
    Lost(String, Verdict),
    /// No other is needed, or would help.
    End(Verdict),
}

impl Tail<'_> {
    async fn run(&mut self) -> Verdict {
        let mut was_there = false;
        loop {
            let stop = match self.connect().await {
                Ok((line, pushes)) => {
                    was_there = true;
                    self.wait = FIRST_WAIT;
                    let stop = self.listen(&line, pushes).await;
                    leave(&line).await;
                    stop
                }
                Err(stop) => stop,
            };
            match stop {
                Stop::End(verdict) => return verdict,
                Stop::Lost(why, verdict) if self.args.once || !was_there => {
                    self.screen.note(&format!("* {why}"));
                    return verdict;
                }
                Stop::Lost(why, _) => {
                    let seconds = self.wait.as_secs_f64();
                    self.note(&format!("lost: {why}; trying again in {seconds:.1} s"));
                    sleep(self.wait).await;
                    self.wait = (self.wait * 2).min(LAST_WAIT);
                }
            }
        }
    }

    async fn connect(&self) -> Result<(Line, Pushes), Stop> {
        let url = self.args.server.server.to_string();
        let connected = Line::connect(&self.connector, &url, options(&self.args.server)).await;
        connected.map_err(|error| match error {
            LineError::Refused(error) => self.refused(&error),
            error => Stop::Lost(with_sources(&error), of_line_error(&error)),
        })
    }

    /// Shows what comes until the connection ends, or enough has come.
    async fn listen(&mut self, line: &Line, mut pushes: Pushes) -> Stop {
        let subscribed = match self.subscribe(line).await {
            Ok(subscribed) => subscribed,
            Err(stop) => return stop,
        };
        for publication in subscribed {
            if let Some(stop) = self.show(&publication).await {
                return stop;
            }
        }
        while let Some(push) = pushes.next().await {
            if push.channel != self.args.channel {
                continue;
            }
            let Push {
                r#pub, unsubscribe, ..
            } = push;
            if let Some(publication) = r#pub
                && let Some(stop) = self.show(&publication).await
            {
                return stop;
            }
            if let Some(end) = unsubscribe {
                let why = format!("unsubscribed with {}: {}", end.code, escaped(&end.reason));
                return if end.code < 2500 {
                    self.screen.note(&format!("* {why}"));
                    Stop::End(Verdict::ClosedOtherwise)
                } else {
                    Stop::Lost(why, Verdict::Lost)
                };
            }
        }
        let error = pushes.ended();
        Stop::Lost(with_sources(&error), of_call_error(&error))
    }

    /// Subscribes from where it was; returns what was missed.
    async fn subscribe(&mut self, line: &Line) -> Result<Vec<Publication>, Stop> {
        let was = self.position.clone();
        let since = was.clone().unwrap_or_default();
        let request = SubscribeRequest {
            channel: self.args.channel.clone(),
            token: self.args.subscription_token.clone(),
            recover: was.is_some(),
            offset: since.offset,
            epoch: since.epoch,
            recoverable: true,
            ..SubscribeRequest::default()
        };
        let result = line
            .subscribe_as(request)
            .await
            .map_err(|error| self.refused(&error))?;
        if was.is_some() && result.recoverable && !result.recovered {
            self.screen
                .note("* some of what was missed is no longer kept");
        }
        if was.is_some() && !result.recoverable {
            self.note("the channel keeps nothing: what was missed is not shown");
        }
        self.position = result.recoverable.then_some(StreamPosition {
            offset: result.offset,
            epoch: result.epoch,
        });
        Ok(result.publications)
    }

    /// Judges a refusal: one that may pass is as good as a lost connection.
    fn refused(&self, error: &CallError) -> Stop {
        let why = with_sources(error);
        match error {
            CallError::Refused(refused) if refused.temporary => Stop::Lost(why, Verdict::Refused),
            CallError::Ended(Some(closed))
                if sockeye_channel_client::reconnects(closed.code.as_u16().into()) =>
            {
                Stop::Lost(why, Verdict::of_closed(closed))
            }
            CallError::Ended(None) => Stop::Lost(why, Verdict::Lost),
            error => {
                self.screen.note(&format!("* {why}"));
                Stop::End(of_call_error(error))
            }
        }
    }

    async fn show(&mut self, publication: &Publication) -> Option<Stop> {
        if let Some(position) = &mut self.position
            && publication.offset > 0
        {
            position.offset = publication.offset;
        }
        let shown = match self.line_of(publication) {
            Ok(line) => self.screen.show(line).await,
            Err(error) => Err(error),
        };
        if let Err(error) = shown {
            return Some(Stop::End(failed(&self.screen, &error)));
        }
        let left = self.left.as_mut()?;
        *left -= 1;
        (*left == 0).then_some(Stop::End(Verdict::Done))
    }

    fn line_of(&self, publication: &Publication) -> io::Result<Vec<u8>> {
        let mut line = if self.args.json {
            let shown = Shown {
                offset: publication.offset,
                epoch: self
                    .position
                    .as_ref()
                    .map_or("", |position| &position.epoch),
                data: serde_json::from_slice(&publication.data)?,
                tags: &publication.tags,
                info: publication.info.as_ref(),
            };
            serde_json::to_vec(&shown)?
        } else {
            publication.data.to_vec()
        };
        line.push(b'\n');
        Ok(line)
    }

    fn note(&self, text: &str) {
        if !self.args.quiet {
            self.screen.note(&format!("* {text}"));
        }
    }
}

/// A publication as `--json` shows it.
#[derive(Serialize)]
struct Shown<'a> {
    offset: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    epoch: &'a str,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    tags: &'a std::collections::BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<&'a sockeye_channel_client::ClientInfo>,
}
