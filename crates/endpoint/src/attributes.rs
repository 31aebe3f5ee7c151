//! Values that belong to a session.

use std::{any::Any, fmt, mem};

/// Values that belong to a session, one of each type.
///
/// It is a list, since most sessions have one or none: to look through it takes longer the more there are.
#[derive(Default)]
pub struct Attributes(Vec<Box<dyn Any + Send + Sync>>);

impl Attributes {
    /// Makes an empty list, without allocating.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Says whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts a value in; returns the one of its type that it replaces.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) -> Option<T> {
        if let Some(there) = self.get_mut() {
            return Some(mem::replace(there, value));
        }
        // A vector that grows by itself makes room for four.
        self.0.reserve_exact(1);
        self.0.push(Box::new(value));
        None
    }

    /// Returns the value of a type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.iter().find_map(|value| value.downcast_ref())
    }

    /// Returns the value of a type, to be changed.
    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.0.iter_mut().find_map(|value| value.downcast_mut())
    }

    /// Takes the value of a type out.
    pub fn remove<T: Any>(&mut self) -> Option<T> {
        let at = self.0.iter().position(|value| value.is::<T>())?;
        let value = self.0.swap_remove(at).downcast().ok()?;
        Some(*value)
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attributes")
            .field("len", &self.0.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_each_type() {
        let mut attributes = Attributes::new();
        assert!(attributes.is_empty());
        assert_eq!(attributes.insert(1_u8), None);
        assert_eq!(attributes.insert("one"), None);
        assert_eq!(attributes.insert(2_u8), Some(1));
        assert_eq!(attributes.get::<u8>(), Some(&2));
        assert_eq!(attributes.get::<&str>(), Some(&"one"));
        assert_eq!(attributes.get::<u16>(), None);
        *attributes.get_mut::<u8>().unwrap() += 1;
        assert_eq!(attributes.remove::<u8>(), Some(3));
        assert_eq!(attributes.remove::<u8>(), None);
        assert_eq!(attributes.remove::<&str>(), Some("one"));
        assert!(attributes.is_empty());
    }
}
