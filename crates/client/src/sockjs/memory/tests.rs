//! What a memory holds, while a test moves the time.

use http::Uri;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

use Transport::{WebSocket, XhrPolling, XhrStreaming};

fn server(uri: &str) -> Address {
    Address::of(&uri.parse::<Uri>().unwrap()).unwrap()
}

/// A memory of one server, and a clock.
struct Trial {
    memory: Memory,
    server: Address,
    now: Instant,
}

impl Trial {
    fn new() -> Self {
        Self {
            memory: Memory::new(Fallback::default()),
            server: server("ws://a"),
            now: Instant::now(),
        }
    }

    fn order(&mut self) -> Vec<Transport> {
        self.memory.order(&self.server, self.now)
    }

    /// Connects where only these get through, and returns what was tried.
    fn connect(&mut self, through: &[Transport]) -> Vec<Transport> {
        let order = self.order();
        let at = order.iter().position(|tried| through.contains(tried));
        let (failed, rest) = order.split_at(at.unwrap());
        let memory = &mut self.memory;
        memory.worked(&self.server, rest[0], failed, self.now);
        order[..=failed.len()].to_vec()
    }
}

#[test]
fn what_worked_is_tried_first_and_the_best_again_after_longer_and_longer() {
    let mut trial = Trial::new();
    let through = [XhrPolling];
    let all = vec![WebSocket, XhrStreaming, XhrPolling];
    assert_eq!(trial.connect(&through), all);
    for wait in [5, 10, 20, 40, 60, 60, 60] {
        assert_eq!(trial.connect(&through), [XhrPolling]);
        trial.now += wait * MINUTE - Duration::from_millis(1);
        assert_eq!(trial.connect(&through), [XhrPolling], "{wait}");
        trial.now += Duration::from_millis(1);
        assert_eq!(trial.connect(&through), all, "{wait}");
    }
    trial.now += 60 * MINUTE;
    assert_eq!(trial.connect(&[WebSocket]), [WebSocket]);
    assert_eq!(trial.connect(&[WebSocket]), [WebSocket]);
    // All is forgotten: the waits begin anew.
    assert_eq!(trial.connect(&through), all);
    trial.now += 5 * MINUTE;
    assert_eq!(trial.order(), all);
}

#[test]
fn one_gives_the_best_another_chance_and_the_others_do_not_wait_for_it() {
    let mut trial = Trial::new();
    trial.connect(&[XhrStreaming]);
    trial.now += 5 * MINUTE;
    assert_eq!(trial.order()[0], WebSocket);
    for _ in 0..100 {
        assert_eq!(trial.order()[0], XhrStreaming);
    }
}

#[test]
fn what_worked_comes_first_and_the_others_stay_in_their_order() {
    let mut trial = Trial::new();
    trial.connect(&[XhrStreaming]);
    assert_eq!(trial.order(), [XhrStreaming, WebSocket, XhrPolling]);
    let order = vec![XhrStreaming, WebSocket, XhrPolling];
    assert_eq!(trial.connect(&[XhrPolling]), order);
    assert_eq!(trial.order(), [XhrPolling, WebSocket, XhrStreaming]);
}

#[test]
fn a_stream_that_is_cut_gives_way_to_polling_until_the_best_has_its_chance() {
    let mut trial = Trial::new();
    trial.connect(&[XhrStreaming]);
    trial.now += 4 * MINUTE;
    let (memory, server) = (&mut trial.memory, &trial.server);
    memory.gave_way(server, XhrStreaming, trial.now);
    assert_eq!(trial.order()[0], XhrPolling);
    trial.now += MINUTE;
    assert_eq!(trial.order()[0], WebSocket);
    // Nothing is weaker than polling.
    let (memory, server) = (&mut trial.memory, &trial.server);
    memory.gave_way(server, XhrPolling, trial.now);
    assert_eq!(trial.order()[0], XhrPolling);
}

#[test]
fn servers_are_told_apart_and_the_one_asked_longest_ago_is_forgotten() {
    let mut trial = Trial::new();
    trial.memory = Memory::new(Fallback::default().servers(2));
    let connect = |trial: &mut Trial, uri: &str| {
        trial.server = server(uri);
        trial.now += Duration::from_secs(1);
        trial.connect(&[XhrStreaming]);
    };
    connect(&mut trial, "ws://a");
    connect(&mut trial, "ws://a:81");
    connect(&mut trial, "ws://a");
    connect(&mut trial, "wss://a");
    assert_eq!(trial.memory.known.len(), 2);
    for (uri, first) in [
        ("ws://a", XhrStreaming),
        ("ws://a:81", WebSocket),
        ("wss://a", XhrStreaming),
        ("wss://b", WebSocket),
    ] {
        trial.server = server(uri);
        assert_eq!(trial.order()[0], first, "{uri}");
    }
}
