//! foca, unmodified, as a host of the simulator.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::net::SocketAddrV4;
use std::time::Duration;

use foca::{
    Config, Foca, Identity, NoCustomBroadcast, Notification, PostcardCodec, Runtime, Timer,
};
use gossip_core::{Instant, SplitMix64};
use gossip_std::sim::chance::{Purpose, stream};
use gossip_std::sim::{Host, HostAddress, Index, Outgoing, To};
use serde::{Deserialize, Serialize};

use super::hosted::{Hosted, Watched};
use super::subject::Setup;

/// When the first life of every node began, in seconds since 1970: what foca's example of an
/// agent puts beside its address, so that a node that was declared down can come back.
const BOOT: u64 = 1_763_700_000;

/// An address and a number that grows with each life, as in `examples/foca_insecure_udp_agent.rs`
/// of foca 2.0: 7 + 5 bytes on the wire at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Id {
    addr: SocketAddrV4,
    bump: u64,
}

impl Id {
    fn of(host: Index) -> Self {
        Self {
            addr: SocketAddrV4::of(host),
            bump: BOOT,
        }
    }
}

impl Identity for Id {
    type Addr = SocketAddrV4;

    fn renew(&self) -> Option<Self> {
        Some(Self {
            bump: self.bump + 1,
            ..*self
        })
    }

    fn addr(&self) -> SocketAddrV4 {
        self.addr
    }

    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.bump > adversary.bump
    }
}

/// A node of foca with its timers, which foca leaves to its user.
pub(crate) struct FocaHost {
    foca: Foca<Id, PostcardCodec, SplitMix64, NoCustomBroadcast>,
    effects: Effects,
}

/// foca says that a member is down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Down;

/// What foca asked for.
#[derive(Default)]
struct Effects {
    now: Instant,
    /// The earliest first; equal deadlines in foca's own order of timers, then as they came.
    timers: BinaryHeap<Reverse<(Instant, Timer<Id>, u64)>>,
    scheduled: u64,
    outbox: VecDeque<(Index, Vec<u8>)>,
    /// Notices that some member is down.
    downs: VecDeque<Down>,
}

impl fmt::Debug for FocaHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "foca {:?}", self.foca.identity())
    }
}

impl Runtime<Id> for Effects {
    fn notify(&mut self, notification: Notification<'_, Id>) {
        if let Notification::MemberDown(_) = notification {
            self.downs.push_back(Down);
        }
    }

    fn send_to(&mut self, to: Id, data: &[u8]) {
        self.outbox.push_back((to.addr.index(), data.to_vec()));
    }

    fn submit_after(&mut self, timer: Timer<Id>, after: Duration) {
        let due = Instant::from_millis(self.now.as_millis() + after.as_millis() as u64);
        self.scheduled += 1;
        self.timers.push(Reverse((due, timer, self.scheduled)));
    }
}

/// Starts a cluster with foca's profile for local networks of that size.
pub(crate) fn start(setup: &Setup) -> Hosted<FocaHost> {
    Hosted::start(setup, |host| {
        let chance = stream(setup.seed, host, Purpose::Protocol);
        let config = Config::new_lan(setup.nodes);
        FocaHost {
            foca: Foca::new(Id::of(host), config, chance, PostcardCodec),
            effects: Effects::default(),
        }
    })
}

impl Watched for FocaHost {
    fn live(&self) -> u32 {
        // foca does not count the node itself.
        self.foca.num_members() as u32 + 1
    }

    /// foca has none.
    fn entries(&self) -> u32 {
        0
    }

    fn holds(&self, other: Index) -> bool {
        let addr = SocketAddrV4::of(other);
        self.foca
            .iter_members()
            .any(|member| member.id().addr == addr)
    }

    fn is_down(_note: &Down) -> bool {
        true
    }

    fn join(seed: Index) -> Index {
        seed
    }
}

/// Errors of foca concern one datagram or one timer; its example logs them and goes on.
impl Host for FocaHost {
    type Note = Down;
    type Call = Index;

    fn handle_datagram(&mut self, now: Instant, _from: Index, bytes: &[u8]) {
        self.effects.now = now;
        let _ = self.foca.handle_data(bytes, &mut self.effects);
    }

    fn handle_timeout(&mut self, now: Instant, _rng: &mut SplitMix64) {
        self.effects.now = now;
        while let Some(Reverse((due, ..))) = self.effects.timers.peek()
            && *due <= now
            && let Some(Reverse((_, timer, _))) = self.effects.timers.pop()
        {
            let _ = self.foca.handle_timer(timer, &mut self.effects);
        }
    }

    fn handle_call(&mut self, now: Instant, seed: Index, _rng: &mut SplitMix64) {
        self.effects.now = now;
        let _ = self.foca.announce(Id::of(seed), &mut self.effects);
    }

    fn poll_transmit(&mut self, _now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        let (to, data) = self.effects.outbox.pop_front()?;
        let room = buf.get_mut(..data.len())?;
        room.copy_from_slice(&data);
        Some(Outgoing {
            to: To::One(to),
            len: data.len(),
        })
    }

    fn poll_note(&mut self) -> Option<Down> {
        self.effects.downs.pop_front()
    }

    fn poll_timeout(&self) -> Instant {
        let first = self.effects.timers.peek();
        first.map_or(Instant::FAR, |Reverse((due, ..))| *due)
    }
}
