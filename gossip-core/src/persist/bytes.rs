//! Records as bytes: windows into what a record encodes to, and the checksum around all of them.

use crc::{Digest, Table};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use super::ImportError;
use crate::config::TAG;

/// What every state begins with: a magic number and the format's version.
pub(crate) const PRELUDE: [u8; 5] = [b'g', b's', b'i', b'p', VERSION];
const VERSION: u8 = 1;

/// Bytes of the checksum at the end.
pub(crate) const END: usize = 4;

/// CRC-32C of what was written or read so far.
#[derive(Clone)]
pub(crate) struct Checksum(Digest<'static, u32, Table<1>>);

impl Checksum {
    pub(crate) fn new() -> Self {
        Self(TAG.digest())
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn value(&self) -> [u8; END] {
        self.0.clone().finalize().to_le_bytes()
    }
}

impl core::fmt::Debug for Checksum {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Checksum({:02x?})", self.value())
    }
}

/// Checks the frame of a whole state: how it begins, and the checksum at its end.
pub(crate) fn check_whole(bytes: &[u8]) -> Result<(), ImportError> {
    check_prelude(bytes)?;
    let (body, end) = bytes
        .split_last_chunk::<END>()
        .ok_or(ImportError::Truncated)?;
    let mut checksum = Checksum::new();
    checksum.add(body);
    if checksum.value() == *end {
        Ok(())
    } else {
        Err(ImportError::Damaged)
    }
}

/// Checks how a state begins.
pub(crate) fn check_prelude(bytes: &[u8]) -> Result<(), ImportError> {
    let [magic @ .., _] = PRELUDE;
    let (found, rest) = bytes.split_at(bytes.len().min(magic.len()));
    if !magic.starts_with(found) {
        return Err(ImportError::NotAState);
    }
    match rest.first() {
        None => Err(ImportError::Truncated),
        Some(&VERSION) => Ok(()),
        Some(&found) => Err(ImportError::UnknownVersion { found }),
    }
}

/// Decodes the record that `bytes` begins with: the record and its length, or `None` if it does not
/// end within them.
pub(crate) fn take_record<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
) -> Result<Option<(T, usize)>, ImportError> {
    match postcard::take_from_bytes::<T>(bytes) {
        Ok((record, rest)) => Ok(Some((record, bytes.len().saturating_sub(rest.len())))),
        Err(postcard::Error::DeserializeUnexpectedEnd) => Ok(None),
        Err(_) => Err(ImportError::Malformed),
    }
}

/// Writes into `buf` what `record` encodes to, without its first `skip` bytes. Returns how many bytes
/// were written, and whether the record ends with them.
pub(crate) fn write_window(record: &impl Serialize, skip: usize, buf: &mut [u8]) -> (usize, bool) {
    let window = Window {
        skip,
        buf,
        len: 0,
        whole: true,
    };
    // A window takes everything, and what records hold has a length that is known.
    postcard::serialize_with_flavor(record, window).unwrap_or((0, true))
}

/// Keeps the part of what is written that lies in `buf`.
struct Window<'b> {
    /// Bytes that still lie before it.
    skip: usize,
    buf: &'b mut [u8],
    len: usize,
    /// Nothing lies behind it.
    whole: bool,
}

impl Flavor for Window<'_> {
    type Output = (usize, bool);

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if let Some(left) = self.skip.checked_sub(1) {
            self.skip = left;
        } else if let Some(place) = self.buf.get_mut(self.len) {
            *place = byte;
            self.len = self.len.saturating_add(1);
        } else {
            self.whole = false;
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<(usize, bool)> {
        Ok((self.len, self.whole))
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn windows_of_any_size_make_up_the_record() {
        let record = (7u32, "some key", [1u64, 1 << 40]);
        let mut scratch = [0; 64];
        let whole = postcard::to_slice(&record, &mut scratch).unwrap();
        for size in 1..=whole.len() + 1 {
            let (mut parts, mut ended) = (Vec::new(), false);
            while !ended {
                let mut buf = [0; 64];
                let (len, end) = write_window(&record, parts.len(), &mut buf[..size]);
                parts.extend_from_slice(&buf[..len]);
                ended = end;
            }
            assert_eq!(parts, whole, "in windows of {size} bytes");
        }
    }

    #[test]
    fn a_record_that_is_cut_is_waited_for() {
        let mut scratch = [0; 16];
        let whole = postcard::to_slice(&("key", 1000u32), &mut scratch).unwrap();
        for len in 0..whole.len() {
            let cut = take_record::<(&str, u32)>(&whole[..len]);
            assert_eq!(cut, Ok(None), "{len} bytes");
        }
        let taken = take_record::<(&str, u32)>(whole);
        assert_eq!(taken, Ok(Some((("key", 1000), whole.len()))));
    }
}
