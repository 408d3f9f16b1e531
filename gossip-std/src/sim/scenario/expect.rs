//! What must hold in a run, or it fails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ScenarioError, ensure};
use crate::sim::Span;
use crate::sim::invariant::{PENDING, RULES};

/// What must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// So long after the last disturbance all hosts that are up and connected hold the same members
    /// and entries. Default: not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agree_within: Option<Span>,
    /// Machines that take no longer than this for a datagram keep up, so that nobody may take their nodes
    /// for dead: what the load allows. Default: 2 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keeps_up: Option<Span>,
    /// Invariants to check (`true`) or to leave alone (`false`), by the name of their
    /// [rule](crate::sim::invariant). Those that are not named are checked, but for
    /// [`PENDING`] ones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub invariants: BTreeMap<String, bool>,
}

impl Expect {
    /// `true` if the invariant of this name is to be checked.
    #[must_use]
    pub fn wants(&self, invariant: &str) -> bool {
        let named = self.invariants.get(invariant).copied();
        named.unwrap_or(!PENDING.contains(&invariant))
    }

    pub(super) fn check(&self, last: Span, duration: Span) -> Result<(), ScenarioError> {
        if let Some(name) = self.invariants.keys().find(|name| !is_rule(name)) {
            let problem = format!("is no rule; the rules are {}", RULES.join(", "));
            return Err(ScenarioError::new(
                &format!("expect.invariants.{name}"),
                problem,
            ));
        }
        let Some(bound) = self.agree_within else {
            return Ok(());
        };
        let needed = last + bound;
        ensure(needed <= duration, "expect.agree-within", || {
            format!(
                "is {bound}: the last disturbance ends at {last}, so duration must be at least {needed}"
            )
        })
    }
}

fn is_rule(name: &str) -> bool {
    RULES.contains(&name)
}
