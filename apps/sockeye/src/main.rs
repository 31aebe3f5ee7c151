//! The `sockeye` program: reads what is asked of it, and hands on.

mod addresses;
mod api;
#[cfg(target_os = "linux")]
mod bench;
mod certificate;
mod channel;
mod channels;
mod cli;
mod config;
mod connect;
mod descriptors;
mod endpoints;
mod exposition;
mod hooks;
mod internal;
mod outgoing;
mod page;
mod process;
mod qr;
mod redirect;
mod reload;
mod renewal;
mod self_signed;
mod serve;
mod shutdown;
mod telemetry;
mod tls;
mod token;

use std::{
    env,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use miette::{IntoDiagnostic, Report};

#[cfg(target_os = "linux")]
use crate::bench::Bench;
use crate::{
    cli::{Cli, Command, ServeArgs},
    config::{Channels, FILE_VARIABLE, Flags, InvalidConfig, Resolved, Sources, resolve},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let asked = Cli::parse().into_command();
    let done = match asked {
        Command::Connect(args) => return connect::connect(&args),
        Command::Publish(args) => return channel::publish(&args),
        Command::Tail(args) => return channel::tail(&args),
        Command::Serve(args) => serve(args),
        #[cfg(target_os = "linux")]
        Command::Bench(Bench::Idle(args)) => bench::idle(&args),
        #[cfg(target_os = "linux")]
        Command::Bench(Bench::IdleClient(args)) => return bench::idle_client(&args),
        #[cfg(target_os = "linux")]
        Command::Bench(Bench::IdleServer(args)) => bench::die_with_parent()
            .into_diagnostic()
            .and_then(|()| serve(*args)),
        Command::Token(args) => read(args.file.config.clone(), Flags::default())
            .and_then(|resolved| token::print(&args, &resolved)),
        Command::CheckConfig(file) => {
            read(file.config, Flags::default()).and_then(|resolved| check_config(&resolved))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            // Nothing is left to do if this can't be written either.
            let _ = writeln!(io::stderr(), "{report:?}");
            ExitCode::FAILURE
        }
    }
}

fn serve(args: ServeArgs) -> Result<(), Report> {
    let flags = args.flags();
    let sources = sources(args.file.config, flags);
    let resolved = resolve(sources.clone()).map_err(InvalidConfig::into_report)?;
    serve::serve(sources, resolved, args.qr)
}

/// The file that the environment names, if it names one.
fn file_by_variable() -> Option<PathBuf> {
    env::var_os(FILE_VARIABLE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

fn sources(file: Option<PathBuf>, flags: Flags) -> Sources {
    Sources {
        file: file.or_else(file_by_variable),
        variables: env::vars_os().collect(),
        flags,
    }
}

fn read(file: Option<PathBuf>, flags: Flags) -> Result<Resolved, Report> {
    resolve(sources(file, flags)).map_err(InvalidConfig::into_report)
}

/// Prints the settings as a file that would make them; the verdict is a comment in it.
fn check_config(resolved: &Resolved) -> Result<(), Report> {
    let config = resolved.check().map_err(InvalidConfig::into_report)?;
    let dangers = config.channels.as_ref().map(Channels::dangers);
    let dangers: String = dangers
        .unwrap_or_default()
        .iter()
        .map(|danger| format!("# danger: {danger}\n"))
        .collect();
    let settings = resolved.to_toml().into_diagnostic()?;
    write!(io::stdout().lock(), "# ok\n{dangers}{settings}").into_diagnostic()
}
