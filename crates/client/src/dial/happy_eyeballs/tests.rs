//! Races on a paused clock, with connects that do what a script says.

use std::{cell::RefCell, future::pending, io::ErrorKind};

use tokio::time::Instant;

use super::*;

#[derive(Clone, Copy)]
enum Does {
    Connects(u64),
    Refuses(u64),
    Hangs,
}

/// Ends so many milliseconds later by the paused clock.
async fn later(milliseconds: u64) {
    let span = Duration::from_millis(milliseconds);
    timeout(span, pending::<()>()).await.unwrap_err();
}

fn addresses(of: &[&str]) -> Vec<SocketAddr> {
    of.iter().map(|address| address.parse().unwrap()).collect()
}

/// Runs a race over as many addresses as the script has lines; gives who won, when each attempt began, and how long the
/// race took, in milliseconds.
async fn run(script: &[Does]) -> (Result<u16, Vec<u16>>, Vec<u64>, u64) {
    let began = Instant::now();
    let elapsed = || u64::try_from(began.elapsed().as_millis()).unwrap();
    let starts = RefCell::new(Vec::new());
    let all = (0..script.len()).map(|at| ([127, 0, 0, 1], u16::try_from(at).unwrap()).into());
    let outcome = race(all.collect(), |address| {
        starts.borrow_mut().push(elapsed());
        let does = script[usize::from(address.port())];
        async move {
            match does {
                Does::Connects(after) => {
                    later(after).await;
                    Ok(address.port())
                }
                Does::Refuses(after) => {
                    later(after).await;
                    Err(ErrorKind::ConnectionRefused.into())
                }
                Does::Hangs => pending().await,
            }
        }
    });
    let outcome = match outcome.await {
        Ok((stream, address)) => {
            assert_eq!(stream, address.port());
            Ok(stream)
        }
        Err(failed) => Err(failed.iter().map(|(address, _)| address.port()).collect()),
    };
    let took = elapsed();
    (outcome, starts.into_inner(), took)
}

#[test]
fn families_take_turns_and_ipv6_begins() {
    let found = addresses(&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1", "3.3.3.3:1", "[::2]:1"]);
    let ordered = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "3.3.3.3:1"]);
    assert_eq!(interleave(found), ordered);
    assert_eq!(interleave([]), []);
}

#[tokio::test(start_paused = true)]
async fn a_quick_first_address_is_the_only_one_tried() {
    let ended = run(&[Does::Connects(249), Does::Connects(0)]).await;
    assert_eq!(ended, (Ok(0), vec![0], 249));
}

#[tokio::test(start_paused = true)]
async fn a_slow_address_is_joined_by_the_next_and_may_still_win() {
    let ended = run(&[Does::Connects(300), Does::Connects(100)]).await;
    assert_eq!(ended, (Ok(0), vec![0, 250], 300));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_address_costs_a_quarter_second() {
    let ended = run(&[Does::Hangs, Does::Connects(10), Does::Connects(0)]).await;
    assert_eq!(ended, (Ok(1), vec![0, 250], 260));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_next_begins_at_once() {
    let ended = run(&[
        Does::Refuses(5),
        Does::Hangs,
        Does::Refuses(7),
        Does::Connects(1),
    ])
    .await;
    assert_eq!(ended, (Ok(3), vec![0, 5, 255, 262], 263));
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_each_is_named_in_the_order_of_failing() {
    let ended = run(&[Does::Refuses(900), Does::Refuses(1), Does::Refuses(0)]).await;
    assert_eq!(ended, (Err(vec![1, 2, 0]), vec![0, 250, 251], 900));
    assert_eq!(run(&[]).await, (Err(vec![]), vec![], 0));
}

#[test]
fn the_error_names_each_address_with_its_reason() {
    let refused = || io::Error::from(ErrorKind::ConnectionRefused);
    let all = addresses(&["[::1]:80", "127.0.0.1:80"]);
    let failed = FailedAttempts(
        all.into_iter()
            .map(|address| (address, refused()))
            .collect(),
    );
    assert_eq!(
        failed.to_string(),
        "[::1]:80: connection refused; 127.0.0.1:80: connection refused"
    );
    assert_eq!(failed.iter().count(), 2);
}
