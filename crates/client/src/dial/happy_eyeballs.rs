//! Which address of a host is tried when, and which wins (RFC 8305).

use std::{
    error::Error,
    fmt,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::timeout;

/// How long an attempt is alone before the next one joins it (RFC 8305 §5, "Connection Attempt Delay").
pub(super) const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How many addresses of a host are tried at most. Whoever answers for a name could name thousands.
pub(super) const MAX_ATTEMPTS: usize = 16;

/// The addresses that were tried, and why each failed, in the order of their failures.
#[derive(Debug)]
pub struct FailedAttempts(pub(super) Vec<(SocketAddr, io::Error)>);

/// An attempt under way.
struct Attempt<F> {
    address: SocketAddr,
    connecting: Pin<Box<F>>,
}

/// Orders addresses as they are to be tried: families take turns, IPv6 first, each in the order given (RFC 8305 §4).
pub(super) fn interleave(found: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let (six, four): (Vec<_>, Vec<_>) = found.into_iter().partition(SocketAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut ordered = Vec::with_capacity(six.len() + four.len());
    while six.len() + four.len() > 0 {
        ordered.extend(six.next());
        ordered.extend(four.next());
    }
    ordered
}

/// Starts an attempt for one address after the other, and gives the first that connects.
///
/// The next starts when one has failed, or after [`ATTEMPT_DELAY`] (RFC 8305 §5).
///
/// Cancel safety: dropped, all attempts are.
pub(super) async fn race<S, F: Future<Output = io::Result<S>>>(
    addresses: Vec<SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<(S, SocketAddr), Vec<(SocketAddr, io::Error)>> {
    let mut waiting = addresses.into_iter();
    let mut running = Vec::new();
    let mut failed = Vec::new();
    loop {
        if let Some(address) = waiting.next() {
            running.push(Attempt {
                address,
                connecting: Box::pin(connect(address)),
            });
        } else if running.is_empty() {
            return Err(failed);
        }
        let ended = poll_fn(|cx| poll_any(&mut running, cx));
        let ended = if waiting.len() == 0 {
            Some(ended.await)
        } else {
            timeout(ATTEMPT_DELAY, ended).await.ok()
        };
        match ended {
            Some((address, Ok(stream))) => return Ok((stream, address)),
            Some((address, Err(error))) => failed.push((address, error)),
            None => {}
        }
    }
}

/// Polls every attempt, and takes out the first that has ended.
fn poll_any<S, F: Future<Output = io::Result<S>>>(
    running: &mut Vec<Attempt<F>>,
    cx: &mut Context<'_>,
) -> Poll<(SocketAddr, io::Result<S>)> {
    let ended = running.iter_mut().enumerate().find_map(|(at, attempt)| {
        match attempt.connecting.as_mut().poll(cx) {
            Poll::Ready(outcome) => Some((at, attempt.address, outcome)),
            Poll::Pending => None,
        }
    });
    let Some((at, address, outcome)) = ended else {
        return Poll::Pending;
    };
    drop(running.remove(at));
    Poll::Ready((address, outcome))
}

impl FailedAttempts {
    /// Each address that was tried, with what the system said; at most 16.
    pub fn iter(&self) -> impl Iterator<Item = (SocketAddr, &io::Error)> {
        self.0.iter().map(|(address, error)| (*address, error))
    }
}

impl fmt::Display for FailedAttempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (address, error)) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            write!(f, "{between}{address}: {error}")?;
        }
        Ok(())
    }
}

impl Error for FailedAttempts {}

#[cfg(test)]
mod tests;
