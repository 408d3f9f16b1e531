//! What the parts see in their tests, without a node.

use crate::author::Author;
use crate::config::Config;
use crate::context::{Context, Phase, Replica, Sender};
use crate::entries::delta::Progress;
use crate::exchange::{Base, Marks, Reconciler};
use crate::id::{Generation, Incarnation, NodeId, Version};
use crate::membership::Swim;
use crate::requests::{Letter, Mails, Read, Reads, Sync, Syncs};
use crate::storage::{InlineBlob, InlineList, Tables};
use crate::table::{Edit, Facts, Liveness, Member, Sums};
use crate::time::Instant;

crate::inline! {
    pub(crate) struct Tiny {
        members: 6, entries: 8, key: 8, value: 8, news: 2, duties: 8, relays: 1, seeds: 1,
        exchanges: 2, ranges: 2, wants: 4, mails: 2, syncs: 2, reads: 2, copies: 2,
    }
}

type Key = InlineBlob<8>;
type Letters = Mails<InlineList<Letter, 2>>;
type Loops = Syncs<InlineList<Sync, 2>>;
type Questions = Reads<Key, InlineList<Read<Key>, 2>>;

type Handles<'w> = (
    &'w mut Swim<u16, Tiny>,
    &'w mut Context<u16, Tiny>,
    &'w mut Author<u16, Tiny>,
);

pub(crate) const ME: NodeId = NodeId::truncated(1);
pub(crate) const OWNER: NodeId = NodeId::truncated(7);
pub(crate) const PEERS: [NodeId; 2] = [NodeId::truncated(8), NodeId::truncated(9)];

pub(crate) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

pub(crate) fn version(number: u32) -> Version {
    Version::try_from(number).unwrap()
}

pub(crate) fn address(id: NodeId) -> u16 {
    u64::from(id) as u16
}

/// Whose datagram a member's is.
pub(crate) fn sender(now: Instant, id: NodeId) -> Sender<u16> {
    Sender {
        now,
        id,
        generation: Generation::default(),
        from: address(id),
        sums: Sums::Whole,
        len: 40,
        synced: false,
    }
}

/// A datagram of a member came, and says what is compared with it.
pub(crate) fn heard(cx: &mut Context<u16, Tiny>, id: NodeId, sums: Sums) {
    cx.members
        .hear(id, Generation::default(), address(id), sums);
}

/// This node itself, an owner and two peers, all alive, each at its number.
pub(crate) struct World {
    pub(crate) tables: Tables<u16, Tiny>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::configured(|config| config)
    }

    pub(crate) fn configured(set: impl Fn(Config<u16>) -> Config<u16>) -> Self {
        Self::of(ME, set)
    }

    /// What another of the four sees.
    pub(crate) fn of(me: NodeId, set: impl Fn(Config<u16>) -> Config<u16>) -> Self {
        let config = Config::new(me).mtu_floor(300);
        let config = set(config.largest_id(NodeId::truncated(100)));
        let mut tables = Tiny::tables();
        tables.base.cx.config = config.check().unwrap();
        for id in [ME, OWNER, PEERS[0], PEERS[1]] {
            let facts = Facts {
                generation: Generation::default(),
                incarnation: Incarnation::default(),
                liveness: Liveness::Alive,
                address: Some(address(id)),
            };
            tables
                .base
                .cx
                .members
                .insert(Member::new(id, facts))
                .unwrap();
            heard(&mut tables.base.cx, id, Sums::Whole);
        }
        tables.base.cx.phase = Phase::Running;
        Self { tables }
    }

    pub(crate) fn facts(&mut self, id: NodeId, change: impl FnOnce(&mut Facts<u16>)) {
        self.edit(id, |mut row| change(row.facts()));
    }

    pub(crate) fn marks(&mut self, id: NodeId, change: impl FnOnce(&mut Marks)) {
        self.edit(id, |mut row| change(row.marks()));
    }

    pub(crate) fn edit(&mut self, id: NodeId, change: impl FnOnce(Edit<'_, u16>)) {
        self.tables.base.cx.members.edit(id, change).unwrap();
    }

    /// How far a member's entries are held, with none beyond.
    pub(crate) fn hold(&mut self, id: NodeId, change: impl FnOnce(&mut Progress)) {
        self.edit(id, |mut row| {
            let mut progress = *row.progress();
            change(&mut progress);
            *row.replica() = Replica::at(progress);
        });
    }

    pub(crate) fn exchange(&mut self) -> (&mut Reconciler<u16, Tiny>, &mut Base<u16, Tiny>) {
        (&mut self.tables.reconciler, &mut self.tables.base)
    }

    pub(crate) fn row(&self, id: NodeId) -> &Member<u16> {
        self.tables.base.cx.members.get(id).unwrap()
    }

    pub(crate) fn mails(&mut self) -> (&mut Letters, &mut Context<u16, Tiny>) {
        (&mut self.tables.requests.mails, &mut self.tables.base.cx)
    }

    pub(crate) fn syncs(&mut self) -> (&mut Loops, &mut Context<u16, Tiny>) {
        (&mut self.tables.requests.syncs, &mut self.tables.base.cx)
    }

    pub(crate) fn reads(&mut self) -> (&mut Questions, &mut Context<u16, Tiny>) {
        (&mut self.tables.requests.reads, &mut self.tables.base.cx)
    }

    /// Membership, what it shares, and the owner.
    pub(crate) fn swim(&mut self) -> Handles<'_> {
        let Base { cx, author, swim } = &mut self.tables.base;
        (swim, cx, author)
    }

    pub(crate) fn author(&mut self) -> (&mut Author<u16, Tiny>, &mut Context<u16, Tiny>) {
        (&mut self.tables.base.author, &mut self.tables.base.cx)
    }
}
