//! What events carry: the connection, the handshake and the session that they happen in, and nothing where nobody traces.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, LazyLock, Mutex},
};

use sockeye_endpoint::{Closed, Endpoints, Handler, HandlerResult, Session};
use sockeye_types::Message;
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

use crate::{
    client::{Client, TEXT, close_frame, handshake, masked, patiently},
    mounted::Mounted,
    served::{Served, Watch},
};

/// Says of each message that it came.
struct Tells(Watch);

impl Handler for Tells {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        tracing::info!("heard");
        Ok(session.send(message).await?)
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.0.ended(closed);
    }
}

type Lines = Arc<Mutex<Vec<String>>>;

/// Writes a line for each event, with the spans around it, and one for each span that closes.
struct Collect(Lines);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collect {
    fn on_new_span(&self, new: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields(new.metadata().name().to_owned());
        new.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = String::new();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Fields(fields)) = span.extensions().get() {
                line.insert_str(0, &format!("[{fields}] "));
            }
        }
        let mut fields = Fields(line);
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(Fields(fields)) = context.span(&id).unwrap().extensions().get() {
            self.0.lock().unwrap().push(format!("closed: {fields}"));
        }
    }
}

/// Everything that this process logs from now on.
pub(crate) fn collected() -> &'static Mutex<Vec<String>> {
    static LINES: LazyLock<Lines> = LazyLock::new(|| {
        let lines = Lines::default();
        let collect = Collect(Arc::clone(&lines)).with_filter(LevelFilter::DEBUG);
        tracing::subscriber::set_global_default(registry().with(collect)).unwrap();
        lines
    });
    &LINES
}

fn written(words: &[&str]) -> Option<String> {
    let lines = collected().lock().unwrap();
    let mut lines = lines.iter();
    lines
        .find(|line| words.iter().all(|word| line.contains(word)))
        .cloned()
}

/// Waits for a line with all these words; nothing tells when one is written.
pub(crate) async fn line(words: &[&str]) -> String {
    let wait = async {
        loop {
            if let Some(line) = written(words) {
                return line;
            }
            tokio::task::yield_now().await;
        }
    };
    patiently(wait).await
}

#[tokio::test]
async fn events_carry_their_connection_their_handshake_and_their_session() {
    collected();
    let mut served = Served::endpoints(|watch| {
        Endpoints::new()
            .at("/traced/{name}", Tells(watch))
            .protocols(["one"])
    })
    .await;
    let mut foreign = Client::connect(served.addr).await;
    let request = handshake("/traced/not", "Origin: https://foreign.example\r\n");
    foreign.send(request.as_bytes()).await;
    assert_eq!(foreign.reply().await.status, 403);
    let refused = line(&["handshake refused", "/traced/not"]).await;
    assert!(
        refused.starts_with("[connection peer=127.0.0.1:"),
        "{refused}"
    );
    assert!(
        refused.contains(" tls=false] [handshake path=\"/traced/not\" result=\"origin\"] "),
        "{refused}"
    );

    let mut client = Client::connect(served.addr).await;
    client
        .shake_hands("/traced/a%0ab", "Sec-WebSocket-Protocol: one\r\n")
        .await;
    client.echo("once").await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    served.ends.next().await;
    for event in ["heard", "session opened", "session ended"] {
        let line = line(&["[session id=", "/traced/a%0ab", event]).await;
        assert!(line.starts_with("[connection peer="), "{line}");
        assert!(!line.contains("[handshake"), "{line}");
        assert!(
            line.contains(" path=\"/traced/a%0ab\" peer=127.0.0.1:"),
            "{line}"
        );
        assert!(
            line.contains(" protocol=\"one\" transport=\"websocket\"] "),
            "{line}"
        );
    }
    line(&["closed: handshake path=\"/traced/a%0ab\" result=\"accepted\""]).await;
    line(&["closed: session id=", "path=\"/traced/a%0ab\""]).await;
    served.finish().await;
}

#[tokio::test]
async fn nothing_is_kept_of_spans_that_are_disabled() {
    let lines = Lines::default();
    let collect = Collect(Arc::clone(&lines));
    let _informed =
        tracing::subscriber::set_default(registry().with(LevelFilter::INFO).with(collect));
    let mut mounted = Mounted::new(|watch| Endpoints::new().at("/", Tells(watch)));
    let mut client = mounted.client().await;
    client.send(&masked(TEXT, b"once")).await;
    client.frame().await.unwrap();
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    mounted.ends.next().await;
    let lines = lines.lock().unwrap();
    assert_eq!(lines[0], " message=heard");
    assert!(lines[1].contains("session ended"), "{lines:?}");
    assert!(
        !lines
            .iter()
            .any(|line| line.contains('[') || line.contains("closed:")),
        "{lines:?}"
    );
}
