//! What reconciling costs: the tables and pictures of `docs/measurements.md` that are about it.
//!
//! ```sh
//! cargo bench -p gossip-std --bench reconcile -- boot         # bytes until everything is everywhere
//! cargo bench -p gossip-std --bench reconcile -- staleness    # the experiment of van Renesse et al. 2008
//! cargo bench -p gossip-std --bench reconcile -- cost         # two nodes that differ in d entries of N
//! cargo bench -p gossip-std --bench reconcile -- targets      # what is wanted and what is reached
//! ```
//!
//! Without a name all of them run. `--markdown FILE` writes the tables also into a file, `--svg FILE`
//! the pictures. `--quick` runs small clusters in seconds, as a test that everything works; so does a
//! run without cargo's `--bench`.

mod boot;
mod cost;
mod crafted;
mod fleet;
mod pair;
mod staleness;
#[path = "../peers/table.rs"]
mod table;
mod tap;
mod targets;

use std::process::ExitCode;

use gossip_std::sim::report::{Lines, svg_of_lines};

use fleet::Size;
use table::Table;

/// What can be measured.
const PARTS: [&str; 4] = ["boot", "staleness", "cost", "targets"];

/// What is asked for on the command line.
#[derive(Default)]
struct Asked<'a> {
    parts: Vec<&'a str>,
    quick: Option<bool>,
    markdown: Option<&'a str>,
    svg: Option<&'a str>,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let asked = match asked(&args) {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let (tables, charts) = measure(&asked);
    let text: Vec<String> = tables.iter().map(Table::to_string).collect();
    let text = text.join("\n");
    print!("{text}");
    let files = [(asked.markdown, text), (asked.svg, svg_of_lines(&charts))];
    for (file, content) in files {
        if let Some(file) = file
            && let Err(error) = std::fs::write(file, content)
        {
            eprintln!("cannot write {file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn asked(args: &[String]) -> Result<Asked<'_>, String> {
    let mut asked = Asked::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut file = || args.next().ok_or(format!("{arg} needs a file"));
        match arg.as_str() {
            "--bench" => asked.quick = asked.quick.or(Some(false)),
            "--quick" => asked.quick = Some(true),
            "--markdown" => asked.markdown = Some(file()?),
            "--svg" => asked.svg = Some(file()?),
            part if PARTS.contains(&part) => asked.parts.push(part),
            other => {
                let parts = PARTS.join(", ");
                return Err(format!(
                    "{other} is not {parts}, --quick, --markdown FILE or --svg FILE"
                ));
            }
        }
    }
    Ok(asked)
}

fn measure(asked: &Asked<'_>) -> (Vec<Table>, Vec<Lines>) {
    let quick = asked.quick.unwrap_or(true);
    let wants = |part| asked.parts.is_empty() || asked.parts.contains(&part);
    let (mut tables, mut charts) = (Vec::new(), Vec::new());
    if wants("boot") {
        let sizes = if quick { [8, 16] } else { [64, 256] };
        let sizes = sizes.map(|nodes| Size {
            nodes,
            entries: 16,
            mtu: 1400,
        });
        tables.extend(boot::tables(&sizes, if quick { 1 } else { 3 }));
    }
    if wants("staleness") {
        let (table, lines) = staleness::measure(quick.then_some(8));
        tables.push(table);
        charts.extend(lines);
    }
    if wants("cost") {
        let (members_max, seeds) = if quick { (64, 1) } else { (4096, 3) };
        let (more, lines) = cost::measure(cost::Extent { members_max, seeds });
        tables.extend(more);
        charts.extend(lines);
    }
    if wants("targets") {
        tables.push(targets::table(quick, if quick { 1 } else { 3 }));
    }
    (tables, charts)
}
