//! The name that a client gave its session is a secret: whoever knows it may take it over.

use sockeye_endpoint::SockJs;

use super::{by::By, served::telling};
use crate::{
    client::Client,
    spans::{collected, line},
};

const SECRET: &str = "d0n0t3v3rt3ll";

#[tokio::test]
async fn no_line_of_the_log_and_no_handler_sees_a_sessions_name() {
    collected();
    let (mut served, mut told) = telling(SockJs::default(), |all| all).await;
    for by in By::ALL {
        let session = format!("/echo/0/{SECRET}{by:?}");
        let receiver = by.open(served.addr, &session).await;
        by.send(served.addr, &session, r#"["x"]"#).await;
        by.send(served.addr, &session, "broken").await;
        let seen = told.session().await;
        assert!(!seen.request().target().contains(SECRET), "{by:?}");
        assert!(!format!("{seen:?} {:?}", seen.request()).contains(SECRET));
        if by.is_streaming() {
            drop(receiver);
            served.ends.next().await;
        }
    }
    let framed = format!("/echo/0/{SECRET}/websocket");
    Client::open(served.addr, &framed).await.reset();
    served.ends.next().await;
    line(&["session ended", "/echo"]).await;
    let lines = collected().lock().unwrap();
    let told = lines.iter().find(|line| line.contains(SECRET));
    assert_eq!(told, None);
}
