//! The life of one cluster, from the first datagram to the first crash: what it costs, and how long
//! everything takes.

use gossip_std::sim::chance::{Purpose, below, stream};
use gossip_std::sim::{Index, Span, Time};

use super::plan::Windows;
use super::subject::{Protocol, Setup, Subject, start};

/// How exactly the moment is found at which everybody knows everybody.
const STEP: Span = Span::from_millis(50);

/// What was measured of one life. A span that is `None` was not over when it was given up.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    /// Until 99 of 100 pairs of nodes knew each other.
    pub most: Option<Span>,
    /// Until everybody knew everybody.
    pub all: Option<Span>,
    /// UDP payload that the mean node had sent at the first of these moments, in bytes.
    pub most_bytes: f64,
    /// And at the second, or when it was given up.
    pub all_bytes: f64,
    /// UDP payload sent in the steady state, by the mean node in a second.
    pub steady_bytes: f64,
    /// Real time computed in the steady state, by the mean node in a virtual second, in
    /// microseconds.
    pub steady_micros: f64,
    /// From a crash until the first survivor knew.
    pub first: Option<Span>,
    /// Until half of them knew.
    pub median: Option<Span>,
    /// Until all of them knew.
    pub last: Option<Span>,
}

/// Lives one life.
pub(crate) fn measure(protocol: Protocol, setup: &Setup, windows: &Windows) -> Life {
    let mut cluster = start(protocol, setup);
    let cluster = &mut *cluster;
    let nodes = setup.nodes.get();
    let per_node = 1.0 / f64::from(nodes);

    let pairs = u64::from(nodes) * u64::from(nodes);
    let most = cluster.run_while(windows.join, STEP, |cluster| {
        let known: u64 = setup
            .hosts()
            .map(|host| u64::from(cluster.live(host)))
            .sum();
        known * 100 >= pairs * 99
    });
    let most_bytes = cluster.sent_bytes() as f64 * per_node;
    let left = Span::from_micros(windows.join.as_micros() - cluster.now().as_micros());
    let all = cluster.run_while(left, STEP, |cluster| cluster.is_complete(nodes));
    let all = all.map(|_| cluster.now().since(Time::START));
    let all_bytes = cluster.sent_bytes() as f64 * per_node;

    cluster.run(windows.settle);
    let (bytes, busy) = (cluster.sent_bytes(), cluster.busy());
    cluster.run(windows.steady);
    let seconds = windows.steady.as_secs();
    let steady_bytes = (cluster.sent_bytes() - bytes) as f64 * per_node / seconds;
    let steady_micros =
        cluster.busy().saturating_sub(busy).as_secs_f64() * 1e6 * per_node / seconds;

    let [first, median, last] = detection(cluster, setup, windows.detect);
    Life {
        most,
        all,
        most_bytes,
        all_bytes,
        steady_bytes,
        steady_micros,
        first,
        median,
        last,
    }
}

/// Crashes a node at some point of its round; when the first, half and all of those that held it for
/// live do so no more.
pub(crate) fn detection(
    cluster: &mut dyn Subject,
    setup: &Setup,
    limit: Span,
) -> [Option<Span>; 3] {
    let mut chance = stream(setup.seed, Index::MAX, Purpose::Fault);
    cluster.run(Span::from_micros(below(&mut chance, 1_000_000)));
    let victim = setup.nodes.get() / 2;
    let held = setup
        .hosts()
        .filter(|host| *host != victim && cluster.holds(*host, victim));
    let mut delays: Vec<(Index, Option<Span>)> = held.map(|host| (host, None)).collect();
    cluster.crash(victim);
    let crashed_at = cluster.now();
    while cluster.now().since(crashed_at) < limit && delays.iter().any(|(_, delay)| delay.is_none())
    {
        cluster.run(STEP);
        let delay = cluster.now().since(crashed_at);
        for (host, known) in &mut delays {
            // One who takes it for live again did not know yet.
            *known = (!cluster.holds(*host, victim)).then(|| known.unwrap_or(delay));
        }
    }
    let mut known: Vec<Span> = delays.iter().filter_map(|(_, delay)| *delay).collect();
    known.sort_unstable();
    let of = delays.len();
    [1, of.div_ceil(2), of].map(|rank| known.get(rank.saturating_sub(1)).copied())
}

/// How long until every node holds every entry, within `limit`, and the bytes that the mean node
/// has sent by then.
pub(crate) fn entries_told(protocol: Protocol, setup: &Setup, limit: Span) -> (Option<Span>, f64) {
    let mut cluster = start(protocol, setup);
    let cluster = &mut *cluster;
    let wanted = setup.nodes.get() * setup.entries;
    let told = cluster.run_while(limit, STEP, |cluster| {
        setup.hosts().all(|host| cluster.entries(host) == wanted)
    });
    let bytes = cluster.sent_bytes() as f64 / f64::from(setup.nodes.get());
    (told, bytes)
}

/// What loss did to a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Endurance {
    /// Notices that a live node is down, of all observers together.
    pub wrong: u64,
    /// UDP payload that the mean node sent in a second of it, in bytes.
    pub bytes: f64,
    /// From a crash under this loss until half and all of the survivors knew.
    pub median: Option<Span>,
    pub last: Option<Span>,
}

/// Loses a share of all datagrams for so long, and then a node.
pub(crate) fn endure(protocol: Protocol, setup: &Setup, loss: f64, windows: &Windows) -> Endurance {
    let mut cluster = start(protocol, setup);
    let cluster = &mut *cluster;
    let nodes = setup.nodes.get();
    cluster.run_while(windows.join, STEP, |cluster| cluster.is_complete(nodes));
    cluster.run(windows.settle);
    cluster.lose(loss);
    let (before, sent) = (cluster.downs(), cluster.sent_bytes());
    let begin = cluster.now();
    while cluster.now().since(begin) < windows.endure {
        cluster.run(Span::from_secs(1));
    }
    let wrong = cluster.downs() - before;
    let bytes = (cluster.sent_bytes() - sent) as f64 / windows.endure.as_secs() / f64::from(nodes);
    let [_, median, last] = detection(cluster, setup, windows.detect);
    Endurance {
        wrong,
        bytes,
        median,
        last,
    }
}
