//! Makes the target of a source and a patch that somebody else wrote.

use thiserror::Error;

use super::{checksum, digits};

/// Why a patch makes no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidPatch {
    /// A number is missing, or beyond 32 bits.
    #[error("a number is missing or too large")]
    Number,
    /// Another character stands where only `@`, `:`, `,`, `;` or a line's end may stand.
    #[error("neither a copy, nor an insert, nor the end")]
    Syntax,
    /// It ends before its checksum, or within an insert.
    #[error("the patch is cut off")]
    CutOff,
    /// Something follows its checksum.
    #[error("something follows the checksum")]
    Trailing,
    /// It copies what the source does not have.
    #[error("it copies from beyond the source")]
    BeyondSource,
    /// The target is longer than the caller allows.
    #[error("the target is longer than allowed")]
    TooLong,
    /// The segments make more or less than the patch says.
    #[error("the target is not as long as announced")]
    Size,
    /// The target is not what the patch was made of: mostly, the source is another one.
    #[error("the checksum of the target is wrong")]
    Checksum,
}

/// Applies a patch. The target is at most `limit` bytes long, and no more memory than it needs is taken.
///
/// # Errors
/// [`InvalidPatch`] if the patch is none, or not of this source.
pub fn apply(source: &[u8], mut patch: &[u8], limit: usize) -> Result<Vec<u8>, InvalidPatch> {
    let size = number(&mut patch)?;
    if size > limit {
        return Err(InvalidPatch::TooLong);
    }
    if separator(&mut patch)? != b'\n' {
        return Err(InvalidPatch::Syntax);
    }
    // Its own word for the size is no reason to make room: a few bytes would buy as much as the limit allows.
    let mut target = Vec::with_capacity(size.min(source.len().saturating_add(patch.len())));
    loop {
        let length = digits::read(&mut patch);
        let piece = match separator(&mut patch)? {
            b'@' => copied(source, length, &mut patch)?,
            b':' => take(&mut patch, size_of_segment(length)?).ok_or(InvalidPatch::CutOff)?,
            b';' => {
                return finished(target, size, length.ok_or(InvalidPatch::Number)?, patch);
            }
            _ => return Err(InvalidPatch::Syntax),
        };
        if piece.len() > size - target.len() {
            return Err(InvalidPatch::Size);
        }
        target.extend_from_slice(piece);
    }
}

/// Reads the rest of a copy.
fn copied<'a>(
    source: &'a [u8],
    length: Option<u32>,
    patch: &mut &[u8],
) -> Result<&'a [u8], InvalidPatch> {
    let length = size_of_segment(length)?;
    let offset = number(patch)?;
    if separator(patch)? != b',' {
        return Err(InvalidPatch::Syntax);
    }
    source
        .get(offset..)
        .and_then(|from| from.get(..length))
        .ok_or(InvalidPatch::BeyondSource)
}

/// Checks the target against what its patch says of it.
fn finished(target: Vec<u8>, size: usize, sum: u32, rest: &[u8]) -> Result<Vec<u8>, InvalidPatch> {
    if !rest.is_empty() {
        Err(InvalidPatch::Trailing)
    } else if target.len() != size {
        Err(InvalidPatch::Size)
    } else if checksum(&target) != sum {
        Err(InvalidPatch::Checksum)
    } else {
        Ok(target)
    }
}

fn number(patch: &mut &[u8]) -> Result<usize, InvalidPatch> {
    size_of_segment(digits::read(patch))
}

fn size_of_segment(number: Option<u32>) -> Result<usize, InvalidPatch> {
    let number = number.ok_or(InvalidPatch::Number)?;
    usize::try_from(number).map_err(|_| InvalidPatch::Number)
}

fn separator(patch: &mut &[u8]) -> Result<u8, InvalidPatch> {
    let (first, rest) = patch.split_first().ok_or(InvalidPatch::CutOff)?;
    *patch = rest;
    Ok(*first)
}

fn take<'a>(patch: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (piece, rest) = patch.split_at_checked(length)?;
    *patch = rest;
    Some(piece)
}
