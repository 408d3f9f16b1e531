//! Wrong declarations of death.

use std::collections::BTreeMap;

use gossip_core::Status;

use super::Truth;
use crate::sim::{Index, Note, Record, Time, What};

/// How often some host declared a host dead that was up.
#[derive(Clone, Debug, Default)]
pub struct Deaths {
    mistaken: u32,
    unreachable: u32,
    /// When each host was last declared dead by one that could not reach it.
    excused: BTreeMap<Index, Time>,
}

impl Deaths {
    /// Takes notice of one record.
    pub fn record(&mut self, record: &Record<'_, Note>, truth: &Truth) {
        if let What::Note(Note::Member {
            id,
            status: Status::Dead,
            ..
        }) = record.what
        {
            self.declared(record.time, record.host, *id, truth);
        }
    }

    /// Deaths of hosts that were running and that nothing kept from saying so.
    #[must_use]
    pub fn mistaken(&self) -> u32 {
        self.mistaken
    }

    /// Deaths of hosts that were up but paused, cut off from whoever declared them dead, or so until
    /// less than the grace before; and what others made of such a declaration.
    #[must_use]
    pub fn unreachable(&self) -> u32 {
        self.unreachable
    }

    fn declared(&mut self, now: Time, observer: Index, host: Index, truth: &Truth) {
        let ground = &truth.ground;
        if !ground.is_live(host) && !ground.is_paused(host) {
            return;
        }
        let unreachable = ground.is_paused(host)
            || ground.is_just_back(now, host)
            || ground.were_apart(now, observer, host);
        let echo = self
            .excused
            .get(&host)
            .is_some_and(|at| now.since(*at) < ground.grace());
        if unreachable {
            self.excused.insert(host, now);
        }
        if unreachable || echo {
            self.unreachable += 1;
        } else {
            self.mistaken += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::measure::script::{at, cut, heal, member, tell, truth};
    use crate::sim::{NETWORK, Observer};

    /// Mistaken and unreachable deaths of host 0 that host 1 declares after this script.
    fn run(script: &[(u64, Index, What<Note>)], declared: u64) -> (u32, u32) {
        let (mut truth, mut deaths) = (truth(3), Deaths::default());
        let dead = member(0, Status::Dead, 2);
        let declaration = [(declared, 1, dead)];
        for (secs, host, what) in script.iter().chain(&declaration) {
            tell(at(*secs), *host, what.clone(), |record| {
                truth.record(record);
                deaths.record(record, &truth);
            });
        }
        (deaths.mistaken(), deaths.unreachable())
    }

    #[test]
    fn the_death_of_a_running_host_is_mistaken() {
        assert_eq!(run(&[], 100), (1, 0));
        assert_eq!(run(&[(1, 1, member(0, Status::Suspect, 3))], 2), (1, 0));
    }

    #[test]
    fn a_true_death_is_no_mistake() {
        assert_eq!(run(&[(1, 0, What::Crashed)], 100), (0, 0));
        assert_eq!(run(&[(1, 0, What::Note(Note::Left))], 100), (0, 0));
    }

    #[test]
    fn what_a_trouble_explains_counts_apart_until_the_grace_is_over() {
        let paused = [(50, 0, What::Paused)];
        assert_eq!(run(&paused, 100), (0, 1));
        let resumed = [paused[0].clone(), (90, 0, What::Resumed)];
        assert_eq!(run(&resumed, 99), (0, 1));
        assert_eq!(run(&resumed, 100), (1, 0));
        let restarted = [
            (50, 0, What::Crashed),
            (90, 0, What::Restarted { with_memory: false }),
        ];
        assert_eq!(run(&restarted, 99), (0, 1));
        let apart = [(50, NETWORK, cut(&[0, 1, 1])), (90, NETWORK, heal())];
        assert_eq!(run(&apart, 99), (0, 1));
        assert_eq!(run(&apart, 100), (1, 0));
        let together = [(50, NETWORK, cut(&[0, 0, 1]))];
        assert_eq!(run(&together, 51), (1, 0), "on the same side");
    }

    #[test]
    fn the_echo_of_an_excused_death_is_excused() {
        // Host 2 cannot hear host 0; host 1 hears both.
        let mut script = vec![
            (50, NETWORK, cut(&[0, 0, 1])),
            (60, 2, member(0, Status::Dead, 2)),
        ];
        assert_eq!(run(&script, 69), (0, 2));
        assert_eq!(run(&script, 70), (1, 1), "too late for an echo");
        script.pop();
        assert_eq!(run(&script, 69), (1, 0));
    }
}
