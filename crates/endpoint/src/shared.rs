//! A message that goes to many sessions and is encoded once for each way of framing it.

use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use sockeye_types::Message;

/// A message on its way to many sessions. What a driver makes of it for the wire is kept here, so that the next
/// driver with the same framing takes it as it is.
#[derive(Debug)]
pub struct Shared {
    message: Message,
    /// The framing that was asked for first, mostly the only one: it is found without a lock.
    first: OnceLock<(u64, Bytes)>,
    /// Few framings exist at a time (plain, one or two sets of deflate parameters): a short list beats a map.
    others: Mutex<Vec<(u64, Bytes)>>,
}

/// How many framings of one message are kept; what comes beyond is encoded anew each time.
const MAX_FRAMINGS: usize = 16;

impl Shared {
    /// Takes a message that will be sent to many.
    pub fn new(message: Message) -> Self {
        Self {
            message,
            first: OnceLock::new(),
            others: Mutex::default(),
        }
    }

    /// Returns the message itself.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Returns the bytes for the framing `key`, encoding them at its first use.
    ///
    /// While `encode` runs, others who ask wait, so that no two drivers encode the same thing at once.
    pub fn framed(&self, key: u64, encode: impl FnOnce(&Message) -> Bytes) -> Bytes {
        let mut encode = Some(encode);
        let (first, bytes) = self.first.get_or_init(|| {
            let bytes = encode.take().map(|encode| encode(&self.message));
            (key, bytes.unwrap_or_default())
        });
        match encode {
            Some(encode) if *first != key => self.framed_otherwise(key, encode),
            _ => bytes.clone(),
        }
    }

    fn framed_otherwise(&self, key: u64, encode: impl FnOnce(&Message) -> Bytes) -> Bytes {
        let mut framed = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = framed.iter().find(|(k, _)| *k == key) {
            return bytes.clone();
        }
        let bytes = encode(&self.message);
        if framed.len() + 1 < MAX_FRAMINGS {
            framed.push((key, bytes.clone()));
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_framing_is_encoded_once() {
        let shared = Shared::new(Message::from("hello"));
        let mut encoded = 0;
        for key in [1, 2, 1, 2, 1] {
            let bytes = shared.framed(key, |message| {
                encoded += 1;
                message
                    .as_bytes()
                    .repeat(usize::try_from(key).unwrap())
                    .into()
            });
            assert_eq!(bytes.len(), 5 * usize::try_from(key).unwrap());
        }
        assert_eq!(encoded, 2);
    }

    #[test]
    fn the_number_of_kept_framings_is_bounded() {
        let shared = Shared::new(Message::from("hello"));
        for key in 0..100 {
            shared.framed(key, |message| message.clone().into_bytes());
        }
        assert_eq!(shared.others.lock().unwrap().len() + 1, MAX_FRAMINGS);
    }
}
