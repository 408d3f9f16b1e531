//! Choices drawn from the fuzzer's bytes.

use arbitrary::Unstructured;

/// The fuzzer's bytes, front to back. Where they run out, every choice is the first one.
pub(crate) struct Input<'a>(Unstructured<'a>);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// `true` once every byte was used.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    /// An index into something of `len` elements, `len` above 0.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::from(self.byte()) % len
    }

    /// One of several.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// At most `most` of the next bytes.
    pub(crate) fn bytes(&mut self, most: usize) -> &'a [u8] {
        let len = most.min(self.0.len());
        self.0.bytes(len).unwrap_or_default()
    }
}
