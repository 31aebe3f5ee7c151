//! What callers of the API get, method by method.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, from_slice, from_str, json};
use sockeye_channels::{Access, MemoryBroker, Namespace, Settings};

use super::*;

mod book;

/// The methods, as they are called. `openapi.json` describes each.
const METHODS: [&str; 15] = [
    "publish",
    "broadcast",
    "subscribe",
    "unsubscribe",
    "disconnect",
    "refresh",
    "presence",
    "presence_stats",
    "history",
    "history_remove",
    "channels",
    "info",
    "connections",
    "send",
    "batch",
];

fn channels() -> Channels {
    let kept = Namespace::default()
        .history(10, std::time::Duration::from_secs(60))
        .durability(sockeye_channels::Durability::Ephemeral)
        .allow_subscribe(Access::CLIENTS);
    let settings = Settings::default()
        .namespace("kept", kept)
        .namespace("open", Namespace::default());
    let broker = Arc::new(MemoryBroker::new());
    Channels::new(settings.validate().unwrap(), broker).unwrap()
}

async fn call(call: &Call, method: &str, body: Value) -> Value {
    let body = Bytes::from(body.to_string());
    let response = call.method(method, &body, Mode::Body).await;
    assert_eq!(response.status(), 200, "{response:?}");
    from_slice(response.body()).unwrap()
}

#[test]
fn the_description_has_each_method_and_no_other() {
    let described: Value = from_str(OPENAPI).unwrap();
    let paths = described["paths"].as_object().unwrap();
    let described: BTreeSet<_> = paths.keys().map(String::as_str).collect();
    let methods = METHODS.map(|method| format!("/api/{method}"));
    assert_eq!(described, methods.iter().map(String::as_str).collect());
    for path in paths.values() {
        assert!(path["post"]["requestBody"]["required"] == true);
    }
}

#[tokio::test]
async fn every_method_that_is_described_is_known() {
    let calls = Call::new(channels(), 10);
    for method in METHODS {
        let answer = call(&calls, method, json!({})).await;
        assert_ne!(answer["error"]["code"], 104, "{method}");
    }
    let unknown = call(&calls, "sing", json!({})).await;
    assert_eq!(
        unknown,
        json!({"error": {"code": 104, "message": "method not found"}})
    );
}

#[tokio::test]
async fn what_is_published_is_in_history_as_it_was_written() {
    let calls = Call::new(channels(), 10);
    let published = call(
        &calls,
        "publish",
        json!({"channel": "kept:a", "data": {"b": [1, 2.50]}}),
    )
    .await;
    assert_eq!(published["result"]["offset"], 1);
    let epoch = published["result"]["epoch"].clone();
    let history = call(&calls, "history", json!({"channel": "kept:a", "limit": -1})).await;
    let expected = json!({"publications": [{"data": {"b": [1, 2.5]}, "offset": 1, "epoch": epoch}], "epoch": epoch, "offset": 1});
    assert_eq!(history["result"], expected);
    let fleeting = call(
        &calls,
        "publish",
        json!({"channel": "open:a", "b64data": "MQ=="}),
    )
    .await;
    assert_eq!(fleeting, json!({"result": {}}));
    let repeated = json!({"channel": "kept:a", "data": 1, "idempotency_key": "k"});
    for _ in 0..2 {
        assert_eq!(
            call(&calls, "publish", repeated.clone()).await["result"]["offset"],
            2
        );
    }
}

#[tokio::test]
async fn a_broadcast_and_a_batch_answer_for_each() {
    let calls = Call::new(channels(), 2);
    let both = json!({"channels": ["kept:a", "nowhere:b"], "data": 1});
    let answer = call(&calls, "broadcast", both).await;
    let responses = &answer["result"]["responses"];
    assert_eq!(responses[0]["result"]["offset"], 1);
    assert_eq!(responses[1]["error"]["code"], 102);
    let commands = json!({"commands": [{"history_remove": {"channel": "kept:a"}}, {"presence": {"channel": "kept:a"}}]});
    let answer = call(&calls, "batch", commands).await;
    assert_eq!(answer["replies"][0], json!({"history_remove": {}}));
    assert_eq!(answer["replies"][1]["error"]["code"], 108);
    let too_many = json!({"channels": ["a", "b", "c"], "data": 1});
    assert_eq!(
        call(&calls, "broadcast", too_many).await["error"]["code"],
        107
    );
    let lines = b"{\"method\":\"publish\",\"params\":{\"channel\":\"kept:a\",\"data\":1}}\n{\"method\":\"sing\"}";
    let answer = calls.lines(&Bytes::from_static(lines)).await;
    let lines: Vec<Value> = answer
        .body()
        .split(|byte| *byte == b'\n')
        .map(|line| from_slice(line).unwrap())
        .collect();
    assert_eq!(lines[0]["result"]["offset"], 2);
    assert_eq!(lines[1]["error"]["code"], 104);
}

#[tokio::test]
async fn errors_are_in_the_status_if_that_is_asked_for() {
    let calls = Call::new(channels(), 2);
    for (method, body, status) in [
        ("publish", r#"{"channel": "nowhere:a", "data": 1}"#, 404),
        ("presence", r#"{"channel": "kept:a"}"#, 400),
        (
            "history",
            r#"{"channel": "kept:a", "since": {"offset": 1, "epoch": "x"}, "limit": 1}"#,
            416,
        ),
    ] {
        let response = calls.method(method, &Bytes::from(body), Mode::Status).await;
        assert_eq!(response.status(), status, "{method}");
        let error: Value = from_slice(response.body()).unwrap();
        assert!(error["code"].is_u64() && error["message"].is_string());
    }
    let unreadable = calls
        .method("publish", &Bytes::from_static(b"{"), Mode::Body)
        .await;
    assert_eq!(unreadable.status(), 400);
}

#[tokio::test]
async fn channels_are_found_by_their_shape_and_what_runs_is_told() {
    let calls = Call::new(channels(), 2);
    let info = call(&calls, "info", json!({})).await;
    assert_eq!(info["result"]["nodes"][0]["name"], "sockeye");
    let none = call(&calls, "channels", json!({"pattern": "*"})).await;
    assert_eq!(none["result"], json!({"channels": {}}));
    for (pattern, name, is_one) in [
        ("*", "", true),
        ("news:*", "news:a:b", true),
        ("n?ws:*b", "news:ab", true),
        ("news", "news:a", false),
        ("*a*b*", "xxayybzz", true),
        ("*a*b", "xxayybzz", false),
        ("?", "é", true),
    ] {
        assert_eq!(call::matches(pattern, name), is_one, "{pattern} {name}");
    }
}
