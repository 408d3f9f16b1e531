//! `gossip sim`: scenarios played in the simulator.

mod estimate;
mod files;
mod flags;
mod latency;
mod overrides;
mod pace;
mod progress;
mod soak;
mod source;

use std::io::{self, BufWriter, Write};

use gossip_std::sim::outcome::Outcome;
use gossip_std::sim::report::{self, About};
use gossip_std::sim::scenario::{LIBRARY, Scenario};
use gossip_std::sim::{self, Followers, RunOptions, batch};

use super::failure::Failure;
use estimate::Estimate;
use files::Files;
pub(super) use flags::Args;
use flags::{Play, Query, Show};
use pace::Pace;
use progress::Progress;

/// Answers or plays what is asked for.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.query {
        Some(Query::List) => list(),
        Some(Query::Show(show)) => print(&shown(show)?),
        Some(Query::Soak(soak)) => soak::run(soak),
        None => play_all(&args.play),
    }
}

/// Prints the library: a name and a line for each scenario.
fn list() -> Result<(), Failure> {
    let width = LIBRARY.iter().map(|named| named.name.len()).max();
    let width = width.unwrap_or(0);
    let lines = LIBRARY.iter().map(|named| {
        let description = named.scenario().description;
        format!("{:width$}  {description}\n", named.name)
    });
    print(&lines.collect::<String>())
}

/// The file as it is, or the scenario that the flags make of it.
fn shown(show: &Show) -> Result<String, Failure> {
    let source = source::find(&show.scenario)?;
    if show.overrides.is_empty() {
        return Ok(source.text.into_owned());
    }
    Ok(changed(source.scenario, &show.overrides)?.to_toml())
}

/// The scenario with the flags' changes, if it still makes sense.
fn changed(mut scenario: Scenario, overrides: &overrides::Overrides) -> Result<Scenario, Failure> {
    overrides.apply(&mut scenario);
    match scenario.check() {
        Ok(()) => Ok(scenario),
        Err(error) => Err(Failure::Usage(overrides.blamed(&error).unwrap_or_else(
            || format!("{} with these flags: {error}", scenario.name),
        ))),
    }
}

/// Plays every run, reports, and fails if a rule was broken.
fn play_all(play: &Play) -> Result<(), Failure> {
    let source = source::find(play.scenario()?)?;
    let scenario = changed(source.scenario, &play.overrides)?;
    let seeds = play.seeds()?;
    let files = Files::create(play, source.path)?;
    if let Some(warning) = Estimate::of(&scenario, seeds.len(), play.jobs()).warning()
        && !play.quiet
    {
        // With standard error gone there is nobody to warn.
        let _ = writeln!(io::stderr(), "{warning}");
    }
    let pace = Pace::start();
    let progress = Progress::new(seeds.len(), scenario.duration, play.quiet);
    let run = |seed| simulate(&scenario, play, seed, &progress);
    let played = batch::play(&seeds, play.jobs(), run, Result::is_err);
    progress.end();
    let runs = played.into_iter().collect::<Result<Vec<_>, _>>()?;
    let about = About {
        replay: play.again(),
        description: scenario.description.clone(),
    };
    files.write(&about, &runs)?;
    if play.json {
        print(&report::json(&runs))?;
    } else if !play.quiet {
        print(&report::text(&about, &runs))?;
        eprintln!("\n{}", pace.line(&runs, play.jobs()));
    }
    judged(play, &runs)
}

/// Plays one run, and writes its trace if that is asked for.
fn simulate(
    scenario: &Scenario,
    play: &Play,
    seed: u64,
    progress: &Progress,
) -> Result<Outcome, Failure> {
    let options = RunOptions {
        seed,
        cores: play.cores(),
    };
    let mut trace = play
        .trace
        .as_deref()
        .map(files::create)
        .transpose()?
        .map(BufWriter::new);
    let outcome = progress.follow(|told| {
        let followers = Followers {
            trace: trace.as_mut().map(|trace| trace as &mut dyn Write),
            progress: Some(told),
        };
        sim::run_with(scenario, &options, &sim::heap_nodes(scenario), followers)
    });
    outcome.map_err(|error| Failure::Run(format!("{}: {error}", scenario.name)))
}

/// An error that names the first rule broken, and how to see it again.
fn judged(play: &Play, runs: &[Outcome]) -> Result<(), Failure> {
    let bad: Vec<&Outcome> = runs
        .iter()
        .filter(|run| !run.violations.is_empty())
        .collect();
    let Some((run, violation)) = bad
        .first()
        .and_then(|run| Some((run, run.violations.first()?)))
    else {
        return Ok(());
    };
    let runs_told = match runs.len() {
        1 => String::new(),
        all => format!("{} of {all} runs broke a rule; ", bad.len()),
    };
    Err(Failure::Run(format!(
        "{runs_told}seed {}: {} at {}: {}; replay it with: {}",
        run.seed,
        violation.rule,
        violation.at,
        violation.what,
        play.replay(run.seed)
    )))
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
