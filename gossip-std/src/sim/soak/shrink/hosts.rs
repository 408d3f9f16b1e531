//! Fewer hosts.

use std::ops::Range;

use super::ddmin::ddmin;
use super::trial::Trial;
use crate::sim::Index;
use crate::sim::network::{HostSet, Rule};
use crate::sim::scenario::{Action, At, Pick, Scenario};

/// Takes away hosts; those that stay move up to fill the gaps.
pub(super) fn shrink(trial: &mut Trial<'_>) {
    let whole = trial.best.clone();
    ddmin((0..whole.hosts()).collect(), |kept| {
        trial.accepts(Renumber::new(&whole, kept).scenario())
    });
}

/// A scenario in which only some of the hosts are left.
struct Renumber<'a> {
    whole: &'a Scenario,
    kept: &'a [Index],
}

impl<'a> Renumber<'a> {
    fn new(whole: &'a Scenario, kept: &'a [Index]) -> Self {
        Self { whole, kept }
    }

    fn scenario(&self) -> Scenario {
        let mut fewer = self.whole.clone();
        fewer.nodes = self.count(0..self.whole.nodes);
        // Late hosts are numbered in the order in which they come.
        fewer.at.sort_by_key(|at| at.time);
        let mut next = self.whole.nodes;
        fewer
            .at
            .retain_mut(|at| self.action(&mut at.action, &mut next).is_some());
        drop_dangling(&mut fewer.at);
        fewer
            .network
            .rules
            .retain_mut(|rule| self.rule(rule).is_some());
        let protocol = &mut fewer.protocol;
        protocol.addressed = protocol.addressed.take().and_then(|mut set| {
            self.set(&mut set)?;
            Some(set)
        });
        protocol
            .floors
            .retain_mut(|floor| self.set(&mut floor.hosts).is_some());
        fewer
    }

    /// The index that a host has now; `None` if it is gone.
    fn host(&self, host: Index) -> Option<Index> {
        let place = self.kept.binary_search(&host);
        place.ok().map(|place| place as Index)
    }

    /// How many of these hosts are left.
    fn count(&self, hosts: Range<Index>) -> u32 {
        hosts.filter(|host| self.host(*host).is_some()).count() as u32
    }

    /// Renumbers a set; `None` if nobody is left in it.
    fn set(&self, set: &mut HostSet) -> Option<()> {
        if *set != HostSet::all() {
            let hosts = set.iter(self.whole.hosts());
            *set = hosts.filter_map(|host| self.host(host)).collect();
        }
        (!set.is_empty()).then_some(())
    }

    /// Renumbers a host as people write it, from 1.
    fn number(&self, number: &mut u32) -> Option<()> {
        *number = self.host(*number - 1)? + 1;
        Some(())
    }

    fn pick(&self, pick: &mut Pick) -> Option<()> {
        match pick {
            Pick::Hosts(set) => self.set(set),
            Pick::Random(_) | Pick::Share(_) => Some(()),
        }
    }

    fn rule(&self, rule: &mut Rule) -> Option<()> {
        self.set(&mut rule.from)?;
        self.set(&mut rule.to)
    }

    /// Renumbers an action; `None` if it is about nobody any more. `next` is the first host that has
    /// not come by then.
    fn action(&self, action: &mut Action, next: &mut Index) -> Option<()> {
        let named =
            |hosts: &mut Option<HostSet>| hosts.as_mut().map_or(Some(()), |set| self.set(set));
        match action {
            Action::Partition { sides, .. } => {
                sides.retain_mut(|side| self.set(side).is_some());
                (!sides.is_empty()).then_some(())
            }
            Action::Crash(pick) | Action::Pause(pick) | Action::Leave(pick) => self.pick(pick),
            Action::Slow { who, .. } | Action::Move(who) => self.pick(who),
            Action::Twin(twin) => {
                *next += 1;
                let place = self.host(*next - 1);
                self.number(&mut twin.of)?;
                place.map(|_| ())
            }
            Action::Restart(restart) => named(&mut restart.hosts),
            Action::Rolling(rolling) => named(&mut rolling.hosts),
            Action::Resume(again) => named(&mut again.hosts),
            Action::AddRule(rule) => self.rule(rule),
            Action::Set(set) => self.number(&mut set.host),
            Action::Delete { host, .. } => self.number(host),
            Action::Flash(flash) => self.number(&mut flash.host),
            Action::Join { count, .. } => {
                let first = *next;
                *next += *count;
                *count = self.count(first..*next);
                (*count > 0).then_some(())
            }
            Action::Heal(_)
            | Action::HealAll
            | Action::SetLoss(_)
            | Action::SetLink(_)
            | Action::LiftRule(_)
            | Action::Churn(_) => Some(()),
        }
    }
}

/// Takes away what ends a thing that never began.
fn drop_dangling(timeline: &mut Vec<At>) {
    let begun = timeline.clone();
    let has = |begins: &dyn Fn(&Action) -> bool| begun.iter().any(|at| begins(&at.action));
    timeline.retain(|at| match &at.action {
        Action::Heal(healed) => {
            has(&|action| matches!(action, Action::Partition { name, .. } if name == healed))
        }
        Action::LiftRule(lifted) => {
            has(&|action| matches!(action, Action::AddRule(rule) if rule.name == *lifted))
        }
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_stay_move_up_and_what_is_about_nobody_goes() {
        let text = r#"
            name = "x"
            nodes = 6
            duration = "60s"
            at = [
                { time = "1s", do = { partition = { name = "a", sides = ["1-2", "3-4"] } } },
                { time = "2s", do = { partition = { name = "b", sides = ["3-4"] } } },
                { time = "3s", do = { heal = "a" } },
                { time = "3s", do = { heal = "b" } },
                { time = "4s", do = { join = { count = 2 } } },
                { time = "4s", do = { join = { count = 1 } } },
                { time = "5s", do = { crash = { hosts = "3, 6-8" } } },
                { time = "6s", do = { delete = { host = 5, key = "k" } } },
                { time = "6s", do = { delete = { host = 4, key = "k" } } },
            ]
        "#;
        let expected = r#"
            name = "x"
            nodes = 4
            duration = "60s"
            at = [
                { time = "1s", do = { partition = { name = "a", sides = ["1-2"] } } },
                { time = "3s", do = { heal = "a" } },
                { time = "4s", do = { join = { count = 1 } } },
                { time = "5s", do = { crash = { hosts = "4-5" } } },
                { time = "6s", do = { delete = { host = 3, key = "k" } } },
            ]
        "#;
        let whole = Scenario::parse(text).unwrap();
        let fewer = Renumber::new(&whole, &[0, 1, 4, 5, 7]).scenario();
        assert_eq!(Ok(fewer), Scenario::parse(expected));
    }
}
