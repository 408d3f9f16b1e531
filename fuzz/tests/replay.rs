//! Every checked-in input runs through its target's body, on stable and without libFuzzer.
//! `gossip-std` runs this file too, as its test `corpus`.

use std::fs;
use std::path::PathBuf;

use gossip_fuzz::{corpus, decode, node, pair, replay};

fn replay_corpus(target: &str, body: fn(&[u8])) {
    let (files, failed) = replay(&corpus(target), body).expect("a readable corpus");
    assert_eq!(failed, Vec::<PathBuf>::new(), "inputs that fail");
    assert!(files >= 10, "only {files} inputs for {target}");
    println!("{target}: {files} inputs");
}

#[test]
fn decode_corpus() {
    replay_corpus("decode", decode::run);
}

#[test]
fn node_corpus() {
    replay_corpus("node", node::run);
}

#[test]
fn pair_corpus() {
    replay_corpus("pair", pair::run);
}

#[test]
fn an_input_that_fails_is_named() {
    let directory = std::env::temp_dir().join(format!("gossip-replay-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a writable temporary directory");
    for name in ["bad", "good", "ugly"] {
        fs::write(directory.join(name), name).expect("a writable temporary directory");
    }
    let outcome = replay(&directory, |bytes| assert_eq!(bytes, b"good"));
    fs::remove_dir_all(&directory).expect("a writable temporary directory");
    let failed = ["bad", "ugly"].map(|name| directory.join(name)).to_vec();
    assert_eq!(outcome.expect("a readable directory"), (3, failed));
}
