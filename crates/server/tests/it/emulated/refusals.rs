//! What opens no session.

use super::served::{changed, lines, served};
use crate::{
    client::{Client, handshake},
    sockjs::wire::Ask,
};

#[tokio::test]
async fn each_refusal_has_its_status_and_words() {
    let (served, _told) = changed(|stream| stream.body_bytes(16)).await;
    let (exact, more) = ("0123456789abcdef", "0123456789abcdefg");
    let missing = "the first message is missing\n";
    let not_allowed = "this method is not allowed here\n";
    for (ask, status, words) in [
        (Ask::get("/lines"), 405, not_allowed),
        (Ask::new("PUT", "/events").body("x"), 405, not_allowed),
        (lines(more), 413, "the body is too large\n"),
        (
            Ask::get(format!("/events?cf_connect={more}")),
            413,
            "the first message is too large\n",
        ),
        (lines(""), 400, missing),
        (Ask::get("/events"), 400, missing),
        (Ask::get("/events?cf_connect="), 400, missing),
        (
            Ask::new("POST", "/lines").body([0xff]),
            400,
            "the first message is not UTF-8\n",
        ),
        (
            Ask::new("POST", "/lines").http10(),
            411,
            "a body must say how long it is\n",
        ),
        (
            lines("x").field("Origin", "https://elsewhere.test"),
            403,
            "this origin is not allowed here\n",
        ),
        (
            Ask::get("/events?cf_connect=x").field("Sec-Fetch-Site", "cross-site"),
            403,
            "this origin is not allowed here\n",
        ),
    ] {
        let answer = ask.answer(served.addr).await;
        assert_eq!((answer.status(), &*answer.body), (status, words), "{ask:?}");
    }
    let mut client = Client::connect(served.addr).await;
    client.send(handshake("/lines", "").as_bytes()).await;
    assert_eq!(client.reply().await.status, 405);
    assert_eq!(served.ends.opened(), 0);
    let mut fits = lines(exact).begin(served.addr).await;
    assert_eq!(fits.part().await.unwrap().trim_end(), exact);
    let mut served = served;
    drop(fits);
    served.ends.next().await;
    served.finish().await;
}

#[tokio::test]
async fn pages_of_the_own_site_may_read_the_stream_and_ask_beforehand() {
    let (mut served, _told) = served().await;
    let own = ("Origin", "http://sockeye.test");
    let asked = Ask::options("/lines").field(own.0, own.1);
    let told = asked.answer(served.addr).await.head;
    assert_eq!(told.status, 204);
    assert_eq!(told.field("access-control-allow-origin"), Some(own.1));
    let http = lines("x").field(own.0, own.1).begin(served.addr).await;
    let told = &http.head;
    assert_eq!(told.field("access-control-allow-origin"), Some(own.1));
    assert_eq!(told.field("access-control-allow-credentials"), Some("true"));
    drop(http);
    served.ends.next().await;
    served.finish().await;
}

#[tokio::test]
async fn an_address_and_an_endpoint_have_so_many_sessions_and_no_more() {
    for (status, words) in [
        (429, "too many sessions from this address\n"),
        (503, "too many sessions\n"),
    ] {
        let (mut served, _told) = changed(|stream| match status {
            429 => stream.sessions_per_address(1),
            _ => stream.sessions(1),
        })
        .await;
        let mut first = lines("x").begin(served.addr).await;
        first.part().await.unwrap();
        let answer = lines("x").answer(served.addr).await;
        assert_eq!((answer.status(), &*answer.body), (status, words));
        drop(first);
        served.ends.next().await;
        served.finish().await;
    }
}
