//! What an application gets, and what its answers do.

mod events;

use std::{sync::Arc, time::Duration};

use ring::hmac;
use serde_json::{Value, from_slice, from_str, json};
use sockeye::{Endpoints, MemoryPeer, RequestHead};
use sockeye_channels::{Channels, MemoryBroker, Namespace, Rpc, Settings};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;
use crate::config::Secret;

/// Long enough for a busy machine; a test that waits for so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an application answers with; `None`: not at all.
type Answers = fn(&Asked) -> Option<(u16, Value)>;

/// A request, as the application gets it.
#[derive(Debug)]
struct Asked {
    path: String,
    headers: Vec<(String, String)>,
    text: String,
    /// How many came before it.
    number: u32,
}

impl Asked {
    fn body(&self) -> Value {
        from_str(&self.text).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(its, _)| its == name);
        found.map(|(_, value)| value.as_str())
    }
}

struct Application {
    url: String,
    asked: mpsc::UnboundedReceiver<Asked>,
}

impl Application {
    async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, number, answers, tell.clone()));
            }
        });
        Self { url, asked }
    }

    fn config(&self) -> config::Hooks {
        let url = |path| Some(format!("{}/{path}", self.url));
        config::Hooks {
            connect: url("connect"),
            refresh: url("refresh"),
            subscribe: url("subscribe"),
            sub_refresh: url("sub_refresh"),
            publish: url("publish"),
            rpc: url("rpc"),
            events: url("events"),
            secret: None,
            timeout: PATIENCE,
            requests: 8,
            event_bytes: 1 << 20,
            headers: Vec::new(),
            emulated_headers: Vec::new(),
        }
    }

    async fn next(&mut self) -> Asked {
        let next = tokio::time::timeout(PATIENCE, self.asked.recv());
        next.await.unwrap().unwrap()
    }

    /// The next question that is no event, with its client's name left out.
    async fn next_question(&mut self) -> (String, Value) {
        loop {
            let asked = self.next().await;
            if asked.path != "/events" {
                let mut body = asked.body();
                assert!(body["client"].take().is_string());
                return (asked.path, body);
            }
        }
    }
}

/// Answers one request.
async fn serve(
    stream: TcpStream,
    number: u32,
    answers: Answers,
    tell: mpsc::UnboundedSender<Asked>,
) {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<_> = lines[1..]
        .iter()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.unwrap().1.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    let asked = Asked {
        path: lines[0].split(' ').nth(1).unwrap().to_owned(),
        headers,
        text: String::from_utf8(body).unwrap(),
        number,
    };
    let answer = answers(&asked);
    let _ = tell.send(asked);
    if let Some((status, body)) = answer {
        let body = body.to_string();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} So\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all((head + &body).as_bytes()).await.unwrap();
    }
    // Held until the other side is gone.
    let _ = stream.read(&mut [0]).await;
}

fn hooks(config: config::Hooks) -> Arc<HttpHooks> {
    Arc::new(HttpHooks::new(config, Outgoing::new().unwrap(), 1 << 16, None, None).unwrap())
}

fn channels(hooks: Arc<dyn Hooks>) -> Channels {
    let asking = Namespace::default()
        .with_subscribe_hook()
        .with_publish_hook();
    let settings = Settings::default()
        .without_namespace(asking)
        .with_connect_hook()
        .rpc(Rpc::default().with_plain_methods());
    let broker = Arc::new(MemoryBroker::new());
    let channels = Channels::new(settings.validate().unwrap(), broker).unwrap();
    channels.hooks(hooks)
}

struct Talk(MemoryPeer);

impl Talk {
    fn new(hooks: Arc<dyn Hooks>) -> Self {
        let endpoints = Endpoints::new().at("/", channels(hooks).handler());
        Self(MemoryPeer::at(endpoints, "/").unwrap().unwrap())
    }

    /// Sends a command; returns its reply, or `null` where the connection ended.
    async fn say(&mut self, command: Value) -> Value {
        self.0.send(command.to_string()).await;
        let next = tokio::time::timeout(PATIENCE, self.0.recv());
        let reply = next.await.unwrap();
        reply.map_or(Value::Null, |reply| {
            from_slice(reply.as_text().unwrap().as_bytes()).unwrap()
        })
    }

    async fn connect(hooks: Arc<dyn Hooks>) -> Self {
        let mut talk = Self::new(hooks);
        let reply = talk.say(json!({"id": 1, "connect": {}})).await;
        assert!(reply["connect"]["client"].is_string(), "{reply}");
        talk
    }
}

/// Answers as an application does that lets everybody do everything.
fn kind(asked: &Asked) -> Option<(u16, Value)> {
    let result = match asked.path.as_str() {
        "/connect" => json!({"user": "ann", "meta": {"m": 1}, "data": [1], "subs": null}),
        "/refresh" => json!({"expire_at": 4_000_000_000_u64, "info": {"i": 1}}),
        "/sub_refresh" => json!({"expired": true}),
        "/rpc" => json!({"b64data": "eyJiIjoyfQ=="}),
        _ => json!({}),
    };
    Some((200, json!({"result": result, "error": null})))
}

/// Somebody who is connected.
async fn caller() -> Caller {
    #[derive(Debug)]
    struct Catching(mpsc::UnboundedSender<Caller>);
    impl Hooks for Catching {
        fn connect(&self, request: Connecting) -> HookReply<'_, Option<ConnectionGrant>> {
            self.0.send(request.caller).unwrap();
            Box::pin(std::future::ready(Ok(None)))
        }
    }
    let (tell, mut caught) = mpsc::unbounded_channel();
    let mut talk = Talk::new(Arc::new(Catching(tell)));
    talk.say(json!({"id": 1, "connect": {}})).await;
    caught.recv().await.unwrap()
}

#[tokio::test]
async fn each_hook_asks_with_the_fields_of_centrifugo_and_takes_the_answer() {
    let mut application = Application::start(kind).await;
    let mut talk = Talk::new(hooks(application.config()));
    let connect = json!({"name": "js", "version": "2", "data": {"a": 1}});
    let reply = talk.say(json!({"id": 1, "connect": connect})).await;
    assert_eq!(reply["connect"]["data"], json!([1]), "{reply}");
    for (id, command) in [
        json!({"subscribe": {"channel": "a", "data": 5}}),
        json!({"publish": {"channel": "b", "data": {"p": 1}}}),
        json!({"rpc": {"method": "m", "data": "x"}}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut command = command;
        command["id"] = (id + 2).into();
        let reply = talk.say(command).await;
        assert!(reply["error"].is_null(), "{reply}");
        if id == 2 {
            assert_eq!(reply["rpc"]["data"], json!({"b": 2}));
        }
    }
    let by = |rest: Value| {
        let mut body =
            json!({"client": null, "transport": "memory", "protocol": "json", "encoding": "json"});
        for (name, value) in rest.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let ann = |rest: Value| {
        let mut body = by(rest);
        (body["user"], body["meta"]) = (json!("ann"), json!({"m": 1}));
        body
    };
    for (path, body) in [
        ("/connect", by(connect)),
        ("/subscribe", ann(json!({"channel": "a", "data": 5}))),
        ("/publish", ann(json!({"channel": "b", "data": {"p": 1}}))),
        ("/rpc", ann(json!({"method": "m", "data": "x"}))),
    ] {
        assert_eq!(application.next_question().await, (path.to_owned(), body));
    }
}

#[tokio::test]
async fn what_expires_goes_on_if_the_application_says_so() {
    let mut application = Application::start(kind).await;
    let hooks = hooks(application.config());
    let caller = caller().await;
    let goes_on = Refreshed::Until {
        expire_at: 4_000_000_000,
        info: Some(Bytes::from_static(b"{\"i\":1}")),
    };
    assert_eq!(hooks.refresh(caller.clone()).await.unwrap(), goes_on);
    assert_eq!(application.next_question().await.0, "/refresh");
    let ended = hooks.sub_refresh(caller, "a".to_owned()).await.unwrap();
    assert_eq!(ended, Refreshed::Expired);
    let (path, body) = application.next_question().await;
    assert_eq!(
        (path.as_str(), &body["channel"]),
        ("/sub_refresh", &json!("a"))
    );
}

#[tokio::test]
async fn an_application_refuses_with_its_own_error_or_ends_the_connection() {
    let application = Application::start(|asked| {
        let body = asked.body();
        Some((
            200,
            match body["method"].as_str() {
                None => return kind(asked),
                Some("error") => {
                    json!({"error": {"code": 1000, "message": "no", "temporary": true}})
                }
                _ => json!({"disconnect": {"code": 4501, "reason": "away"}}),
            },
        ))
    })
    .await;
    let mut talk = Talk::connect(hooks(application.config())).await;
    let reply = talk.say(json!({"id": 2, "rpc": {"method": "error"}})).await;
    let error = json!({"code": 1000, "message": "no", "temporary": true});
    assert_eq!(reply["error"], error);
    let reply = talk.say(json!({"id": 3, "rpc": {"method": "end"}})).await;
    assert_eq!(reply, Value::Null);
    let closed = talk.0.closed().await;
    assert_eq!(
        (u16::from(closed.code), closed.reason.as_str()),
        (4501, "away")
    );
}

#[tokio::test]
async fn an_answer_that_is_none_is_error_100() {
    let application = Application::start(|asked| {
        let body = asked.body();
        Some(match body["method"].as_str() {
            None => return kind(asked),
            Some("status") => (201, json!({"result": {}})),
            Some("redirect") => (302, json!({"result": {}})),
            Some("code") => (200, json!({"error": {"code": 2000}})),
            Some("ending") => (200, json!({"disconnect": {"code": 1000}})),
            Some("base64") => (200, json!({"result": {"b64data": "?"}})),
            Some("long") => (200, json!({"result": {"data": "x".repeat(1 << 16)}})),
            Some("list") => (200, json!([1])),
            _ => (200, json!({})),
        })
    })
    .await;
    let mut talk = Talk::connect(hooks(application.config())).await;
    for method in [
        "status", "redirect", "code", "ending", "base64", "long", "list", "nothing",
    ] {
        let reply = talk.say(json!({"id": 2, "rpc": {"method": method}})).await;
        assert_eq!(reply["error"]["code"], 100, "{method}: {reply}");
    }
}

#[tokio::test]
async fn an_application_that_does_not_answer_is_error_100_also_for_those_who_wait_for_their_turn() {
    let mut application = Application::start(|_| None).await;
    let mut config = application.config();
    (config.timeout, config.requests) = (Duration::from_secs(1), 1);
    let hooks = hooks(config);
    let caller = caller().await;
    let first = tokio::spawn({
        let (hooks, caller) = (Arc::clone(&hooks), caller.clone());
        async move { hooks.refresh(caller).await }
    });
    application.next().await;
    assert_eq!(hooks.permits.available_permits(), 0);
    let (first, second) = tokio::join!(first, hooks.refresh(caller));
    for refused in [first.unwrap(), second] {
        assert!(matches!(refused, Err(Refused::Failed(_))), "{refused:?}");
    }
    assert_eq!(hooks.permits.available_permits(), 1);
}

#[tokio::test]
async fn requests_are_signed_and_bring_the_headers_that_are_listed() {
    let mut application = Application::start(kind).await;
    let mut config = application.config();
    config.secret = Some(Secret::try_from(toml::Value::from("sesame")).unwrap());
    config.emulated_headers = vec!["X-Told".to_owned(), "Content-Type".to_owned()];
    let mut talk = Talk::new(hooks(config));
    let headers = json!({"x-told": "1", "x-other": "2", "content-type": "text/x"});
    talk.say(json!({"id": 1, "connect": {"headers": headers}}))
        .await;
    let asked = application.next().await;
    assert_eq!(asked.header("x-told"), Some("1"));
    assert_eq!(asked.header("x-other"), None);
    assert_eq!(asked.header("content-type"), Some("application/json"));
    let signed = format!(
        "{}.{}",
        asked.header("x-sockeye-timestamp").unwrap(),
        asked.text
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"sesame");
    let digits: String = hmac::sign(&key, signed.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let signature = asked.header("x-sockeye-signature").unwrap();
    assert_eq!(signature, format!("v1={digits}"));
}

#[test]
fn of_a_handshake_goes_on_what_is_listed_and_it_wins() {
    let request = http::Request::get("/")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .header("host", "here")
        .header("x-other", "3");
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let listed = ["Cookie", "Host"].map(str::to_owned);
    let mut headers = headers::of_handshake(&RequestHead::new(&parts), &listed);
    let emulated = BTreeMap::from([("COOKIE".to_owned(), "forged=1".to_owned())]);
    headers::add_emulated(&mut headers, &emulated, &listed);
    let cookies: Vec<_> = headers.get_all("cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(headers.len(), 2);
}
