//! A process that publishes is killed, again and again: nothing that was acknowledged is lost. And a broker that
//! acknowledges too early is found out.
//!
//! `SOCKEYE_CRASH_ROUNDS` says how many rounds, 4 by default.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sockeye_broker_sqlite::{Options, SqliteBroker};
use sockeye_channels::{
    Broker, StreamPosition,
    contract::{Fault, Ledger, publication},
};

use super::{all, kept, open};

const FILE: &str = "SOCKEYE_CRASH_FILE";
const ROUND: &str = "SOCKEYE_CRASH_ROUND";
const EARLY: &str = "SOCKEYE_CRASH_EARLY";

const CHANNELS: usize = 4;
const TASKS: usize = 16;

/// When a broker acknowledges.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Acknowledges {
    AfterCommit,
    BeforeCommit,
}

/// Not a test: the process that is killed, if the environment says so. It publishes for ever, and says what was
/// acknowledged.
#[test]
fn publisher_process() {
    let Ok(file) = env::var(FILE) else {
        return;
    };
    let round = env::var(ROUND).unwrap();
    let mut options = Options::default();
    options.danger.acknowledges_early = env::var(EARLY).is_ok();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let broker = Arc::new(SqliteBroker::open(file, options).unwrap());
        let tasks = (0..TASKS).map(|task| {
            let (broker, round) = (Arc::clone(&broker), round.clone());
            tokio::spawn(async move {
                for number in 0_u64.. {
                    let channel = format!("channel-{}", task % CHANNELS);
                    let data = format!("{round}/{task}/{number}");
                    let publication = publication(data.as_str());
                    let published = broker.publish(&channel, publication, kept()).await;
                    let StreamPosition { offset, epoch } = published.unwrap().position.unwrap();
                    println!("ack {channel} {offset} {epoch} {data}");
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
}

/// Starts the process, kills it once it has said so much, and writes down what it said.
fn publish_and_kill(file: &Path, round: usize, acknowledges: Acknowledges, ledger: &mut Ledger) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "crash::publisher_process", "--nocapture"])
        .env(FILE, file)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped());
    if acknowledges == Acknowledges::BeforeCommit {
        command.env(EARLY, "1");
    }
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut left = 1 + since.subsec_micros() % 1500;
    let mut line = String::new();
    // What it said before it died is read to the end; half a line is not said.
    while said.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
        let words: Vec<_> = line.split_whitespace().collect();
        if let ["ack", channel, offset, epoch, data] = words[..] {
            let (offset, epoch) = (offset.parse().unwrap(), epoch.to_owned());
            let position = StreamPosition { offset, epoch };
            ledger.acknowledge(channel, &position, data.as_bytes());
            left = left.saturating_sub(1);
            if left == 0 {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(left, 0, "the publisher ended by itself");
}

async fn faults(file: &Path, ledger: &Ledger) -> Vec<Fault> {
    let broker = open(file);
    let mut faults = Vec::new();
    for channel in ledger.channels() {
        faults.extend(ledger.faults(channel, &all(&broker, channel).await));
    }
    broker.close().await;
    faults
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let rounds = env::var("SOCKEYE_CRASH_ROUNDS").map_or(4, |rounds| rounds.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (file, mut ledger) = (folder.path().join("s.db"), Ledger::default());
    for round in 0..rounds {
        publish_and_kill(&file, round, Acknowledges::AfterCommit, &mut ledger);
        assert_eq!(faults(&file, &ledger).await, [], "round {round}");
    }
    assert_eq!(ledger.channels().count(), CHANNELS);
}

#[tokio::test]
async fn a_broker_that_acknowledges_before_the_commit_is_found_out() {
    let begin = SystemTime::now();
    let mut rounds = 0..;
    while begin.elapsed().unwrap() < Duration::from_secs(120) {
        let folder = tempfile::tempdir().unwrap();
        let (file, mut ledger) = (folder.path().join("s.db"), Ledger::default());
        let round = rounds.next().unwrap();
        publish_and_kill(&file, round, Acknowledges::BeforeCommit, &mut ledger);
        let faults = faults(&file, &ledger).await;
        let is_lost = |fault: &Fault| matches!(fault, Fault::Lost(..) | Fault::Epoch(_));
        if faults.iter().any(is_lost) {
            return;
        }
    }
    panic!("nothing was lost in all these rounds");
}
