//! One small node fed with any sequence of calls, lies and noise.

use std::collections::BTreeMap;

use gossip_core::table::Prefix;
use gossip_core::wire::Datagram;
use gossip_core::{
    Checked, Config, Duration, Event, Instant, Mail, Node, NodeId, Request, SetError, SplitMix64,
    Status, Storage, Tables, inline,
};

use crate::hostile::{self, KEYS, Victim};
use crate::input::Input;

inline! {
    /// Tight everywhere, so that every table fills up.
    struct Tight {
        members: 5, entries: 9, key: 4, value: 8, news: 3, duties: 4,
        relays: 2, seeds: 2, exchanges: 2, ranges: 2, wants: 3,
        mails: 2, syncs: 1, reads: 1,
    }
}

inline! {
    /// Room for whatever the input brings.
    struct Roomy {
        members: 12, entries: 48, key: 4, value: 8, news: 16, duties: 16,
        relays: 4, seeds: 4, exchanges: 8, ranges: 16, wants: 16,
        mails: 12, syncs: 3, reads: 3,
    }
}

inline! {
    /// Membership alone.
    struct Bare {
        members: 3, entries: 0, key: 0, value: 0, news: 2, duties: 2,
        relays: 0, seeds: 1, exchanges: 0, ranges: 0, wants: 0,
    }
}

/// More datagrams or events than one node of these sizes can owe at one moment.
const ENDLESS: usize = 500;

const OWN: u16 = 1;

/// The checksum of the empty cluster name.
const CLUSTER: u32 = 0;

/// Plays the calls that `bytes` spell and checks the node after each.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.byte() % 4 {
        0 | 1 => Scene::new(&mut input, Tight::tables(), [5, 9]).play(&mut input),
        2 => Scene::new(&mut input, Roomy::tables(), [12, 48]).play(&mut input),
        _ => Scene::new(&mut input, Bare::tables(), [3, 0]).play(&mut input),
    }
}

/// A node and what must be true of it.
struct Scene<S: Storage<u16>> {
    node: Node<u16, S>,
    now: u64,
    rng: SplitMix64,
    mtu_floor: usize,
    largest_id: NodeId,
    members_max: usize,
    entries_max: usize,
    /// What the application wrote.
    own: BTreeMap<&'static str, Vec<u8>>,
    started: bool,
    leaving: bool,
    requests: Vec<Request>,
}

impl<S: Storage<u16>> Scene<S> {
    fn new(input: &mut Input<'_>, tables: Tables<u16, S>, maxima: [usize; 2]) -> Self {
        let mtu_floor = input.pick(&[64, 65, 127, 400, 1400]);
        let largest_id = input.pick(&[NodeId::MAX, NodeId::truncated(200)]);
        let [members_max, entries_max] = maxima;
        Self {
            node: Node::new(config(input, mtu_floor, largest_id), tables),
            now: u64::from(input.byte()),
            rng: SplitMix64::new(u64::from(input.byte())),
            mtu_floor,
            largest_id,
            members_max,
            entries_max,
            own: BTreeMap::new(),
            started: false,
            leaving: false,
            requests: Vec::new(),
        }
    }

    fn play(mut self, input: &mut Input<'_>) {
        while !input.is_empty() {
            self.step(input);
            self.check();
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 18 {
            16 => self.sync(input),
            17 => self.read(input),
            0 | 1 => self.set(input),
            2 => self.delete(input),
            3 => drop(self.node.join(u16::from(input.byte() & 3))),
            4 if input.byte() > 240 => {
                self.node.leave();
                self.leaving = true;
            }
            4 => self.compare_with_drained(),
            5 | 6 => self.advance(input),
            7 => self.timeout(),
            8 | 9 => self.drain(),
            10 => drop(self.transmit(input)),
            11 => self.events(),
            12 => {
                let len = usize::from(input.byte());
                self.receive(input, |input, _| input.bytes(len).to_vec());
            }
            _ => self.receive(input, hostile::datagram),
        }
    }

    fn set(&mut self, input: &mut Input<'_>) {
        let key = input.pick(&KEYS);
        let value = vec![input.byte(); input.index(10)];
        match self.node.set(key, &value) {
            Ok(()) => {
                assert!(!self.leaving && key.len() <= 4 && value.len() <= 8);
                self.own.insert(key, value);
            }
            Err(SetError::NotRunning) => assert!(self.leaving),
            Err(SetError::Full { max }) => {
                assert_eq!(max, self.entries_max);
                assert!(!self.own.contains_key(key), "an overwrite needs no room");
            }
            Err(_) => {}
        }
    }

    fn delete(&mut self, input: &mut Input<'_>) {
        let key = input.pick(&KEYS);
        match self.node.delete(key) {
            Ok(was_set) => {
                let written = self.own.remove(key).is_some();
                let reclaimed = self.node.stats().reclaimed > 0;
                assert!(was_set == written || reclaimed && was_set);
            }
            Err(error) => assert!(self.leaving, "a delete was refused: {error}"),
        }
    }

    /// Begins a sync with anybody, of anything, and takes the report of an earlier one.
    fn sync(&mut self, input: &mut Input<'_>) {
        let peer = NodeId::from(u16::from(input.byte() & 7));
        let range = input.pick(&[
            Prefix::ROOT,
            Prefix::of(peer),
            Prefix::of(NodeId::from(OWN)),
        ]);
        let deadline = self.deadline(input);
        let begun = self.node.sync(peer, range, deadline);
        assert!(!self.leaving || begun.is_err());
        self.requests.extend(begun);
        self.take(input);
    }

    /// Asks for a key of anybody, and takes the report of an earlier read.
    fn read(&mut self, input: &mut Input<'_>) {
        let owner = NodeId::from(u16::from(input.byte() & 7));
        let (key, peers) = (input.pick(&KEYS), input.byte() & 15);
        let deadline = self.deadline(input);
        let begun = self.node.read_fresh(owner, key, peers, deadline);
        assert!(!self.leaving || begun.is_err());
        self.requests.extend(begun);
        self.take(input);
    }

    fn deadline(&self, input: &mut Input<'_>) -> Instant {
        Instant::from_millis(self.now + input.pick(&[0, 100, 1000, 60_000]))
    }

    /// What is taken is gone.
    fn take(&mut self, input: &mut Input<'_>) {
        if self.requests.is_empty() || input.byte() & 1 == 0 {
            return;
        }
        let request = self.requests[input.index(self.requests.len())];
        let waits = self.node.synced(request).is_some() || self.node.read(request).is_some();
        let synced = self.node.take_synced(request).is_some();
        assert_eq!(synced || self.node.take_read(request).is_some(), waits);
        if waits {
            assert!(self.node.synced(request).is_none() && self.node.read(request).is_none());
            self.requests.retain(|other| *other != request);
        }
    }

    fn advance(&mut self, input: &mut Input<'_>) {
        let millis = [0, 1, 50, 200, 250, 300, 1000, 5000, 30_000, 300_000];
        self.now += input.pick(&millis);
        if input.byte() & 1 == 0 {
            self.timeout();
        }
    }

    fn timeout(&mut self) {
        let now = Instant::from_millis(self.now);
        self.started |= !self.node.has_left();
        self.node.handle_timeout(now, &mut self.rng);
        let next = self.node.poll_timeout();
        assert!(
            next > now,
            "a timeout that was handled is due again at once"
        );
    }

    fn transmit(&mut self, input: &mut Input<'_>) -> Option<usize> {
        let floor = self.mtu_floor;
        let room = input.pick(&[floor - 1, floor, floor + 1, 2 * floor, 20_000, 0]);
        self.transmit_into(room)
    }

    /// Sends everything there is to send.
    fn drain(&mut self) {
        for _ in 0..ENDLESS {
            if self.transmit_into(self.mtu_floor).is_none() {
                return;
            }
        }
        panic!("the node never stops sending");
    }

    /// One datagram into a buffer of `room` bytes with guards behind it.
    fn transmit_into(&mut self, room: usize) -> Option<usize> {
        const GUARD: u8 = 0xa5;
        let mut buf = vec![GUARD; room + 16];
        let now = Instant::from_millis(self.now);
        let sent = self.node.poll_transmit(now, &mut buf[..room]);
        assert!(buf[room..].iter().all(|byte| *byte == GUARD));
        let len = sent?.len;
        assert!(self.started && len <= room && room >= self.mtu_floor);
        let datagram = Datagram::parse::<u16>(&buf[..len], CLUSTER, self.largest_id);
        let datagram = datagram.unwrap_or_else(|error| panic!("sent what is refused: {error}"));
        assert_eq!(datagram.header.sender, self.node.id());
        assert_eq!(datagram.header.generation, self.node.generation());
        assert!(datagram.sizes().next().is_some(), "an empty datagram");
        Some(len)
    }

    fn events(&mut self) {
        for _ in 0..ENDLESS {
            match self.node.poll_event() {
                None => return,
                Some(Event::Left) => assert!(self.node.has_left()),
                Some(Event::Forgotten { id }) => assert!(self.node.member(id).is_none()),
                Some(Event::Member { id, status }) => {
                    assert_eq!(self.node.member(id).map(|row| row.status()), Some(status));
                }
                Some(_) => {}
            }
        }
        panic!("events never end");
    }

    fn receive(
        &mut self,
        input: &mut Input<'_>,
        make: impl FnOnce(&mut Input<'_>, &Victim) -> Vec<u8>,
    ) {
        let from = u16::from(input.byte() & 7);
        let victim = Victim {
            id: self.node.id(),
            generation: self.node.generation(),
            cluster: CLUSTER,
        };
        let bytes = make(input, &victim);
        let now = Instant::from_millis(self.now);
        let before = self.node.canonical(now);
        if self.node.handle_datagram(now, from, &bytes).is_err() {
            let after = self.node.canonical(now);
            assert_eq!(before, after, "a refused datagram changed the state");
        }
    }

    /// Whether events were told makes no difference to what is sent.
    fn compare_with_drained(&mut self) {
        let mut quiet = self.node.clone();
        while quiet.poll_event().is_some() {}
        let now = Instant::from_millis(self.now);
        let (mut ours, mut theirs) = ([0; 1500], [0; 1500]);
        let sent = self.node.clone().poll_transmit(now, &mut ours);
        assert_eq!(sent, quiet.poll_transmit(now, &mut theirs));
        assert_eq!(ours, theirs, "events changed what is sent");
    }

    /// What holds after every call.
    fn check(&self) {
        let node = &self.node;
        let members: Vec<_> = node.members().collect();
        assert!(members.len() <= self.members_max);
        // A suspect that is known from before a long pause, and of whom nobody has spoken since, is not live.
        let count = |wanted| members.iter().filter(|row| row.status() == wanted).count();
        let (alive, suspect) = (count(Status::Alive), count(Status::Suspect));
        assert!((alive..=alive + suspect).contains(&node.live()));
        assert!(node.entries().count() <= self.entries_max);
        for entry in node.entries() {
            assert!(node.member(entry.owner).is_some(), "entries of a stranger");
        }
        let own: BTreeMap<&str, &[u8]> = node
            .entries_of(node.id())
            .map(|entry| (entry.key, entry.value))
            .collect();
        let written: BTreeMap<&str, &[u8]> = self.own.iter().map(|(k, v)| (*k, &**v)).collect();
        if node.stats().reclaimed == 0 {
            assert_eq!(own, written, "own entries are not what was written");
        } else {
            // What a peer told of an earlier life stands beside that.
            let stands = |(key, value): (&&str, &&[u8])| own.get(key) == Some(value);
            assert!(written.iter().all(stands), "what was written is gone");
        }
        if self.started {
            let me = node.member(node.id()).expect("a node knows itself");
            assert_eq!(me.status() == Status::Left, self.leaving);
            assert_ne!(me.status(), Status::Dead);
            assert_ne!(me.status(), Status::Suspect);
        }
    }
}

fn config(input: &mut Input<'_>, mtu_floor: usize, largest_id: NodeId) -> Checked<u16> {
    let config = Config::new(NodeId::from(OWN))
        .mtu_floor(mtu_floor)
        .largest_id(largest_id)
        .gossip_fanout(input.byte() & 3)
        .direct_mail(input.pick(&[Mail::Off, Mail::To(2), Mail::All]))
        .forget_after(Duration::from_secs(60))
        .tombstone_grace(Duration::from_secs(2));
    let config = match input.byte() & 1 {
        0 => config.address(OWN),
        _ => config,
    };
    config.check().expect("settings that make sense")
}
