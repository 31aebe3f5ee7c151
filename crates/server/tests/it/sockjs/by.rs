//! The five transports that receive by HTTP: how each is asked, and how it writes a frame.

use std::net::SocketAddr;

use super::wire::{Answer, Ask, Http};

/// How a session is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Xhr,
    XhrStreaming,
    EventSource,
    HtmlFile,
    Jsonp,
}

impl By {
    pub(crate) const ALL: [Self; 5] = [
        Self::Xhr,
        Self::XhrStreaming,
        Self::EventSource,
        Self::HtmlFile,
        Self::Jsonp,
    ];
    pub(crate) const STREAMING: [Self; 3] = [Self::XhrStreaming, Self::EventSource, Self::HtmlFile];
    pub(crate) const POLLING: [Self; 2] = [Self::Xhr, Self::Jsonp];

    /// Asks to receive a session, whose URL is `/prefix/server/session`.
    pub(crate) fn ask(self, session: &str) -> Ask {
        match self {
            Self::Xhr => Ask::post(format!("{session}/xhr")),
            Self::XhrStreaming => Ask::post(format!("{session}/xhr_streaming")),
            Self::EventSource => Ask::get(format!("{session}/eventsource")),
            Self::HtmlFile => Ask::get(format!("{session}/htmlfile?c=call.back")),
            Self::Jsonp => Ask::get(format!("{session}/jsonp?c=call.back")),
        }
    }

    /// Asks to send an array of messages to a session, as goes with it.
    pub(crate) fn ask_to_send(self, session: &str, array: &str) -> Ask {
        match self {
            Self::Jsonp => Ask::post(format!("{session}/jsonp_send"))
                .field("Content-Type", "text/plain")
                .body(array),
            _ => Ask::post(format!("{session}/xhr_send")).body(array),
        }
    }

    pub(crate) fn is_streaming(self) -> bool {
        Self::STREAMING.contains(&self)
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::EventSource => "text/event-stream",
            Self::HtmlFile => "text/html;charset=UTF-8",
            _ => "application/javascript;charset=UTF-8",
        }
    }

    /// A frame as it is on the wire.
    pub(crate) fn wire(self, frame: &str) -> String {
        let quoted = frame.replace('\\', "\\\\").replace('"', "\\\"");
        match self {
            Self::Xhr | Self::XhrStreaming => format!("{frame}\n"),
            Self::EventSource => format!("data: {frame}\r\n\r\n"),
            Self::HtmlFile => format!("<script>\np(\"{quoted}\");\n</script>\r\n"),
            Self::Jsonp => format!("/**/call.back(\"{quoted}\");\r\n"),
        }
    }

    /// Receives, and passes over what comes before the first frame.
    pub(crate) async fn receive(self, addr: SocketAddr, session: &str) -> Receiver {
        let mut http = self.ask(session).begin(addr).await;
        assert_eq!(http.head.status, 200, "{self:?}");
        if self.is_streaming() {
            http.part().await.unwrap();
        }
        Receiver { by: self, http }
    }

    /// Opens a session. What polls has ended then.
    pub(crate) async fn open(self, addr: SocketAddr, session: &str) -> Receiver {
        let mut receiver = self.receive(addr, session).await;
        receiver.expect("o").await;
        receiver
    }

    /// Receives all that comes up to the end of the response.
    pub(crate) async fn poll(self, addr: SocketAddr, session: &str) -> String {
        self.receive(addr, session).await.http.body().await
    }

    /// Polls, and is known to wait: a second one was sent away. Returns the one that waits.
    pub(crate) async fn wait(self, addr: SocketAddr, session: &str) -> Receiver {
        let ask = self.ask(session);
        let (mut one, mut other) = (Http::connect(addr).await, Http::connect(addr).await);
        one.send(&ask).await;
        other.send(&ask).await;
        // Either may be the first to be read.
        let (mut away, http) = tokio::select! {
            () = one.read_head() => (one, other),
            () = other.read_head() => (other, one),
        };
        let still_open = self.wire(r#"c[2010,"Another connection still open"]"#);
        assert_eq!(away.body().await, still_open);
        Receiver { by: self, http }
    }

    /// Sends an array of messages.
    pub(crate) async fn send(self, addr: SocketAddr, session: &str, array: &str) -> Answer {
        self.ask_to_send(session, array).answer(addr).await
    }
}

/// A response that frames come in.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) by: By,
    pub(crate) http: Http,
}

impl Receiver {
    /// This frame comes next, in a chunk of its own.
    pub(crate) async fn expect(&mut self, frame: &str) {
        let wire = self.by.wire(frame);
        assert_eq!(self.http.part().await, Some(wire), "{:?}", self.by);
    }

    /// The response ends.
    pub(crate) async fn ends(&mut self) {
        assert_eq!(self.http.part().await, None, "{:?}", self.by);
    }
}
