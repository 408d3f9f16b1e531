//! A cluster that the simulator's engine runs, with the time that its hosts compute.

use std::time::Duration;

use gossip_std::sim::{Host, Index, Observer, Record, Span, Time, What};

use super::standin::{Network, World, WorldOptions};
use super::subject::{Down, Setup, Subject};
use super::timed::Timed;

/// What the tables need to know of a host.
pub(crate) trait Watched: Host {
    /// How many members it tells its application to be live, itself included.
    fn live(&self) -> u32;

    /// How many entries, of all owners, it holds.
    fn entries(&self) -> u32;

    /// The member that a note tells to be down.
    fn down(note: &Self::Note) -> Option<Index>;

    /// The call to join through this host.
    fn join(seed: Index) -> Self::Call;
}

/// A cluster of hosts in the simulator.
pub(crate) struct Hosted<H: Watched> {
    world: World<Timed<H>>,
    hosts: Index,
    downs: Downs<H>,
    /// What the crashed ones had computed.
    crashed: Duration,
}

/// Collects the notices of down members.
struct Downs<H: Watched> {
    downs: Vec<Down>,
    down: fn(&H::Note) -> Option<Index>,
}

impl<H: Watched> Observer<H::Note> for Downs<H> {
    fn record(&mut self, record: &Record<'_, H::Note>) {
        if let What::Note(note) = record.what
            && let Some(host) = (self.down)(note)
        {
            self.downs.push(Down {
                at: record.time,
                observer: record.host,
                host,
            });
        }
    }
}

impl<H: Watched> Hosted<H> {
    /// Starts hosts made by `make`; all but the first join through the first at once.
    pub(crate) fn start(setup: &Setup, make: impl Fn(Index) -> H) -> Self {
        let options = WorldOptions {
            seed: setup.seed,
            cores: 1,
            detailed: false,
        };
        let mut world = World::new(options, Network { loss: 0.0, mtu: setup.mtu });
        for host in setup.hosts() {
            world.add(Timed::new(make(host)));
            if host > 0 {
                world.schedule(host, Time::START, H::join(0));
            }
        }
        Self {
            world,
            hosts: setup.nodes.get(),
            downs: Downs {
                downs: Vec::new(),
                down: H::down,
            },
            crashed: Duration::ZERO,
        }
    }

    fn host(&self, host: Index) -> Option<&H> {
        self.world.host(host).map(Timed::inner)
    }
}

impl<H: Watched> Subject for Hosted<H> {
    fn run(&mut self, span: Span) {
        let until = self.world.now() + span;
        self.world.run_until(until, &mut self.downs);
    }

    fn now(&self) -> Time {
        self.world.now()
    }

    fn crash(&mut self, host: Index) {
        if let Some(host) = self.world.crash(host) {
            self.crashed += host.busy();
        }
    }

    fn lose(&mut self, share: f64) {
        let change = format!("loss {share}");
        self.world.change_network(What::Rewired { change }, |network| network.loss = share);
    }

    fn live(&self, host: Index) -> u32 {
        self.host(host).map_or(0, H::live)
    }

    fn entries(&self, host: Index) -> u32 {
        self.host(host).map_or(0, H::entries)
    }

    fn downs(&mut self) -> Vec<Down> {
        std::mem::take(&mut self.downs.downs)
    }

    fn sent_bytes(&self) -> u64 {
        (0..self.hosts)
            .map(|host| self.world.counters(host).sent_bytes)
            .sum()
    }

    fn busy(&self) -> Duration {
        let up = (0..self.hosts).filter_map(|host| self.world.host(host));
        self.crashed + up.map(Timed::busy).sum::<Duration>()
    }
}
