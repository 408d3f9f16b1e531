//! No shown key vanishes from a replica unless its owner deleted it or was forgotten, its lease is over
//! (P2), or its owner restarted and could not have got it back.

use super::Broken;
use super::entries::{Case, Shown};
use crate::sim::measure::{BIRTH, Write};
use crate::sim::{Index, id_of};

pub(super) const RULE: &str = "vanished";

/// Finds the first deletion after the write that was shown, or the end of the first lease that is over
/// from that write on; its number among all writes.
pub(super) fn check(
    host: Index,
    owner: Index,
    key: u32,
    shown: &Shown,
    case: &Case<'_>,
) -> Result<u32, Broken> {
    let ledger = case.ledger;
    let writes = ledger
        .owner(owner)
        .map_or(&[][..], |owner| owner.writes(key));
    let later = writes.iter().filter(|write| write.number >= shown.number);
    let restarts = case.restarts;
    let is_excused =
        |write: &&Write| !is_restart(write) || restarts.excuse(owner, key, write.number, host);
    let mut ends = later
        .filter(is_excused)
        .filter_map(|write| end_of(write, case));
    match ends.find(|end| *end > shown.number) {
        Some(end) => Ok(end),
        None => Err(Broken {
            rule: RULE,
            host,
            what: format!(
                "no longer shows {:?} of node {} (version {} was shown last), which its owner \
                 did not delete and had no cause to lose, whose lease is not over and which was not \
                 forgotten",
                ledger.owner(owner).map_or("", |owner| owner.name(key)),
                id_of(owner),
                shown.version
            ),
        }),
    }
}

/// Whether a deletion is none of its owner's, but what the ledger notes when it restarts.
fn is_restart(write: &Write) -> bool {
    write.value.is_none() && write.version == BIRTH
}

/// With which number a write is a deletion, or its lease can be over by now.
fn end_of(write: &Write, case: &Case<'_>) -> Option<u32> {
    if write.value.is_none() {
        return Some(write.number);
    }
    let lease = write.lease.as_ref()?;
    (case.leeway.soonest(lease) <= case.now).then_some(write.number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::{Replica, deleted, life, note, set, wrote};
    use crate::sim::{Note, What};

    /// Host 0 set a to 7, which host 1 shows; then this.
    fn after(rest: &[(Index, What<Note>)]) -> Trial {
        let before = [(0, wrote("a", 2, 7)), (1, set(0, "a", life(0), 2, 7))];
        Trial::of_entries().play(before.iter().chain(rest).cloned())
    }

    /// Looks at host 1, which shows nothing.
    fn look(trial: &mut Trial) {
        trial.sample(9, &vec![None, Some(Replica::knowing(3))]);
    }

    #[test]
    fn a_key_that_vanishes_undeleted_is_caught() {
        assert_eq!(
            after(&[(1, deleted(0, "a"))]).broken(),
            (RULE, Some(1), 3.0)
        );
        let mut trial = after(&[]);
        look(&mut trial);
        assert_eq!(trial.broken(), (RULE, Some(1), 9.0));
        assert!(trial.what().contains("\"a\" of node 1"), "{}", trial.what());
    }

    #[test]
    fn a_deleted_key_may_vanish_once_and_be_deleted_later() {
        let mut trial = after(&[(0, wrote("a", 3, None)), (1, deleted(0, "a"))]);
        look(&mut trial);
        assert_eq!(trial.what(), "");
        let newer = [
            (0, wrote("a", 3, None)),
            (0, wrote("a", 4, 8)),
            (1, set(0, "a", life(0), 4, 8)),
            (1, deleted(0, "a")),
        ];
        let trial = after(&newer);
        assert_eq!(trial.broken(), (RULE, Some(1), 6.0), "deleted before only");
    }

    #[test]
    fn a_key_may_vanish_with_the_life_in_which_it_was_written() {
        let mut trial = after(&[(0, What::Crashed)]);
        look(&mut trial);
        assert_eq!(trial.broken().0, RULE, "no new life has begun");
        let mut trial = after(&[
            (0, What::Crashed),
            (0, What::Restarted { with_memory: false }),
        ]);
        look(&mut trial);
        assert_eq!(trial.what(), "");
        let generation = life(1);
        let mut trial = after(&[(0, note(Note::Started { generation }))]);
        look(&mut trial);
        assert_eq!(trial.broken().0, RULE, "the new life carries it on");
    }

    #[test]
    fn what_was_forgotten_may_vanish() {
        for forgets in [
            note(Note::Forgotten { id: 0, live: 2 }),
            note(Note::Resync),
            What::Restarted { with_memory: false },
        ] {
            let mut trial = after(&[(1, forgets)]);
            look(&mut trial);
            assert_eq!(trial.what(), "");
        }
    }
}
