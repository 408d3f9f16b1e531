//! Names to join through: each is looked up by a thread of its own, and again as long as nobody is met.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use super::notices::Notice;
use super::shared::{Phase, Shared, State, lock};

/// The wait after the first look-up; it doubles with each further one, as the tries of an address do.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How soon a node that has lost everybody is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Of one name, so many addresses are tried.
const ADDRESSES_MAX: usize = 4;

/// Looks a name up: the system's resolver, or a test's.
pub(super) type Resolver = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// Asks the system, which may take its time.
pub(super) fn resolve(name: &str) -> io::Result<Vec<SocketAddr>> {
    Ok(name.to_socket_addrs()?.collect())
}

/// A name that is kept.
pub(super) struct Name {
    shared: Arc<Shared>,
    text: String,
    /// What the socket is bound to.
    local: SocketAddr,
    resolver: Resolver,
    /// What it was when it last resolved.
    addresses: Vec<SocketAddr>,
    /// Those of them that nobody else had named.
    added: Vec<SocketAddr>,
    /// How often it was looked up in a row, and of those how often in vain.
    lookups: u32,
    failures: u32,
}

impl Name {
    pub(super) fn new(
        shared: Arc<Shared>,
        text: String,
        local: SocketAddr,
        resolver: Resolver,
    ) -> Self {
        Self {
            shared,
            text,
            local,
            resolver,
            addresses: Vec::new(),
            added: Vec::new(),
            lookups: 0,
            failures: 0,
        }
    }

    /// Looks it up until the agent stops.
    pub(super) fn run(mut self) {
        while self.is_running() {
            let wanted = self.is_wanted();
            self.lookups = if wanted { self.lookups } else { 0 };
            let wait = FIRST_WAIT
                .saturating_mul(1 << self.lookups.min(16))
                .min(LONGEST_WAIT);
            self.lookups = self.lookups.saturating_add(1);
            self.look_up(wait, wanted);
            if wanted {
                self.wait(wait);
            } else {
                self.wait_until_wanted();
            }
        }
    }

    fn is_running(&self) -> bool {
        let state = self.shared.lock();
        state.phase == Phase::Running && !state.node.has_left()
    }

    /// Nobody is met, or one of its addresses does not answer.
    fn is_wanted(&self) -> bool {
        let state = self.shared.lock();
        let mut seeds = state.node.seeds();
        self.addresses.is_empty()
            || !state.node.is_joined()
            || seeds
                .any(|seed| seed.next_try().is_some() && self.addresses.contains(&seed.address()))
    }

    /// Waits as long as all is well, but not for ever: the name may come to stand for others.
    fn wait_until_wanted(&mut self) {
        let mut waited = Duration::ZERO;
        while waited < LONGEST_WAIT && self.is_running() && !self.is_wanted() {
            self.wait(LOOK_EVERY);
            waited += LOOK_EVERY;
        }
    }

    fn wait(&self, most: Duration) {
        let over = |state: &State| state.phase != Phase::Running;
        self.shared.wait_until(most, over);
    }

    /// Looks it up, and tells of it if that fails while it is wanted.
    fn look_up(&mut self, next: Duration, wanted: bool) {
        let found = (self.resolver)(&self.text).and_then(|found| usable(self.local, found));
        match found {
            Ok(found) => {
                self.failures = 0;
                self.join(found);
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                if !wanted {
                    return;
                }
                lock(&self.shared.notices).tell(&Notice::Unresolved {
                    name: self.text.clone(),
                    error: error.to_string(),
                    tries: self.failures,
                    next,
                });
            }
        }
    }

    /// Joins through what the name is now, and no longer through what it was.
    fn join(&mut self, found: Vec<SocketAddr>) {
        let mut state = self.shared.lock();
        let node = &mut state.node;
        self.added.retain(|old| {
            let stays = found.contains(old);
            if !stays {
                node.forget_seed(*old);
            }
            stays
        });
        let mut joined = 0;
        for new in found.iter().filter(|new| !self.addresses.contains(new)) {
            let known = node.seeds().any(|seed| seed.address() == *new);
            // Without room, those that are there must do.
            if !known && node.join(*new).is_ok() {
                self.added.push(*new);
                joined += 1;
            }
        }
        drop(state);
        self.addresses = found;
        if joined > 0 {
            self.shared.wake();
        }
    }
}

/// The addresses that a socket bound to `local` reaches, at least one.
fn usable(local: SocketAddr, mut found: Vec<SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    let any = local.is_ipv6() && local.ip().is_unspecified();
    found.retain(|address| any || address.is_ipv4() == local.is_ipv4());
    found.truncate(ADDRESSES_MAX);
    if found.is_empty() {
        let family = if local.is_ipv4() { "IPv4" } else { "IPv6" };
        let message = format!("it has no {family} address, and {local} needs one");
        return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, message));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use gossip_core::{Config, Node, NodeId};

    use super::*;
    use crate::clock::Clock;
    use crate::heap::{Heap, Limits};

    /// What the name is; nothing if it does not resolve.
    static FOUND: Mutex<Vec<SocketAddr>> = Mutex::new(Vec::new());

    fn found(_name: &str) -> io::Result<Vec<SocketAddr>> {
        let found = lock(&FOUND).clone();
        if found.is_empty() {
            return Err(io::Error::other("no such name"));
        }
        Ok(found)
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn name() -> Name {
        let config = Config::new(NodeId::from(1)).check().unwrap();
        let node = Node::new(config, Heap::tables(Limits::default()));
        let poll = mio::Poll::new().unwrap();
        let waker = mio::Waker::new(poll.registry(), mio::Token(0)).unwrap();
        let shared = Arc::new(Shared::new(node, Clock::new(), waker));
        Name::new(shared, "host:7".to_owned(), address("127.0.0.1:1"), found)
    }

    fn seeds(name: &Name) -> Vec<SocketAddr> {
        let state = name.shared.lock();
        state.node.seeds().map(|seed| seed.address()).collect()
    }

    #[test]
    fn a_name_is_what_it_resolves_to_now() {
        let mut name = name();
        let told = lock(&name.shared.notices).add();
        let own = address("10.0.0.9:7");
        name.shared.lock().node.join(own).unwrap();
        let (one, two) = (address("10.0.0.1:7"), address("10.0.0.2:7"));
        let second = Duration::from_secs(1);
        for tries in 1..=2 {
            name.look_up(second, true);
            let Some(Notice::Unresolved {
                tries: told, error, ..
            }) = told.try_recv()
            else {
                panic!("nothing is told");
            };
            assert_eq!((told, error.as_str()), (tries, "no such name"));
        }
        name.look_up(second, false);
        assert_eq!(told.try_recv(), None, "nobody asked");
        // Those of another family are of no use.
        *lock(&FOUND) = vec![one, address("[::1]:7"), own];
        name.look_up(second, true);
        assert_eq!(seeds(&name), [own, one]);
        *lock(&FOUND) = vec![two];
        name.look_up(second, true);
        assert_eq!(seeds(&name), [own, two], "what was named by address stays");
        lock(&FOUND).clear();
        name.look_up(second, true);
        assert_eq!(
            seeds(&name),
            [own, two],
            "an old answer is better than none"
        );
        assert!(matches!(
            told.try_recv(),
            Some(Notice::Unresolved { tries: 1, .. })
        ));
        assert!(name.is_wanted(), "nobody is met");
    }
}
