//! The run loop: one node, one link, the five verbs.

use core::ops::ControlFlow;

use gossip_core::storage::Storage;
use gossip_core::{Duration, Instant, Node, Transmit};
use rand_core::Rng;

use crate::clock::Clock;
use crate::link::{Link, Sent};

/// The most datagrams that one [`turn`](Runner::turn) moves each way, so that a flood in one
/// direction starves neither the other nor the clock.
pub const BURST: usize = 16;

/// How soon a datagram that the link was too busy for is offered again, if nothing wakes the loop
/// earlier.
pub const BUSY_RETRY: Duration = Duration::from_millis(1);

/// How often [`run`] offers the last datagram to a busy link before it returns.
const PARTING_TRIES: u32 = 100;

/// A node with its link and its two buffers of `MTU` bytes each.
///
/// `MTU` is at least the cluster's `mtu_floor`; where the link carries less than `MTU`, the link's
/// own [`mtu`](Link::mtu) holds.
#[derive(Debug)]
pub struct Runner<L: Link, S: Storage<L::Address>, const MTU: usize> {
    node: Node<L::Address, S>,
    link: L,
    held: Option<Transmit<L::Address>>,
    outgoing: [u8; MTU],
    incoming: [u8; MTU],
    faults: Faults,
}

/// What the link refused. Counters wrap at `2^32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// Errors of [`Link::send`]; each lost one datagram.
    pub send_errors: u32,
    /// Errors of [`Link::receive`], and lengths it gave that were longer than the buffer.
    pub receive_errors: u32,
    /// Times that the link was busy and the datagram was kept for later.
    pub busy: u32,
}

/// What one [`turn`](Runner::turn) leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Turn {
    /// When the next turn is due at the latest. A datagram that arrives earlier, or a command given
    /// to the node, makes it due at once.
    pub wake: Instant,
    /// `true` if a datagram came or went or a deadline passed: there may be events, so look before
    /// you sleep.
    pub worked: bool,
}

impl<L: Link, S: Storage<L::Address>, const MTU: usize> Runner<L, S, MTU> {
    /// Puts `node` behind `link`.
    pub const fn new(node: Node<L::Address, S>, link: L) -> Self {
        Self {
            node,
            link,
            held: None,
            outgoing: [0; MTU],
            incoming: [0; MTU],
            faults: Faults {
                send_errors: 0,
                receive_errors: 0,
                busy: 0,
            },
        }
    }

    /// Does all that can be done at `now`, which never runs backwards: takes in what has arrived,
    /// lets time pass, sends what is due. Does not block.
    pub fn turn(&mut self, now: Instant, rng: &mut impl Rng) -> Turn {
        let received = self.take_in(now);
        let due = self.node.poll_timeout() <= now;
        if due {
            self.node.handle_timeout(now, rng);
        }
        let sent = self.send_out(now);
        let wake = if received == BURST || sent == BURST {
            now
        } else {
            self.wake(now)
        };
        Turn {
            wake,
            worked: due || received > 0 || sent > 0,
        }
    }

    /// The node, to read from.
    pub const fn node(&self) -> &Node<L::Address, S> {
        &self.node
    }

    /// The node, to give commands and to take events. A turn is due after a command.
    pub const fn node_mut(&mut self) -> &mut Node<L::Address, S> {
        &mut self.node
    }

    /// The link, to look after.
    pub const fn link_mut(&mut self) -> &mut L {
        &mut self.link
    }

    /// What the link refused so far.
    pub const fn faults(&self) -> Faults {
        self.faults
    }

    /// `true` while a datagram that the link was too busy for waits in the buffer.
    pub const fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Hands what has arrived to the node; returns how many datagrams that were.
    fn take_in(&mut self, now: Instant) -> usize {
        for count in 0..BURST {
            match self.link.receive(&mut self.incoming) {
                Ok(Some((from, len))) => match self.incoming.get(..len) {
                    // The node counts the datagrams that it drops, by reason.
                    Some(bytes) => drop(self.node.handle_datagram(now, from, bytes)),
                    None => bump(&mut self.faults.receive_errors),
                },
                Ok(None) => return count,
                Err(_) => {
                    bump(&mut self.faults.receive_errors);
                    return count;
                }
            }
        }
        BURST
    }

    /// Sends what the link takes; returns how many datagrams that were.
    fn send_out(&mut self, now: Instant) -> usize {
        let room = MTU.min(self.link.mtu());
        for count in 0..BURST {
            let buf = self.outgoing.get_mut(..room).unwrap_or_default();
            let next = self
                .held
                .take()
                .or_else(|| self.node.poll_transmit(now, buf));
            if !next.is_some_and(|transmit| self.offer(transmit)) {
                return count;
            }
        }
        BURST
    }

    /// Offers the datagram in the buffer to the link; `false` if it was busy.
    fn offer(&mut self, transmit: Transmit<L::Address>) -> bool {
        let bytes = self.outgoing.get(..transmit.len).unwrap_or_default();
        // A link reaches one peer at a time; what is for everyone is lost on it.
        let Some(to) = transmit.to.one() else {
            bump(&mut self.faults.send_errors);
            return true;
        };
        match self.link.send(to, bytes) {
            Ok(Sent::Taken) => true,
            Ok(Sent::Busy) => {
                bump(&mut self.faults.busy);
                self.held = Some(transmit);
                false
            }
            Err(_) => {
                bump(&mut self.faults.send_errors);
                true
            }
        }
    }

    fn wake(&self, now: Instant) -> Instant {
        let due = self.node.poll_timeout();
        if self.is_holding() {
            due.min(now.after(BUSY_RETRY))
        } else {
            due
        }
    }
}

/// Runs a node until `app` breaks: turns, and sleeps in between.
///
/// `app` is called before every sleep and whenever something may have happened. It takes the
/// node's events, gives commands, and returns [`ControlFlow::Continue`] with the moment at which it
/// wants to be called again ([`Instant::FAR`] if only events matter) or [`ControlFlow::Break`] to
/// end. To leave a cluster politely, call [`Node::leave`] and break at
/// [`Event::Left`](gossip_core::Event::Left); a last datagram that a busy link still owes is
/// offered for a while before this returns.
pub fn run<L: Link, S: Storage<L::Address>, const MTU: usize>(
    runner: &mut Runner<L, S, MTU>,
    clock: &mut impl Clock,
    rng: &mut impl Rng,
    mut app: impl FnMut(&mut Node<L::Address, S>, Instant) -> ControlFlow<(), Instant>,
) {
    while let ControlFlow::Continue(app_wake) = app(runner.node_mut(), clock.now()) {
        let turn = runner.turn(clock.now(), rng);
        if !turn.worked {
            clock.sleep_until(turn.wake.min(app_wake));
        }
    }
    for _ in 0..PARTING_TRIES {
        let Some(last) = runner.held.take() else {
            return;
        };
        if !runner.offer(last) {
            let now = clock.now();
            clock.sleep_until(now.after(BUSY_RETRY));
        }
    }
}

fn bump(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

#[cfg(test)]
mod tests;
