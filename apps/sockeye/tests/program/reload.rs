//! A program that reads its settings again, and one whose terminal is closed.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::{running::Running, sockeye};

/// A file of settings. Removed at the end.
struct Settings(PathBuf);

impl Settings {
    fn new(name: &str) -> Self {
        let name = format!("sockeye-{name}-{}.toml", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn write(&self, key: &str, more: &str) {
        let always = format!("[broker]\nmemory = true\n[api]\nkeys = [\"{key}\"]\n");
        fs::write(&self.0, always + more).unwrap();
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Asks the API for a channel's history.
fn history(program: &Running, key: &str, channel: &str) -> String {
    let address = program.told("sockeye listens on ");
    let mut stream = TcpStream::connect(address).unwrap();
    let body = format!(r#"{{"channel":"{channel}"}}"#);
    let request = format!(
        "POST /api/history HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-API-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

const NEWS: &str = "[channels.namespace.news]\nhistory_size = 10\nhistory_ttl = \"1h\"\n\
                    durability = \"ephemeral\"\n";

#[test]
fn a_hangup_takes_over_channels_and_keys_names_what_must_wait_and_refuses_mistakes() {
    let settings = Settings::new("reload");
    settings.write("one", "");
    let mut program = Running::start(
        sockeye(&["--listen", "127.0.0.1:0"]).args(["--config", settings.0.to_str().unwrap()]),
    );
    assert!(history(&program, "one", "news:1").contains(r#""code":102"#));

    settings.write(
        "two",
        &format!("{NEWS}[limits]\nmessage_bytes = \"8 KiB\"\n"),
    );
    program.signal("HUP");
    program.logs(
        "settings read again changed=\"channels.namespace.chat channels.namespace.news api\"",
    );
    program.logs("changed in vain: this needs another start waiting=\"limits.message_bytes\"");
    assert!(history(&program, "one", "news:1").starts_with("HTTP/1.1 401"));
    assert!(history(&program, "two", "news:1").contains(r#""result":{"#));

    settings.write("three", "[channels]\nchanel_limit = 1\n");
    program.signal("HUP");
    program
        .logs(".toml:6: unknown key `chanel_limit` in [channels] (did you mean `channel_limit`?)");
    assert!(history(&program, "two", "news:1").contains(r#""result":{"#));
}

#[test]
fn the_end_of_its_terminal_ends_a_program_and_no_other_hangup_does() {
    let controller =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = fs::File::open(name.to_str().unwrap()).unwrap();
    let mut program = Running::start(sockeye(&["--listen", "127.0.0.1:0"]).stdin(terminal));
    program.signal("HUP");
    program.logs("settings read again");
    drop(controller);
    program.signal("HUP");
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
}
