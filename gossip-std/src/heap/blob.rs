//! A string of bytes on the heap.

use std::fmt::{self, Debug, Display};

use gossip_core::storage::Blob;

/// A key or a value: bytes on the heap, of any length. What bounds them is the `key` and `value` of
/// [`Limits`](super::Limits).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HeapBlob(Box<[u8]>);

impl HeapBlob {
    /// The bytes as text, if they are UTF-8; keys always are.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }
}

impl Blob for HeapBlob {
    fn from_parts(parts: &[&[u8]]) -> Option<Self> {
        Some(Self(parts.concat().into()))
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.into()))
    }
}

impl AsRef<[u8]> for HeapBlob {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// As text, with U+FFFD in place of what is not UTF-8.
impl Display for HeapBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&String::from_utf8_lossy(&self.0))
    }
}

impl Debug for HeapBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}
