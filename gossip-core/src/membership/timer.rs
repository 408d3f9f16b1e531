//! Deadlines of members that are not simply alive: the end of a suspicion, or of a memory.

use crate::id::NodeId;
use crate::storage::List;
use crate::time::Instant;

/// One member's deadline.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    at: Instant,
    id: NodeId,
}

/// Deadlines, the earliest first; at most one for each member.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timers<T> {
    list: T,
}

impl<T> Timers<T> {
    /// Timers kept in `list`, which must be empty.
    pub const fn new(list: T) -> Self {
        Self { list }
    }
}

impl<T: List<Timer>> Timers<T> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Sets a member's deadline, replacing an earlier one.
    pub(crate) fn set(&mut self, id: NodeId, at: Instant) {
        self.cancel(id);
        self.add(id, at);
    }

    /// Sets the deadline of a member that has none.
    pub(crate) fn add(&mut self, id: NodeId, at: Instant) {
        let timer = Timer { at, id };
        if let Err(index) = self.list.search_by(|other| other.cmp(&timer)) {
            // There is one place for each member.
            let _ = self.list.insert(index, timer);
        }
    }

    /// Removes a member's deadline; returns it.
    pub(crate) fn cancel(&mut self, id: NodeId) -> Option<Instant> {
        let index = self.list.iter().position(|timer| timer.id == id)?;
        self.list.remove(index).map(|timer| timer.at)
    }

    /// A member's deadline.
    pub(crate) fn of(&self, id: NodeId) -> Option<Instant> {
        self.list
            .iter()
            .find(|timer| timer.id == id)
            .map(|timer| timer.at)
    }

    /// Whose deadlines they are, the earliest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = NodeId> {
        self.list.iter().map(|timer| timer.id)
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.list.get(0).map(|timer| timer.at)
    }

    /// Takes out the earliest deadline if it has come.
    pub(crate) fn due(&mut self, now: Instant) -> Option<NodeId> {
        let timer = *self.list.get(0)?;
        if timer.at > now {
            return None;
        }
        self.list.remove(0);
        Some(timer.id)
    }

    /// Counts every deadline from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.each(|at| at.counted_from(epoch));
    }

    fn each(&mut self, change: impl Fn(Instant) -> Instant) {
        for index in 0..self.list.len() {
            if let Some(timer) = self.list.get_mut(index) {
                timer.at = change(timer.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;

    fn id(number: u64) -> NodeId {
        NodeId::truncated(number)
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn deadlines_come_in_their_order_and_no_sooner() {
        let mut timers = Timers::new(InlineList::<Timer, 4>::new());
        timers.set(id(1), at(30));
        timers.set(id(2), at(10));
        timers.set(id(3), at(20));
        assert!(timers.iter().eq([id(2), id(3), id(1)]));
        assert_eq!((timers.next(), timers.due(at(9))), (Some(at(10)), None));
        assert_eq!(timers.due(at(25)), Some(id(2)));
        assert_eq!(timers.due(at(25)), Some(id(3)));
        assert_eq!(timers.due(at(25)), None);
        assert_eq!(timers.due(at(30)), Some(id(1)));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_member_has_one_deadline() {
        let mut timers = Timers::new(InlineList::<Timer, 4>::new());
        timers.set(id(1), at(30));
        timers.set(id(1), at(50));
        assert_eq!(timers.of(id(1)), Some(at(50)));
        assert_eq!(timers.due(at(30)), None);
        assert_eq!(timers.cancel(id(1)), Some(at(50)));
        assert_eq!((timers.cancel(id(1)), timers.usage().0), (None, 0));
    }
}
