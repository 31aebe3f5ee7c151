//! Whole ways to servers, over a scripted network: the test plays proxies and servers.

pub(super) mod authority;
pub(super) mod script;

use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::{
    join,
    net::{TcpListener, TcpSocket},
};

use self::script::{patiently, serve, use_it};
use super::*;

fn is_send(_: impl Send) {}

#[test]
fn dialling_may_move_between_threads() {
    let address = Address::of(&http::Uri::from_static("wss://a/")).unwrap();
    is_send(dial(&address, &Route::default()));
}

#[tokio::test]
async fn a_real_socket_is_reached_by_a_name() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    // Where the name is `::1` too, that refuses: the port is held there, and no one listens.
    let _held = TcpSocket::new_v6().inspect(|socket| {
        let _ = socket.bind((Ipv6Addr::LOCALHOST, address.port()).into());
    });
    let uri = format!("ws://localhost:{}/", address.port());
    let wanted = Address::of(&uri.parse().unwrap()).unwrap();
    let (route, accepted) = (Route::default(), patiently(listener.accept()));
    let (dialed, accepted) = join!(patiently(dial(&wanted, &route)), accepted);
    let (mut dialed, (mut accepted, _)) = (dialed.unwrap(), accepted.unwrap());
    assert_eq!(dialed.peer_addr, address);
    assert_eq!(dialed.secured, None);
    join!(serve(&mut accepted), use_it(&mut dialed.stream));
}
