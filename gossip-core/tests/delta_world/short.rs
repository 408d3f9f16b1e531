//! Short names for positions, claims and entries.

use gossip_core::entries::delta::{Claim, Progress, Recover};

use super::replica::{Held, Replica, Table};
use super::v;

/// A position at rest.
pub fn progress(held: u32, gc: u32, as_of: u32) -> Progress {
    Progress {
        held: v(held),
        gc: v(gc),
        as_of: v(as_of),
        recover: None,
    }
}

/// A position amid a re-cover: cursor, target, finish.
pub fn recovering(held: u32, gc: u32, as_of: u32, recover: (u32, u32, u32)) -> Progress {
    let (cursor, target, finish) = recover;
    let recover = Recover {
        cursor: v(cursor),
        target: v(target),
        finish: v(finish),
    };
    Progress {
        recover: Some(recover),
        ..progress(held, gc, as_of)
    }
}

/// The bounds of a claim `(a, b]`.
pub fn claim((a, b): (u32, u32), held: u32, gc: u32, as_of: u32) -> Claim {
    Claim {
        a: v(a),
        b: v(b),
        held: v(held),
        gc: v(gc),
        as_of: v(as_of),
    }
}

/// A value held.
pub fn set(version: u32) -> Option<Held> {
    Some(Held {
        version: v(version),
        value: Some(version as u8),
        leased: false,
        marked: false,
    })
}

/// A tombstone held.
pub fn deleted(version: u32) -> Option<Held> {
    Some(Held {
        version: v(version),
        value: None,
        leased: false,
        marked: false,
    })
}

/// A value held that a re-cover has missed.
pub fn marked(version: u32) -> Option<Held> {
    set(version).map(|held| Held {
        marked: true,
        ..held
    })
}

/// A replica that holds this of A and of B.
pub fn replica(progress: Progress, entries: [Option<Held>; 2]) -> Replica<2> {
    Replica {
        progress,
        table: Table(entries),
        parked_until: None,
    }
}
