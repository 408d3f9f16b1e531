//! No deleted key returns to a replica that dropped it (P1).

use super::Broken;
use super::entries::{Showing, Shown, Sight};

pub(super) const RULE: &str = "resurrection";

/// What is shown must be newer than the deletion after which nothing was shown.
pub(super) fn check(
    showing: &Showing<'_>,
    before: Option<&Sight>,
    shown: &Shown,
) -> Result<(), Broken> {
    match before {
        Some(Sight::Gone { deletion }) if shown.number < *deletion => Err(Broken {
            rule: RULE,
            host: showing.replica,
            what: format!(
                "shows {showing} again (write {} of the run), after it dropped the key as deleted \
                 (write {deletion})",
                shown.number
            ),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::{Replica, deleted, life, note, set, wrote};
    use crate::sim::{Index, Note, What};

    /// Host 0 set a to 7, host 1 showed it, host 0 deleted it, host 1 dropped it; then this.
    fn after(rest: &[(Index, What<Note>)]) -> Trial {
        let before = [
            (0, wrote("a", 2, 7)),
            (1, set(0, "a", life(0), 2, 7)),
            (0, wrote("a", 3, None)),
            (1, deleted(0, "a")),
        ];
        Trial::of_entries().play(before.iter().chain(rest).cloned())
    }

    fn old() -> What<Note> {
        set(0, "a", life(0), 2, 7)
    }

    #[test]
    fn a_deleted_key_that_returns_is_caught() {
        assert_eq!(after(&[(1, old())]).broken(), (RULE, Some(1), 5.0));
    }

    #[test]
    fn it_may_still_come_to_others_and_be_set_again() {
        let set_again = [
            (2, old()),
            (0, wrote("a", 4, 7)),
            (1, set(0, "a", life(0), 4, 7)),
        ];
        assert_eq!(after(&set_again).what(), "");
    }

    #[test]
    fn it_may_return_to_a_host_that_forgot_the_owner_or_everything() {
        let forgotten = (1, note(Note::Forgotten { id: 0, live: 2 }));
        assert_eq!(after(&[forgotten, (1, old())]).what(), "");
        let resync = (1, note(Note::Resync));
        assert_eq!(after(&[resync, (1, old())]).what(), "");
        let restart = [
            (1, What::Crashed),
            (1, What::Restarted { with_memory: false }),
            (1, old()),
        ];
        assert_eq!(after(&restart).what(), "");
        let with_memory = (1, What::Restarted { with_memory: true });
        let restart = [(1, What::Crashed), with_memory, (1, old())];
        assert_eq!(after(&restart).broken().0, RULE, "it forgot nothing");
        let other = (1, note(Note::Forgotten { id: 2, live: 2 }));
        assert_eq!(after(&[other, (1, old())]).broken().0, RULE);
    }

    #[test]
    fn samples_find_a_silent_return() {
        let mut replica = Replica::knowing(3);
        replica.shown = vec![(0, "a", 2, 7)];
        let mut trial = after(&[]);
        trial.sample(9, &vec![None, Some(replica)]);
        assert_eq!(trial.broken(), (RULE, Some(1), 9.0));
    }

    #[test]
    fn a_key_of_an_ended_life_that_returns_is_caught() {
        let generation = life(1);
        let trial = Trial::of_entries().play([
            (0, wrote("a", 2, 7)),
            (1, set(0, "a", life(0), 2, 7)),
            (0, What::Crashed),
            (0, What::Restarted { with_memory: false }),
            (0, note(Note::Started { generation })),
            (1, deleted(0, "a")),
            (1, set(0, "a", life(1), 1, 7)),
        ]);
        assert_eq!(trial.broken(), (RULE, Some(1), 7.0));
    }
}
