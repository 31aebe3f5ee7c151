//! What is easily got wrong where many sockets share one edge-triggered epoll set: an event that is told once is lost for
//! good by who does not take note of it.

use std::{sync::Arc, thread, time::Duration};

use sockeye_endpoint::{Endpoints, Group, Handler, HandlerResult, Initiator::Peer, Session};
use sockeye_types::{Limits, Message};
use tokio::{io::AsyncReadExt, sync::Semaphore};

use crate::{
    client::{Client, TEXT, close_frame, masked, patiently},
    served::{Echo, Served},
};

/// More than one question to the system tells of.
const CROWD: usize = 300;

#[tokio::test]
async fn more_sockets_than_one_question_tells_of_are_all_heard() {
    let mut served = Served::echo(Limits::default()).await;
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(served.client().await);
    }
    for round in 0..5 {
        let said = format!("round {round}");
        for client in &mut crowd {
            client.send(&masked(TEXT, said.as_bytes())).await;
        }
        for client in &mut crowd {
            let heard = client.frame().await.unwrap();
            assert_eq!(heard.payload, said.as_bytes());
        }
    }
    drop(crowd);
    for _ in 0..CROWD {
        served.ends.next().await;
    }
    served.finish().await;
}

/// Answers nothing before it may.
struct Slow(Arc<Semaphore>);

impl Handler for Slow {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        self.0.acquire().await?.forget();
        session.send(message).await?;
        Ok(())
    }
}

#[tokio::test]
async fn what_arrives_while_nobody_reads_is_read_afterwards_without_another_event() {
    let may = Arc::new(Semaphore::new(0));
    let slow = Slow(Arc::clone(&may));
    let mut served = Served::endpoints(|_| Endpoints::new().at("/", slow)).await;
    let mut client = served.client().await;
    client.send(&masked(TEXT, b"first")).await;
    // The worker has had its turn, and the handler waits.
    served.innocent_talks().await;
    let large = vec![b'x'; 700 << 10];
    for text in [&b"second"[..], &large, b"fourth"] {
        client.send(&masked(TEXT, text)).await;
    }
    served.innocent_talks().await;
    // Another thread wakes it.
    thread::spawn(move || may.add_permits(4)).join().unwrap();
    for text in [&b"first"[..], b"second", &large, b"fourth"] {
        assert_eq!(client.frame().await.unwrap().payload, text);
    }
    drop(client);
    served.finish().await;
}

#[tokio::test]
async fn a_message_the_close_and_the_end_in_one_piece_are_each_heard() {
    let mut served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    let all = [masked(TEXT, b"last words"), close_frame(1000)].concat();
    client.send(&all).await;
    client.half_close().await;
    assert_eq!(client.frame().await.unwrap().payload, b"last words");
    assert_eq!(client.close_code().await, Some(1000));
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}

/// Lets whoever comes hear what is said in the group.
struct Listens(Group);

impl Handler for Listens {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.join(session);
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        session.send(message).await?;
        Ok(())
    }
}

#[tokio::test]
async fn whoever_is_told_from_another_thread_hears_it_once_and_in_order() {
    let group = Group::new();
    let listens = Listens(group.clone());
    let served = Served::endpoints(|_| Endpoints::new().at("/", listens)).await;
    let mut crowd = Vec::new();
    for _ in 0..20 {
        let mut client = served.client().await;
        client.echo("here").await;
        crowd.push(client);
    }
    let said: Vec<String> = (0..200).map(|number| format!("number {number}")).collect();
    let says = said.clone();
    thread::spawn(move || says.into_iter().for_each(|text| group.send(text)));
    for client in &mut crowd {
        for text in &said {
            assert_eq!(client.frame().await.unwrap().payload, text.as_bytes());
        }
    }
    drop(crowd);
    served.finish().await;
}

#[tokio::test]
async fn a_worker_that_spins_serves_sockets_pages_and_timers() {
    let spin = Duration::from_micros(200);
    let mut served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.spin(spin),
    )
    .await;
    let mut client = served.client().await;
    let talks = tokio::spawn(async move {
        for _ in 0..2000 {
            client.echo("at once").await;
        }
    });
    for _ in 0..20 {
        let mut asks = Client::connect(served.addr).await;
        asks.send(b"GET /nowhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            .await;
        let mut answer = String::new();
        patiently(asks.io.read_to_string(&mut answer))
            .await
            .unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
    talks.await.unwrap();
    served.innocent_talks().await;
    served.ends.next().await;
    served.finish().await;
}
