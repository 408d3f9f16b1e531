//! The story, step by step. A step does something to the cluster and says when that has succeeded.

use std::time::{Duration, Instant};

use gossip_core::{NodeId, Status, Traffic};

use super::cluster::{Actor, Presence};
use super::steady::{MEASURE_S, Meter};
use super::story::{Progress, Story};

/// One step of the story.
pub(super) struct Step {
    /// A short name.
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) title: &'static str,
    /// Does what the step is about, and says what was done.
    pub(super) act: fn(&mut Story<'_>) -> Result<String, String>,
    /// How far it is.
    pub(super) check: fn(&mut Story<'_>) -> Progress,
}

/// Every step, in order.
pub(super) const STEPS: [Step; 10] = [
    step("join", "the nodes find each other", join, all_know_all),
    step("set", "every node sets two entries", set, own_entries),
    step("equal", "all replicas are equal", look, all_equal),
    step("change", "a change spreads", change, change_seen),
    step("steady", "the cluster at rest", rest, measure),
    step("kill", "a node dies and is found dead", kill, found_dead),
    step("work", "the others keep working", work_on, note_seen),
    step("restart", "it returns without memory", restart, taken_back),
    step("delete", "a key is deleted everywhere", delete, delete_seen),
    step("leave", "all leave", look, leave),
];

/// How long a step may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

const fn step(
    name: &'static str,
    title: &'static str,
    act: fn(&mut Story<'_>) -> Result<String, String>,
    check: fn(&mut Story<'_>) -> Progress,
) -> Step {
    Step {
        name,
        title,
        act,
        check,
    }
}

fn look(_: &mut Story<'_>) -> Result<String, String> {
    Ok(String::new())
}

fn join(story: &mut Story<'_>) -> Result<String, String> {
    story.cluster.start()?;
    Ok(format!(
        "{} nodes started, each joins through an earlier one",
        story.cluster.size
    ))
}

fn all_know_all(story: &mut Story<'_>) -> Progress {
    story.tally(|node| node.agent.live() == story.cluster.size)
}

fn set(story: &mut Story<'_>) -> Result<String, String> {
    const COLORS: [&str; 5] = ["red", "green", "blue", "yellow", "violet"];
    for (index, node) in story.cluster.running() {
        write(node, "name", &format!("node {}", node.id))?;
        write(node, "color", COLORS[index % COLORS.len()])?;
    }
    Ok(format!("{} entries set", 2 * story.cluster.size))
}

fn own_entries(story: &mut Story<'_>) -> Progress {
    story.tally(|node| holds(node, node.id, "name") && holds(node, node.id, "color"))
}

fn all_equal(story: &mut Story<'_>) -> Progress {
    let common = story.common_fingerprint();
    let entries = 2 * story.cluster.size;
    story.tally(|node| {
        Some(node.agent.fingerprint()) == common && node.agent.entries().len() == entries
    })
}

fn change(story: &mut Story<'_>) -> Result<String, String> {
    story.author = story.cluster.any(|_| true);
    write(story.author(), "color", "gold")?;
    Ok(format!(
        "node {} changes its color to gold",
        story.author().id
    ))
}

fn change_seen(story: &mut Story<'_>) -> Progress {
    story.tally(|node| reads(node, story.author().id, "color", "gold"))
}

fn rest(story: &mut Story<'_>) -> Result<String, String> {
    story.meter = Some(Meter::new(Instant::now()));
    Ok(String::new())
}

fn measure(story: &mut Story<'_>) -> Progress {
    let nodes = story.cluster.nodes.iter();
    let sent: Vec<Traffic> = nodes
        .map(|node| node.agent.stats().sent.datagrams)
        .collect();
    let mut done = 0;
    if let Some(meter) = &mut story.meter {
        (done, story.steady) = meter.look(Instant::now(), &sent);
    }
    Progress {
        done,
        of: MEASURE_S,
        unit: "s",
        waits_for: Vec::new(),
    }
}

fn kill(story: &mut Story<'_>) -> Result<String, String> {
    let author = story.author;
    story.victim = story.cluster.any(|index| index != author);
    story.cluster.kill(story.victim)?;
    Ok(format!(
        "node {} is killed without a goodbye",
        story.victim().id
    ))
}

fn found_dead(story: &mut Story<'_>) -> Progress {
    story.tally(|node| node.opinion(story.victim().id) == Some(Status::Dead))
}

fn work_on(story: &mut Story<'_>) -> Result<String, String> {
    let note = format!("without {}", story.victim().id);
    write(story.author(), "note", &note)?;
    Ok(format!(
        "node {} sets a new entry while node {} is dead",
        story.author().id,
        story.victim().id
    ))
}

fn note_seen(story: &mut Story<'_>) -> Progress {
    story.tally(|node| holds(node, story.author().id, "note"))
}

fn restart(story: &mut Story<'_>) -> Result<String, String> {
    story.cluster.restart(story.victim)?;
    write(story.victim(), "name", "second life")?;
    Ok(format!(
        "node {} starts again, with the same id and an empty memory",
        story.victim().id
    ))
}

/// Everyone sees the node alive and reads what it writes now, and it knows what everyone knows.
fn taken_back(story: &mut Story<'_>) -> Progress {
    let common = story.common_fingerprint();
    let id = story.victim().id;
    story.tally(|node| {
        node.opinion(id) == Some(Status::Alive)
            && reads(node, id, "name", "second life")
            && Some(node.agent.fingerprint()) == common
    })
}

fn delete(story: &mut Story<'_>) -> Result<String, String> {
    let author = story.author();
    author
        .agent
        .delete("color")
        .map_err(|error| format!("node {}: {error}", author.id))?;
    Ok(format!("node {} deletes its color", author.id))
}

fn delete_seen(story: &mut Story<'_>) -> Progress {
    let id = story.author().id;
    story.tally(|node| !holds(node, id, "color") && holds(node, id, "name"))
}

/// Half of those that are there leave; once the others have seen it, half of these, and so on.
fn leave(story: &mut Story<'_>) -> Progress {
    let nodes = &mut story.cluster.nodes;
    for node in nodes.iter_mut() {
        // Asks again, without waiting, whether the goodbye was said.
        if node.presence == Presence::Leaving && node.agent.leave(Duration::ZERO) {
            node.presence = Presence::Left;
        }
    }
    let gone = |node: &&Actor| node.presence != Presence::Running;
    let left: Vec<NodeId> = nodes.iter().filter(gone).map(|node| node.id).collect();
    let mut progress = story.tally(|node| {
        let sees_left = |id: &NodeId| node.opinion(*id) == Some(Status::Left);
        left.iter().all(sees_left)
    });
    let silent = |node: &Actor| node.presence != Presence::Leaving;
    if progress.is_complete() && story.cluster.nodes.iter().all(silent) {
        story.cluster.leave(progress.of.div_ceil(2));
    }
    let nodes = story.cluster.nodes.iter();
    let leaving = nodes.filter(|node| node.presence == Presence::Leaving);
    progress.waits_for.extend(leaving.map(|node| node.id));
    let left = |node: &&Actor| node.presence == Presence::Left;
    progress.done = story.cluster.nodes.iter().filter(left).count();
    progress.of = story.cluster.size;
    progress
}

fn write(node: &Actor, key: &str, value: &str) -> Result<(), String> {
    let written = node.agent.set(key, value.as_bytes());
    written.map_err(|error| format!("node {}: {error}", node.id))
}

fn reads(node: &Actor, owner: NodeId, key: &str, value: &str) -> bool {
    node.agent.get(owner, key).as_deref() == Some(value.as_bytes())
}

fn holds(node: &Actor, owner: NodeId, key: &str) -> bool {
    node.agent.get(owner, key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_have_names_of_their_own() {
        for (index, step) in STEPS.iter().enumerate() {
            assert!(
                STEPS
                    .iter()
                    .skip(index + 1)
                    .all(|other| other.name != step.name)
            );
        }
    }
}
