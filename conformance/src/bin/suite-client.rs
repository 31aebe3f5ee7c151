//! `suite-client ws://HOST:PORT`: the echo client that the Autobahn suite's fuzzing server talks to.
//!
//! The server knows how many cases there are; each is a connection of its own, on which whatever it sends is sent back.

use std::process::ExitCode;

use clap::Parser;
use sockeye::{
    ContextTakeover, Deflate, Limits,
    client::{ConnectError, Connector},
};

/// Runs all cases of a fuzzing server, and has it write its reports.
#[derive(Debug, Parser)]
struct Args {
    /// The fuzzing server, such as `ws://127.0.0.1:9001`.
    url: String,
    /// What the reports call this client.
    #[arg(long, default_value = "sockeye")]
    agent: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            eprintln!("suite-client: {error}{}", source.unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<(), ConnectError> {
    let Args { url, agent } = args;
    // Autobahn's 9.* send 16 MiB, in fragments of 64 bytes too; its 12.* and 13.* want contexts taken over.
    let limits = Limits::default()
        .message_bytes(64 << 20)
        .frame_bytes(64 << 20)
        .outbox_bytes(64 << 20)
        .fragments(1 << 20);
    let deflate = Deflate::default()
        .min_bytes(0)
        .contexts(ContextTakeover::Kept, ContextTakeover::Kept);
    let connector = Connector::new().limits(limits);
    let count = case_count(&connector, url).await?;
    let connector = connector.deflate(deflate);
    for case in 1..=count {
        let address = format!("{url}/runCase?case={case}&agent={agent}");
        // Some cases end within the handshake or without a close: the server judges, whatever comes of it here.
        match connector.connect(address.as_str()).await {
            Ok(mut connection) => {
                while let Some(message) = connection.recv().await {
                    if connection.send(message).await.is_err() {
                        break;
                    }
                }
                connection.wait_closed().await;
            }
            Err(error) => eprintln!("suite-client: case {case}: {error}"),
        }
    }
    let address = format!("{url}/updateReports?agent={agent}");
    let connection = connector.connect(address.as_str()).await?;
    connection.wait_closed().await;
    Ok(())
}

async fn case_count(connector: &Connector, url: &str) -> Result<u32, ConnectError> {
    let address = format!("{url}/getCaseCount");
    let mut connection = connector.connect(address.as_str()).await?;
    let told = connection.recv().await;
    connection.wait_closed().await;
    let count = told.as_ref().and_then(|told| told.as_text()?.parse().ok());
    Ok(count.unwrap_or_default())
}
