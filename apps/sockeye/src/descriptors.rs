//! How many files and sockets the process may have open.

use std::io;

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as the system lets anybody: to the hard limit. Returns that; `None` is no limit.
///
/// # Errors
/// As the system has them.
pub(crate) fn raise() -> io::Result<Option<u64>> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit)?;
    }
    Ok(limit.maximum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_raised_is_at_the_hard_limit() {
        let most = raise().unwrap();
        let now = getrlimit(Resource::Nofile);
        assert_eq!((now.current, now.maximum), (most, most));
    }
}
