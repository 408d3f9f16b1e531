//! The tables that come from whole lives: join, steady state, crash.

use gossip_std::sim::Span;

use super::life::{self, Life};
use super::plan::{Contender, Effort};
use super::table::{Table, digits, kilobytes, median, median_span, seconds};

/// Lives of each contender at each size.
pub(crate) struct Lives {
    sizes: &'static [u32],
    rows: Vec<(Contender, Row)>,
}

/// The lives that one cell stands for; none where they would take too long.
type Cell = Vec<Life>;
/// One size, contender by contender.
type Column = Vec<Cell>;
/// One contender, size by size.
type Row = Vec<Cell>;

impl Lives {
    /// Lives them all. Contenders take turns, so that what else the machine does hits them alike.
    pub(crate) fn live(effort: Effort) -> Self {
        let (sizes, contenders) = (effort.sizes(), effort.contenders());
        let columns: Vec<Column> = sizes
            .iter()
            .map(|nodes| live_at(effort, &contenders, *nodes))
            .collect();
        let cells = |row: usize| columns.iter().map(|column| column[row].clone()).collect();
        let rows = contenders.iter().enumerate();
        Self {
            sizes,
            rows: rows.map(|(row, of)| (*of, cells(row))).collect(),
        }
    }

    /// A table with one cell for each contender and size.
    fn table(
        &self,
        title: &'static str,
        about: &str,
        cell: impl Fn(&[Life], usize) -> String,
    ) -> Table {
        let sizes = self.sizes.iter().map(|nodes| format!("{nodes} nodes"));
        let row = |(contender, cells): &(Contender, Row)| {
            let cells = cells.iter().enumerate().map(|(column, lives)| {
                if lives.is_empty() {
                    "not run".to_owned()
                } else {
                    cell(lives, column)
                }
            });
            std::iter::once(contender.name.to_owned())
                .chain(cells)
                .collect()
        };
        Table {
            title,
            about: about.to_owned(),
            head: std::iter::once(String::new()).chain(sizes).collect(),
            rows: self.rows.iter().map(row).collect(),
        }
    }

    /// Traffic when nothing happens.
    pub(crate) fn steady(&self) -> Table {
        let about = "Bytes of UDP payload that the mean node sends in a second when nothing \
            happens, everything included: probes, anti-entropy, periodic announcements.";
        self.table("Steady traffic", about, |lives, _| {
            format!(
                "{} B/s",
                digits(median(lives.iter().map(|life| life.steady_bytes)))
            )
        })
    }

    /// How long a join takes.
    pub(crate) fn join_time(&self) -> Table {
        let about = "All nodes start at once and know one address, that of the first. The time \
            until every node holds every node for live, given up after ten minutes; in parentheses \
            until 99 of 100 pairs do.";
        self.table("Time to full membership", about, |lives, _| {
            let [all, most] = joined(lives);
            format!("{} ({})", seconds(all, "never"), seconds(most, "never"))
        })
    }

    /// What a join costs.
    pub(crate) fn join_bytes(&self) -> Table {
        let about = "Bytes of UDP payload that the mean node has sent at these two moments. \
            Entries are told at the same time and counted.";
        self.table("Bytes to full membership", about, |lives, _| {
            let bytes = |of: fn(&Life) -> f64| kilobytes(median(lives.iter().map(of)));
            let [all, _] = joined(lives);
            let more = if all.is_some() { "" } else { "more than " };
            let (all, most) = (bytes(|life| life.all_bytes), bytes(|life| life.most_bytes));
            format!("{more}{all} ({most})")
        })
    }

    /// How long until a crash is known.
    pub(crate) fn detection(&self) -> Table {
        let about = "One node stops without a word at some point of its round. The time until the \
            first, half and the last of those that held it for live do so no more.";
        self.table(
            "Detection of a crash: first / half / last",
            about,
            |lives, _| {
                let part = |of: fn(&Life) -> _| seconds(median_span(lives.iter().map(of)), "never");
                let (first, half) = (part(|life| life.first), part(|life| life.median));
                format!("{first} / {half} / {}", part(|life| life.last))
            },
        )
    }

    /// What computing costs.
    pub(crate) fn computing(&self) -> Table {
        let about = "Real time that the mean node computes in a virtual second when nothing \
            happens, and the ratio to the first row. Encoding and decoding are included, sockets \
            and system calls are not. What else the machine does can only add to it, so each \
            number is the least of its runs; even so only the ratios mean something. (Of chitchat \
            the whole run is timed, with the virtual network and tokio's scheduler, which are a \
            small part of it.)";
        let first = self.rows.first().map(|(_, cells)| cells);
        let base = |column: usize| Some(least_micros(first?.get(column)?));
        self.table("Computing", about, |lives, column| {
            let micros = least_micros(lives);
            let ratio = base(column).map(|base| digits(micros / base));
            format!("{} us (x {})", digits(micros), ratio.unwrap_or_default())
        })
    }
}

/// Lives of all contenders at one size.
fn live_at(effort: Effort, contenders: &[Contender], nodes: u32) -> Column {
    let mut column = vec![Vec::new(); contenders.len()];
    for seed in 1..=Effort::SEEDS_MAX {
        for (contender, cell) in contenders.iter().zip(&mut column) {
            if nodes <= contender.nodes_max && seed <= effort.seeds(contender, nodes) {
                eprintln!("{}: {nodes} nodes, seed {seed}", contender.name);
                let setup = contender.setup(nodes, seed);
                cell.push(life::measure(
                    contender.protocol,
                    &setup,
                    &contender.windows,
                ));
            }
        }
    }
    column
}

/// Until everybody knew everybody, and until 99 of 100 pairs did.
fn joined(lives: &[Life]) -> [Option<Span>; 2] {
    let median = |of: fn(&Life) -> Option<Span>| median_span(lives.iter().map(of));
    [median(|life| life.all), median(|life| life.most)]
}

fn least_micros(lives: &[Life]) -> f64 {
    let micros = lives.iter().map(|life| life.steady_micros);
    micros.fold(f64::INFINITY, f64::min)
}
