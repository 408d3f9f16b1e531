//! Gossip over UDP with std.
//!
//! [`gossip_core`] is a state machine that knows no socket, clock or thread. This crate adds what a
//! computer has:
//!
//! - [`Agent`]: a node on a UDP socket with a background thread, behind a handle that is cheap to
//!   clone. What most programs want.
//! - [`Heap`]: storage with bounds given at run time, for clusters of thousands of nodes.
//! - [`sim`]: the deterministic simulator, which runs thousands of real nodes from one seed.
//! - [`paced`]: a configuration with longer or shorter rounds.
//! - [`Clock`]: a process's time as the core counts it. With [`Heap`] and this the core runs
//!   under any runtime; `examples/tokio.rs` is a wrapper of about sixty lines for tokio.
//!
//! # Two agents
//!
//! ```
//! use std::time::Duration;
//!
//! use gossip_core::{Config, Event, NodeId};
//! use gossip_std::{Agent, AgentOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Port 0 takes a free one.
//! let options = |id: u16| {
//!     let config = Config::new(NodeId::from(id)).cluster("greenhouse");
//!     AgentOptions::new("127.0.0.1:0".parse().unwrap(), config)
//! };
//! let sensor = Agent::spawn(options(1))?;
//! let display = Agent::spawn(options(2))?;
//!
//! // One address of a member is enough to join.
//! let events = display.events();
//! display.join(sensor.local_addr())?;
//!
//! // A node writes entries of its own; everyone gets to hold them.
//! sensor.set("temperature", b"21.5")?;
//! while let Some(event) = events.recv_timeout(Duration::from_secs(60)) {
//!     println!("{event:?}");
//!     if matches!(event, Event::Set { owner, .. } if owner == sensor.id()) {
//!         break;
//!     }
//! }
//! assert_eq!(display.get(sensor.id(), "temperature"), Some(b"21.5".to_vec()));
//!
//! // Leaving tells the others; stopping without it looks like a crash to them.
//! sensor.leave(Duration::from_secs(60));
//! sensor.shutdown()?;
//! # Ok(())
//! # }
//! ```

pub mod agent;
pub mod clock;
pub mod heap;
mod pace;
#[cfg(feature = "sim")]
pub mod sim;

pub use agent::{
    Agent, AgentError, AgentEvent, AgentOptions, EntryInfo, Events, Fresh, IoErrors, MemberInfo,
    MergedInfo, Notice, Notices, SeedInfo, Watch, WatchCursor, WatchEvent, WatchFilter, Watcher,
};
pub use clock::Clock;
pub use heap::{Heap, HeapBlob, HeapList, Limits, OnHeap};
pub use pace::paced;

/// The examples of the README, so that they compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
