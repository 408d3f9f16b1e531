//! What loss does to membership.

use chitchat::ProtocolVersion;

use super::life::{self, Endurance};
use super::plan::{Contender, Effort};
use super::subject::{Address, Protocol};
use super::table::{Table, digits, median, median_span, seconds};

/// Shares of datagrams that are lost.
const LOSSES: [f64; 6] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5];

/// Runs every protocol. The length of its messages changes nothing here, so each runs in one form:
/// chitchat in the one that is cheapest to compute.
pub(crate) fn tables(effort: Effort) -> [Table; 3] {
    let nodes = effort.size();
    let rows: Vec<(Contender, Vec<Vec<Endurance>>)> = effort
        .contenders()
        .into_iter()
        .filter(|contender| is_shown(contender.protocol))
        .map(|contender| {
            (
                contender,
                LOSSES
                    .map(|loss| runs(effort, &contender, nodes, loss))
                    .into(),
            )
        })
        .collect();
    let table = |title, about, cell: fn(&[Endurance]) -> String| Table {
        title,
        about,
        head: head(),
        rows: rows
            .iter()
            .map(|(contender, cells)| row(contender, cells, cell))
            .collect(),
    };
    [
        table("False deaths", about_wrong(effort, nodes), wrong),
        table(
            "Traffic under loss",
            "Bytes of UDP payload that the mean node sent in a second of the same runs, lost ones included.".to_owned(),
            traffic,
        ),
        table(
            "Detection of a crash under loss: half / last",
            about_late(nodes),
            late,
        ),
    ]
}

fn is_shown(protocol: Protocol) -> bool {
    !matches!(
        protocol,
        Protocol::Chitchat(ProtocolVersion::V1)
            | Protocol::Foca(Address::Short)
            | Protocol::Ours(Address::Short)
    )
}

fn head() -> Vec<String> {
    let losses = LOSSES
        .iter()
        .map(|loss| format!("{:.0} % lost", loss * 100.0));
    std::iter::once(String::new()).chain(losses).collect()
}

fn row(
    contender: &Contender,
    cells: &[Vec<Endurance>],
    cell: fn(&[Endurance]) -> String,
) -> Vec<String> {
    let cells = cells.iter().map(|runs| cell(runs));
    std::iter::once(contender.name.to_owned())
        .chain(cells)
        .collect()
}

fn runs(effort: Effort, contender: &Contender, nodes: u32, loss: f64) -> Vec<Endurance> {
    let seeds = match contender.protocol {
        // Its ten minutes take as long to compute as everybody else's together.
        Protocol::Chitchat(_) => 1,
        _ => effort.seeds(contender, nodes),
    };
    let one = |seed| {
        let setup = contender.setup(nodes, seed);
        let run = life::endure(contender.protocol, &setup, loss, &contender.windows);
        eprintln!("loss {loss}: {}, seed {seed}: {run:?}", contender.name);
        run
    };
    (1..=seeds).map(one).collect()
}

fn about_wrong(effort: Effort, nodes: u32) -> String {
    let minutes = effort
        .contenders()
        .first()
        .map(|contender| contender.windows.endure);
    format!(
        "{nodes} nodes that know each other lose a share of all datagrams for {}. How often any of \
         them tells its application that another is down; none ever is. The median of the runs, \
         and in parentheses the least and the most.",
        minutes.unwrap_or_default()
    )
}

fn about_late(nodes: u32) -> String {
    format!(
        "At the end of the same runs one of the {nodes} nodes crashes. The time until half and the \
         last of those that held it for live do so no more, given up after two minutes."
    )
}

fn wrong(runs: &[Endurance]) -> String {
    let wrong = || runs.iter().map(|run| run.wrong);
    let (least, most) = (wrong().min().unwrap_or(0), wrong().max().unwrap_or(0));
    let middle = median(wrong().map(|wrong| wrong as f64));
    format!("{middle:.0} ({least} to {most})")
}

fn traffic(runs: &[Endurance]) -> String {
    format!("{} B/s", digits(median(runs.iter().map(|run| run.bytes))))
}

fn late(runs: &[Endurance]) -> String {
    let part = |of: fn(&Endurance) -> _| seconds(median_span(runs.iter().map(of)), "never");
    format!("{} / {}", part(|run| run.median), part(|run| run.last))
}
