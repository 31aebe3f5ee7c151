//! What `sockeye publish` and `sockeye tail` take.

use clap::Args;
use http::Uri;

use super::since::Since;
use crate::connect::{RouteArgs, address};

/// Which server, and who asks.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server's address of channels
    #[arg(long, value_name = "URL", default_value = "ws://localhost:8080/connection/websocket", value_parser = address)]
    pub(crate) server: Uri,
    /// A connection token (JWT), as `sockeye token` makes them; better in the environment, where others don't see it
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SOCKEYE_TOKEN",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) token: String,
    /// How the server is reached
    #[command(flatten)]
    pub(crate) route: RouteArgs,
}

/// The command line of `sockeye publish`.
#[derive(Debug, Args)]
#[command(after_help = PUBLISH_EXAMPLES)]
pub(crate) struct PublishArgs {
    /// The channel, with its namespace before a colon if it has one
    pub(crate) channel: String,
    /// What to publish, each as one publication; without any, each line of the input is one
    pub(crate) messages: Vec<String>,
    /// Take messages for text, not for JSON: they are published as JSON strings
    #[arg(long)]
    pub(crate) text: bool,
    /// Say how many were acknowledged
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

const PUBLISH_EXAMPLES: &str = "\
Each publication is acknowledged before the next is sent: where the channel's namespace keeps a durable history, it is
on disk by then. The first one that is refused ends the command, and is named.

Ends with 0 if all were acknowledged, 1 for what can't be published, 3 if there is no server, 4 if it refuses.

Examples:
  sockeye publish chat:lobby '{\"text\":\"hello\"}'
  sockeye publish --text chat:lobby 'hello, as it is'
  tail -f events.jsonl | sockeye publish log:events
  SOCKEYE_TOKEN=$(sockeye token --user me) sockeye publish chat:lobby '1'";

/// The command line of `sockeye tail`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
#[derive(Debug, Args)]
#[command(after_help = TAIL_EXAMPLES)]
pub(crate) struct TailArgs {
    /// The channel, with its namespace before a colon if it has one
    pub(crate) channel: String,
    /// Begin behind this position, as `--json` prints it: OFFSET, or OFFSET:EPOCH; `start` is everything that is kept
    #[arg(long, value_name = "POSITION")]
    pub(crate) since: Option<Since>,
    /// End after so many publications
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Show each publication as a line of JSON with offset, epoch, tags and publisher, not its payload alone
    #[arg(long)]
    pub(crate) json: bool,
    /// A subscription token (JWT), if the channel wants one
    #[arg(
        long,
        value_name = "TOKEN",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) subscription_token: String,
    /// Show nothing but publications
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// End when the connection is lost, instead of coming back
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

const TAIL_EXAMPLES: &str = "\
It comes back when the connection is lost, from where it was: what was missed meanwhile is printed, and if some of that
is no longer kept, a note on the standard error says so.

Ends with 0 after --count, 3 if there is no server at the start, 4 if it refuses, 130 by Ctrl-C.

Examples:
  sockeye tail chat:lobby
  sockeye tail chat:lobby --since start
  sockeye tail chat:lobby --json | tee -a log.jsonl
  sockeye tail chat:lobby --since \"$(tail -n 1 log.jsonl | jq -r '\"\\(.offset):\\(.epoch)\"')\"";
