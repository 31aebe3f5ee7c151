//! Binary messages where only text passes: the session is closed, or they travel as text.

use bytes::Bytes;
use sockeye_endpoint::{BinaryOverText, Endpoints, HandlerResult, Socket};
use sockeye_types::{Message, Transport};

use super::{
    by::By,
    served::{at, patient, telling},
};
use crate::{
    client::{Client, TEXT, masked},
    served::Served,
};

/// Answers each message with the transport's name in binary.
async fn answers_in_binary(mut socket: Socket) -> HandlerResult {
    while socket.recv().await.is_some() {
        let name = socket.session().transport().as_str();
        socket.send(Message::binary(Bytes::from(name))).await?;
    }
    Ok(())
}

async fn served(binary: BinaryOverText) -> Served {
    let sockjs = patient().binary(binary);
    Served::endpoints(|_| at(Endpoints::new(), "/binary", answers_in_binary, sockjs)).await
}

#[tokio::test]
async fn a_binary_message_closes_what_carries_text_only() {
    let served = served(BinaryOverText::Close).await;
    for by in By::STREAMING {
        let session = format!("/binary/0/{by:?}");
        let mut stream = by.open(served.addr, &session).await;
        by.send(served.addr, &session, r#"["?"]"#).await;
        let close = stream.http.part().await.unwrap();
        assert!(close.contains("c[1003,"), "{by:?}: {close}");
        stream.ends().await;
    }
    let mut framed = Client::open(served.addr, "/binary/0/s/websocket").await;
    framed.send(&masked(TEXT, br#"["?"]"#)).await;
    assert_eq!(framed.close_code().await, Some(1003));
    // Raw, it passes as it is.
    let mut raw = Client::open(served.addr, "/binary/websocket").await;
    raw.send(&masked(TEXT, b"?")).await;
    assert_eq!(raw.frame().await.unwrap().payload, b"websocket");
}

#[tokio::test]
async fn a_binary_message_travels_as_a_data_url_where_that_was_chosen() {
    let served = served(BinaryOverText::DataUrl).await;
    let mut stream = By::XhrStreaming.open(served.addr, "/binary/0/s").await;
    By::Xhr.send(served.addr, "/binary/0/s", r#"["?"]"#).await;
    stream
        .expect(r#"a["data:application/octet-stream;base64,eGhyLXN0cmVhbWluZw=="]"#)
        .await;
    let mut framed = Client::open(served.addr, "/binary/0/s/websocket").await;
    assert_eq!(framed.frame().await.unwrap().payload, b"o");
    framed.send(&masked(TEXT, br#"["?"]"#)).await;
    let url = r#"a["data:application/octet-stream;base64,c29ja2pzLXdlYnNvY2tldA=="]"#;
    assert_eq!(framed.frame().await.unwrap().payload, url.as_bytes());
}

#[tokio::test]
async fn a_data_url_arrives_as_binary_where_that_was_chosen() {
    let url = "data:application/octet-stream;base64,AP8=";
    for (binary, expected) in [
        (BinaryOverText::DataUrl, Message::binary(vec![0, 255])),
        (BinaryOverText::Close, Message::text(url)),
    ] {
        let (served, mut told) = telling(patient().binary(binary), |all| all).await;
        By::Xhr.open(served.addr, "/echo/0/s").await;
        let session = told.session().await;
        assert_eq!(session.transport(), Transport::XhrPolling);
        By::Xhr
            .send(served.addr, "/echo/0/s", &format!("[\"{url}\"]"))
            .await;
        assert_eq!(told.message().await, expected);
        let polled = By::Xhr.poll(served.addr, "/echo/0/s").await;
        assert_eq!(polled, format!("a[\"{url}\"]\n"));
    }
}
