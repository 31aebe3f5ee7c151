//! Any path below a SockJS prefix: it names what the protocol says, and nothing else does.

use http::Method;
use sockeye_sockjs_proto::{MAX_ID_BYTES, Receive, Resource, SendBy};

/// A path.
pub fn sockjs_resource(data: &[u8]) {
    let Ok(path) = str::from_utf8(data) else {
        return;
    };
    let found = Resource::of(path);
    let parts: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
    let is_as_it_must_be = match (&*parts, found) {
        ([""], found) => found == Some(Resource::Greeting),
        (["", "info"], found) => found == Some(Resource::Info),
        (["", "websocket"], found) => found == Some(Resource::RawWebSocket),
        (["", name], found) => is_iframe(name) == (found == Some(Resource::Iframe)),
        (["", server, session, name], found) if is_id(server) && is_id(session) => {
            found == in_session(session, name)
        }
        (_, found) => found.is_none(),
    };
    assert!(is_as_it_must_be, "{path:?} is {found:?}");
    if let Some(resource) = found {
        assert!(!resource.allows(&Method::HEAD));
        let methods = [Method::GET, Method::POST];
        assert!(methods.iter().any(|method| resource.allows(method)));
        assert!(!format!("{resource:?}").contains('/'));
    }
}

fn is_id(part: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&part.len()) && !part.contains('.')
}

fn is_iframe(name: &str) -> bool {
    let is_part = |char: char| matches!(char, '0'..='9' | 'a'..='z' | '.' | '_' | '-');
    name.len() >= "iframe.html".len()
        && name.starts_with("iframe")
        && name.ends_with(".html")
        && name.chars().all(is_part)
}

fn in_session<'a>(session: &'a str, name: &str) -> Option<Resource<'a>> {
    let receive = |by| Some(Resource::Receive { session, by });
    let send = |by| Some(Resource::Send { session, by });
    match name {
        "websocket" => Some(Resource::WebSocket),
        "xhr" => receive(Receive::Xhr),
        "xhr_streaming" => receive(Receive::XhrStreaming),
        "eventsource" => receive(Receive::EventSource),
        "htmlfile" => receive(Receive::HtmlFile),
        "jsonp" => receive(Receive::Jsonp),
        "xhr_send" => send(SendBy::Xhr),
        "jsonp_send" => send(SendBy::Jsonp),
        _ => None,
    }
}
