//! Direct mail as a scenario spells it.

use gossip_core::Mail;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// [`Mail`]: a number of peers, `"all"` or `"off"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectMail(pub Mail);

impl Serialize for DirectMail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Mail::To(peers) => serializer.serialize_u8(peers),
            word => serializer.collect_str(&word),
        }
    }
}

impl<'de> Deserialize<'de> for DirectMail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Spelling {
            Peers(u64),
            Word(String),
        }
        let text = match Spelling::deserialize(deserializer)? {
            Spelling::Peers(peers) => peers.to_string(),
            Spelling::Word(word) => word,
        };
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

impl std::str::FromStr for DirectMail {
    type Err = gossip_core::ParseMailError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for DirectMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
