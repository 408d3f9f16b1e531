//! The derived values of `docs/wire.md`, section 6, computed from the page alone.

use super::bytes::{Body, mix};

/// A hash of bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    let words = bytes.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    words.fold(mix(bytes.len() as u64), |state, word| mix(state ^ word))
}

/// A hash of version numbers.
pub fn of_versions(versions: &[u64]) -> u64 {
    let sum = versions
        .iter()
        .fold(0u64, |sum, version| sum.wrapping_add(mix(*version)));
    mix(sum.wrapping_add(versions.len() as u64))
}

/// The short name of a generation.
pub fn life(counter: u16, nonce: u32) -> [u8; 4] {
    let mixed = mix(u64::from(counter) << 32 | u64::from(nonce));
    (mixed as u32).to_le_bytes()
}

/// What is known of a member, with an address of 2 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub id: u64,
    pub counter: u16,
    pub nonce: u32,
    pub incarnation: u64,
    pub standing: u8,
    pub address: Option<u16>,
    pub held: u64,
}

impl Known {
    /// Its facts as bytes.
    pub fn facts(&self) -> Vec<u8> {
        let body = Body::new()
            .varint(self.id)
            .generation(self.counter, self.nonce)
            .varint(self.incarnation)
            .byte(self.standing);
        self.with_address(body).0
    }

    /// Its row, remembered for so many seconds if it is dead or left.
    pub fn row(&self, seconds: u64) -> Body {
        let body = Body::new()
            .varint(self.id)
            .generation(self.counter, self.nonce)
            .varint(self.incarnation)
            .byte(self.standing);
        let body = match self.standing {
            0 => body,
            _ => body.varint(seconds),
        };
        self.with_address(body).varint(self.held)
    }

    pub fn place(&self) -> u64 {
        mix(self.id)
    }

    pub fn weight(&self) -> u64 {
        mix(hash(&self.facts()).wrapping_add(mix(self.held)))
    }

    /// Its weight between two nodes of which one keeps no entries.
    pub fn facts_weight(&self) -> u64 {
        mix(hash(&self.facts()))
    }

    /// Its facts as they stand in a listing.
    pub fn short_hash(&self, salt: u8) -> [u8; 2] {
        let mixed = mix(hash(&self.facts()).wrapping_add(salt.into()));
        (mixed as u16).to_le_bytes()
    }

    fn with_address(&self, body: Body) -> Body {
        match self.address {
            Some(address) => body.byte(1).varint(address.into()),
            None => body.byte(0),
        }
    }
}

/// The fingerprint of the members that a range of this many first digits holds.
pub fn fingerprint(members: &[Known], depth: u32, number: u64) -> u64 {
    let inside = members
        .iter()
        .filter(|known| depth == 0 || known.place() >> (64 - 4 * depth) == number);
    inside.fold(0, |sum, known| sum.wrapping_add(known.weight()))
}

/// A fingerprint as it travels.
pub fn short_sum(fingerprint: u64, salt: u8) -> [u8; 4] {
    if fingerprint == 0 {
        return [0; 4];
    }
    let mixed = mix(fingerprint.wrapping_add(salt.into())) as u32;
    mixed.max(1).to_le_bytes()
}
