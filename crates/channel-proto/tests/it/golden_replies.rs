//! The bytes of each reply and each push, by hand: names and numbers as in `client.proto`.

use sockeye_channel_proto::{
    ClientInfo, ConnectPush, ConnectResult, Disconnect, Empty, Error, ErrorCode, HistoryResult,
    PresenceResult, PresenceStatsResult, Publication, Push, RefreshPush, RefreshResult, Reply,
    RpcResult, SubRefreshResult, SubscribePush, SubscribeResult, Unsubscribe,
};

use crate::golden_commands::{bytes, check};

fn text(text: &str) -> String {
    text.to_owned()
}

fn info() -> ClientInfo {
    ClientInfo {
        client: text("c"),
        ..ClientInfo::default()
    }
}

fn publication() -> Publication {
    Publication {
        data: bytes("{}"),
        offset: 1,
        ..Publication::default()
    }
}

#[test]
fn pings_and_empty_results() {
    check(&Reply::ping(), "{}", b"");
    check(
        &Reply::publish(7),
        r#"{"id":7,"publish":{}}"#,
        b"\x08\x07\x42\x00",
    );
    let unsubscribed = Reply::unsubscribe(7);
    check(
        &unsubscribed,
        r#"{"id":7,"unsubscribe":{}}"#,
        b"\x08\x07\x3a\x00",
    );
    let ping = Reply {
        ping: Some(Empty {}),
        ..Reply::default()
    };
    check(&ping, r#"{"ping":{}}"#, b"\x62\x00");
    check(
        &Reply::rpc(7, RpcResult::default()),
        r#"{"id":7,"rpc":{}}"#,
        b"\x08\x07\x6a\x00",
    );
}

#[test]
fn errors() {
    check(
        &Reply::error(7, ErrorCode::PermissionDenied),
        r#"{"id":7,"error":{"code":103,"message":"permission denied"}}"#,
        b"\x08\x07\x12\x15\x08\x67\x12\x11permission denied",
    );
    let error = Error {
        code: 1000,
        message: text("no"),
        temporary: true,
    };
    check(
        &Reply::error(7, error),
        r#"{"id":7,"error":{"code":1000,"message":"no","temporary":true}}"#,
        b"\x08\x07\x12\x09\x08\xe8\x07\x12\x02no\x18\x01",
    );
}

#[test]
fn connected() {
    let result = ConnectResult {
        client: text("c"),
        version: text("v"),
        expires: true,
        ttl: 60,
        data: bytes("1"),
        subs: [(text("a"), SubscribeResult::default())].into(),
        ping: 25,
        pong: true,
        session: text("s"),
        node: text("n"),
        time: 1,
        flag: 2,
    };
    check(
        &Reply::connect(1, result),
        r#"{"id":1,"connect":{"client":"c","version":"v","expires":true,"ttl":60,"data":1,"subs":{"a":{}},"ping":25,"pong":true,"session":"s","node":"n","time":1,"flag":2}}"#,
        b"\x08\x01\x2a\x22\x0a\x01c\x12\x01v\x18\x01\x20\x3c\x2a\x011\x38\x19\x40\x01\x4a\x01s\x52\x01n\x58\x01\x60\x02\x32\x05\x0a\x01a\x12\x00",
    );
}

#[test]
fn subscribed() {
    let result = SubscribeResult {
        expires: true,
        ttl: 60,
        recoverable: true,
        epoch: text("e"),
        publications: vec![publication()],
        recovered: true,
        offset: 1,
        positioned: true,
        data: bytes("1"),
        was_recovering: true,
        delta: true,
        id: 5,
        r#type: 1,
        phase: 2,
        cursor: text("c"),
    };
    check(
        &Reply::subscribe(1, result),
        r#"{"id":1,"subscribe":{"expires":true,"ttl":60,"recoverable":true,"epoch":"e","publications":[{"data":{},"offset":1}],"recovered":true,"offset":1,"positioned":true,"data":1,"was_recovering":true,"delta":true,"id":5,"type":1,"phase":2,"cursor":"c"}}"#,
        b"\x08\x01\x32\x29\x08\x01\x10\x3c\x18\x01\x32\x01e\x3a\x06\x22\x02{}\x30\x01\x40\x01\x48\x01\x50\x01\x5a\x011\x60\x01\x68\x01\x70\x05\x78\x01\x80\x01\x02\x8a\x01\x01c",
    );
}

#[test]
fn presence() {
    let empty = Reply::presence(7, PresenceResult::default());
    check(
        &empty,
        r#"{"id":7,"presence":{"presence":{}}}"#,
        b"\x08\x07\x4a\x00",
    );
    let presence = PresenceResult {
        presence: [(text("c"), info())].into(),
    };
    check(
        &Reply::presence(7, presence),
        r#"{"id":7,"presence":{"presence":{"c":{"user":"","client":"c"}}}}"#,
        b"\x08\x07\x4a\x0a\x0a\x08\x0a\x01c\x12\x03\x12\x01c",
    );
    check(
        &Reply::presence_stats(7, PresenceStatsResult::default()),
        r#"{"id":7,"presence_stats":{"num_clients":0,"num_users":0}}"#,
        b"\x08\x07\x52\x00",
    );
}

#[test]
fn history() {
    check(
        &Reply::history(7, HistoryResult::default()),
        r#"{"id":7,"history":{"publications":[],"epoch":"","offset":0}}"#,
        b"\x08\x07\x5a\x00",
    );
    let history = HistoryResult {
        publications: vec![publication()],
        epoch: text("e"),
        offset: u64::MAX,
    };
    check(
        &Reply::history(7, history),
        r#"{"id":7,"history":{"publications":[{"data":{},"offset":1}],"epoch":"e","offset":18446744073709551615}}"#,
        b"\x08\x07\x5a\x16\x0a\x06\x22\x02{}\x30\x01\x12\x01e\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    );
}

#[test]
fn refreshed() {
    let result = RefreshResult {
        client: text("c"),
        version: text("v"),
        expires: true,
        ttl: 60,
    };
    check(
        &Reply::refresh(7, result),
        r#"{"id":7,"refresh":{"client":"c","version":"v","expires":true,"ttl":60}}"#,
        b"\x08\x07\x72\x0a\x0a\x01c\x12\x01v\x18\x01\x20\x3c",
    );
    let result = SubRefreshResult {
        expires: true,
        ttl: 60,
    };
    check(
        &Reply::sub_refresh(7, result),
        r#"{"id":7,"sub_refresh":{"expires":true,"ttl":60}}"#,
        b"\x08\x07\x7a\x04\x08\x01\x10\x3c",
    );
}

#[test]
fn pushed_publications() {
    check(
        &Reply::from(Push::publication("n", publication())),
        r#"{"push":{"channel":"n","pub":{"data":{},"offset":1}}}"#,
        b"\x22\x0b\x12\x01n\x22\x06\x22\x02{}\x30\x01",
    );
    let publication = Publication {
        data: bytes(r#""p""#),
        info: Some(ClientInfo {
            user: text("u"),
            conn_info: bytes("1"),
            chan_info: bytes("2"),
            ..info()
        }),
        offset: 1,
        tags: [(text("t"), text("v"))].into(),
        delta: true,
        time: 1,
        channel: text("x"),
        key: text("k"),
        removed: true,
        score: -1,
        epoch: text("e"),
        version: 3,
    };
    check(
        &Push::publication("n", publication),
        r#"{"channel":"n","pub":{"data":"p","info":{"user":"u","client":"c","conn_info":1,"chan_info":2},"offset":1,"tags":{"t":"v"},"delta":true,"time":1,"channel":"x","key":"k","removed":true,"score":-1,"epoch":"e","version":3}}"#,
        b"\x12\x01n\x22\x31\x22\x03\"p\"\x2a\x0c\x0a\x01u\x12\x01c\x1a\x011\x22\x012\x30\x01\x3a\x06\x0a\x01t\x12\x01v\x40\x01\x48\x01\x52\x01x\x5a\x01k\x60\x01\x68\x01\x72\x01e\x80\x01\x03",
    );
}

#[test]
fn pushes_about_a_channel() {
    check(
        &Push::join("n", info()),
        r#"{"channel":"n","join":{"info":{"user":"","client":"c"}}}"#,
        b"\x12\x01n\x2a\x05\x0a\x03\x12\x01c",
    );
    check(
        &Push::leave("n", info()),
        r#"{"channel":"n","leave":{"info":{"user":"","client":"c"}}}"#,
        b"\x12\x01n\x32\x05\x0a\x03\x12\x01c",
    );
    check(
        &Push::unsubscribe("n", Unsubscribe::Insufficient),
        r#"{"channel":"n","unsubscribe":{"code":2500,"reason":"insufficient state"}}"#,
        b"\x12\x01n\x3a\x17\x10\xc4\x13\x1a\x12insufficient state",
    );
    let subscription = SubscribePush {
        recoverable: true,
        epoch: text("e"),
        offset: 9,
        positioned: true,
        data: bytes("1"),
    };
    check(
        &Push::subscribe("n", subscription),
        r#"{"channel":"n","subscribe":{"recoverable":true,"epoch":"e","offset":9,"positioned":true,"data":1}}"#,
        b"\x12\x01n\x4a\x0c\x08\x01\x22\x01e\x28\x09\x30\x01\x3a\x011",
    );
}

#[test]
fn pushes_about_the_connection() {
    check(
        &Push::message(bytes("1")),
        r#"{"message":{"data":1}}"#,
        b"\x42\x03\x0a\x011",
    );
    let accepted = ConnectPush {
        client: text("c"),
        version: text("v"),
        data: bytes("1"),
        subs: [(text("a"), SubscribeResult::default())].into(),
        expires: true,
        ttl: 60,
        ping: 25,
        pong: true,
        session: text("s"),
        node: text("n"),
        time: 1,
    };
    check(
        &Push::connect(accepted),
        r#"{"connect":{"client":"c","version":"v","data":1,"subs":{"a":{}},"expires":true,"ttl":60,"ping":25,"pong":true,"session":"s","node":"n","time":1}}"#,
        b"\x52\x20\x0a\x01c\x12\x01v\x1a\x011\x28\x01\x30\x3c\x38\x19\x40\x01\x4a\x01s\x52\x01n\x58\x01\x22\x05\x0a\x01a\x12\x00",
    );
    check(
        &Push::disconnect(Disconnect::Shutdown),
        r#"{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}"#,
        b"\x5a\x0f\x08\xb9\x17\x12\x08shutdown\x18\x01",
    );
    let deadline = RefreshPush {
        expires: true,
        ttl: 60,
    };
    check(
        &Push::refresh(deadline),
        r#"{"refresh":{"expires":true,"ttl":60}}"#,
        b"\x62\x04\x08\x01\x10\x3c",
    );
}
