//! Whom to talk to next, out of the full membership.

mod shuffle;

pub(crate) use shuffle::Shuffle;
