//! Events: flags on what changed, turned into values one by one.

use super::Node;
use crate::address::Address;
use crate::entries::Happened;
use crate::event::Event;
use crate::storage::Storage;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// The next thing the application should know, or `None` when it knows everything. Events may be
    /// drained at any time and do not change what the node sends.
    pub fn poll_event(&mut self) -> Option<Event<S::Key>> {
        self.notice()
            .or_else(|| self.clash_event())
            .or_else(|| self.member_event())
            .or_else(|| self.entry_event())
            .or_else(|| self.request_event())
    }

    fn notice(&mut self) -> Option<Event<S::Key>> {
        let notices = &mut self.tables.cx.notices;
        let due = [
            (&mut notices.joined, Event::Joined),
            (&mut notices.conflict, Event::Conflict),
            (&mut notices.resync, Event::Resync),
            (&mut notices.left, Event::Left),
            (&mut notices.reclaimed, Event::Reclaimed),
            (&mut notices.no_answer, Event::NoAnswer),
        ];
        due.into_iter()
            .find_map(|(flag, event)| core::mem::take(flag).then_some(event))
            .or_else(|| self.tables.swim.strangers.take_due().map(Event::Mismatch))
    }

    fn clash_event(&mut self) -> Option<Event<S::Key>> {
        let id = self.tables.swim.clashes.take_due()?;
        Some(Event::Clash { id })
    }

    fn member_event(&mut self) -> Option<Event<S::Key>> {
        while let Some(id) = self.tables.cx.members.take_changed() {
            if self.tables.cx.is_me(id) {
                continue;
            }
            let Some(row) = self.tables.cx.members.get(id) else {
                continue;
            };
            let status = row.status();
            return Some(Event::Member { id, status });
        }
        let id = self.tables.cx.members.take_forgotten()?;
        Some(Event::Forgotten { id })
    }

    fn entry_event(&mut self) -> Option<Event<S::Key>> {
        if const { !Self::ENTRIES } {
            return None;
        }
        while let Some((owner, key, what)) = self.tables.cx.entries.take_changed() {
            if !self.tables.cx.is_me(owner) {
                return Some(match what {
                    Happened::Set => Event::Set { owner, key },
                    Happened::Deleted => Event::Deleted { owner, key },
                    Happened::Expired => Event::Expired { owner, key },
                });
            }
        }
        None
    }
}
