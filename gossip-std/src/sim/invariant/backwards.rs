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
