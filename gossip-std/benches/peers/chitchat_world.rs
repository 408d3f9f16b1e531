//! A cluster of chitchat, unmodified, under tokio's virtual time.

use std::net::SocketAddr;
use std::time::{Duration, Instant as RealTime};

use chitchat::{
    Chitchat, ChitchatConfig, ChitchatHandle, ChitchatId, FailureDetectorConfig, ProtocolVersion,
    spawn_chitchat,
};
use gossip_std::sim::chance::{Purpose, below, stream};
use gossip_std::sim::{HostAddress, Index, Span, Time};
use tokio::runtime::{Builder, Runtime};

use super::chitchat_socket::Air;
use super::ether;
use super::subject::{Setup, Subject};

/// When the first node began, in nanoseconds since 1970: generations are times of start.
const BOOT_NS: u64 = 1_763_700_000_000_000_000;

/// A cluster of chitchat.
pub(crate) struct ChitchatWorld {
    runtime: Runtime,
    air: Air,
    /// `None` for a crashed host.
    hosts: Vec<Option<ChitchatHandle>>,
    /// Whom each host held for live when it was last looked at.
    live: Vec<Vec<bool>>,
    downs: u64,
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
        let (air, hosts) = runtime.block_on(async {
            let air = Air::new(ether::network(setup), nodes, setup.seed);
            let mut hosts = Vec::new();
            for host in setup.hosts() {
                let entries = (0..setup.entries).map(|entry| setup.entry(host, entry));
                let handle = spawn_chitchat(config(host, setup, version), entries.collect(), &air);
                hosts.push(Some(handle.await.expect("the address is free")));
            }
            (air, hosts)
        });
        Self {
            runtime,
            air,
            hosts,
            live: vec![vec![false; nodes as usize]; nodes as usize],
            downs: 0,
            busy: Duration::ZERO,
        }
    }

    /// Looks at a host from outside of the runtime, where nobody holds its lock.
    fn look<R>(&self, host: Index, look: impl FnOnce(&Chitchat) -> R) -> Option<R> {
        let handle = self.hosts.get(host as usize)?.as_ref()?;
        let chitchat = handle.chitchat();
        Some(look(&chitchat.blocking_lock()))
    }

    /// Notices who is not live any more.
    fn watch(&mut self) {
        let hosts = self.hosts.len();
        for observer in 0..hosts {
            let Some(now) = self.look(observer as Index, |chitchat| live_of(chitchat, hosts))
            else {
                continue;
            };
            let before = std::mem::replace(&mut self.live[observer], now);
            let gone = before.iter().zip(&self.live[observer]);
            self.downs += gone.filter(|(before, now)| **before && !**now).count() as u64;
        }
    }
}

fn live_of(chitchat: &Chitchat, hosts: usize) -> Vec<bool> {
    let mut live = vec![false; hosts];
    for id in chitchat.live_nodes() {
        live[id.gossip_advertise_addr.index() as usize] = true;
    }
    live
}

fn config(host: Index, setup: &Setup, version: ProtocolVersion) -> ChitchatConfig {
    let addr = SocketAddr::of(host);
    // Nodes of one deployment start within a second of each other.
    let late = below(
        &mut stream(setup.seed, host, Purpose::Setting),
        1_000_000_000,
    );
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
        self.runtime
            .block_on(async { tokio::time::sleep(span).await });
        self.busy += begin.elapsed();
        self.watch();
    }

    fn now(&self) -> Time {
        self.runtime.block_on(async { self.air.now() })
    }

    fn crash(&mut self, host: Index) {
        if let Some(handle) = self.hosts[host as usize].take() {
            handle.abort();
        }
    }

    fn lose(&mut self, share: f64) {
        self.air.change(|network| ether::lose(network, share));
    }

    fn live(&self, host: Index) -> u32 {
        self.look(host, |chitchat| chitchat.live_nodes().count() as u32)
            .unwrap_or(0)
    }

    fn holds(&self, host: Index, other: Index) -> bool {
        let up = self.hosts[host as usize].is_some();
        up && self.live[host as usize][other as usize]
    }

    fn entries(&self, host: Index) -> u32 {
        let count = |chitchat: &Chitchat| {
            let states = chitchat.node_states().values();
            states.map(|state| state.num_key_values() as u32).sum()
        };
        self.look(host, count).unwrap_or(0)
    }

    fn downs(&self) -> u64 {
        self.downs
    }

    fn sent_bytes(&self) -> u64 {
        self.air.sent_bytes()
    }

    fn busy(&self) -> Duration {
        self.busy
    }
}
