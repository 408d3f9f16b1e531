//! Counters: what a node sent, received, dropped and refused.

use crate::error::DatagramError;
use crate::wire::Kind;
use serde::{Deserialize, Serialize};

/// A count of things and of their bytes. Both wrap at `2^32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Traffic {
    /// How many.
    pub count: u32,
    /// Their bytes.
    pub bytes: u32,
}

impl Traffic {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.count = self.count.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(bytes as u32);
    }
}

/// One direction: whole datagrams, and the sections inside them by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// Whole datagrams, headers included.
    pub datagrams: Traffic,
    #[serde(with = "by_kind")]
    kinds: [Traffic; Kind::COUNT],
}

impl Flow {
    const NONE: Self = Self {
        datagrams: Traffic { count: 0, bytes: 0 },
        kinds: [Traffic { count: 0, bytes: 0 }; Kind::COUNT],
    };

    /// Sections of this kind; their bytes include the section's head.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Traffic {
        self.kinds.get(kind as usize).copied().unwrap_or_default()
    }

    pub(crate) fn section(&mut self, kind: Kind, bytes: usize) {
        if let Some(traffic) = self.kinds.get_mut(kind as usize) {
            traffic.add(bytes);
        }
    }
}

/// Traffic by kind as a sequence: that of a build with fewer kinds ends earlier, and what this one does not know is
/// left out.
mod by_kind {
    use core::fmt;

    use serde::de::{Deserializer, SeqAccess, Visitor};
    use serde::{Serialize, Serializer};

    use super::Traffic;
    use crate::wire::Kind;

    type Kinds = [Traffic; Kind::COUNT];

    pub fn serialize<S: Serializer>(kinds: &Kinds, serializer: S) -> Result<S::Ok, S::Error> {
        kinds.as_slice().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kinds, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Kinds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("traffic of each kind of section")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Kinds, S::Error> {
                let mut kinds = [Traffic::default(); Kind::COUNT];
                for kind in &mut kinds {
                    match seq.next_element()? {
                        Some(traffic) => *kind = traffic,
                        None => return Ok(kinds),
                    }
                }
                while seq.next_element::<Traffic>()?.is_some() {}
                Ok(kinds)
            }
        }

        deserializer.deserialize_seq(Each)
    }
}

/// Declares the plain counters, so that each name and meaning stands once.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a node counts. Counters wrap at `2^32` and never influence what it does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct Stats {
            /// What was written by `poll_transmit`.
            pub sent: Flow,
            /// What was accepted by `handle_datagram`.
            pub received: Flow,
            $($(#[$doc])* pub $name: u32,)*
        }

        impl Stats {
            /// All zero.
            pub const NONE: Self = Self { sent: Flow::NONE, received: Flow::NONE, $($name: 0,)* };

            /// The plain counters with their names, for display.
            pub fn counters(&self) -> impl Iterator<Item = (&'static str, u32)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Datagrams dropped: shorter than a header, or a header that does not decode.
    drop_too_short,
    /// Datagrams dropped: unknown wire version.
    drop_unknown_version,
    /// Datagrams dropped: the checksum fails, and who made it so was not found out: damage, mostly.
    drop_foreign_or_corrupt,
    /// Datagrams dropped: of a cluster with another name. Of many only some are looked at.
    drop_other_cluster,
    /// Datagrams dropped: of our cluster's name, with another kind of addresses. Of many only some are
    /// looked at.
    drop_other_address_kind,
    /// Datagrams dropped: sealed.
    drop_sealed,
    /// Datagrams dropped: own ones that came back.
    drop_from_self,
    /// Datagrams dropped: an id above `largest_id`.
    drop_id_too_large,
    /// Datagrams dropped: a section reaches past the end.
    drop_truncated,
    /// Datagrams dropped: a section does not decode.
    drop_malformed,
    /// Datagrams dropped: impossible numbers.
    drop_impossible,
    /// Datagrams dropped: the node has left.
    drop_not_running,
    /// Nodes met, each time, that have another `mtu_floor`.
    other_mtu_floor,
    /// Nodes met, each time, that have another `largest_id`.
    other_largest_id,
    /// Tries to join, after the first, through an address that has not answered yet.
    joins_unanswered,
    /// Sections skipped: a kind that only a newer build knows.
    unknown_sections,
    /// Rows refused: the table of members is full.
    members_full,
    /// Rows refused: dead, unknown, and about to be forgotten.
    stale_rows,
    /// Claims refused: the table of entries is full.
    entries_full,
    /// Claims cut short or refused, and single entries refused: a key or a value is longer than the storage
    /// holds, or the entry larger than what a datagram of `mtu_floor` bytes has room for.
    entries_too_large,
    /// Claims refused: the table of leases is full.
    leases_full,
    /// Entries whose lease ran out here.
    expired,
    /// Entries of an earlier life that were taken back and written anew.
    reclaimed,
    /// Rows of members received, whatever they told.
    rows_heard,
    /// Rows that told of an unknown member or of later facts.
    rows_new,
    /// Hints received: how much a peer holds of an owner.
    hints_heard,
    /// Hints that told of more than is held here.
    hints_new,
    /// Claims received, whatever they told.
    claims_heard,
    /// Claims for another life of their owner, or for an unknown owner.
    foreign_claims,
    /// Claims that told nothing new.
    idle_claims,
    /// Answers about an owner that changed nothing, though the two before them had not either and claims
    /// were asked for instead.
    vain_answers,
    /// Single entries received, outside claims.
    singles_heard,
    /// Single entries that told nothing new, or that found no room.
    idle_singles,
    /// Sections of single entries for another life of their owner, or for an unknown owner.
    foreign_singles,
    /// Peers that acknowledged all of this node's direct mail to them.
    mails_delivered,
    /// Peers whose direct mail was left to anti-entropy: no room, no receipt, or gone.
    mails_handed_over,
    /// Receipts that acknowledge nothing of what is awaited.
    idle_receipts,
    /// Answers to comparisons and asks that nobody waits for.
    idle_answers,
    /// Asks for a key of an unknown owner, or of another life of it.
    foreign_asks,
    /// News pushed out of a full table before it was told often enough.
    news_evicted,
    /// Last-known addresses of forgotten members, or lives of theirs, that made room for later ones.
    bygones_lost,
    /// Small messages not sent because too many were owed.
    duties_full,
    /// Indirect probes not served because too many were under way.
    relays_full,
    /// Exchanges not begun because too many were under way.
    exchanges_full,
    /// Differing ranges not answered at once because too many were owed.
    ranges_full,
    /// Pulled owners not answered at once because too many were owed.
    wants_full,
    /// Members forgotten before their event was told.
    events_lost,
    /// Writes of the application that were refused.
    refused_writes,
    /// Copies made here of what a member that is gone contributed to shared keys.
    adoptions,
    /// Such copies that were refused: no room in the table or in a datagram.
    adoptions_refused,
    /// Buffers handed to `poll_transmit` that were smaller than `mtu_floor`.
    small_buffers,
    /// Probes that say nothing of the member probed: those that were asked to help did not answer either.
    probes_unwitnessed,
    /// Acks that came after the round of their probe.
    late_acks,
    /// Deaths told by others that were not believed at once: the member was alive here.
    deaths_doubted,
    /// Suspicions begun here.
    suspicions,
    /// Suspicions and false reports of its death that this node refuted.
    refutations,
    /// Times that another live node with this node's id was noticed.
    conflicts,
    /// Times that two live nodes with the id of one member were noticed.
    clashes,
    /// Times that rounds came so late that the node's own pause was blamed, and not its peers.
    pauses,
    /// Probes without a verdict, since what they were to send had to wait.
    probes_unsent,
    /// Times that the clock was found set back: the node's own time goes on from where it was.
    clocks_set_back,
}

impl Stats {
    pub(crate) fn dropped(&mut self, reason: DatagramError) {
        let counter = match reason {
            DatagramError::TooShort => &mut self.drop_too_short,
            DatagramError::UnknownVersion => &mut self.drop_unknown_version,
            DatagramError::ForeignOrCorrupt => &mut self.drop_foreign_or_corrupt,
            DatagramError::OtherCluster => &mut self.drop_other_cluster,
            DatagramError::OtherAddressKind => &mut self.drop_other_address_kind,
            DatagramError::Sealed => &mut self.drop_sealed,
            DatagramError::FromSelf => &mut self.drop_from_self,
            DatagramError::IdTooLarge => &mut self.drop_id_too_large,
            DatagramError::Truncated => &mut self.drop_truncated,
            DatagramError::Malformed => &mut self.drop_malformed,
            DatagramError::Impossible => &mut self.drop_impossible,
            DatagramError::NotRunning => &mut self.drop_not_running,
        };
        bump(counter);
    }
}

/// Counts one more.
pub(crate) fn bump(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted_for_itself() {
        let mut flow = Flow::NONE;
        for kind in Kind::ALL {
            flow.section(*kind, *kind as usize);
        }
        for kind in Kind::ALL {
            let (count, bytes) = (1, *kind as u32);
            assert_eq!(flow.of(*kind), Traffic { count, bytes }, "{kind:?}");
        }
    }
}
