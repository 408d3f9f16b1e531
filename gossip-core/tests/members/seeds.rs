//! When a seed has answered, and is not tried again.

use crate::support;

use gossip_core::Generation;
use gossip_core::wire::{Kind, Standing};
use support::alone::{Alone, Word, acks, first};
use support::craft::{body, craft, row};
use support::id;

const SEED: u16 = 9;
const OTHER: u16 = 5;

/// How often a node speaks to its seed within eight seconds, which names one member at each try: alive, and at this
/// address.
fn tries(address: Option<u16>) -> usize {
    let mut alone = Alone::new(300);
    alone.node.join(SEED - 1).unwrap();
    let named = row(OTHER, first(OTHER), 0, Standing::Alive, address);
    let answer = craft(
        id(SEED),
        Generation::default(),
        &[(Kind::Rows, body(&[named]))],
    );
    let mut tries = 0;
    alone.pass(8000, |sent| -> Vec<Word> {
        if sent.to == SEED - 1 {
            tries += 1;
            return vec![(SEED - 1, answer.clone())];
        }
        let pings = sent.pings().into_iter();
        pings.map(|token| acks(OTHER, token)).collect()
    });
    assert_eq!(alone.node.live(), 2, "it knows whom the seed names");
    tries
}

#[test]
fn a_seed_that_names_nobody_who_can_be_written_to_has_not_answered() {
    let (named, unnamed) = (tries(Some(OTHER - 1)), tries(None));
    assert_eq!(named, 1);
    assert!(unnamed > 3, "{unnamed} tries");
}
