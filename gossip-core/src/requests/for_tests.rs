//! What the parts see in their tests, without a node.

use super::{Letter, Mails, Read, Reads};
use crate::config::{Checked, Config};
use crate::context::{Context, Sender, With};
use crate::id::{Generation, Incarnation, NodeId, Version};
use crate::stats::Stats;
use crate::storage::{InlineBlob, InlineList, Tables};
use crate::table::{Facts, Liveness, Member, Sums};
use crate::time::Instant;

crate::inline! {
    pub(super) struct Tiny {
        members: 6, entries: 8, key: 8, value: 8, news: 2, duties: 8, relays: 1, seeds: 1,
        exchanges: 1, ranges: 1, wants: 1, mails: 2, reads: 2,
    }
}

type Key = InlineBlob<8>;
type Letters = Mails<InlineList<Letter, 2>>;
type Questions = Reads<Key, InlineList<Read<Key>, 2>>;

pub(super) const ME: NodeId = NodeId::truncated(1);
pub(super) const OWNER: NodeId = NodeId::truncated(7);
pub(super) const PEERS: [NodeId; 2] = [NodeId::truncated(8), NodeId::truncated(9)];

pub(super) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

pub(super) fn version(number: u32) -> Version {
    Version::try_from(number).unwrap()
}

pub(super) fn address(id: NodeId) -> u16 {
    u64::from(id) as u16
}

/// Whose datagram a member's is.
pub(super) fn sender(now: Instant, id: NodeId) -> Sender<u16> {
    Sender {
        now,
        id,
        generation: Generation::default(),
        from: address(id),
        sums: Sums::Whole,
        len: 40,
    }
}

/// This node itself, an owner and two peers, all alive, each at its number.
pub(super) struct World {
    pub(super) config: Checked<u16>,
    pub(super) tables: Tables<u16, Tiny>,
    pub(super) stats: Stats,
}

impl World {
    pub(super) fn new() -> Self {
        Self::configured(|config| config)
    }

    pub(super) fn configured(set: impl Fn(Config<u16>) -> Config<u16>) -> Self {
        let config = Config::new(ME).mtu_floor(300);
        let config = set(config.largest_id(NodeId::truncated(100)));
        let mut tables = Tiny::tables();
        for id in [ME, OWNER, PEERS[0], PEERS[1]] {
            let facts = Facts {
                generation: Generation::default(),
                incarnation: Incarnation::default(),
                liveness: Liveness::Alive,
                address: Some(address(id)),
            };
            tables.members.insert(Member::new(id, facts)).unwrap();
            tables.members.marks(id).unwrap().sums = Sums::Whole;
        }
        Self {
            config: config.check().unwrap(),
            tables,
            stats: Stats::NONE,
        }
    }

    pub(super) fn edit(&mut self, id: NodeId, change: impl FnOnce(&mut Member<u16>)) {
        self.tables.members.edit(id, change).unwrap();
    }

    pub(super) fn reads(&mut self) -> With<'_, Questions, u16, Tiny> {
        let (_, reads, context) = self.split();
        (reads, context)
    }

    pub(super) fn mails(&mut self) -> With<'_, Letters, u16, Tiny> {
        let (mails, _, context) = self.split();
        (mails, context)
    }

    fn split(&mut self) -> (&mut Letters, &mut Questions, Context<'_, u16, Tiny>) {
        let tables = &mut self.tables;
        let context = Context {
            config: &self.config,
            members: &mut tables.members,
            entries: &mut tables.entries,
            outbox: &mut tables.outbox,
            stats: &mut self.stats,
        };
        (&mut tables.mails, &mut tables.reads, context)
    }
}
