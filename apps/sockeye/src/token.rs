//! `sockeye token`: a token for a try or a script, signed with the secret that the configuration names.

use std::{
    io::{self, Write as _},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use clap::Args;
use miette::{IntoDiagnostic, Report, miette};
use sockeye_channels::token::{ConnectionClaims, SubscriptionClaims};

use crate::{cli::FileArgs, config::Resolved};

/// The command line of `sockeye token`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TokenArgs {
    /// Who the token is for; nobody in particular without it
    #[arg(
        long,
        value_name = "USER",
        default_value = "",
        hide_default_value = true
    )]
    user: String,
    /// Make a subscription token for this channel, not a connection token
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// How long it is good, such as `10m`, or `never`
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = expiry)]
    expires: Expiry,
    /// What others may know of whoever has it, as JSON
    #[arg(long, value_name = "JSON", value_parser = json)]
    info: Option<String>,
    /// Subscribe the connection to this channel; may be given several times
    #[arg(long = "subscribe", value_name = "CHANNEL", conflicts_with = "channel")]
    subscribe: Vec<String>,
    #[command(flatten)]
    pub(crate) file: FileArgs,
}

const EXAMPLES: &str = "\
It is signed by HS256 with `tokens.hmac_secret` (`subscription_tokens.hmac_secret` for a channel, if that is set).
Whoever has the secret can be anybody: applications sign for their own users, and this is for tries and scripts.

Examples:
  sockeye token --user me
  sockeye token --user me --expires never --info '{\"name\":\"Me\"}'
  sockeye token --user me --channel '$private:room'
  SOCKEYE_TOKEN=$(SOCKEYE_TOKENS_HMAC_SECRET=secret sockeye token --user me) sockeye tail chat:lobby";

/// When a token ends.
#[derive(Clone, Copy, Debug)]
enum Expiry {
    In(Duration),
    Never,
}

fn expiry(text: &str) -> Result<Expiry, humantime::DurationError> {
    if text == "never" {
        return Ok(Expiry::Never);
    }
    humantime::parse_duration(text).map(Expiry::In)
}

fn json(text: &str) -> Result<String, String> {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    is_json
        .then(|| text.to_owned())
        .ok_or_else(|| "it is no JSON".to_owned())
}

/// Prints a token.
///
/// # Errors
/// If the configuration names no secret, or it can't be read.
pub(crate) fn print(args: &TokenArgs, resolved: &Resolved) -> Result<(), Report> {
    let config = resolved
        .check()
        .map_err(crate::config::InvalidConfig::into_report)?;
    let channels = config.channels.as_ref();
    let tokens = channels.and_then(|channels| match args.channel {
        Some(_) => channels
            .subscription_tokens
            .as_ref()
            .or(channels.tokens.as_ref()),
        None => channels.tokens.as_ref(),
    });
    let secret = tokens
        .map(|tokens| tokens.hmac_secret().into_diagnostic())
        .transpose()?
        .flatten();
    let secret = secret.ok_or_else(|| {
        miette!(
            help = "set `tokens.hmac_secret` in the file, or SOCKEYE_TOKENS_HMAC_SECRET",
            "there is no secret to sign with"
        )
    })?;
    let token = args.sign(&secret, SystemTime::now())?;
    writeln!(io::stdout().lock(), "{token}").into_diagnostic()
}

impl TokenArgs {
    fn sign(&self, secret: &[u8], now: SystemTime) -> Result<String, Report> {
        let since_1970 = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .into_diagnostic()?;
        let expires = match self.expires {
            Expiry::In(time) => Some((since_1970 + time).as_secs()),
            Expiry::Never => None,
        };
        let info = self.info.clone().map(Bytes::from).unwrap_or_default();
        let signed = match &self.channel {
            Some(channel) => {
                let mut claims = SubscriptionClaims::new(&self.user, channel);
                (claims.expires, claims.options.info) = (expires, info);
                claims.sign(secret)
            }
            None => {
                let mut claims = ConnectionClaims::new(&self.user);
                (claims.expires, claims.info) = (expires, info);
                claims.channels.clone_from(&self.subscribe);
                claims.sign(secret)
            }
        };
        signed.into_diagnostic()
    }
}
