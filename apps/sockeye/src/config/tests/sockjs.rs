//! `[sockjs]`: what is offered and what it may cost, and what is answered to a mistake.

use sockeye::{BinaryOverText, Origins, SockJs, Transport};

use super::*;

fn sockjs(name: &str, file: &str) -> Result<Option<SockJs>, String> {
    let file = format!("[sockjs]\n{file}\n");
    from(&format!("sockjs-{name}"), &file, &[], Flags::default())
        .and_then(|resolved| resolved.check())
        .map(|config| config.sockjs.map(|sockjs| sockjs.options()))
        .map_err(rendered)
}

fn offered(name: &str, transports: &str) -> Vec<Transport> {
    let own = Origins::default();
    let sockjs = sockjs(name, &format!("transports = {transports}"));
    let sockjs = sockjs.unwrap().unwrap();
    let all = [Transport::WebSocket].into_iter().chain(Transport::SOCKJS);
    all.filter(|transport| sockjs.offers(*transport, &own))
        .collect()
}

#[test]
fn by_default_it_is_the_librarys_but_for_binary_messages() {
    let (set, library) = (sockjs("default", "").unwrap().unwrap(), SockJs::default());
    assert_eq!(set.binary, BinaryOverText::DataUrl);
    assert_eq!(format!("{set:?}"), format!("{library:?}"));
    assert_eq!(
        (set.cached_messages, set.body_bytes, set.body_messages),
        (
            library.cached_messages,
            library.body_bytes,
            library.body_messages
        )
    );
    assert_eq!(
        (set.callback_bytes, set.sessions_per_address),
        (library.callback_bytes, library.sessions_per_address)
    );
    assert_eq!(
        (set.client_url, set.base_url),
        (library.client_url, library.base_url)
    );
    assert!(sockjs("off", "enabled = false").unwrap().is_none());
}

#[test]
fn every_key_sets_what_it_names() {
    let set = sockjs(
        "all",
        "heartbeat = '20s'\ndisconnect_delay = '7s'\nstream_bytes = 4096\ncached_messages = 3\n\
         body_bytes = '3 MiB'\nbody_messages = 4\ncallback_bytes = 16\nsessions = 10\nsessions_per_address = 5\n\
         client_url = '/sockjs.min.js'\nbase_url = 'https://sockets.example.com/say'\nsession_cookie = true\n\
         suppress_cors = true\nbind_to_address = true",
    );
    let set = set.unwrap().unwrap();
    assert_eq!(set.heartbeat, Duration::from_secs(20));
    assert_eq!(set.disconnect_delay, Duration::from_secs(7));
    assert_eq!((set.stream_bytes, set.cached_messages), (4096, 3));
    assert_eq!((set.body_bytes, set.body_messages), (3 << 20, 4));
    assert_eq!(set.callback_bytes, 16);
    assert_eq!((set.sessions, set.sessions_per_address), (10, 5));
    assert_eq!(set.client_url, "/sockjs.min.js");
    assert_eq!(
        set.base_url.as_deref(),
        Some("https://sockets.example.com/say")
    );
    assert!(set.session_cookie && set.suppress_cors && set.is_bound_to_address());
}

#[test]
fn transports_are_offered_by_name_or_as_the_origins_allow() {
    use Transport::{EventSource, HtmlFile, SockJsWebSocket, WebSocket, XhrPolling, XhrStreaming};
    let auto = [
        WebSocket,
        SockJsWebSocket,
        XhrStreaming,
        EventSource,
        XhrPolling,
    ];
    assert_eq!(offered("auto", "['auto']"), auto);
    assert_eq!(
        offered("more", "['auto', 'htmlfile']"),
        [&auto[..], &[HtmlFile]].concat()
    );
    assert_eq!(offered("one", "['xhr-polling']"), [XhrPolling]);
    assert_eq!(
        offered("websocket", "['websocket']"),
        [WebSocket, SockJsWebSocket]
    );
}

#[test]
fn a_body_has_room_for_the_largest_message_unless_it_is_set_too_small() {
    let body = |name: &str, file: &str| {
        let resolved = from(&format!("body-{name}"), file, &[], Flags::default());
        let config = resolved.and_then(|resolved| resolved.check());
        config
            .map(|config| config.sockjs.unwrap().options().body_bytes)
            .map_err(rendered)
    };
    let with =
        |bytes: usize| format!("[limits]\nmessage_bytes = 3\n[sockjs]\nbody_bytes = {bytes}");
    assert_eq!(
        body("grows", "[limits]\nmessage_bytes = '4 MiB'"),
        Ok(8 << 20)
    );
    assert_eq!(body("edge", &with(45)), Ok(45));
    assert_says(
        &body("small", &with(44)).unwrap_err(),
        &[
            "sockjs.body_bytes: 44 bytes have no room for one message of limits.message_bytes (3 bytes), which takes 45",
            "sockeye.toml:4:",
        ],
    );
}

#[test]
fn mistakes_are_answered_where_they_stand() {
    for (n, (file, words)) in [
        (
            "transports = ['xhr']",
            "\"xhr\" is no transport: there are \"auto\", \"websocket\", \"xhr-streaming\"",
        ),
        (
            "transports = []",
            "sockjs.transports: it names no transport",
        ),
        ("transports = 'auto'", "expected a sequence"),
        ("heartbeat = 'off'", "write it with its unit"),
        ("disconnect_delay = 5", "write it with its unit"),
        (
            "stream_bytes = 0",
            "sockjs.stream_bytes: it must be above 0",
        ),
        (
            "callback_bytes = 0",
            "sockjs.callback_bytes: it must be above 0",
        ),
        ("cached_messages = 0", "is not a count"),
        ("body_bytes = 'much'", "or \"auto\""),
        ("sessions = 'all'", "is not a count"),
        (
            "client_url = 'sockjs.js'",
            "\"sockjs.js\" is no URL: begin it with",
        ),
        ("client_url = 'off'", "\"off\" is no URL"),
        ("client_url = '/a\"b'", "is no URL"),
        ("base_url = 'example.com'", "\"example.com\" is no URL"),
        ("session_cookie = 'yes'", "expected a boolean"),
        ("hartbeat = '5s'", "`heartbeat`"),
    ]
    .iter()
    .enumerate()
    {
        let report = sockjs(&format!("mistake-{n}"), file).unwrap_err();
        assert_says(&report, &[words, "sockeye.toml:2:"]);
    }
}
