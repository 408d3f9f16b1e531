//! The numbers that this project wants to reach, in one table.

use gossip_std::Limits;
use gossip_std::sim::Span;

use super::fleet::{Fleet, Size};
use super::table::{Table, digits, median, median_span, seconds};

/// When a boot is given up, in virtual time.
const LIMIT: Span = Span::from_secs(600);

/// From the end of the boot until traffic counts as steady, and how long it is counted.
const WINDOW: Span = Span::from_secs(60);

/// One cluster, and what is wanted of it.
struct Target {
    size: Size,
    wanted: Wanted,
}

enum Wanted {
    /// Bytes of UDP payload per node and second when nothing happens, at most.
    Steady(f64),
    /// That everybody holds everything within this time.
    Told(Span),
    /// That it ever does.
    Converged,
}

/// Measures all of them. With `small` clusters it is done in seconds, and says nothing.
pub(crate) fn table(small: bool, seeds: u64) -> Table {
    let size = |nodes: u32, entries, mtu| Size {
        nodes: if small { nodes.min(16) } else { nodes },
        entries,
        mtu,
    };
    let target = |size, wanted| Target { size, wanted };
    let targets = [
        target(size(64, 16, 1400), Wanted::Steady(45.0)),
        target(size(1000, 1, 1400), Wanted::Steady(70.0)),
        target(size(64, 16, 1400), Wanted::Told(Span::from_secs(5))),
        target(size(64, 16, 127), Wanted::Converged),
        target(size(64, 16, 64), Wanted::Converged),
    ];
    Table {
        title: "What is wanted and what is reached",
        about: "All nodes start at once through one seed, each with its entries of 6 + 8 bytes, and run \
            with the defaults: one round a second, failure detection included. Steady traffic is the \
            UDP payload that the mean node sends from one minute after everybody holds everything to \
            two minutes after."
            .to_owned(),
        head: ["nodes x entries", "MTU", "", "wanted", "reached"]
            .map(str::to_owned)
            .to_vec(),
        rows: targets.iter().map(|target| row(target, seeds)).collect(),
    }
}

fn row(target: &Target, seeds: u64) -> Vec<String> {
    let Target { size, wanted } = target;
    // Large clusters differ less from seed to seed and take long.
    let seeds = if size.nodes > 256 { 1 } else { seeds };
    let (what, wanted, reached) = match wanted {
        Wanted::Steady(most) => {
            let rates = (1..=seeds).map(|seed| steady(*size, seed));
            let reached = format!("{} B/s", digits(median(rates)));
            (
                "steady traffic per node",
                format!("<= {} B/s", digits(*most)),
                reached,
            )
        }
        Wanted::Told(within) => (
            "everything told",
            format!("<= {}", seconds(Some(*within), "")),
            told(*size, seeds),
        ),
        Wanted::Converged => ("everything told", "ever".to_owned(), told(*size, seeds)),
    };
    vec![
        format!("{} x {}", size.nodes, size.entries),
        format!("{} B", size.mtu),
        what.to_owned(),
        wanted,
        reached,
    ]
}

fn boot(size: Size, seed: u64) -> (Fleet, Option<Span>) {
    eprintln!("targets: {size:?}, seed {seed}");
    let mut fleet = Fleet::start(size, seed, Limits::default());
    let step = Span::from_millis(50);
    let time = fleet.run_while(LIMIT, step, |fleet| fleet.is_complete(size));
    (fleet, time)
}

fn told(size: Size, seeds: u64) -> String {
    let times = (1..=seeds).map(|seed| boot(size, seed).1);
    seconds(median_span(times), "never")
}

fn steady(size: Size, seed: u64) -> f64 {
    let (mut fleet, _) = boot(size, seed);
    fleet.run(WINDOW);
    let before = fleet.sent_bytes();
    fleet.run(WINDOW);
    let bytes = fleet.sent_bytes() - before;
    bytes as f64 / f64::from(size.nodes) / WINDOW.as_secs()
}
