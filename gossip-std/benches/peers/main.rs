//! Published protocols and ours on the same virtual network, in one run.
//!
//! ```sh
//! cargo bench -p gossip-std --bench peers                        # minutes
//! cargo bench -p gossip-std --bench peers -- --quick             # seconds, small clusters
//! cargo bench -p gossip-std --bench peers -- --all               # also the cells left out, half an hour or more
//! cargo bench -p gossip-std --bench peers -- --markdown FILE     # the tables, also into a file
//! ```
//!
//! The tables go to standard output, progress to standard error. `docs/measurements.md` shows one
//! run and says how everybody is configured. Run without cargo's `--bench` it makes the quick run,
//! as a test that everything works.

mod chitchat_socket;
mod chitchat_world;
mod ether;
mod foca_host;
mod hosted;
mod life;
mod lives;
mod loss;
mod ours;
mod plan;
mod subject;
mod table;
mod timed;
mod told;

use std::process::ExitCode;

use lives::Lives;
use plan::Effort;
use table::Table;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (effort, file) = match options(&args) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let text: Vec<String> = tables(effort).iter().map(Table::to_string).collect();
    let text = text.join("\n");
    print!("{text}");
    if let Some(file) = file
        && let Err(error) = std::fs::write(file, text)
    {
        eprintln!("cannot write {file}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// How much to run, and the file to write. What is asked for wins over cargo's `--bench`.
fn options(args: &[String]) -> Result<(Effort, Option<&str>), String> {
    let (mut asked, mut usual, mut file) = (None, Effort::Quick, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => usual = Effort::Usual,
            "--quick" => asked = Some(Effort::Quick),
            "--all" => asked = Some(Effort::All),
            "--markdown" => file = Some(args.next().ok_or("--markdown needs a file")?.as_str()),
            other => return Err(format!("{other} is not --quick, --all or --markdown FILE")),
        }
    }
    Ok((asked.unwrap_or(usual), file))
}

fn tables(effort: Effort) -> Vec<Table> {
    let lives = Lives::live(effort);
    let mut tables = vec![
        lives.steady(),
        lives.join_time(),
        lives.join_bytes(),
        told::table(effort),
        lives.detection(),
        lives.computing(),
    ];
    tables.extend(loss::tables(effort));
    tables
}
