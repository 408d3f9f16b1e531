//! The core under tokio: a wrapper over its five verbs, and a node that says hello.
//!
//! ```text
//! cargo run --example tokio -- --bind 127.0.0.1:7000
//! cargo run --example tokio -- --bind 127.0.0.1:7001 127.0.0.1:7000
//! ```

use std::hash::{BuildHasher, RandomState};
use std::{env, error, io, net::SocketAddr, process};

use gossip_core::{Config, Destination, Event, Node, NodeId, SplitMix64};
use gossip_std::{Clock, Heap, HeapBlob, Limits};
use tokio::net::UdpSocket;
use tokio::time::{Duration, sleep};

/// The largest datagram that UDP knows, in bytes.
const RECEIVE_BYTES: usize = 65_535;

/// A node on a tokio socket of one address family. It moves only while [`Gossip::next`] is awaited.
pub(crate) struct Gossip {
    /// For commands and getters, between two calls of `next`.
    pub node: Node<SocketAddr, Heap>,
    socket: UdpSocket,
    clock: Clock,
    rng: SplitMix64,
    received: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Gossip {
    /// Binds `bind` and starts a node there.
    pub(crate) async fn bind(
        bind: SocketAddr,
        config: Config<SocketAddr>,
    ) -> Result<Self, Box<dyn error::Error>> {
        let socket = UdpSocket::bind(bind).await?;
        let local = socket.local_addr()?;
        let wildcard = local.ip().is_unspecified();
        // Bound to a wildcard, the node learns its address from its peers.
        let config = if wildcard {
            config
        } else {
            config.address(local)
        }
        .check()?;
        Ok(Self {
            node: Node::new(config, Heap::tables(Limits::default())),
            socket,
            clock: Clock::new(),
            rng: SplitMix64::new(RandomState::new().hash_one(())),
            received: vec![0; RECEIVE_BYTES],
            outgoing: vec![0; config.mtu_floor()],
        })
    }

    /// The address that others can join.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Runs the node until it has something to tell. Dropping the future loses nothing but, at
    /// worst, a datagram.
    pub(crate) async fn next(&mut self) -> Event<HeapBlob> {
        loop {
            while self.node.poll_timeout() <= self.clock.now() {
                self.node.handle_timeout(self.clock.now(), &mut self.rng);
            }
            while let Some(transmit) = self
                .node
                .poll_transmit(self.clock.now(), &mut self.outgoing)
            {
                let Destination::One(to) = transmit.to else {
                    continue;
                };
                let bytes = &self.outgoing[..transmit.len];
                // What is not sent is lost, as on the way: gossip repairs it.
                let _ = self.socket.send_to(bytes, to).await;
            }
            if let Some(event) = self.node.poll_event() {
                return event;
            }
            let due = self.clock.until(self.node.poll_timeout());
            tokio::select! {
                received = self.socket.recv_from(&mut self.received) => match received {
                    Ok((len, from)) => {
                        let bytes = &self.received[..len];
                        // The node counts what it drops.
                        let _ = self.node.handle_datagram(self.clock.now(), from, bytes);
                    }
                    Err(_) => sleep(Duration::from_millis(10)).await,
                },
                () = sleep(due) => {}
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn error::Error>> {
    let mut bind = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut seeds = Vec::new();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bind" => bind = args.next().ok_or("--bind needs an address")?.parse()?,
            seed => seeds.push(seed.parse::<SocketAddr>()?),
        }
    }
    let id = NodeId::truncated(RandomState::new().hash_one(process::id()));
    let mut gossip = Gossip::bind(bind, Config::new(id).cluster("example")).await?;
    for seed in seeds {
        gossip.node.join(seed)?;
    }
    gossip.node.set("hello", format!("from {id}").as_bytes())?;
    println!("node {id} on {}", gossip.local_addr()?);
    loop {
        match gossip.next().await {
            Event::Set { owner, key } => {
                let value = gossip.node.get(owner, &key.to_string()).unwrap_or_default();
                println!("{owner} set {key} to {:?}", String::from_utf8_lossy(value));
            }
            event => println!("{event:?}"),
        }
    }
}
