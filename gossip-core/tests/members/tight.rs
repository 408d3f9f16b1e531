//! Tables with room for nothing, for one, or for two: what is left out is left out cleanly, and a
//! cluster with little room still agrees.

use crate::support;

use gossip_core::{Storage, Tables, inline};
use support::{Net, Weather, config};

macro_rules! tight {
    ($($name:ident: $news:expr, $duties:expr, $relays:expr, $exchanges:expr, $ranges:expr, $wants:expr;)*) => {
        $(inline! {
            struct $name {
                members: 70, entries: 200, key: 8, value: 8, news: $news, duties: $duties,
                relays: $relays, seeds: 1, exchanges: $exchanges, ranges: $ranges, wants: $wants,
            }
        })*
    };
}

tight! {
    OneWant: 8, 8, 2, 2, 4, 1;
    OneRange: 8, 8, 2, 2, 1, 4;
    TwoDuties: 8, 2, 2, 2, 4, 4;
    NoNews: 0, 8, 2, 2, 4, 4;
    OneNews: 1, 8, 2, 2, 4, 4;
    NoRelays: 8, 8, 0, 2, 4, 4;
    NoExchanges: 8, 8, 2, 0, 0, 0;
    NoWants: 8, 8, 2, 2, 4, 0;
    NoRanges: 8, 8, 2, 2, 0, 4;
    Ones: 1, 2, 1, 1, 1, 1;
}

inline! {
    struct NoEntries {
        members: 70, entries: 0, key: 0, value: 0, news: 8, duties: 8,
        relays: 2, seeds: 1, exchanges: 2, ranges: 4, wants: 4,
    }
}

/// Time until all agree (ms), and datagrams a node a second once quiet.
fn trial<S: Storage<u16>>(
    name: &str,
    tables: fn() -> Tables<u16, S>,
    nodes: u16,
    entries: bool,
) -> (u64, f64) {
    let mut net = Net::<S>::new(3, 64, Weather::FAIR);
    for address in 0..nodes {
        net.add(config(address, 64).check().unwrap(), tables());
        if entries {
            net.node(address).set("k", b"12345678").unwrap();
        }
        if address > 0 {
            let _ = net.node(address).join(0);
        }
    }
    let start = net.now;
    let mut worst = 0;
    let done = net.run_until(start + 120_000, |net| {
        net.agree()
            && net.live().all(|n| {
                n.live() == usize::from(nodes)
                    && n.entries().count() == usize::from(nodes) * usize::from(entries)
            })
    });
    let took = if done { net.now - start } else { u64::MAX };
    net.log = Some(Vec::new());
    for _ in 0..10 {
        net.run(1_000);
        worst = worst.max(net.log.as_mut().unwrap().drain(..).count());
    }
    let rate = worst as f64 / f64::from(nodes);
    let rows: Vec<_> = net
        .live()
        .map(|n| (n.live(), n.entries().count()))
        .collect();
    println!(
        "{name}: {nodes} nodes agree after {took} ms, {rate} datagrams a node and second; {:?} {:?}",
        rows.iter().min(),
        rows.iter().max()
    );
    (took, rate)
}

macro_rules! trials {
    ($($test:ident: $name:ident, $nodes:expr, $entries:expr;)*) => {
        $(#[test]
        fn $test() {
            let (took, rate) = trial(stringify!($name), $name::tables, $nodes, $entries);
            assert!(took < u64::MAX, "never agree");
            assert!(rate < 12.0, "{rate} datagrams a node and second");
        })*
    };
}
trials! {
    one_want: OneWant, 6, true;
    one_range: OneRange, 60, true;
    two_duties: TwoDuties, 6, true;
    no_news: NoNews, 6, true;
    one_news: OneNews, 6, true;
    no_relays: NoRelays, 6, true;
    no_exchanges: NoExchanges, 6, false;
    no_wants: NoWants, 6, false;
    no_ranges: NoRanges, 6, false;
    no_entries: NoEntries, 60, false;
    ones: Ones, 60, true;
}

/// `entry_max` says what key and value may take together, however long each is.
#[test]
fn as_much_as_entry_max_can_be_set() {
    inline! {
        struct Wide {
            members: 4, entries: 4, key: 8, value: 2000, news: 4, duties: 4,
            relays: 1, seeds: 1, exchanges: 1, ranges: 1, wants: 1,
        }
    }
    let settings = config(0, 1400).check().unwrap();
    let mut node = gossip_core::Node::<u16, Wide>::new(settings, Wide::tables());
    let max = node.entry_max();
    assert_eq!(node.set("12345678", &vec![0; max - 8]), Ok(()), "{max}");
    assert!(node.set("12345678", &vec![0; max]).is_err());
}
