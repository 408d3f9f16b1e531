//! The driver on a scripted socket: what errors do to it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use gossip_core::{Config, Node, NodeId};

use super::*;
use crate::heap::{Heap, Limits};

/// A socket that does as it is told. Reads without a script find nothing.
#[derive(Default)]
struct Script {
    reads: RefCell<VecDeque<io::Result<Vec<u8>>>>,
    /// How each send fails; when the script is over, sends succeed.
    failures: RefCell<VecDeque<ErrorKind>>,
    tried: RefCell<Vec<SocketAddr>>,
}

impl Datagrams for Script {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let next = self.reads.borrow_mut().pop_front();
        let bytes = next.unwrap_or_else(|| Err(ErrorKind::WouldBlock.into()))?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok((bytes.len(), peer()))
    }

    fn send(&self, _bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        self.tried.borrow_mut().push(to);
        match self.failures.borrow_mut().pop_front() {
            Some(kind) => Err(kind.into()),
            None => Ok(()),
        }
    }
}

fn peer() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

fn driver(script: Script) -> Driver<Script> {
    let config = Config::new(NodeId::from(1)).check().unwrap();
    let node = Node::new(config, Heap::tables(Limits::default()));
    let poll = Poll::new().unwrap();
    let waker = mio::Waker::new(poll.registry(), WAKE).unwrap();
    let shared = Arc::new(Shared::new(node, Clock::new(), waker));
    Driver::new(shared, script, Clock::new(), SplitMix64::new(1), 1400)
}

fn reading(reads: Vec<io::Result<Vec<u8>>>) -> Driver<Script> {
    driver(Script {
        reads: RefCell::new(reads.into()),
        ..Script::default()
    })
}

fn failing(failures: Vec<ErrorKind>) -> Driver<Script> {
    let driver = driver(Script {
        failures: RefCell::new(failures.into()),
        ..Script::default()
    });
    driver.shared.lock().node.join(peer()).unwrap();
    driver
}

/// How many of the datagrams, none of them a real one, reached the node.
fn dropped(driver: &Driver<Script>) -> u32 {
    let state = driver.shared.lock();
    let counters = state.node.stats().counters();
    counters
        .filter(|(name, _)| name.starts_with("drop_"))
        .map(|(_, count)| count)
        .sum()
}

#[test]
fn errors_of_single_datagrams_do_not_stop_the_reading() {
    let mut driver = reading(vec![
        Err(ErrorKind::ConnectionRefused.into()),
        Err(ErrorKind::Interrupted.into()),
        Ok(vec![0]),
        Err(ErrorKind::HostUnreachable.into()),
        Ok(vec![]),
    ]);
    driver.turn();
    assert!(!driver.readable);
    assert_eq!(dropped(&driver), 2);
    let state = driver.shared.lock();
    assert_eq!(
        (state.io_errors.refused, state.io_errors.interrupted),
        (1, 1)
    );
    assert_eq!(
        (state.io_errors.unreachable, state.io_errors.total()),
        (1, 3)
    );
}

#[test]
fn an_unexpected_error_pauses_the_reading_but_not_the_rest() {
    let before = Instant::now();
    let mut driver = reading(vec![Err(ErrorKind::InvalidInput.into()), Ok(vec![0])]);
    driver.shared.lock().node.join(peer()).unwrap();
    driver.turn();
    assert!(driver.readable, "there is still something to read, later");
    assert!(!driver.backoff.pause(before).is_zero());
    assert_eq!(driver.port.reads.borrow().len(), 1);
    assert_eq!(*driver.port.tried.borrow(), [peer()], "the seed was tried");
    while driver.readable {
        std::thread::sleep(driver.pause());
        driver.turn();
    }
    assert_eq!(dropped(&driver), 1);
}

#[test]
fn a_flood_of_datagrams_is_read_in_batches() {
    let mut driver = reading((0..RECEIVE_BATCH + 1).map(|_| Ok(vec![0])).collect());
    assert_eq!(driver.turn(), Duration::ZERO, "there is more to read");
    assert_eq!(driver.port.reads.borrow().len(), 1);
    driver.turn();
    assert!(!driver.readable);
}

#[test]
fn with_nothing_to_do_it_sleeps() {
    let mut driver = driver(Script::default());
    // More than once, for machines that stall for a whole round.
    assert!((0..10).any(|_| !driver.turn().is_zero()));
}

#[test]
fn a_datagram_that_cannot_be_sent_is_counted_and_given_up() {
    let mut driver = failing(vec![ErrorKind::WouldBlock]);
    driver.turn();
    assert_eq!(*driver.port.tried.borrow(), [peer()]);
    assert_eq!(driver.shared.lock().io_errors.would_block, 1);
}

#[test]
fn an_interrupted_send_is_tried_again_a_few_times() {
    for (interruptions, tried) in [(1, 2), (3, 4), (9, SEND_TRIES)] {
        let mut driver = failing(vec![ErrorKind::Interrupted; interruptions]);
        driver.turn();
        assert_eq!(driver.port.tried.borrow().len(), tried);
    }
}

#[test]
fn the_end_of_the_thread_is_told_even_when_it_panics() {
    let driver = driver(Script::default());
    let (shared, mut events) = {
        let shared = Arc::clone(&driver.shared);
        let events = lock(&shared.subscribers).add();
        (shared, events)
    };
    let ended = std::thread::spawn(move || {
        let _told = TellStopped(Arc::clone(&driver.shared));
        let _held = driver.shared.lock();
        panic!("a fault of the node's");
    });
    assert_eq!(events.next(), None);
    assert!(ended.join().is_err());
    assert_eq!(shared.lock().phase, Phase::Stopped);
}

#[test]
fn a_clock_that_is_set_back_costs_no_silence() {
    let mut driver = driver(Script::default());
    // What it was told last, before the clock went back to what the driver is told.
    let late = driver
        .clock
        .now()
        .after(gossip_core::Duration::from_secs(3_600));
    let mut state = driver.shared.lock();
    state.node.join(peer()).unwrap();
    state.node.handle_timeout(late, &mut SplitMix64::new(1));
    drop(state);
    driver.turn();
    let tried = driver.port.tried.borrow().len();
    let until = Instant::now() + Duration::from_secs(60);
    while driver.port.tried.borrow().len() < tried + 2 {
        assert!(Instant::now() < until, "it is silent");
        std::thread::sleep(driver.turn().min(Duration::from_millis(100)));
    }
    assert_eq!(driver.shared.lock().node.stats().clocks_set_back, 1);
}
