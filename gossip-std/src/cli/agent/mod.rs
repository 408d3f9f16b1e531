//! `gossip agent`: one long-running node.

mod args;
mod command;
mod content;
mod counters;
mod happening;
mod input;
mod later;
mod output;
mod report;
mod shared;
mod watching;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use gossip_core::{Event, JoinError, NodeId, SetError};
use gossip_std::{Agent, AgentEvent, EntryInfo, Events, Notices};

use super::failure::Failure;
use super::text;
pub(super) use args::Args;
use args::Plan;
use command::{Command, commands};
use content::{Content, Text};
use counters::Counters;
use happening::Happening;
use input::{Input, Inputs};
use later::Later;
use output::{Output, Style};
use report::{Answer, Entry, Ready, Report, Row};
use watching::Watching;

/// How long the goodbye may take.
const LEAVE_WAIT: Duration = Duration::from_secs(2);

/// How long the last events may take after the goodbye.
const LAST_EVENTS_WAIT: Duration = Duration::from_secs(1);

/// How long the last lines may wait for a reader.
const LAST_LINES_WAIT: Duration = Duration::from_secs(1);

/// Runs a node until it is told to leave. A reader of standard output that is stuck or gone is no reason to.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let plan = args.plan()?;
    let style = Style {
        json: args.json,
        started: Instant::now(),
    };
    let output = Output::new(style)?;
    let inputs = Inputs::new(output.clone())?;
    let (agent, events, notices) = start(args, plan)?;
    let session = Session {
        watching: Watching::new(output.clone()),
        later: Later::new(agent.clone(), inputs.sender()),
        unanswered: RefCell::default(),
        agent,
        output,
    };
    let inputs = inputs.follow(events, notices)?;
    session.greet(args);
    if !session.serve(&inputs) {
        session.output.finish(LAST_LINES_WAIT);
        return Err(Failure::Run("the node stopped by itself".to_owned()));
    }
    session.leave(&inputs);
    session.output.finish(LAST_LINES_WAIT);
    session.end()
}

/// Starts the node, with its entries and its seeds. What happens once it joins is among the events.
fn start(args: &Args, plan: Plan) -> Result<(Agent, Events, Notices), Failure> {
    let agent = Agent::spawn(plan.options).map_err(args::refused)?;
    let (events, notices) = (agent.events(), agent.notices());
    for (key, value) in &args.set {
        agent
            .set(key, value.as_bytes())
            .map_err(|error| Failure::Usage(format!("--set {}: {error}", text::key(key))))?;
    }
    for host in &plan.seeds {
        agent
            .join_host(host)
            .map_err(|error| Failure::Run(format!("--join {host}: {error}")))?;
    }
    Ok((agent, events, notices))
}

/// A running node and how it speaks.
struct Session {
    agent: Agent,
    output: Output,
    watching: Watching,
    later: Later,
    /// Those to join through that do not answer, and how often they had been tried when that was told.
    unanswered: RefCell<BTreeMap<SocketAddr, u8>>,
}

impl Session {
    fn greet(&self, args: &Args) {
        self.output.print(&Report::Ready(Ready {
            id: Text(self.agent.id()),
            bound: self.agent.local_addr(),
            advertised: self.agent.address(),
            cluster: args.cluster.clone(),
        }));
        if args.cluster.is_empty() {
            self.output.happened(Happening::unnamed());
        }
    }

    /// Prints events and answers until someone wants the node to leave (`true`), or it stops by
    /// itself.
    fn serve(&self, inputs: &Receiver<Input>) -> bool {
        for input in inputs {
            if self.output.is_ending() {
                return true;
            }
            match input {
                Input::Event(event) => self.event(&event),
                Input::Notice(notice) => self.output.happened(notice.into()),
                Input::Answer(report) => self.output.print(&report),
                Input::Signal => return true,
                Input::Stopped => return false,
                Input::Line(Err(message)) => self.output.print(&Report::Error { message }),
                Input::Line(Ok(line)) => match command::parse(&line) {
                    Ok(None) => {}
                    Ok(Some(command)) => {
                        self.carry_out(command);
                        if command == Command::Leave {
                            return true;
                        }
                    }
                    Err(message) => self.output.print(&Report::Error { message }),
                },
            }
        }
        false
    }

    /// Says goodbye to the cluster and prints the events up to it.
    fn leave(&self, inputs: &Receiver<Input>) {
        self.watching.end();
        let told = self.agent.leave(LEAVE_WAIT);
        let until = Instant::now() + LAST_EVENTS_WAIT;
        while let Ok(input) = inputs.recv_timeout(until.saturating_duration_since(Instant::now())) {
            match input {
                Input::Event(event) => {
                    self.event(&event);
                    if event == Event::Left {
                        break;
                    }
                }
                Input::Notice(notice) => self.output.happened(notice.into()),
                Input::Stopped => break,
                Input::Answer(report) => self.output.print(&report),
                Input::Line(_) | Input::Signal => {}
            }
        }
        if !told {
            let message = "ended before the goodbye was sent".to_owned();
            self.output.print(&Report::Error { message });
        }
    }

    /// Stops the node; its state, if it is kept, is written then.
    fn end(&self) -> Result<(), Failure> {
        let stopped = self.agent.shutdown();
        stopped.map_err(|error| Failure::Run(error.to_string()))
    }

    fn carry_out(&self, command: Command<'_>) {
        if let Command::Watch { owner, prefix } = command {
            return self.watch(owner, prefix);
        }
        if let Some(report) = self.answer(command) {
            self.output.print(&report);
        }
    }

    /// The answer, or nothing if it comes later.
    fn answer(&self, command: Command<'_>) -> Option<Report> {
        let refused = |key: &str, error: SetError| Some(self.refused(key, error));
        Some(Report::Answer(match command {
            Command::Sync { peer, owner } => return self.later.sync(peer, owner),
            Command::Fresh { owner, key } => return self.later.fresh(owner, key),
            Command::Set { key, value, ttl } => match self.set(key, value.as_bytes(), ttl) {
                Ok(()) => Answer::Set {
                    key: key.to_owned(),
                },
                Err(error) => return refused(key, error),
            },
            Command::Renew { key, ttl } => match self.agent.renew(key, ttl) {
                Ok(renewed) => Answer::Renew {
                    key: key.to_owned(),
                    renewed,
                },
                Err(error) => return refused(key, error),
            },
            Command::Delete { key } => match self.agent.delete(key) {
                Ok(deleted) => Answer::Delete {
                    key: key.to_owned(),
                    deleted,
                },
                Err(error) => return refused(key, error),
            },
            Command::Get { owner, key } => self.get(owner, key),
            Command::Shared(shared) => match shared.run(&self.agent) {
                Ok(done) => Answer::Shared(done),
                Err(error) => return refused(shared.key, error),
            },
            Command::Join { host } => return Some(self.join(host)),
            Command::Entries => Answer::Entries {
                entries: self.entries(|_| true),
            },
            Command::Members => Answer::Members {
                members: self.members(),
            },
            // Its changes come after its answer.
            Command::Watch { .. } => return None,
            Command::Unwatch => Answer::Unwatch {
                watched: self.watching.end(),
            },
            Command::Stats => {
                Answer::Stats(Counters::new(&self.agent.stats(), &self.agent.io_errors()))
            }
            Command::Leave => Answer::Leave,
            Command::Help => Answer::Help {
                commands: commands().map(|(form, _)| form).collect(),
                list: command::list(""),
            },
        }))
    }

    /// Why a write was refused, with what stands in its way.
    fn refused(&self, key: &str, error: SetError) -> Report {
        let own = self.agent.get(self.agent.id(), key);
        let message = match (error, own) {
            (SetError::Kind { .. }, Some(value)) => {
                let content = Content::new(key, value);
                format!("{error} ({})", content.with_key(key))
            }
            _ => error.to_string(),
        };
        Report::Error { message }
    }

    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), SetError> {
        match ttl {
            Some(ttl) => self.agent.set_for(key, value, ttl),
            None => self.agent.set(key, value),
        }
    }

    fn get(&self, owner: Option<NodeId>, key: &str) -> Answer {
        let wanted =
            |entry: &EntryInfo| entry.key == key && owner.is_none_or(|owner| entry.owner == owner);
        Answer::Get {
            key: key.to_owned(),
            entries: self.entries(wanted),
        }
    }

    fn join(&self, host: &str) -> Report {
        let joined = args::check_seed(host, self.agent.local_addr()).and_then(|()| {
            let joined = self.agent.join_host(host);
            joined.map_err(|error: JoinError| error.to_string())
        });
        let host = host.to_owned();
        joined.map_or_else(
            |message| Report::Error { message },
            |()| Report::Answer(Answer::Join { host }),
        )
    }

    fn watch(&self, owner: Option<NodeId>, prefix: &str) {
        self.watching.end();
        self.output.print(&Report::Answer(Answer::Watch {
            owner: owner.map(Text),
            prefix: prefix.to_owned(),
        }));
        if let Err(error) = self.watching.begin(&self.agent, owner, prefix) {
            let message = error.to_string();
            self.output.print(&Report::Error { message });
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

    fn event(&self, event: &AgentEvent) {
        if *event == Event::NoAnswer {
            return self.no_answers();
        }
        if let Some(what) = Happening::new(event, &self.agent) {
            self.output.happened(what);
        }
    }

    /// Tells of those to join through that were tried again without an answer.
    fn no_answers(&self) {
        // The first tries are made within seconds, and a node that is just starting answers them late.
        const TRIES: u8 = 3;
        let mut told = self.unanswered.borrow_mut();
        // Who answers and does not fit is told apart.
        let stranger = self.agent.mismatch().map(|(address, _)| address);
        let seeds = self.agent.seeds().into_iter();
        for seed in seeds.filter(|seed| Some(seed.address) != stranger) {
            let Some(what) = Happening::no_answer(&seed).filter(|_| seed.tries >= TRIES) else {
                told.remove(&seed.address);
                continue;
            };
            // The count ends somewhere.
            let known = told.insert(seed.address, seed.tries) == Some(seed.tries);
            if !known || seed.tries == u8::MAX {
                self.output.happened(what);
            }
        }
    }
}
