//! One link: everything that can happen to a datagram between two hosts.

use gossip_core::SplitMix64;
use serde::{Deserialize, Serialize};

use super::bandwidth::Bandwidth;
use super::damage::Damage;
use super::fate::{Arrival, Cause};
use super::invalid::{Invalid, ensure, probability};
use super::latency::Latency;
use super::links::{Flow, Links};
use super::loss::LossModel;
use super::reorder::Reorder;
use crate::sim::Time;
use crate::sim::chance::happens;

/// The properties of a link. Without a word about it a link takes 1 to 10 ms, carries 1400 bytes and does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Link {
    /// How long a datagram travels.
    pub latency: Latency,
    /// How the link loses datagrams.
    pub loss: LossModel,
    /// The probability that a datagram arrives twice.
    pub duplicate: f64,
    /// Which datagrams are overtaken.
    pub reorder: Reorder,
    /// The probability that a datagram's bytes are damaged.
    pub corrupt: f64,
    /// How much the link carries; without it, anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// The longest datagram, in bytes of UDP payload.
    pub mtu: usize,
}

/// The longest UDP payload over IPv4: 65,535 less the headers (RFC 768, RFC 791).
const MTU_MAX: usize = 65_507;

impl Default for Link {
    fn default() -> Self {
        Self {
            latency: Latency::default(),
            loss: LossModel::default(),
            duplicate: 0.0,
            reorder: Reorder::default(),
            corrupt: 0.0,
            bandwidth: None,
            mtu: 1400,
        }
    }
}

impl Link {
    /// Whether every property can be.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the first property that cannot.
    pub fn check(&self) -> Result<(), Invalid> {
        self.latency.check()?;
        self.loss.check()?;
        probability("duplicate", self.duplicate)?;
        self.reorder.check()?;
        probability("corrupt", self.corrupt)?;
        self.bandwidth
            .map_or(Ok(()), |bandwidth| bandwidth.check())?;
        let fits = (1..=MTU_MAX).contains(&self.mtu);
        ensure(fits, "mtu", self.mtu, "from 1 to 65507 bytes")
    }

    /// Carries one copy of `len` bytes that is at the near end at `at`, along `flow`.
    pub(super) fn carry(
        &self,
        links: &mut Links,
        rng: &mut SplitMix64,
        flow: Flow,
        at: Time,
        len: usize,
    ) -> Result<Arrival, Cause> {
        if len > self.mtu {
            return Err(Cause::TooLarge);
        }
        let mut at = at;
        if let Some(bandwidth) = &self.bandwidth {
            let sent = links.admit(bandwidth, flow, at, len);
            at = sent.ok_or(Cause::Congestion)?;
        }
        if self.loses(links, rng, flow, at) {
            return Err(Cause::Random);
        }
        Ok(Arrival {
            at: at + self.latency.draw(rng) + self.reorder.draw(rng),
            damage: happens(rng, self.corrupt).then(|| Damage::draw(rng)),
        })
    }

    /// Whether the loss model takes a datagram that is under way at `at`.
    pub(super) fn loses(
        &self,
        links: &mut Links,
        rng: &mut SplitMix64,
        flow: Flow,
        at: Time,
    ) -> bool {
        match &self.loss {
            LossModel::Independent(loss) => happens(rng, *loss),
            LossModel::GilbertElliott(model) => links.loses(model, rng, flow, at),
        }
    }
}
