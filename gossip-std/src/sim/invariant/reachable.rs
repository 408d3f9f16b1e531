//! No running host that most others reach is told dead by one that reaches it: what a host knows
//! itself outweighs what those say who do not hear.

use gossip_core::Status;

use super::Broken;
use crate::sim::measure::{Marks, Truth};
use crate::sim::{Note, Record, Time, What, id_of};

pub(super) const RULE: &str = "reachable";

/// What the rule needs to remember.
#[derive(Clone, Debug, Default)]
pub(super) struct Reachable {
    newcomers: Vec<Newcomer>,
}

/// Since when a host knows anybody, and of whom it was told first that they live.
#[derive(Clone, Debug, Default)]
struct Newcomer {
    joined: Time,
    met: Marks,
}

impl Reachable {
    /// Judges one record, which `truth` has seen already. O(hosts) for a death, O(1) for the rest.
    pub(super) fn check(&mut self, record: &Record<'_, Note>, truth: &Truth) -> Result<(), Broken> {
        let What::Note(note) = record.what else {
            return Ok(());
        };
        let place = record.host as usize;
        if place >= self.newcomers.len() {
            self.newcomers.resize_with(place + 1, Newcomer::default);
        }
        let newcomer = &mut self.newcomers[place];
        let host = match *note {
            Note::Joined => {
                let (joined, met) = (record.time, Marks::default());
                *newcomer = Newcomer { joined, met };
                return Ok(());
            }
            Note::Member { id, status, .. } if status != Status::Dead => {
                newcomer.met.insert(id);
                return Ok(());
            }
            Note::Member { id, .. } => id,
            _ => return Ok(()),
        };
        let since = truth.reach.judged_from(record.time);
        // The first that a newcomer hears of somebody is what others told it, who may just have been cut off.
        let hearsay = newcomer.joined > since && !newcomer.met.contains(host);
        if hearsay
            || !truth.are_together(since, record.host, host)
            || !truth.is_well_placed(since, host)
        {
            return Ok(());
        }
        Err(Broken {
            rule: RULE,
            host: record.host,
            what: format!(
                "tells node {} dead, which runs and has been within reach of it and of most others for {}",
                id_of(host),
                truth.reach.calm()
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::invariant::Checks;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::member;
    use crate::sim::network::{Network, NetworkConfig, Rule};
    use crate::sim::{Index, Span};

    /// Six hosts, of which only so many hear host 0.
    fn trial(hearers: u32) -> Trial {
        let checks = Checks {
            reachable: true,
            ..Checks::default()
        };
        let mut network = Network::new(&NetworkConfig::default(), 6, 1).unwrap();
        if hearers < 5 {
            let deaf = format!(
                "from = \"1\"\nto = \"{}-\"\nset = {{ loss = 1.0 }}",
                hearers + 2
            );
            network
                .rule(toml::from_str::<Rule>(&deaf).unwrap())
                .unwrap();
        }
        let mut trial = Trial::of_hosts(6, checks);
        trial.rewired(0, &network);
        trial
    }

    fn dead(id: Index) -> What<Note> {
        member(id, Status::Dead, 5)
    }

    #[test]
    fn the_death_of_a_host_that_most_reach_is_caught_where_it_is_reached() {
        for hearers in [3, 4, 5] {
            let mut trial = trial(hearers);
            trial.tell(20, 1, member(0, Status::Suspect, 6));
            assert_eq!(trial.what(), "");
            trial.tell(21, 1, dead(0));
            assert_eq!(trial.broken(), (RULE, Some(1), 21.0), "{hearers}");
        }
        for hearers in [1, 2] {
            let mut trial = trial(hearers);
            trial.tell(20, 1, dead(0));
            assert_eq!(trial.what(), "", "most do not reach it: {hearers}");
        }
        let mut trial = trial(4);
        trial.tell(20, 5, dead(0));
        assert_eq!(trial.what(), "", "this one does not reach it");
        trial.tell(21, 0, dead(3));
        assert_eq!(trial.broken().1, Some(0), "this one does");
    }

    #[test]
    fn a_host_that_was_away_or_slow_may_be_told_dead_for_a_while() {
        let slow = What::Slowed {
            each: Span::from_millis(200),
        };
        let fast = What::Slowed { each: Span::ZERO };
        let with_memory = false;
        for (begin, end) in [
            (What::Crashed, What::Restarted { with_memory }),
            (What::Paused, What::Resumed),
            (slow, fast),
        ] {
            for (troubled, observer, host) in [(2, 1, 2), (2, 2, 1)] {
                let mut trial = trial(5);
                trial.tell(20, troubled, begin.clone());
                trial.tell(21, observer, dead(host));
                trial.tell(30, troubled, end.clone());
                trial.tell(39, observer, dead(host));
                assert_eq!(trial.what(), "", "{begin:?}");
                trial.tell(40, observer, dead(host));
                assert_eq!(trial.broken().2, 40.0, "{begin:?}");
            }
        }
    }

    #[test]
    fn what_a_newcomer_is_told_first_is_hearsay() {
        let mut trial = trial(5);
        trial.tell(20, 1, What::Note(Note::Joined));
        trial.tell(21, 1, dead(0));
        assert_eq!(trial.what(), "");
        trial.tell(22, 1, member(0, Status::Alive, 6));
        trial.tell(23, 1, dead(0));
        assert_eq!(trial.broken().2, 23.0, "it was told better");
        let mut trial = self::trial(5);
        trial.tell(20, 1, What::Note(Note::Joined));
        trial.tell(31, 1, dead(0));
        assert_eq!(trial.broken().2, 31.0, "no newcomer any more");
    }

    #[test]
    fn a_cut_excuses_its_two_sides_and_nobody_else() {
        let mut network = Network::new(&NetworkConfig::default(), 6, 1).unwrap();
        let mut trial = trial(5);
        network.partition("a", &["1-2".parse().unwrap()]).unwrap();
        trial.rewired(20, &network);
        trial.tell(21, 3, dead(0));
        network.heal("a");
        trial.rewired(30, &network);
        trial.tell(35, 3, dead(0));
        assert_eq!(trial.what(), "");
        trial.tell(36, 3, dead(4));
        assert_eq!(trial.broken().2, 36.0, "of one side, which most are on");
    }
}
