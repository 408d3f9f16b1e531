//! No replica shows a value after its lease is over.

use super::Broken;
use super::entries::{Case, Showing, Shown};

pub(super) const RULE: &str = "outlived";

/// What is shown must not have run out longer ago than the leeway allows.
pub(super) fn check(
    showing: &Showing<'_>,
    key: u32,
    shown: &Shown,
    case: &Case<'_>,
) -> Result<(), Broken> {
    let writes = case
        .ledger
        .owner(showing.owner)
        .map_or(&[][..], |owner| owner.writes(key));
    let write = writes.iter().find(|write| write.number == shown.number);
    let latest = write
        .and_then(|write| write.lease.as_ref())
        .map(|lease| case.leeway.latest(lease));
    match latest {
        Some(latest) if case.now > latest => Err(Broken {
            rule: RULE,
            host: showing.replica,
            what: format!(
                "shows {showing}, whose lease was over everywhere {} ago",
                case.now.since(latest)
            ),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Span;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::invariant::{Checks, resurrection, vanished};
    use crate::sim::measure::Leeway;
    use crate::sim::measure::script::{Replica, deleted, leased, life, set, wrote};

    /// Host 0 set a for 20 s in second 1, and host 1 shows it; replicas may be 4 s late.
    fn trial() -> Trial {
        let mut trial = Trial::new(Checks {
            entries: true,
            leeway: Leeway {
                late: Span::from_secs(4),
                ..Leeway::default()
            },
            ..Checks::default()
        });
        trial.tell(1, 0, leased("a", 2, 7, 20));
        trial.tell(2, 1, set(0, "a", life(0), 2, 7));
        trial
    }

    fn showing() -> Vec<Option<Replica>> {
        let mut replica = Replica::knowing(3);
        replica.shown = vec![(0, "a", 2, 7)];
        vec![None, Some(replica)]
    }

    #[test]
    fn what_is_shown_after_its_lease_is_caught() {
        let mut trial = trial();
        trial.sample(25, &showing());
        assert_eq!(trial.what(), "");
        trial.sample(26, &showing());
        assert_eq!(trial.broken(), (RULE, Some(1), 26.0));
    }

    #[test]
    fn a_value_may_vanish_when_its_lease_is_over_and_not_before() {
        let mut early = trial();
        early.tell(20, 1, deleted(0, "a"));
        assert_eq!(early.broken(), (vanished::RULE, Some(1), 20.0));
        let mut trial = trial();
        trial.tell(21, 1, deleted(0, "a"));
        assert_eq!(trial.what(), "");
    }

    #[test]
    fn what_ran_out_must_not_return_and_may_be_written_again() {
        let gone = || {
            let mut trial = trial();
            trial.tell(21, 1, deleted(0, "a"));
            trial
        };
        let mut trial = gone();
        trial.tell(22, 1, set(0, "a", life(0), 2, 7));
        assert_eq!(trial.broken(), (resurrection::RULE, Some(1), 22.0));
        let mut trial = gone();
        trial.tell(22, 0, wrote("a", 3, 7));
        trial.tell(23, 1, set(0, "a", life(0), 3, 7));
        assert_eq!(trial.what(), "");
    }
}
