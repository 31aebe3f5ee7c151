//! Tests of the registry.

use super::*;
use crate::{Handler, HandlerResult, PathParams, Session, Socket};
use sockeye_types::Message;

struct Nothing;

impl Handler for Nothing {
    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }
}

async fn nothing(_: Socket) -> HandlerResult {
    Ok(())
}

fn params(routes: &Routes, path: &str) -> Option<PathParams> {
    routes.find(path).map(|found| found.params)
}

#[test]
fn a_path_finds_its_endpoint_and_parameters() {
    let routes = Endpoints::new()
        .at("/say", Nothing)
        .at("/rooms/{room}", nothing)
        .into_routes()
        .unwrap();
    assert_eq!(params(&routes, "/say"), Some(PathParams::default()));
    assert_eq!(
        params(&routes, "/rooms/a%20b").unwrap().find("room"),
        Some("a b")
    );
    for none in [
        "/",
        "/sa",
        "/say/",
        "/say/x",
        "/rooms/",
        "/rooms/a/b",
        "/rooms/%ff",
    ] {
        assert_eq!(params(&routes, none), None, "{none}");
    }
}

#[test]
fn sockjs_takes_what_is_below_the_path_and_nothing_is_normalised() {
    let routes = Endpoints::new()
        .at("/rooms/{room}", nothing)
        .with_sockjs()
        .at("/rooms/{room}/plain", nothing)
        .at("/", nothing)
        .with_sockjs()
        .into_routes()
        .unwrap();
    let below = |path: &str| {
        let found = routes.find(path)?;
        Some((
            found.params.find("room")?.to_owned(),
            found.below.to_owned(),
        ))
    };
    let found = |room: &str, below: &str| Some((room.to_owned(), below.to_owned()));
    assert_eq!(below("/rooms/a"), found("a", ""));
    assert_eq!(below("/rooms/a/"), found("a", "/"));
    assert_eq!(below("/rooms/a%20b/s/%2e/xhr"), found("a b", "/s/%2e/xhr"));
    assert_eq!(below("/rooms/a//xhr"), found("a", "//xhr"));
    assert_eq!(below("/rooms/a/plain"), found("a", ""));
    assert_eq!(routes.find("/").unwrap().below, "");
    assert_eq!(routes.find("/info").unwrap().below, "/info");
}

#[test]
fn setters_apply_to_the_last_endpoint_and_before_it_to_all() {
    let routes = Endpoints::new()
        .overflow(Overflow::DropOldest)
        .at("/a", Nothing)
        .at("/b", Nothing)
        .overflow(Overflow::KeepLatest)
        .limits(Limits::default().message_bytes(7))
        .into_routes()
        .unwrap();
    let of = |path: &str| routes.find(path).unwrap().endpoint.options().clone();
    assert_eq!(
        (of("/a").overflow, of("/b").overflow),
        (Overflow::DropOldest, Overflow::KeepLatest)
    );
    assert_eq!(
        (of("/a").limits, of("/b").limits.message_bytes),
        (Limits::default(), 7)
    );
}

#[test]
fn what_is_wrong_is_named() {
    let error = |endpoints: Endpoints| endpoints.into_routes().unwrap_err().to_string();
    assert!(error(Endpoints::new().at("/a/{b", Nothing)).starts_with("path `/a/{b`: "));
    assert!(
        error(Endpoints::new().at("/{a}", Nothing).at("/{b}", Nothing))
            .starts_with("path `/{b}`: ")
    );
    assert!(
        error(Endpoints::new().at("/a", Nothing).allowed_origins(["x"]))
            .starts_with("`x` is not an origin")
    );
    assert_eq!(
        error(Endpoints::new().at("/a", Nothing).protocols(["a b"])),
        "subprotocol `a b` is not a token"
    );
}
