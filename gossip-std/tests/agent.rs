//! Agents on real sockets of the loopback interface.

mod common;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use common::{DEADLINE, agent, config, eventually, status};
use gossip_core::table::Prefix;
use gossip_core::{
    Event, JoinError, Mail, NodeId, ReadEnd, RequestError, SetError, Status, SyncEnd,
};
use gossip_std::{Agent, AgentError, AgentOptions};

/// Agents 1 to `count` that all know each other.
fn cluster(name: &str, count: u16) -> Vec<Agent> {
    let agents: Vec<Agent> = (1..=count).map(|id| agent(name, id)).collect();
    for other in &agents[1..] {
        other.join(agents[0].local_addr()).unwrap();
    }
    eventually("all know all", || {
        agents
            .iter()
            .all(|agent| agent.live() == usize::from(count) && agent.is_joined())
    });
    agents
}

fn holds(agent: &Agent, owner: &Agent, key: &str, value: &[u8]) -> bool {
    agent.get(owner.id(), key).as_deref() == Some(value)
}

#[test]
fn entries_spread_change_and_go() {
    let agents = cluster("spread", 4);
    for agent in &agents {
        agent
            .set("name", format!("node {}", agent.id()).as_bytes())
            .unwrap();
        agent
            .set_value("reading", &(agent.id().get(), 21.5f32))
            .unwrap();
    }
    eventually("everyone holds everything", || {
        agents.iter().all(|agent| agent.entries().len() == 8)
    });
    let first = agents[0].entries();
    let order: Vec<_> = first
        .iter()
        .map(|entry| (entry.owner.get(), entry.key.as_str()))
        .collect();
    assert!(order.is_sorted() && order[0] == (1, "name"), "{order:?}");
    assert_eq!(
        agents[3].value(agents[1].id(), "reading"),
        Some(Ok((2u64, 21.5f32)))
    );
    assert_eq!(agents[3].value::<u8>(agents[1].id(), "nothing"), None);
    eventually("all are equal", || {
        agents
            .iter()
            .all(|agent| agent.fingerprint() == agents[0].fingerprint())
    });
    assert!(agents.iter().all(|agent| agent.entries() == first));

    agents[2].set("name", b"renamed").unwrap();
    assert_eq!(agents[1].delete("reading"), Ok(true));
    assert_eq!(agents[1].delete("reading"), Ok(false));
    eventually("the changes spread", || {
        agents.iter().all(|agent| {
            holds(agent, &agents[2], "name", b"renamed")
                && agent.get(agents[1].id(), "reading").is_none()
        })
    });
    let ids: Vec<u64> = agents[3]
        .members()
        .iter()
        .map(|member| member.id.get())
        .collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    for member in agents[3].members() {
        let owner = agents.iter().find(|agent| agent.id() == member.id).unwrap();
        assert_eq!(member.address, Some(owner.local_addr()));
        assert_eq!(owner.address(), Some(owner.local_addr()));
    }
    assert!(
        agents
            .iter()
            .all(|agent| agent.stats().sent.datagrams.count > 0)
    );
}

#[test]
fn a_sync_and_a_read_wait_for_their_reports() {
    let agents = cluster("requests", 3);
    let (asker, peer) = (&agents[0], agents[1].id());
    agents[1].set("k", b"v").unwrap();
    let fresh = asker.read_fresh(peer, "k", 2, DEADLINE).unwrap();
    assert_eq!(fresh.value.as_deref(), Some(&b"v"[..]));
    assert_eq!(fresh.report.end, ReadEnd::Owner);
    for range in [Prefix::of(peer), Prefix::ROOT] {
        let report = asker.sync(peer, range, DEADLINE).unwrap();
        assert_eq!((report.end, report.peer), (SyncEnd::Equal, peer));
        assert!(report.datagrams >= 2 && report.bytes > 0);
    }
    // More than there is room for at a time, if the reports were not taken.
    for _ in 0..100 {
        assert!(
            asker
                .sync(peer, Prefix::ROOT, DEADLINE)
                .unwrap()
                .is_complete()
        );
    }

    let stranger = NodeId::from(99);
    let unknown = asker.sync(stranger, Prefix::ROOT, DEADLINE);
    assert_eq!(unknown, Err(RequestError::UnknownPeer));
    let own = asker.read_fresh(asker.id(), "k", 2, DEADLINE);
    assert_eq!(own, Err(RequestError::Myself));
    agents[1].shutdown().unwrap();
    let late = asker
        .sync(peer, Prefix::ROOT, Duration::from_millis(50))
        .unwrap();
    assert!(!late.is_complete(), "{late:?}");
}

#[test]
fn whoever_waits_for_a_report_hears_that_the_agent_stops() {
    let agents = cluster("stopped", 2);
    agents[1].shutdown().unwrap();
    let (asker, peer) = (agents[0].clone(), agents[1].id());
    let waiting = std::thread::spawn(move || asker.sync(peer, Prefix::ROOT, DEADLINE));
    eventually("it has begun, or the peer is known to be gone", || {
        agents[0]
            .stats()
            .sent
            .of(gossip_core::wire::Kind::Compare)
            .count
            > 0
            || status(&agents[0], peer) == Some(Status::Dead)
    });
    agents[0].shutdown().unwrap();
    let over = waiting.join().unwrap();
    let gone = over.is_ok_and(|report| report.end == SyncEnd::Gone);
    assert!(
        gone || matches!(
            over,
            Err(RequestError::NotRunning | RequestError::UnknownPeer)
        )
    );
}

#[test]
fn mail_arrives_and_is_acknowledged() {
    let bind = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = |id| AgentOptions::new(bind, config("mail", id).direct_mail(Mail::All));
    let agents: Vec<Agent> = (1..=3)
        .map(|id| Agent::spawn(options(id)).unwrap())
        .collect();
    for other in &agents[1..] {
        other.join(agents[0].local_addr()).unwrap();
    }
    eventually("all know all", || {
        agents.iter().all(|agent| agent.live() == 3)
    });
    agents[0].set("k", b"v").unwrap();
    eventually("both have acknowledged", || {
        let stats = agents[0].stats();
        stats.mails_delivered + stats.mails_handed_over >= 2
    });
    eventually("both hold it", || {
        agents
            .iter()
            .all(|agent| holds(agent, &agents[0], "k", b"v"))
    });
}

#[test]
fn a_lease_ends_on_every_agent_though_its_owner_is_gone() {
    let agents = cluster("lease", 3);
    let ttl = Duration::from_secs(2);
    assert_eq!(agents[0].renew("k", ttl), Ok(false));
    agents[0].set_for("k", b"v", ttl).unwrap();
    assert_eq!(agents[0].renew("k", ttl), Ok(true));
    eventually("everyone holds it", || {
        agents
            .iter()
            .all(|agent| holds(agent, &agents[0], "k", b"v"))
    });
    for entry in agents.iter().flat_map(Agent::entries) {
        assert!(entry.left.is_some_and(|left| left <= ttl), "{entry:?}");
    }
    agents[0].shutdown().unwrap();
    eventually("it is over", || {
        agents[1..].iter().all(|agent| agent.entries().is_empty())
    });
}

#[test]
fn an_agent_without_a_state_takes_back_what_it_had_written() {
    let agents = cluster("reclaim", 3);
    for number in 0..40 {
        agents[2].set(&format!("key {number}"), b"kept").unwrap();
    }
    let held = |agent: &Agent| agent.entries().len() == 40;
    eventually("everyone holds it", || agents.iter().all(held));
    agents[2].shutdown().unwrap();
    let again = agent("reclaim", 3);
    let events = again.events();
    again.join(agents[0].local_addr()).unwrap();
    again.set("key 7", b"new").unwrap();
    eventually("it has it back", || {
        assert!(agents[..2].iter().all(held), "missed for a moment");
        held(&again) && holds(&agents[1], &again, "key 7", b"new")
    });
    let mut told = std::iter::from_fn(|| events.try_recv());
    assert!(told.any(|event| event == Event::Reclaimed));
    assert_eq!(again.stats().reclaimed, 39);
    assert!(holds(&again, &again, "key 8", b"kept"));
}

#[test]
fn a_crash_is_noticed_and_a_restart_taken_back() {
    let mut agents = cluster("crash", 3);
    let victim = agents.pop().unwrap();
    let (id, addr) = (victim.id(), victim.local_addr());
    victim.set("kept", b"old").unwrap();
    eventually("it spread", || {
        agents
            .iter()
            .all(|agent| holds(agent, &victim, "kept", b"old"))
    });
    let life = |agent: &Agent| {
        agent
            .members()
            .iter()
            .find(|member| member.id == id)
            .map(|member| member.generation)
    };
    let first_life = life(&agents[0]);

    victim.shutdown().unwrap();
    eventually("everyone found it dead", || {
        agents
            .iter()
            .all(|agent| status(agent, id) == Some(Status::Dead) && agent.live() == 2)
    });
    agents[0].set("meanwhile", b"1").unwrap();
    eventually("the others go on", || {
        holds(&agents[1], &agents[0], "meanwhile", b"1")
    });

    let restarted = Agent::spawn(AgentOptions::new(addr, config("crash", 3))).unwrap();
    restarted.join(agents[1].local_addr()).unwrap();
    eventually("everyone took it back", || {
        agents
            .iter()
            .all(|agent| status(agent, id) == Some(Status::Alive))
            && restarted.live() == 3
    });
    restarted.set("new", b"2").unwrap();
    eventually("it has what it missed, and tells again", || {
        holds(&restarted, &agents[0], "meanwhile", b"1")
            && agents
                .iter()
                .all(|agent| holds(agent, &restarted, "new", b"2"))
    });
    assert!(agents.iter().all(|agent| life(agent) > first_life));
}

#[test]
fn a_leaving_node_says_goodbye() {
    let agents = cluster("leave", 3);
    let events = agents[2].events();
    assert!(agents[2].leave(DEADLINE));
    assert!(agents[2].leave(Duration::ZERO), "it has left already");
    eventually("the others heard it", || {
        agents[..2]
            .iter()
            .all(|agent| status(agent, agents[2].id()) == Some(Status::Left))
    });
    assert_eq!(agents[2].set("late", b""), Err(SetError::NotRunning));
    assert_eq!(
        agents[2].join(agents[0].local_addr()),
        Err(JoinError::NotRunning)
    );
    let mut told = std::iter::from_fn(|| events.recv_timeout(DEADLINE));
    assert!(told.any(|event| event == Event::Left));

    let alone = agent("leave alone", 1);
    assert!(alone.leave(DEADLINE), "nobody has to hear it");
}

#[test]
fn commands_wake_a_thread_that_has_nothing_to_do() {
    let hour = gossip_core::Duration::from_secs(3_600);
    let sleepy = |id| {
        let config = config("sleepy", id)
            .probe_interval(hour)
            .reconnect_interval(hour)
            .tombstone_grace(hour.times(2));
        let bind = SocketAddr::from(([127, 0, 0, 1], 0));
        Agent::spawn(AgentOptions::new(bind, config)).unwrap()
    };
    let (first, second) = (sleepy(1), sleepy(2));
    // Until the threads are asleep; if that takes longer, the test is only less strict.
    std::thread::sleep(Duration::from_millis(50));
    second.join(first.local_addr()).unwrap();
    eventually("they met", || first.live() == 2 && second.live() == 2);
    first.set("key", b"value").unwrap();
    eventually("it spread", || holds(&second, &first, "key", b"value"));
    second.shutdown().unwrap();
}

#[test]
fn a_dual_stack_node_has_one_identity() {
    let bind = "[::]:0".parse().unwrap();
    let dual = match Agent::spawn(AgentOptions::new(bind, config("dual", 1))) {
        Ok(agent) => agent,
        Err(AgentError::Bind { error, .. }) => return eprintln!("skipped, no IPv6: {error}"),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(dual.address(), None, "a wildcard is no address");
    let plain = agent("dual", 2);
    let reached = SocketAddr::from(([127, 0, 0, 1], dual.local_addr().port()));
    plain.join(reached).unwrap();
    eventually("they are one cluster", || {
        plain.live() == 2 && dual.live() == 2
    });
    eventually("it learned its address", || dual.address() == Some(reached));
    dual.set("key", b"from v6").unwrap();
    plain.set("key", b"from v4").unwrap();
    eventually("entries spread both ways", || {
        holds(&plain, &dual, "key", b"from v6") && holds(&dual, &plain, "key", b"from v4")
    });
    for agent in [&dual, &plain] {
        let members = agent.members();
        let addresses: Vec<_> = members.iter().map(|member| member.address).collect();
        assert_eq!(addresses, [Some(reached), Some(plain.local_addr())]);
    }
}

#[test]
fn what_is_wrong_at_the_start_is_said_in_one_line() {
    let holder = agent("start", 1);
    let taken = holder.local_addr();
    let error = Agent::spawn(AgentOptions::new(taken, config("start", 2))).unwrap_err();
    assert!(
        matches!(error, AgentError::Bind { addr, .. } if addr == taken),
        "{error:?}"
    );
    let line = error.to_string();
    assert!(
        line.starts_with(&format!("cannot bind {taken}: ")) && !line.contains('\n'),
        "{line}"
    );

    let config = config("start", 2).mtu_floor(1);
    let error = Agent::spawn(AgentOptions::new(taken, config)).unwrap_err();
    assert!(matches!(error, AgentError::Config(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("bad configuration: mtu_floor"),
        "{error}"
    );
}

#[test]
fn a_slow_subscriber_gets_a_resync() {
    let agents = cluster("slow", 2);
    let (slow, quick) = (agents[1].events(), agents[1].events());
    for number in 0..1_500 {
        agents[0].set(&format!("key {number}"), b"").unwrap();
    }
    // Both are told the same, the slow one first: after this its queue has been full.
    let mut told = 0;
    while told < 1_100 {
        let event = quick.recv_timeout(DEADLINE).expect("events come");
        told = if event == Event::Resync {
            1_100
        } else {
            told + 1
        };
    }
    let waiting: Vec<_> = std::iter::from_fn(|| slow.try_recv()).collect();
    let resync = waiting.iter().position(|event| *event == Event::Resync);
    assert_eq!(resync, Some(1_023), "after what had room");
    eventually("nothing of the state is lost", || {
        agents[1].entries().len() == 1_500
    });
}

#[test]
fn shutdown_ends_everything_once() {
    let agents = cluster("shutdown", 2);
    let (agent, other) = (agents[0].clone(), &agents[1]);
    other.set("key", b"value").unwrap();
    eventually("it spread", || holds(&agent, other, "key", b"value"));
    let mut events = agent.events();
    let reader = std::thread::spawn(move || events.by_ref().count());
    agent.shutdown().unwrap();
    agent.shutdown().unwrap();
    agents[0].shutdown().unwrap();
    reader.join().unwrap();
    assert!(agent.events().has_ended());
    assert_eq!(agent.set("key", b""), Err(SetError::NotRunning));
    assert_eq!(agent.delete("key"), Err(SetError::NotRunning));
    assert_eq!(agent.join(other.local_addr()), Err(JoinError::NotRunning));
    assert!(!agent.leave(DEADLINE), "it said no goodbye");
    assert!(
        holds(&agent, other, "key", b"value"),
        "what it knew can be read"
    );
    assert!(
        UdpSocket::bind(agent.local_addr()).is_ok(),
        "its socket is closed"
    );
}

#[test]
fn dropping_the_last_handle_stops_the_thread() {
    let agent = agent("drop", 1);
    let (addr, events) = (agent.local_addr(), agent.events());
    let last = agent.clone();
    drop(agent);
    assert!(UdpSocket::bind(addr).is_err(), "a handle is left");
    last.set("key", b"value").unwrap();
    drop(last);
    assert_eq!(events.filter(|event| *event == Event::Left).count(), 0);
    assert!(UdpSocket::bind(addr).is_ok(), "its socket is closed");
}

#[test]
fn garbage_and_dead_ends_do_not_stop_it() {
    let agent = agent("garbage", 1);
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap();
    let seed = nobody.local_addr().unwrap();
    agent.join(seed).unwrap();
    agent.join("[2001:db8::1]:7".parse().unwrap()).unwrap();
    for bytes in [&b""[..], b"x", &[0xff; 9_000]] {
        nobody.send_to(bytes, agent.local_addr()).unwrap();
    }
    eventually("the garbage is counted", || {
        let stats = agent.stats();
        let drops = stats
            .counters()
            .filter(|(name, _)| name.starts_with("drop_"));
        drops.map(|(_, count)| count).sum::<u32>() == 3
    });
    eventually("the dead end is counted", || {
        agent.io_errors().unreachable > 0
    });
    drop(nobody);
    let late = || Agent::spawn(AgentOptions::new(seed, config("garbage", 2)));
    let late = std::iter::repeat_with(late)
        .take(1_000)
        .find_map(Result::ok)
        .expect("a free port");
    eventually("it joined when someone was there", || {
        agent.live() == 2 && late.live() == 2
    });
    assert_eq!(status(&agent, NodeId::from(2)), Some(Status::Alive));
}
