//! The way in for messages of sessions whose response only goes out: each is found by a secret.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sockeye_types::Message;
use thiserror::Error;

/// The secret by which a session is found that is carried by a streaming response: 122 random bits that its server made,
/// written as a UUID. Whoever has it may send in the session's name. It is an
/// [attribute](crate::Session::attribute) of the session.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UplinkKey([u8; 16]);

/// The way in for messages of sessions that are carried by streaming responses. Cloning it gives another handle to the
/// same sessions; any thread may hold one.
#[derive(Clone, Default)]
pub struct Uplink(Arc<Mutex<HashMap<UplinkKey, Arc<dyn Inlet>>>>);

/// Where a session takes its messages: a transport's side of an [`Uplink`].
pub trait Inlet: Send + Sync {
    /// Takes a message, once there is room for it.
    fn put(&self, message: Message) -> Putting;
}

/// A message that an [`Inlet`] is to take.
pub type Putting = Pin<Box<dyn Future<Output = Result<(), UplinkError>> + Send>>;

/// A session that can be found; dropped, it can not.
#[must_use = "dropped, the session is not found any more"]
pub struct UplinkSeat {
    uplink: Uplink,
    key: UplinkKey,
}

/// Why a message does not reach its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UplinkError {
    /// There is no session of that secret, or it has ended.
    #[error("there is no such session")]
    UnknownSession,
    /// The message has more bytes than the endpoint's `message_bytes`.
    #[error("the message is too large")]
    TooLarge,
    /// The handler is behind, and too many messages wait for it or have waited for too long.
    #[error("the session is busy")]
    Busy,
}

impl Uplink {
    /// Makes one without sessions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has a session's handler get a message. Waits while those before it are many, `message_time` at most; it is to be
    /// awaited within a Tokio runtime. A session that is closing drops it, as browsers do.
    ///
    /// The secret is looked up in a map whose hashes nobody can predict: how long that takes tells nothing of it.
    ///
    /// Cancel safety: dropped before it is done, the session does not get the message.
    ///
    /// # Errors
    /// [`UplinkError`] if the session does not take it.
    pub async fn deliver(
        &self,
        secret: &str,
        message: impl Into<Message>,
    ) -> Result<(), UplinkError> {
        let inlet = UplinkKey::parse(secret).and_then(|key| self.lock().get(&key).cloned());
        let inlet = inlet.ok_or(UplinkError::UnknownSession)?;
        inlet.put(message.into()).await
    }

    /// Lets a session be found by a key that was never used before, until what is returned is dropped.
    pub fn enter(&self, key: UplinkKey, inlet: Arc<dyn Inlet>) -> UplinkSeat {
        self.lock().insert(key, inlet);
        UplinkSeat {
            uplink: self.clone(),
            key,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UplinkKey, Arc<dyn Inlet>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UplinkSeat {
    fn drop(&mut self) {
        let inlet = self.uplink.lock().remove(&self.key);
        drop(inlet);
    }
}

impl UplinkKey {
    /// Makes one of random bytes (RFC 9562 §5.4).
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
        *version = *version & 0x0f | 0x40;
        *variant = *variant & 0x3f | 0x80;
        Self(bytes)
    }

    /// Reads one as it [is written](fmt::Display).
    fn parse(text: &str) -> Option<Self> {
        let mut number = 0u128;
        let mut dashes = 0;
        for (at, byte) in text.bytes().enumerate() {
            let is_dash = matches!(at, 8 | 13 | 18 | 23);
            match (is_dash, char::from(byte).to_digit(16)) {
                (true, None) if byte == b'-' => dashes += 1,
                (false, Some(digit)) if at < 36 => number = number << 4 | u128::from(digit),
                _ => return None,
            }
        }
        (text.len() == 36 && dashes == 4).then_some(Self(number.to_be_bytes()))
    }
}

/// The secret itself, as a UUID in lower case.
impl fmt::Display for UplinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) {
                "-"
            } else {
                ""
            };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for UplinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UplinkKey(secret)")
    }
}

impl fmt::Debug for Uplink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uplink")
            .field("sessions", &self.lock().len())
            .finish()
    }
}

impl fmt::Debug for UplinkSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UplinkSeat")
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;

    struct Takes;

    impl Inlet for Takes {
        fn put(&self, _: Message) -> Putting {
            Box::pin(async { Ok(()) })
        }
    }

    #[test]
    fn a_key_is_a_uuid_and_only_what_it_is_written_as_finds_the_session() {
        let (uplink, key) = (Uplink::new(), UplinkKey::from_random([0xff; 16]));
        let secret = key.to_string();
        assert_eq!(secret, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert!(!format!("{key:?} {uplink:?}").contains("ffff"));
        let seat = uplink.enter(key, Arc::new(Takes));
        assert_eq!(block_on(uplink.deliver(&secret, "x")), Ok(()));
        let unknown = Err(UplinkError::UnknownSession);
        for wrong in [
            "",
            "ffffffffffff4fffbfffffffffffffff",
            "ffffffff-ffff-4fff-bfff-fffffffffff",
            "ffffffff-ffff-4fff-bfff-fffffffffffff",
            "ffffffff-ffff-4fff-bfff-ffffffffffff-",
            "ffffffff-ffff-4fff-bfff-fffffffffffe",
            "+fffffff-ffff-4fff-bfff-ffffffffffff",
            "\u{e9}",
        ] {
            assert_eq!(block_on(uplink.deliver(wrong, "x")), unknown, "{wrong}");
        }
        drop(seat);
        assert_eq!(block_on(uplink.deliver(&secret, "x")), unknown);
    }
}
