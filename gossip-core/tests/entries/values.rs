//! What an application reads from a node can be kept and sent: ids, configuration, statistics, events and reports
//! come back from serde as they were.

use crate::support;

use core::fmt::Debug;

use crate::sync::Syncing;
use gossip_core::wire::Kind;
use gossip_core::{
    ByteRate, Config, Destination, Duration, Event, ExchangeMode, Generation, Instant, Mail,
    Mismatch, NodeId, ReadEnd, Reconciliation, Request, RequestError, SetError, Stats, Status,
    SyncEnd, Version,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use support::{Net, Weather, config, id};

/// Through bytes and back.
fn again<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let mut room = [0; 2000];
    let bytes = postcard::to_slice(&value, &mut room).unwrap();
    assert_eq!(postcard::from_bytes::<T>(bytes).as_ref(), Ok(&value));
}

#[test]
fn small_values_come_back() {
    again(NodeId::MAX);
    again(Version::MAX);
    again(Generation {
        counter: 3,
        nonce: [1, 2, 3, 4],
    });
    again((Instant::FAR, Duration::from_secs(9)));
    again([Destination::One(7u16), Destination::Everyone]);
    again([Status::Alive, Status::Suspect, Status::Left, Status::Dead]);
    again([SyncEnd::Equal, SyncEnd::Silent, SyncEnd::Left]);
    again([ReadEnd::Owner, ReadEnd::Deadline]);
    again((RequestError::Full { max: 3 }, SetError::Reserved));
    let key = String::from("k");
    again([
        Event::Joined,
        Event::Set { owner: id(3), key },
        Event::Mismatch(Mismatch::MtuFloor(64)),
        Event::Member {
            id: id(4),
            status: Status::Dead,
        },
    ]);
    let outside = postcard::from_bytes::<NodeId>(&[0xff; 9]);
    assert!(outside.is_err(), "an id above the largest: {outside:?}");
}

#[test]
fn a_configuration_comes_back_and_is_checked_again() {
    let config = Config::new(id(3))
        .cluster("values")
        .address(7u16)
        .mtu_floor(127)
        .byte_rate(Some(ByteRate {
            per_second: 900,
            burst: 2000,
        }))
        .exchange_mode(ExchangeMode::Push)
        .reconciliation(Reconciliation::PreciseNewest)
        .direct_mail(Mail::To(3));
    again(config);
    let mut room = [0; 200];
    let bad = postcard::to_slice(&config.mtu_floor(9), &mut room).unwrap();
    let read = postcard::from_bytes::<Config<u16>>(bad).unwrap();
    assert!(read.check().is_err());
}

#[test]
fn statistics_and_reports_come_back() {
    let mut net = Net::<Syncing>::new(1, 1400, Weather::FAIR);
    for address in 0..3 {
        net.add(config(address, 1400).check().unwrap(), Syncing::tables());
        net.node(address).join(0).unwrap();
    }
    net.node(1).set("k", b"v").unwrap();
    net.run(10_000);
    let deadline = net.instant().after(Duration::from_secs(5));
    let request: Request = net
        .node(0)
        .sync(id(2), gossip_core::table::Prefix::ROOT, deadline)
        .unwrap();
    again(request);
    net.run(6_000);
    again(net.node(0).take_synced(request).unwrap());
    again(net.node(0).pressure());
    again(net.node(0).identity());
    let stats = *net.node(0).stats();
    assert!(stats.sent.of(Kind::Root).count > 0);
    again(stats);
    again(Stats::NONE);
}

/// Kinds of sections that a build did not know yet, or a later one knows, cost nothing but themselves.
#[test]
fn statistics_of_other_builds_can_be_read() {
    let mut room = [0; 2000];
    let written = postcard::to_slice(&Stats::NONE.sent, &mut room).unwrap();
    let kinds = Kind::COUNT;
    // The two counts of all datagrams, the number of kinds, and the two counts of each.
    assert_eq!(written.len(), 2 + 1 + 2 * kinds);
    for other in [1, kinds, kinds + 3] {
        let mut bytes = vec![5, 50, u8::try_from(other).unwrap()];
        (0..other).for_each(|_| bytes.extend([0, 0]));
        let read = postcard::from_bytes::<gossip_core::Flow>(&bytes).unwrap();
        assert_eq!((read.datagrams.count, read.datagrams.bytes), (5, 50));
    }
}
