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
