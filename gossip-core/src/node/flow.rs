//! Flow control: writes that wait to go out, and bytes that wait for airtime.

use super::Node;
use crate::address::Address;
use crate::storage::Storage;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// How hard it is for a node to get rid of what it has to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pressure {
    /// Own writes that have not gone out yet. A key that is written again while it waits counts once
    /// and goes out once, with its latest value.
    pub waiting: usize,
    /// Writes in 1000 seconds that flow control lets out; `u32::MAX` without flow control.
    pub allowed: u32,
    /// Writes in 1000 seconds that the application made of late; 0 without flow control.
    pub wanted: u32,
    /// Bytes that may be sent at once; `u32::MAX` without a byte rate. At 0 only urgent messages go.
    pub bytes: u32,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What the application should look at to write no faster than the cluster carries.
    #[must_use]
    pub fn pressure(&self) -> Pressure {
        let (allowed, wanted) = self.author.pace.rates();
        let flow = self.tables.cx.config.flow_control();
        let limited = self.tables.cx.config.byte_rate().is_some();
        Pressure {
            waiting: self.author.waiting_writes(&self.tables.cx),
            allowed: if flow { allowed } else { u32::MAX },
            wanted: if flow { wanted } else { 0 },
            bytes: if limited {
                self.tables.cx.bucket.bytes()
            } else {
                u32::MAX
            },
        }
    }

    /// A round of exchanges begins: the rate of writes follows what the last one showed.
    pub(super) fn end_pace_round(&mut self, now: Instant) {
        if self.tables.cx.config.flow_control() {
            let waiting = self.author.has_waiting_writes(&self.tables.cx);
            if self.is_cut_short() {
                self.author.pace.note_overload();
            }
            self.author.pace.end_round(now, waiting);
        }
    }

    /// `true` if some exchange has used up its pages and would pull more.
    fn is_cut_short(&self) -> bool {
        self.tables.reconciler.slots.used_up().any(|exchange| {
            let rest = self.trim(exchange.pulls, |row| row.marks.pull & exchange.bit != 0);
            !rest.is_empty()
        })
    }
}
