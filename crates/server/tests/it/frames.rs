//! Frames that break a rule: the code each is answered with, and that its session ends once, by the server.

use sockeye_endpoint::Initiator::{Peer, Server};
use sockeye_types::Limits;

use crate::{
    client::{
        BINARY, CLOSE, CONTINUATION, FIRST_TEXT, PING, TEXT, close_frame, masked, masked_header,
    },
    served::Served,
};

/// Sends bytes to a fresh echo; the session must end with the code, on the wire and for the handler.
async fn is_closed_with(code: u16, limits: Limits, bytes: &[u8]) {
    let mut served = Served::echo(limits).await;
    let mut client = served.client().await;
    client.echo("hello").await;
    client.send(bytes).await;
    served.innocent_talks().await;
    assert_eq!(client.verdict().await, Some(code), "{bytes:x?}");
    assert_eq!(served.end().await, (code, Server));
}

#[tokio::test]
async fn a_frame_that_breaks_a_rule_is_answered_with_1002() {
    let broken: [(&str, Vec<u8>); 12] = [
        ("no mask", vec![TEXT, 0x01, b'a']),
        ("first reserved bit", masked(TEXT | 0x40, b"a")),
        ("second reserved bit", masked(TEXT | 0x20, b"a")),
        ("third reserved bit", masked(TEXT | 0x10, b"a")),
        ("reserved data opcode", masked(0x83, b"a")),
        ("reserved control opcode", masked(0x8b, b"a")),
        ("control frame in fragments", masked(PING & 0x7f, b"a")),
        ("control frame too long", masked(PING, &[b'a'; 126])),
        ("nothing to continue", masked(CONTINUATION | 0x80, b"a")),
        (
            "a message within another",
            [masked(FIRST_TEXT, b"a"), masked(TEXT, b"b")].concat(),
        ),
        ("length not minimal", vec![TEXT, 0xfe, 0x00, 0x01]),
        ("half a close code", masked(CLOSE, &[0x03])),
    ];
    let mut served = Served::echo(Limits::default()).await;
    for (what, bytes) in broken {
        let mut client = served.client().await;
        client.send(&bytes).await;
        assert_eq!(client.verdict().await, Some(1002), "{what}");
        assert_eq!(served.ends.next().await, (1002, Server), "{what}");
        served.innocent_talks().await;
    }
    served.finish().await;
}

#[tokio::test]
async fn close_codes_that_may_not_be_sent_are_answered_with_1002() {
    let mut served = Served::echo(Limits::default()).await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, 65_535] {
        let mut client = served.client().await;
        client.send(&close_frame(code)).await;
        assert_eq!(client.verdict().await, Some(1002), "{code}");
        assert_eq!(served.ends.next().await, (1002, Server), "{code}");
    }
    served.finish().await;
}

#[tokio::test]
async fn close_codes_that_may_be_sent_are_echoed_and_told() {
    let mut served = Served::echo(Limits::default()).await;
    for code in [
        1000, 1001, 1002, 1003, 1007, 1009, 1010, 1014, 3000, 3999, 4000, 4999,
    ] {
        let mut client = served.client().await;
        client.send(&close_frame(code)).await;
        assert_eq!(client.verdict().await, Some(code));
        assert_eq!(served.ends.next().await, (code, Peer));
    }
    served.finish().await;
}

#[tokio::test]
async fn text_that_is_not_utf8_is_answered_with_1007() {
    is_closed_with(1007, Limits::default(), &masked(TEXT, b"ab\xc0\xaf")).await;
}

#[tokio::test]
async fn a_bad_byte_is_found_in_a_frame_that_is_still_arriving() {
    let mut begun = masked_header(TEXT, 1000);
    begun.extend(&masked(TEXT, b"grin \xf8")[6..]);
    is_closed_with(1007, Limits::default(), &begun).await;
}

#[tokio::test]
async fn a_bad_byte_is_found_in_a_fragment_whose_message_goes_on() {
    is_closed_with(
        1007,
        Limits::default(),
        &masked(FIRST_TEXT, b"\xed\xa0\x80"),
    )
    .await;
}

#[tokio::test]
async fn a_close_reason_that_is_not_utf8_is_answered_with_1007() {
    is_closed_with(1007, Limits::default(), &masked(CLOSE, b"\x03\xe8\xff")).await;
}

#[tokio::test]
async fn a_message_at_the_limit_passes_and_one_byte_more_is_answered_with_1009() {
    let limits = Limits::default().message_bytes(1000);
    let served = Served::echo(limits).await;
    let mut client = served.client().await;
    client.echo(&"m".repeat(1000)).await;
    let fragments = [
        masked(FIRST_TEXT, &[b'm'; 600]),
        masked(CONTINUATION | 0x80, &[b'm'; 400]),
    ];
    client.send(&fragments.concat()).await;
    assert_eq!(client.frame().await.unwrap().payload.len(), 1000);
    client.send(&masked(BINARY, &[b'm'; 1001])).await;
    assert_eq!(client.verdict().await, Some(1009));
    assert_eq!(served.end().await, (1009, Server));
}

#[tokio::test]
async fn fragments_that_grow_beyond_the_limit_are_answered_with_1009() {
    let fragments = [
        masked(FIRST_TEXT, &[b'm'; 600]),
        masked_header(CONTINUATION, 401),
    ];
    let limits = Limits::default().message_bytes(1000);
    is_closed_with(1009, limits, &fragments.concat()).await;
}

#[tokio::test]
async fn a_frame_at_the_limit_passes_and_one_byte_more_is_answered_with_1009_by_its_header() {
    let limits = Limits::default().frame_bytes(1000);
    let served = Served::echo(limits).await;
    let mut client = served.client().await;
    client.echo(&"f".repeat(1000)).await;
    client.send(&masked_header(BINARY, 1001)).await;
    assert_eq!(client.verdict().await, Some(1009));
    assert_eq!(served.end().await, (1009, Server));
}

#[tokio::test]
async fn a_frame_that_announces_all_there_is_costs_nothing() {
    is_closed_with(
        1009,
        Limits::default(),
        &masked_header(BINARY, i64::MAX.unsigned_abs()),
    )
    .await;
}

#[tokio::test]
async fn what_follows_a_close_is_ignored() {
    let served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    let bytes = [
        close_frame(4000),
        masked(TEXT, b"too late"),
        vec![0xff; 100],
    ]
    .concat();
    client.send(&bytes).await;
    assert_eq!(client.verdict().await, Some(4000));
    assert_eq!(served.end().await, (4000, Peer));
}
