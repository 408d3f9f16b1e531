//! The chapters: what is done, what must come of it, and by when.

use gossip_core::{Duration, NodeId, Status};

use crate::world::{NODES, World, believes, print};

/// What went wrong.
#[derive(Clone, Copy)]
pub struct Failure(pub &'static str);

/// A key that every node sets, and a value that changes later.
const KEY: &str = "temp";
const FIRST: &[u8] = b"21.5 C";
const LATER: &[u8] = b"23.0 C";

/// The node that is lost.
const LOST: u16 = 4;

/// The virtual time that a chapter may take: far more than it should, at this loss.
const QUICKLY: Duration = Duration::from_secs(60);
const IN_TIME: Duration = Duration::from_secs(120);

/// Plays the whole story.
pub fn play(world: &mut World) -> Result<(), Failure> {
    join(world)?;
    share(world)?;
    lose(world)?;
    go_on(world)?;
    take_back(world)?;
    delete(world)
}

fn join(world: &mut World) -> Result<(), Failure> {
    for id in 2..=NODES {
        let node = world.node_mut(id).ok_or(Failure("no such node"))?;
        node.join(1).map_err(|_| Failure("join was refused"))?;
    }
    await_all(world, "every node knows all four", QUICKLY, |node| {
        node.live() == usize::from(NODES)
    })
}

fn share(world: &mut World) -> Result<(), Failure> {
    for id in 1..=NODES {
        set(world, id, FIRST)?;
    }
    await_all(
        world,
        "every node reads the entries of all four",
        QUICKLY,
        |node| (1..=NODES).all(|owner| node.get(NodeId::from(owner), KEY) == Some(FIRST)),
    )?;
    agree(world)
}

fn lose(world: &mut World) -> Result<(), Failure> {
    print(world.now(), format_args!("node {LOST} loses its power"));
    world.switch_off(LOST);
    await_all(world, "the others found it dead", IN_TIME, |node| {
        believes(node, LOST, Status::Dead)
    })
}

fn go_on(world: &mut World) -> Result<(), Failure> {
    set(world, 1, LATER)?;
    await_all(
        world,
        "three nodes go on sharing, and remember the fourth's entry",
        QUICKLY,
        |node| {
            node.get(NodeId::from(1), KEY) == Some(LATER)
                && node.get(NodeId::from(LOST), KEY) == Some(FIRST)
        },
    )
}

fn take_back(world: &mut World) -> Result<(), Failure> {
    print(
        world.now(),
        format_args!("node {LOST} starts again, without memory"),
    );
    world.switch_on(LOST);
    let node = world.node_mut(LOST).ok_or(Failure("no such node"))?;
    node.join(1).map_err(|_| Failure("join was refused"))?;
    await_all(world, "all four are alive to each other", IN_TIME, |node| {
        (1..=NODES).all(|id| believes(node, id, Status::Alive))
    })?;
    set(world, LOST, LATER)?;
    await_all(
        world,
        "it is up to date, and so are the others",
        IN_TIME,
        |node| {
            [1, LOST]
                .iter()
                .all(|owner| node.get(NodeId::from(*owner), KEY) == Some(LATER))
                && [2, 3]
                    .iter()
                    .all(|owner| node.get(NodeId::from(*owner), KEY) == Some(FIRST))
        },
    )?;
    agree(world)
}

fn delete(world: &mut World) -> Result<(), Failure> {
    let node = world.node_mut(2).ok_or(Failure("no such node"))?;
    if node.delete(KEY) != Ok(true) {
        return Err(Failure("the entry to delete was not there"));
    }
    await_all(
        world,
        "node 2 deleted its entry, and nobody has it",
        QUICKLY,
        |node| {
            node.get(NodeId::from(2), KEY).is_none()
                && node.get(NodeId::from(3), KEY) == Some(FIRST)
        },
    )?;
    agree(world)
}

fn set(world: &mut World, id: u16, value: &[u8]) -> Result<(), Failure> {
    let node = world.node_mut(id).ok_or(Failure("no such node"))?;
    node.set(KEY, value).map_err(|_| Failure("set was refused"))
}

/// Waits until the fingerprints of all running nodes are equal.
fn agree(world: &mut World) -> Result<(), Failure> {
    until(world, "all replicas are equal", QUICKLY, |world| {
        let mut prints = world.running().map(|node| node.fingerprint());
        let first = prints.next();
        prints.all(|print| Some(print) == first)
    })
}

/// Waits until `holds` for every running node.
fn await_all(
    world: &mut World,
    what: &'static str,
    within: Duration,
    holds: impl Fn(&gossip_core::Node<u16, crate::world::Shelf>) -> bool,
) -> Result<(), Failure> {
    until(world, what, within, |world| world.running().all(&holds))
}

/// Steps the world until `holds`, for `within` of its time at most.
fn until(
    world: &mut World,
    what: &'static str,
    within: Duration,
    holds: impl Fn(&World) -> bool,
) -> Result<(), Failure> {
    let start = world.now();
    while !holds(world) {
        if world.now() > start.after(within) {
            return Err(Failure(what));
        }
        world.step();
    }
    let took = world.now().since(start).as_millis();
    print(world.now(), format_args!("{what} (took {took} ms)"));
    Ok(())
}
