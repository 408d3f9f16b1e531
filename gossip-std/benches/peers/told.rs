//! How long it takes to tell everyone everything.

use chitchat::ProtocolVersion;
use gossip_std::sim::Span;

use super::life;
use super::plan::{Contender, Effort, MTU, MTU_MAX};
use super::subject::{Address, Protocol};
use super::table::{Table, kilobytes, median, median_span, seconds};

/// When it is given up, in virtual time.
const LIMIT: Span = Span::from_secs(60);

/// Who tells its entries, over which datagrams.
const RUNS: [(&str, Protocol, usize); 6] = [
    ("chitchat", Protocol::Chitchat(ProtocolVersion::V1), MTU),
    ("chitchat", Protocol::Chitchat(ProtocolVersion::V1), MTU_MAX),
    (
        "chitchat, plain digests",
        Protocol::Chitchat(ProtocolVersion::V0),
        MTU_MAX,
    ),
    ("ours", Protocol::Ours(Address::Socket), MTU),
    ("ours", Protocol::Ours(Address::Socket), 127),
    ("ours", Protocol::Ours(Address::Socket), 64),
];

/// Runs them.
pub(crate) fn table(effort: Effort) -> Table {
    let nodes = effort.size();
    let about = format!(
        "{nodes} nodes start at once through one seed, each with 16 entries of 6 + 8 bytes. The time \
         until every node holds every entry, given up after {LIMIT}, and the bytes of UDP payload \
         that the mean node has sent by then. Datagrams longer than the MTU are lost."
    );
    let contender = effort
        .contenders()
        .into_iter()
        .find(|contender| contender.entries > 0);
    let rows = RUNS.iter().filter_map(|(name, protocol, mtu)| {
        let contender = Contender {
            protocol: *protocol,
            mtu: *mtu,
            ..contender?
        };
        Some(row(effort, name, &contender, nodes))
    });
    Table {
        title: "Everything told",
        about,
        head: ["", "MTU", "time", "bytes per node"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}

fn row(effort: Effort, name: &str, contender: &Contender, nodes: u32) -> Vec<String> {
    let seeds = 1..=effort.seeds(contender, nodes);
    let runs: Vec<(Option<Span>, f64)> = seeds
        .map(|seed| {
            eprintln!(
                "everything told: {name}, MTU {}, seed {seed}",
                contender.mtu
            );
            life::entries_told(contender.protocol, &contender.setup(nodes, seed), LIMIT)
        })
        .collect();
    let time = median_span(runs.iter().map(|(time, _)| *time));
    let bytes = median(runs.iter().map(|(_, bytes)| *bytes));
    vec![
        name.to_owned(),
        format!("{} B", contender.mtu),
        seconds(time, "never"),
        kilobytes(bytes),
    ]
}
