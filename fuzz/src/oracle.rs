//! What replicas may show, given what owners did: the promises of the entries, checked from outside.
//!
//! Every write gets a number, which is also the value written, so that whatever a replica shows
//! names the write that it came from. A restart of an owner without memory counts as the deletion of
//! all it had written.

use std::collections::BTreeMap;

use gossip_core::{Generation, Node, NodeId, Storage, Version};

/// The keys that every owner uses.
pub(crate) const KEYS: [&str; 4] = ["a", "b", "c", "d"];

/// Everything written so far, and what each replica showed of it last.
#[derive(Default)]
pub(crate) struct Oracle {
    /// By number.
    writes: Vec<Write>,
    /// The number of the last of each owner and key.
    latest: BTreeMap<(NodeId, usize), usize>,
    /// The number of the write that an owner made with this version in this life.
    names: BTreeMap<(NodeId, Generation, Version), usize>,
    /// Each running node's life.
    lives: BTreeMap<NodeId, Generation>,
    sights: BTreeMap<Sighting, Sight>,
    /// How many members each node has forgotten before their event was told.
    lost: BTreeMap<NodeId, u32>,
}

struct Write {
    owner: NodeId,
    key: usize,
    deleted: bool,
}

/// Replica, owner, key.
type Sighting = (NodeId, NodeId, usize);

#[derive(Clone, Copy)]
enum Sight {
    /// The replica showed this write.
    Shown(usize),
    /// It no longer shows anything because of this deletion or a later one.
    Gone(usize),
}

/// What a replica shows of an owner's keys: number and version of each write.
type Shown = [Option<(usize, Version)>; KEYS.len()];

impl Oracle {
    /// Sets a key of `node`, to a value of at least 4 bytes and `padding` more.
    pub(crate) fn set<S: Storage<u16>>(
        &mut self,
        node: &mut Node<u16, S>,
        key: usize,
        padding: usize,
    ) {
        let number = u32::try_from(self.writes.len()).expect("a short input");
        let mut value = number.to_le_bytes().to_vec();
        value.resize(value.len() + padding, 0);
        node.set(KEYS[key], &value).expect("there is room");
        self.name(node, key, false);
    }

    /// Deletes a key of `node`.
    pub(crate) fn delete<S: Storage<u16>>(&mut self, node: &mut Node<u16, S>, key: usize) {
        if node.delete(KEYS[key]).expect("the node runs") {
            self.name(node, key, true);
        }
    }

    /// A node lost its memory.
    pub(crate) fn restart(&mut self, id: NodeId) {
        self.lives.remove(&id);
        self.lost.remove(&id);
        self.sights.retain(|(replica, ..), _| *replica != id);
        for key in 0..KEYS.len() {
            self.write(id, key, true);
        }
    }

    /// Checks everything that `node` shows.
    pub(crate) fn check<S: Storage<u16>>(&mut self, node: &Node<u16, S>) {
        self.check_own(node);
        self.forget_lost(node);
        let owners: Vec<NodeId> = self.lives.keys().copied().collect();
        for owner in owners {
            if owner != node.id() {
                self.check_replica(node, owner);
            }
        }
        let strangers = node
            .entries()
            .find(|entry| node.member(entry.owner).is_none());
        assert!(strangers.is_none(), "entries of a member that is not known");
    }

    /// A member may be forgotten and met again within one datagram. The application is told to look at
    /// everything again; nothing of such a member is covered yet, but perhaps that it has written nothing.
    fn forget_lost<S: Storage<u16>>(&mut self, node: &Node<u16, S>) {
        let (replica, lost) = (node.id(), node.stats().events_lost);
        if self.lost.insert(replica, lost).unwrap_or_default() == lost {
            return;
        }
        let met_again = |owner: NodeId| {
            let row = node.member(owner);
            row.is_some_and(|row| row.held() <= Version::BIRTH)
        };
        self.sights
            .retain(|(by, of, _), _| *by != replica || !met_again(*of));
    }

    /// What the owner itself has, as text.
    pub(crate) fn truth(&self, owner: NodeId) -> Vec<(&'static str, usize)> {
        let latest = |key: usize| {
            let number = self.latest.get(&(owner, key)).copied();
            number.filter(|number| !self.writes[*number].deleted)
        };
        let keys = (0..KEYS.len()).filter_map(|key| Some((KEYS[key], latest(key)?)));
        keys.collect()
    }

    fn name<S: Storage<u16>>(&mut self, node: &Node<u16, S>, key: usize, deleted: bool) {
        let owner = node.id();
        let me = node.member(owner).expect("a node knows itself");
        let name = (owner, me.generation(), me.held());
        self.names.insert(name, self.writes.len());
        self.write(owner, key, deleted);
    }

    fn write(&mut self, owner: NodeId, key: usize, deleted: bool) {
        self.latest.insert((owner, key), self.writes.len());
        self.writes.push(Write {
            owner,
            key,
            deleted,
        });
    }

    /// An owner shows exactly what it wrote. When it begins a new life it numbers its entries anew.
    fn check_own<S: Storage<u16>>(&mut self, node: &Node<u16, S>) {
        let (id, life) = (node.id(), node.generation());
        let own: Vec<_> = node
            .entries_of(id)
            .map(|entry| (entry.key, number_of(entry.value)))
            .collect();
        assert_eq!(own, self.truth(id), "an owner does not show what it wrote");
        if self.lives.insert(id, life) != Some(life) {
            for entry in node.entries_of(id) {
                let name = (id, life, entry.version);
                self.names.insert(name, number_of(entry.value));
            }
        }
    }

    fn check_replica<S: Storage<u16>>(&mut self, node: &Node<u16, S>, owner: NodeId) {
        let Some(row) = node.member(owner) else {
            let replica = node.id();
            self.sights
                .retain(|(by, of, _), _| (*by, *of) != (replica, owner));
            return;
        };
        let shown = self.shown(node, owner, row.generation());
        for (key, sight) in shown.iter().enumerate() {
            self.check_history((node.id(), owner, key), sight.map(|(number, _)| number));
        }
        self.check_held(&shown, owner, row.generation(), row.held());
    }

    /// Reads what a replica shows and makes sure that the owner wrote it.
    fn shown<S: Storage<u16>>(
        &self,
        node: &Node<u16, S>,
        owner: NodeId,
        life: Generation,
    ) -> Shown {
        let mut shown = Shown::default();
        for entry in node.entries_of(owner) {
            let number = number_of(entry.value);
            let key = KEYS.iter().position(|key| *key == entry.key);
            let key = key.expect("a key that somebody set");
            let write = self.writes.get(number).expect("a value that somebody set");
            assert_eq!((write.owner, write.key, write.deleted), (owner, key, false));
            if entry.version > Version::BIRTH {
                let name = (owner, life, entry.version);
                assert_eq!(self.names.get(&name), Some(&number), "a false version");
            }
            shown[key] = Some((number, entry.version));
        }
        shown
    }

    /// Nothing shown vanishes undeleted, nothing deleted returns, nothing goes back.
    fn check_history(&mut self, sighting: Sighting, shown: Option<usize>) {
        let (_, owner, key) = sighting;
        let before = self.sights.get(&sighting).copied();
        let now = match (before, shown) {
            (Some(Sight::Shown(earlier)), Some(number)) => {
                assert!(number >= earlier, "write {earlier} went back to {number}");
                Sight::Shown(number)
            }
            (Some(Sight::Gone(deletion)), Some(number)) => {
                assert!(
                    number > deletion,
                    "{number} returned, deleted by {deletion}"
                );
                Sight::Shown(number)
            }
            (None, Some(number)) => Sight::Shown(number),
            (Some(Sight::Shown(earlier)), None) => {
                let deletion = (earlier..self.writes.len()).find(|number| {
                    let write = &self.writes[*number];
                    write.deleted && (write.owner, write.key) == (owner, key)
                });
                Sight::Gone(deletion.expect("what vanishes was deleted"))
            }
            (Some(gone), None) => gone,
            (None, None) => return,
        };
        self.sights.insert(sighting, now);
    }

    /// A write up to `held` that nothing replaced later is what is shown.
    fn check_held(&self, shown: &Shown, owner: NodeId, life: Generation, held: Version) {
        if held < Version::BIRTH {
            return;
        }
        let all = (owner, life, Version::NONE)..=(owner, life, Version::MAX);
        let mut last = [None; KEYS.len()];
        for ((.., version), number) in self.names.range(all).rev() {
            let last = &mut last[self.writes[*number].key];
            *last = last.or(Some((*number, *version)));
        }
        for (sight, last) in shown.iter().zip(last) {
            match last {
                Some((_, version)) if version > held => {}
                Some((number, _)) if self.writes[number].deleted => {
                    assert_eq!(*sight, None, "a deleted key is shown");
                }
                last => assert_eq!(*sight, last, "a held write is not shown"),
            }
        }
    }
}

fn number_of(value: &[u8]) -> usize {
    let number = value.first_chunk().expect("a value that somebody set");
    u32::from_le_bytes(*number) as usize
}
