//! What frames are taken for, and what is written into them.

use super::*;
use crate::{Empty, Publication, PublishRequest, Request};

fn publish(data: &'static [u8]) -> Command {
    let request = PublishRequest {
        channel: "news".to_owned(),
        data: Bytes::from_static(data),
        ..PublishRequest::default()
    };
    Command::new(7, Request::Publish(request))
}

fn read(frame: &'static [u8]) -> Result<Vec<Command>, DecodeError> {
    Codec::Json.decode(&Bytes::from_static(frame)).collect()
}

fn read_protobuf(frame: &[u8]) -> Result<Vec<Command>, DecodeError> {
    Codec::Protobuf
        .decode(&Bytes::copy_from_slice(frame))
        .collect()
}

#[test]
fn one_line_feed_may_end_a_frame_and_no_line_is_empty() {
    assert_eq!(read(b"{}\n{}\n").unwrap().len(), 2);
    for frame in [&b""[..], b"\n", b"{}\n\n", b"{}\n\n{}", b"\n{}"] {
        let last = Codec::Json.decode::<Command>(&Bytes::from_static(frame));
        assert_eq!(last.last(), Some(Err(DecodeError::Empty)), "{frame:?}");
    }
}

#[test]
fn what_is_no_object_is_no_message() {
    for frame in [
        &b"null"[..],
        b"[]",
        b"[7]",
        b"7",
        b"\"\"",
        b" ",
        b"\r",
        b"{",
        b"{}{}",
        b"{} x",
        b"boom",
        br#"{"id":7,"publish":["news"]}"#,
        br#"{"id":7,"publish":"news"}"#,
        br#"{"id":-1}"#,
        br#"{"id":4294967296}"#,
        br#"{"id":1.0}"#,
        br#"{"id":"1"}"#,
        br#"{"id":1,"publish":{"data":}}"#,
        br#"{"id":1,"publish":{"data":01}}"#,
        br#"{"id":1,"subscribe":{"channel":"a","offset":18446744073709551616}}"#,
        b"{\"id\":1,\"publish\":{\"channel\":\"\xff\"}}",
        b"{\"id\":1,\"publish\":{\"data\":\"\xff\"}}",
    ] {
        assert_eq!(
            read(frame),
            Err(DecodeError::Malformed),
            "{}",
            frame.escape_ascii()
        );
    }
}

#[test]
fn spaces_unknown_fields_and_nulls_say_nothing() {
    let plain = read(br#"{"id":7,"publish":{"channel":"news","data":[1, 2]}}"#).unwrap();
    let other = read(
        br#" { "id":7,"new":{"a":[{}]},"connect":null, "publish" :{"key":null,"channel":"news","x":1,"data": [1, 2] }} "#,
    );
    assert_eq!(other.unwrap(), plain);
    let reply: Reply = Codec::Json
        .decode_one(br#"{"id":1,"error":null,"history":{"publications":null,"epoch":"x"}}"#)
        .unwrap();
    assert_eq!(
        (reply.error, reply.history.unwrap().epoch.as_str()),
        (None, "x")
    );
}

#[test]
fn a_field_that_comes_twice_is_refused() {
    assert_eq!(read(br#"{"id":1,"id":1}"#), Err(DecodeError::Malformed));
    let twice = br#"{"id":1,"send":{"data":1,"data":2}}"#;
    assert_eq!(read(twice), Err(DecodeError::Malformed));
    assert_eq!(read(br#"{"id":1,"x":1,"x":2}"#).unwrap().len(), 1);
}

#[test]
fn numbers_are_read_up_to_their_last_bit() {
    let frame = br#"{"id":4294967295,"subscribe":{"offset":18446744073709551615,"flag":-9223372036854775808}}"#;
    let command = read(frame).unwrap().remove(0);
    let subscribe = command.subscribe.unwrap();
    assert_eq!(command.id, u32::MAX);
    assert_eq!((subscribe.offset, subscribe.flag), (u64::MAX, i64::MIN));
}

#[test]
fn payloads_pass_as_they_stand_but_for_line_feeds() {
    for (data, line) in [
        (
            &br#"{"a": 1.50,"b":"\u00e9\n"}"#[..],
            r#"{"a": 1.50,"b":"\u00e9\n"}"#,
        ),
        (b"{\n \"a\":\r\n1\n}\n", "{ \"a\":\r1}"),
        (b" null ", "null"),
        (b"1e400", "1e400"),
    ] {
        let mut frame = BytesMut::new();
        Codec::Json.encode(&publish(data), &mut frame).unwrap();
        let expected = format!(r#"{{"id":7,"publish":{{"channel":"news","data":{line}}}}}"#);
        assert_eq!(str::from_utf8(&frame).unwrap(), expected);
    }
}

#[test]
fn what_is_no_json_leaves_a_frame_as_it_was() {
    // Without its line feed, the last but one would be JSON.
    for data in [
        &b"boom"[..],
        b"{",
        b"{}{}",
        b"\"\xff\"",
        b"\"a\nb\"",
        b"1\n2",
        b"\n",
    ] {
        let mut frame = BytesMut::from("{}");
        assert_eq!(
            Codec::Json.encode(&publish(data), &mut frame),
            Err(NotJson),
            "{data:?}"
        );
        assert_eq!(&frame[..], b"{}");
        Codec::Protobuf.encode(&publish(data), &mut frame).unwrap();
    }
}

#[test]
fn a_ping_is_an_empty_object_and_one_zero_byte() {
    let mut frame = BytesMut::new();
    Codec::Json.encode(&Reply::ping(), &mut frame).unwrap();
    Codec::Json.encode(&Push::default(), &mut frame).unwrap();
    assert_eq!(&frame[..], b"{}\n{}");
    frame.clear();
    Codec::Protobuf.encode(&Reply::ping(), &mut frame).unwrap();
    assert_eq!(&frame[..], b"\0");
    assert_eq!(
        read_protobuf(b"\0\0").unwrap(),
        [Command::default(), Command::default()]
    );
}

#[test]
fn lengths_are_held_against_the_frame() {
    let cut_off = Err(DecodeError::CutOff);
    assert_eq!(read_protobuf(b""), Err(DecodeError::Empty));
    assert_eq!(read_protobuf(b"\x02\x08"), cut_off);
    assert_eq!(read_protobuf(b"\0\x01"), cut_off);
    assert_eq!(
        read_protobuf(b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        cut_off
    );
    for frame in [&b"\x80"[..], &[0xff; 11], b"\x02\x08\x80", b"\x01\x07"] {
        assert_eq!(
            read_protobuf(frame),
            Err(DecodeError::Malformed),
            "{frame:?}"
        );
    }
    // Field 4, connect: its token is no UTF-8.
    assert_eq!(
        read_protobuf(b"\x05\x22\x03\x0a\x01\xff"),
        Err(DecodeError::Malformed)
    );
    // Fields 100 and 3 are unknown.
    assert_eq!(
        read_protobuf(b"\x07\xa0\x06\x01\x1a\x00\x08\x07").unwrap()[0].id,
        7
    );
}

#[test]
fn a_frame_has_as_many_messages_as_it_may() {
    let frame = Bytes::from_static(b"{}\n{}\n{}");
    let decode = |most| Codec::Json.decode::<Command>(&frame).at_most(most);
    assert!(decode(3).all(|message| message.is_ok()));
    let messages: Vec<_> = decode(2).collect();
    assert_eq!(
        messages[1..],
        [Ok(Command::default()), Err(DecodeError::TooMany)]
    );
}

#[test]
fn messages_nest_only_so_deep() {
    let filter = |depth: usize| {
        let (open, close) = (r#"{"nodes":["#.repeat(depth), "]}".repeat(depth));
        let line = format!(r#"{{"id":1,"subscribe":{{"tf":{open}{close}}}}}"#);
        Codec::Json.decode_one::<Command>(line.as_bytes())
    };
    assert!(filter(60).is_ok());
    assert_eq!(filter(70), Err(DecodeError::Malformed));
    let nested = |depth: usize| {
        let node = (0..depth).fold(Vec::new(), |inner: Vec<u8>, _| {
            let mut node = vec![0x32];
            prost::encode_length_delimiter(inner.len(), &mut node).unwrap();
            node.extend(inner);
            node
        });
        Codec::Protobuf.decode_one::<Command>(&[&[0x2a][..], &tf(&node)].concat())
    };
    assert!(nested(90).is_ok());
    assert_eq!(nested(110), Err(DecodeError::Malformed));
}

/// A subscribe request's length, and its filter.
fn tf(node: &[u8]) -> Vec<u8> {
    let (mut filter, mut request) = (vec![0x6a], Vec::new());
    prost::encode_length_delimiter(node.len(), &mut filter).unwrap();
    filter.extend(node);
    prost::encode_length_delimiter(filter.len(), &mut request).unwrap();
    request.extend(filter);
    request
}

#[test]
fn a_payload_does_not_keep_its_frame() {
    for codec in [Codec::Json, Codec::Protobuf] {
        let mut frame = BytesMut::new();
        codec.encode(&publish(b"[1]"), &mut frame).unwrap();
        let frame = frame.freeze();
        let command: Command = codec.decode(&frame).next().unwrap().unwrap();
        assert!(frame.is_unique());
        assert_eq!(command.publish.unwrap().data, "[1]");
    }
}

#[test]
fn nothing_stands_for_no_payload() {
    let mut frame = BytesMut::new();
    Codec::Json.encode(&publish(b""), &mut frame).unwrap();
    let push = Push::publication("news", Publication::default());
    Codec::Json.encode(&push, &mut frame).unwrap();
    let reply = Reply {
        ping: Some(Empty {}),
        ..Reply::default()
    };
    Codec::Json.encode(&reply, &mut frame).unwrap();
    let expected: &[u8] = b"{\"id\":7,\"publish\":{\"channel\":\"news\"}}\n{\"channel\":\"news\",\"pub\":{}}\n{\"ping\":{}}";
    assert_eq!(frame, expected);
}
