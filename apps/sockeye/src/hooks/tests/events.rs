//! What the application is told, once it listens.

use super::*;

fn told(asked: &Asked) -> Vec<Value> {
    asked.body()["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn who_leaves_is_told_in_order_and_again_until_it_is_heard() {
    let mut application = Application::start(|asked| match asked.path.as_str() {
        "/events" if asked.number < 4 => Some((503, json!({}))),
        _ => kind(asked),
    })
    .await;
    let hooks = hooks(application.config());
    let mut talk = Talk::connect(Arc::<HttpHooks>::clone(&hooks)).await;
    let reply = talk
        .say(json!({"id": 2, "subscribe": {"channel": "a"}}))
        .await;
    assert!(reply["subscribe"].is_object(), "{reply}");
    talk.0
        .close(sockeye::Close::new(4001.into(), "bye").unwrap())
        .await;
    let mut heard: Vec<Value> = Vec::new();
    let mut refused = 0;
    while heard.len() < 2 {
        let asked = application.next().await;
        match (asked.path.as_str(), asked.number < 4) {
            ("/events", true) => refused += 1,
            ("/events", false) => heard.extend(told(&asked)),
            _ => {}
        }
    }
    assert_eq!(refused, 2);
    let said: Vec<_> = heard
        .iter()
        .map(|event| (&event["type"], &event["user"], &event["channel"]))
        .collect();
    let (ann, a) = (&json!("ann"), &json!("a"));
    assert_eq!(
        said,
        [
            (&json!("unsubscribed"), ann, a),
            (&json!("disconnected"), ann, &Value::Null)
        ]
    );
    assert_eq!(heard[1]["code"], 4001);
    assert_eq!(heard[1]["reason"], "bye");
    assert_ne!(heard[0]["id"], heard[1]["id"]);
    assert_eq!(heard[0]["client"], heard[1]["client"]);
    hooks.close().await;
}

#[tokio::test]
async fn what_was_not_heard_is_told_again_with_the_same_id() {
    let mut application =
        Application::start(|asked| Some((if asked.number == 0 { 500 } else { 200 }, json!({}))))
            .await;
    let hooks = hooks(application.config());
    hooks.disconnected(caller().await, 3000, "");
    let (first, second) = (application.next().await, application.next().await);
    assert_eq!(first.text, second.text);
    assert!(told(&first)[0]["id"].is_string());
    hooks.close().await;
}

#[tokio::test]
async fn who_is_told_instead_hears_what_the_one_before_did_not_and_all_in_order() {
    let mut deaf = Application::start(|_| Some((500, json!({})))).await;
    let mut application = Application::start(|_| Some((200, json!({})))).await;
    let (before, caller) = (hooks(deaf.config()), caller().await);
    let say = |hooks: &HttpHooks, channel: &str| hooks.unsubscribed(caller.clone(), channel, 2000);
    say(&before, "1");
    assert_eq!(told(&deaf.next().await).len(), 1);
    say(&before, "2");
    let outgoing = Outgoing::new().unwrap();
    let next = HttpHooks::new(application.config(), outgoing, 1 << 16, None, Some(&before));
    let next = next.unwrap();
    say(&next, "3");
    // Somebody who asked for the hooks a moment ago.
    say(&before, "4");
    drop(before);
    next.close().await;
    let heard = told(&application.next().await);
    let channels: Vec<_> = heard.iter().map(|event| &event["channel"]).collect();
    assert_eq!(channels, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn many_events_go_in_requests_of_a_hundred_and_none_is_left_at_the_end() {
    let mut application = Application::start(|_| Some((200, json!({})))).await;
    let hooks = hooks(application.config());
    let caller = caller().await;
    // Nothing else runs before this waits.
    for number in 0..250 {
        hooks.unsubscribed(caller.clone(), &number.to_string(), 2000);
    }
    hooks.close().await;
    let mut channels: Vec<u32> = Vec::new();
    for count in [100, 100, 50] {
        let events = told(&application.next().await);
        assert_eq!(events.len(), count);
        let of = |event: &Value| event["channel"].as_str().unwrap().parse::<u32>().unwrap();
        channels.extend(events.iter().map(of));
    }
    assert_eq!(channels, (0..250).collect::<Vec<_>>());
}

#[tokio::test]
async fn events_take_no_more_room_than_they_may_and_the_others_are_counted() {
    let application = Application::start(|_| None).await;
    let mut config = application.config();
    config.event_bytes = 1000;
    let hooks = hooks(config);
    let caller = caller().await;
    for _ in 0..100 {
        hooks.disconnected(caller.clone(), 3000, "gone");
    }
    let (bytes, count, lost) = hooks.events.as_ref().unwrap().waiting();
    assert!(bytes <= 1000 && bytes > 700, "{bytes}");
    assert_eq!(count as u64 + lost, 100);
}

#[tokio::test]
async fn who_left_when_there_was_no_room_for_the_event_is_not_connected_in_the_file() {
    let name = format!("sockeye-no-room-{}.db", std::process::id());
    let path = std::env::temp_dir().join(name);
    let application = Application::start(|_| None).await;
    let mut config = application.config();
    config.event_bytes = 1;
    let journal = Arc::new(Journal::open(&path, 0).unwrap());
    let outgoing = Outgoing::new().unwrap();
    let hooks =
        HttpHooks::new(config, outgoing, 1 << 16, Some(Arc::clone(&journal)), None).unwrap();
    let (left, mut stays) = (caller().await, caller().await);
    stays.client = "stays".to_owned();
    for caller in [&left, &stays] {
        hooks.connected(caller.clone());
    }
    hooks.disconnected(left, 3000, "");
    assert_eq!(hooks.events.as_ref().unwrap().waiting(), (0, 0, 1));
    drop(hooks);
    // It holds the journal until it has noticed.
    while Arc::strong_count(&journal) > 1 {
        tokio::task::yield_now().await;
    }
    drop(journal);

    let next = Journal::open(&path, 0).unwrap().take_left();
    for suffix in ["", "-wal"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    let clients: Vec<Value> = next
        .iter()
        .map(|(_, body)| from_slice::<Value>(body).unwrap()["client"].take())
        .collect();
    assert_eq!(clients, ["stays"]);
}
