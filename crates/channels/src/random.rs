//! What two may not have in common: epochs and secrets.

use std::{io, time::SystemTime};

/// How many letters an epoch has.
const EPOCH_LETTERS: usize = 8;

/// Makes the epoch of a new stream: letters, as clients expect them.
pub(crate) fn epoch() -> String {
    let mut bytes = [0; EPOCH_LETTERS];
    if fill(&mut bytes).is_err() {
        // Epochs are no secret, they must only differ from what was before: the clock does for that.
        let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seed = clock.map_or(0, |since| since.as_nanos());
        let digits = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
        bytes
            .iter_mut()
            .zip(digits)
            .for_each(|(to, from)| *to = from);
    }
    let letter = |byte: u8| char::from(b'a' + byte % 26);
    bytes.into_iter().map(letter).collect()
}

/// Makes what nobody can guess, and nothing else has.
pub(crate) fn secret() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(bytes)
}

fn fill(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_epochs_are_alike() {
        assert_ne!(epoch(), epoch());
        assert_eq!(epoch().len(), EPOCH_LETTERS);
        assert!(epoch().bytes().all(|byte| byte.is_ascii_lowercase()));
    }
}
