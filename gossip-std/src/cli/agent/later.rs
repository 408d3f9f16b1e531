//! Commands whose answer takes its time: each waits in a thread of its own, and the node goes on.

use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use gossip_core::table::Prefix;
use gossip_core::{NodeId, RequestError};
use gossip_std::Agent;

use super::content::{Content, Text};
use super::input::Input;
use super::report::{Answer, Report};

/// How long a sync may take.
const SYNC_WAIT: Duration = Duration::from_secs(30);

/// How long peers have to answer for a key.
const READ_WAIT: Duration = Duration::from_secs(2);

/// How many peers are asked for a key.
const READ_PEERS: u8 = 3;

/// Where such commands are given.
pub(super) struct Later {
    agent: Agent,
    answers: SyncSender<Input>,
}

impl Later {
    pub(super) fn new(agent: Agent, answers: SyncSender<Input>) -> Self {
        Self { agent, answers }
    }

    /// Makes everything, or what one owner has, equal with a peer.
    pub(super) fn sync(&self, peer: NodeId, owner: Option<NodeId>) -> Option<Report> {
        let range = owner.map_or(Prefix::ROOT, Prefix::of);
        self.spawn(move |agent| {
            let report = agent.sync(peer, range, SYNC_WAIT)?;
            Ok(Answer::Sync(report.into()))
        })
    }

    /// Asks peers for a key.
    pub(super) fn fresh(&self, owner: NodeId, key: &str) -> Option<Report> {
        let key = key.to_owned();
        self.spawn(move |agent| {
            let fresh = agent.read_fresh(owner, &key, READ_PEERS, READ_WAIT)?;
            Ok(Answer::Fresh {
                owner: Text(owner),
                value: fresh.value.map(|value| Content::new(&key, value)),
                key,
                end: fresh.report.end.to_string(),
                asked: fresh.report.asked,
                answered: fresh.report.answered,
                repaired: fresh.report.repaired,
            })
        })
    }

    /// Runs `wait` in a thread. How many there are at a time is bounded by the node's own tables.
    fn spawn(
        &self,
        wait: impl FnOnce(&Agent) -> Result<Answer, RequestError> + Send + 'static,
    ) -> Option<Report> {
        let (agent, answers) = (self.agent.clone(), self.answers.clone());
        let spawned = thread::Builder::new().spawn(move || {
            let report = wait(&agent).map_or_else(
                |error| Report::Error {
                    message: error.to_string(),
                },
                Report::Answer,
            );
            // Nobody receives any more when the program ends.
            let _ = answers.send(Input::Answer(report));
        });
        let message = format!("cannot start a thread: {}", spawned.err()?);
        Some(Report::Error { message })
    }
}
