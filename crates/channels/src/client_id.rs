//! The name of a connection.

use std::fmt;

/// A connection's id: a random UUID (RFC 9562 §5.4), in sixteen bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(u128);

impl ClientId {
    /// Makes an id of 122 of these random bits.
    pub const fn from_random(bits: u128) -> Self {
        let version = 0x4 << 76;
        let variant = 0x8 << 60;
        Self(bits & !(0xf << 76) & !(0xc << 60) | version | variant)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |from: u32, digits: u32| self.0 >> from & ((1 << (4 * digits)) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12),
        )
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_4() {
        let all = ClientId::from_random(u128::MAX).to_string();
        assert_eq!(all, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        let none = ClientId::from_random(0).to_string();
        assert_eq!(none, "00000000-0000-4000-8000-000000000000");
        let some = ClientId::from_random(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
        assert_eq!(some.to_string(), "00112233-4455-4677-8899-aabbccddeeff");
    }
}
