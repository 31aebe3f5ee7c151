//! The settings once they are known to make sense together: what the program runs on.

use std::{net::SocketAddr, num::NonZeroUsize, thread, time::Duration};

use sockeye::{Deflate, Heartbeat, Http2, Limits, Origins, Overflow, Sharing, WindowBits};

use super::{
    channels::Channels,
    key::Key,
    proxy::Proxy,
    raw::{Raw, RawDeflate, RawEndpoint},
    rule::{Broken, MAX_HTTP2_STREAMS, MIN_HEAD_BYTES, Rule},
    sockjs::OverHttp,
    tls::Tls,
    value::{Count, Size},
};

/// What the program runs on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Where it listens and what a handshake may cost.
    pub(crate) server: Server,
    /// How https is served; `None` for plain http.
    pub(crate) tls: Option<Tls>,
    /// Which proxies stand in front.
    pub(crate) proxy: Proxy,
    /// Where `/metrics`, `/health` and `/ready` are; `None` turns them off.
    pub(crate) internal: Option<SocketAddr>,
    /// What one peer may cost, on every endpoint.
    pub(crate) limits: Limits,
    /// When silent peers are asked, on every endpoint.
    pub(crate) heartbeat: Heartbeat,
    /// Compression on every endpoint; `None` turns it off.
    pub(crate) deflate: Option<Deflate>,
    /// What carries sessions where WebSocket can't, on every endpoint; `None` turns it off.
    pub(crate) sockjs: Option<OverHttp>,
    /// The endpoint `/say` and its page; `None` turns both off.
    pub(crate) say: Option<Endpoint>,
    /// The endpoint `/echo`; `None` turns it off.
    pub(crate) echo: Option<Endpoint>,
    /// Channels; `None` turns them off.
    pub(crate) channels: Option<Channels>,
}

/// Where the program listens and what a handshake may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// The address to bind.
    pub(crate) listen: SocketAddr,
    /// How many threads serve. Default one a core.
    pub(crate) workers: NonZeroUsize,
    /// Who may listen on the port beside it. Default nobody.
    pub(crate) sharing: Sharing,
    /// How many bytes a request's head may have. Default 16 KiB, at least 8 KiB.
    pub(crate) head_bytes: usize,
    /// How many header fields a request may have. Default 100.
    pub(crate) head_count: usize,
    /// How many connections there may be at a time, sessions included. Default 100,000.
    pub(crate) connections: usize,
    /// Which connections speak HTTP/2. Default those over TLS that choose it.
    pub(crate) http2: Http2,
    /// How many sessions and requests a connection in HTTP/2 may have at a time. Default 128.
    pub(crate) http2_streams: u16,
    /// How long a handshake may take. Default 10 s.
    pub(crate) handshake_time: Duration,
    /// How long the program goes on serving once it is told to end, and says that it is not ready. Default: not at all.
    pub(crate) drain_time: Option<Duration>,
    /// How long a shutdown waits for closing handshakes. Default 10 s.
    pub(crate) shutdown_time: Duration,
}

/// Who may connect to an endpoint, and what becomes of slow readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// The origins that pages may connect from, beside the server's own: exact ones, patterns, or `*` for any.
    pub(crate) allowed_origins: Vec<String>,
    /// What happens when a peer's outbox is full.
    pub(crate) overflow: Overflow,
}

impl Raw {
    /// Checks ranges and what must hold between settings.
    pub(crate) fn check(&self) -> Result<Config, Vec<Broken>> {
        let mut broken = Vec::new();
        self.check_server(&mut broken);
        let tls = self.tls.check(self.server.listen.0, &mut broken);
        let proxy = self.proxy.check(&mut broken);
        self.check_limits(&mut broken);
        let deflate = check_deflate(&self.deflate, &mut broken);
        let sockjs = self.sockjs.check(&self.limits(), &mut broken);
        let say = check_endpoint("say", &self.say, &mut broken);
        let echo = check_endpoint("echo", &self.echo, &mut broken);
        let channels = self.check_channels(&mut broken);
        if ![self.say.enabled, self.echo.enabled, self.channels.enabled].contains(&true) {
            let keys = ["say", "echo", "channels"].map(|section| Key::new(section, "enabled"));
            let (keys, rule) = (keys.into(), Rule::NothingServed);
            broken.push(Broken { keys, rule });
        }
        if !broken.is_empty() {
            return Err(broken);
        }
        Ok(Config {
            server: self.server(),
            tls,
            proxy,
            internal: self.internal.listen.0,
            limits: self.limits(),
            heartbeat: Heartbeat::default()
                .period(self.heartbeat.period.0)
                .deadline(self.heartbeat.deadline.0),
            deflate,
            sockjs,
            say,
            echo,
            channels,
        })
    }

    fn check_server(&self, broken: &mut Vec<Broken>) {
        let Size(head_bytes) = self.server.head_bytes;
        if head_bytes < MIN_HEAD_BYTES {
            let rule = Rule::HeadTooSmall(head_bytes);
            broken.push(Broken::new("server", "head_bytes", rule));
        }
        let Count(streams) = self.server.http2_streams;
        if streams > u32::from(MAX_HTTP2_STREAMS) {
            let rule = Rule::TooManyStreams(streams);
            broken.push(Broken::new("server", "http2_streams", rule));
        }
        if self.server.h2c && !self.server.http2 {
            let keys = ["http2", "h2c"].map(|name| Key::new("server", name)).into();
            let rule = Rule::H2cWithoutHttp2;
            broken.push(Broken { keys, rule });
        }
    }

    fn check_limits(&self, broken: &mut Vec<Broken>) {
        let limits = self.limits();
        let mut above_zero = true;
        for (name, bytes) in [
            ("message_bytes", limits.message_bytes),
            ("frame_bytes", limits.frame_bytes),
            ("outbox_bytes", limits.outbox_bytes),
        ] {
            if bytes == 0 {
                above_zero = false;
                broken.push(Broken::new("limits", name, Rule::Zero));
            }
        }
        if above_zero {
            check_messages_fit(&limits, broken);
        }
    }

    fn server(&self) -> Server {
        let raw = &self.server;
        let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Server {
            listen: raw.listen.0,
            workers: raw.workers.0.unwrap_or_else(cores),
            sharing: if raw.share_port {
                Sharing::Processes
            } else {
                Sharing::None
            },
            head_bytes: raw.head_bytes.0,
            head_count: usize::try_from(raw.head_count.0).unwrap_or(usize::MAX),
            connections: usize::try_from(raw.connections.0).unwrap_or(usize::MAX),
            http2: match (raw.http2, raw.h2c) {
                (_, true) => Http2::PriorKnowledge,
                (true, false) => Http2::Negotiated,
                (false, false) => Http2::Off,
            },
            http2_streams: u16::try_from(raw.http2_streams.0).unwrap_or(MAX_HTTP2_STREAMS),
            handshake_time: raw.handshake_time.0,
            drain_time: raw.drain_time.0,
            shutdown_time: raw.shutdown_time.0,
        }
    }

    fn limits(&self) -> Limits {
        let raw = &self.limits;
        Limits::default()
            .message_bytes(raw.message_bytes.0)
            .frame_bytes(raw.frame_bytes.0)
            .fragments(raw.fragments.0)
            .message_time(raw.message_time.0)
            .control_frames_per_second(raw.control_frames_per_second.0)
            .outbox_bytes(raw.outbox_bytes.0)
            .stall_time(raw.stall_time.0)
            .close_time(raw.close_time.0)
    }
}

fn check_messages_fit(limits: &Limits, broken: &mut Vec<Broken>) {
    let (message_bytes, outbox_bytes) = (limits.message_bytes, limits.outbox_bytes);
    let (fragments, frame_bytes) = (limits.fragments, limits.frame_bytes);
    let keys = |names: &[&str]| names.iter().map(|name| Key::new("limits", *name)).collect();
    let frames = usize::try_from(fragments).unwrap_or(usize::MAX);
    if frames.saturating_mul(frame_bytes) < message_bytes {
        broken.push(Broken {
            keys: keys(&["fragments", "frame_bytes", "message_bytes"]),
            rule: Rule::FragmentsTooFew {
                fragments,
                frame_bytes,
                message_bytes,
            },
        });
    }
    if outbox_bytes < message_bytes {
        broken.push(Broken {
            keys: keys(&["outbox_bytes", "message_bytes"]),
            rule: Rule::OutboxTooSmall {
                outbox_bytes,
                message_bytes,
            },
        });
    }
}

fn check_deflate(raw: &RawDeflate, broken: &mut Vec<Broken>) -> Option<Deflate> {
    if !(1..=9).contains(&raw.level) {
        broken.push(Broken::new("deflate", "level", Rule::Level(raw.level)));
    }
    let mut window = |name, bits| {
        WindowBits::new(bits)
            .map_err(|error| broken.push(Broken::new("deflate", name, error.into())))
            .ok()
    };
    let own = window("own_window", raw.own_window);
    let peer = window("peer_window", raw.peer_window);
    let deflate = Deflate::default()
        .level(raw.level)
        .min_bytes(raw.min_bytes.0)
        .contexts(raw.own_context.into(), raw.peer_context.into())
        .windows(own?, peer?);
    raw.enabled.then_some(deflate)
}

fn check_endpoint(section: &str, raw: &RawEndpoint, broken: &mut Vec<Broken>) -> Option<Endpoint> {
    let allowed_origins = check_origins(section, &raw.allowed_origins, broken);
    raw.enabled.then_some(Endpoint {
        allowed_origins,
        overflow: raw.overflow.into(),
    })
}

/// Checks a section's `allowed_origins`, and leaves out the server's own, which always is.
pub(crate) fn check_origins(
    section: &str,
    origins: &[String],
    broken: &mut Vec<Broken>,
) -> Vec<String> {
    let mut allowed_origins = Vec::new();
    for text in origins {
        match text.as_str() {
            // It is always allowed; the word is there to say so.
            "same-origin" => {}
            "any" | "*" => allowed_origins.push("*".to_owned()),
            origin if Origins::named([origin]).is_ok() => allowed_origins.push(origin.to_owned()),
            _ => {
                let rule = Rule::NotAnOrigin(text.clone());
                broken.push(Broken::new(section, "allowed_origins", rule));
            }
        }
    }
    allowed_origins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(change: impl FnOnce(&mut Raw)) -> Result<Server, Vec<Rule>> {
        let mut raw = Raw::default();
        change(&mut raw);
        let broken = |broken: Vec<Broken>| broken.into_iter().map(|broken| broken.rule).collect();
        raw.check().map(|config| config.server).map_err(broken)
    }

    #[test]
    fn http_2_is_for_tls_unless_it_is_turned_off_or_on_for_all() {
        for (http2, h2c, speaks) in [
            (true, false, Http2::Negotiated),
            (true, true, Http2::PriorKnowledge),
            (false, false, Http2::Off),
        ] {
            let server = checked(|raw| (raw.server.http2, raw.server.h2c) = (http2, h2c));
            assert_eq!(server.unwrap().http2, speaks);
        }
        assert_eq!(checked(|_| {}).unwrap().http2, Http2::default());
        let server = checked(|raw| (raw.server.http2, raw.server.h2c) = (false, true));
        assert_eq!(server.unwrap_err(), [Rule::H2cWithoutHttp2]);
    }

    #[test]
    fn a_connection_in_http_2_has_no_more_streams_than_it_has_room_for() {
        let most = u32::from(MAX_HTTP2_STREAMS);
        let server = checked(|raw| raw.server.http2_streams = Count(most));
        assert_eq!(server.unwrap().http2_streams, MAX_HTTP2_STREAMS);
        let server = checked(|raw| raw.server.http2_streams = Count(most + 1));
        assert_eq!(server.unwrap_err(), [Rule::TooManyStreams(most + 1)]);
    }
}
