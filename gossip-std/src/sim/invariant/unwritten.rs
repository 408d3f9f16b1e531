//! No replica shows a version or a value that its owner never wrote.

use super::Broken;
use super::entries::{Showing, Shown, Sight};
use crate::sim::measure::{BIRTH, Ledger, Owner, Write};
use crate::sim::{Index, id_of};

pub(super) const RULE: &str = "unwritten";

/// The number of the key that is shown, which must be one that its owner wrote.
pub(super) fn known_key(showing: &Showing<'_>, ledger: &Ledger) -> Result<u32, Broken> {
    let owner = ledger.owner(showing.owner);
    let key = owner.and_then(|owner| owner.key(showing.key));
    key.ok_or_else(|| broken(showing, "a key that its owner never wrote"))
}

/// Finds the write that is shown, which must exist.
pub(super) fn check(
    showing: &Showing<'_>,
    key: u32,
    before: Option<&Sight>,
    ledger: &Ledger,
) -> Result<Shown, Broken> {
    let owner = ledger.owner(showing.owner);
    let owner = owner.ok_or_else(|| broken(showing, "an owner that never wrote"))?;
    let number = if showing.version > BIRTH {
        written(showing, owner, key)
    } else {
        carried(showing, owner, key, before)
    };
    let number = number.ok_or_else(|| {
        broken(
            showing,
            "which its owner never wrote under that version of that life",
        )
    })?;
    Ok(Shown {
        number,
        life: showing.life,
        version: showing.version,
        value: showing.value,
    })
}

/// A replica shows an entry of somebody it does not know.
pub(super) fn unknown_owner(host: Index, owner: Index, key: &str) -> Broken {
    Broken {
        rule: RULE,
        host,
        what: format!(
            "shows {key:?} of node {}, which is no member of its table",
            id_of(owner)
        ),
    }
}

/// The number of the write with just this life, version and value.
fn written(showing: &Showing<'_>, owner: &Owner, key: u32) -> Option<u32> {
    let is_it = |write: &&Write| {
        write.version == showing.version
            && write.value == Some(showing.value)
            && owner.is_life(write.life, showing.life)
    };
    let found = owner.writes(key).iter().rev().find(is_it);
    found.map(|write| write.number)
}

/// At the birth stand values of earlier lives, whose versions are lost: if it is not what the
/// replica showed before, it may be any write of that value, and is taken for the last.
fn carried(showing: &Showing<'_>, owner: &Owner, key: u32, before: Option<&Sight>) -> Option<u32> {
    if let Some(Sight::Shown(shown)) = before
        && shown.value == showing.value
    {
        return Some(shown.number);
    }
    let is_it = |write: &&Write| write.value == Some(showing.value);
    let found = owner.writes(key).iter().rev().find(is_it);
    found.map(|write| write.number)
}

fn broken(showing: &Showing<'_>, why: &str) -> Broken {
    Broken {
        rule: RULE,
        host: showing.replica,
        what: format!("shows {showing}: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::{Replica, life, note, set, wrote};
    use crate::sim::{Note, What};

    /// Host 0 wrote a = 7 at version 2 and a = 8 at version 3; then this.
    fn after(rest: &[(Index, What<Note>)]) -> Trial {
        let written = [(0, wrote("a", 2, 7)), (0, wrote("a", 3, 8))];
        Trial::of_entries().play(written.iter().chain(rest).cloned())
    }

    #[test]
    fn what_was_written_may_be_shown() {
        let shown = [
            (1, set(0, "a", life(0), 2, 7)),
            (1, set(0, "a", life(0), 3, 8)),
            (2, set(0, "a", life(0), 3, 8)),
        ];
        assert_eq!(after(&shown).what(), "");
    }

    #[test]
    fn a_key_value_version_or_life_that_was_never_written_is_caught() {
        for shown in [
            set(0, "b", life(0), 2, 7),
            set(2, "a", life(0), 2, 7),
            set(0, "a", life(0), 2, 8),
            set(0, "a", life(0), 4, 8),
            set(0, "a", life(1), 2, 7),
            set(0, "a", life(1), 1, 9),
        ] {
            let trial = after(&[(1, shown.clone())]);
            assert_eq!(trial.broken(), (RULE, Some(1), 3.0), "{shown:?}");
        }
    }

    #[test]
    fn a_value_may_be_carried_into_a_life_that_does_not_cover_it_yet() {
        let generation = life(1);
        let shown = [
            (1, set(0, "a", life(0), 2, 7)),
            (0, What::Crashed),
            (0, What::Restarted { with_memory: false }),
            (0, note(Note::Started { generation })),
            (1, set(0, "a", life(1), 1, 7)),
            (2, set(0, "a", life(1), 1, 8)),
        ];
        assert_eq!(after(&shown).what(), "");
    }

    #[test]
    fn a_life_that_grows_renumbers_what_is_shown() {
        let generation = life(1);
        let grown = (0, note(Note::Started { generation }));
        let (new, old) = (set(0, "a", life(1), 2, 8), set(0, "a", life(1), 3, 8));
        assert_eq!(after(&[grown.clone(), (1, new)]).what(), "");
        assert_eq!(after(&[grown, (1, old)]).broken().0, RULE);
    }

    #[test]
    fn samples_find_what_no_note_told() {
        let mut replica = Replica::knowing(3);
        replica.shown = vec![(0, "a", 2, 9)];
        let mut trial = after(&[]);
        trial.sample(5, &vec![None, Some(replica)]);
        assert_eq!(trial.broken(), (RULE, Some(1), 5.0));
        let stranger = Replica {
            shown: vec![(0, "a", 2, 7)],
            ..Replica::default()
        };
        let mut trial = after(&[]);
        trial.sample(5, &vec![None, Some(stranger)]);
        assert!(trial.what().contains("no member"), "{}", trial.what());
    }
}
