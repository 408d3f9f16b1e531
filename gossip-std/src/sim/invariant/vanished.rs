//! No shown key vanishes from a replica unless its owner deleted it, began a new life without it,
//! or was forgotten (P2).

use super::Broken;
use super::entries::Shown;
use crate::sim::Index;
use crate::sim::measure::{Ledger, Write};

pub(super) const RULE: &str = "vanished";

/// Finds the first deletion after the write that was shown; its number among all writes.
pub(super) fn check(
    host: Index,
    owner: Index,
    key: u32,
    shown: &Shown,
    ledger: &Ledger,
) -> Result<u32, Broken> {
    let writes = ledger
        .owner(owner)
        .map_or(&[][..], |owner| owner.writes(key));
    let is_deletion = |write: &&Write| write.value.is_none() && write.number > shown.number;
    match writes.iter().find(is_deletion) {
        Some(deletion) => Ok(deletion.number),
        None => Err(Broken {
            rule: RULE,
            host,
            what: format!(
                "no longer shows {:?} of host {owner} (version {} was shown last), which its owner \
                 did not delete and which was not forgotten",
                ledger.owner(owner).map_or("", |owner| owner.name(key)),
                shown.version
            ),
        }),
    }
}
