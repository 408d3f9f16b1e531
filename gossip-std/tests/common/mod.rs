//! What the tests on real sockets share.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gossip_core::{Config, Duration as Millis, NodeId, Status};
use gossip_std::{Agent, AgentOptions};

/// When to give up on what should happen. Far more than it takes, for machines that are busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Short intervals, in a cluster of the test's own.
pub(crate) fn config(cluster: &str, id: u16) -> Config<SocketAddr> {
    Config::new(NodeId::from(id))
        .cluster(cluster)
        .probe_interval(Millis::from_millis(150))
        .probe_timeout(Millis::from_millis(60))
        .gossip_interval(Millis::from_millis(40))
        .reply_timeout(Millis::from_millis(60))
        .reconnect_interval(Millis::from_millis(300))
}

/// An agent on a free port of 127.0.0.1.
pub(crate) fn agent(cluster: &str, id: u16) -> Agent {
    let bind = SocketAddr::from(([127, 0, 0, 1], 0));
    Agent::spawn(AgentOptions::new(bind, config(cluster, id))).unwrap()
}

/// What `agent` believes of `id`.
pub(crate) fn status(agent: &Agent, id: NodeId) -> Option<Status> {
    agent
        .members()
        .iter()
        .find(|member| member.id == id)
        .map(|member| member.status)
}

/// Waits until `holds`.
#[allow(dead_code, reason = "not every test binary blocks")]
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "gave up waiting: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
