//! Direct mail (Demers et al. 1987, section 1.1): a node's own writes go to some peers, or to all, at
//! once. Whom it does not reach is left to anti-entropy and counted.
//!
//! | section | sent | means |
//! |---|---|---|
//! | `claim` with token 0, a *letter* | by the writer, to the peers that it chose | "I wrote this; nobody asked" |
//! | `receipt` | by the peer | "I have your writes up to this version" |
//!
//! A letter is an intent and no packet: "this peer is to be told everything above that version". What is
//! current when it is sent goes into it, so several writes cost one letter. It waits for its receipt,
//! is sent again a few times, and is then left to anti-entropy, which finds what the peer lacks
//! (hinted handoff, DeCandia et al. 2007, section 4.6, with every replica as the keeper of the hint).
//!
//! Whoever can take a letter as a claim is done with it. Whoever lacks something before it takes its entries one by one,
//! which is always safe, and pulls the rest.

mod run;
mod serve;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use serve::write_receipt;
pub use state::{Letter, Mails};
