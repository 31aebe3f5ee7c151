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
    args::{Carrier, ConnectArgs, HandshakeArgs, RouteArgs},
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
        .redirects(args.handshake.redirects);
    by(connector, &args.route)
}

/// Returns how to connect by a route, with everything else as it is by default.
///
/// # Errors
/// If a file can't be read or a value is none.
pub(crate) fn connector_by(route: &RouteArgs) -> Result<Connector, Box<dyn Error>> {
    by(Connector::new(), route)
}

fn by(connector: Connector, route: &RouteArgs) -> Result<Connector, Box<dyn Error>> {
    let connector = connector
        .connect_time(route.connect_time)
        .fallback(route.sockjs.then(|| fallback(&route.transports)));
    Ok(go_by(connector, route)?)
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
