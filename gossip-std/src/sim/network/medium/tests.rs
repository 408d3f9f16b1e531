//! A line of hosts where each hears only those beside it, and a room where all hear all.

use super::*;
use crate::sim::network::{HostSet, LossModel, NetworkConfig, Topology};

struct Radio {
    network: Network,
    medium: Medium,
    links: Links,
    rng: SplitMix64,
}

impl Radio {
    fn new(topology: Topology, hosts: u32) -> Self {
        let config = NetworkConfig {
            topology,
            ..NetworkConfig::default()
        };
        Self {
            network: Network::new(&config, hosts, 1).unwrap(),
            medium: Medium::new(&MediumConfig::default()).unwrap(),
            links: Links::default(),
            rng: SplitMix64::new(1),
        }
    }

    /// 0 - 1 - 2 - 3: only those side by side hear each other.
    fn line() -> Self {
        let width = 4;
        Self::new(Topology::Grid { width, wrap: false }, 4)
    }

    fn begin(&mut self, host: Index, micros: u64) -> Result<Time, Refusal> {
        let now = Time::from_micros(micros);
        self.medium.begin(&self.network, host, now, 19)
    }

    fn end(&mut self, host: Index) -> Vec<(Index, Reception)> {
        let mut heard = Vec::new();
        self.medium.end(
            &self.network,
            &mut self.links,
            &mut self.rng,
            host,
            &mut heard,
        );
        heard
    }

    fn is_clear(&self, host: Index, micros: u64) -> bool {
        self.medium.is_clear(host, Time::from_micros(micros))
    }
}

/// How long the frames here are on the air: 192 and 30 times 32.
const AIRTIME_MICROS: u64 = 1152;

use Reception::{Clean, Collided, Deaf, Lost};

#[test]
fn a_frame_is_heard_by_all_in_range_and_by_nobody_else() {
    let mut radio = Radio::line();
    assert_eq!(radio.begin(1, 0), Ok(Time::from_micros(AIRTIME_MICROS)));
    assert_eq!(radio.end(1), [(0, Clean), (2, Clean)]);
    assert_eq!(radio.end(1), []);
}

#[test]
fn the_channel_is_busy_in_range_while_a_frame_lasts() {
    let mut radio = Radio::line();
    radio.begin(1, 100).unwrap();
    for (host, clear) in [(0, false), (1, false), (2, false), (3, true)] {
        assert_eq!(radio.is_clear(host, 100), clear);
        assert_eq!(radio.is_clear(host, 99 + AIRTIME_MICROS), clear);
        assert!(radio.is_clear(host, 100 + AIRTIME_MICROS));
    }
}

#[test]
fn two_hidden_from_each_other_collide_between_them() {
    let mut radio = Radio::line();
    radio.begin(0, 0).unwrap();
    assert!(radio.is_clear(2, 500));
    radio.begin(2, 500).unwrap();
    assert_eq!(radio.end(0), [(1, Collided)]);
    // Host 3 hears nothing of host 0.
    assert_eq!(radio.end(2), [(1, Collided), (3, Clean)]);
}

#[test]
fn who_sends_hears_nothing() {
    let mut radio = Radio::line();
    radio.begin(0, 0).unwrap();
    radio.begin(1, 500).unwrap();
    assert_eq!(radio.end(0), [(1, Deaf)]);
    // Host 0 was still sending when the frame of host 1 began, and missed its head.
    assert_eq!(radio.end(1), [(0, Deaf), (2, Clean)]);
}

#[test]
fn frames_that_only_touch_do_not_collide() {
    let mut radio = Radio::line();
    radio.begin(0, 0).unwrap();
    assert_eq!(radio.end(0), [(1, Clean)]);
    radio.begin(2, AIRTIME_MICROS).unwrap();
    assert_eq!(radio.end(2), [(1, Clean), (3, Clean)]);
    // In the other order of calls, too: the frame of 2 begins as that of 0 ends.
    radio.begin(0, 10_000).unwrap();
    radio.begin(2, 10_000 + AIRTIME_MICROS).unwrap();
    assert_eq!(radio.end(0), [(1, Clean)]);
    assert_eq!(radio.end(2), [(1, Clean), (3, Clean)]);
    radio.begin(0, 20_000).unwrap();
    radio.begin(1, 20_000 + AIRTIME_MICROS).unwrap();
    assert_eq!(radio.end(0), [(1, Clean)]);
}

#[test]
fn a_short_silence_between_two_collisions_saves_nobody() {
    let mut radio = Radio::line();
    radio.begin(1, 0).unwrap();
    radio.begin(3, 1000).unwrap();
    assert_eq!(radio.end(1), [(0, Clean), (2, Collided)]);
    radio.begin(1, 1500).unwrap();
    assert_eq!(radio.end(3), [(2, Collided)]);
    assert_eq!(radio.end(1), [(0, Clean), (2, Collided)]);
}

#[test]
fn a_host_has_one_frame_on_the_air_and_none_too_long() {
    let mut radio = Radio::line();
    radio.begin(0, 0).unwrap();
    assert_eq!(radio.begin(0, 100), Err(Refusal::OnAir));
    assert_eq!(radio.begin(9, 100), Err(Refusal::NoHost));
    let long = radio.medium.begin(&radio.network, 3, Time::START, 117);
    assert_eq!(long, Err(Refusal::TooLarge));
    assert_eq!(radio.end(0), [(1, Clean)]);
}

#[test]
fn partitions_and_links_hold_on_the_air() {
    let mut radio = Radio::line();
    let side = HostSet::from(0..1);
    radio.network.partition("wall", &[side]).unwrap();
    let mut link = *radio.network.link();
    link.loss = LossModel::Independent(1.0);
    radio.network.set_link(link).unwrap();
    radio.begin(1, 0).unwrap();
    assert!(radio.is_clear(0, 500));
    assert_eq!(radio.end(1), [(2, Lost)]);
    link.loss = LossModel::Independent(0.0);
    link.corrupt = 1.0;
    radio.network.set_link(link).unwrap();
    radio.begin(1, 5000).unwrap();
    assert!(matches!(radio.end(1)[..], [(2, Reception::Damaged(_))]));
}

#[test]
fn who_comes_late_misses_what_is_on_the_air() {
    let mut radio = Radio::new(Topology::FullMesh, 2);
    radio.begin(0, 0).unwrap();
    radio.network.grow(3);
    assert_eq!(radio.end(0), [(1, Clean), (2, Deaf)]);
    radio.begin(0, 5000).unwrap();
    assert_eq!(radio.end(0), [(1, Clean), (2, Clean)]);
}

/// Pure ALOHA (Abramson, "The ALOHA System", 1970): frames that begin at random at a rate of G
/// per airtime are alone with probability e^(-2G).
#[test]
fn without_carrier_sense_frames_survive_as_often_as_in_aloha() {
    let senders = 400;
    let mut radio = Radio::new(Topology::FullMesh, senders + 1);
    let mut ends: std::collections::VecDeque<(Time, Index)> = Default::default();
    let (mut now, mut alone, frames) = (0.0, 0, 20_000);
    for frame in 0..frames {
        // G = 0.25, and no host twice within 400 frames.
        now += -4.0 * AIRTIME_MICROS as f64 * (1.0 - crate::sim::chance::unit(&mut radio.rng)).ln();
        let micros = now as u64;
        while ends
            .front()
            .is_some_and(|(end, _)| end.as_micros() <= micros)
        {
            let (_, host) = ends.pop_front().unwrap();
            let listener = radio.end(host).last().copied();
            alone += u32::from(listener == Some((senders, Clean)));
        }
        let host = frame % senders;
        ends.push_back((radio.begin(host, micros).unwrap(), host));
    }
    // e^-0.5 = 0.6065 of 20,000 is 12,131; neighbours' fates are not independent, so the standard
    // deviation is at most twice that of independent ones, 138: five of them.
    assert!((11_441..12_821).contains(&alone), "{alone}");
}
