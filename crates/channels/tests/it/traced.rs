//! What is traced and counted: commands, publications, and why a client was closed.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, LazyLock, Mutex},
    thread::{self, ThreadId},
};

use sockeye_channels::PublishOrder;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry,
    registry::LookupSpan,
};

use crate::talk::{Talk, channels, open, settings};

/// Writes a line for each event, and for each span when it closes, with the name of the span around it; for each
/// thread, which is a test of its own.
#[derive(Clone, Default)]
struct Collect(Arc<Mutex<Vec<(ThreadId, String)>>>);

/// What all tests trace. One for all of the process: were there only one of a thread, what another thread comes by first
/// would be taken for disabled.
static ALL: LazyLock<Collect> = LazyLock::new(|| {
    let all = Collect::default();
    let subscriber = registry().with(LevelFilter::DEBUG).with(all.clone());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    all
});

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collect {
    fn on_new_span(&self, new: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let around = span.parent().map(|around| format!("{} > ", around.name()));
        let around = around.unwrap_or_default();
        let mut fields = Fields(format!("{around}{}", new.metadata().name()));
        new.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.push(fields.0);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(Fields(fields)) = context.span(&id).unwrap().extensions().get() {
            self.push(fields.clone());
        }
    }
}

impl Collect {
    fn push(&self, line: String) {
        self.0.lock().unwrap().push((thread::current().id(), line));
    }

    /// The lines of this thread that begin so; ids are left out.
    fn lines(&self, begin: &str) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        let here = |(thread, _): &&(ThreadId, String)| *thread == thread::current().id();
        let lines = lines.iter().filter(here).map(|(_, line)| line);
        let lines = lines.filter(|line| line.starts_with(begin));
        let ids = regex::Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap();
        lines
            .map(|line| ids.replace_all(line, "ID").into_owned())
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn commands_and_what_they_publish_are_spans_that_say_what_became_of_them() {
    let collect = &*ALL;
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    let publish = r#"{"publish":{"channel":"a","data":{}},"id":2}"#;
    talk.exchange(publish, &[r#"{"id":2,"publish":{}}"#]).await;
    let unknown = r#"{"publish":{"channel":"none:a","data":{}},"id":3}"#;
    talk.say(unknown).await;
    assert!(talk.hear().await.contains(r#""code":102"#));
    talk.say(r#"{"id":4}"#).await;
    talk.is_closed(3501, "bad request").await;
    let expected = [
        r#"command client=ID id=1 kind="connect" outcome="done""#,
        r#"command client=ID id=2 kind="publish" channel="a" outcome="done""#,
        r#"command client=ID id=3 kind="publish" channel="none:a" outcome="refused" code=102"#,
        r#"command client=ID id=4 kind="invalid" outcome="refused" code=3501"#,
    ];
    assert_eq!(collect.lines("command client"), expected);
    let expected = [r#"command > publish channel="a" bytes=2 origin="client" outcome="published""#];
    assert_eq!(collect.lines("command > publish"), expected);
    channels
        .publish("a", PublishOrder::of("12345"))
        .await
        .unwrap();
    let expected = [r#"publish channel="a" bytes=5 origin="api" outcome="published""#];
    assert_eq!(collect.lines("publish"), expected);
}

#[tokio::test(start_paused = true)]
async fn one_line_says_why_a_client_was_closed_and_no_span_is_made_at_its_level() {
    LazyLock::force(&ALL);
    let collect = Collect::default();
    let subscriber = registry().with(LevelFilter::INFO).with(collect.clone());
    let _here = tracing::subscriber::set_default(subscriber);
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann\\u0007").await;
    talk.0.recv().await.unwrap();
    talk.is_closed(3012, "no pong").await;
    let lines = collect.lines("");
    let [line] = &lines[..] else {
        panic!("{lines:#?}")
    };
    for words in [
        " message=disconnected ",
        " client=ID ",
        " session=",
        r#" user="ann\u{7}" "#,
        " transport=memory ",
        r#" protocol="json" "#,
        " code=3012 ",
        r#" side="server" "#,
        r#" reason="no pong" "#,
        " commands=1",
    ] {
        assert!(format!("{line} ").contains(words), "no {words:?} in {line}");
    }
    let lasted = regex::Regex::new(r" duration=([0-9]+)\.[0-9]+s ").unwrap();
    let seconds: u64 = lasted.captures(line).unwrap()[1].parse().unwrap();
    assert!((20..=34).contains(&seconds), "{line}");
}

#[tokio::test(start_paused = true)]
async fn publications_are_counted_by_who_published_and_deliveries_by_who_heard() {
    let channels = channels(settings(open()));
    let mut talks = Vec::new();
    for user in ["ann", "ben", "eve"] {
        let mut talk = Talk::connected(&channels, user).await;
        talk.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
        talk.hear().await;
        talks.push(talk);
    }
    let publish = r#"{"publish":{"channel":"a","data":{}},"id":3}"#;
    talks[0].say(publish).await;
    for channel in ["a", "nobody"] {
        for _ in 0..2 {
            let mut order = PublishOrder::of("{}");
            order.idempotency_key = "once".to_owned();
            channels.publish(channel, order).await.unwrap();
        }
    }
    let counted: Vec<_> = channels.tally().publications().collect();
    let expected = [
        ("client", "published", 1),
        ("client", "suppressed", 0),
        ("client", "failed", 0),
        ("api", "published", 2),
        ("api", "suppressed", 2),
        ("api", "failed", 0),
    ];
    assert_eq!(counted, expected);
    assert_eq!(channels.deliveries(), 6);
}
