//! The one door to partners: whom a node talks to at random, out of all members that it knows.

use rand_core::Rng;

use super::Context;
use crate::address::Address;
use crate::sampling::pick;
use crate::storage::Storage;
use crate::table::{Member, Sums};

/// What a partner is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be written to at once. While many join that assert no address, few of those that are known can be.
    Words,
    /// To hold entries: it is written to when its address is known.
    Entries,
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// A live peer that serves the purpose and that `accept` takes.
    pub(crate) fn partner(
        &self,
        rng: &mut impl Rng,
        purpose: Purpose,
        accept: impl Fn(&Member<A>) -> bool,
    ) -> Option<&Member<A>> {
        pick(&self.members, rng, |row| {
            let serves = match purpose {
                Purpose::Words => row.address().is_some(),
                Purpose::Entries => row.sums > Sums::Facts,
            };
            row.is_live() && serves && !self.is_me(row.id) && accept(row)
        })
    }

    /// The address of one to be written to at once.
    pub(crate) fn random_peer(
        &self,
        rng: &mut impl Rng,
        accept: impl Fn(&Member<A>) -> bool,
    ) -> Option<A> {
        self.partner(rng, Purpose::Words, accept)?.address()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SplitMix64;
    use crate::for_tests::{ME, OWNER, PEERS, World, heard};
    use crate::id::NodeId;
    use crate::table::Liveness;

    /// Who is drawn in many draws, in the order of ids.
    fn drawn(world: &World, purpose: Purpose) -> std::vec::Vec<NodeId> {
        let mut rng = SplitMix64::new(5);
        let cx = &world.tables.base.cx;
        let draw = |_| cx.partner(&mut rng, purpose, |_| true).map(Member::id);
        let found: std::collections::BTreeSet<_> = (0..200).filter_map(draw).collect();
        found.into_iter().collect()
    }

    #[test]
    fn all_the_living_come_up_and_never_this_node() {
        let mut world = World::new();
        for purpose in [Purpose::Words, Purpose::Entries] {
            assert_eq!(drawn(&world, purpose), [OWNER, PEERS[0], PEERS[1]]);
        }
        world.facts(OWNER, |facts| facts.liveness = Liveness::Dead);
        world.edit(PEERS[0], |mut row| row.await_word(true));
        assert_eq!(drawn(&world, Purpose::Words), [PEERS[1]]);
        world.facts(PEERS[1], |facts| facts.liveness = Liveness::Left);
        assert_eq!(drawn(&world, Purpose::Words), []);
        assert!(world.row(ME).is_live());
    }

    #[test]
    fn words_need_an_address_and_entries_somebody_who_keeps_them() {
        let mut world = World::new();
        world.facts(OWNER, |facts| facts.address = None);
        heard(&mut world.tables.base.cx, PEERS[0], Sums::Facts);
        assert_eq!(drawn(&world, Purpose::Words), [PEERS[0], PEERS[1]]);
        assert_eq!(drawn(&world, Purpose::Entries), [OWNER, PEERS[1]]);
    }

    #[test]
    fn the_one_that_is_wanted_is_found_and_nobody_else() {
        let world = World::new();
        let mut rng = SplitMix64::new(9);
        let cx = &world.tables.base.cx;
        for _ in 0..50 {
            let found = cx.random_peer(&mut rng, |row| row.id == OWNER);
            assert_eq!(found, Some(7));
            assert_eq!(cx.random_peer(&mut rng, |_| false), None);
        }
    }
}
