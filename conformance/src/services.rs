//! The services that SockJS's suites and clients expect of a server under test, each below its own prefix.

use sockeye::{
    Close, CloseCode, Endpoints, Group, Handler, HandlerError, HandlerResult, Message, Session,
    SockJs, Socket,
};

/// The largest power of two that `/amplify` answers with, and one more.
const POWERS: u32 = 19;

/// Adds the SockJS services, open to any origin but for `/own_origin_echo`.
///
/// Streams of `/echo` end after 4,096 bytes, as the suite expects. The iframe pages load the client from `client_url`,
/// or from where they do by default.
pub fn add_to(endpoints: Endpoints, client_url: Option<&str>) -> Endpoints {
    let default = || match client_url {
        Some(url) => SockJs::default().client_url(url),
        None => SockJs::default(),
    };
    let endpoints = open_to_all(endpoints.at("/echo", echo), default().stream_bytes(4096));
    let endpoints = open_to_all(
        endpoints.at("/disabled_websocket_echo", echo),
        default().without_websocket(),
    );
    let endpoints = open_to_all(
        endpoints.at("/cookie_needed_echo", echo),
        default().needs_cookie(),
    );
    let endpoints = open_to_all(endpoints.at("/close", GoAway), default());
    let endpoints = open_to_all(endpoints.at("/amplify", Amplify), default());
    open_to_all(endpoints.at("/broadcast", Broadcast::default()), default())
        .at("/own_origin_echo", echo)
        .sockjs(default())
}

fn open_to_all(endpoints: Endpoints, sockjs: SockJs) -> Endpoints {
    endpoints.allowed_origins(["*"]).sockjs(sockjs)
}

/// Sends back what comes.
///
/// # Errors
/// The session is over.
pub async fn echo(mut socket: Socket) -> HandlerResult {
    while let Some(message) = socket.recv().await {
        socket.send(message).await?;
    }
    Ok(())
}

/// Closes every session as soon as it is open.
struct GoAway;

impl Handler for GoAway {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        session.close(Close::new(CloseCode::new(3000), "Go away!")?);
        Ok(())
    }

    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }
}

/// Answers a number with a text of two to its power.
struct Amplify;

impl Handler for Amplify {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        let asked = message
            .as_text()
            .and_then(|text| text.trim().parse::<u32>().ok());
        let power = asked
            .filter(|power| *power < POWERS)
            .ok_or_else(|| HandlerError::new("a number from 0 to 18 is expected"))?;
        Ok(session.send("x".repeat(1 << power)).await?)
    }
}

/// Sends to everybody what one says.
#[derive(Default)]
struct Broadcast {
    everyone: Group,
}

impl Handler for Broadcast {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.everyone.join(session);
        Ok(())
    }

    async fn on_message(&self, _: &Session, message: Message) -> HandlerResult {
        self.everyone.send(message);
        Ok(())
    }
}
