//! News still being told: the rumor part of membership and of versions.
//!
//! Each piece rides on datagrams that are sent anyway and on a few of its own, and is dropped after
//! `O(log N)` tellings (SWIM, section 4.1: infection-style dissemination with preference for what was
//! told least). What a rumor misses, the exchange of fingerprints repairs.

use crate::id::NodeId;
use crate::storage::List;

/// Something to tell about a member.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct News {
    told: u8,
    /// It stands in the datagram that is being written.
    marked: bool,
    what: What,
    id: NodeId,
}

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum What {
    /// The member is suspected.
    Suspect,
    /// The member's facts changed.
    Facts,
    /// The member is there.
    Introduction,
    /// More of the member's entries are held.
    Held,
}

/// The news, those told least first.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Board<N> {
    list: N,
}

impl<N> Board<N> {
    /// A board that keeps its news in `list`, which must be empty.
    pub const fn new(list: N) -> Self {
        Self { list }
    }
}

impl<N: List<News>> Board<N> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Starts telling something, from the beginning if it is being told already. `true` if other
    /// news was pushed out for it.
    pub(crate) fn announce(&mut self, id: NodeId, what: What) -> bool {
        self.retract(id, what);
        let evicted = self.list.is_full()
            && self
                .list
                .remove(self.list.len().saturating_sub(1))
                .is_some();
        let at = self
            .list
            .iter()
            .take_while(|news| news.told == 0 && news.what < what)
            .count();
        let refused = self
            .list
            .insert(
                at,
                News {
                    told: 0,
                    marked: false,
                    what,
                    id,
                },
            )
            .is_err();
        evicted || refused
    }

    /// Stops telling something.
    pub(crate) fn retract(&mut self, id: NodeId, what: What) {
        let found = self
            .list
            .iter()
            .position(|news| news.id == id && news.what == what);
        if let Some(index) = found {
            self.list.remove(index);
        }
    }

    /// Tells of this member alone from now on.
    pub(crate) fn retract_others(&mut self, id: NodeId) {
        let mut index = 0;
        while let Some(news) = self.list.get(index) {
            if news.id == id {
                index = index.saturating_add(1);
            } else {
                self.list.remove(index);
            }
        }
    }

    /// `true` while this is being told.
    pub(crate) fn is_told(&self, id: NodeId, what: What) -> bool {
        self.list
            .iter()
            .any(|news| news.id == id && news.what == what)
    }

    /// `true` while something has been told less than half of `limit` times.
    pub(crate) fn is_young(&self, limit: u8) -> bool {
        let first = self.list.get(0);
        first.is_some_and(|news| news.told < limit >> 1)
    }

    /// `true` while there is a suspicion, a verdict or a refutation to tell.
    pub(crate) fn has_verdicts(&self) -> bool {
        self.list.iter().any(|news| news.what <= What::Facts)
    }

    /// `true` if there is nothing to tell but how far entries are held.
    pub(crate) fn is_of_entries(&self) -> bool {
        !self.list.is_empty() && self.list.iter().all(|news| news.what == What::Held)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The piece at `index`.
    pub(crate) fn at(&self, index: usize) -> Option<(What, NodeId)> {
        self.list.get(index).map(|news| (news.what, news.id))
    }

    /// Notes that the piece at `index` stands in the datagram that is being written.
    pub(crate) fn mark(&mut self, index: usize) {
        if let Some(news) = self.list.get_mut(index) {
            news.marked = true;
        }
    }

    /// Somebody else tells this too: that counts as told once more (Demers et al. 1987, section 1.4,
    /// feedback and counter), so that what all know already is dropped by all together.
    pub(crate) fn heard(&mut self, id: NodeId, what: What, limit: u8) {
        let found = self
            .list
            .iter()
            .position(|news| news.id == id && news.what == what);
        if let Some(news) = found.and_then(|index| self.list.remove(index)) {
            self.put_back(news, limit);
        }
    }

    /// Counts what was marked as told once more: each piece moves behind those told less, or is
    /// dropped when it was told `limit` times.
    pub(crate) fn count_marked(&mut self, limit: u8) {
        for _ in 0..self.list.len() {
            let found = self.list.iter().position(|news| news.marked);
            let Some(news) = found.and_then(|index| self.list.remove(index)) else {
                return;
            };
            self.put_back(news, limit);
        }
    }

    fn put_back(&mut self, news: News, limit: u8) {
        let told = news.told.saturating_add(1);
        if told >= limit {
            return;
        }
        let at = self
            .list
            .iter()
            .take_while(|other| other.told <= told)
            .count();
        // There is room: the piece was just taken out.
        let _ = self.list.insert(
            at,
            News {
                told,
                marked: false,
                ..news
            },
        );
    }
}

/// How often each node tells a piece of news: `mult * log2(members)`, rounded up.
pub(crate) fn retransmit_limit(mult: u8, members: usize) -> u8 {
    let log2 = log2_in_256ths(members.saturating_add(1)).div_ceil(256);
    let limit = log2.saturating_mul(u32::from(mult));
    u8::try_from(limit).unwrap_or(u8::MAX)
}

/// `log2(number)` in 256ths, straight lines between the powers of two: at most 0.09 too small.
pub(crate) fn log2_in_256ths(number: usize) -> u32 {
    let number = u32::try_from(number).unwrap_or(u32::MAX).max(1);
    let whole = number.ilog2();
    let rest = u64::from(number).wrapping_sub(1u64.wrapping_shl(whole)) << 8;
    let fraction = rest.wrapping_shr(whole) as u32;
    (whole << 8) | fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;
    use std::vec::Vec;

    fn board() -> Board<InlineList<News, 3>> {
        Board::new(InlineList::new())
    }

    fn id(number: u64) -> NodeId {
        NodeId::truncated(number)
    }

    fn told(board: &Board<InlineList<News, 3>>) -> Vec<(What, u64)> {
        let all = (0..board.len()).filter_map(|index| board.at(index));
        all.map(|(what, id)| (what, id.get())).collect()
    }

    #[test]
    fn what_was_told_least_goes_first_and_of_equals_what_matters_most() {
        let mut board = board();
        board.announce(id(1), What::Held);
        board.announce(id(2), What::Suspect);
        board.announce(id(3), What::Facts);
        let order = [(What::Suspect, 2), (What::Facts, 3), (What::Held, 1)];
        assert_eq!(told(&board), order);
        board.mark(0);
        board.count_marked(10);
        let order = [(What::Facts, 3), (What::Held, 1), (What::Suspect, 2)];
        assert_eq!(told(&board), order);
    }

    #[test]
    fn what_was_told_often_enough_is_dropped() {
        let mut board = board();
        board.announce(id(1), What::Facts);
        for _ in 0..3 {
            assert!(board.is_told(id(1), What::Facts));
            board.mark(0);
            board.count_marked(3);
        }
        assert!(board.is_empty());
    }

    #[test]
    fn what_others_tell_too_counts_as_told() {
        let mut board = board();
        board.announce(id(1), What::Facts);
        board.heard(id(1), What::Held, 2);
        assert!(board.is_young(4), "that was something else");
        board.heard(id(1), What::Facts, 4);
        board.heard(id(1), What::Facts, 4);
        assert!(!board.is_young(4));
        board.heard(id(1), What::Facts, 3);
        assert!(board.is_empty());
    }

    #[test]
    fn what_is_told_anew_begins_from_the_beginning() {
        let mut board = board();
        board.announce(id(1), What::Held);
        board.mark(0);
        board.count_marked(2);
        board.announce(id(1), What::Held);
        assert_eq!(board.len(), 1, "and stands there once");
        board.mark(0);
        board.count_marked(2);
        assert!(!board.is_empty());
    }

    #[test]
    fn a_full_board_drops_what_was_told_most() {
        let mut board = board();
        (1..4).for_each(|number| assert!(!board.announce(id(number), What::Facts)));
        board.mark(0);
        let (_, most) = board.at(0).unwrap();
        board.count_marked(9);
        assert!(
            board.announce(id(4), What::Held),
            "something was pushed out"
        );
        assert!(!board.is_told(most, What::Facts));
        assert!(board.is_told(id(4), What::Held));
    }

    #[test]
    fn what_is_outdated_is_told_no_more() {
        let mut board = board();
        board.announce(id(1), What::Suspect);
        board.announce(id(1), What::Held);
        board.announce(id(2), What::Held);
        assert!(board.has_verdicts() && !board.is_of_entries());
        board.retract(id(1), What::Suspect);
        assert!(!board.has_verdicts() && board.is_of_entries());
        board.retract_others(id(2));
        assert_eq!(told(&board), [(What::Held, 2)]);
    }

    #[test]
    fn news_is_told_more_often_in_a_larger_cluster() {
        assert_eq!(retransmit_limit(2, 1), 2);
        assert_eq!(retransmit_limit(2, 63), 12);
        assert_eq!(retransmit_limit(255, 1000), 255);
    }

    #[test]
    fn log2_is_exact_at_powers_and_close_between() {
        for power in 0..20 {
            assert_eq!(log2_in_256ths(1 << power), power << 8);
        }
        for number in 1..5000usize {
            let exact = (number as f64).log2() * 256.0;
            let ours = f64::from(log2_in_256ths(number));
            assert!(
                exact - ours <= 23.0 && ours <= exact + 1.0,
                "{number}: {ours} for {exact}"
            );
        }
    }
}
