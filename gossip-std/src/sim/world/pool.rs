//! Where the contents of events wait: places that are used again, so that a run in its steady state
//! allocates nothing.

/// Datagrams on their way.
#[derive(Debug, Default)]
pub(super) struct Datagrams {
    buffers: Vec<Vec<u8>>,
    free: Vec<u32>,
}

impl Datagrams {
    /// Keeps a copy of these bytes.
    pub(super) fn put(&mut self, bytes: &[u8]) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.buffers.push(Vec::new());
            (self.buffers.len() - 1) as u32
        });
        let buffer = &mut self.buffers[place as usize];
        buffer.clear();
        buffer.extend_from_slice(bytes);
        place
    }

    pub(super) fn get_mut(&mut self, place: u32) -> &mut [u8] {
        &mut self.buffers[place as usize]
    }

    /// The place may be used again.
    pub(super) fn release(&mut self, place: u32) {
        self.free.push(place);
    }

    /// Bytes of memory in use.
    pub(super) fn bytes(&self) -> usize {
        let contents: usize = self.buffers.iter().map(Vec::capacity).sum();
        contents + self.buffers.capacity() * size_of::<Vec<u8>>() + self.free.capacity() * 4
    }
}

/// Things of one type that are taken out once.
#[derive(Debug)]
pub(super) struct Pool<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Pool<T> {
    pub(super) fn put(&mut self, thing: T) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            (self.places.len() - 1) as u32
        });
        self.places[place as usize] = Some(thing);
        place
    }

    pub(super) fn take(&mut self, place: u32) -> Option<T> {
        let thing = self.places[place as usize].take()?;
        self.free.push(place);
        Some(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again() {
        let mut datagrams = Datagrams::default();
        let first = datagrams.put(b"one");
        let second = datagrams.put(b"second");
        assert_eq!(datagrams.get_mut(first), b"one");
        datagrams.release(first);
        assert_eq!(datagrams.put(b"three"), first);
        assert_eq!(datagrams.get_mut(second), b"second");
        assert_eq!(datagrams.get_mut(first), b"three");

        let mut pool = Pool::default();
        let place = pool.put('a');
        assert_eq!(pool.take(place), Some('a'));
        assert_eq!(pool.take(place), None);
        assert_eq!(pool.put('b'), place);
    }
}
