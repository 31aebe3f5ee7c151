//! Which paths name what.

use super::*;

#[test]
fn each_url_of_the_protocol_names_its_resource_with_and_without_a_slash() {
    for (path, expected, allow) in [
        ("/info", Resource::Info, "OPTIONS, GET"),
        ("/websocket", Resource::RawWebSocket, "GET"),
        ("/iframe.html", Resource::Iframe, "GET"),
        ("/a/b/websocket", Resource::WebSocket, "GET"),
        ("/a/b/xhr", receive(Receive::Xhr), "OPTIONS, POST"),
        (
            "/a/b/xhr_streaming",
            receive(Receive::XhrStreaming),
            "OPTIONS, POST",
        ),
        ("/a/b/eventsource", receive(Receive::EventSource), "GET"),
        ("/a/b/htmlfile", receive(Receive::HtmlFile), "GET"),
        ("/a/b/jsonp", receive(Receive::Jsonp), "GET"),
        ("/a/b/xhr_send", send(SendBy::Xhr), "OPTIONS, POST"),
        ("/a/b/jsonp_send", send(SendBy::Jsonp), "POST"),
    ] {
        assert_eq!(Resource::of(path), Some(expected), "{path}");
        assert_eq!(Resource::of(&format!("{path}/")), Some(expected), "{path}/");
        assert_eq!(Resource::of(&format!("{path}//")), None, "{path}//");
        assert_eq!(expected.allow(), allow);
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::HEAD] {
            assert_eq!(expected.allows(&method), allow.contains(method.as_str()));
        }
    }
    assert_eq!(Resource::of(""), Some(Resource::Greeting));
    assert_eq!(Resource::of("/"), Some(Resource::Greeting));
}

#[test]
fn nothing_else_is_found_and_no_path_is_normalised() {
    for path in [
        "/a",
        "/a/",
        "/a.html",
        "//",
        "///",
        "/a/a",
        "/a/a/",
        "//xhr",
        "///xhr",
        "////xhr",
        "/a./a/xhr",
        "/a/a./xhr",
        "/././xhr",
        "/a/a/xhr/b",
        "/a/a/XHR",
        "/a/a/",
        "a/a/xhr",
        "info",
        "/iframe.htm",
        "/iframe",
        "/IFRAME.HTML",
        "/IFRAME",
        "/iframe.HTML",
        "/iframe.xml",
        "/iframe-/.html",
        "/iframeA.html",
        "/chunking_test",
        "//info",
        "/info?x",
        "/%69nfo",
    ] {
        assert_eq!(Resource::of(path), None, "{path}");
    }
}

#[test]
fn a_version_may_stand_in_the_name_of_the_iframe_page() {
    for path in [
        "/iframe-a.html",
        "/iframe-.html",
        "/iframe-0.1.2abc-dirty.2144.html",
    ] {
        assert_eq!(Resource::of(path), Some(Resource::Iframe), "{path}");
    }
}

#[test]
fn ids_are_any_text_without_slash_and_dot_and_are_not_decoded() {
    for id in [
        "_",
        "1",
        "abcdefgh_i-j%20",
        "%2e",
        &"x".repeat(MAX_ID_BYTES),
    ] {
        let path = format!("/{id}/{id}/xhr");
        let expected = Resource::Receive {
            session: id,
            by: Receive::Xhr,
        };
        assert_eq!(Resource::of(&path), Some(expected));
    }
    let long = "x".repeat(MAX_ID_BYTES + 1);
    assert_eq!(Resource::of(&format!("/a/{long}/xhr")), None);
    assert_eq!(Resource::of(&format!("/{long}/a/xhr")), None);
}

fn receive(by: Receive) -> Resource<'static> {
    Resource::Receive { session: "b", by }
}

fn send(by: SendBy) -> Resource<'static> {
    Resource::Send { session: "b", by }
}

#[test]
fn a_sessions_id_is_not_printed() {
    for path in ["/a/secret/xhr", "/a/secret/jsonp_send"] {
        let printed = format!("{:?}", Resource::of(path).unwrap());
        assert!(!printed.contains("secret"), "{printed}");
    }
}
