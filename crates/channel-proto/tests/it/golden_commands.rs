//! The bytes of each command, by hand: names and numbers as in `client.proto`.

use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use sockeye_channel_proto::{
    Codec, Command, ConnectRequest, Empty, FilterNode, HistoryRequest, PresenceRequest,
    PresenceStatsRequest, PublishRequest, RefreshRequest, Request, RpcRequest, SendRequest,
    StreamPosition, SubRefreshRequest, SubscribeRequest, UnsubscribeRequest, Wire,
};

pub(crate) fn check<T: Wire + PartialEq + Debug>(message: &T, json: &str, protobuf: &[u8]) {
    for (codec, expected) in [(Codec::Json, json.as_bytes()), (Codec::Protobuf, protobuf)] {
        let mut frame = BytesMut::new();
        codec.encode(message, &mut frame).unwrap();
        if codec == Codec::Protobuf {
            assert_eq!(usize::from(frame.split_to(1)[0]), expected.len(), "{json}");
        }
        let shown = (frame.escape_ascii(), expected.escape_ascii());
        assert_eq!(&frame[..], expected, "{} is not {}", shown.0, shown.1);
        assert_eq!(
            &codec.decode_one::<T>(expected).unwrap(),
            message,
            "{codec:?}"
        );
    }
}

pub(crate) const fn bytes(bytes: &'static str) -> Bytes {
    Bytes::from_static(bytes.as_bytes())
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn command(request: Request, json: &str, protobuf: &[u8]) {
    check(&Command::new(7, request), json, protobuf);
}

#[test]
fn pong_and_ping() {
    check(&Command::default(), "{}", b"");
    let ping = Command {
        ping: Some(Empty {}),
        ..Command::default()
    };
    check(&ping, r#"{"ping":{}}"#, b"\x5a\x00");
}

#[test]
fn connect() {
    let connect = Request::Connect(Box::default());
    command(connect, r#"{"id":7,"connect":{}}"#, b"\x08\x07\x22\x00");
    let connect = ConnectRequest {
        token: text("t"),
        data: bytes("1"),
        subs: [(text("a"), SubscribeRequest::default())].into(),
        name: text("js"),
        version: text("5"),
        headers: [(text("h"), text("v"))].into(),
        flag: 1,
        dict: text("d"),
        profile: text("p"),
    };
    command(
        Request::Connect(Box::new(connect)),
        r#"{"id":7,"connect":{"token":"t","data":1,"subs":{"a":{}},"name":"js","version":"5","headers":{"h":"v"},"flag":1,"dict":"d","profile":"p"}}"#,
        b"\x08\x07\x22\x22\x0a\x01t\x12\x011\x1a\x03\x0a\x01a\x22\x02js\x2a\x015\x32\x06\x0a\x01h\x12\x01v\x38\x01\x42\x01d\x4a\x01p",
    );
}

#[test]
fn subscribe() {
    let subscribe = SubscribeRequest {
        channel: text("n"),
        token: text("t"),
        recover: true,
        epoch: text("e"),
        offset: 300,
        data: bytes("1"),
        positioned: true,
        recoverable: true,
        join_leave: true,
        delta: text("fossil"),
        tf: Some(FilterNode {
            op: text("not"),
            nodes: vec![FilterNode {
                key: text("k"),
                cmp: text("in"),
                val: text("v"),
                vals: vec![text("x"), text("")],
                ..FilterNode::default()
            }],
            ..FilterNode::default()
        }),
        flag: 1,
        r#type: 1,
        phase: 2,
        cursor: text("c"),
        limit: -1,
        asc: true,
    };
    command(
        Request::Subscribe(Box::new(subscribe)),
        r#"{"id":7,"subscribe":{"channel":"n","token":"t","recover":true,"epoch":"e","offset":300,"data":1,"positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","tf":{"op":"not","nodes":[{"key":"k","cmp":"in","val":"v","vals":["x",""]}]},"flag":1,"type":1,"phase":2,"cursor":"c","limit":-1,"asc":true}}"#,
        b"\x08\x07\x2a\x51\x0a\x01n\x12\x01t\x18\x01\x32\x01e\x38\xac\x02\x42\x011\x48\x01\x50\x01\x58\x01\x62\x06fossil\x6a\x16\x0a\x03not\x32\x0f\x12\x01k\x1a\x02in\x22\x01v\x2a\x01x\x2a\x00\x70\x01\x78\x01\x80\x01\x02\x8a\x01\x01c\x90\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x98\x01\x01",
    );
}

#[test]
fn publish_and_unsubscribe() {
    let publish = PublishRequest {
        channel: text("n"),
        data: bytes("{}"),
        r#type: 1,
        key: text("k"),
        removed: true,
    };
    command(
        Request::Publish(publish),
        r#"{"id":7,"publish":{"channel":"n","data":{},"type":1,"key":"k","removed":true}}"#,
        b"\x08\x07\x3a\x0e\x0a\x01n\x12\x02{}\x18\x01\x22\x01k\x28\x01",
    );
    let channel = text("n");
    command(
        Request::Unsubscribe(UnsubscribeRequest { channel }),
        r#"{"id":7,"unsubscribe":{"channel":"n"}}"#,
        b"\x08\x07\x32\x03\x0a\x01n",
    );
}

#[test]
fn presence_and_history() {
    let channel = text("n");
    command(
        Request::Presence(PresenceRequest { channel }),
        r#"{"id":7,"presence":{"channel":"n"}}"#,
        b"\x08\x07\x42\x03\x0a\x01n",
    );
    let channel = text("n");
    command(
        Request::PresenceStats(PresenceStatsRequest { channel }),
        r#"{"id":7,"presence_stats":{"channel":"n"}}"#,
        b"\x08\x07\x4a\x03\x0a\x01n",
    );
    let since = StreamPosition {
        offset: 1,
        epoch: text("e"),
    };
    let history = HistoryRequest {
        channel: text("n"),
        limit: 10,
        since: Some(since),
        reverse: true,
    };
    command(
        Request::History(history),
        r#"{"id":7,"history":{"channel":"n","limit":10,"since":{"offset":1,"epoch":"e"},"reverse":true}}"#,
        b"\x08\x07\x52\x0e\x0a\x01n\x38\x0a\x42\x05\x08\x01\x12\x01e\x48\x01",
    );
}

#[test]
fn send_and_rpc() {
    let send = SendRequest { data: bytes("1") };
    check(
        &Command::new(0, Request::Send(send)),
        r#"{"send":{"data":1}}"#,
        b"\x62\x03\x0a\x011",
    );
    let rpc = RpcRequest {
        data: bytes("1"),
        method: text("m"),
    };
    command(
        Request::Rpc(rpc),
        r#"{"id":7,"rpc":{"data":1,"method":"m"}}"#,
        b"\x08\x07\x6a\x06\x0a\x011\x12\x01m",
    );
}

#[test]
fn refresh_and_sub_refresh() {
    let token = text("t");
    command(
        Request::Refresh(RefreshRequest { token }),
        r#"{"id":7,"refresh":{"token":"t"}}"#,
        b"\x08\x07\x72\x03\x0a\x01t",
    );
    let refresh = SubRefreshRequest {
        channel: text("n"),
        token: text("t"),
        r#type: 1,
    };
    command(
        Request::SubRefresh(refresh),
        r#"{"id":7,"sub_refresh":{"channel":"n","token":"t","type":1}}"#,
        b"\x08\x07\x7a\x08\x0a\x01n\x12\x01t\x18\x01",
    );
}
