//! Hosts that share one radio channel.

use super::{Echo, Got, millis};
use crate::sim::index::Index;
use crate::sim::network::{Cause, MediumConfig, Network, NetworkConfig, Topology};
use crate::sim::time::Time;
use crate::sim::world::{HostClock, World, WorldOptions};

/// Four echoes in a row on one radio channel, each in range of its neighbours.
fn radios() -> World<Echo> {
    let options = WorldOptions {
        seed: 3,
        cores: 4,
        detailed: true,
    };
    let config = NetworkConfig {
        topology: Topology::Grid {
            width: 4,
            wrap: false,
        },
        medium: Some(MediumConfig::default()),
        ..NetworkConfig::default()
    };
    let mut world = World::new(options, Network::new(&config, 4, 1).unwrap());
    for _ in 0..4 {
        world.add(Echo::default(), HostClock::default());
    }
    world
}

fn lost(world: &World<Echo>, host: Index, cause: Cause) -> u64 {
    let counters = world.counters(host);
    let mut lost = counters.lost();
    lost.find(|(known, _)| *known == cause)
        .map_or(0, |(_, count)| count)
}

#[test]
fn a_frame_reaches_who_is_in_range_after_its_airtime() {
    let mut world = radios();
    world.schedule(1, millis(10), (2, 50));
    world.schedule(0, millis(100), (3, 1));
    let mut got = Got::default();
    world.run_until(millis(13), &mut got);
    assert_eq!(
        got.0,
        [(2, (12, 1, 50))],
        "192 us and 61 bytes at 250 kbit/s, and a backoff"
    );
    world.run_until(millis(1000), &mut got);
    assert_eq!(got.0.len(), 50, "each answer is a byte shorter");
    assert_eq!(lost(&world, 0, Cause::NoRoute), 1, "3 is out of range of 0");
}

#[test]
fn hidden_radios_collide_and_those_in_range_of_each_other_wait() {
    let mut world = radios();
    for turn in 0..100 {
        // Hosts 0 and 2 do not hear each other; both speak to 1.
        world.schedule(0, millis(50 * turn), (1, 1));
        world.schedule(2, millis(50 * turn), (1, 1));
    }
    let mut got = Got::default();
    world.run_until(millis(6000), &mut got);
    let hidden = lost(&world, 0, Cause::Collision) + lost(&world, 2, Cause::Collision);
    assert!((20..200).contains(&hidden), "{hidden} of 200 collided");
    assert_eq!(got.0.len() as u64 + hidden, 200);

    let mut world = radios();
    for turn in 0..100 {
        world.schedule(0, millis(50 * turn), (1, 1));
        world.schedule(1, millis(50 * turn), (0, 1));
    }
    let mut got = Got::default();
    world.run_until(millis(6000), &mut got);
    assert!(
        got.0.len() > 160,
        "{}: neighbours hear each other",
        got.0.len()
    );
}

#[test]
fn a_radio_that_crashes_while_it_waits_sends_nothing_and_works_again() {
    let mut world = radios();
    world.schedule(1, millis(10), (2, 50));
    let mut got = Got::default();
    world.run_until(Time::from_micros(10_001), &mut got);
    world.crash(1);
    world.run_until(millis(50), &mut got);
    world.restart(1, Echo::default(), false);
    world.schedule(1, millis(60), (2, 1));
    world.run_until(millis(100), &mut got);
    let lens: Vec<usize> = got.0.iter().map(|(_, note)| note.2).collect();
    assert_eq!(lens, [1]);
}
