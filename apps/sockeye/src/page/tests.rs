//! What a browser gets for what it asks.

use http::Request;

use super::*;

fn ask(method: Method, path: &str) -> Response<Bytes> {
    ask_with(method, path, &[])
}

fn ask_with(method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    Page::new(1 << 20)
        .respond(&request.body(()).unwrap().into_parts().0)
        .unwrap()
}

fn header(response: &Response<Bytes>, name: HeaderName) -> &str {
    response
        .headers()
        .get(name)
        .map_or("", |v| v.to_str().unwrap())
}

#[test]
fn the_root_leads_to_the_page() {
    let response = ask(Method::GET, "/");
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(header(&response, header::LOCATION), "/say");
}

#[test]
fn every_file_the_page_names_is_served_as_what_it_is() {
    let page = ask(Method::GET, "/say");
    assert_eq!(
        header(&page, header::CONTENT_TYPE),
        "text/html; charset=utf-8"
    );
    let html = str::from_utf8(page.body()).unwrap().to_owned();
    let named: Vec<_> = html
        .split('"')
        .filter(|text| text.starts_with("/assets/"))
        .collect();
    assert!(named.len() >= 3, "{named:?}");
    for path in named {
        let file = ask(Method::GET, path);
        assert_eq!(file.status(), StatusCode::OK, "{path}");
        let kind = header(&file, header::CONTENT_TYPE);
        assert_ne!(kind, "application/octet-stream", "{path}");
        assert!(!file.body().is_empty(), "{path}");
    }
}

#[test]
fn every_module_that_is_imported_is_there() {
    for name in Files::iter().filter(|name| name.ends_with(".js")) {
        let file = Files::get(&name).unwrap();
        let text = str::from_utf8(&file.data).unwrap();
        for import in text.split("from \"./").skip(1) {
            let module = import.split('"').next().unwrap();
            let response = ask(Method::GET, &format!("/assets/{module}"));
            assert_eq!(response.status(), StatusCode::OK, "{module} in {name}");
        }
    }
}

#[test]
fn the_page_carries_no_inline_script_or_style() {
    let page = ask(Method::GET, "/say");
    let html = str::from_utf8(page.body()).unwrap();
    assert!(!html.contains("<style") && !html.contains(" style="));
    assert!(!html.contains("<script>") && !html.contains(" onclick="));
    assert!(header(&page, header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
}

#[test]
fn what_is_not_there_is_left_to_the_server() {
    for path in [
        "/x",
        "/say/",
        "/echo",
        "/assets/",
        "/assets/x.js",
        "/assets/index.html",
        "/assets/../Cargo.toml",
    ] {
        let (head, ()) = Request::get(path).body(()).unwrap().into_parts();
        assert!(Page::new(1).respond(&head).is_none(), "{path}");
    }
}

#[test]
fn what_is_there_is_not_sniffed() {
    let page = ask(Method::GET, "/say");
    assert_eq!(header(&page, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
}

#[test]
fn the_page_is_told_how_large_a_message_may_be() {
    let told = ask(Method::GET, "/assets/settings.json");
    assert_eq!(told.body().as_ref(), b"{\"message_bytes\":1048576}\n");
    assert_eq!(header(&told, header::CONTENT_TYPE), "application/json");
    assert_eq!(header(&told, header::CACHE_CONTROL), "no-store");
}

#[test]
fn no_module_makes_markup_or_code_out_of_text() {
    let ways = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "createContextualFragment",
        "eval(",
        "new Function",
    ];
    for name in Files::iter().filter(|name| name.ends_with(".js")) {
        let file = Files::get(&name).unwrap();
        let text = str::from_utf8(&file.data).unwrap();
        for way in ways {
            assert!(!text.contains(way), "{way} in {name}");
        }
    }
}

#[test]
fn only_get_and_head_are_answered() {
    for path in ["/", "/say", "/assets/main.js", "/assets/settings.json"] {
        let response = ask(Method::POST, path);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&response, header::ALLOW), "GET, HEAD");
    }
    let (get, head) = (ask(Method::GET, "/say"), ask(Method::HEAD, "/say"));
    assert!(head.body().is_empty());
    assert_eq!(get.headers(), head.headers());
    let length = header(&get, header::CONTENT_LENGTH);
    assert_eq!(length, get.body().len().to_string());
}

#[test]
fn a_file_that_the_client_has_is_not_sent_again() {
    let etag = header(&ask(Method::GET, "/say"), header::ETAG).to_owned();
    for known in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"a\", {etag}"),
        "*".to_owned(),
    ] {
        let response = ask_with(Method::GET, "/say", &[(header::IF_NONE_MATCH, &known)]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert!(response.body().is_empty());
        assert_eq!(header(&response, header::ETAG), etag);
    }
    let other = ask_with(Method::GET, "/say", &[(header::IF_NONE_MATCH, "\"a\"")]);
    assert_eq!(other.status(), StatusCode::OK);
}
