//! No replica shows a version or a value that its owner never wrote.

use super::Broken;
use super::entries::{Showing, Shown, Sight};
use crate::sim::Index;
use crate::sim::measure::{BIRTH, Ledger, Owner, Write};

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
        what: format!("shows {key:?} of host {owner}, which is no member of its table"),
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
