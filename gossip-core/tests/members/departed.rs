//! An owner leaves, or dies, while hardly anything gets through, and everybody knows another part of what it
//! wrote. Those who stay must come to agree on it, whatever it was that each of them had heard.

use crate::support;

use gossip_core::{Duration, Mail, Reconciliation};
use support::{Large, Net, Weather, config};

fn agrees(seed: u64, order: Reconciliation, leaves: bool) -> bool {
    let mut net = Net::<Large>::new(seed, 64, Weather::FAIR);
    for address in 0..4 {
        let config = config(address, 64)
            .reconciliation(order)
            .probe_interval(Duration::from_millis(500))
            .reconnect_interval(Duration::from_secs(1))
            .tombstone_grace(Duration::from_secs(2))
            .direct_mail(Mail::To(2));
        net.add(config.check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    net.run(8_000);
    net.weather.loss = 90;
    for _ in 0..30 {
        for address in 0..4 {
            let key = format!("{}", net.random(8));
            match net.random(10) {
                0..=1 => drop(net.node(address).delete(&key)),
                _ => {
                    let value = net.now.to_le_bytes();
                    net.node(address).set(&key, &value[..3]).unwrap();
                }
            }
        }
        net.run(1_000);
    }
    if leaves {
        net.node(1).leave();
        net.run(2_000);
    }
    net.nodes[1] = None;
    net.run(8_000);
    net.weather.loss = 0;
    let end = net.now + 60_000;
    net.run_until(end, |net| {
        net.agree() && net.live().all(|node| node.live() == 3)
    })
}

#[test]
fn who_stays_agrees_on_whoever_went() {
    let mut late = Vec::new();
    for order in [
        Reconciliation::ScuttleDepth,
        Reconciliation::ScuttleBreadth,
        Reconciliation::PreciseOldest,
        Reconciliation::PreciseNewest,
        Reconciliation::PreciseRandom,
    ] {
        for seed in 0..16 {
            for leaves in [false, true] {
                if !agrees(seed, order, leaves) {
                    late.push((order, seed, leaves));
                }
            }
        }
    }
    assert!(late.is_empty(), "{} never agreed: {late:?}", late.len());
}
