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
            What::Restarted { .. } => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Observer;
    use crate::sim::measure::script::{at, member, tell, truth};

    fn run(hosts: Index, script: &[(u64, Index, What<Note>)]) -> Vec<Detection> {
        let (mut truth, mut detections) = (truth(hosts), Detections::default());
        for (secs, host, what) in script {
            tell(at(*secs), *host, what.clone(), |record| {
                truth.record(record);
                detections.record(record, &truth);
            });
        }
        detections.finish()
    }

    fn dead(id: Index) -> What<Note> {
        member(id, Status::Dead, 1)
    }

    #[test]
    fn a_crash_is_found_by_each_observer_once() {
        let found = run(
            6,
            &[
                (10, 5, What::Crashed),
                (12, 0, member(5, Status::Suspect, 6)),
                (14, 0, dead(5)),
                (15, 1, dead(5)),
                (16, 0, dead(5)),
                (18, 2, dead(5)),
                (19, 3, dead(4)),
            ],
        );
        let span = |secs| Some(Span::from_secs(secs));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].host, found[0].at), (5, at(10)));
        assert_eq!((found[0].of, found[0].observers), (5, 3));
        assert_eq!((found[0].first, found[0].median), (span(4), span(8)));
        assert_eq!(found[0].last, None, "two never found out");
    }

    #[test]
    fn observers_that_stop_running_are_not_waited_for() {
        let found = run(
            4,
            &[
                (10, 3, What::Crashed),
                (11, 0, dead(3)),
                (12, 1, What::Crashed),
                (13, 2, dead(3)),
                (14, 3, What::Restarted { with_memory: false }),
                (15, 2, dead(3)),
                (16, 0, dead(1)),
            ],
        );
        assert_eq!((found[0].of, found[0].observers), (2, 2));
        assert_eq!(found[0].last, Some(Span::from_secs(3)));
        // When host 1 crashed, 0 and 2 were running.
        assert_eq!((found[1].of, found[1].observers), (2, 1));
        assert_eq!(found[1].first, Some(Span::from_secs(4)));
    }
}
