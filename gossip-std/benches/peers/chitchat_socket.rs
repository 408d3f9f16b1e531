//! chitchat's transport over the simulated network.

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chitchat::ChitchatEnvelope;
use chitchat::transport::{ChannelTransport, RecvOutcome, SendOutcome, Socket, Transport};
use gossip_core::SplitMix64;
use gossip_std::sim::chance::{Purpose, stream};
use gossip_std::sim::network::{Fate, Links, Network};
use gossip_std::sim::{HostAddress, Index, Time};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Duration, Instant};

/// The largest payload of a UDP datagram over IPv4, and chitchat's own limit.
const LARGEST: usize = 65_507;

/// The network between all nodes of a cluster.
#[derive(Clone)]
pub(crate) struct Air(Arc<Mutex<Inner>>);

struct Inner {
    network: Network,
    /// When the run began.
    epoch: Instant,
    hosts: Vec<Place>,
}

struct Place {
    chance: SplitMix64,
    links: Links,
    sent_bytes: u64,
    inbox: UnboundedSender<RecvOutcome>,
    /// Until the host takes it.
    outlet: Option<UnboundedReceiver<RecvOutcome>>,
}

impl Air {
    pub(crate) fn new(network: Network, hosts: Index, seed: u64) -> Self {
        let hosts = (0..hosts).map(|host| {
            let (inbox, outlet) = unbounded_channel();
            Place {
                chance: stream(seed, host, Purpose::Network),
                links: Links::default(),
                sent_bytes: 0,
                inbox,
                outlet: Some(outlet),
            }
        });
        Self(Arc::new(Mutex::new(Inner {
            network,
            epoch: Instant::now(),
            hosts: hosts.collect(),
        })))
    }

    /// Changes the network from here on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Network)) {
        change(&mut self.lock().network);
    }

    pub(crate) fn sent_bytes(&self) -> u64 {
        self.lock().hosts.iter().map(|host| host.sent_bytes).sum()
    }

    pub(crate) fn now(&self) -> Time {
        self.lock().now()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().expect("no holder of the lock panics")
    }
}

impl Inner {
    fn now(&self) -> Time {
        Time::from_micros(self.epoch.elapsed().as_micros() as u64)
    }

    /// Sends one datagram on its way.
    fn send(&mut self, from: Index, to: Index, datagram: RecvOutcome) {
        let (now, len) = (self.now(), datagram.num_bytes_received);
        let Some(place) = self.hosts.get_mut(from as usize) else {
            return;
        };
        place.sent_bytes += len as u64;
        let Place { links, chance, .. } = place;
        let Fate::Arrives(arrivals) = self.network.transit(links, chance, now, from, to, len)
        else {
            return;
        };
        let Some(inbox) = self.hosts.get(to as usize).map(|host| host.inbox.clone()) else {
            return;
        };
        // This network repeats and damages nothing: one copy.
        let Some(arrival) = arrivals.into_iter().next() else {
            return;
        };
        let at = self.epoch + Duration::from_micros(arrival.at.since(Time::START).as_micros());
        tokio::spawn(async move {
            tokio::time::sleep_until(at).await;
            // A crashed host hears nothing.
            let _ = inbox.send(datagram);
        });
    }
}

#[async_trait]
impl Transport for Air {
    async fn open(&self, listen_addr: SocketAddr) -> anyhow::Result<Box<dyn Socket>> {
        let host = listen_addr.index();
        let place = self
            .lock()
            .hosts
            .get_mut(host as usize)
            .and_then(|host| host.outlet.take());
        let outlet = place.ok_or_else(|| anyhow::anyhow!("{listen_addr} is not free"))?;
        let codec = ChannelTransport::with_mtu(LARGEST);
        Ok(Box::new(Port {
            host,
            air: self.clone(),
            outlet,
            encoder: codec.open(SocketAddrV4::of(0).into()).await?,
            decoder: codec.open(SocketAddrV4::of(1).into()).await?,
        }))
    }
}

/// A node's socket. chitchat keeps its encoding to itself, so each message first goes
/// through a channel of chitchat's own, which encodes it, decodes it again and tells its length.
struct Port {
    host: Index,
    air: Air,
    outlet: UnboundedReceiver<RecvOutcome>,
    encoder: Box<dyn Socket>,
    decoder: Box<dyn Socket>,
}

#[async_trait]
impl Socket for Port {
    fn local_addr(&self) -> anyhow::Result<SocketAddr> {
        Ok(SocketAddr::of(self.host))
    }

    async fn send(
        &mut self,
        to: SocketAddr,
        envelope: ChitchatEnvelope,
    ) -> anyhow::Result<SendOutcome> {
        let outcome = self
            .encoder
            .send(self.decoder.local_addr()?, envelope)
            .await?;
        let mut datagram = self.decoder.recv().await?;
        datagram.from_addr = SocketAddr::of(self.host);
        self.air.lock().send(self.host, to.index(), datagram);
        Ok(outcome)
    }

    async fn recv(&mut self) -> anyhow::Result<RecvOutcome> {
        let datagram = self.outlet.recv().await;
        datagram.ok_or_else(|| anyhow::anyhow!("the network is gone"))
    }
}
