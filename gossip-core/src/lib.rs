//! Gossip without sockets, clocks, threads or a heap: membership, failure detection and shared
//! state for a group of equal nodes, as one state machine.
//!
//! A [`Node`] consumes the time and received datagrams and yields datagrams and events. It never
//! allocates and never panics; its memory is fixed by a type ([`inline!`]) or by limits given at run
//! time (`gossip_std::Heap`). Every datagram fits the smallest MTU you configure, down to 64 bytes.
//!
//! # The run loop
//!
//! Five verbs move a node, and nothing else does. Around any socket, radio or runtime:
//!
//! 1. When a datagram has arrived, give it to [`Node::handle_datagram`] with the address it came
//!    from. An error says why it was dropped; it needs no handling.
//! 2. When [`Node::poll_timeout`] has come, call [`Node::handle_timeout`] with a random generator.
//!    It is the only place where chance enters, so a seed replays everything.
//! 3. Call [`Node::poll_transmit`] and send what it wrote, until it returns `None` or your link is
//!    busy. Nothing is lost if you stop: the node keeps what it owes as small intents, and writes
//!    them when you come back.
//! 4. Call [`Node::poll_event`] until it returns `None`. Events show the latest state and coalesce;
//!    a slow application misses none.
//! 5. Sleep until [`Node::poll_timeout`], or until a datagram arrives, or until you gave the node a
//!    command such as [`Node::set`]; then begin again.
//!
//! Two nodes, with a loop of the test's own making:
//!
//! ```
//! use gossip_core::{Config, Destination, Event, Instant, Node, NodeId, SplitMix64, inline};
//!
//! inline! {
//!     struct Tiny {
//!         members: 4, entries: 8, key: 8, value: 8, news: 4, duties: 4,
//!         relays: 1, seeds: 1, exchanges: 2, ranges: 2, wants: 2,
//!     }
//! }
//!
//! let mut rng = SplitMix64::new(1);
//! let mut nodes = [1u16, 2].map(|number| {
//!     let config = Config::new(NodeId::from(number)).address(number).mtu_floor(64);
//!     Node::<u16, Tiny>::new(config.check().unwrap(), Tiny::tables())
//! });
//! nodes[1].join(1).unwrap();
//! nodes[0].set("greeting", b"hello").unwrap_err(); // 5 + 8 bytes: too much for 64-byte datagrams
//! nodes[0].set("hi", b"you").unwrap();
//!
//! let mut buf = [0; 64];
//! for millis in (0..10_000).step_by(10) {
//!     let now = Instant::from_millis(millis);
//!     for index in [0, 1] {
//!         if nodes[index].poll_timeout() <= now {
//!             nodes[index].handle_timeout(now, &mut rng);
//!         }
//!         while let Some(transmit) = nodes[index].poll_transmit(now, &mut buf) {
//!             let from = index as u16 + 1;
//!             let Destination::One(to) = transmit.to else { continue };
//!             let to = &mut nodes[usize::from(to) - 1];
//!             to.handle_datagram(now, from, &buf[..transmit.len]).unwrap();
//!         }
//!     }
//! }
//! let events: Vec<_> = std::iter::from_fn(|| nodes[1].poll_event()).collect();
//! assert!(events.contains(&Event::Joined));
//! assert_eq!(nodes[1].get(NodeId::from(1), "hi"), Some(&b"you"[..]));
//! assert_eq!(nodes[0].fingerprint(), nodes[1].fingerprint());
//! ```
//!
//! # What is where
//!
//! From top to bottom; a part names only what is below it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`node`] | the five verbs and the commands, composing the parts below |
//! | `requests` | direct mail, syncs and fresh reads |
//! | [`persist`] | a node's state as bytes, to go on from after a restart |
//! | [`exchange`] | anti-entropy: reconciliations under way |
//! | [`membership`] | probes, suspicion, refutation, lives, seeds, the forgotten |
//! | `author` | this node as the owner of entries: writes, leases, flow control, earlier lives, contributions |
//! | `context` | what the parts share: settings, members, entries, news, outbox, airtime, partners |
//! | `outbox`, `board`, `airtime`, `sampling` | small messages owed; news being told; how much may be sent; draws |
//! | [`entries`] | versioned values and tombstones; [`entries::delta`] has the rules |
//! | [`shared`] | keys that many write: contributions, stamps, merges |
//! | [`table`] | members: facts with their precedence, columns of the parts, fingerprints of ranges |
//! | [`wire`] | bytes: header, sections, worst cases |
//! | [`mod@storage`] | the one container, and where the tables live |
//!
//! `docs/protocol.md` explains the protocol, `docs/wire.md` the bytes, and `docs/decisions.md` why
//! things are as they are.
//!
//! # Time
//!
//! One rule for all verbs: where a node needs to know what time it is, `now` comes first, an [`Instant`] of the caller's
//! clock. Until when something may take is an [`Instant`] of that clock, too (`deadline`); how long something lasts is a
//! [`Duration`], counted from `now` (`ttl`). What people write into shared keys may carry the time of day
//! ([`shared::Wall`]), which orders writes and nothing else.
//!
//! # Errors and panics
//!
//! Errors are small enums; each says whether the state changed. Bad input of any kind is refused,
//! counted in [`Stats`], and never panics: indexing, `unwrap`, `expect` and unchecked arithmetic are
//! denied in this crate, and a firmware build proves that no panic can be reached.

#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unreachable,
    clippy::todo
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(test)]
extern crate std;

mod address;
mod airtime;
mod author;
#[doc(hidden)]
pub mod board;
mod config;
#[doc(hidden)]
pub mod context;
pub mod entries;
mod error;
mod event;
pub mod exchange;
#[cfg(test)]
mod for_tests;
mod hash;
mod id;
pub mod membership;
pub mod node;
#[doc(hidden)]
pub mod outbox;
pub mod persist;
#[doc(hidden)]
pub mod requests;
mod rng;
mod sampling;
pub mod shared;
mod stats;
pub mod storage;
pub mod table;
mod time;
mod transmit;
pub mod wire;

pub use address::Address;
pub use airtime::ByteRate;
pub use config::{Checked, Config, ConfigError, Mail, ParseMailError};
pub use entries::{Change, Changes, Cursor, EntryRef, Filter};
pub use error::{DatagramError, JoinError, RequestError, SetError, ValueError};
pub use event::{Event, Mismatch, Request, Status};
pub use exchange::{ExchangeMode, Reconciliation};
pub use id::{Generation, Incarnation, Life, NodeId, OutOfRange, Place, Version};
pub use membership::Identity;
pub use node::{Node, Pressure, Usage};
pub use persist::{Export, Import, Restore};
pub use requests::{FreshRead, ReadEnd, SyncEnd, Synced};
pub use rng::SplitMix64;
pub use stats::{Flow, Stats, Traffic};
pub use storage::{List, Storage, Tables};
pub use table::Member;
pub use time::{Duration, Instant};
pub use transmit::{Destination, Transmit};
