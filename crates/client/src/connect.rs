//! From an address to a connection: dialing, the opening handshake, redirects (RFC 6455 §4.1).

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{BufMut, BytesMut};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use sockeye_types::Transport;
use sockeye_ws_proto::{
    Conn, Role, Settings,
    handshake::{ClientRequest, Established},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::{
    ConnectError, Connection, Connector, RedirectError, Refused, ResponseError, Stage,
    connection::{Life, Opened},
    driver::{Driver, Ends, after, clock},
    inbox::Inbox,
    observer::Watch,
    random::Randomness,
    redirect,
    response::{Beginning, Body, take_head},
    sender::{Carries, Outbox},
    stream::Stream,
    way::Way,
};

/// How long the body of a refusal may take: it is only words.
const BODY_TIME: Duration = Duration::from_secs(2);

/// How much is read at once of a response.
const READ_BYTES: usize = 4 << 10;

/// One attempt to connect, and what it may cost.
struct Attempt<'a> {
    connector: &'a Connector,
    deadline: Instant,
    randomness: Randomness,
}

/// What an attempt came to, short of an error.
enum Came {
    Open(Box<Connection>),
    Refused(Box<Refused>),
}

/// What connecting to an address may take.
#[derive(Clone, Copy)]
pub(crate) struct Until {
    /// When everything must be done.
    pub(crate) deadline: Instant,
    /// How long the handshake may take, from where the stream is open; `None` for up to the deadline.
    pub(crate) handshake: Option<Duration>,
}

impl Until {
    /// All may take as long as the connector says.
    pub(crate) fn of(connector: &Connector) -> Self {
        Self {
            deadline: Instant::from_std(after(clock(), connector.connect_time)),
            handshake: None,
        }
    }
}

/// Connects to an address, and to where it redirects.
pub(crate) async fn dialed(
    connector: &Connector,
    uri: Uri,
    way: &Way,
    until: Until,
) -> Result<Connection, ConnectError> {
    let (mut uri, mut headers, mut left) = (uri, connector.headers.clone(), connector.redirects);
    loop {
        let mut attempt = Attempt::new(connector, until.deadline)?;
        let request = attempt.request(&uri, &headers)?;
        let arrived = way.open(connector, &uri, until.deadline).await?;
        if let Some(time) = until.handshake {
            let handshake_end = Instant::from_std(after(clock(), time));
            attempt.deadline = attempt.deadline.min(handshake_end);
        }
        let talk = attempt.shake_hands(request, arrived.stream, arrived.peer_addr);
        let refused = match talk.await? {
            Came::Open(connection) => return Ok(*connection),
            Came::Refused(refused) => refused,
        };
        if connector.redirects == 0 || !redirect::is_redirect(refused.status()) {
            return Err(ConnectError::Refused(refused));
        }
        let target = redirect::target(&uri, refused.location());
        let target = match target {
            Ok(_) if left == 0 => Err(RedirectError::TooMany),
            target => target,
        };
        match target {
            Ok(target) => {
                redirect::strip_secrets(&uri, &target, &mut headers);
                (uri, left) = (target, left - 1);
            }
            Err(error) => return Err(ConnectError::Redirect(error, refused)),
        }
    }
}

/// Connects over a stream that is open already.
pub(crate) async fn over(
    connector: &Connector,
    uri: Uri,
    stream: Box<dyn Stream>,
) -> Result<Connection, ConnectError> {
    let mut attempt = Attempt::new(connector, Until::of(connector).deadline)?;
    let request = attempt.request(&uri, &connector.headers)?;
    match attempt.shake_hands(request, stream, None).await? {
        Came::Open(connection) => Ok(*connection),
        Came::Refused(refused) => Err(ConnectError::Refused(refused)),
    }
}

impl<'a> Attempt<'a> {
    fn new(connector: &'a Connector, deadline: Instant) -> Result<Self, ConnectError> {
        if let Some(name) = &connector.invalid_header {
            return Err(ConnectError::InvalidHeader(name.clone()));
        }
        Ok(Self {
            connector,
            deadline,
            randomness: Randomness::new()?,
        })
    }

    async fn in_time<T>(
        &self,
        stage: Stage,
        step: impl Future<Output = T>,
    ) -> Result<T, ConnectError> {
        timeout_at(self.deadline, step)
            .await
            .map_err(|_| ConnectError::Timeout(stage))
    }

    fn request(&mut self, uri: &Uri, headers: &HeaderMap) -> Result<Asked, ConnectError> {
        let asked = ClientRequest::new(uri.clone(), self.randomness.bytes())
            .protocols(self.connector.protocols.iter().cloned())
            .deflate(self.connector.deflate)
            .headers(headers.clone());
        let head = asked.to_request()?;
        Ok(Asked { asked, head })
    }

    async fn shake_hands(
        self,
        request: Asked,
        mut stream: Box<dyn Stream>,
        peer_addr: Option<SocketAddr>,
    ) -> Result<Came, ConnectError> {
        if let Some(observer) = &self.connector.observer {
            observer.on_request(&request.head);
        }
        let bytes = bytes_of(&request.head);
        let sending = async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        };
        let sent = self.in_time(Stage::Request, sending).await?;
        // A server may refuse without reading all of it: its answer tells more than the error.
        let mut input = BytesMut::new();
        let answer = self.in_time(Stage::Response, self.read_head(&mut stream, &mut input));
        let response = match (sent, answer.await?) {
            (Err(error), Err(_)) => return Err(ConnectError::Lost(error)),
            (_, response) => response?,
        };
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let body = self.read_body(&response, &mut stream, &mut input).await;
            return Ok(Came::Refused(Box::new(Refused { response, body })));
        }
        let (head, ()) = response.into_parts();
        let established = request.asked.verify(&head)?;
        let opened = Opened {
            transport: Transport::WebSocket,
            response: Response::from_parts(head, ()),
            protocol: established.protocol.clone(),
            deflate: established.deflate,
            peer_addr,
        };
        let connection = self.spawn(stream, input, &established, Arc::new(opened));
        Ok(Came::Open(Box::new(connection)))
    }

    /// Reads until a head is there that is not interim (RFC 9110 §15.2).
    async fn read_head(
        &self,
        stream: &mut Box<dyn Stream>,
        input: &mut BytesMut,
    ) -> Result<Response<()>, ConnectError> {
        let limit = self.connector.head_bytes;
        let mut interim_bytes = 0;
        loop {
            let mut before = input.len();
            while let Some(response) = take_head(input)? {
                let head_bytes = before.saturating_sub(input.len());
                before = input.len();
                if interim_bytes + head_bytes > limit {
                    return Err(ResponseError::TooLarge(limit).into());
                }
                if let Some(observer) = &self.connector.observer {
                    observer.on_response(&response);
                }
                let is_interim = response.status().is_informational()
                    && response.status() != StatusCode::SWITCHING_PROTOCOLS;
                if !is_interim {
                    return Ok(response);
                }
                interim_bytes += head_bytes;
            }
            if interim_bytes + input.len() > limit {
                return Err(ResponseError::TooLarge(limit).into());
            }
            input.reserve(READ_BYTES);
            let read = stream.read_buf(&mut (&mut *input).limit(READ_BYTES)).await;
            if read.map_err(ConnectError::Lost)? == 0 {
                return Err(ResponseError::Cut.into());
            }
        }
    }

    /// Reads the beginning of a body, as far as it comes soon.
    async fn read_body(
        &self,
        response: &Response<()>,
        stream: &mut Box<dyn Stream>,
        raw: &mut BytesMut,
    ) -> bytes::Bytes {
        let (body, limit) = (Body::of(response), self.connector.body_bytes);
        // Chunks have frames of their own; who sends chunks of a byte tells less.
        let raw_limit = limit.saturating_mul(2).saturating_add(READ_BYTES);
        let until = self.deadline.min(Instant::now() + BODY_TIME);
        let reading = async {
            while matches!(body.begin(raw, limit), Beginning::Partial(_)) && raw.len() < raw_limit {
                raw.reserve(READ_BYTES);
                if !matches!(
                    stream.read_buf(&mut (&mut *raw).limit(READ_BYTES)).await,
                    Ok(1..)
                ) {
                    break;
                }
            }
        };
        let _ = timeout_at(until, reading).await;
        body.begin(raw, limit).into_bytes()
    }

    /// Lets a driver run on the current runtime.
    fn spawn(
        self,
        stream: Box<dyn Stream>,
        glued: BytesMut,
        established: &Established,
        opened: Arc<Opened>,
    ) -> Connection {
        let Connector {
            limits, heartbeat, ..
        } = *self.connector;
        let settings = Settings::default().limits(limits).heartbeat(heartbeat);
        let role = Role::Client(Box::new(self.randomness));
        let conn = Conn::new(role, Arc::new(settings), established.deflate, clock());
        let (outbox, waiting) = Outbox::new(limits.outbox_bytes, Carries::TextAndBinary);
        let inbox = Arc::new(Inbox::new(limits.message_bytes));
        let (life, lives) = watch::channel(Life::Open);
        let ends = Ends {
            waiting,
            outbox: Arc::clone(&outbox),
            inbox: Arc::clone(&inbox),
            life,
        };
        let mut driver = Driver::new(stream, glued, conn, limits, ends);
        if let Some(observer) = &self.connector.observer {
            driver = driver.watched(Watch::new(Arc::clone(observer)));
        }
        tokio::spawn(driver);
        Connection::new(outbox, inbox, lives, opened)
    }
}

/// What is asked for, and how it stands in the request.
struct Asked {
    asked: ClientRequest,
    head: Request<()>,
}

/// Writes a request's head (RFC 9112 §3).
fn bytes_of(request: &Request<()>) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    for (name, value) in request.headers() {
        bytes.put_slice(name.as_str().as_bytes());
        bytes.put_slice(b": ");
        bytes.put_slice(value.as_bytes());
        bytes.put_slice(b"\r\n");
    }
    bytes.put_slice(b"\r\n");
    bytes
}
