//! A cluster of chitchat, unmodified, under tokio's virtual time.

use std::time::{Duration, Instant as RealTime};

use chitchat::{
    ChitchatConfig, ChitchatHandle, ChitchatId, FailureDetectorConfig, ProtocolVersion,
    spawn_chitchat,
};
use gossip_std::sim::chance::{Purpose, below, stream};
use gossip_std::sim::{HostAddress, Index, Span, Time};
use std::net::SocketAddr;
use tokio::runtime::{Builder, Runtime};

use super::chitchat_socket::Ether;
use super::standin::Network;
use super::subject::{Down, Setup, Subject};

/// When the first node began, in nanoseconds since 1970: generations are times of start.
const BOOT_NS: u64 = 1_763_700_000_000_000_000;

/// A cluster of chitchat.
pub(crate) struct ChitchatWorld {
    runtime: Runtime,
    ether: Ether,
    /// `None` for a crashed host.
    hosts: Vec<Option<ChitchatHandle>>,
    /// Whom each host held for live when it was last looked at.
    live: Vec<Vec<bool>>,
    downs: Vec<Down>,
    busy: Duration,
}

impl ChitchatWorld {
    /// Starts the nodes; all have the first for a seed.
    ///
    /// The gossip interval is the 1 s of everyone's rounds here. The failure detector has
    /// chitchat's defaults, which is what Quickwit, for which chitchat was written, uses.
    pub(crate) fn start(setup: &Setup, version: ProtocolVersion) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O needs nothing");
        let nodes = setup.nodes.get();
        let (ether, hosts) = runtime.block_on(async {
            let network = Network { loss: 0.0, mtu: setup.mtu };
            let ether = Ether::new(network, nodes, setup.seed);
            let mut hosts = Vec::new();
            for host in setup.hosts() {
                let entries = (0..setup.entries).map(|entry| setup.entry(host, entry));
                let handle = spawn_chitchat(config(host, setup, version), entries.collect(), &ether);
                hosts.push(Some(handle.await.expect("the address is free")));
            }
            (ether, hosts)
        });
        Self {
            runtime,
            ether,
            hosts,
            live: vec![vec![false; nodes as usize]; nodes as usize],
            downs: Vec::new(),
            busy: Duration::ZERO,
        }
    }

    /// Looks at a host from outside of the runtime, where nobody holds its lock.
    fn look<R>(&self, host: Index, look: impl FnOnce(&chitchat::Chitchat) -> R) -> Option<R> {
        let handle = self.hosts.get(host as usize)?.as_ref()?;
        let chitchat = handle.chitchat();
        Some(look(&*chitchat.blocking_lock()))
    }

    /// Notices who is not live any more.
    fn watch(&mut self) {
        let at = self.now();
        for observer in 0..self.hosts.len() as Index {
            let Some(now) = self.look(observer, |chitchat| {
                let mut live = vec![false; self.hosts.len()];
                for id in chitchat.live_nodes() {
                    live[id.gossip_advertise_addr.index() as usize] = true;
                }
                live
            }) else {
                continue;
            };
            let before = std::mem::replace(&mut self.live[observer as usize], now);
            let now = &self.live[observer as usize];
            let gone = before.iter().zip(now).enumerate();
            let gone = gone.filter(|(_, (before, now))| **before && !**now);
            self.downs.extend(gone.map(|(host, _)| Down {
                at,
                observer,
                host: host as Index,
            }));
        }
    }
}

fn config(host: Index, setup: &Setup, version: ProtocolVersion) -> ChitchatConfig {
    let addr = SocketAddr::of(host);
    // Nodes of one deployment start within a second of each other.
    let late = below(&mut stream(setup.seed, host, Purpose::Setting), 1_000_000_000);
    ChitchatConfig {
        chitchat_id: ChitchatId::new(host.to_string(), BOOT_NS + late, addr),
        cluster_id: "peers".to_owned(),
        gossip_interval: Duration::from_secs(1),
        listen_addr: addr,
        seed_nodes: vec![SocketAddr::of(0).to_string()],
        failure_detector_config: FailureDetectorConfig::default(),
        marked_for_deletion_grace_period: Duration::from_secs(3600),
        catchup_callback: None,
        extra_liveness_predicate: None,
        protocol_version: version,
    }
}

impl Subject for ChitchatWorld {
    fn run(&mut self, span: Span) {
        let begin = RealTime::now();
        let span = Duration::from_micros(span.as_micros());
        self.runtime.block_on(async { tokio::time::sleep(span).await });
        self.busy += begin.elapsed();
        self.watch();
    }

    fn now(&self) -> Time {
        self.runtime.block_on(async { self.ether.now() })
    }

    fn crash(&mut self, host: Index) {
        if let Some(handle) = self.hosts[host as usize].take() {
            handle.abort();
        }
    }

    fn lose(&mut self, share: f64) {
        self.ether.change(|network| network.loss = share);
    }

    fn live(&self, host: Index) -> u32 {
        self.look(host, |chitchat| chitchat.live_nodes().count() as u32).unwrap_or(0)
    }

    fn entries(&self, host: Index) -> u32 {
        let count = |chitchat: &chitchat::Chitchat| {
            let states = chitchat.node_states().values();
            states.map(|state| state.num_key_values() as u32).sum()
        };
        self.look(host, count).unwrap_or(0)
    }

    fn downs(&mut self) -> Vec<Down> {
        std::mem::take(&mut self.downs)
    }

    fn sent_bytes(&self) -> u64 {
        self.ether.sent_bytes()
    }

    fn busy(&self) -> Duration {
        self.busy
    }
}
