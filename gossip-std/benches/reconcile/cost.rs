//! What it costs to bring two nodes together, by how much differs and by how much there is.

use gossip_core::exchange::ExchangeMode;
use gossip_std::sim::report::{Lines, Scale};

use super::pair::{Cost, Pair};
use super::table::{Table, digits, median};

/// How many entries differ.
const DIFFERENCES: [usize; 5] = [0, 1, 10, 100, usize::MAX];

/// Members of the table by differences.
const MEMBERS: u32 = 1000;

/// Modes, with the names they have in scenarios.
const MODES: [(&str, ExchangeMode); 4] = [
    ("push-pull", ExchangeMode::PushPull),
    ("push", ExchangeMode::Push),
    ("pull", ExchangeMode::Pull),
    ("first-push-then-pull", ExchangeMode::FirstPushThenPull),
];

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub members_max: u32,
    pub seeds: u64,
}

/// Tables and pictures.
pub(crate) fn measure(extent: Extent) -> (Vec<Table>, Vec<Lines>) {
    let (by_difference, lines) = by_difference(extent);
    let (by_size, more) = by_size(extent);
    (vec![by_difference, by_size], vec![lines, more])
}

/// Where the later entries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    One,
    Both,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Both => "both",
        }
    }

    fn split(self, differences: usize) -> [usize; 2] {
        match self {
            Self::One => [differences, 0],
            Self::Both => [differences.div_ceil(2), differences / 2],
        }
    }
}

/// The median costs over the seeds; `None` if some run never came to an end.
fn costs(members: u32, mode: ExchangeMode, news: [usize; 2], seeds: u64) -> Option<Cost> {
    let runs = (1..=seeds).map(|seed| Pair::new(members, mode, seed).reconcile(news));
    let runs: Vec<Cost> = runs.collect::<Option<_>>()?;
    let mid = |of: fn(&Cost) -> f64| median(runs.iter().map(of));
    Some(Cost {
        datagrams: mid(|cost| cost.datagrams as f64) as u64,
        bytes: mid(|cost| cost.bytes as f64) as u64,
        exchanges: mid(|cost| cost.exchanges as f64) as u64,
        millis: mid(|cost| cost.millis),
    })
}

fn by_difference(extent: Extent) -> (Table, Lines) {
    let members = MEMBERS.min(extent.members_max);
    let owners = members as usize - 2;
    let mut differences = DIFFERENCES
        .map(|difference| difference.min(owners))
        .to_vec();
    differences.dedup();
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    for (name, mode) in MODES {
        let mut line = Vec::new();
        for difference in differences.iter().copied() {
            for side in [Side::One, Side::Both] {
                if side == Side::Both && difference < 2 {
                    continue;
                }
                eprintln!("cost: {name}, {difference} of {owners} differ, {side:?}");
                let cost = costs(members, mode, side.split(difference), extent.seeds);
                let line_of_one = cost.filter(|_| side == Side::One && difference > 0);
                line.extend(line_of_one.map(|cost| (difference as f64, cost.bytes as f64)));
                let mut row = vec![
                    name.to_owned(),
                    difference.to_string(),
                    side.name().to_owned(),
                ];
                row.extend(cells(cost));
                rows.push(row);
            }
        }
        lines.push((name.to_owned(), line));
    }
    lines.push(theory(&lines[0].1, "~ d", |difference| difference));
    let about = format!(
        "Two nodes hold one entry of 6 + 8 bytes of each of {owners} other members. Then one of them, \
         or each of them half as many, gets later entries of d owners, and tells no news of it. \
         Everything that both say from then on until their fingerprints are equal (with d = 0: until \
         one of them knows), probes included. A datagram takes 10 ms. Exchanges begin once a second \
         on both sides."
    );
    (
        Table {
            title: "Cost of reconciling d differences",
            about,
            head: head("mode", "d", Some("later on")),
            rows,
        },
        Lines {
            title: format!("Bytes until two nodes with {owners} entries are equal"),
            x: Scale::Powers("entries that differ".to_owned()),
            y: Scale::Powers("bytes".to_owned()),
            lines,
        },
    )
}

fn by_size(extent: Extent) -> (Table, Lines) {
    let mut rows = Vec::new();
    let mut lines: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for difference in [0, 1, 10] {
        let mut line = Vec::new();
        let sizes = (6..=12).map(|power| 1 << power);
        for members in sizes.filter(|members| *members <= extent.members_max) {
            eprintln!("cost: {difference} differ among {members} members");
            let cost = costs(
                members,
                ExchangeMode::PushPull,
                [difference, 0],
                extent.seeds,
            );
            line.extend(cost.map(|cost| (f64::from(members), cost.bytes as f64)));
            let mut row = vec![difference.to_string(), members.to_string()];
            row.extend(cells(cost));
            rows.push(row);
        }
        let fitted = theory(&line, "~ d log N", |members| {
            difference as f64 * members.log2()
        });
        lines.push((format!("d = {difference}"), line));
        if difference > 0 {
            lines.push(fitted);
        }
    }
    (
        Table {
            title: "Cost of reconciling among N members",
            about: "The same, push-pull, one node with later entries of d owners.".to_owned(),
            head: head("d", "N", None),
            rows,
        },
        Lines {
            title: "Bytes until two nodes with N members are equal".to_owned(),
            x: Scale::Powers("members".to_owned()),
            y: Scale::Powers("bytes".to_owned()),
            lines,
        },
    )
}

fn head(first: &str, second: &str, third: Option<&str>) -> Vec<String> {
    let measures = ["datagrams", "bytes", "exchanges", "time"];
    let names = [first, second].into_iter().chain(third).chain(measures);
    names.map(str::to_owned).collect()
}

fn cells(cost: Option<Cost>) -> [String; 4] {
    match cost {
        None => ["never", "", "", ""].map(str::to_owned),
        Some(cost) => [
            cost.datagrams.to_string(),
            format!("{} B", digits(cost.bytes as f64)),
            cost.exchanges.to_string(),
            format!("{} ms", digits(cost.millis)),
        ],
    }
}

/// How it should grow, through the middle one of the points measured.
fn theory(
    measured: &[(f64, f64)],
    name: &str,
    growth: impl Fn(f64) -> f64,
) -> (String, Vec<(f64, f64)>) {
    let middle = measured.get(measured.len() / 2);
    let scale = middle.map_or(0.0, |(x, y)| y / growth(*x));
    let point = |(x, _): &(f64, f64)| (*x, scale * growth(*x));
    (name.to_owned(), measured.iter().map(point).collect())
}
