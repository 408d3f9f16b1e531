//! Whether two live nodes use the id of a member.
//!
//! A node that restarts looks much the same: another life, another address. But a life that was
//! replaced does not come back, and nobody speaks in it any more when datagrams have had their time.
//! Two places are kept for all members, since this is rare and of no influence on what is sent.

use crate::id::NodeId;
use crate::time::{Duration, Instant};

/// For how many members this is noticed at a time.
const PLACES: usize = 2;
/// A datagram is not under way for longer than so many rounds.
const LATE_ROUNDS: u32 = 4;

/// An earlier life of a member, which may still be lived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Earlier {
    id: NodeId,
    nonce: [u8; 4],
    /// It had the row before the life that has it now.
    replaced: bool,
    /// It lives, and so does the other.
    clashes: bool,
    /// That has not been told yet.
    due: bool,
    /// Whoever speaks in it later than that lives; or, if that was noticed, when it is forgotten.
    at: Instant,
}

/// Members with whose id two nodes seem to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Clashes([Option<Earlier>; PLACES]);

impl Clashes {
    pub(crate) const NONE: Self = Self([None; PLACES]);

    /// The members.
    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> {
        let noticed = self.0.iter().flatten().filter(|earlier| earlier.clashes);
        noticed.map(|earlier| earlier.id)
    }

    /// A life with another nonce takes a member's row; `true` if it had it before and lost it, which
    /// only somebody who lives can do. It counts until `until`, as long as nothing more is seen.
    pub(crate) fn replaced(
        &mut self,
        (now, round, until): (Instant, Duration, Instant),
        id: NodeId,
        (before, after): ([u8; 4], [u8; 4]),
    ) -> bool {
        let known = self.of(id).map(|known| *known);
        let back = known.is_some_and(|known| known.replaced && known.nonce == after);
        let fresh = Earlier {
            id,
            nonce: before,
            replaced: true,
            clashes: back,
            due: back || known.is_some_and(|known| known.due),
            at: if back {
                until
            } else {
                now.after(round.times(LATE_ROUNDS))
            },
        };
        self.put(fresh);
        back
    }

    /// Somebody speaks in an earlier life of a member than the one that has its row, from another
    /// address; `true` if it shows only now that both live.
    pub(crate) fn sighted(
        &mut self,
        (now, round, until): (Instant, Duration, Instant),
        id: NodeId,
        nonce: [u8; 4],
    ) -> bool {
        match self.of(id) {
            Some(known) if known.nonce == nonce => {
                let is_news = !known.clashes && known.at <= now;
                if is_news || known.clashes {
                    (known.clashes, known.at) = (true, until);
                    known.due |= is_news;
                }
                is_news
            }
            Some(known) if known.clashes => false,
            _ => {
                self.put(Earlier {
                    id,
                    nonce,
                    replaced: false,
                    clashes: false,
                    due: false,
                    at: now.after(round.times(LATE_ROUNDS)),
                });
                false
            }
        }
    }

    /// The next member to tell of.
    pub(crate) fn take_due(&mut self) -> Option<NodeId> {
        let due = self.0.iter_mut().flatten().find(|earlier| earlier.due)?;
        due.due = false;
        Some(due.id)
    }

    /// Forgets clashes of which nothing was seen for long.
    pub(crate) fn expire(&mut self, now: Instant) {
        for place in &mut self.0 {
            if place.is_some_and(|earlier| earlier.clashes && !earlier.due && earlier.at <= now) {
                *place = None;
            }
        }
    }

    fn of(&mut self, id: NodeId) -> Option<&mut Earlier> {
        self.0.iter_mut().flatten().find(|earlier| earlier.id == id)
    }

    /// Takes the place of the same member, a free one, or that of the one that matters least.
    fn put(&mut self, fresh: Earlier) {
        let worth = |place: &&mut Option<Earlier>| match place {
            Some(earlier) if earlier.id == fresh.id => (0, 0),
            None => (1, 0),
            Some(earlier) if !earlier.clashes => (2, earlier.at.as_millis()),
            Some(earlier) => (3, earlier.at.as_millis()),
        };
        if let Some(place) = self.0.iter_mut().min_by_key(worth) {
            *place = Some(fresh);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const ROUND: Duration = Duration::from_secs(1);

    fn when(secs: u64) -> (Instant, Duration, Instant) {
        let now = Instant::from_millis(secs * 1000);
        (now, ROUND, now.after(Duration::from_secs(300)))
    }

    fn id(number: u16) -> NodeId {
        NodeId::from(number)
    }

    #[test]
    fn restarts_are_no_clash_and_a_life_that_comes_back_is() {
        let mut clashes = Clashes::NONE;
        for boot in 0..50 {
            let lives = ([boot; 4], [boot + 1; 4]);
            assert!(!clashes.replaced(when(u64::from(boot)), id(1), lives));
        }
        assert_eq!(clashes.take_due(), None);
        assert!(clashes.replaced(when(60), id(1), ([50; 4], [49; 4])));
        assert_eq!(clashes.take_due(), Some(id(1)));
        assert_eq!(clashes.take_due(), None);
        assert_eq!(clashes.ids().collect::<Vec<_>>(), [id(1)]);
        clashes.expire(when(361).0);
        assert_eq!(clashes.ids().count(), 0);
    }

    #[test]
    fn who_goes_on_speaking_in_a_life_that_lost_its_row_is_noticed_once() {
        let mut clashes = Clashes::NONE;
        let seen: Vec<u64> = (0..30)
            .filter(|secs| clashes.sighted(when(*secs), id(1), [1; 4]))
            .collect();
        assert_eq!(seen, [4]);
        // It has not got the row after that, as one that restarts at a new address has.
        let mut clashes = Clashes::NONE;
        assert!(!clashes.sighted(when(0), id(1), [2; 4]));
        assert!(!clashes.replaced(when(1), id(1), ([1; 4], [2; 4])));
    }

    #[test]
    fn what_was_noticed_outlasts_restarts_of_others() {
        let mut clashes = Clashes::NONE;
        clashes.replaced(when(0), id(1), ([1; 4], [2; 4]));
        assert!(clashes.replaced(when(1), id(1), ([2; 4], [1; 4])));
        for other in 2..40 {
            clashes.replaced(when(u64::from(other)), id(other), ([1; 4], [2; 4]));
        }
        assert_eq!(clashes.ids().collect::<Vec<_>>(), [id(1)]);
    }
}
