//! What is told and asked.

use super::Context;
use crate::address::Address;
use crate::board::{What, retransmit_limit};
use crate::id::NodeId;
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;

/// How often a node tells that another is there, what it hears of it included. The counter of Demers et
/// al. 1987, section 1.4, needs no more in any cluster: nine of ten introductions that were told
/// more often in a mass join were known already, and exchanges find those whom the rumor misses.
const INTRODUCTIONS: u8 = 4;

impl<A: Address, S: Storage<A>> Context<A, S> {
    pub(crate) fn me(&self) -> Option<&Member<A>> {
        self.members.get(self.config.id())
    }

    /// Starts telling something about a member.
    pub(crate) fn announce(&mut self, id: NodeId, what: What) {
        // What a slow node passes on is old, and whoever knows better would answer it.
        if !self.is_me(id) && self.is_slow(self.config.id()) {
            return;
        }
        if what == What::Introduction {
            self.news.retract(id, What::Facts);
        } else if what == What::Facts {
            self.news.retract(id, What::Introduction);
        }
        if self.news.announce(id, what) {
            bump(&mut self.stats.news_evicted);
        }
    }

    /// The number of this round among those that can be told apart.
    pub(crate) fn round_number(&self) -> u8 {
        (self.rounds % 255).saturating_add(1) as u8
    }

    pub(crate) fn take_token(&mut self) -> u16 {
        self.next_token = self.next_token.wrapping_add(1);
        self.next_token
    }

    /// Somebody told what is known here.
    pub(crate) fn hear_again(&mut self, id: NodeId, what: What) {
        let limit = self.telling_limit(what);
        self.news.heard(id, what, limit);
    }

    /// How often this node tells such news, what it hears of it included.
    pub(crate) fn telling_limit(&self, what: What) -> u8 {
        match what {
            What::Introduction => INTRODUCTIONS,
            _ => retransmit_limit(self.config.retransmit_mult(), self.members.live()),
        }
    }

    pub(crate) fn has_news_to_spread(&self) -> bool {
        self.config.gossip_fanout() > 0 && !self.news.is_empty() && self.is_joined()
    }

    pub(crate) fn ping_again(&mut self, target: NodeId, direct: u16) {
        let address = self.members.get(target).and_then(Member::address);
        let Some(to) = address else { return };
        self.send_soon(to, Message::Ping(direct));
        if self.config.byte_rate().is_some() {
            // It may not know this node, whose ping then waits like a stranger's.
            self.send_soon(to, Message::Tell(self.config.id()));
        }
    }
}
