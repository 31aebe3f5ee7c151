//! Responses tell nothing of who made them: which headers they have, all of them.

use sockeye_types::Limits;

use crate::{
    client::{Client, Reply, handshake},
    served::Served,
};

async fn ask(served: &Served, request: &str) -> Reply {
    let mut client = Client::connect(served.addr).await;
    client.send(request.as_bytes()).await;
    client.reply().await
}

/// The names of all its headers, sorted.
fn names(reply: &Reply) -> Vec<&str> {
    let lines = reply.head.trim_end().lines().skip(1);
    let mut names: Vec<_> = lines.map(|line| line.split(':').next().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn no_response_says_what_made_it() {
    let served = Served::echo(Limits::default()).await;
    let refused = [
        "content-length",
        "content-type",
        "date",
        "x-content-type-options",
    ];
    let elsewhere = handshake("/elsewhere", "");
    let foreign = handshake("/", "Origin: https://evil.test\r\n");
    let keyless = handshake("/", "").replace("Sec-WebSocket-Key", "X-Key");
    for (request, status, expected) in [
        (elsewhere.as_str(), 404, &refused[..]),
        ("GET /elsewhere HTTP/1.1\r\nHost: h\r\n\r\n", 404, &refused),
        (&keyless, 400, &refused),
        (&foreign, 403, &refused),
        // The HTTP parser's own.
        (
            "no request at all\r\n\r\n",
            400,
            &["connection", "content-length", "date"],
        ),
    ] {
        let reply = ask(&served, request).await;
        assert_eq!(
            (reply.status, &names(&reply)[..]),
            (status, expected),
            "{request}"
        );
    }
    let opened = ask(&served, &handshake("/", "")).await;
    let expected = ["connection", "date", "sec-websocket-accept", "upgrade"];
    assert_eq!((opened.status, &names(&opened)[..]), (101, &expected[..]));
}
