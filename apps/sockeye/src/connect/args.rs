//! What `sockeye connect` takes.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use http::{HeaderName, HeaderValue, Uri};
use sockeye::{Close, CloseCode};

/// The command line of `sockeye connect`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = EXAMPLES)]
pub(crate) struct ConnectArgs {
    /// Where to: `ws://host/path` or `wss://host/path`; without a scheme, `ws://`
    #[arg(value_parser = address)]
    pub(crate) url: Uri,
    /// Send this first; may be given several times
    #[arg(short, long = "message", value_name = "MESSAGE")]
    pub(crate) messages: Vec<String>,
    /// Send this file first, as one binary message; may be given several times
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What a line or `--message` stands for
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub(crate) send_as: Encoding,
    /// How the input is cut into messages
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) input: Cut,
    /// How binary messages are shown
    ///
    /// `auto` is `hex` on a terminal and `raw` in a pipe.
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) binary_as: BinaryAs,
    /// Show every message as a line of JSON: kind and text, or base64
    #[arg(long, conflicts_with = "binary_as")]
    pub(crate) json: bool,
    /// Run this by `sh -c` for each message, with the message on its standard input
    ///
    /// Messages wait for the one before. SOCKEYE_MESSAGE_KIND is `text` or `binary`. If it fails, the talk goes on and
    /// ends with status 1.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,
    /// Send what the command of `--exec` prints back as a message, instead of printing it
    #[arg(long, requires = "exec")]
    pub(crate) exec_reply: bool,
    /// Close after so many messages have arrived
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// When the input has ended, close once nothing has arrived for so long [default: 1s; with `--count`, forever]
    ///
    /// `forever` stays until the server closes or a signal comes.
    #[arg(long, value_name = "TIME", value_parser = linger)]
    linger: Option<Linger>,
    /// What to close with, such as `1000` or `4001:done`
    #[arg(long, value_name = "CODE[:REASON]", default_value = "1000", value_parser = close)]
    pub(crate) close: Close,
    /// Show the handshake and every frame, on standard error
    ///
    /// That is the heads of request and response, TLS, what a server that refuses says, and pings and closes with what
    /// they carry. Cookies and logins are not shown.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Show nothing but messages: not how the connection came and went
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// What the handshake asks for
    #[command(flatten)]
    pub(crate) handshake: HandshakeArgs,
    /// How the server is reached
    #[command(flatten)]
    pub(crate) route: RouteArgs,
    /// What happens when the connection is lost
    #[command(flatten)]
    pub(crate) retry: RetryArgs,
    /// What keeps the connection alive, and what it may cost
    #[command(flatten)]
    pub(crate) bounds: BoundsArgs,
}

impl ConnectArgs {
    /// Returns what happens when the input has ended.
    pub(crate) fn linger(&self) -> Linger {
        let by_count = match self.count {
            Some(_) => Linger::Forever,
            None => Linger::Silence(Duration::from_secs(1)),
        };
        self.linger.unwrap_or(by_count)
    }

    /// Returns how large a message may be, in bytes.
    pub(crate) fn message_bytes(&self) -> usize {
        usize::try_from(self.bounds.message_bytes.as_u64()).unwrap_or(usize::MAX)
    }
}

/// What the opening handshake asks for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Handshake")]
pub(crate) struct HandshakeArgs {
    /// Send this header, as `Name: value`; may be given several times
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = header)]
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Ask for this subprotocol; may be given several times, the best first
    #[arg(short = 's', long = "subprotocol", value_name = "NAME")]
    pub(crate) subprotocols: Vec<String>,
    /// Send this origin, as a browser would
    #[arg(long, value_name = "ORIGIN", value_parser = header_value)]
    pub(crate) origin: Option<HeaderValue>,
    /// Log in with HTTP Basic authentication
    #[arg(long, value_name = "NAME:PASSWORD")]
    pub(crate) user: Option<String>,
    /// Do not offer compression
    #[arg(long)]
    pub(crate) no_deflate: bool,
    /// Follow so many redirects
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) redirects: u8,
}

/// How the server is reached.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Network and TLS")]
pub(crate) struct RouteArgs {
    /// Go through this proxy [default: what the environment says]
    ///
    /// It is an `http://`, `https://`, `socks5://` or `socks5h://` address, with `user:password@` before the host if
    /// needed. The environment says it by http_proxy for ws://, https_proxy for wss://, all_proxy and no_proxy; this
    /// machine itself is always reached directly.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Go directly, whatever the environment says
    #[arg(long, conflicts_with = "proxy")]
    pub(crate) no_proxy: bool,
    /// Trust the certificates in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Show this certificate (a PEM file) to the server
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The key of `--cert`, a PEM file
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Believe any certificate, and so whoever sits in between, who can then read and change everything
    #[arg(long)]
    pub(crate) danger_accept_invalid_certs: bool,
    /// Take the address for a SockJS prefix, and fall back to HTTP where WebSocket is blocked
    #[arg(long)]
    pub(crate) sockjs: bool,
    /// Try this transport of SockJS's only; may be given several times, in the order to try
    #[arg(
        long = "transport",
        value_name = "TRANSPORT",
        value_enum,
        requires = "sockjs"
    )]
    pub(crate) transports: Vec<Carrier>,
    /// How long connecting may take, with everything up to the 101
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = time)]
    pub(crate) connect_time: Duration,
}

/// What happens when the connection is lost.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reconnecting")]
pub(crate) struct RetryArgs {
    /// Come back when the connection is lost, or can't be made yet
    ///
    /// The waits are random, at most 0.5 s at first and 30 s later, or what the server asks for. What is typed meanwhile
    /// waits, up to 1024 messages of --message-bytes in all, and a pipe is not read on. What was handed to a connection that is lost is not sent again. It is given up
    /// when the server closes with 1000 or refuses for good; the status is then that of the last loss.
    #[arg(long)]
    pub(crate) reconnect: bool,
    /// Give up when so many attempts in a row have failed [default: never]
    ///
    /// A connection that was lost within 5 s counts as one.
    #[arg(long, value_name = "N", requires = "reconnect", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempts: Option<u32>,
}

/// What keeps the connection alive, and what it may cost.
#[derive(Debug, Args)]
#[command(next_help_heading = "Heartbeat and limits")]
pub(crate) struct BoundsArgs {
    /// After how long a silence to ping; `off` never does
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = period)]
    pub(crate) ping: Period,
    /// How long the answer to a ping may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(crate) ping_deadline: Duration,
    /// How large a message may be, in either direction
    #[arg(long, value_name = "SIZE", default_value = "64 MiB")]
    pub(crate) message_bytes: bytesize::ByteSize,
}

/// What may carry a connection to a SockJS prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Carrier {
    /// WebSocket, without SockJS's frames
    Websocket,
    /// One long response after the other
    XhrStreaming,
    /// A response for each frame
    XhrPolling,
}

/// What a line stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Encoding {
    /// A text message
    #[default]
    Text,
    /// A binary message of these very bytes
    Binary,
    /// A binary message, in hexadecimal; white space, `:` and `0x` do not matter
    Hex,
    /// A binary message, in base64 or base64url, padded or not
    Base64,
}

/// How the input is cut into messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cut {
    /// A message a line
    #[default]
    Lines,
    /// A message up to each NUL byte
    Nul,
    /// All of it is one message
    Whole,
}

/// How binary messages are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum BinaryAs {
    #[default]
    Auto,
    /// The bytes as they are, with nothing added
    Raw,
    /// Size and bytes in hexadecimal, shortened on a terminal
    Hex,
    /// A line of base64
    Base64,
    /// The size alone
    Size,
}

/// What happens when the input has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linger {
    Forever,
    Silence(Duration),
}

/// When to ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) Option<Duration>);

const MORE: &str = "\
On a terminal, a line that begins with / is a command: /help lists them.
The statuses it ends with, and examples: sockeye connect --help";

const EXAMPLES: &str = "\
On a terminal, lines are sent as they are typed, and a line that begins with / is a command: /help lists them.

Exit status:
  0  closed as asked, or by the server with 1000      5  closed by the server with another code
  1  this side failed: a file, the input, a command   6  lost without a close, or the heartbeat was missed
  2  the command line is wrong                        7  the server broke the protocol or a limit
  3  the server can't be reached                      128+n  ended by signal n
  4  the handshake was refused

Examples:
  sockeye connect localhost:8080/say
  echo hello | sockeye connect wss://host/echo
  sockeye connect -v -s chat -H 'Authorization: Bearer TOKEN' --origin https://host wss://host/ws
  sockeye connect --ca ca.pem --reconnect wss://localhost:8443/say
  sockeye connect --file photo.png --count 1 ws://host/echo > back.png
  sockeye connect ws://host/say --exec 'tr a-z A-Z' --exec-reply";

pub(crate) fn address(text: &str) -> Result<Uri, String> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("ws://{text}")
    };
    let uri: Uri = whole.parse().map_err(|error| format!("{error}"))?;
    match uri.scheme_str() {
        Some("ws" | "wss") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
        Some("http" | "https") => {
            Err("write ws:// for http://, and wss:// for https://".to_owned())
        }
        _ => Err("an address is ws://host/path or wss://host/path".to_owned()),
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("a header is `Name: value`")?;
    let name = name
        .trim()
        .parse()
        .map_err(|_| "that is no header's name")?;
    Ok((name, header_value(value.trim())?))
}

fn header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "a header's value is visible text".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

fn period(text: &str) -> Result<Period, String> {
    match text {
        "off" => Ok(Period(None)),
        _ => match time(text)? {
            Duration::ZERO => Err("write `off` for no pings".to_owned()),
            period => Ok(Period(Some(period))),
        },
    }
}

fn linger(text: &str) -> Result<Linger, String> {
    match text {
        "forever" => Ok(Linger::Forever),
        _ => time(text).map(Linger::Silence),
    }
}

/// Reads `CODE`, `CODE:REASON`, or `CODE REASON` as it is typed behind `/close`.
pub(crate) fn close(text: &str) -> Result<Close, String> {
    let (code, reason) = text.split_once([':', ' ']).unwrap_or((text, ""));
    let code: u16 = code.parse().map_err(|_| "a close is CODE or CODE:REASON")?;
    Close::new(CloseCode::new(code), reason.trim()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_no_scheme_but_no_wrong_one_either() {
        assert_eq!(
            address("localhost:8080/say").unwrap(),
            "ws://localhost:8080/say"
        );
        assert_eq!(address("wss://host").unwrap(), "wss://host/");
        assert!(address("https://host").unwrap_err().contains("wss://"));
        assert!(address("ftp://host").is_err());
        assert!(address("").is_err());
    }

    #[test]
    fn a_header_has_a_name_and_a_value() {
        let (name, value) = header("X-Token: a: b").unwrap();
        assert_eq!(
            (name.as_str(), value.to_str().unwrap()),
            ("x-token", "a: b")
        );
        assert!(header("X-Token").is_err());
        assert!(header("X Token: a").is_err());
        assert!(header("X-Token: a\r\nEvil: b").is_err());
    }

    #[test]
    fn a_close_is_one_that_may_be_sent() {
        assert_eq!(close("1000").unwrap().code(), CloseCode::NORMAL);
        assert_eq!(
            close("4001:so long: bye").unwrap().reason().as_str(),
            "so long: bye"
        );
        assert_eq!(close("4001 bye").unwrap().reason().as_str(), "bye");
        for wrong in ["1006", "999", "bye", &format!("1000:{}", "x".repeat(124))] {
            assert!(close(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_units_and_may_be_off_where_that_means_something() {
        assert_eq!(period("off").unwrap().0, None);
        assert_eq!(period("20s").unwrap().0, Some(Duration::from_secs(20)));
        assert!(period("0s").is_err());
        assert_eq!(linger("forever").unwrap(), Linger::Forever);
        assert_eq!(linger("0s").unwrap(), Linger::Silence(Duration::ZERO));
    }
}
