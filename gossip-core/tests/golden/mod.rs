//! The golden vectors: what they are made of, and how the file is read.

#![allow(dead_code)] // each test binary uses a part

pub mod bad;
pub mod bytes;
pub mod good;
pub mod page;
pub mod precise;
pub mod requests;
pub mod singles;
pub mod sums;
pub mod text;

use std::path::PathBuf;

/// The cluster's name in every vector.
pub const CLUSTER: &str = "golden";

/// The largest id there can be.
pub const ANY_ID: u64 = (1 << 56) - 1;

/// The largest counter of 28 bits.
pub const COUNTER_MAX: u64 = (1 << 28) - 1;

/// One vector: a line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    pub name: String,
    /// The address type: `u16`, `[u8;8]` or `SocketAddr`.
    pub address: String,
    /// The configured `largest_id`.
    pub largest_id: u64,
    /// The size in bytes of the buffer that the datagram was written into.
    pub buffer: usize,
    /// `ok`; or `reads`, if it is valid but no sender of this version writes it; or the name of the
    /// error.
    pub result: String,
    pub meaning: String,
    pub bytes: Vec<u8>,
}

impl Vector {
    /// A vector with the usual settings: 2-byte addresses, any id, 1400 bytes.
    pub fn new(name: &str, result: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            address: "u16".into(),
            largest_id: ANY_ID,
            buffer: 1400,
            result: result.into(),
            meaning: String::new(),
            bytes,
        }
    }

    /// A vector of another address type, with the tag that belongs to that.
    pub fn address(mut self, address: &str) -> Self {
        self.address = address.into();
        let tag = bytes::tag(&self.bytes, CLUSTER, self.kind());
        self.bytes[1..5].copy_from_slice(&tag);
        self
    }

    /// The kind of the address type.
    pub fn kind(&self) -> u8 {
        match self.address.as_str() {
            "u16" => 0,
            "[u8;8]" => 24,
            "SocketAddr" => 33,
            other => panic!("{other}: unknown address type"),
        }
    }

    pub fn buffer(mut self, buffer: usize) -> Self {
        self.buffer = buffer;
        self
    }

    pub fn largest_id(mut self, largest_id: u64) -> Self {
        self.largest_id = largest_id;
        self
    }

    pub fn meaning(mut self, meaning: &str) -> Self {
        self.meaning = meaning.into();
        self
    }

    pub fn is_readable(&self) -> bool {
        self.result == "ok" || self.result == "reads"
    }

    pub fn to_line(&self) -> String {
        let (largest_id, buffer) = (self.largest_id.to_string(), self.buffer.to_string());
        let bytes = text::hex(&self.bytes);
        [
            &self.name,
            &self.address,
            &largest_id,
            &buffer,
            &self.result,
            &self.meaning,
            &bytes,
        ]
        .map(String::as_str)
        .join("\t")
    }

    fn from_line(line: &str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, address, largest_id, buffer, result, meaning, bytes] = columns[..] else {
            panic!("a vector has 7 columns: {line}");
        };
        Self {
            name: name.into(),
            address: address.into(),
            largest_id: largest_id.parse().expect("a number"),
            buffer: buffer.parse().expect("a number"),
            result: result.into(),
            meaning: meaning.into(),
            bytes: text::unhex(bytes),
        }
    }
}

/// Where the vectors of this wire version are.
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/v1.tsv")
}

/// The vectors in the file.
pub fn read() -> Vec<Vector> {
    let text = std::fs::read_to_string(path()).expect("vectors/v1.tsv");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(Vector::from_line)
        .collect()
}
