//! The network that every protocol is measured on.

use gossip_std::sim::Span;
use gossip_std::sim::network::{Latency, Link, LossModel, Network, NetworkConfig};

use super::subject::Setup;

/// A full mesh: from 1 to 10 ms from anyone to anyone, and no loss at first.
pub(crate) fn network(setup: &Setup) -> Network {
    let link = Link {
        latency: Latency::Uniform {
            min: Span::from_millis(1),
            max: Span::from_millis(10),
        },
        mtu: setup.mtu,
        ..Link::default()
    };
    let config = NetworkConfig {
        link,
        ..NetworkConfig::default()
    };
    Network::new(&config, setup.nodes.get(), setup.seed).expect("these settings can be")
}

/// From here on each datagram is lost with probability `share`.
pub(crate) fn lose(network: &mut Network, share: f64) {
    let link = Link {
        loss: LossModel::Independent(share),
        ..*network.link()
    };
    network
        .set_link(link)
        .expect("a share of loss is a probability");
}
