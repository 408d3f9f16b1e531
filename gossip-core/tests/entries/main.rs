//! Entries, shared keys, reconciliation and requests: nodes on a network in memory.

#[path = "../golden/mod.rs"]
mod golden;
#[path = "../sharing/mod.rs"]
mod sharing;
#[path = "../support/mod.rs"]
mod support;
#[path = "../watched/mod.rs"]
mod watched;

mod accelerate;
mod catchup;
mod convergence;
mod counted;
mod false_words;
mod few_exchanges;
mod fingerprints;
mod flow;
mod kinds;
mod leases;
mod mail;
mod modes;
mod newcomer;
mod precise;
mod reads;
mod safety;
mod shared;
mod shared_keys;
mod singles;
mod sync;
mod undrained;
mod vain;
mod values;
mod watches;
