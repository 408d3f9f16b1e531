//! The deterministic simulator: thousands of real nodes in virtual time, and one seed fixes
//! everything.
//!
//! The nodes are [`gossip_core::Node`]s, the very code that ships, and the bytes on the virtual wire
//! are the bytes on the real one. Use it to choose a fanout, an interval or an MTU before you deploy,
//! to see a fault again that you saw once, or to test an application of your own.
//!
//! # A scenario
//!
//! A [`Scenario`](scenario::Scenario) says how many nodes there are, how they are set, what the
//! network is like and what happens when; with a seed it fixes a run, whose [`Outcome`](outcome::Outcome)
//! has every measure. The command `gossip sim` plays scenarios from files and from a library, and
//! writes reports.
//!
//! ```
//! use gossip_std::sim::{self, RunOptions, scenario::Scenario};
//!
//! let scenario = Scenario::parse(r#"
//!     name = "news"
//!     nodes = 20
//!     duration = "30s"
//!     network = { link = { loss = 0.1 } }
//!     expect = { agree-within = "20s" }
//!     [[at]]
//!     time = "5s"
//!     do = { set = { host = 1, key = "greeting", value = "hello", tracked = true } }
//! "#)?;
//! let outcome = sim::run(&scenario, &RunOptions { seed: 7, cores: 1 })?;
//! assert_eq!(outcome.coverage[0].residue, 0.0); // everybody got it
//! assert!(outcome.violations.is_empty()); // and no rule was broken
//! assert_eq!(outcome, sim::run(&scenario, &RunOptions { seed: 7, cores: 2 })?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Hosts of your own
//!
//! A [`World`] runs anything that is a [`Host`]: an application around a node, or another protocol.
//! What it tells as notes goes to an [`Observer`].
//!
//! ```
//! use gossip_core::{Instant, SplitMix64};
//! use gossip_std::sim::network::{Network, NetworkConfig};
//! use gossip_std::sim::{
//!     Host, HostClock, Observer, Outgoing, Record, Time, To, What, World, WorldOptions,
//! };
//!
//! /// Says "hello" to host 1 after a second, and notes what it hears.
//! #[derive(Debug, Default)]
//! struct Greeter { greeted: bool, due: bool, heard: Option<String> }
//!
//! impl Host for Greeter {
//!     type Note = String;
//!     type Call = ();
//!     fn handle_datagram(&mut self, _now: Instant, from: u32, bytes: &[u8]) {
//!         self.heard = Some(format!("{from} says {}", String::from_utf8_lossy(bytes)));
//!     }
//!     fn handle_timeout(&mut self, _now: Instant, _rng: &mut SplitMix64) {
//!         (self.greeted, self.due) = (true, true);
//!     }
//!     fn handle_call(&mut self, _now: Instant, _call: (), _rng: &mut SplitMix64) {}
//!     fn poll_transmit(&mut self, _now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
//!         std::mem::take(&mut self.due).then(|| {
//!             buf[..5].copy_from_slice(b"hello");
//!             Outgoing { to: To::One(1), len: 5 }
//!         })
//!     }
//!     fn poll_note(&mut self) -> Option<String> {
//!         self.heard.take()
//!     }
//!     fn poll_timeout(&self) -> Instant {
//!         if self.greeted { Instant::FAR } else { Instant::from_millis(1000) }
//!     }
//! }
//!
//! #[derive(Default)]
//! struct Notes(Vec<(Time, u32, String)>);
//! impl Observer<String> for Notes {
//!     fn record(&mut self, record: &Record<'_, String>) {
//!         if let What::Note(note) = record.what {
//!             self.0.push((record.time, record.host, note.clone()));
//!         }
//!     }
//! }
//!
//! let network = Network::new(&NetworkConfig::default(), 2, 1)?;
//! let mut world = World::new(WorldOptions { seed: 1, cores: 1, detailed: false }, network);
//! world.add(Greeter::default(), HostClock::default());
//! world.add(Greeter::default(), HostClock::default());
//! let mut notes = Notes::default();
//! world.run_until(Time::from_micros(2_000_000), &mut notes);
//! let (at, host, note) = &notes.0[0];
//! assert_eq!((*host, note.as_str()), (1, "0 says hello"));
//! assert!(at.as_micros() > 1_001_000); // the network needs a millisecond at least
//! # Ok::<(), gossip_std::sim::network::Invalid>(())
//! ```
//!
//! # What fixes a run
//!
//! Events have one total order, and each host draws chance from streams of its own ([`chance`]); so
//! the same seed gives the same run on any number of cores, with any storage, on any machine. A
//! [`Trace`] shows it line by line.
//!
//! | module | what it holds |
//! |---|---|
//! | [`scenario`] | what a run depends on: types, TOML, the library |
//! | [`network`] | what becomes of a datagram: links, topologies, partitions, a shared radio channel |
//! | [`world`] | the engine: event queue, hosts, clocks, several cores |
//! | [`measure`], [`invariant`] | what a run is judged by |
//! | [`outcome`], [`report`] | the measures as values; as text, JSON, HTML and SVG |
//! | [`soak`] | random faults over many seeds, and a failing one made small |

mod address;
pub mod batch;
pub mod chance;
mod host;
mod index;
pub mod invariant;
pub mod measure;
mod monitor;
pub mod network;
mod node_host;
mod node_inspect;
mod note;
pub mod outcome;
mod queue;
mod record;
pub mod report;
mod run;
pub mod scenario;
pub mod soak;
mod time;
mod trace;
pub mod world;

pub use address::HostAddress;
pub use host::{Host, Outgoing, To};
pub use index::{Index, host_of, id_of};
pub use monitor::{Monitor, MonitorOptions};
pub use node_host::{Call, NodeHost, hash_of};
pub use note::Note;
pub use record::{NETWORK, Observer, Record, What};
pub use run::{
    Build, Followers, Nodes, RunError, RunOptions, Settled, heap_nodes, roomy, run, run_with,
};
pub use time::{Span, SpanError, Time};
pub use trace::Trace;
pub use world::{Counters, HostClock, World, WorldOptions};
