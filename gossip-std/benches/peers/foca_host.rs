//! foca, unmodified, as a host of the simulator.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
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

/// When the first life of every node with a full identity began, in seconds since 1970.
pub(crate) const BOOT: u64 = 1_763_700_000;

/// An address and a number that grows with each life, so that a node that was declared down can come
/// back: as in `examples/foca_insecure_udp_agent.rs` of foca 2.0, which begins with the time. That
/// makes 11 bytes on the wire with a socket address; with short addresses, and lives numbered from
/// zero, as `examples/identity_golf.rs` recommends, it is 2 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Id<A> {
    addr: A,
    bump: u64,
}

impl<A: HostAddress> Identity for Id<A> {
    type Addr = A;

    fn renew(&self) -> Option<Self> {
        Some(Self {
            bump: self.bump.wrapping_add(1),
            ..*self
        })
    }

    fn addr(&self) -> A {
        self.addr
    }

    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.bump > adversary.bump
    }
}

/// A node of foca with its timers, which foca leaves to its user.
pub(crate) struct FocaHost<A: HostAddress> {
    foca: Foca<Id<A>, PostcardCodec, SplitMix64, NoCustomBroadcast>,
    /// The number of everybody's first life.
    boot: u64,
    effects: Effects<A>,
}

/// foca says that a member is down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Down;

/// A timer with its deadline, and how many were set before it.
type Due<A> = (Instant, Timer<Id<A>>, u64);

/// What foca asked for.
struct Effects<A> {
    now: Instant,
    /// The earliest first; equal deadlines in foca's own order of timers, then as they came.
    timers: BinaryHeap<Reverse<Due<A>>>,
    scheduled: u64,
    outbox: VecDeque<(Index, Vec<u8>)>,
    /// Notices that some member is down.
    downs: VecDeque<Down>,
}

impl<A: HostAddress> fmt::Debug for FocaHost<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "foca {:?}", self.foca.identity())
    }
}

impl<A: HostAddress> Runtime<Id<A>> for Effects<A> {
    fn notify(&mut self, notification: Notification<'_, Id<A>>) {
        if let Notification::MemberDown(_) = notification {
            self.downs.push_back(Down);
        }
    }

    fn send_to(&mut self, to: Id<A>, data: &[u8]) {
        self.outbox.push_back((to.addr.index(), data.to_vec()));
    }

    fn submit_after(&mut self, timer: Timer<Id<A>>, after: Duration) {
        let due = Instant::from_millis(self.now.as_millis() + after.as_millis() as u64);
        self.scheduled += 1;
        self.timers.push(Reverse((due, timer, self.scheduled)));
    }
}

/// Starts a cluster with foca's profile for local networks of that size.
pub(crate) fn start<A: HostAddress>(setup: &Setup, boot: u64) -> Hosted<FocaHost<A>> {
    Hosted::start(setup, |host| {
        let chance = stream(setup.seed, host, Purpose::Protocol);
        let config = Config::new_lan(setup.nodes);
        let id = Id {
            addr: A::of(host),
            bump: boot,
        };
        FocaHost {
            foca: Foca::new(id, config, chance, PostcardCodec),
            boot,
            effects: Effects {
                now: Instant::ZERO,
                timers: BinaryHeap::new(),
                scheduled: 0,
                outbox: VecDeque::new(),
                downs: VecDeque::new(),
            },
        }
    })
}

impl<A: HostAddress> Watched for FocaHost<A> {
    fn live(&self) -> u32 {
        // foca does not count the node itself.
        self.foca.num_members() as u32 + 1
    }

    /// foca has none.
    fn entries(&self) -> u32 {
        0
    }

    fn holds(&self, other: Index) -> bool {
        let (addr, mut members) = (A::of(other), self.foca.iter_members());
        members.any(|member| member.id().addr == addr)
    }

    fn is_down(_note: &Down) -> bool {
        true
    }

    fn join(seed: Index) -> Index {
        seed
    }
}

/// Errors of foca concern one datagram or one timer; its example logs them and goes on.
impl<A: HostAddress> Host for FocaHost<A> {
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
        let seed = Id {
            addr: A::of(seed),
            bump: self.boot,
        };
        let _ = self.foca.announce(seed, &mut self.effects);
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
