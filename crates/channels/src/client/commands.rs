//! A frame of commands, one after the other.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use sockeye_channel_proto::{
    Command, ConnectRequest, Disconnect, Empty, Error, ErrorCode, Reply, Request,
};
use sockeye_types::Message;
use tokio::time::Instant;
use tracing::{Instrument as _, Span, field};

use super::{Client, Ending, Identity, Phase, Refusal, frame::Replies, request, timers::Timer};
use crate::hub::Shape;

/// Whether the rest of a frame is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    Stop,
}

impl Client {
    /// Does what a frame asks for.
    ///
    /// Cancel safety: dropped before it is done, a command may have been done without a reply; the connection must end.
    pub(crate) async fn handle(self: &Arc<Self>, message: Message) {
        let _turn = self.turn.lock().await;
        let frame = message.into_bytes();
        if self.shape == Shape::Bare {
            return self.listen(&frame).await;
        }
        let most = self.core.settings().settings().commands_per_frame;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut replies = Replies::new(self);
        for (count, command) in self.codec.decode::<Command>(&frame).enumerate() {
            let next = match command {
                Ok(command) if count < most && self.session.is_open() => {
                    let (id, request) = (command.id, command.request());
                    let (kind, channel) = (request::name(&request), request::channel(&request));
                    self.core.tally.command(kind);
                    self.commands.fetch_add(1, Relaxed);
                    let span = self.span(id, kind, channel);
                    let handled = self.handle_command(id, request, &mut replies);
                    let next = Box::pin(handled.instrument(span.clone())).await;
                    replies.record(&span);
                    next
                }
                Ok(_) | Err(_) => self.stop(&Disconnect::BadRequest.into(), &mut replies),
            };
            if next == Next::Stop {
                break;
            }
        }
        replies.flush(self);
    }

    /// Takes the first word of somebody who only listens: who it is. Nothing that it says later is looked at.
    async fn listen(self: &Arc<Self>, frame: &[u8]) {
        if !matches!(self.state().phase, Phase::Fresh) {
            return;
        }
        let mut replies = Replies::new(self);
        match self.codec.decode_one::<ConnectRequest>(frame) {
            Ok(request) => {
                self.core.tally.command("connect");
                self.commands.fetch_add(1, Relaxed);
                let span = self.span(0, "connect", None);
                let connecting = self.connect(0, request, &mut replies);
                Box::pin(connecting.instrument(span.clone())).await;
                replies.record(&span);
            }
            Err(_) => drop(self.stop(&Disconnect::BadRequest.into(), &mut replies)),
        }
        replies.flush(self);
    }

    /// What was answered before still leaves.
    fn stop(&self, ending: &Ending, replies: &mut Replies) -> Next {
        replies.note_refused(ending.code);
        replies.flush(self);
        self.disconnect(ending);
        Next::Stop
    }

    /// What a command is traced by.
    fn span(&self, id: u32, kind: &'static str, channel: Option<&str>) -> Span {
        tracing::debug_span!(
            "command",
            client = %self.id,
            id,
            kind,
            channel,
            outcome = field::Empty,
            code = field::Empty,
        )
    }

    async fn handle_command(
        self: &Arc<Self>,
        id: u32,
        request: Request,
        replies: &mut Replies,
    ) -> Next {
        let is_first = match &self.state().phase {
            Phase::Fresh => true,
            Phase::Connected(_) => false,
            // Nothing is answered any more.
            Phase::Refused | Phase::Ended => return Next::Stop,
        };
        let done = match request {
            // Whoever is not connected owes no answer.
            Request::Connect(request) if is_first => {
                return self.connect(id, *request, replies).await;
            }
            Request::Connect(_) | Request::Invalid => Err(Disconnect::BadRequest.into()),
            _ if is_first => Err(Disconnect::BadRequest.into()),
            Request::Pong => self.pong(),
            Request::Send(request) => self.send(request).await,
            request if self.may_ask() => self.answer(id, request, replies).await,
            _ => Err(ErrorCode::TooManyRequests.into()),
        };
        match done {
            Ok(()) => Next::GoOn,
            Err(refusal) => self.refuse(id, refusal, replies),
        }
    }

    /// Answers with an error, or ends the connection.
    pub(super) fn refuse(&self, id: u32, refusal: Refusal, replies: &mut Replies) -> Next {
        match refusal {
            Refusal::Error(error) if self.shape == Shape::Bare => {
                self.core.tally.refused(error.code);
                self.stop(&instead_of(&error), replies)
            }
            Refusal::Error(error) => {
                self.core.tally.refused(error.code);
                replies.note_refused(error.code);
                let reply = Reply {
                    id,
                    error: Some(error),
                    ..Reply::default()
                };
                match replies.add(&reply) {
                    Ok(()) => Next::GoOn,
                    Err(_) => self.stop(&Disconnect::InappropriateProtocol.into(), replies),
                }
            }
            Refusal::Close(ending) => self.stop(&ending, replies),
        }
    }

    async fn answer(
        self: &Arc<Self>,
        id: u32,
        request: Request,
        replies: &mut Replies,
    ) -> Result<(), Refusal> {
        let Some(identity) = self.identity() else {
            return Err(Disconnect::BadRequest.into());
        };
        let mut reply = Reply {
            id,
            ..Reply::default()
        };
        match request {
            // Its reply and what follows in the channel are one thing.
            Request::Subscribe(request) => {
                return Box::pin(self.subscribe(reply, *request, replies)).await;
            }
            Request::Unsubscribe(request) => {
                self.unsubscribe(&request).await?;
                reply.unsubscribe = Some(Empty {});
            }
            Request::Publish(request) => {
                self.publish(&identity, request).await?;
                reply.publish = Some(Empty {});
            }
            other => self.answer_question(&identity, other, &mut reply).await?,
        }
        replies.add(&reply)
    }

    async fn answer_question(
        self: &Arc<Self>,
        identity: &Identity,
        request: Request,
        reply: &mut Reply,
    ) -> Result<(), Refusal> {
        match request {
            Request::Presence(request) => {
                reply.presence = Some(self.presence(identity, &request.channel).await?);
            }
            Request::PresenceStats(request) => {
                reply.presence_stats = Some(self.presence_stats(identity, &request.channel).await?);
            }
            Request::History(request) => {
                reply.history = Some(self.history(identity, request).await?);
            }
            Request::Rpc(request) => reply.rpc = Some(self.rpc(identity, request).await?),
            Request::Refresh(request) => {
                reply.refresh = Some(self.refresh(identity, &request.token).await?);
            }
            Request::SubRefresh(request) => {
                reply.sub_refresh = Some(self.sub_refresh(identity, &request).await?);
            }
            _ => return Err(Disconnect::BadRequest.into()),
        }
        Ok(())
    }

    /// One pong for each ping; more is against the protocol.
    fn pong(&self) -> Result<(), Refusal> {
        let Some(due) = self.state().timers.at(Timer::Pong) else {
            return Err(Disconnect::BadRequest.into());
        };
        self.set_timer(Timer::Pong, None);
        let wait = self.core.settings().settings().pong_wait;
        let left = due.saturating_duration_since(Instant::now());
        self.core.tally.round_trips.count(wait.saturating_sub(left));
        Ok(())
    }

    pub(super) fn may_ask(&self) -> bool {
        let rate = self.core.settings().settings().commands_per_second;
        self.state().commands.take(rate, Instant::now())
    }
}

/// Who only listens can't be answered: with what it ends instead of an error.
fn instead_of(error: &Error) -> Ending {
    let codes = [ErrorCode::TokenExpired.code(), ErrorCode::Expired.code()];
    let code = if codes.contains(&error.code) {
        Disconnect::Expired
    } else if error.temporary {
        Disconnect::ServerError
    } else {
        Disconnect::PermissionDenied
    };
    code.into()
}
