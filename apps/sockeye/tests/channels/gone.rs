//! Who was connected when the server was killed: the application hears of it from the next one.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::Value;
use sockeye::client::Connector;
use sockeye_channel_client::{Line, Options};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::program::Place;

/// An application that hears events.
fn application() -> (String, UnboundedReceiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let (tell, told) = unbounded_channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let tell = tell.clone();
            thread::spawn(move || hear(stream.unwrap(), &tell));
        }
    });
    (url, told)
}

fn hear(stream: TcpStream, tell: &UnboundedSender<Value>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        for event in body["events"].as_array().unwrap() {
            let _ = tell.send(event.clone());
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        stream.get_mut().write_all(answer).unwrap();
    }
}

#[tokio::test]
async fn who_was_connected_when_the_server_was_killed_is_reported_by_the_next_one() {
    let (url, mut told) = application();
    let place = Place::new("gone");
    let settings = format!("[hooks]\nevents = {url:?}\n");
    let server = place.start(&settings, 0);
    let connect = async || {
        let (options, connector) = (Options::default(), Connector::new());
        Line::connect_with_result(&connector, &server.url(), options)
            .await
            .unwrap()
    };
    let (_line, _pushes, result) = connect().await;
    let stays = result.client;
    let (line, _heard, result) = connect().await;
    let left = result.client;
    line.close();
    let event = told.recv().await.unwrap();
    assert_eq!(event["client"], left, "{event}");
    // That it is there is in the file some moments later.
    while !place.holds("publications.db.events-wal", &stays) {
        tokio::task::yield_now().await;
    }
    drop(server);
    let _server = place.start(&settings, 0);
    // Whoever left may come twice: that it was told may not have been written down.
    let event = loop {
        let event = told.recv().await.unwrap();
        if event["client"] != left {
            break event;
        }
    };
    assert_eq!(event["client"], stays, "{event}");
    assert_eq!(event["type"], "disconnected");
    assert_eq!(event["code"], 3000);
}
