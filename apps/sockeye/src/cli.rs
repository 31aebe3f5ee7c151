//! The command line: what can be asked of the program, and how.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    channel::{PublishArgs, TailArgs},
    config::{ChannelFlags, Flags, Listen, Port, TlsFlags, Workers},
    connect::ConnectArgs,
    token::TokenArgs,
};

/// Real-time sockets: a chat page and raw WebSocket endpoints, started by one command.
#[derive(Debug, Parser)]
#[command(name = "sockeye", version, args_conflicts_with_subcommands = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

const EXAMPLES: &str = "\
Examples:
  sockeye                        serve on port 8080; open http://localhost:8080/say
  sockeye --listen :9000         the same on port 9000
  sockeye --tls-self-signed      the same behind https, for a try
  sockeye connect localhost:8080/say
                                 talk to it, or to any other server, from this terminal
  sockeye check-config --config sockeye.toml
  SOCKEYE_LIMITS_MESSAGE_BYTES='4 MiB' sockeye

Every key of the file can also be set as SOCKEYE_SECTION_KEY.
Flags beat the environment, which beats the file. RUST_LOG sets what is logged.";

/// What is asked of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the endpoints and the page (what happens without a command)
    Serve(ServeArgs),
    /// Talk to a WebSocket server, from a terminal or a pipe
    Connect(Box<ConnectArgs>),
    /// Publish into a channel, from the command line or a pipe
    Publish(Box<PublishArgs>),
    /// Print what is published in a channel, and go on after a lost connection without missing anything
    Tail(Box<TailArgs>),
    /// Make a token for channels
    Token(Box<TokenArgs>),
    /// Measure what servers cost
    #[cfg(target_os = "linux")]
    #[command(subcommand)]
    Bench(crate::bench::Bench),
    /// Check the configuration and print it in full
    CheckConfig(FileArgs),
}

/// What `serve` takes.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen: an address and port, `:9000`, or a port alone [default: 0.0.0.0:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<Listen>,
    /// How many threads serve, or `auto` for one a core [default: auto]
    #[arg(long, value_name = "N")]
    workers: Option<Workers>,
    /// Share the port with other processes that say so too; the kernel spreads the connections
    #[arg(long)]
    share_port: bool,
    /// Where /metrics, /health and /ready are: an address and port, a port of the loopback, or `off` [default: off]
    #[arg(long, value_name = "ADDR")]
    internal_listen: Option<Port>,
    /// When to draw a QR code of the page's address, for a phone; `auto` does on a terminal
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub(crate) qr: Qr,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    channels: ChannelArgs,
    #[command(flatten)]
    pub(crate) file: FileArgs,
}

/// When a QR code is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Qr {
    #[default]
    Auto,
    Always,
    Never,
}

/// What https is served with.
#[derive(Debug, Args)]
struct TlsArgs {
    /// Serve https with this certificate, in PEM, those that lead to its issuer behind it
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// The private key of that certificate, in PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Serve https with a certificate that is made for this run
    #[arg(long)]
    tls_self_signed: bool,
}

/// What channels are, and where they are kept.
#[derive(Debug, Args)]
struct ChannelArgs {
    /// Let everybody do everything in channels, without tokens: for a try, never for the internet
    #[arg(long)]
    danger_insecure: bool,
    /// The file that durable channels are kept in [default: sockeye.db]
    #[arg(long, value_name = "FILE")]
    broker_path: Option<String>,
}

/// Which file is read.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// The configuration file, in TOML [env: SOCKEYE_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl Cli {
    /// Returns what is asked for: to serve, unless said otherwise.
    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

impl ServeArgs {
    /// Returns the settings that the flags make.
    pub(crate) fn flags(&self) -> Flags {
        Flags {
            listen: self.listen,
            workers: self.workers,
            share_port: self.share_port.then_some(true),
            internal: self.internal_listen,
            tls: self.tls.flags(),
            channels: self.channels.flags(),
        }
    }
}

impl ChannelArgs {
    fn flags(&self) -> ChannelFlags {
        ChannelFlags {
            danger_insecure: self.danger_insecure.then_some(true),
            broker_path: self.broker_path.clone(),
        }
    }
}

impl TlsArgs {
    fn flags(&self) -> TlsFlags {
        TlsFlags {
            certificate: self.tls_cert.clone(),
            key: self.tls_key.clone(),
            self_signed: self.tls_self_signed.then_some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split_whitespace()).map(Cli::into_command)
    }

    #[test]
    fn serve_is_what_happens_without_a_command() {
        for line in ["sockeye --listen :9000", "sockeye serve --listen 9000"] {
            let Ok(Command::Serve(args)) = parse(line) else {
                panic!("{line} does not serve");
            };
            let listen = args.flags().listen.unwrap();
            assert_eq!(listen.0, "0.0.0.0:9000".parse().unwrap());
        }
        assert!(matches!(parse("sockeye"), Ok(Command::Serve(_))));
    }

    #[test]
    fn a_bad_flag_is_named_with_what_it_takes() {
        let refused = parse("sockeye --workers 0").unwrap_err().to_string();
        assert!(refused.contains("--workers <N>"), "{refused}");
        assert!(refused.contains("from 1 to 1024"), "{refused}");
    }

    #[test]
    fn the_command_line_is_consistent_in_itself() {
        use clap::CommandFactory;
        <Cli as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_internal_port_is_off_or_on_the_loopback_unless_an_address_is_named() {
        let port = |text: &str| {
            let port = text.parse::<Port>().unwrap();
            port.0.map(|address| address.to_string())
        };
        assert_eq!(port("off"), None);
        assert_eq!(port(":9090").unwrap(), "127.0.0.1:9090");
        assert_eq!(port("9090").unwrap(), "127.0.0.1:9090");
        assert_eq!(port("0.0.0.0:9090").unwrap(), "0.0.0.0:9090");
        assert!("of".parse::<Port>().is_err());
    }
}
