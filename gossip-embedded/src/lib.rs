//! Gossip on microcontrollers: thin adapters between [`gossip_core`] and whatever carries datagrams.
//!
//! No allocator, no `unsafe`, no panic: all memory is in the types, and a bug of a link costs a
//! datagram.
//!
//! - [`Link`] is what you write for your radio, wire or stack: send, receive, a size.
//! - [`Clock`] is what you write for your timer: the time, and a way to sleep.
//! - [`Runner`] holds a node, its link and their buffers; [`Runner::turn`] does all that can be done
//!   now and says when to come again. Call it from any main loop, interrupt or task.
//! - [`run()`] is the main loop for firmware that has no other.
//! - [`Medium`] is a lossy link in memory, for tests and for firmware without a radio.
//!
//! # The loop
//!
//! One turn is these steps, in this order:
//!
//! 1. Give each datagram that has arrived to [`handle_datagram`](gossip_core::Node::handle_datagram).
//! 2. If [`poll_timeout`](gossip_core::Node::poll_timeout) has passed, call
//!    [`handle_timeout`](gossip_core::Node::handle_timeout), the only place where chance enters.
//! 3. While the link takes more, write with [`poll_transmit`](gossip_core::Node::poll_transmit)
//!    and send. A datagram that the link is too busy for is kept and offered again.
//! 4. Let the application take what [`poll_event`](gossip_core::Node::poll_event) tells, and give
//!    commands.
//! 5. Sleep until [`poll_timeout`](gossip_core::Node::poll_timeout), or until something arrives.
//!
//! A whole program, with two nodes so that there is somebody to talk to, in virtual time:
//!
//! ```
//! use gossip_core::{Config, Duration, Event, Instant, Node, NodeId, SplitMix64, inline};
//! use gossip_embedded::{Medium, Runner};
//!
//! inline! {
//!     /// What a node keeps; its RAM is the size of `Node<u16, Shelf>`.
//!     struct Shelf {
//!         members: 8, entries: 16, key: 8, value: 16, news: 8, duties: 8,
//!         relays: 2, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
//!     }
//! }
//!
//! const MTU: usize = 127; // bytes: an IEEE 802.15.4 frame
//!
//! fn node(id: u16) -> Node<u16, Shelf> {
//!     let config = Config::new(NodeId::from(id)).cluster("story").address(id).mtu_floor(MTU);
//!     Node::new(config.check().unwrap(), Shelf::tables())
//! }
//!
//! // Eight datagrams in the air at most; one in ten is lost.
//! let air: Medium<u16, 8, MTU> = Medium::new(2026, 10);
//! let mut sensor = Runner::<_, _, MTU>::new(node(1), air.link(1));
//! let mut display = Runner::<_, _, MTU>::new(node(2), air.link(2));
//! let mut rng = SplitMix64::new(2026); // from the best entropy that your chip has
//! let mut now = Instant::ZERO;
//!
//! sensor.node_mut().set("temp", b"21.5 C").unwrap();
//! display.node_mut().join(1).unwrap();
//!
//! let mut shown = None;
//! while shown.is_none() {
//!     let wake = sensor.turn(now, &mut rng).wake.min(display.turn(now, &mut rng).wake);
//!     while let Some(event) = display.node_mut().poll_event() {
//!         if let Event::Set { owner, .. } = event {
//!             shown = display.node().get(owner, "temp").map(<[u8]>::to_vec);
//!         }
//!     }
//!     // Real firmware sleeps here.
//!     now = wake.max(now.after(Duration::from_millis(1)));
//!     assert!(now < Instant::from_millis(60_000));
//! }
//! assert_eq!(shown.as_deref(), Some(&b"21.5 C"[..]));
//! ```

#![no_std]

mod clock;
mod link;
mod memory;
mod run;

pub use clock::{Clock, VirtualClock};
pub use link::{Link, Sent};
pub use memory::{Medium, MemoryLink, TooLong};
pub use run::{BURST, BUSY_RETRY, Faults, Runner, Turn, run};
