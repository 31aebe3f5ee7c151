//! A list that grows a little at a time: neither doubling nor moving what it holds.

/// How many items one chunk has.
const CHUNK: usize = 256;

/// A list in chunks of equal size. A `Vec` of half a million bytes that grows has another of a million beside it; for
/// what there is once for each connection, that is a tenth of all memory.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Chunks<T> {
    pub(crate) fn new() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, item: T) {
        match self.chunks.last_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => chunk.push(item),
            None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(item);
                self.chunks.push(chunk);
            }
        }
        self.len += 1;
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_where_they_were_put() {
        let mut chunks = Chunks::new();
        for number in 0..3 * CHUNK + 1 {
            chunks.push(number);
        }
        assert_eq!(chunks.len(), 3 * CHUNK + 1);
        assert!(chunks.iter().copied().eq(0..3 * CHUNK + 1));
        *chunks.get_mut(CHUNK).unwrap() = 7;
        assert_eq!(
            (chunks.get(CHUNK), chunks.get(3 * CHUNK + 1)),
            (Some(&7), None)
        );
    }
}
