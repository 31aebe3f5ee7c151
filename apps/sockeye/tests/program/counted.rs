//! What the program counts of channels and of their file.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use crate::{get, running::Running, sockeye, until_ready};

const SETTINGS: &str = r#"
[api]
keys = ["key"]
[channels.namespace.kept]
history_size = 10
history_ttl = "1h"
"#;

fn publish(address: &str, channel: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let body = format!(r#"{{"channel":"{channel}","data":{{}}}}"#);
    let request = format!(
        "POST /api/publish HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-API-Key: key\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn what_is_published_is_counted_and_so_is_what_the_disk_did_for_it() {
    let folder = std::env::temp_dir().join(format!("sockeye-counted-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (file, path) = (folder.join("sockeye.toml"), folder.join("p.db"));
    let settings = format!("[broker]\npath = {path:?}\n{SETTINGS}");
    fs::write(&file, settings).unwrap();
    let config = file.to_str().unwrap();
    let mut program = Running::start(&mut sockeye(&[
        "--config",
        config,
        "--listen",
        "127.0.0.1:0",
        "--internal-listen",
        "0",
    ]));
    let line = program.logs("the internal port listens");
    let internal = line.split_once("address=").unwrap().1.trim();
    until_ready(internal);
    for channel in ["kept:a", "passing"] {
        let answer = publish(program.told("sockeye listens on "), channel);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let metrics = get(internal, "/metrics");
    for sample in [
        r#"sockeye_channel_publications_total{origin="api",result="published"} 2"#,
        "sockeye_channel_publish_seconds_count 2",
        // What is not durable never came by the disk.
        "sockeye_broker_batch_size_sum 1",
        "sockeye_broker_commit_seconds_count 1",
        r#"sockeye_broker_refusals_total{reason="full"} 0"#,
    ] {
        let line = format!("\n{sample}\n");
        assert!(metrics.contains(&line), "no {sample} in:\n{metrics}");
    }
    drop(program);
    fs::remove_dir_all(folder).unwrap();
}
