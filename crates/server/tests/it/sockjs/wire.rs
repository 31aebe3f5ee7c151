//! HTTP written and read by hand, so that a test sees what is on the wire: chunks, framing, header fields.

use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use crate::client::patiently;

/// A request as it will be written.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: &'static str,
    target: String,
    version: &'static str,
    fields: String,
    body: Option<Vec<u8>>,
    raw: &'static str,
}

impl Ask {
    /// One without a body, and without `Content-Length`.
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            version: "1.1",
            fields: String::new(),
            body: None,
            raw: "",
        }
    }

    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn options(target: impl Into<String>) -> Self {
        Self::new("OPTIONS", target)
    }

    /// One with an empty body.
    pub(crate) fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target).body("")
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    /// One whose body is written as it is, without a length.
    pub(crate) fn raw_body(mut self, raw: &'static str) -> Self {
        self.raw = raw;
        self
    }

    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn http10(mut self) -> Self {
        self.version = "1.0";
        self
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        let (method, target, version) = (self.method, &self.target, self.version);
        let fields = &self.fields;
        let length = self.body.as_ref().map_or(String::new(), |body| {
            format!("Content-Length: {}\r\n", body.len())
        });
        let mut written = format!(
            "{method} {target} HTTP/{version}\r\nHost: sockeye.test\r\n{fields}{length}\r\n"
        )
        .into_bytes();
        written.extend(self.body.iter().flatten());
        written.extend(self.raw.bytes());
        written
    }

    /// Asks on a connection of its own, and reads the head of the answer.
    pub(crate) async fn begin(&self, addr: SocketAddr) -> Http {
        let mut http = Http::connect(addr).await;
        http.ask(self).await;
        http
    }

    /// Asks on a connection of its own, and reads the whole answer.
    pub(crate) async fn answer(&self, addr: SocketAddr) -> Answer {
        let mut http = self.begin(addr).await;
        let body = http.body().await;
        Answer {
            head: http.head,
            body,
        }
    }
}

/// The head of a response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
}

impl Head {
    fn parse(head: &str) -> Self {
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        Self {
            status: status.parse().unwrap(),
            fields: lines
                .map(|line| line.split_once(':').unwrap())
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect(),
        }
    }

    /// The value of a field that is there once, if it is.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(found, _)| found == name);
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} twice: {self:?}");
        Some(&value.1)
    }

    fn is_chunked(&self) -> bool {
        self.field("transfer-encoding") == Some("chunked")
    }

    /// The content type, without spaces.
    pub(crate) fn content_type(&self) -> Option<String> {
        Some(self.field("content-type")?.replace(' ', ""))
    }
}

/// A whole response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }
}

/// One connection in HTTP/1, and the head of the response that came last.
#[derive(Debug)]
pub(crate) struct Http<S = TcpStream> {
    pub(crate) io: S,
    read: BytesMut,
    pub(crate) head: Head,
    asked: &'static str,
    is_body_over: bool,
}

impl Http {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self::over(patiently(TcpStream::connect(addr)).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http<S> {
    pub(crate) fn over(io: S) -> Self {
        Self {
            io,
            read: BytesMut::new(),
            head: Head::default(),
            asked: "",
            is_body_over: false,
        }
    }

    /// Sends a request, and reads the head of the answer.
    pub(crate) async fn ask(&mut self, ask: &Ask) {
        self.send(ask).await;
        self.read_head().await;
    }

    /// Reads the head of an answer. Cancel-safe: what was read is kept.
    pub(crate) async fn read_head(&mut self) {
        let head = self.until(b"\r\n\r\n").await.expect("cut within a head");
        self.head = Head::parse(&head);
    }

    /// Sends a request.
    pub(crate) async fn send(&mut self, ask: &Ask) {
        self.asked = ask.method;
        self.is_body_over = false;
        patiently(self.io.write_all(&ask.written())).await.unwrap();
    }

    /// Reads the body of the answer to its end, however it is framed.
    pub(crate) async fn body(&mut self) -> String {
        let mut body = String::new();
        while let Some(part) = self.part().await {
            body.push_str(&part);
        }
        body
    }

    /// Reads what comes next of the answer's body: a chunk, if it comes in chunks, all of it if not. `None` is its end.
    pub(crate) async fn part(&mut self) -> Option<String> {
        let has_body = self.asked != "HEAD" && !matches!(self.head.status, 101 | 204 | 304);
        if !has_body || self.is_body_over {
            return None;
        }
        if self.head.is_chunked() {
            return self.chunk().await;
        }
        let whole = match self.head.field("content-length") {
            Some(length) => {
                let length = length.parse().unwrap();
                self.exactly(length).await
            }
            None => self.rest().await,
        };
        self.is_body_over = true;
        Some(whole).filter(|whole| !whole.is_empty())
    }

    /// Reads so many bytes of the answer's body, which are whole chunks.
    pub(crate) async fn exactly_of_body(&mut self, bytes: usize) -> String {
        let mut body = String::new();
        while body.len() < bytes {
            body.push_str(&self.part().await.expect("the body is over"));
        }
        body
    }

    async fn chunk(&mut self) -> Option<String> {
        let size = self.until(b"\r\n").await.expect("cut between chunks");
        let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
        let chunk = self.exactly(size).await;
        assert_eq!(self.exactly(2).await, "\r\n");
        if size == 0 {
            self.is_body_over = true;
            return None;
        }
        Some(chunk)
    }

    /// Reads so many bytes.
    pub(crate) async fn exactly(&mut self, bytes: usize) -> String {
        while self.read.len() < bytes {
            assert_ne!(self.read_some().await, 0, "cut within a body");
        }
        String::from_utf8(self.read.split_to(bytes).to_vec()).unwrap()
    }

    async fn until(&mut self, end: &[u8]) -> Option<String> {
        loop {
            let found = self.read.windows(end.len()).position(|bytes| bytes == end);
            if let Some(at) = found {
                let line = self.read.split_to(at + end.len());
                return Some(String::from_utf8(line.to_vec()).unwrap());
            }
            if self.read_some().await == 0 {
                return None;
            }
        }
    }

    /// Reads until the server ends the connection.
    pub(crate) async fn rest(&mut self) -> String {
        while self.read_some().await > 0 {}
        String::from_utf8(self.read.split().to_vec()).unwrap()
    }

    /// Reads once. Nothing was read at the end, be it a reset.
    async fn read_some(&mut self) -> usize {
        patiently(self.io.read_buf(&mut self.read))
            .await
            .unwrap_or(0)
    }
}
