//! A cluster that the simulator's engine runs, with the time that its hosts compute.

use std::time::Duration;

use gossip_std::sim::{
    Host, HostClock, Index, Observer, Record, Span, Time, What, World, WorldOptions,
};

use super::ether;
use super::subject::{Setup, Subject};
use super::timed::Timed;

/// What the tables need to know of a host.
pub(crate) trait Watched: Host {
    /// How many members it tells its application to be live, itself included.
    fn live(&self) -> u32;

    /// How many entries, of all owners, it holds.
    fn entries(&self) -> u32;

    /// Whether it tells its application that `other` is live.
    fn holds(&self, other: Index) -> bool;

    /// Whether a note tells that a member is down.
    fn is_down(note: &Self::Note) -> bool;

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

/// Counts the notices of down members.
struct Downs<H: Watched> {
    count: u64,
    is_down: fn(&H::Note) -> bool,
}

impl<H: Watched> Observer<H::Note> for Downs<H> {
    fn record(&mut self, record: &Record<'_, H::Note>) {
        if let What::Note(note) = record.what {
            self.count += u64::from((self.is_down)(note));
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
        let mut world = World::new(options, ether::network(setup));
        for host in setup.hosts() {
            world.add(Timed::new(make(host)), HostClock::default());
            if host > 0 {
                world.schedule(host, Time::START, H::join(0));
            }
        }
        Self {
            world,
            hosts: setup.nodes.get(),
            downs: Downs {
                count: 0,
                is_down: H::is_down,
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
        let change = What::Rewired { change };
        self.world
            .change_network(change, |network| ether::lose(network, share));
    }

    fn live(&self, host: Index) -> u32 {
        self.host(host).map_or(0, H::live)
    }

    fn holds(&self, host: Index, other: Index) -> bool {
        self.host(host).is_some_and(|host| host.holds(other))
    }

    fn entries(&self, host: Index) -> u32 {
        self.host(host).map_or(0, H::entries)
    }

    fn downs(&self) -> u64 {
        self.downs.count
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
