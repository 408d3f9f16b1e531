//! What was counted is never withdrawn, not for a moment, whoever restarts or is forgotten.

use crate::sharing;
use crate::support;

use sharing::{cluster, crash, restart, settle, sums};
use support::{Net, Weather};

/// Lets time go by; nobody whose address is not among `young` ever reads anything but `least..=most`.
fn run_exact(
    net: &mut Net<support::Large>,
    millis: u64,
    young: u16,
    (least, most): (i64, i64),
    what: &str,
) {
    for _ in 0..millis / 10 {
        net.run(10);
        let read = sums(net, "hits");
        let ids: Vec<u64> = net.live().map(|node| node.id().get()).collect();
        for (id, sum) in ids.into_iter().zip(read) {
            if id != u64::from(young) + 1 {
                let sum = sum.unwrap_or(0);
                assert!(
                    (least..=most).contains(&sum),
                    "{what}: node {id} reads {sum} at {}",
                    net.now
                );
            }
        }
    }
}

#[test]
fn a_counter_is_never_shown_too_low_when_an_owner_begins_anew() {
    for (nodes, mtu) in [(3, 300), (5, 64), (5, 300), (9, 1400)] {
        for (number, weather) in [Weather::FAIR, Weather::LOSSY, Weather::WILD]
            .into_iter()
            .enumerate()
        {
            for seed in 0..6 {
                let mut net = cluster(nodes, seed + 100 * number as u64, mtu, weather);
                (0..nodes).for_each(|at| net.node(at).count("hits", 10).unwrap());
                settle(&mut net);
                let mut total = i64::from(nodes) * 10;
                for at in [nodes / 2, 0] {
                    let what = format!("{nodes} nodes, {mtu} bytes, {weather:?}, seed {seed}");
                    restart(&mut net, at);
                    let most = if seed % 2 == 1 {
                        // It counts on before anybody knows it again.
                        net.node(at).count("hits", 7).unwrap();
                        total + 7
                    } else {
                        total
                    };
                    run_exact(&mut net, 20_000, at, (total, most), &what);
                    total = most;
                    settle(&mut net);
                    assert!(
                        sums(&net, "hits").iter().all(|sum| *sum == Some(total)),
                        "{what}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_counter_is_never_shown_too_low_while_an_owner_is_forgotten() {
    for seed in 0..8 {
        let weather = [Weather::FAIR, Weather::LOSSY, Weather::WILD][seed as usize % 3];
        let mut net = cluster(5, seed, 300, weather);
        (0..5).for_each(|at| net.node(at).count("hits", 10).unwrap());
        settle(&mut net);
        crash(&mut net, 3);
        run_exact(
            &mut net,
            150_000,
            99,
            (50, 50),
            &format!("{weather:?}, seed {seed}"),
        );
    }
}
