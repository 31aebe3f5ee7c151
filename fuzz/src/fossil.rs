//! Any bytes as a patch, and any two byte strings as what a patch is made of.

use std::str;

use sockeye_channel_proto::fossil::{Cut, apply, encode};

/// The longest target of a patch that was not made here.
const LIMIT: usize = 4096;

/// The length of a source, the source, and what is both a target and a patch.
pub fn fossil(data: &[u8]) {
    let Some((&length, bytes)) = data.split_first() else {
        return;
    };
    let (source, rest) = bytes.split_at(usize::from(length).min(bytes.len()));
    if let Ok(made) = apply(source, rest, LIMIT) {
        assert!(made.len() <= LIMIT);
    }
    for cut in [Cut::Anywhere, Cut::AtCharacters] {
        let texts = str::from_utf8(source).is_ok() && str::from_utf8(rest).is_ok();
        let Ok(patch) = encode(source, rest, cut) else {
            assert!(cut == Cut::AtCharacters && !texts);
            continue;
        };
        assert!(cut == Cut::Anywhere || str::from_utf8(&patch).is_ok());
        assert_eq!(apply(source, &patch, rest.len()).as_deref(), Ok(rest));
    }
}
