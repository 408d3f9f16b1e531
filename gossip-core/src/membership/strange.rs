//! Datagrams of nodes that do not belong here: told apart from damage, and from each other.

use super::Swim;
use crate::address::Address;
use crate::context::Context;
use crate::error::DatagramError;
use crate::event::Mismatch;
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::{Maker, start_of};

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// A datagram was refused: finds out whether a node of another kind sent it, and returns the reason
    /// in those words.
    pub(crate) fn refuse(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        from: A,
        bytes: &[u8],
        reason: DatagramError,
    ) -> DatagramError {
        let what = match reason {
            DatagramError::IdTooLarge => Some(Mismatch::LargestId),
            DatagramError::UnknownVersion | DatagramError::ForeignOrCorrupt => {
                self.recognize(cx, now, from, bytes, reason)
            }
            _ => None,
        };
        let Some(what) = what else { return reason };
        self.strangers.tell(now, from, what);
        // A seed of ours hears of us anyway, and is told no more: two strangers would go on and on.
        if !self.seeds.contains(from) {
            self.strangers.owe_answer(now, from);
        }
        match what {
            Mismatch::Cluster => DatagramError::OtherCluster,
            Mismatch::AddressKind(_) => DatagramError::OtherAddressKind,
            Mismatch::Version(_) => DatagramError::UnknownVersion,
            Mismatch::MtuFloor(_) | Mismatch::LargestId => reason,
        }
    }

    pub(crate) fn recognize(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        from: A,
        bytes: &[u8],
        reason: DatagramError,
    ) -> Option<Mismatch> {
        if !self.strangers.may_look(now) {
            return None;
        }
        let start = start_of(bytes)?;
        if !self.strangers.came_before(from, start) {
            return None;
        }
        let what = match Maker::new(start, cx.config.cluster()) {
            Maker::Version(version) => Mismatch::Version(version),
            Maker::Kind(kind) => Mismatch::AddressKind(kind),
            Maker::Other => Mismatch::Cluster,
        };
        // What the first byte says must be what the tag says.
        let of_version = matches!(what, Mismatch::Version(version) if first_says(bytes, version));
        let claims_ours = reason == DatagramError::ForeignOrCorrupt;
        let fits = of_version || claims_ours && !matches!(what, Mismatch::Version(_));
        fits.then_some(what)
    }
}

/// `true` if the first byte names this wire version.
fn first_says(bytes: &[u8], version: u8) -> bool {
    bytes.first().is_some_and(|first| first >> 4 == version)
}
