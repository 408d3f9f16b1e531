//! `gossip agent`: one long-running node.

mod args;
mod command;
mod counters;
mod input;
mod later;
mod report;
mod shared;
mod watching;

use std::io::{self, Write};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use gossip_core::{Event, NodeId, SetError};
use gossip_std::{Agent, AgentEvent, EntryInfo, Events, WatchEvent};

use super::failure::Failure;
use super::text;
pub(super) use args::Args;
use args::Plan;
use command::{Command, commands};
use counters::Counters;
use input::{Input, Inputs};
use later::Later;
use report::{Answer, Entry, Happening, Ready, Report, Row, Text, Timed, Watched};
use watching::Watching;

/// How long the goodbye may take.
const LEAVE_WAIT: Duration = Duration::from_secs(2);

/// How long the last events may take after the goodbye.
const LAST_EVENTS_WAIT: Duration = Duration::from_secs(1);

/// Runs a node until it is told to leave.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let plan = args.plan()?;
    let inputs = Inputs::new()?;
    let started = Instant::now();
    let (agent, events) = start(args, plan)?;
    let watching = Watching::new(inputs.sender());
    let later = Later::new(agent.clone(), inputs.sender());
    let inputs = inputs.follow(events)?;
    let session = Session {
        agent,
        watching,
        later,
        json: args.json,
        started,
    };
    let told = session.greet(args).and_then(|()| session.serve(&inputs));
    match told {
        Ok(true) => {}
        Ok(false) => return Err(Failure::Run("the node stopped by itself".to_owned())),
        // Nobody reads any more: leave all the same, and without a word.
        Err(error) => {
            session.agent.leave(LEAVE_WAIT);
            return quiet(error);
        }
    }
    session.leave(&inputs).or_else(quiet)?;
    session.end()
}

/// Starts the node, with its entries and its seeds. What happens once it joins is among the events.
fn start(args: &Args, plan: Plan) -> Result<(Agent, Events), Failure> {
    let agent = Agent::spawn(plan.options).map_err(|error| Failure::Run(error.to_string()))?;
    let events = agent.events();
    for (key, value) in &args.set {
        agent
            .set(key, value.as_bytes())
            .map_err(|error| Failure::Usage(format!("--set {}: {error}", text::key(key))))?;
    }
    for addresses in &plan.seeds {
        for (index, address) in addresses.iter().enumerate() {
            // Of a name with many addresses, the first that there is room for is enough.
            match agent.join(*address) {
                Err(error) if index == 0 => {
                    return Err(Failure::Run(format!("--join {address}: {error}")));
                }
                _ => {}
            }
        }
    }
    Ok((agent, events))
}

/// The reader of standard output going away is no failure of a node.
fn quiet(error: io::Error) -> Result<(), Failure> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error.into())
    }
}

/// A running node and how it speaks.
struct Session {
    agent: Agent,
    watching: Watching,
    later: Later,
    json: bool,
    started: Instant,
}

impl Session {
    fn greet(&self, args: &Args) -> io::Result<()> {
        self.print(&Report::Ready(Ready {
            id: Text(self.agent.id()),
            bound: self.agent.local_addr(),
            advertised: self.agent.address(),
            cluster: args.cluster.clone(),
        }))
    }

    /// Prints events and answers until someone wants the node to leave (`true`), or it stops by
    /// itself.
    fn serve(&self, inputs: &Receiver<Input>) -> io::Result<bool> {
        for input in inputs {
            match input {
                Input::Event(event) => self.event(&event)?,
                Input::Change(number, change) => self.change(number, change)?,
                Input::Answer(report) => self.print(&report)?,
                Input::Signal => return Ok(true),
                Input::Stopped => return Ok(false),
                Input::Line(Err(message)) => self.print(&Report::Error { message })?,
                Input::Line(Ok(line)) => match command::parse(&line) {
                    Ok(None) => {}
                    Ok(Some(command)) => {
                        if let Some(report) = self.answer(command) {
                            self.print(&report)?;
                        }
                        if command == Command::Leave {
                            return Ok(true);
                        }
                    }
                    Err(message) => self.print(&Report::Error { message })?,
                },
            }
        }
        Ok(false)
    }

    /// Says goodbye to the cluster and prints the events up to it.
    fn leave(&self, inputs: &Receiver<Input>) -> io::Result<()> {
        self.watching.end();
        let told = self.agent.leave(LEAVE_WAIT);
        let until = Instant::now() + LAST_EVENTS_WAIT;
        while let Ok(input) = inputs.recv_timeout(until.saturating_duration_since(Instant::now())) {
            match input {
                Input::Event(event) => {
                    self.event(&event)?;
                    if event == Event::Left {
                        break;
                    }
                }
                Input::Stopped => break,
                Input::Answer(report) => self.print(&report)?,
                Input::Line(_) | Input::Change(..) | Input::Signal => {}
            }
        }
        if !told {
            let message = "ended before the goodbye was sent".to_owned();
            self.print(&Report::Error { message })?;
        }
        Ok(())
    }

    /// Stops the node; its state, if it is kept, is written then.
    fn end(&self) -> Result<(), Failure> {
        let stopped = self.agent.shutdown();
        stopped.map_err(|error| Failure::Run(error.to_string()))
    }

    /// The answer, or nothing if it comes later.
    fn answer(&self, command: Command<'_>) -> Option<Report> {
        let refused = |error: SetError| {
            let message = error.to_string();
            Some(Report::Error { message })
        };
        Some(Report::Answer(match command {
            Command::Sync { peer, owner } => return self.later.sync(peer, owner),
            Command::Fresh { owner, key } => return self.later.fresh(owner, key),
            Command::Set { key, value, ttl } => match self.set(key, value.as_bytes(), ttl) {
                Ok(()) => Answer::Set {
                    key: key.to_owned(),
                },
                Err(error) => return refused(error),
            },
            Command::Renew { key, ttl } => match self.agent.renew(key, ttl) {
                Ok(renewed) => Answer::Renew {
                    key: key.to_owned(),
                    renewed,
                },
                Err(error) => return refused(error),
            },
            Command::Delete { key } => match self.agent.delete(key) {
                Ok(deleted) => Answer::Delete {
                    key: key.to_owned(),
                    deleted,
                },
                Err(error) => return refused(error),
            },
            Command::Get { owner, key } => {
                let wanted = |entry: &EntryInfo| {
                    entry.key == key && owner.is_none_or(|owner| entry.owner == owner)
                };
                Answer::Get {
                    key: key.to_owned(),
                    entries: self.entries(wanted),
                }
            }
            Command::Shared(shared) => match shared.run(&self.agent) {
                Ok(done) => Answer::Shared(done),
                Err(error) => return refused(error),
            },
            Command::Entries => Answer::Entries {
                entries: self.entries(|_| true),
            },
            Command::Members => Answer::Members {
                members: self.members(),
            },
            Command::Watch { owner, prefix } => return Some(self.watch(owner, prefix)),
            Command::Unwatch => Answer::Unwatch {
                watched: self.watching.end(),
            },
            Command::Stats => Answer::Stats(Counters::from(&self.agent.stats())),
            Command::Leave => Answer::Leave,
            Command::Help => Answer::Help {
                commands: commands().map(|(form, _)| form).collect(),
            },
        }))
    }

    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), SetError> {
        match ttl {
            Some(ttl) => self.agent.set_for(key, value, ttl),
            None => self.agent.set(key, value),
        }
    }

    fn watch(&self, owner: Option<NodeId>, prefix: &str) -> Report {
        match self.watching.begin(&self.agent, owner, prefix) {
            Ok(()) => Report::Answer(Answer::Watch {
                owner: owner.map(Text),
                prefix: prefix.to_owned(),
            }),
            Err(error) => Report::Error {
                message: error.to_string(),
            },
        }
    }

    fn entries(&self, wanted: impl Fn(&EntryInfo) -> bool) -> Vec<Entry> {
        self.agent
            .entries()
            .into_iter()
            .filter(wanted)
            .map(Entry::from)
            .collect()
    }

    fn members(&self) -> Vec<Row> {
        let own: NodeId = self.agent.id();
        self.agent
            .members()
            .iter()
            .map(|member| Row::new(member, own))
            .collect()
    }

    fn event(&self, event: &AgentEvent) -> io::Result<()> {
        let Some(what) = Happening::new(event, &self.agent) else {
            return Ok(());
        };
        let seconds = self.started.elapsed().as_millis() as f64 / 1000.0;
        self.print(&Report::Event(Timed { seconds, what }))
    }

    fn change(&self, number: u32, change: WatchEvent) -> io::Result<()> {
        if !self.watching.is_current(number) {
            return Ok(());
        }
        self.print(&Report::Watch(Watched::from(change)))
    }

    fn print(&self, report: &Report) -> io::Result<()> {
        let line = if self.json {
            text::json(report)?
        } else {
            report.to_string()
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }
}
