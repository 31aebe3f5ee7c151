//! Every rule of the heads.

use super::*;

const RULES: Rules = Rules {
    cookie: SessionCookie::None,
    cors: Cors::Answered,
};
const COOKIES: Rules = Rules {
    cookie: SessionCookie::JSessionId,
    cors: Cors::Answered,
};

fn request(headers: &[(HeaderName, &'static str)]) -> HeaderMap {
    let pairs = headers.iter().cloned();
    pairs
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
}

fn value<T>(response: &Response<T>, name: impl header::AsHeaderName) -> &str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

fn from(origin: &'static str) -> HeaderMap {
    request(&[(header::ORIGIN, origin)])
}

/// The heads of all that is carried by a session, without their bodies.
fn of_sessions(rules: Rules, request: &HeaderMap) -> Vec<Response<()>> {
    let receive = Receive::ALL.map(|by| rules.receive(request, by));
    let send = SendBy::ALL.map(|by| rules.sent(request, by).map(drop));
    receive.into_iter().chain(send).collect()
}

fn info(rules: Rules, request: &HeaderMap) -> Response<Bytes> {
    rules.info(request, &Capabilities::default(), 7)
}

#[test]
fn the_greeting_is_plain_text_and_sets_no_cookie() {
    let greeting = COOKIES.greeting();
    assert_eq!(
        (greeting.status(), &greeting.body()[..]),
        (StatusCode::OK, &b"Welcome to SockJS!\n"[..])
    );
    assert_eq!(
        greeting.headers(),
        &request(&[(header::CONTENT_TYPE, "text/plain; charset=UTF-8")])
    );
}

#[test]
fn what_a_session_says_is_never_cached_and_never_sniffed() {
    let answers = of_sessions(RULES, &HeaderMap::new());
    let info = info(RULES, &HeaderMap::new()).map(drop);
    for answer in answers.iter().chain([&info]) {
        let never = "no-store, no-cache, no-transform, must-revalidate, max-age=0";
        assert_eq!(value(answer, header::CACHE_CONTROL), never);
        for absent in [
            header::EXPIRES,
            header::LAST_MODIFIED,
            header::CONTENT_LENGTH,
            header::SET_COOKIE,
        ] {
            assert_eq!(answer.headers().get(absent), None);
        }
    }
    assert!(
        answers
            .iter()
            .all(|answer| value(answer, header::X_CONTENT_TYPE_OPTIONS) == "nosniff")
    );
}

#[test]
fn types_are_spelled_as_the_suite_spells_them() {
    let types = of_sessions(RULES, &HeaderMap::new()).into_iter();
    let types: Vec<_> = types
        .map(|answer| value(&answer, header::CONTENT_TYPE).replace(' ', ""))
        .collect();
    let (script, plain) = (
        "application/javascript;charset=UTF-8",
        "text/plain;charset=UTF-8",
    );
    let html = "text/html;charset=UTF-8";
    assert_eq!(
        types,
        [
            script,
            script,
            "text/event-stream",
            html,
            script,
            plain,
            plain
        ]
    );
    let info = info(RULES, &HeaderMap::new());
    assert_eq!(
        value(&info, header::CONTENT_TYPE),
        "application/json; charset=UTF-8"
    );
}

#[test]
fn a_send_is_answered_with_nothing_or_with_ok() {
    let sent = RULES.sent(&HeaderMap::new(), SendBy::Xhr);
    assert_eq!(
        (sent.status(), sent.body().len()),
        (StatusCode::NO_CONTENT, 0)
    );
    let sent = RULES.sent(&HeaderMap::new(), SendBy::Jsonp);
    assert_eq!(
        (sent.status(), &sent.body()[..]),
        (StatusCode::OK, &b"ok"[..])
    );
}

#[test]
fn a_page_of_any_origin_may_read_with_cookies_and_scripts_have_no_cors() {
    let cors = |answer: &Response<()>| {
        let origin = value(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN).to_owned();
        let credentials = answer
            .headers()
            .contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        assert_eq!(origin.is_empty(), value(answer, header::VARY).is_empty());
        (origin, credentials)
    };
    let (yes, any, no) = (("https://a.b", true), ("*", false), ("", false));
    let null = ("null", true);
    for (asked, expected) in [
        (from("https://a.b"), [yes, yes, yes, no, no, yes, no, yes]),
        (from("null"), [null, null, any, no, no, null, no, null]),
        (HeaderMap::new(), [any, any, any, no, no, any, no, any]),
    ] {
        let mut answers = of_sessions(RULES, &asked);
        answers.push(info(RULES, &asked).map(drop));
        let expected = expected.map(|(origin, credentials)| (origin.to_owned(), credentials));
        assert_eq!(answers.iter().map(cors).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn suppressed_cors_leaves_no_header_of_it() {
    let rules = Rules {
        cors: Cors::Suppressed,
        ..RULES
    };
    let asked = request(&[
        (header::ORIGIN, "a"),
        (header::ACCESS_CONTROL_REQUEST_HEADERS, "b"),
    ]);
    let mut answers = of_sessions(rules, &asked);
    answers.push(info(rules, &asked).map(drop));
    answers.push(rules.preflight(&asked, Resource::Info).map(drop));
    for answer in answers {
        let names = answer.headers().keys();
        assert_eq!(
            names
                .filter(|name| name.as_str().starts_with("access-") || *name == header::VARY)
                .count(),
            0
        );
    }
}

#[test]
fn a_preflight_is_cached_long_and_gives_back_the_headers_that_were_asked_for() {
    let xhr = Resource::of("/a/b/xhr").unwrap();
    for (resource, methods) in [(Resource::Info, "OPTIONS, GET"), (xhr, "OPTIONS, POST")] {
        let asked = request(&[
            (header::ORIGIN, "test"),
            (header::ACCESS_CONTROL_REQUEST_HEADERS, "a, b"),
        ]);
        let answer = RULES.preflight(&asked, resource);
        assert_eq!(
            (answer.status(), answer.body().len()),
            (StatusCode::NO_CONTENT, 0)
        );
        assert_eq!(
            value(&answer, header::CACHE_CONTROL),
            "public, max-age=31536000"
        );
        assert_ne!(value(&answer, header::EXPIRES), "");
        assert_eq!(
            value(&answer, header::ACCESS_CONTROL_ALLOW_METHODS),
            methods
        );
        assert_eq!(value(&answer, header::ACCESS_CONTROL_MAX_AGE), "31536000");
        assert_eq!(value(&answer, header::ACCESS_CONTROL_ALLOW_ORIGIN), "test");
        assert_eq!(
            value(&answer, header::ACCESS_CONTROL_ALLOW_CREDENTIALS),
            "true"
        );
        assert_eq!(value(&answer, header::ACCESS_CONTROL_ALLOW_HEADERS), "a, b");
    }
    for asked in [
        HeaderMap::new(),
        request(&[(header::ACCESS_CONTROL_REQUEST_HEADERS, "")]),
    ] {
        let answer = RULES.preflight(&asked, xhr);
        assert_eq!(
            answer.headers().get(header::ACCESS_CONTROL_ALLOW_HEADERS),
            None
        );
    }
}

#[test]
fn the_cookie_is_the_clients_own_or_a_dummy_and_its_path_comes_second() {
    for (cookie, expected) in [
        ("", "JSESSIONID=dummy; path=/"),
        ("a=b; JSESSIONID=abc-1; c=d", "JSESSIONID=abc-1; path=/"),
        ("JSESSIONID=", "JSESSIONID=dummy; path=/"),
        ("JSESSIONID=a\"b", "JSESSIONID=dummy; path=/"),
        ("XJSESSIONID=x", "JSESSIONID=dummy; path=/"),
    ] {
        let asked = request(&[(header::COOKIE, cookie)]);
        let mut answers = of_sessions(COOKIES, &asked);
        answers.push(
            COOKIES
                .preflight(&asked, Resource::of("/a/b/xhr").unwrap())
                .map(drop),
        );
        for answer in answers {
            assert_eq!(value(&answer, header::SET_COOKIE), expected);
        }
        let page = COOKIES.iframe(&asked, &IframePage::new("/s.js")).map(drop);
        for answer in [info(COOKIES, &asked).map(drop), page] {
            assert_eq!(answer.headers().get(header::SET_COOKIE), None);
        }
    }
}

#[test]
fn a_cookie_longer_than_the_limit_is_not_echoed() {
    for (len, is_echoed) in [(COOKIE_BYTES, true), (COOKIE_BYTES + 1, false)] {
        let mut asked = HeaderMap::new();
        let cookie = format!("JSESSIONID={}", "x".repeat(len));
        asked.insert(header::COOKIE, HeaderValue::try_from(cookie).unwrap());
        let answer = COOKIES.receive(&asked, Receive::Xhr);
        assert_eq!(
            value(&answer, header::SET_COOKIE).starts_with("JSESSIONID=x"),
            is_echoed
        );
    }
}

#[test]
fn the_iframe_page_is_cached_long_and_not_sent_twice() {
    let page = IframePage::new("/s.js");
    let first = RULES.iframe(&HeaderMap::new(), &page);
    assert_eq!((first.status(), first.body()), (StatusCode::OK, &page.body));
    assert_eq!(
        value(&first, header::CONTENT_TYPE),
        "text/html; charset=UTF-8"
    );
    assert_eq!(
        value(&first, header::CACHE_CONTROL),
        "public, max-age=31536000"
    );
    assert!(
        first.headers().contains_key(header::EXPIRES)
            && !first.headers().contains_key(header::LAST_MODIFIED)
    );
    let tag = value(&first, header::ETAG);
    for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, HeaderValue::try_from(known).unwrap());
        let again = RULES.iframe(&asked, &page);
        assert_eq!(
            (again.status(), again.body().len()),
            (StatusCode::NOT_MODIFIED, 0)
        );
        assert_eq!(
            (
                value(&again, header::ETAG),
                value(&again, header::CONTENT_TYPE)
            ),
            (tag, "")
        );
    }
    let other = request(&[(header::IF_NONE_MATCH, "\"x\"")]);
    assert_eq!(RULES.iframe(&other, &page).status(), StatusCode::OK);
}

#[test]
fn another_method_is_refused_with_those_that_are_allowed_and_nothing_else() {
    for (resource, allow) in [
        (Resource::WebSocket, "GET"),
        (Resource::Info, "OPTIONS, GET"),
    ] {
        let answer = COOKIES.method_not_allowed(resource);
        assert_eq!(
            (answer.status(), answer.body().len()),
            (StatusCode::METHOD_NOT_ALLOWED, 0)
        );
        assert_eq!(answer.headers(), &request(&[(header::ALLOW, allow)]));
    }
}

#[test]
fn an_error_says_its_words_to_the_page_that_asked() {
    let xhr = Resource::of("/a/b/xhr_send");
    let answer = RULES.error(&from("test"), xhr, RequestError::BrokenJson);
    assert_eq!(
        (answer.status(), &answer.body()[..]),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            &b"Broken JSON encoding."[..]
        )
    );
    assert_eq!(
        value(&answer, header::CONTENT_TYPE),
        "text/plain; charset=UTF-8"
    );
    assert_eq!(value(&answer, header::ACCESS_CONTROL_ALLOW_ORIGIN), "test");
    assert_eq!(value(&answer, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(value(&answer, header::CACHE_CONTROL).starts_with("no-store"));
    let foreign = RULES.error(&from("test"), xhr, RequestError::ForeignOrigin);
    assert_eq!(
        (
            foreign.status(),
            value(&foreign, header::ACCESS_CONTROL_ALLOW_ORIGIN)
        ),
        (StatusCode::FORBIDDEN, "")
    );
    let full = RULES.error(&from("test"), None, RequestError::TooManySessionsForAddress);
    assert_eq!(
        (full.status(), value(&full, header::RETRY_AFTER)),
        (StatusCode::TOO_MANY_REQUESTS, "10")
    );
}
