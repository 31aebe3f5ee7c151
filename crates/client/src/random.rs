//! Randomness: masking keys and handshake keys.

use rand::{
    Rng, SeedableRng, TryRng,
    rngs::{StdRng, SysRng},
};
use sockeye_ws_proto::MaskKeys;

use crate::ConnectError;

/// A generator of one connection's own, seeded by the operating system. It must be a cryptographic one: who chooses the
/// payloads must not foresee the keys (RFC 6455 §5.3, §10.3).
pub(crate) struct Randomness(StdRng);

impl Randomness {
    pub(crate) fn new() -> Result<Self, ConnectError> {
        StdRng::try_from_rng(&mut SysRng)
            .map(Self)
            .map_err(|_| ConnectError::NoRandomness)
    }

    /// Returns random bytes: 16 are those of a `Sec-WebSocket-Key` (RFC 6455 §4.1).
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

/// Returns a random number, for what need not be secret. Where the operating system has none to give it is 0.
pub(crate) fn u32() -> u32 {
    SysRng.try_next_u32().unwrap_or_default()
}

impl MaskKeys for Randomness {
    fn next_key(&mut self) -> [u8; 4] {
        self.0.next_u32().to_ne_bytes()
    }
}

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Randomness")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_connections_share_neither_nonces_nor_masks() {
        let (mut a, mut b) = (Randomness::new().unwrap(), Randomness::new().unwrap());
        assert_ne!(a.bytes::<16>(), b.bytes::<16>());
        assert_ne!(a.bytes::<16>(), a.bytes::<16>());
        let keys = |random: &mut Randomness| [(); 8].map(|()| random.next_key());
        assert_ne!(keys(&mut a), keys(&mut b));
    }
}
