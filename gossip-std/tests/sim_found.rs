//! What the soak found once is played again, made small: each scenario of `found/` broke a rule under its seed
//! before the repair that its description names.

use std::fs;
use std::path::Path;

use gossip_std::sim::scenario::Scenario;
use gossip_std::sim::{RunOptions, run};

/// Each with the seed under which it failed.
const FOUND: &[(&str, u64)] = &[
    ("slow-after-a-pause", 63025),
    ("facts-in-pull-mode", 63012),
    ("boot-through-a-busy-seed", 52062),
    ("deaths-told-by-exchanges-alone", 810024),
    ("slow-in-push-mode", 810039),
    ("birth-by-hearsay", 810175),
    ("two-that-fade", 840086),
    ("superseded-singles", 502338),
    ("a-write-that-never-came", 6003294),
    ("late-with-three", 6005292),
    ("late-with-churn", 5003184),
    ("slow-from-the-boot", 6000440),
    ("no-address-and-a-slow-relay", 199061939389164),
    ("an-unproven-life-of-the-dead", 199061939389164),
    ("a-twin-at-the-same-address", 6000095),
    ("a-suspicion-by-hearsay", 6000539),
    ("two-dead-vouch", 6004878),
    ("forgotten-in-pull-mode", 503068),
    ("two-that-move-at-once", 503405),
    ("slow-as-the-quiet-load-bears", 71232599),
    ("slow-with-short-rounds", 8004996),
    ("slow-believes-what-is-old", 9001143),
    ("a-pull-between-two-slow", 9003014),
    ("all-call-themselves-slow", 9003231),
    ("slow-and-reborn", 234607037907397),
    ("join-through-a-slow-seed", 1),
    ("a-mass-crash-without-relays", 3),
    ("a-newcomer-asks-without-end", 80561334037504),
    ("nobody-holds-the-last-write", 224336055318891),
    ("out-of-touch-with-an-outbid-peer", 228538040406480),
    ("out-of-touch-with-a-newcomer", 250354226110407),
    ("slow-without-single-entries", 214611461636066),
    ("told-dead-before-it-was-met", 214611461638287),
    ("a-twin-that-outbid-and-went", 131028021487844),
    ("slow-before-it-knows", 84185051239783),
];

#[test]
fn nothing_that_was_found_comes_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found");
    for (name, seed) in FOUND {
        let text = fs::read_to_string(folder.join(name).with_extension("toml")).unwrap();
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(scenario.name, *name);
        for seed in *seed..*seed + 3 {
            let outcome = run(&scenario, &RunOptions { seed, cores: 1 }).unwrap();
            assert_eq!(outcome.violations, [], "{name}, seed {seed}");
            // Counters wrap; one that is read after a restart as if there had been none is off by 2^32.
            let sent = outcome.traffic.total.count;
            assert!(sent < 1 << 32, "{name}, seed {seed}: {sent} datagrams");
        }
    }
    let files = fs::read_dir(folder).unwrap().count();
    assert_eq!(files, FOUND.len(), "every file is played");
}
