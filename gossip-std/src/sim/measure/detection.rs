//! How crashes were found.

use std::collections::BTreeMap;

use gossip_core::Status;

use super::{Marks, Truth};
use crate::sim::outcome::Detection;
use crate::sim::{Index, Note, Record, Span, Time, What};

/// Every crash of a run, and who found out when. One bit for each host and crash, and a delay for
/// each host that found out.
#[derive(Clone, Debug, Default)]
pub struct Detections {
    crashes: Vec<Crash>,
    /// The latest crash of each host that is down.
    open: BTreeMap<Index, usize>,
}

#[derive(Clone, Debug)]
struct Crash {
    host: Index,
    at: Time,
    /// Hosts that ran when it happened, have been running since, and have not found out.
    awaiting: Marks,
    of: u32,
    delays: Vec<Span>,
}

impl Detections {
    /// Takes notice of one record.
    pub fn record(&mut self, record: &Record<'_, Note>, truth: &Truth) {
        let (now, host) = (record.time, record.host);
        match record.what {
            What::Crashed => {
                self.lose(host);
                self.crashed(now, host, truth);
            }
            What::Restarted => {
                self.open.remove(&host);
            }
            What::Paused | What::Note(Note::Left) => self.lose(host),
            What::Note(Note::Member {
                id,
                status: Status::Dead,
                ..
            }) => self.found(now, host, *id),
            _ => {}
        }
    }

    /// The measures, in the order of the crashes.
    #[must_use]
    pub fn finish(self) -> Vec<Detection> {
        let crashes = self.crashes.into_iter();
        crashes
            .map(|crash| Detection::new(crash.host, crash.at, crash.of, crash.delays))
            .collect()
    }

    /// A departed host has no crash to find: it said goodbye.
    fn crashed(&mut self, now: Time, host: Index, truth: &Truth) {
        let mut awaiting = truth.ground.live().clone();
        awaiting.remove(host);
        self.open.insert(host, self.crashes.len());
        self.crashes.push(Crash {
            host,
            at: now,
            of: awaiting.count(),
            awaiting,
            delays: Vec::new(),
        });
    }

    fn found(&mut self, now: Time, observer: Index, host: Index) {
        let Some(crash) = self.open.get(&host) else {
            return;
        };
        let crash = &mut self.crashes[*crash];
        if crash.awaiting.remove(observer) {
            crash.delays.push(now.since(crash.at));
        }
    }

    /// A host stopped running and can find nothing out any more.
    fn lose(&mut self, observer: Index) {
        for crash in self.open.values() {
            let crash = &mut self.crashes[*crash];
            crash.of -= u32::from(crash.awaiting.remove(observer));
        }
    }
}
