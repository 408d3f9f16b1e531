//! What it costs until everybody holds everything, beside what there is to hold.

use gossip_core::wire::{Kind, Row, Standing, limits};
use gossip_core::{Flow, Node, Traffic};
use gossip_std::sim::Span;
use gossip_std::{Heap, Limits};

use super::fleet::{Fleet, Size};
use super::table::{Table, digits, kilobytes, median, median_span, seconds};
use super::tap::{Addr, Received, row_bytes};

/// When it is given up, in virtual time.
const LIMIT: Span = Span::from_secs(300);

/// How exactly the moment is found.
const STEP: Span = Span::from_millis(20);

/// One boot, all numbers of the mean node.
struct Boot {
    time: Option<Span>,
    sent: f64,
    state: f64,
    /// Datagrams, and the bytes of them outside sections.
    datagrams: f64,
    headers: f64,
    kinds: Vec<(&'static str, f64, f64)>,
    received: Received,
    nodes: f64,
}

/// Boots a cluster of each size with each seed.
pub(crate) fn tables(sizes: &[Size], seeds: u64) -> Vec<Table> {
    let cells: Vec<(Size, Vec<Boot>)> = sizes
        .iter()
        .map(|size| (*size, (1..=seeds).map(|seed| boot(*size, seed)).collect()))
        .collect();
    let mut tables = vec![overview(&cells)];
    tables.extend(cells.last().map(|(size, boots)| breakdown(*size, boots)));
    tables
}

fn boot(size: Size, seed: u64) -> Boot {
    eprintln!("boot: {size:?}, seed {seed}");
    let mut fleet = Fleet::start(size, seed, Limits::default());
    let time = fleet.run_while(LIMIT, STEP, |fleet| fleet.is_complete(size));
    let nodes = f64::from(size.nodes);
    let mean = |sum: u64| sum as f64 / nodes;
    let sent = |of: &dyn Fn(&Flow) -> Traffic| {
        let each = fleet.nodes().map(|node| of(&node.stats().sent));
        let sum = each.fold((0, 0), |(count, bytes), one| {
            (count + u64::from(one.count), bytes + u64::from(one.bytes))
        });
        (mean(sum.0), mean(sum.1))
    };
    let of_kind = |kind: &Kind| {
        let (count, bytes) = sent(&|flow| flow.of(*kind));
        (kind.name(), count, bytes)
    };
    let kinds: Vec<(&str, f64, f64)> = Kind::ALL.iter().map(of_kind).collect();
    let (datagrams, bytes) = sent(&|flow| flow.datagrams);
    Boot {
        time,
        sent: bytes,
        state: mean(fleet.nodes().map(|node| state_bytes(node) as u64).sum()),
        datagrams,
        headers: bytes - kinds.iter().map(|(_, _, bytes)| bytes).sum::<f64>(),
        kinds,
        received: received(&fleet),
        nodes,
    }
}

/// Every entry of every other owner once, as encoded in a claim, and every row of a member once.
fn state_bytes(node: &Node<Addr, Heap>) -> usize {
    let rows = node.members().map(|member| {
        row_bytes(&Row {
            id: member.id(),
            generation: member.generation(),
            incarnation: member.incarnation(),
            standing: Standing::Alive,
            address: member.address(),
            held: member.held(),
        })
    });
    let others = node.entries().filter(|entry| entry.owner != node.id());
    let entries = others.map(|entry| {
        let held = node.member(entry.owner).map_or(0, |row| row.held().get());
        let back = held.saturating_sub(entry.version.get());
        limits::entry(back, entry.key.len(), entry.value.len())
    });
    rows.sum::<usize>() + entries.sum::<usize>()
}

fn received(fleet: &Fleet) -> Received {
    let mut sum = Received::default();
    for host in fleet.hosts() {
        sum.rows.sum(&host.received().rows);
        sum.entries.sum(&host.received().entries);
    }
    sum
}

fn overview(cells: &[(Size, Vec<Boot>)]) -> Table {
    let rows = cells.iter().map(|(size, boots)| {
        let mid = |of: fn(&Boot) -> f64| median(boots.iter().map(of));
        vec![
            format!("{} x {}", size.nodes, size.entries),
            seconds(median_span(boots.iter().map(|boot| boot.time)), "never"),
            kilobytes(mid(|boot| boot.state)),
            kilobytes(mid(|boot| boot.sent)),
            format!("{:.2}", mid(|boot| boot.sent / boot.state)),
        ]
    });
    let head = ["nodes x entries", "time", "state", "sent per node", "ratio"];
    Table {
        title: "Bytes to boot",
        about: "All nodes start at once through one seed, each with its entries of 6 + 8 bytes. The \
            time until every node holds every node for live and every entry, the bytes of the state \
            (every entry of every other owner once, as encoded in a claim, and every row of a member \
            once), and the bytes of UDP payload that the mean node has sent by then."
            .to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn breakdown(size: Size, boots: &[Boot]) -> Table {
    let mid = |of: &dyn Fn(&Boot) -> f64| median(boots.iter().map(of));
    let line = |name: &str, count: &dyn Fn(&Boot) -> f64, bytes: &dyn Fn(&Boot) -> f64| {
        let share = mid(&|boot| 100.0 * bytes(boot) / boot.sent);
        vec![
            name.to_owned(),
            digits(mid(count)),
            format!("{} B", digits(mid(bytes))),
            format!("{} %", digits(share)),
        ]
    };
    let mut rows = vec![line("headers of datagrams", &|b| b.datagrams, &|b| {
        b.headers
    })];
    let kinds = boots.first().map_or(&[][..], |boot| &boot.kinds);
    for (at, (name, ..)) in kinds.iter().enumerate().filter(|(_, kind)| kind.1 > 0.0) {
        rows.push(line(name, &|b| b.kinds[at].1, &|b| b.kinds[at].2));
    }
    let known = |bytes: fn(&Boot) -> u64| mid(&|boot| bytes(boot) as f64 / boot.nodes);
    let about = format!(
        "What the mean of {} nodes with {} entries each had sent when everybody held everything. Of \
         the entries received (in the mean {} B, without the heads of claims) {} B were held already; \
         of the rows received ({} B) {} B were.",
        size.nodes,
        size.entries,
        digits(known(|boot| boot.received.entries.bytes)),
        digits(known(|boot| boot.received.entries.known)),
        digits(known(|boot| boot.received.rows.bytes)),
        digits(known(|boot| boot.received.rows.known)),
    );
    Table {
        title: "What a boot consists of",
        about,
        head: ["", "how many", "bytes", "share"]
            .map(str::to_owned)
            .to_vec(),
        rows,
    }
}
