//! No replica goes back to an older write of a key (P3) or to an older life of an owner.

use gossip_core::Generation;

use super::Broken;
use super::entries::{Showing, Shown, Sight};

pub(super) const RULE: &str = "backwards";

/// The life that a replica holds of an owner only grows, until the owner is forgotten.
pub(super) fn check_life(showing: &Showing<'_>, before: Generation) -> Result<(), Broken> {
    if showing.life >= before {
        return Ok(());
    }
    Err(broken(
        showing,
        &format!("it held the later life {before:?}"),
    ))
}

/// Within a life the version of a key only grows; across lives the write is never an older one.
pub(super) fn check_write(
    showing: &Showing<'_>,
    before: Option<&Sight>,
    shown: &Shown,
) -> Result<(), Broken> {
    let Some(Sight::Shown(before)) = before else {
        return Ok(());
    };
    if before.life == shown.life && shown.version < before.version {
        let before = before.version;
        return Err(broken(
            showing,
            &format!("it showed version {before} before"),
        ));
    }
    if shown.number < before.number {
        let (now, before) = (shown.number, before.number);
        let why = format!("that is write {now} of the run, and it showed write {before} before");
        return Err(broken(showing, &why));
    }
    Ok(())
}

fn broken(showing: &Showing<'_>, why: &str) -> Broken {
    Broken {
        rule: RULE,
        host: showing.replica,
        what: format!("shows {showing}, but {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::{Replica, life, note, set, wrote};
    use crate::sim::{Index, Note, What};

    /// Host 0 set a to 7 and then to 8, which host 1 shows; then this.
    fn after(rest: &[(Index, What<Note>)]) -> Trial {
        let before = [
            (0, wrote("a", 2, 7)),
            (0, wrote("a", 3, 8)),
            (1, set(0, "a", life(0), 3, 8)),
        ];
        Trial::of_entries().play(before.iter().chain(rest).cloned())
    }

    fn grown() -> (Index, What<Note>) {
        let generation = life(1);
        (0, note(Note::Started { generation }))
    }

    #[test]
    fn an_older_version_after_a_newer_one_is_caught() {
        let older = (1, set(0, "a", life(0), 2, 7));
        assert_eq!(after(&[older]).broken(), (RULE, Some(1), 4.0));
        let other = (2, set(0, "a", life(0), 2, 7));
        assert_eq!(after(&[other]).what(), "", "another host is still behind");
    }

    #[test]
    fn versions_begin_anew_with_each_life_but_writes_do_not() {
        let carried = (1, set(0, "a", life(1), 1, 8));
        let renumbered = (1, set(0, "a", life(1), 2, 8));
        assert_eq!(after(&[grown(), carried, renumbered]).what(), "");
        let older = (1, set(0, "a", life(1), 1, 7));
        assert_eq!(after(&[grown(), older]).broken().0, RULE);
    }

    #[test]
    fn an_earlier_life_after_a_later_one_is_caught() {
        let later = (1, set(0, "a", life(1), 2, 8));
        let earlier = (1, set(0, "a", life(0), 3, 8));
        let trial = after(&[grown(), later.clone(), earlier.clone()]);
        assert_eq!(trial.broken(), (RULE, Some(1), 6.0));
        let forgotten = (1, note(Note::Forgotten { id: 0, live: 2 }));
        assert_eq!(after(&[grown(), later, forgotten, earlier]).what(), "");
    }

    #[test]
    fn samples_find_a_silent_step_back() {
        let mut replica = Replica::knowing(3);
        replica.shown = vec![(0, "a", 2, 7)];
        let mut trial = after(&[]);
        trial.sample(9, &vec![None, Some(replica)]);
        assert_eq!(trial.broken(), (RULE, Some(1), 9.0));
    }
}
