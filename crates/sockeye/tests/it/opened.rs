//! What the log says of the streams that sessions opened on.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{LazyLock, Mutex},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry,
};

/// The types of streams, by the paths of the sessions that opened on them.
static STREAMS: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(|| {
    tracing::subscriber::set_global_default(registry().with(Opened)).unwrap();
    Mutex::default()
});

/// Begins to listen to the log.
pub(crate) fn listen() {
    LazyLock::force(&STREAMS);
}

/// The type of the stream of the session that opened at a path, which no other test uses.
pub(crate) fn stream_at(path: &str) -> String {
    STREAMS.lock().unwrap().get(path).unwrap().clone()
}

struct Opened;

impl<S: Subscriber> Layer<S> for Opened {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let (Some(path), Some(stream)) = (fields.path, fields.stream) {
            STREAMS.lock().unwrap().insert(path, stream);
        }
    }
}

#[derive(Default)]
struct Fields {
    path: Option<String>,
    stream: Option<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "path" => self.path = Some(value.to_owned()),
            "stream" => self.stream = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
