//! The simulator allocates nothing for an event once it has settled: neither the engine nor the nodes
//! on the heap.
//!
//! One test alone, because the counter counts the whole process.

use gossip_core::{Instant, SplitMix64};
use gossip_std::sim::network::Network;
use gossip_std::sim::scenario::{Named, Scenario};
use gossip_std::sim::{
    Build, Call, Host, HostClock, Index, Note, Observer, Outgoing, Record, Span, World,
    WorldOptions, heap_nodes, id_of,
};

#[global_allocator]
static COUNTER: dhat::Alloc = dhat::Alloc;

/// So long the cluster gets to know itself, and every pool grows to its size.
const WARM_UP: Span = Span::from_secs(60);

/// There may be one allocation in so many events: a pool that still grows.
const EVENTS_PER_BLOCK: u64 = 1000;

/// What happened in some time: events worked off, and blocks allocated.
#[derive(Clone, Copy, Debug)]
struct Cost {
    events: u64,
    blocks: u64,
}

/// Takes no notice.
struct Nobody;

impl Observer<Note> for Nobody {
    fn record(&mut self, _: &Record<'_, Note>) {}
}

/// The scenario `steady`, in which nothing happens, with so many nodes.
fn steady(nodes: u32) -> Scenario {
    let named = Named::find("steady").expect("it is in the library");
    Scenario {
        nodes,
        ..named.scenario()
    }
}

/// A settled cluster of the scenario, each of its nodes inside a host made by `wrap`.
fn settled<B: Build, H>(scenario: &Scenario, nodes: &B, wrap: impl Fn(B::Host) -> H) -> World<H>
where
    H: Host<Note = Note, Call = Call>,
{
    let network = Network::new(&scenario.network, scenario.nodes, 1).expect("a network");
    let options = WorldOptions {
        seed: 1,
        cores: 1,
        detailed: false,
    };
    let mut world = World::new(options, network);
    for host in 0..scenario.nodes {
        let config = scenario.protocol.config(id_of(host)).expect("a node");
        world.add(wrap(nodes.build(host, config)), HostClock::default());
        world.schedule(host, world.now(), Call::Join(u32::from(host == 0)));
        for number in 0..scenario.entries.count {
            let (key, value) = (
                scenario.entries.key(number),
                vec![7; scenario.entries.value_bytes],
            );
            world.schedule(
                host,
                world.now(),
                Call::Set {
                    key,
                    value,
                    ttl: None,
                },
            );
        }
    }
    run(&mut world, WARM_UP);
    world
}

fn run<H: Host<Note = Note, Call = Call>>(world: &mut World<H>, time: Span) {
    world.run_until(world.now() + time, &mut Nobody);
}

/// What it costs to go on for so long.
fn cost<H: Host<Note = Note, Call = Call>>(world: &mut World<H>, time: Span) -> Cost {
    let events = world.events();
    let counter = dhat::Profiler::builder().testing().build();
    run(world, time);
    let blocks = dhat::HeapStats::get().total_blocks;
    drop(counter);
    Cost {
        events: world.events() - events,
        blocks,
    }
}

/// A host that allocates once for each datagram it gets.
#[derive(Debug)]
struct Wasteful<H> {
    inner: H,
    last: Box<[u8]>,
}

impl<H: Host> Host for Wasteful<H> {
    type Note = H::Note;
    type Call = H::Call;

    fn handle_datagram(&mut self, now: Instant, from: Index, bytes: &[u8]) {
        self.last = bytes.into();
        self.inner.handle_datagram(now, from, &self.last);
    }

    fn handle_timeout(&mut self, now: Instant, rng: &mut SplitMix64) {
        self.inner.handle_timeout(now, rng);
    }

    fn handle_call(&mut self, now: Instant, call: H::Call, rng: &mut SplitMix64) {
        self.inner.handle_call(now, call, rng);
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        self.inner.poll_transmit(now, buf)
    }

    fn poll_note(&mut self) -> Option<H::Note> {
        self.inner.poll_note()
    }

    fn poll_timeout(&self) -> Instant {
        self.inner.poll_timeout()
    }
}

fn datagrams<H: Host>(world: &World<H>) -> u64 {
    (0..world.len())
        .map(|host| world.counters(host).received)
        .sum()
}

#[test]
fn a_settled_cluster_allocates_nothing_for_an_event() {
    let scenario = steady(64);
    let nodes = heap_nodes(&scenario);
    let mut world = settled(&scenario, &nodes, |node| node);
    for time in [Span::from_secs(30), Span::from_secs(60)] {
        let cost = cost(&mut world, time);
        assert!(cost.events > 5000, "{cost:?}");
        assert!(cost.blocks * EVENTS_PER_BLOCK < cost.events, "{cost:?}");
    }

    // The counter counts: hosts that allocate for each datagram are noticed, datagram for datagram.
    let scenario = steady(8);
    let nodes = heap_nodes(&scenario);
    let wrap = |inner| Wasteful {
        inner,
        last: Box::default(),
    };
    let mut world = settled(&scenario, &nodes, wrap);
    let before = datagrams(&world);
    let cost = cost(&mut world, Span::from_secs(30));
    let received = datagrams(&world) - before;
    assert!(
        received > 200 && cost.blocks >= received,
        "{received} {cost:?}"
    );
}
