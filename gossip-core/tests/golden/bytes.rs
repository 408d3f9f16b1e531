//! A second writer of the wire format, made from `docs/wire.md` alone: no serde, no postcard and no
//! code of the crate, so that the page, the crate and the vectors check each other.

/// The checksum of a string of bytes: CRC-32C as everybody computes it.
pub fn crc32c(bytes: &[u8]) -> u32 {
    !shift(u32::MAX, bytes)
}

/// The tag of a datagram that is complete but for its tag, among addresses of this kind.
pub fn tag(datagram: &[u8], cluster: &str, kind: u8) -> [u8; 4] {
    tag_of_version(datagram, cluster, 1, kind)
}

/// As [`tag`], of another wire version.
pub fn tag_of_version(datagram: &[u8], cluster: &str, version: u8, kind: u8) -> [u8; 4] {
    let laid_over = u32::from(version) << 24 | u32::from(kind) << 16;
    let start = (crc32c(cluster.as_bytes()) ^ laid_over).reverse_bits();
    let register = shift(start, &datagram[..1]);
    let register = shift(register, &datagram[5..]);
    (!register).to_le_bytes()
}

/// Bytes through the CRC-32C shift register, low bit first.
fn shift(mut register: u32, bytes: &[u8]) -> u32 {
    const POLYNOMIAL_REVERSED: u32 = 0x82f6_3b78;
    for byte in bytes {
        register ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = register & 1 == 1;
            register >>= 1;
            if carry {
                register ^= POLYNOMIAL_REVERSED;
            }
        }
    }
    register
}

/// The bijection behind the members' order.
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Fields one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body(pub Vec<u8>);

impl Body {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn varint(mut self, mut number: u64) -> Self {
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
        self
    }

    pub fn varints(self, numbers: &[u64]) -> Self {
        numbers
            .iter()
            .fold(self, |body, number| body.varint(*number))
    }

    /// A length and so many bytes.
    pub fn blob(self, bytes: &[u8]) -> Self {
        self.varint(bytes.len() as u64).raw(bytes)
    }

    pub fn generation(self, counter: u16, nonce: u32) -> Self {
        self.varint(counter.into()).raw(&nonce.to_be_bytes())
    }
}

/// A datagram in the making, in a buffer of so many bytes.
#[derive(Clone, Debug)]
pub struct Builder {
    bytes: Vec<u8>,
    buffer: usize,
}

impl Builder {
    pub fn new(buffer: usize, sender: u64, counter: u16, nonce: u32) -> Self {
        let header = Body::new().byte(0x10).raw(&[0; 4]).varint(sender);
        Self {
            bytes: header.generation(counter, nonce).0,
            buffer,
        }
    }

    /// A section whose length stands in its head.
    pub fn short(mut self, kind: u8, body: Body) -> Self {
        let (nibble, body) = numbered(kind, body);
        assert!(body.0.len() < 15);
        self.bytes.push(nibble | body.0.len() as u8);
        self.raw(&body.0)
    }

    /// A section whose length follows its head, padded as for everything that would still fit.
    pub fn long(mut self, kind: u8, body: Body) -> Self {
        let (nibble, body) = numbered(kind, body);
        let room = self.buffer - self.bytes.len();
        self.bytes.push(nibble | 15);
        let mut length = body.0.len();
        let more = usize::from(room >= 130) + usize::from(room >= 16_387);
        for _ in 0..more {
            self.bytes.push(length as u8 & 0x7f | 0x80);
            length >>= 7;
        }
        assert!(length < 128);
        self.bytes.push(length as u8);
        self.raw(&body.0)
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        assert!(self.bytes.len() <= self.buffer);
        self
    }

    /// Other bits in the first byte.
    pub fn first(mut self, byte: u8) -> Self {
        self.bytes[0] = byte;
        self
    }

    /// The datagram with the tag of the cluster of this name, among `u16` addresses.
    pub fn seal(mut self, cluster: &str) -> Vec<u8> {
        let tag = tag(&self.bytes, cluster, 0);
        self.bytes[1..5].copy_from_slice(&tag);
        self.bytes
    }
}

/// The high nibble of a section's head, and the body, which begins with the kinds' numbers from 15 on.
fn numbered(kind: u8, body: Body) -> (u8, Body) {
    if kind < 15 {
        return (kind << 4, body);
    }
    (0xf0, Body::new().byte(kind).raw(&body.0))
}
