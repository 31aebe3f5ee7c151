//! From a SockJS prefix to a connection: one transport after the other.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant as Moment,
};

use http::{HeaderMap, Uri, header};
use sockeye_types::{BinaryOverText, Transport};
use sockeye_ws_proto::handshake::ClientRequest;
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    BlockedTransports, Fallback,
    driver::{Driver, Ends, Origin},
    http_line::{Host, HttpLine},
    judge::{Judgement, judge},
    memory::Memory,
    proof::prove,
    receiver::Receiver,
    sending::Sending,
    target::{Targets, websocket},
};
use crate::{
    ConnectError, Connection, Connector, Stage,
    address::Address,
    connect::{Until, dialed},
    connection::{Life, Opened},
    driver::{after, clock},
    inbox::Inbox,
    random::Randomness,
    sender::{Carries, Outbox},
    way::Way,
};

/// How to fall back, and what was learned of the servers.
#[derive(Debug)]
pub(crate) struct Learned {
    fallback: Fallback,
    memory: Mutex<Memory>,
}

impl Learned {
    pub(crate) fn new(fallback: Fallback) -> Self {
        Self {
            memory: Mutex::new(Memory::new(fallback.clone())),
            fallback,
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn gave_way(&self, server: &Address, transport: Transport, now: Moment) {
        self.memory().gave_way(server, transport, now);
    }
}

/// Connects to an address; to a SockJS prefix, if the connector may fall back.
pub(crate) async fn connect(
    connector: &Connector,
    uri: Uri,
    way: Way,
) -> Result<Connection, ConnectError> {
    let until = Until::of(connector);
    let Some(learned) = &connector.fallback else {
        return dialed(connector, uri, &way, until).await;
    };
    let server = Address::of(&uri)?;
    let order = learned.memory().order(&server, clock());
    let attempt = Attempt {
        connector,
        learned,
        prefix: uri,
        server,
        way,
        deadline: until.deadline,
    };
    let mut failed = Vec::new();
    for transport in order {
        let error = match attempt.make(transport).await {
            Ok(connection) => {
                attempt.remember(transport, &failed);
                return Ok(connection);
            }
            Err(error) => error,
        };
        tracing::debug!(%transport, error = %error, "transport failed");
        let judgement = judge(&error);
        if judgement == Judgement::Meant {
            return Err(error);
        }
        failed.push((transport, error));
        if judgement == Judgement::Unreachable {
            break;
        }
    }
    Err(match failed.pop() {
        Some((_, error)) if failed.is_empty() => error,
        last => {
            failed.extend(last);
            ConnectError::Blocked(BlockedTransports(failed))
        }
    })
}

/// One way to a server, and what it may cost.
struct Attempt<'a> {
    connector: &'a Connector,
    learned: &'a Arc<Learned>,
    prefix: Uri,
    server: Address,
    way: Way,
    deadline: Instant,
}

impl Attempt<'_> {
    async fn make(&self, transport: Transport) -> Result<Connection, ConnectError> {
        match transport {
            Transport::XhrStreaming => self.session(transport, "xhr_streaming").await,
            Transport::XhrPolling => self.session(transport, "xhr").await,
            _ => self.websocket().await,
        }
    }

    fn remember(&self, worked: Transport, failed: &[(Transport, ConnectError)]) {
        let failed: Vec<_> = failed.iter().map(|(transport, _)| *transport).collect();
        let mut memory = self.learned.memory();
        memory.worked(&self.server, worked, &failed, clock());
    }

    async fn websocket(&self) -> Result<Connection, ConnectError> {
        let fallback = &self.learned.fallback;
        let until = Until {
            deadline: self.deadline,
            handshake: Some(fallback.handshake_time),
        };
        let uri = websocket(&self.prefix)?;
        let connection = dialed(self.connector, uri, &self.way, until).await?;
        let proof = Instant::from_std(after(clock(), fallback.proof_time));
        prove(connection, proof.min(self.deadline)).await
    }

    async fn session(
        &self,
        transport: Transport,
        receive: &str,
    ) -> Result<Connection, ConnectError> {
        let (connector, fallback) = (self.connector, &self.learned.fallback);
        let targets = Targets::new(&self.prefix, receive, Randomness::new()?.bytes())?;
        let host = Arc::new(Host {
            connector: connector.clone(),
            prefix: self.prefix.clone(),
            way: self.way.clone(),
            headers: self.headers()?,
            cookies: Mutex::default(),
        });
        let line = HttpLine::new(Arc::clone(&host));
        let mut receiver = Receiver::new(line, targets.receive, fallback, &connector.limits);
        receiver.dial(self.deadline).await?;
        let streaming = Instant::from_std(after(clock(), fallback.stream_time));
        let deadline = match transport {
            Transport::XhrStreaming => self.deadline.min(streaming),
            _ => self.deadline,
        };
        let opening = timeout_at(deadline, receiver.open(connector.body_bytes));
        let response = opening
            .await
            .map_err(|_| ConnectError::Timeout(Stage::Session))??;

        let carries = match fallback.binary {
            BinaryOverText::DataUrl => Carries::TextAndBinary,
            _ => Carries::TextOnly,
        };
        let (outbox, waiting) = Outbox::new(connector.limits.outbox_bytes, carries);
        let inbox = Arc::new(Inbox::new(connector.limits.message_bytes));
        let (life, lives) = watch::channel(Life::Open);
        let opened = Opened {
            transport,
            response,
            protocol: None,
            deflate: None,
            peer_addr: receiver.peer_addr(),
        };
        let driver = Driver {
            receiver,
            sending: Sending::new(
                HttpLine::new(host),
                targets.send,
                (Arc::clone(&outbox), waiting),
                fallback,
                &connector.limits,
            ),
            ends: Ends {
                outbox: Arc::clone(&outbox),
                inbox: Arc::clone(&inbox),
                life,
            },
            since: Instant::now(),
            origin: Origin {
                learned: Arc::clone(self.learned),
                server: self.server.clone(),
                transport,
            },
        };
        tokio::spawn(driver.run());
        Ok(Connection::new(outbox, inbox, lives, Arc::new(opened)))
    }

    /// What each request of a session carries: what the WebSocket's handshake would, but for what is its own.
    fn headers(&self) -> Result<HeaderMap, ConnectError> {
        if let Some(name) = &self.connector.invalid_header {
            return Err(ConnectError::InvalidHeader(name.clone()));
        }
        let asked = ClientRequest::new(self.prefix.clone(), Randomness::new()?.bytes())
            .headers(self.connector.headers.clone());
        let mut headers = asked.to_request()?.into_parts().0.headers;
        for own in [
            header::CONNECTION,
            header::UPGRADE,
            header::SEC_WEBSOCKET_KEY,
            header::SEC_WEBSOCKET_VERSION,
        ] {
            headers.remove(own);
        }
        Ok(headers)
    }
}
