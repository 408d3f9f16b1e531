//! A node's state, written to be kept.

use super::bytes::{Checksum, PRELUDE, write_window};
use super::{Kept, Known, Past, Start};
use crate::address::Address;
use crate::context::Context;
use crate::entries::Entry;
use crate::exchange::Base;
use crate::membership::Bygone;
use crate::storage::{Storage, Tables};
use crate::table::Member;
use crate::time::Instant;
use crate::wire::network;

/// A node's state as bytes, a page of any size at a time; see [`persist`](crate::persist).
#[derive(Clone, Debug)]
pub struct Export<'n, A: Address, S: Storage<A>> {
    tables: &'n Tables<A, S>,
    now: Instant,
    next: Next,
    /// How many bytes of what is next were written already.
    skip: usize,
    checksum: Checksum,
}

/// What is to be written next.
#[derive(Clone, Copy, Debug)]
enum Next {
    Prelude,
    Start,
    Member(usize),
    Entry(usize),
    Bygone(usize),
    Checksum,
    Nothing,
}

impl<'n, A: Address, S: Storage<A>> Export<'n, A, S> {
    pub(crate) fn new(tables: &'n Tables<A, S>, now: Instant) -> Self {
        Self {
            tables,
            now,
            next: Next::Prelude,
            skip: 0,
            checksum: Checksum::new(),
        }
    }

    /// Fills `page` with what follows in the state. Returns how many bytes it wrote: as many as the
    /// page has, fewer at the end, and 0 when the state is written.
    pub fn read(&mut self, page: &mut [u8]) -> usize {
        let mut len = 0usize;
        while let Some(rest) = page.get_mut(len..).filter(|rest| !rest.is_empty()) {
            let Some((written, whole)) = self.write(rest) else {
                break;
            };
            if !matches!(self.next, Next::Checksum) {
                self.checksum.add(rest.get(..written).unwrap_or_default());
            }
            len = len.saturating_add(written);
            if whole {
                (self.next, self.skip) = (self.following(), 0);
            } else {
                self.skip = self.skip.saturating_add(written);
            }
        }
        len
    }

    /// Writes what fits of what is next, and says whether that was the rest of it; `None` when
    /// everything is written.
    fn write(&self, buf: &mut [u8]) -> Option<(usize, bool)> {
        let (cx, swim) = (&self.tables.base.cx, &self.tables.base.swim);
        Some(match self.next {
            Next::Prelude => write_window(&PRELUDE, self.skip, buf),
            Next::Start => write_window(&self.start(), self.skip, buf),
            Next::Member(index) => match cx.members.at(index).filter(|row| row.is_known()) {
                Some(row) => {
                    write_window(&known_of(&self.tables.base, self.now, row), self.skip, buf)
                }
                None => (0, true),
            },
            Next::Entry(index) => match cx.entries.kept_at(index) {
                Some(entry) => write_window(&kept_of(cx, self.now, entry), self.skip, buf),
                None => (0, true),
            },
            Next::Bygone(index) => match swim.bygones.at(index) {
                Some(bygone) => write_window(&past_of(bygone), self.skip, buf),
                None => (0, true),
            },
            Next::Checksum => write_window(&self.checksum.value(), self.skip, buf),
            Next::Nothing => return None,
        })
    }

    fn start(&self) -> Start {
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Start {
            cluster: network(self.tables.base.cx.config.cluster(), A::KIND),
            id: self.tables.base.cx.id(),
            members: count(
                self.tables
                    .base
                    .cx
                    .members
                    .iter()
                    .filter(|row| row.is_known())
                    .count(),
            ),
            entries: count(self.tables.base.cx.entries.kept().count()),
            bygones: count(self.tables.base.swim.bygones.len()),
        }
    }

    fn following(&self) -> Next {
        let tables = self.tables;
        let bygone = |index| {
            if index < tables.base.swim.bygones.len() {
                Next::Bygone(index)
            } else {
                Next::Checksum
            }
        };
        let entry = |index| {
            if index < tables.base.cx.entries.usage().0 {
                Next::Entry(index)
            } else {
                bygone(0)
            }
        };
        let member = |index| {
            if index < tables.base.cx.members.len() {
                Next::Member(index)
            } else {
                entry(0)
            }
        };
        match self.next {
            Next::Prelude => Next::Start,
            Next::Start => member(0),
            Next::Member(index) => member(index.saturating_add(1)),
            Next::Entry(index) => entry(index.saturating_add(1)),
            Next::Bygone(index) => bygone(index.saturating_add(1)),
            Next::Checksum | Next::Nothing => Next::Nothing,
        }
    }
}

pub(crate) fn past_of<A: Copy>(bygone: &Bygone<A>) -> Past<A> {
    Past {
        id: bygone.id(),
        life: bygone.life(),
        address: bygone.address(),
        over: bygone.is_over(),
    }
}

/// What is to be kept of an entry.
pub(crate) fn kept_of<'e, A: Address, S: Storage<A>>(
    cx: &Context<A, S>,
    now: Instant,
    entry: &'e Entry<S::Key, S::Value>,
) -> Kept<'e> {
    let expires = cx.entries.expires(entry);
    Kept {
        owner: entry.owner,
        version: entry.version,
        key: entry.key(),
        value: entry.value(),
        left_millis: expires.map(|at| at.since(now).as_millis()),
    }
}

/// What is to be kept of a member.
pub(crate) fn known_of<A: Address, S: Storage<A>>(
    base: &Base<A, S>,
    now: Instant,
    row: &Member<A>,
) -> Known<A> {
    Known {
        row: base.swim.row_of(&base.cx, now, row),
        gc: row.progress().gc,
        as_of: row.progress().as_of,
        observed: row.observed,
        suspect: row.swim.is_suspect(),
        unproven: row.swim.is_unproven()
            || base.cx.is_me(row.id) && base.author.may_reclaim(&base.cx),
        unheard: row.unheard,
    }
}
