//! From the command line to what a talk needs.

use std::{error::Error, io};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header};
use sockeye::{
    Deflate, Heartbeat, Limits, Transport,
    client::{Connector, Fallback},
};
use std::io::IsTerminal;

use super::{
    args::{Carrier, ConnectArgs, HandshakeArgs},
    exec::{Exec, Output},
    route::go_by,
    show::{Form, Reader},
    source::Reading,
};

/// Returns how to connect.
///
/// # Errors
/// If a file can't be read or a value is none.
pub(crate) fn connector(args: &ConnectArgs) -> Result<Connector, Box<dyn Error>> {
    let message_bytes = args.message_bytes();
    let limits = Limits::default()
        .message_bytes(message_bytes)
        .frame_bytes(message_bytes)
        .outbox_bytes(message_bytes);
    let heartbeat = Heartbeat::default()
        .period(args.bounds.ping.0)
        .deadline(args.bounds.ping_deadline);
    let deflate = (!args.handshake.no_deflate).then(Deflate::default);
    let connector = Connector::new()
        .headers(headers(&args.handshake)?)
        .protocols(args.handshake.subprotocols.clone())
        .deflate(deflate)
        .limits(limits)
        .heartbeat(heartbeat)
        .connect_time(args.route.connect_time)
        .redirects(args.handshake.redirects)
        .fallback(args.route.sockjs.then(|| fallback(&args.route.transports)));
    Ok(go_by(connector, &args.route)?)
}

fn fallback(carriers: &[Carrier]) -> Fallback {
    if carriers.is_empty() {
        return Fallback::default();
    }
    let transports = carriers.iter().map(|carrier| match carrier {
        Carrier::Websocket => Transport::WebSocket,
        Carrier::XhrStreaming => Transport::XhrStreaming,
        Carrier::XhrPolling => Transport::XhrPolling,
    });
    Fallback::default().transports(transports)
}

fn headers(args: &HandshakeArgs) -> Result<HeaderMap, Box<dyn Error>> {
    let mut headers: HeaderMap = HeaderMap::new();
    for (name, value) in &args.headers {
        headers.append(name, value.clone());
    }
    if let Some(origin) = &args.origin {
        headers.insert(header::ORIGIN, origin.clone());
    }
    if let Some(user) = &args.user {
        let login = format!("Basic {}", BASE64_STANDARD.encode(user));
        let mut login = HeaderValue::try_from(login)?;
        login.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, login);
    }
    Ok(headers)
}

/// Returns how messages are shown.
pub(crate) fn form(args: &ConnectArgs) -> Form {
    let reader = if io::stdout().is_terminal() {
        Reader::Person
    } else {
        Reader::Program
    };
    if args.json {
        Form::Json
    } else {
        Form::Plain(args.binary_as, reader)
    }
}

/// Returns what runs for each message, if anything does.
pub(crate) fn exec(args: &ConnectArgs) -> Option<Exec> {
    let output = if args.exec_reply {
        Output::SentBack {
            message_bytes: args.message_bytes(),
        }
    } else {
        Output::Shown
    };
    args.exec.clone().map(|command| Exec { command, output })
}

/// Returns how the input is read.
pub(crate) fn reading(args: &ConnectArgs) -> Reading {
    Reading {
        cut: args.input,
        encoding: args.send_as,
        message_bytes: args.message_bytes(),
    }
}
