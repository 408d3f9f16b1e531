//! The header, the checksum, and a whole datagram.

use serde::{Deserialize, Serialize};

use super::codec::{Writer, split};
use super::kind::{Every, Used};
use super::limits::network;
use super::section::{Kind, Section};
use super::tag::{TAG_AT, tag_of};
use crate::address::Address;
use crate::error::DatagramError;
use crate::id::{Generation, NodeId};

/// The wire version, in the high number of the first byte. The low number holds flags.
pub const WIRE_VERSION: u8 = 1;

/// Flag in the first byte: the rest is sealed.
const SEALED: u8 = 0x08;

/// Flag in the first byte: the sender keeps no entries. Fingerprints that go between it and others
/// are of facts alone.
pub(crate) const BARE: u8 = 0x01;
/// Flag in the first byte: the sender keeps no leases. Fingerprints that go between it and others leave out
/// what is held of owners that have set some.
pub(crate) const LASTING: u8 = 0x02;

/// Who sends a datagram, in which of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The sender.
    pub sender: NodeId,
    /// The sender's life.
    pub generation: Generation,
}

/// A datagram whose header and sections were validated.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub header: Header,
    first: u8,
    body: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// Checks `bytes` from the first to the last and borrows them. `cluster` is the checksum of the
    /// cluster's name; they came over a medium whose addresses are of this type.
    ///
    /// # Errors
    /// Why the datagram is not one that can be applied.
    pub fn parse<A: Address>(
        bytes: &'a [u8],
        cluster: u32,
        largest_id: NodeId,
    ) -> Result<Self, DatagramError> {
        Self::parse_used::<A, Every>(bytes, network(cluster, A::KIND), largest_id)
    }

    /// As [`parse`](Self::parse), for a receiver that makes use of some kinds only, and of what came over
    /// the medium that makes this [network].
    pub(crate) fn parse_used<A: Address, U: Used>(
        bytes: &'a [u8],
        network: u32,
        largest_id: NodeId,
    ) -> Result<Self, DatagramError> {
        let first = *bytes.first().ok_or(DatagramError::TooShort)?;
        if first >> 4 != WIRE_VERSION {
            return Err(DatagramError::UnknownVersion);
        }
        if first & SEALED != 0 {
            return Err(DatagramError::Sealed);
        }
        let tag = bytes.get(TAG_AT).ok_or(DatagramError::TooShort)?;
        if tag != tag_of(bytes, network).ok_or(DatagramError::TooShort)? {
            return Err(DatagramError::ForeignOrCorrupt);
        }
        let after = bytes.get(TAG_AT.end..).ok_or(DatagramError::TooShort)?;
        let (header, body) =
            postcard::take_from_bytes::<Header>(after).map_err(|_| DatagramError::TooShort)?;
        if header.sender > largest_id {
            return Err(DatagramError::IdTooLarge);
        }
        validate::<A, U>(body, largest_id)?;
        Ok(Self {
            header,
            first,
            body,
        })
    }

    /// `true` if the sender keeps no entries, but knows the members.
    #[must_use]
    pub const fn is_bare(&self) -> bool {
        self.first & BARE != 0
    }

    /// `true` if the sender keeps entries, but no leases.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        self.first & LASTING != 0
    }

    /// The sections in order, those of unknown kinds left out.
    pub fn sections<A: Address>(&self) -> impl Iterator<Item = Section<'a, A>> {
        self.sections_used::<A, Every>()
    }

    /// As [`sections`](Self::sections), those left out of which the receiver makes no use.
    pub(crate) fn sections_used<A: Address, U: Used>(
        &self,
    ) -> impl Iterator<Item = Section<'a, A>> {
        raw_sections(self.body).filter_map(|(number, body)| {
            let kind = Kind::from_number(number).filter(|kind| U::uses(*kind))?;
            Section::decode::<U>(kind, body).ok()
        })
    }

    /// Each section's kind (`None` for unknown ones) and its bytes, head included.
    pub fn sizes(&self) -> impl Iterator<Item = (Option<Kind>, usize)> + use<'a> {
        sizes(self.body)
    }
}

/// Each section's kind and bytes in a datagram of our own making.
pub(crate) fn sizes_of(bytes: &[u8]) -> impl Iterator<Item = (Option<Kind>, usize)> {
    let after = bytes.get(TAG_AT.end..).unwrap_or_default();
    let body = postcard::take_from_bytes::<Header>(after).map_or(&[][..], |(_, body)| body);
    sizes(body)
}

fn sizes(body: &[u8]) -> impl Iterator<Item = (Option<Kind>, usize)> {
    let mut rest = body;
    core::iter::from_fn(move || {
        let before = rest.len();
        let (number, _, after) = split(rest)?;
        rest = after;
        Some((
            Kind::from_number(number),
            before.saturating_sub(after.len()),
        ))
    })
}

/// Begins a datagram with these flags; `false` if not even a header fits.
pub(crate) fn begin(writer: &mut Writer<'_>, header: &Header, flags: u8) -> bool {
    writer.put(&(WIRE_VERSION << 4 | flags)) && writer.put(&[0u8; 4]) && writer.put(header)
}

fn validate<A: Address, U: Used>(body: &[u8], largest_id: NodeId) -> Result<(), DatagramError> {
    let mut rest = body;
    while !rest.is_empty() {
        let (number, section, after) = split(rest).ok_or(DatagramError::Truncated)?;
        if let Some(kind) = Kind::from_number(number).filter(|kind| U::uses(*kind)) {
            Section::<A>::decode::<U>(kind, section)?.check::<U>(largest_id)?;
        }
        rest = after;
    }
    Ok(())
}

fn raw_sections(body: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = body;
    core::iter::from_fn(move || {
        let (number, section, after) = split(rest)?;
        rest = after;
        Some((number, section))
    })
}
