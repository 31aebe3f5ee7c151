//! Through proxies: asked for on the command line, and by the environment.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    thread::{self, JoinHandle},
};

use crate::{Server, expect, read_head, run, sockeye, talk, text};

/// A proxy for one connection: its address, and what it was asked.
fn proxy<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || serve(listener.accept().unwrap().0));
    (address, serving)
}

/// Moves bytes both ways until both sides have ended.
fn tunnel(client: TcpStream, server: TcpStream) {
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let up = thread::spawn(move || copy(from, to));
    copy(server, client);
    up.join().unwrap();
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// Answers one CONNECT (RFC 9110 §9.3.6), and returns its head.
fn http_proxy() -> (SocketAddr, JoinHandle<String>) {
    proxy(|mut client| {
        let head = read_head(&mut client);
        let target = head.split(' ').nth(1).unwrap();
        let server = TcpStream::connect(target).unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        tunnel(client, server);
        head
    })
}

/// Answers one CONNECT of SOCKS 5 without authentication (RFC 1928), to an IPv4 address.
fn socks_proxy() -> (SocketAddr, JoinHandle<SocketAddr>) {
    proxy(|mut client| {
        let mut greeting = [0; 2];
        client.read_exact(&mut greeting).unwrap();
        let mut methods = vec![0; usize::from(greeting[1])];
        client.read_exact(&mut methods).unwrap();
        assert!(methods.contains(&0), "{methods:?}");
        client.write_all(&[5, 0]).unwrap();
        let mut request = [0; 10];
        client.read_exact(&mut request).unwrap();
        assert_eq!(request[..4], [5, 1, 0, 1]);
        let address: [u8; 4] = request[4..8].try_into().unwrap();
        let port = u16::from_be_bytes([request[8], request[9]]);
        let target = SocketAddr::from((Ipv4Addr::from(address), port));
        let server = TcpStream::connect(target).unwrap();
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        tunnel(client, server);
        target
    })
}

#[test]
fn an_http_proxy_is_asked_for_the_server_and_gets_the_password() {
    let server = Server::start();
    let (address, serving) = http_proxy();
    let proxy = format!("http://me:secret@{address}");
    let output = talk(
        &["-v", "-n1", "--proxy", &proxy, &server.url("/echo")],
        b"hi\n",
    );
    expect(&output, 0, b"hi\n");
    let head = serving.join().unwrap();
    assert!(
        head.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", server.address)),
        "{head}"
    );
    assert!(head.contains("Basic bWU6c2VjcmV0"), "{head}");
    let said = text(&output.stderr);
    assert!(
        said.contains(&format!("the proxy http://{address}")),
        "{said}"
    );
    assert!(
        !said.contains("secret") && !said.contains("bWU6c2VjcmV0"),
        "{said}"
    );
}

#[test]
fn a_socks_proxy_is_asked_for_the_server() {
    let server = Server::start();
    let (address, serving) = socks_proxy();
    let proxy = format!("socks5://{address}");
    let output = talk(&["-n1", "--proxy", &proxy, &server.url("/echo")], b"hi\n");
    expect(&output, 0, b"hi\n");
    assert_eq!(serving.join().unwrap().to_string(), server.address);
}

#[test]
fn a_proxy_that_refuses_is_blamed() {
    let (address, serving) = proxy(|mut client| {
        read_head(&mut client);
        client
            .write_all(b"HTTP/1.1 407 Who Are You\r\n\r\n")
            .unwrap();
    });
    let output = talk(
        &["--proxy", &format!("http://{address}"), "ws://127.0.0.1:9/"],
        b"",
    );
    expect(&output, 3, b"");
    let line = format!(
        "* no way through the proxy http://{address}: it answered CONNECT with 407 Proxy Authentication Required\n"
    );
    assert_eq!(text(&output.stderr), line);
    serving.join().unwrap();

    let output = talk(
        &["--proxy", "ftp://me:secret@host", "ws://127.0.0.1:9/"],
        b"",
    );
    expect(&output, 1, b"");
    let said = text(&output.stderr);
    assert!(
        said.contains("--proxy") && said.contains("socks5h") && !said.contains("secret"),
        "{said}"
    );
}

#[test]
fn the_environment_names_a_proxy_and_who_is_reached_without() {
    let server = Server::start();
    // This address leads here too, and is none of those that never go through a proxy.
    let port = server.address.rsplit(':').next().unwrap();
    let url = format!("ws://0.0.0.0:{port}/echo");
    let talk = |args: &[&str], variables: &[(&str, &str)]| {
        let args = [&["connect", "-n1", &url], args].concat();
        run(sockeye(&args).envs(variables.iter().copied()), b"hi\n")
    };
    let (address, serving) = http_proxy();
    let there = format!("http://{address}");
    expect(&talk(&[], &[("http_proxy", &there)]), 0, b"hi\n");
    let head = serving.join().unwrap();
    assert!(
        head.starts_with(&format!("CONNECT 0.0.0.0:{port} ")),
        "{head}"
    );

    // Nobody is there any more.
    let gone = [("http_proxy", &*there)];
    expect(&talk(&[], &gone), 3, b"");
    expect(&talk(&["--no-proxy"], &gone), 0, b"hi\n");
    expect(
        &talk(&[], &[gone[0], ("no_proxy", "example.com,0.0.0.0")]),
        0,
        b"hi\n",
    );
}
