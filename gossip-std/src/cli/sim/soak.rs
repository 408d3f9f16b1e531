//! `gossip sim soak`: random faults over many seeds, and what is left of those that broke a rule.

use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use clap::Args as Flags;
use gossip_std::sim::outcome::Violation;
use gossip_std::sim::soak::{Finding, Shrunk, SoakReport, shrink, soak};
use serde_json::{Value, json};

use super::flags::quoted;
use super::{files, print, progress};
use crate::cli::failure::Failure;

/// How many seeds to play, and where to put what they find.
#[derive(Debug, Flags)]
pub(super) struct Soak {
    /// Play so many seeds, one after the other
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    seeds: u32,
    /// The first seed
    #[arg(long, value_name = "FIRST", default_value_t = 1)]
    seed: u64,
    /// Work on so many seeds at a time [default: as many as there are processors]
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Where to write the smallest scenario that breaks the rule [default: soak-SEED.toml]
    #[arg(long, value_name = "FILE.toml")]
    save: Option<PathBuf>,
}

impl Soak {
    fn jobs(&self) -> usize {
        let processors = || thread::available_parallelism().map_or(1, NonZero::get);
        self.jobs.map_or_else(processors, usize::from)
    }
}

/// Plays the seeds, and fails if one of them broke a rule.
pub(super) fn run(args: &Soak) -> Result<(), Failure> {
    let end = args.seed.checked_add(u64::from(args.seeds));
    let end = end.ok_or_else(|| {
        let (seed, seeds) = (args.seed, args.seeds);
        Failure::Usage(format!("--seed {seed}: too large for {seeds} seeds"))
    })?;
    let bar = progress::bar(u64::from(args.seeds), "{pos} of {len} runs", false);
    let played = soak(args.seed..end, args.jobs(), || bar.inc(1));
    bar.finish_and_clear();
    let report = played.map_err(|error| Failure::Run(error.to_string()))?;
    let saved = report.finding.as_ref().map(|finding| save(args, finding));
    let saved = saved.transpose()?;
    if args.json {
        print(&as_json(&report, saved.as_ref()))?;
    } else {
        print(&as_text(&report, saved.as_ref()))?;
    }
    saved.map_or(Ok(()), |saved| Err(saved.failure()))
}

/// A finding made small and written to a file.
struct Saved {
    seed: u64,
    /// How the whole scenario broke the rule.
    whole: Violation,
    shrunk: Shrunk,
    toml: String,
    path: PathBuf,
}

fn save(args: &Soak, finding: &Finding) -> Result<Saved, Failure> {
    let seed = finding.seed;
    let shrunk = shrink(&finding.scenario, seed).ok_or_else(|| {
        Failure::Run(format!(
            "seed {seed} broke a rule once and not again: a run depends on more than its seed"
        ))
    })?;
    let usual = || PathBuf::from(format!("soak-{seed}.toml"));
    let path = args.save.clone().unwrap_or_else(usual);
    let toml = shrunk.scenario.to_toml();
    files::create(&path)?
        .write_all(toml.as_bytes())
        .map_err(|error| Failure::Run(format!("cannot write {}: {error}", path.display())))?;
    Ok(Saved {
        seed,
        whole: finding.violation.clone(),
        shrunk,
        toml,
        path,
    })
}

impl Saved {
    /// The command that plays the small scenario, and the one that plays what it was made of.
    fn replays(&self) -> [String; 2] {
        let mut path = self.path.display().to_string();
        if !path.contains(['.', '/', '\\']) {
            // A bare word would be taken for a scenario of the library.
            path.insert_str(0, "./");
        }
        let seed = self.seed;
        [
            format!("gossip sim {} --seed {seed}", quoted(&path)),
            format!("gossip sim soak-{seed} --seed {seed}"),
        ]
    }

    fn failure(&self) -> Failure {
        let violation = &self.shrunk.violation;
        let [replay, _] = self.replays();
        Failure::Run(format!(
            "seed {}: {} at {}: {}; replay it with: {replay}",
            self.seed, violation.rule, violation.at, violation.what
        ))
    }
}

fn as_json(report: &SoakReport, saved: Option<&Saved>) -> String {
    let shrunk = saved.map(|saved| {
        let [replay, replay_whole] = saved.replays();
        json!({
            "violation": saved.shrunk.violation,
            "runs": saved.shrunk.runs,
            "toml": saved.toml,
            "saved": saved.path,
            "replay": replay,
            "replay-whole": replay_whole,
        })
    });
    let all: Value = json!({ "soak": report, "shrunk": shrunk });
    format!("{all:#}\n")
}

fn as_text(report: &SoakReport, saved: Option<&Saved>) -> String {
    let mut text = summary(report);
    if let Some(saved) = saved {
        let [replay, replay_whole] = saved.replays();
        let (whole, small) = (&saved.whole, &saved.shrunk.violation);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\nseed {} broke the rule \"{}\" at {}: {}\n\nin small, after {} runs: {}\n\n{}\n\
             saved to {}\nreplay:        {replay}\nreplay whole:  {replay_whole}\n",
            saved.seed,
            whole.rule,
            whole.at,
            whole.what,
            saved.shrunk.runs,
            small.what,
            saved.toml,
            saved.path.display(),
        );
    }
    text
}

/// One line: what was played, and what was done to the nodes.
fn summary(report: &SoakReport) -> String {
    let faults = report.faults.iter();
    let faults: Vec<String> = faults
        .map(|fault| format!("{} {}", fault.count, fault.kind))
        .collect();
    let lost = report.lost.iter();
    let lost: Vec<String> = lost
        .map(|lost| format!("{} {}", lost.datagrams, lost.cause))
        .collect();
    format!(
        "{} seeds from {}, {} of virtual time, {} events; actions: {}; datagrams lost: {}\n",
        report.seeds,
        report.first_seed,
        report.virtual_time,
        report.events,
        faults.join(", "),
        lost.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use gossip_std::sim::Time;
    use gossip_std::sim::outcome::Outcome;
    use gossip_std::sim::soak::{generate, shrink_with};

    /// What would be saved if every scenario broke a rule.
    fn saved(path: &str) -> Saved {
        let broken = |_: &_, seed| {
            let violation = Violation {
                rule: "mtu".to_owned(),
                at: Time::START,
                host: None,
                what: "too long".to_owned(),
            };
            Ok(Outcome {
                seed,
                violations: vec![violation],
                ..Outcome::default()
            })
        };
        let shrunk = shrink_with(&generate(3), 3, broken).unwrap();
        Saved {
            seed: 3,
            whole: shrunk.violation.clone(),
            toml: shrunk.scenario.to_toml(),
            shrunk,
            path: path.into(),
        }
    }

    #[test]
    fn a_violation_comes_with_its_scenario_and_the_commands_that_replay_it() {
        let report = soak(1..2, 1, || ()).unwrap();
        let saved = saved("here");
        let text = as_text(&report, Some(&saved));
        for part in [
            "1 seeds from 1, ",
            "the rule \"mtu\" at 0s: too long",
            " runs: too long\n",
            "name = \"soak-3\"",
            "gossip sim ./here --seed 3\n",
            "gossip sim soak-3 --seed 3\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let json: Value = serde_json::from_str(&as_json(&report, Some(&saved))).unwrap();
        assert_eq!(json["shrunk"]["toml"], saved.toml);
        assert_eq!(json["soak"]["seeds"], 1);
        let quiet: Value = serde_json::from_str(&as_json(&report, None)).unwrap();
        assert!(quiet["shrunk"].is_null());
    }
}
