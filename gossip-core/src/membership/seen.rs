//! Where peers see this node, if it asserts no address of its own choice: what they say is weighed before
//! it replaces what was learned.

use crate::id::NodeId;

/// So many words in a row must agree before a learned address gives way: a single one may be wrong, forged
/// or old, and a node behind two ways out would change its address with each.
const WORDS: u8 = 4;
/// So many from one peer alone, while nobody else has answered: no other finds this node any more.
const WORDS_OF_ONE: u8 = 8;

/// The words of peers that see this node elsewhere than where it says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen<A> {
    elsewhere: Option<Elsewhere<A>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Elsewhere<A> {
    address: A,
    /// Who said so first.
    first: NodeId,
    words: u8,
    /// Somebody else said so too.
    several: bool,
}

impl<A: Copy + Eq> Seen<A> {
    pub(crate) const NOTHING: Self = Self { elsewhere: None };

    /// A peer that was pinged sees this node where it says it is.
    pub(crate) fn agree(&mut self) {
        self.elsewhere = None;
    }

    /// A peer that was pinged sees this node at another `address`; it is the `only` peer. `true` if enough
    /// have said so.
    pub(crate) fn differ(&mut self, peer: NodeId, address: A, only: bool) -> bool {
        let first = Elsewhere {
            address,
            first: peer,
            words: 0,
            several: false,
        };
        let held = self.elsewhere.filter(|held| held.address == address);
        let mut heard = held.unwrap_or(first);
        heard.words = heard.words.saturating_add(1);
        heard.several |= heard.first != peer;
        let several = heard.several || only || heard.words >= WORDS_OF_ONE;
        let enough = heard.words >= WORDS && several;
        self.elsewhere = Some(heard).filter(|_| !enough);
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u8) -> NodeId {
        NodeId::from(u16::from(number))
    }

    #[test]
    fn several_peers_that_agree_are_believed() {
        let mut seen = Seen::NOTHING;
        let words = [1, 2, 1, 3].map(|from| seen.differ(peer(from), 'a', false));
        assert_eq!(words, [false, false, false, true]);
        assert_eq!(seen, Seen::NOTHING);
    }

    #[test]
    fn one_peer_is_believed_at_once_where_there_is_no_other_and_later_where_no_other_answers() {
        let mut seen = Seen::NOTHING;
        assert!((0..3).all(|_| !seen.differ(peer(1), 'a', true)));
        assert!(seen.differ(peer(1), 'a', true));
        for _ in 0..50 {
            assert!((0..7).all(|_| !seen.differ(peer(1), 'a', false)));
            seen.agree();
        }
        assert!((0..7).all(|_| !seen.differ(peer(1), 'a', false)));
        assert!(seen.differ(peer(1), 'a', false));
    }

    #[test]
    fn words_that_contradict_begin_anew() {
        let mut seen = Seen::NOTHING;
        for _ in 0..50 {
            assert!((1..4).all(|from| !seen.differ(peer(from), 'a', false)));
            assert!(!seen.differ(peer(9), 'b', false));
            assert!((1..4).all(|from| !seen.differ(peer(from), 'a', false)));
            seen.agree();
        }
    }
}
