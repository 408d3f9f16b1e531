//! The mixing function behind member order and fingerprints.
//!
//! [`mix`] is the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
//! Generators", OOPSLA 2014, variant 13 of Stafford's constants): a bijection on `u64`, so distinct
//! ids get distinct places, and good enough avalanche that places spread evenly. It is not keyed:
//! somebody inside the cluster can forge a fingerprint, and sealing is the defence against outsiders.

/// A bijection on `u64` with full avalanche. Its three 64-bit products are long on small machines, so there
/// it stands in the program once.
#[cfg_attr(target_pointer_width = "32", inline(never))]
#[cfg_attr(not(target_pointer_width = "32"), inline)]
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A 64-bit hash of `bytes`, the same on every platform.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut state = mix(bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let word = chunk
            .iter()
            .rev()
            .fold(0u64, |word, byte| (word << 8) | u64::from(*byte));
        state = mix(state ^ word);
    }
    state
}
