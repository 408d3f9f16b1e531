//! The example's tokio wrapper in one cluster with std agents.

mod common;
#[allow(dead_code, reason = "the example's `main`")]
#[path = "../examples/tokio.rs"]
mod wrapper;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::{DEADLINE, agent, config, status};
use gossip_core::{NodeId, Status};
use wrapper::Gossip;

/// Runs the node until `holds`.
async fn drive_until(gossip: &mut Gossip, what: &str, holds: impl Fn(&Gossip) -> bool) {
    let start = Instant::now();
    while !holds(gossip) {
        assert!(start.elapsed() < DEADLINE, "gave up waiting: {what}");
        let _ = tokio::time::timeout(Duration::from_millis(5), gossip.next()).await;
    }
}

#[tokio::test]
async fn a_tokio_node_and_std_agents_are_one_cluster() {
    let (first, second) = (agent("tokio", 1), agent("tokio", 2));
    let id = NodeId::from(3);
    let bind = "127.0.0.1:0".parse().unwrap();
    let mut gossip = Gossip::bind(bind, config("tokio", 3)).await.unwrap();
    second.join(first.local_addr()).unwrap();
    gossip.node.join(first.local_addr()).unwrap();
    drive_until(&mut gossip, "all know all", |gossip| {
        gossip.node.live() == 3 && first.live() == 3 && second.live() == 3
    })
    .await;

    second.set("color", b"green").unwrap();
    gossip.node.set("color", b"blue").unwrap();
    drive_until(&mut gossip, "entries spread both ways", |gossip| {
        gossip.node.get(second.id(), "color") == Some(b"green")
            && second.get(id, "color").as_deref() == Some(b"blue")
            && first.get(id, "color").as_deref() == Some(b"blue")
    })
    .await;

    second.shutdown().unwrap();
    drive_until(&mut gossip, "a crash is found by both", |gossip| {
        let seen = gossip
            .node
            .member(second.id())
            .map(|member| member.status());
        seen == Some(Status::Dead) && status(&first, second.id()) == Some(Status::Dead)
    })
    .await;

    gossip.node.leave();
    drive_until(&mut gossip, "the goodbye arrives", |gossip| {
        gossip.node.has_left() && status(&first, id) == Some(Status::Left)
    })
    .await;
}

/// As when a lease of an address or a mapping of a NAT ends: the same node, behind another socket.
#[tokio::test]
async fn a_node_that_moves_is_found_where_it_is() {
    let (first, second) = (agent("moves", 1), agent("moves", 2));
    let id = NodeId::from(3);
    let bind = "0.0.0.0:0".parse().unwrap();
    let mut new = Gossip::bind(bind, config("moves", 3)).await.unwrap();
    let mut old = Gossip::bind(bind, config("moves", 3)).await.unwrap();
    let at = |gossip: &Gossip| {
        let port = gossip.local_addr().unwrap().port();
        SocketAddr::from(([127, 0, 0, 1], port))
    };
    let found = |at: SocketAddr| {
        [&first, &second].into_iter().all(|agent| {
            let members = agent.members();
            let row = members.iter().find(|member| member.id == id);
            row.is_some_and(|row| row.status == Status::Alive && row.address == Some(at))
        })
    };
    second.join(first.local_addr()).unwrap();
    old.node.join(first.local_addr()).unwrap();
    let before = at(&old);
    drive_until(&mut old, "its address is learned", |_| found(before)).await;

    std::mem::swap(&mut old.node, &mut new.node);
    let after = at(&new);
    drive_until(&mut new, "and learned anew", |gossip| {
        gossip.node.address() == Some(after) && found(after)
    })
    .await;
}
