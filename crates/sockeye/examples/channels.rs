//! Channels in a server of one's own, whose application decides who comes in: `cargo run -p sockeye --example channels`.
//! Then, in a page: `new Centrifuge("ws://127.0.0.1:8080/connection/websocket", { name: "ann" })`.

use std::{error::Error, sync::Arc, time::Duration};

use sockeye::{
    Endpoints,
    channels::{
        Access, Channels, ClientHandler, Connecting, ConnectionGrant, Grant, HookReply, Hooks,
        MemoryBroker, Namespace, PublishOrder, Settings,
    },
};

/// Whoever says a name comes in under that name. An application would look at the cookies of
/// `request.caller.session` instead.
#[derive(Debug)]
struct ByName;

impl Hooks for ByName {
    fn connect(&self, request: Connecting) -> HookReply<'_, Option<ConnectionGrant>> {
        Box::pin(async move {
            Ok((!request.name.is_empty()).then(|| ConnectionGrant {
                user: request.name,
                ..ConnectionGrant::default()
            }))
        })
    }
}

fn channels() -> Result<Channels, Box<dyn Error>> {
    let time = Namespace::default()
        .history(60, Duration::from_secs(60))
        .recovery(Grant::Forced)
        .allow_subscribe(Access::CLIENTS);
    let mut settings = Settings::default().namespace("time", time);
    settings.connect_hook = true;
    let broker = Arc::new(MemoryBroker::new());
    Ok(Channels::new(settings.validate()?, broker)?.hooks(Arc::new(ByName)))
}

fn endpoints(channels: &Channels) -> Endpoints {
    Endpoints::new()
        .at("/connection/websocket", channels.handler())
        .protocols(ClientHandler::PROTOCOLS)
}

/// Publishes how many seconds have passed, every second.
async fn tell_the_time(channels: &Channels) -> Result<(), Box<dyn Error>> {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    for passed in 0_u64.. {
        second.tick().await;
        let passed = PublishOrder::of(passed.to_string());
        channels.publish("time:passed", passed).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let channels = channels()?;
    tokio::select! {
        served = sockeye::serve("127.0.0.1:8080", endpoints(&channels)) => Ok(served?),
        told = tell_the_time(&channels) => told,
        () = channels.run() => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use sockeye::MemoryPeer;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_has_a_name_hears_the_time() {
        let channels = channels().unwrap();
        let endpoints = endpoints(&channels);
        let mut ann = MemoryPeer::at(endpoints, "/connection/websocket")
            .unwrap()
            .unwrap();
        let frame = [
            r#"{"id":1,"connect":{"name":"ann"}}"#,
            r#"{"id":2,"subscribe":{"channel":"time:passed"}}"#,
        ];
        ann.send(frame.join("\n")).await;
        let mut heard = String::new();
        tokio::select! {
            told = tell_the_time(&channels) => told.unwrap(),
            () = async {
                while !heard.contains("\"data\":2") {
                    heard += ann.recv().await.unwrap().as_text().unwrap();
                }
            } => {}
        }
        assert!(heard.contains("\"recoverable\":true"), "{heard}");
    }
}
