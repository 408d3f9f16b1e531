//! Rarer troubles, one or two in a scenario: what happens to addresses, ids, seeds and machines.

use super::CALM_FROM;
use super::dice::Dice;
use crate::sim::network::{Change, HostSet, LossModel, Rule};
use crate::sim::scenario::{
    Action, Again, At, Boot, Floor, Pick, Restart, Rolling, Scenario, Twin, Workload,
};
use crate::sim::{Index, Span};

/// Adds one kind of trouble to a scenario that has everything else.
type Draw = fn(&mut Dice, &mut Scenario);

/// Every kind, by name.
const DRAWS: &[(&str, Draw)] = &[
    ("addressed", addressed),
    ("moving", moving),
    ("seedless", seedless),
    ("twins", twins),
    ("floors", floors),
    ("long-pause", long_pause),
    ("half-cut", half_cut),
    ("sluggish", sluggish),
];

/// Kinds that nodes are known not to bear yet; in their place nothing is drawn.
const PENDING: &[&str] = &[];

/// Every other scenario gets one of them, and every eighth two.
pub(super) fn draw(dice: &mut Dice, scenario: &mut Scenario) {
    let count = match dice.between(0, 7) {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    };
    for _ in 0..count {
        let (name, draw) = dice.one_of(DRAWS);
        if !PENDING.contains(&name) {
            draw(dice, scenario);
        }
        if scenario.expect.keeps_up.is_some() {
            // Slow machines keep up where nothing else is wrong.
            return;
        }
    }
}

/// Some hosts are configured with their address. Those do not move.
fn addressed(dice: &mut Dice, scenario: &mut Scenario) {
    if scenario
        .at
        .iter()
        .any(|at| matches!(at.action, Action::Move(_)))
    {
        return;
    }
    let all: Vec<Index> = (0..scenario.nodes).collect();
    let hosts = dice.some_of(&all, all.len());
    scenario.protocol.addressed = Some(hosts.iter().copied().collect());
}

/// Machines get other addresses, but for the first, through which others join, and never after that has
/// gone: all others may move while nobody hears of it.
fn moving(dice: &mut Dice, scenario: &mut Scenario) {
    let takes_first =
        |action: &Action| matches!(action, Action::Crash(Pick::Hosts(hosts)) if hosts.contains(0));
    if scenario.at.iter().any(|at| takes_first(&at.action)) {
        return;
    }
    scenario.protocol.addressed = None;
    let movable: Vec<Index> = (1..scenario.nodes).collect();
    for _ in 0..dice.between(1, 3) {
        let hosts = dice.some_of(&movable, 2);
        let time = fault_time(dice);
        push(scenario, time, Action::Move(named(&hosts)));
    }
}

/// The first host, through which all join, goes for good when all have met: whoever restarts then goes
/// on with what it knew, since one that knows nothing has nobody to ask.
fn seedless(dice: &mut Dice, scenario: &mut Scenario) {
    let gone = dice.span(Span::from_secs(20), Span::from_secs(40));
    // Who said goodbye comes back without what it knew.
    scenario
        .at
        .retain(|at| !matches!(at.action, Action::Leave(_) | Action::Move(_)));
    // Who joins does so before anything goes wrong, or would be left with nobody to ask.
    if matches!(scenario.boot, Boot::Staggered { .. }) {
        scenario.boot = Boot::Join;
    }
    for at in &mut scenario.at {
        match at.action {
            Action::Join { .. } => at.time = Span::ZERO,
            Action::Twin(_) => at.time = at.time.min(gone),
            _ => {}
        }
    }
    scenario.at.sort_by_key(|at| at.time);
    for at in &mut scenario.at {
        match &mut at.action {
            Action::Churn(churn) => churn.with_memory = true,
            Action::Rolling(Rolling { with_memory, .. })
            | Action::Restart(Restart { with_memory, .. }) => *with_memory = true,
            _ => {}
        }
        if at.time >= gone {
            spare_first(&mut at.action);
        }
    }
    // Nothing else brings it back, or is about it alone.
    scenario
        .at
        .retain(|at| at.time < gone || !is_idle(&at.action));
    push(scenario, gone, Action::Crash(named(&[0])));
    let others = (1..scenario.hosts()).collect();
    let restart = Restart {
        hosts: Some(others),
        with_memory: true,
    };
    push(scenario, CALM_FROM, Action::Restart(restart));
}

/// Takes the first host out of what brings hosts back.
fn spare_first(action: &mut Action) {
    let hosts = match action {
        Action::Restart(restart) => &mut restart.hosts,
        Action::Rolling(rolling) => &mut rolling.hosts,
        _ => return,
    };
    if let Some(set) = hosts {
        *set = set
            .iter(Index::from(u16::MAX))
            .filter(|host| *host > 0)
            .collect();
    }
}

/// Whether nobody is left in what brings hosts back; churn would bring back the first.
fn is_idle(action: &Action) -> bool {
    match action {
        Action::Restart(Restart { hosts, .. }) | Action::Rolling(Rolling { hosts, .. }) => {
            hosts.as_ref().is_some_and(HostSet::is_empty)
        }
        Action::Churn(_) => true,
        _ => false,
    }
}

/// A second node has the id of another for a while.
fn twins(dice: &mut Dice, scenario: &mut Scenario) {
    let of = dice.between(1, scenario.nodes);
    let time = dice.span(Span::from_secs(5), Span::from_secs(40));
    let lasts = dice.span(Span::from_secs(1), Span::from_secs(15));
    push(scenario, time, Action::Twin(Twin { of, lasts }));
}

/// Some hosts have a larger floor than they should.
fn floors(dice: &mut Dice, scenario: &mut Scenario) {
    let floor = dice.one_of(&[127, 512, 1400]);
    let Some(usual) = scenario.protocol.mtu.filter(|usual| *usual < floor) else {
        return;
    };
    let all: Vec<Index> = (0..scenario.nodes).collect();
    let hosts = dice
        .some_of(&all, all.len().div_ceil(2))
        .iter()
        .copied()
        .collect();
    scenario.protocol.floors = vec![Floor { hosts, mtu: floor }];
    scenario.network.link.mtu = scenario.network.link.mtu.max(floor).max(usual);
}

/// Some stand still for longer than half the memory of the others, or nearly the whole minute.
fn long_pause(dice: &mut Dice, scenario: &mut Scenario) {
    scenario.protocol.forget_after = Some(Span::from_secs(dice.one_of(&[45, 60])));
    let hosts: Vec<Index> = (1..scenario.nodes).collect();
    let hosts = dice.some_of(&hosts, hosts.len().div_ceil(2));
    let time = dice.span(Span::from_secs(3), Span::from_secs(25));
    push(scenario, time, Action::Pause(named(&hosts)));
    let hosts = Some(hosts.iter().copied().collect());
    push(scenario, CALM_FROM, Action::Resume(Again { hosts }));
}

/// One host is heard by few of the others, or hears few of them, or both, for most of the minute.
fn half_cut(dice: &mut Dice, scenario: &mut Scenario) {
    let one = dice.between(0, scenario.nodes - 1);
    let others: Vec<Index> = (0..scenario.nodes).filter(|host| *host != one).collect();
    let most = dice.between(1, others.len().div_ceil(3) as u32) as usize;
    let hearers = dice.some_of(&others, most);
    let deaf: HostSet = others
        .iter()
        .copied()
        .filter(|host| !hearers.contains(host))
        .collect();
    if deaf.is_empty() {
        return;
    }
    let one: HostSet = [one].into_iter().collect();
    let (from, to) = if dice.chance(0.3) {
        (deaf, one)
    } else {
        (one, deaf)
    };
    let rules = scenario
        .at
        .iter()
        .filter(|at| matches!(at.action, Action::AddRule(_)));
    let name = format!("half-cut-{}", rules.count());
    let rule = Rule {
        name: name.clone(),
        from,
        to,
        both_ways: dice.chance(0.5),
        set: Change {
            loss: Some(LossModel::Independent(1.0)),
            ..Change::default()
        },
    };
    let time = dice.span(Span::from_secs(3), Span::from_secs(30));
    push(scenario, time, Action::AddRule(rule));
    push(scenario, CALM_FROM, Action::LiftRule(name));
}

/// In a quiet cluster without other troubles one machine in eight is slow, down to two datagrams a second
/// more than a quiet cluster sends it: a ping and an ack a round, and what each exchange and its answer
/// take, some of them twice, and by the fastest clock. That it keeps up with, so nobody may take its node for dead.
fn sluggish(dice: &mut Dice, scenario: &mut Scenario) {
    scenario.at.clear();
    scenario.workload = None::<Workload>;
    let hosts = scenario.nodes.div_ceil(8) as usize;
    let all: Vec<Index> = (0..scenario.nodes).collect();
    let slow = dice.some_of(&all, hosts);
    let round = scenario.protocol.interval.unwrap_or(Span::from_secs(1));
    let exchanges = scenario.protocol.exchange.fanout.unwrap_or(1);
    let drift = f64::from(scenario.clocks.max_drift_ppm) / 1e6;
    let often = (1.0 + scenario.network.link.duplicate) * (1.0 + drift) / (1.0 - drift);
    let a_second = (2.0 + 2.0 * f64::from(exchanges)) * often / round.as_secs() + 2.0;
    let most = Span::from_millis((1000.0 / a_second) as u64);
    let per_datagram = dice.span(Span::from_millis(most.as_millis() / 2), most);
    scenario.expect.keeps_up = Some(per_datagram);
    // All have met by then.
    let begin = dice.span(Span::from_secs(15), Span::from_secs(25));
    let who = named(&slow);
    push(scenario, begin, Action::Slow { who, per_datagram });
    let (who, per_datagram) = (Pick::Hosts(HostSet::all()), Span::ZERO);
    push(scenario, CALM_FROM, Action::Slow { who, per_datagram });
}

fn fault_time(dice: &mut Dice) -> Span {
    dice.span(Span::from_secs(3), Span::from_secs(55))
}

fn named(hosts: &[Index]) -> Pick {
    Pick::Hosts(hosts.iter().copied().collect())
}

/// Puts an action where it belongs in the timeline: behind what happens at the same time.
fn push(scenario: &mut Scenario, time: Span, action: Action) {
    let place = scenario.at.partition_point(|at| at.time <= time);
    scenario.at.insert(place, At { time, action });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::soak::generate;

    #[test]
    fn every_kind_makes_a_scenario_that_can_be_played() {
        for seed in 0..60 {
            for (_, draw) in DRAWS {
                let mut scenario = generate(seed);
                draw(&mut Dice::new(seed), &mut scenario);
                assert_eq!(scenario.check(), Ok(()), "{}", scenario.to_toml());
                let text = scenario.to_toml();
                assert_eq!(Scenario::parse(&text).as_ref(), Ok(&scenario));
                assert!(scenario.last_disturbance() <= CALM_FROM, "{text}");
            }
        }
    }
}
