//! Whom to talk to next, out of the full membership.

mod pick;
mod shuffle;

pub(crate) use pick::pick;
pub(crate) use shuffle::Shuffle;
