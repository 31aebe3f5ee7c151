//! Finding the frames in the body of an XHR response, for a client.

use bytes::{Bytes, BytesMut};

use crate::FrameError;

/// Splits the body of an XHR response into frames, however its bytes come. It keeps none of them: what is not yet a whole
/// frame stays in the caller's buffer.
///
/// ```
/// use bytes::BytesMut;
/// use sockeye_sockjs_proto::FrameReader;
///
/// let mut reader = FrameReader::new(65_536);
/// let mut input = BytesMut::from("o\na[\"x\"");
/// assert_eq!(reader.next(&mut input).unwrap().unwrap(), "o");
/// assert_eq!(reader.next(&mut input).unwrap(), None);
/// input.extend_from_slice(b"]\n");
/// assert_eq!(reader.next(&mut input).unwrap().unwrap(), "a[\"x\"]");
/// ```
#[derive(Clone, Debug)]
pub struct FrameReader {
    frame_bytes: usize,
    /// How much of the input was searched before, so that a large frame in many pieces is searched once.
    searched: usize,
}

/// How many `h` a server of XHR streaming begins with.
const PRELUDE_BYTES: usize = 2048;

impl FrameReader {
    /// Makes a reader of frames of at most so many bytes. Fewer than 2,048 are read as 2,048, for the prelude.
    pub const fn new(frame_bytes: usize) -> Self {
        let frame_bytes = if frame_bytes < PRELUDE_BYTES {
            PRELUDE_BYTES
        } else {
            frame_bytes
        };
        Self {
            frame_bytes,
            searched: 0,
        }
    }

    /// Takes the next whole frame from the input, without its end; `None` if more bytes are needed. The prelude and empty
    /// lines are passed over.
    ///
    /// The input must be the same from call to call, with bytes appended.
    ///
    /// # Errors
    /// [`FrameError::TooBig`] once the input begins with a frame that is larger than the limit. It stays so.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        loop {
            let fresh = input.get(self.searched..).unwrap_or_default();
            let Some(end) = fresh.iter().position(|byte| *byte == b'\n') else {
                self.searched = input.len();
                return self.bounded(input.len()).map(|()| None);
            };
            let len = self.searched + end;
            self.bounded(len)?;
            self.searched = 0;
            let mut line = input.split_to(len + 1);
            line.truncate(len);
            if !line.is_empty() && !is_prelude(&line) {
                return Ok(Some(line.freeze()));
            }
        }
    }

    fn bounded(&self, len: usize) -> Result<(), FrameError> {
        if len > self.frame_bytes {
            return Err(FrameError::TooBig);
        }
        Ok(())
    }
}

fn is_prelude(line: &[u8]) -> bool {
    line.len() > 1 && line.iter().all(|byte| *byte == b'h')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prelude_is_passed_over_and_a_frame_may_be_as_large_as_the_limit() {
        let mut reader = FrameReader::new(3000);
        let longest = "a".repeat(3000);
        let mut input =
            BytesMut::from(format!("{}\no\n\nh\n{longest}\n", "h".repeat(2048)).as_str());
        for expected in ["o", "h", &longest] {
            assert_eq!(reader.next(&mut input).unwrap().unwrap(), expected);
        }
        assert_eq!((reader.next(&mut input), input.len()), (Ok(None), 0));
        input.extend_from_slice(longest.as_bytes());
        assert_eq!(reader.next(&mut input), Ok(None));
        input.extend_from_slice(b"a");
        assert_eq!(reader.next(&mut input), Err(FrameError::TooBig));
        input.extend_from_slice(b"\n");
        assert_eq!(reader.next(&mut input), Err(FrameError::TooBig));
    }
}
