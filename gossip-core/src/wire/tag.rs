//! The tag: a checksum that keeps clusters, wire versions and kinds of addresses apart.
//!
//! It is CRC-32C with a start value of its own: the checksum of the cluster's name, with the wire version and
//! the kind of the medium's addresses laid over it. A CRC runs backwards as well: from a tag that fails
//! back to the one start value that would make it right, which tells who else may have sent the datagram.

use super::header::WIRE_VERSION;
use crate::config::TAG;

/// Where the tag stands in a datagram.
pub(super) const TAG_AT: core::ops::Range<usize> = 1..5;

/// The largest wire version that a first byte can name.
const VERSION_MAX: u8 = 15;

/// The CRC's polynomial, reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// Writes the tag of a finished datagram: CRC-32C of everything else, started from what the
/// [network](super::limits::network) and the wire version make. Returns `false` if `bytes` is shorter than a header.
pub fn seal_tag(bytes: &mut [u8], network: u32) -> bool {
    let Some(tag) = tag_of(bytes, network) else {
        return false;
    };
    match bytes.get_mut(TAG_AT) {
        Some([a, b, c, d]) => {
            [*a, *b, *c, *d] = tag;
            true
        }
        _ => false,
    }
}

pub(super) fn tag_of(bytes: &[u8], network: u32) -> Option<[u8; 4]> {
    let mut digest = TAG.digest_with_initial(start(network));
    digest.update(bytes.get(..TAG_AT.start)?);
    digest.update(bytes.get(TAG_AT.end..)?);
    Some(digest.finalize().to_le_bytes())
}

const fn start(network: u32) -> u32 {
    network ^ (WIRE_VERSION as u32) << 24
}

/// What the tag of this datagram begins with, wire version included; `None` if it is too short.
pub(crate) fn start_of(bytes: &[u8]) -> Option<u32> {
    let tag: [u8; 4] = bytes.get(TAG_AT)?.try_into().ok()?;
    let end = backwards(!u32::from_le_bytes(tag), bytes.get(TAG_AT.end..)?);
    Some(backwards(end, bytes.get(..TAG_AT.start)?).reverse_bits())
}

/// Whose tags begin so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// Nodes of a cluster of our name that speak this wire version.
    Version(u8),
    /// Nodes of a cluster of our name on a medium with addresses of this kind.
    Kind(u8),
    /// Those of a cluster of another name.
    Other,
}

impl Maker {
    /// As seen in a cluster whose name has this checksum.
    pub(crate) fn new(start: u32, cluster: u32) -> Self {
        match (start ^ cluster).to_be_bytes() {
            [WIRE_VERSION, kind, 0, 0] => Self::Kind(kind),
            [version, _, 0, 0] if version <= VERSION_MAX => Self::Version(version),
            _ => Self::Other,
        }
    }
}

/// The CRC's register before these bytes, from the one after them. A shift that met a set bit left the
/// polynomial behind, whose top bit is set; nothing else sets that.
fn backwards(mut register: u32, bytes: &[u8]) -> u32 {
    for byte in bytes.iter().rev() {
        for _ in 0..u8::BITS {
            let carry = register >> 31;
            register = (register ^ POLYNOMIAL.wrapping_mul(carry)) << 1 | carry;
        }
        register ^= u32::from(*byte);
    }
    register
}
