//! Heads of requests: as short as may be, or as a browser writes them.

use super::Target;

/// What requests have in their heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a head is the one or the other; the generator matches on it"
)]
pub enum Headers {
    /// What HTTP asks for.
    Bare,
    /// What Chromium on Windows sends to a page's own server, where visitors have three cookies.
    Browser,
}

const HOST: &str = "chat.example.com";

/// What a browser says of itself in every request.
const BROWSER: &str = "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/142.0.0.0 Safari/537.36\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,ko;q=0.8\r\n\
    Cookie: sid=s%3A4fJ0kq8ZpYw2mXc7VtR1bNhL6sDgUeAo; theme=dark; _ga=GA1.1.1837465920.1767225600\r\n";

/// What it adds where a script asks, rather than a WebSocket opens.
const SCRIPT: &str = "Connection: keep-alive\r\n\
    sec-ch-ua-platform: \"Windows\"\r\n\
    sec-ch-ua: \"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Dest: empty\r\n\
    Referer: https://chat.example.com/rooms/12\r\n";

/// What it adds where a page's script posts.
const POST: &str = "Content-Type: text/plain;charset=UTF-8\r\nOrigin: https://chat.example.com\r\n";

/// What it adds where a WebSocket opens.
const WEBSOCKET: &str = "Pragma: no-cache\r\nCache-Control: no-cache\r\n\
    Origin: https://chat.example.com\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

impl Target {
    /// A head that opens a WebSocket: always the same key.
    pub(super) fn upgrade(&self, key: &str) -> Vec<u8> {
        let browser = match self.headers {
            Headers::Bare => String::new(),
            Headers::Browser => format!("{WEBSOCKET}{BROWSER}"),
        };
        let offer = self.offer.map_or_else(String::new, |offer| {
            format!("Sec-WebSocket-Extensions: {offer}\r\n")
        });
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{offer}{browser}\r\n",
            self.path,
            self.host()
        )
        .into_bytes()
    }

    /// A whole request for what lies below the path.
    pub(super) fn get(&self, below: &str, accept: &str) -> Vec<u8> {
        let start = self.start("GET", below);
        let accept = match self.headers {
            Headers::Bare => String::new(),
            Headers::Browser => format!("Accept: {accept}\r\n"),
        };
        format!("{start}{accept}\r\n").into_bytes()
    }

    /// A request that posts to what lies below the path, up to the body's length, which is to follow with two line ends.
    pub(super) fn post(&self, below: &str) -> Vec<u8> {
        let start = self.start("POST", below);
        let posts = match self.headers {
            Headers::Bare => String::new(),
            Headers::Browser => format!("Accept: */*\r\n{POST}"),
        };
        format!("{start}{posts}Content-Length: ").into_bytes()
    }

    /// The time of day that SockJS's client adds to each URL, so that nothing between keeps the answer.
    pub(super) fn time_of_day(&self) -> &'static str {
        match self.headers {
            Headers::Bare => "",
            Headers::Browser => "?t=1767225600000",
        }
    }

    fn start(&self, method: &str, below: &str) -> String {
        let browser = match self.headers {
            Headers::Bare => String::new(),
            Headers::Browser => format!("{SCRIPT}{BROWSER}"),
        };
        format!(
            "{method} {}{below} HTTP/1.1\r\nHost: {}\r\n{browser}",
            self.path.trim_end_matches('/'),
            self.host()
        )
    }

    fn host(&self) -> String {
        match self.headers {
            Headers::Bare => self.server.to_string(),
            Headers::Browser => HOST.to_owned(),
        }
    }
}
