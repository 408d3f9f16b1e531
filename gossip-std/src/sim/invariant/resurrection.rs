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
