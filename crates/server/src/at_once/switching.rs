//! The 101 of an accepted handshake, as bytes (RFC 9112 §4, RFC 6455 §4.2.2).

use std::{
    cell::RefCell,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::Response;
use httpdate::HttpDate;

/// Most answers are shorter.
const USUAL_BYTES: usize = 256;

/// Writes the head of a 101, with the headers in their order and the date behind them.
pub(super) fn encode(response: &Response<()>) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL_BYTES);
    out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
    for (name, value) in response.headers() {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"date: ");
    DATE.with_borrow_mut(|date| out.extend_from_slice(date.at(SystemTime::now()).as_bytes()));
    out.extend_from_slice(b"\r\n\r\n");
    out
}

thread_local! {
    static DATE: RefCell<Date> = const { RefCell::new(Date { text: String::new(), until: UNIX_EPOCH }) };
}

/// The date of this second (RFC 9110 §5.6.7), written once for all answers in it.
struct Date {
    text: String,
    /// When the next second begins.
    until: SystemTime,
}

impl Date {
    fn at(&mut self, now: SystemTime) -> &str {
        // A clock that was set back is believed as well.
        let left = self.until.duration_since(now);
        if !left.is_ok_and(|left| !left.is_zero() && left <= Duration::from_secs(1)) {
            let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
            self.text = HttpDate::from(now).to_string();
            self.until = UNIX_EPOCH + Duration::from_secs(since.as_secs() + 1);
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_the_second_wherever_the_clock_goes() {
        let mut date = Date {
            text: String::new(),
            until: UNIX_EPOCH,
        };
        for millis in [
            0,
            784_111_777_000,
            784_111_777_999,
            784_111_778_000,
            784_111_777_500,
            100,
            0,
        ] {
            let now = UNIX_EPOCH + Duration::from_millis(millis);
            assert_eq!(date.at(now), HttpDate::from(now).to_string(), "{millis}");
        }
    }
}
