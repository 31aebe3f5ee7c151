//! What an operator writes, and what is answered: which source wins, and the words for each mistake.

mod channels;
mod documentation;
mod origins;
mod proxy;
mod sockjs;

use std::{ffi::OsString, net::SocketAddr, time::Duration};

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{
    error::InvalidConfig,
    key::Known,
    raw::Raw,
    resolve::{Resolved, Sources, resolve},
    setting::{Flags, from_file},
};

mod tls;

/// A folder that is removed with what is in it.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sockeye-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn variables(list: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    list.iter().map(|(k, v)| (k.into(), v.into())).collect()
}

fn from(
    name: &str,
    file: &str,
    env: &[(&str, &str)],
    flags: Flags,
) -> Result<Resolved, InvalidConfig> {
    let folder = Folder::new(name);
    let path = folder.0.join("sockeye.toml");
    std::fs::write(&path, file).unwrap();
    resolve(Sources {
        file: Some(path),
        variables: variables(env),
        flags,
    })
}

fn rendered(error: InvalidConfig) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(200)
        .render_report(&mut text, error.into_report().as_ref())
        .unwrap();
    text
}

/// The report for a file, which is checked as well.
fn report(name: &str, file: &str, env: &[(&str, &str)]) -> String {
    let error = from(name, file, env, Flags::default())
        .and_then(|resolved| resolved.check())
        .unwrap_err();
    rendered(error)
}

#[track_caller]
fn assert_says(report: &str, words: &[&str]) {
    for word in words {
        assert!(report.contains(word), "no {word:?} in:\n{report}");
    }
}

#[test]
fn the_defaults_are_those_of_the_library_but_for_the_outbox() {
    let config = resolve(Sources::default()).unwrap().check().unwrap();
    assert_eq!(config.server.listen, SocketAddr::from(([0, 0, 0, 0], 8080)));
    assert_eq!(config.server.head_count, 100);
    assert_eq!(config.server.connections, 100_000);
    let limits = sockeye::Limits::default().outbox_bytes(8 << 20);
    assert_eq!(config.limits, limits);
    assert_eq!(config.heartbeat, sockeye::Heartbeat::default());
    assert_eq!(config.deflate, Some(sockeye::Deflate::default()));
    let say = config.say.unwrap();
    assert!(say.allowed_origins.is_empty());
    assert_eq!(say.overflow, sockeye::Overflow::Close);
}

#[test]
fn flags_beat_the_environment_which_beats_the_file_which_beats_the_defaults() {
    let file = "[server]\nlisten = ':1'\nworkers = 1\nhead_bytes = '32 KiB'\n";
    let env = [
        ("SOCKEYE_SERVER_LISTEN", ":2"),
        ("SOCKEYE_SERVER_WORKERS", "2"),
    ];
    let flags = Flags {
        listen: Some(":3".parse().unwrap()),
        ..Flags::default()
    };
    let resolved = from("precedence", file, &env, flags).unwrap();
    let config = resolved.check().unwrap();
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.server.workers.get(), 2);
    assert_eq!(config.server.head_bytes, 32 << 10);
    assert_eq!(config.server.handshake_time, Duration::from_secs(10));
}

#[test]
fn every_key_is_also_an_environment_variable_with_its_own_name() {
    let known = Known::new();
    let keys = known.keys();
    for key in &keys {
        assert_eq!(known.of_variable(&key.variable()).as_ref(), Some(key));
        let text = match known.default_of(key).unwrap() {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) => items.iter().filter_map(|i| i.as_str()).collect(),
            other => other.to_string(),
        };
        let variable = key.variable();
        let sources = Sources {
            variables: variables(&[(&variable, &text)]),
            ..Sources::default()
        };
        let resolved = resolve(sources).unwrap();
        assert_eq!(
            resolved.to_toml().unwrap(),
            toml::to_string(&Raw::default()).unwrap(),
            "{key}"
        );
    }
    assert!(keys.len() >= 150, "{}", keys.len());
}

#[test]
fn lists_in_the_environment_are_parted_by_commas() {
    let origins = "https://a.example, https://*.b.example:8443";
    let sources = Sources {
        variables: variables(&[
            ("SOCKEYE_SAY_ALLOWED_ORIGINS", origins),
            ("SOCKEYE_ECHO_ALLOWED_ORIGINS", "any"),
            ("SOCKEYE_ECHO_OVERFLOW", "keep-latest"),
            ("SOCKEYE_DEFLATE_ENABLED", "false"),
            ("PATH", "/bin"),
            ("SOCKEYE_CONFIG", "is read by the command line"),
        ]),
        ..Sources::default()
    };
    let config = resolve(sources).unwrap().check().unwrap();
    let (say, echo) = (config.say.unwrap(), config.echo.unwrap());
    assert_eq!(
        say.allowed_origins,
        ["https://a.example", "https://*.b.example:8443"]
    );
    assert_eq!(echo.allowed_origins, ["*"]);
    assert_eq!(echo.overflow, sockeye::Overflow::KeepLatest);
    assert_eq!(config.deflate, None);
}

#[test]
fn what_is_printed_makes_the_same_settings_again() {
    let file =
        "[heartbeat]\nperiod = 'off'\n[limits]\nmessage_time = '1m 30s'\n[server]\nworkers = 3\n";
    let first = from("printed", file, &[], Flags::default()).unwrap();
    let printed = first.to_toml().unwrap();
    let again = from("reprinted", &printed, &[], Flags::default()).unwrap();
    assert_eq!(first.check().unwrap(), again.check().unwrap());
    assert_eq!(printed, again.to_toml().unwrap());
}

#[test]
fn a_misspelt_key_is_shown_with_its_line_column_and_the_right_one() {
    let report = report("misspelt", "[limits]\n  mesage_bytes = 1\n", &[]);
    assert_says(
        &report,
        &[
            "unknown key `mesage_bytes` in [limits]",
            "sockeye.toml:2:3",
            "did you mean `message_bytes`?",
        ],
    );
}

#[test]
fn a_key_in_the_wrong_section_is_sent_to_its_own() {
    let in_section = report("wrong-section", "[server]\noutbox_bytes = 1\n", &[]);
    assert_says(
        &in_section,
        &["sockeye.toml:2:1", "`outbox_bytes` belongs in [limits]"],
    );
    let in_none = report("no-section", "listen = ':1'\n", &[]);
    assert_says(
        &in_none,
        &["sockeye.toml:1:1", "`listen` belongs in [server]"],
    );
}

#[test]
fn a_name_like_no_other_is_answered_with_all_there_are() {
    let key = report("no-key", "[heartbeat]\nzzzzzzzz = 1\n", &[]);
    assert_says(&key, &["there are `period`, `deadline`"]);
    let section = report("no-such-section", "[zzzzzzzzzzzz]\n", &[]);
    assert_says(
        &section,
        &[
            "unknown section [zzzzzzzzzzzz]",
            "[server], [internal], [limits], [heartbeat]",
        ],
    );
}

#[test]
fn a_misspelt_section_is_shown_with_the_right_one() {
    let report = report("misspelt-section", "\n[limit]\n", &[]);
    assert_says(
        &report,
        &[
            "unknown section [limit]",
            "sockeye.toml:2:2",
            "did you mean [limits]?",
        ],
    );
}

#[test]
fn a_section_must_be_one() {
    let report = report("not-a-section", "limits = 3\n", &[]);
    assert_says(&report, &["`limits` is a section", "sockeye.toml:1:1"]);
}

#[test]
fn a_value_of_the_wrong_kind_is_shown_where_it_stands_and_how_it_is_written() {
    for (n, (line, words)) in [
        (
            "[limits]\nframe_bytes = 'big'",
            "limits.frame_bytes: \"big\" is not a size",
        ),
        (
            "[limits]\nfragments = -1",
            "limits.fragments: -1 is not a count",
        ),
        (
            "[limits]\nfragments = 99999999999999999999",
            "limits.fragments: the number is too large",
        ),
        (
            "[limits]\nstall_time = 30",
            "write it with its unit, such as \"25s\"",
        ),
        ("[heartbeat]\nperiod = true", "or \"off\""),
        (
            "[server]\nlisten = 'home'",
            "\"home\" is not an address to listen on",
        ),
        ("[server]\nworkers = 0", "from 1 to 1024"),
        ("[say]\nenabled = 'yes'", "expected a boolean"),
        (
            "[say]\noverflow = 'drop'",
            "`close`, `drop-oldest`, `keep-latest`",
        ),
        ("[say]\nallowed_origins = 'any'", "expected a sequence"),
        ("[server]\nlisten.port = 1", "is not an address"),
    ]
    .iter()
    .enumerate()
    {
        let report = report(&format!("kind-{n}"), line, &[]);
        assert_says(&report, &[words, "sockeye.toml:2:"]);
    }
}

#[test]
fn what_is_no_toml_is_shown_where_it_ends_to_be() {
    let report = report("syntax", "[server]\nlisten = \n", &[]);
    assert_says(&report, &["not TOML", "sockeye.toml:2:"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let sources = Sources {
        file: Some("/nowhere/sockeye.toml".into()),
        ..Sources::default()
    };
    assert_says(
        &rendered(resolve(sources).unwrap_err()),
        &["can't read /nowhere/sockeye.toml"],
    );
}

#[test]
fn a_mistake_in_the_environment_is_named_by_its_variable() {
    let misspelt = report("env-name", "", &[("SOCKEYE_SERVER_LISTN", ":1")]);
    assert_says(
        &misspelt,
        &[
            "unknown environment variable SOCKEYE_SERVER_LISTN",
            "did you mean SOCKEYE_SERVER_LISTEN?",
        ],
    );
    let strange = report("env-strange", "", &[("SOCKEYE_ZZZZZZZZZZZZZZZZ", "1")]);
    assert_says(&strange, &["such as SOCKEYE_SERVER_LISTEN"]);
    let value = report("env-value", "", &[("SOCKEYE_LIMITS_FRAGMENTS", "many")]);
    assert_says(&value, &["SOCKEYE_LIMITS_FRAGMENTS: ", "from 1 to 1000000"]);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_named() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = OsString::from_vec(vec![0xff]);
    let variables = vec![("SOCKEYE_SERVER_LISTEN".into(), bytes)];
    let refused = resolve(Sources {
        variables,
        ..Sources::default()
    })
    .unwrap_err();
    assert_says(
        &rendered(refused),
        &["SOCKEYE_SERVER_LISTEN: the value is not UTF-8"],
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let file = "[server]\nlisen = 1\nworkers = 0\n";
    let report = report("all", file, &[("SOCKEYE_SAY_ENABLED", "perhaps")]);
    assert_says(
        &report,
        &["`lisen`", "server.workers: ", "SOCKEYE_SAY_ENABLED: "],
    );
}

#[test]
fn a_broken_rule_is_shown_at_the_setting_that_was_made() {
    let by_file = report("rule-file", "[limits]\nmessage_bytes = '16 MiB'\n", &[]);
    assert_says(
        &by_file,
        &["must have room for one message", "sockeye.toml:2:"],
    );
    let by_variable = report("rule-env", "", &[("SOCKEYE_LIMITS_OUTBOX_BYTES", "1 KiB")]);
    assert_says(
        &by_variable,
        &["SOCKEYE_LIMITS_OUTBOX_BYTES: limits.outbox_bytes (1024 bytes)"],
    );
    for (n, (file, words)) in [
        (
            "[limits]\nframe_bytes = 0",
            "limits.frame_bytes: it must be above 0",
        ),
        (
            "[limits]\nfragments = 2\nframe_bytes = 7",
            "2 frames of 7 bytes can't carry",
        ),
        ("[server]\nhead_bytes = 100", "less than the 8192"),
        (
            "[deflate]\nlevel = 10",
            "1 (fastest) to 9 (smallest), not 10",
        ),
        (
            "[deflate]\nenabled = false\nown_window = 8",
            "window bits must be 9 to 15, not 8",
        ),
        (
            "[say]\nallowed_origins = ['example.com']",
            "\"example.com\" is not an origin",
        ),
        (
            "[say]\nenabled = false\n[echo]\nenabled = false\n[channels]\nenabled = false",
            "nothing is left to serve",
        ),
    ]
    .iter()
    .enumerate()
    {
        assert_says(
            &report(&format!("rule-{n}"), file, &[]),
            &[words, "sockeye.toml:"],
        );
    }
}

#[test]
fn a_key_set_twice_is_refused() {
    let text = "[say]\nenabled = true\nenabled = false\n";
    let settings = from_file("a.toml".as_ref(), text, &mut Known::new());
    assert!(settings.iter().any(Result::is_err));
}
