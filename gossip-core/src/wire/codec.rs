//! Writing sections into the caller's buffer.

use postcard::Error;
use serde::Serialize;

use super::kind::EXTENDED;
use super::section::Kind;

/// The low nibble of a section's head that says "the length follows".
const LONG: u8 = 15;

/// Fills a buffer from the front; what does not fit leaves no trace.
#[derive(Debug)]
pub(crate) struct Writer<'b> {
    buf: &'b mut [u8],
    len: usize,
}

/// A section being written.
#[derive(Debug)]
pub(crate) struct Open {
    kind: Kind,
    head: usize,
    body: usize,
    /// Where what follows the kind's prefix begins.
    first: usize,
}

impl<'b> Writer<'b> {
    pub(crate) fn new(buf: &'b mut [u8]) -> Self {
        Self { buf, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes still free.
    pub(crate) fn room(&self) -> usize {
        self.buf.len().saturating_sub(self.len)
    }

    /// What was written, to patch in place.
    pub(crate) fn written(&mut self) -> &mut [u8] {
        self.buf.get_mut(..self.len).unwrap_or_default()
    }

    /// Takes back everything after the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Appends the postcard encoding of `value`; `false` and no change if it does not fit.
    pub(crate) fn put<T: Serialize>(&mut self, value: &T) -> bool {
        let Some(free) = self.buf.get_mut(self.len..) else {
            return false;
        };
        let written: Result<&mut [u8], Error> = postcard::to_slice(value, free);
        match written {
            Ok(bytes) => {
                self.len = self.len.saturating_add(bytes.len());
                true
            }
            Err(_) => false,
        }
    }

    /// Appends a whole section of at most 14 bytes; `false` and no change if it does not fit.
    pub(crate) fn small<T: Serialize>(&mut self, kind: Kind, value: &T) -> bool {
        let head = self.len;
        if !self.put(&0u8) {
            return false;
        }
        let body = self.len;
        if !(self.put_prefix(kind) && self.put(value)) {
            self.truncate(head);
            return false;
        }
        let length = self.len.saturating_sub(body);
        if length >= usize::from(LONG) {
            self.truncate(head);
            return false;
        }
        self.patch(head, kind.nibble() | length as u8);
        true
    }

    /// Begins a section of any length; `None` if not even its head fits.
    pub(crate) fn open(&mut self, kind: Kind) -> Option<Open> {
        let head = self.len;
        let extra = match self.room() {
            0 | 1 => return None,
            room if room < 130 => 1,
            room if room < 16_387 => 2,
            _ => 3,
        };
        let body = head.saturating_add(1).saturating_add(extra);
        if body > self.buf.len() {
            return None;
        }
        self.len = body;
        if !self.put_prefix(kind) {
            self.truncate(head);
            return None;
        }
        let first = self.len;
        Some(Open {
            kind,
            head,
            body,
            first,
        })
    }

    /// How many body bytes an open section has.
    pub(crate) fn body_len(&self, open: &Open) -> usize {
        self.len.saturating_sub(open.first)
    }

    /// Ends a section and writes its head. The length is a variable-length integer, padded to the
    /// room that was kept for it.
    pub(crate) fn close(&mut self, open: Open) {
        let mut length = self.len.saturating_sub(open.body);
        self.patch(open.head, open.kind.nibble() | LONG);
        let first = open.head.saturating_add(1);
        for at in first..open.body {
            let last = at.saturating_add(1) == open.body;
            let bits = (length & 0x7f) as u8;
            self.patch(at, if last { bits } else { bits | 0x80 });
            length >>= 7;
        }
    }

    /// Ends a section, or takes it back if nothing was put into it.
    pub(crate) fn close_or_cancel(&mut self, open: Open) {
        if self.body_len(&open) == 0 {
            self.cancel(&open);
        } else {
            self.close(open);
        }
    }

    /// Appends a whole section of any length; `false` and no change if it does not fit.
    pub(crate) fn listed<T: Serialize>(&mut self, kind: Kind, value: &T) -> bool {
        let Some(open) = self.open(kind) else {
            return false;
        };
        if self.put(value) {
            self.close(open);
            true
        } else {
            self.cancel(&open);
            false
        }
    }

    /// Takes back an open section.
    pub(crate) fn cancel(&mut self, open: &Open) {
        self.truncate(open.head);
    }

    fn put_prefix(&mut self, kind: Kind) -> bool {
        kind.prefix().is_none_or(|number| self.put(&number))
    }

    fn patch(&mut self, at: usize, byte: u8) {
        if let Some(slot) = self.buf.get_mut(at) {
            *slot = byte;
        }
    }
}

/// Splits the first section off `bytes`: the number of its kind, body, rest. The number is 0, which no
/// kind has, where it is missing.
pub(super) fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first()?;
    let (length, rest) = if head & 0x0f == LONG {
        let (length, rest) = postcard::take_from_bytes::<u16>(rest).ok()?;
        (usize::from(length), rest)
    } else {
        (usize::from(head & 0x0f), rest)
    };
    let (body, rest) = rest.split_at_checked(length)?;
    let number = head >> 4;
    if number < EXTENDED {
        return Some((number, body, rest));
    }
    match body.split_first() {
        Some((number, body)) if *number >= EXTENDED => Some((*number, body, rest)),
        _ => Some((0, body, rest)),
    }
}
