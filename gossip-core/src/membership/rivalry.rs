//! Whether a node is alone with its id, and how often it may bid for it.

use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};

/// Whether a node is the only one with its id, as far as it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Identity {
    /// Nobody else was heard of.
    #[default]
    Sole,
    /// Another live node uses the id, and peers take this one for its owner, or are being told so.
    Contested,
    /// Another live node uses the id, and peers take that one for its owner: what this one writes is
    /// not told to anybody until the other is gone.
    Yielded,
}

/// What a node may answer to a word of a later life of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A still later life of its own.
    Bid,
    /// Nothing now; the same word comes again.
    Wait,
    /// Nothing, as long as the other lives.
    Yield,
}

/// How a later life of a node's id was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// That life is said to be lived.
    pub(crate) lives: bool,
    /// It cannot be an earlier one of this node.
    pub(crate) sure: bool,
    /// This node has peers.
    pub(crate) settled: bool,
}

/// Lives of others with this node's id.
///
/// Two live nodes with one id could outbid each other for ever, so against the living there are
/// [`BIDS`](Self::BIDS) until nothing was heard of them for a while. A life that is over cannot bid
/// back: against the dead and the departed only the rate is bounded, so that whoever lives has the id
/// in the end. The rate is bounded because words of others lead to bids, and each makes all replicas take
/// the owner's entries once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rivalry {
    identity: Identity,
    /// Bids against the living since it was calm.
    bids: u8,
    /// The nonce that was outbid last. One that comes back after that is of a node that lives.
    outbid: Option<[u8; 4]>,
    /// When it is calm again, if nothing more is heard of another.
    calm: Instant,
    /// What the bids so far have used of the rate (a virtual schedule: ATM Forum, "Traffic Management
    /// Specification", 1996, section 4.4.2).
    free: Instant,
    /// When the other may be told once more that this node lives.
    word: Instant,
}

impl Rivalry {
    pub(crate) const NONE: Self = Self {
        identity: Identity::Sole,
        bids: 0,
        outbid: None,
        calm: Instant::ZERO,
        free: Instant::ZERO,
        word: Instant::ZERO,
    };

    /// Bids against the living, and bids in quick succession.
    const BIDS: u8 = 3;
    /// One more bid after so many rounds.
    const BID_ROUNDS: u32 = 4;
    /// It is calm when so many rounds brought no word of another.
    const CALM_ROUNDS: u32 = 32;
    /// The other is told of this node once in so many rounds, some of which are lost.
    const WORD_ROUNDS: u32 = 8;

    /// Whether the node is alone, as far as it knows.
    pub(crate) const fn identity(&self) -> Identity {
        self.identity
    }

    /// A later life with `nonce` was told of. The second value is `true` if that shows for the first time
    /// since it was calm that another node lives.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        round: Duration,
        nonce: [u8; 4],
        word: Word,
    ) -> (Answer, bool) {
        self.settle(now);
        let lives = word.lives;
        // Peers have known this node for long, and would have told it of a later life before.
        let sure = word.sure || (word.settled && self.calm == Instant::ZERO);
        let back = self.outbid == Some(nonce);
        let spent = lives && self.bids >= Self::BIDS;
        let met = lives && (back || spent || sure);
        let news = met && self.identity == Identity::Sole;
        if lives {
            self.calm = now.after(round.times(Self::CALM_ROUNDS));
        }
        if spent {
            self.identity = Identity::Yielded;
            return (Answer::Yield, news);
        }
        if met {
            self.identity = Identity::Contested;
        }
        if !self.may_bid(now, round) {
            return (Answer::Wait, news);
        }
        self.bids = self.bids.saturating_add(u8::from(lives));
        self.outbid = Some(nonce);
        if !lives {
            self.identity = Identity::Sole;
        }
        (Answer::Bid, news)
    }

    /// Whether the rate permits a bid now, which is counted.
    pub(crate) fn may_bid(&mut self, now: Instant, round: Duration) -> bool {
        let bid = round.times(Self::BID_ROUNDS);
        let ahead = bid.times(u32::from(Self::BIDS).saturating_sub(1));
        let fits = self.free <= now.after(ahead);
        if fits {
            self.free = self.free.max(now).after(bid);
        }
        fits
    }

    /// This node has peers: what they remember of it comes now.
    pub(crate) fn join(&mut self, now: Instant, round: Duration) {
        self.calm = self.calm.max(now.after(round.times(Self::CALM_ROUNDS)));
    }

    /// The life that this node lived before it started is taken over.
    pub(crate) fn follow(&mut self, nonce: [u8; 4]) {
        self.outbid = Some(nonce);
    }

    /// Another node with this id spoke to this one; `true` if that is news.
    pub(crate) fn meet(&mut self, now: Instant, round: Duration) -> bool {
        self.settle(now);
        self.calm = now.after(round.times(Self::CALM_ROUNDS));
        let news = self.identity == Identity::Sole;
        if news {
            self.identity = Identity::Contested;
        }
        news
    }

    /// No later life can be named any more; `true` if that is news.
    pub(crate) fn give_up(&mut self, now: Instant, round: Duration) -> bool {
        self.calm = now.after(round.times(Self::CALM_ROUNDS));
        core::mem::replace(&mut self.identity, Identity::Yielded) == Identity::Sole
    }

    /// Whether it is time to tell the other, who has the id, that this node lives too.
    pub(crate) fn take_word(&mut self, now: Instant, round: Duration) -> bool {
        let due = self.word <= now;
        if due {
            self.word = now.after(round.times(Self::WORD_ROUNDS));
        }
        due
    }

    /// Forgets what was heard too long ago.
    pub(crate) fn settle(&mut self, now: Instant) {
        if self.calm <= now {
            (self.identity, self.bids, self.calm) = (Identity::Sole, 0, Instant::ZERO);
        }
    }

    /// Counts deadlines from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.settle(epoch);
        for at in [&mut self.calm, &mut self.free, &mut self.word] {
            *at = at.counted_from(epoch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: Duration = Duration::from_secs(1);
    const LIVES: Word = Word {
        lives: true,
        sure: false,
        settled: false,
    };
    const DEAD: Word = Word {
        lives: false,
        ..LIVES
    };

    fn at(secs: u64) -> Instant {
        Instant::from_millis(secs * 1000)
    }

    #[test]
    fn bids_against_the_living_end_and_those_against_the_dead_do_not() {
        let mut rivalry = Rivalry::NONE;
        let mut bids = 0;
        for secs in 0..600 {
            let (answer, news) = rivalry.hear(at(secs), ROUND, [1; 4], LIVES);
            bids += u32::from(answer == Answer::Bid);
            assert_eq!(news, secs == 1, "the second word shows that it lives");
        }
        assert_eq!((bids, rivalry.identity()), (3, Identity::Yielded));
        bids = 0;
        for secs in 600..1000 {
            let (answer, _) = rivalry.hear(at(secs), ROUND, [secs as u8; 4], DEAD);
            bids += u32::from(answer == Answer::Bid);
        }
        assert_eq!(bids, 3 + 399 / 4, "as the rate permits");
        assert_eq!(rivalry.identity(), Identity::Sole);
    }

    #[test]
    fn a_clash_is_told_again_after_a_calm() {
        let mut rivalry = Rivalry::NONE;
        for _ in 0..3 {
            let told = (0..20).map(|step| rivalry.hear(at(step), ROUND, [7; 4], LIVES).1);
            assert_eq!(told.filter(|news| *news).count(), 1);
            let copy = rivalry;
            rivalry.rebase(at(60));
            assert_eq!(rivalry.identity(), Identity::Sole);
            assert_ne!(copy, rivalry);
            rivalry.outbid = None;
        }
    }

    #[test]
    fn an_earlier_life_that_is_outbid_is_no_clash() {
        let mut rivalry = Rivalry::NONE;
        assert_eq!(
            rivalry.hear(at(1), ROUND, [1; 4], LIVES),
            (Answer::Bid, false)
        );
        assert_eq!(rivalry.identity(), Identity::Sole);
        let settled = Word {
            settled: true,
            ..LIVES
        };
        assert!(!rivalry.hear(at(2), ROUND, [2; 4], settled).1, "too early");
        let mut old = Rivalry::NONE;
        old.join(at(0), ROUND);
        assert!(!old.hear(at(31), ROUND, [2; 4], settled).1);
        assert!(old.hear(at(64), ROUND, [3; 4], settled).1);
        assert!(rivalry.meet(at(2), ROUND) && !rivalry.meet(at(3), ROUND));
        assert_eq!(rivalry.identity(), Identity::Contested);
    }
}
