//! What a simulated node tells its observers.

use gossip_core::{Generation, Status};
use serde::{Serialize, Serializer};

use super::index::by_id;
use super::{Index, Span};

/// What a simulated node tells: its events, its life and its own writes, with indices of hosts in
/// place of ids. JSON has the ids.
///
/// Notes are level-triggered like the events they are made of: a burst of changes may coalesce into
/// one note that shows the latest state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// The first live peer is known.
    Joined,
    /// The goodbye was said; the node is silent from here on.
    Left,
    /// Another live node uses this node's id.
    Conflict,
    /// Changes were dropped before they could be told.
    Resync,
    /// The node has begun a life: with its first timeout, and again when that life grows.
    Started {
        /// The life.
        generation: Generation,
    },
    /// A member appeared, or its status, life or address changed.
    Member {
        /// The member.
        #[serde(serialize_with = "by_id")]
        id: Index,
        /// What it is now.
        #[serde(serialize_with = "by_name")]
        status: Status,
        /// How many members this host holds for live now, itself included.
        live: u32,
    },
    /// A dead or departed member was forgotten, with all its entries.
    Forgotten {
        /// The former member.
        #[serde(serialize_with = "by_id")]
        id: Index,
        /// How many members this host holds for live now, itself included.
        live: u32,
    },
    /// The host wrote an entry of its own, in the life that its latest [`Note::Started`] told.
    Wrote {
        /// The key.
        key: String,
        /// The version of the write.
        version: u32,
        /// A hash of the value, or `None` for a delete.
        value: Option<u64>,
        /// For how long from now, by the host's clock, if not for good.
        #[serde(skip_serializing_if = "Option::is_none")]
        left: Option<Span>,
    },
    /// The lease of one of the host's own entries ran out.
    Expired {
        /// The key.
        key: String,
    },
    /// A write of the host's own was refused.
    Refused {
        /// The key.
        key: String,
    },
    /// An entry of another owner shows a new value.
    Set {
        /// Who wrote it.
        #[serde(serialize_with = "by_id")]
        owner: Index,
        /// The key.
        key: String,
        /// The version at which it is held: 1 for an entry of an earlier life of its owner that the
        /// present one has not covered yet.
        version: u32,
        /// The life of the owner that the host holds.
        generation: Generation,
        /// A hash of the value.
        value: u64,
    },
    /// An entry of another owner is gone.
    Deleted {
        /// Who had written it.
        #[serde(serialize_with = "by_id")]
        owner: Index,
        /// The key.
        key: String,
    },
}

fn by_name<S: Serializer>(status: &Status, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_well_as_json() {
        let note = Note::Member {
            id: 3,
            status: Status::Dead,
            live: 7,
        };
        let json = serde_json::to_string(&note).unwrap();
        assert_eq!(json, r#"{"member":{"id":4,"status":"dead","live":7}}"#);
    }
}
