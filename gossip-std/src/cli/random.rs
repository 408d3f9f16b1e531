//! Random numbers for ids and seeds.

use std::hash::{BuildHasher, Hasher, RandomState};

/// 64 random bits: the standard library keys its hashers from the operating system's entropy.
pub(super) fn number() -> u64 {
    RandomState::new().build_hasher().finish()
}
