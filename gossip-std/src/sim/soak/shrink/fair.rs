//! Whether a scenario ends in a calm in which agreement can be asked for. Without this, the smallest
//! scenario in which nodes do not agree would be one in which they cannot.

use crate::sim::network::{Link, Rule};
use crate::sim::scenario::{Action, Pick, Restart, Scenario};

/// Whether a scenario is as fair as the one that it is made of: all that is asked below, but that host 1
/// may be away if it is in that one, where nobody needs it any more.
pub(super) fn is_as_fair_as(whole: &Scenario, scenario: &Scenario) -> bool {
    let (whole, state) = (end_of(whole), end_of(scenario));
    state.is_fair(scenario) && (!state.is_first_away || whole.is_first_away)
}

/// What the timeline has made of the beginning in the end: a scenario is fair if the links and rules are what
/// they were, nobody is slow, and host 1, through which others join, is there, and at its address. (While a partition is open or
/// a host stands still, agreement is not asked for anyway.)
fn end_of(scenario: &Scenario) -> State<'_> {
    let network = &scenario.network;
    let mut state = State {
        link: network.link,
        rules: network.rules.iter().collect(),
        is_slow: false,
        is_first_away: false,
        is_first_moved: false,
    };
    for (_, at) in scenario.timeline() {
        state.step(&at.action);
    }
    state
}

/// What the timeline has made of the beginning.
struct State<'a> {
    link: Link,
    rules: Vec<&'a Rule>,
    is_slow: bool,
    is_first_away: bool,
    /// Host 1 gets another address, at which nobody looks for it.
    is_first_moved: bool,
}

impl<'a> State<'a> {
    fn is_fair(&self, scenario: &Scenario) -> bool {
        let network = &scenario.network;
        let ruled = self.rules.iter().copied().eq(&network.rules);
        self.link == network.link && ruled && !self.is_slow && !self.is_first_moved
    }

    fn step(&mut self, action: &'a Action) {
        match action {
            Action::SetLoss(loss) => self.link.loss = *loss,
            Action::SetLink(link) => self.link = *link,
            Action::AddRule(rule) => self.rules.push(rule),
            Action::LiftRule(name) => self.rules.retain(|rule| rule.name != *name),
            Action::Move(pick) => self.is_first_moved |= may_be_first(pick),
            Action::Slow { per_datagram, .. } => self.is_slow = per_datagram.as_micros() > 0,
            Action::Crash(pick) | Action::Leave(pick) if may_be_first(pick) => {
                self.is_first_away = true;
            }
            Action::Restart(Restart { hosts, .. })
                if hosts.as_ref().is_none_or(|hosts| hosts.contains(0)) =>
            {
                self.is_first_away = false;
            }
            _ => {}
        }
    }
}

fn may_be_first(pick: &Pick) -> bool {
    match pick {
        Pick::Hosts(hosts) => hosts.contains(0),
        Pick::Random(_) | Pick::Share(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::soak::generate;

    fn is_fair(scenario: &Scenario) -> bool {
        let state = end_of(scenario);
        state.is_fair(scenario) && !state.is_first_away
    }

    fn fair(actions: &[&str]) -> bool {
        let mut text = "name = \"x\"\nnodes = 4\nduration = \"60s\"\n".to_owned();
        for (second, action) in (1..).zip(actions) {
            text += &format!("[[at]]\ntime = \"{second}s\"\ndo = {action}\n");
        }
        is_fair(&Scenario::parse(&text).unwrap())
    }

    #[test]
    fn what_is_set_right_again_is_fair() {
        // Where host 1 goes for good, nobody needs it any more.
        let loses_first = |scenario: &Scenario| {
            let mut actions = scenario.at.iter().map(|at| &at.action);
            actions.any(
                |action| matches!(action, Action::Crash(Pick::Hosts(hosts)) if hosts.contains(0)),
            )
        };
        let (calm, rest): (Vec<_>, Vec<_>) = (0..100).map(generate).partition(is_fair);
        assert!(rest.iter().all(loses_first) && calm.len() > 80);
        let slow = "{ slow = { who = { random = 1 }, per-datagram = \"9ms\" } }";
        let fast = "{ slow = { who = { hosts = \"all\" }, per-datagram = \"0s\" } }";
        let rule = "{ add-rule = { name = \"r\", set = { loss = 1.0 } } }";
        for (wrong, right) in [
            ("{ set-loss = 0.5 }", "{ set-loss = 0.0 }"),
            (slow, fast),
            (rule, "{ lift-rule = \"r\" }"),
            ("{ crash = { hosts = 1 } }", "{ restart = {} }"),
        ] {
            assert!(fair(&[wrong, right]), "{wrong}");
            assert!(!fair(&[wrong]), "{wrong}");
        }
        assert!(fair(&["{ crash = { hosts = 2 } }"]));
    }
}
