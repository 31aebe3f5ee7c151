//! Each rule for offers and answers.

use http::{HeaderMap, HeaderValue, header::SEC_WEBSOCKET_EXTENSIONS};

use super::*;
use crate::header::extensions;

fn headers(values: &[&'static str]) -> HeaderMap {
    let value = |value| (SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(value));
    values.iter().copied().map(value).collect()
}

fn answer(offers: &[&'static str], wish: &Deflate) -> Option<String> {
    let headers = headers(offers);
    let (_, answer) = accept(&extensions(&headers).unwrap(), wish)?;
    Some(answer.strip_prefix(NAME).unwrap().replace("; ", ";"))
}

fn take(answers: &[&'static str], wish: &Deflate) -> Result<Option<Agreed>, InvalidAnswer> {
    take_answer(&extensions(&headers(answers)).unwrap(), Some(wish))
}

/// Contexts kept, the largest windows.
fn plain() -> Deflate {
    Deflate::default().contexts(ContextTakeover::Kept, ContextTakeover::Kept)
}

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

#[test]
fn the_answer_names_what_the_client_asked_for() {
    let wish = plain();
    for (offer, expected) in [
        ("permessage-deflate", ""),
        (
            "permessage-deflate; server_no_context_takeover",
            ";server_no_context_takeover",
        ),
        (
            "permessage-deflate; client_no_context_takeover",
            ";client_no_context_takeover",
        ),
        (
            "permessage-deflate; server_max_window_bits=9",
            ";server_max_window_bits=9",
        ),
        (
            "permessage-deflate; server_max_window_bits=\"15\"",
            ";server_max_window_bits=15",
        ),
        ("permessage-deflate; client_max_window_bits", ""),
        ("permessage-deflate; client_max_window_bits=15", ""),
        (
            "permessage-deflate; client_max_window_bits=8",
            ";client_max_window_bits=8",
        ),
    ] {
        assert_eq!(
            answer(&[offer], &wish).as_deref(),
            Some(expected),
            "{offer}"
        );
    }
}

#[test]
fn the_answer_names_windows_that_the_server_wishes_smaller() {
    let wish = plain().windows(bits(10), bits(11));
    for (offer, expected) in [
        ("permessage-deflate", ";server_max_window_bits=10"),
        (
            "permessage-deflate; server_max_window_bits=12",
            ";server_max_window_bits=10",
        ),
        (
            "permessage-deflate; server_max_window_bits=9",
            ";server_max_window_bits=9",
        ),
        (
            "permessage-deflate; client_max_window_bits",
            ";server_max_window_bits=10;client_max_window_bits=11",
        ),
        (
            "permessage-deflate; client_max_window_bits=10",
            ";server_max_window_bits=10;client_max_window_bits=10",
        ),
        (
            "permessage-deflate; client_max_window_bits=12",
            ";server_max_window_bits=10;client_max_window_bits=11",
        ),
    ] {
        assert_eq!(
            answer(&[offer], &wish).as_deref(),
            Some(expected),
            "{offer}"
        );
    }
}

#[test]
fn the_answer_names_the_contexts_that_the_server_does_not_wish() {
    assert_eq!(
        answer(&["permessage-deflate"], &Deflate::default()).as_deref(),
        Some(";server_no_context_takeover;client_no_context_takeover")
    );
}

#[test]
fn an_offer_that_can_not_be_obeyed_is_declined() {
    for offer in [
        "x-webkit-deflate-frame",
        "Permessage-Deflate",
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=+9",
    ] {
        assert_eq!(answer(&[offer], &plain()), None, "{offer}");
        // And the next one is considered, in the same header or in another.
        for offers in [
            &[
                offer,
                "permessage-deflate; server_max_window_bits=9, permessage-deflate",
            ][..],
            &[offer, "a, permessage-deflate; server_max_window_bits=9"],
        ] {
            assert_eq!(
                answer(offers, &plain()).as_deref(),
                Some(";server_max_window_bits=9")
            );
        }
    }
}

#[test]
fn what_is_agreed_on_is_what_was_answered() {
    let headers = headers(&[
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=8; client_no_context_takeover",
    ]);
    let (agreed, _) = accept(&extensions(&headers).unwrap(), &plain().level(6)).unwrap();
    assert_eq!(
        agreed.compress,
        Direction {
            window: bits(9),
            context: ContextTakeover::Kept
        }
    );
    assert_eq!(
        agreed.decompress,
        Direction {
            window: bits(9),
            context: ContextTakeover::None
        }
    );
    assert_eq!((agreed.level, agreed.min_bytes), (6, 256));
}

#[test]
fn a_client_offers_what_it_wishes() {
    assert_eq!(
        offer(&plain()),
        "permessage-deflate; client_max_window_bits"
    );
    let wish = Deflate::default().windows(bits(9), bits(10));
    assert_eq!(
        offer(&wish),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         server_max_window_bits=10; client_max_window_bits=9"
    );
}

#[test]
fn a_client_takes_an_answer_within_its_offer() {
    let wish = plain().windows(bits(12), bits(12));
    let taken = take(
        &[
            "permessage-deflate; server_max_window_bits=8; client_max_window_bits=10; client_no_context_takeover",
        ],
        &wish,
    );
    let agreed = taken.unwrap().unwrap();
    assert_eq!(
        agreed.compress,
        Direction {
            window: bits(10),
            context: ContextTakeover::None
        }
    );
    assert_eq!(
        agreed.decompress,
        Direction {
            window: bits(9),
            context: ContextTakeover::Kept
        }
    );
    let agreed = take(&["permessage-deflate"], &plain()).unwrap().unwrap();
    assert_eq!(
        agreed.compress,
        Direction {
            window: bits(15),
            context: ContextTakeover::Kept
        }
    );
    assert_eq!(take(&[], &wish), Ok(None));
}

#[test]
fn a_client_refuses_an_answer_beyond_its_offer() {
    let small = plain().windows(bits(12), bits(12));
    let none = Deflate::default();
    let value = InvalidAnswer::Params(InvalidParams::Value);
    for (wish, answer, refused) in [
        (plain(), "x-other", InvalidAnswer::NotOffered),
        (
            plain(),
            "permessage-deflate, x-other",
            InvalidAnswer::NotOffered,
        ),
        (
            plain(),
            "permessage-deflate, permessage-deflate",
            InvalidAnswer::Doubled,
        ),
        (
            plain(),
            "permessage-deflate; unknown",
            InvalidAnswer::Params(InvalidParams::Unknown),
        ),
        (
            plain(),
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            InvalidAnswer::Params(InvalidParams::Doubled),
        ),
        (
            plain(),
            "permessage-deflate; server_max_window_bits=16",
            value,
        ),
        (plain(), "permessage-deflate; server_max_window_bits", value),
        (plain(), "permessage-deflate; client_max_window_bits", value),
        (none, "permessage-deflate", InvalidAnswer::ServerContext),
        (small, "permessage-deflate", InvalidAnswer::ServerWindow),
        (
            small,
            "permessage-deflate; server_max_window_bits=13",
            InvalidAnswer::ServerWindow,
        ),
        (
            small,
            "permessage-deflate; server_max_window_bits=9; client_max_window_bits=13",
            InvalidAnswer::ClientWindow,
        ),
        (
            plain(),
            "permessage-deflate; client_max_window_bits=8",
            InvalidAnswer::ClientWindow,
        ),
    ] {
        assert_eq!(take(&[answer], &wish), Err(refused), "{answer}");
    }
    let headers = headers(&["permessage-deflate"]);
    let refused = take_answer(&extensions(&headers).unwrap(), None);
    assert_eq!(refused, Err(InvalidAnswer::NotOffered));
}
