//! One radio channel that all hosts share: what one sends, all in range hear, unless two speak at
//! once.
//!
//! The range of a host is its neighbours in the topology. A frame reaches each of them unless
//! another frame that it hears overlaps (no capture: both are lost there), unless it sends itself
//! (half duplex), unless the [`Link`](super::Link) from the sender to it loses the frame, and
//! unless a partition stands between. Two hosts out of each other's range do not hear each other,
//! and may well collide at one between them (the hidden terminal of Tobagi and Kleinrock, "Packet
//! switching in radio channels: Part II", 1975). Light needs no time.

mod config;
#[cfg(test)]
mod tests;

use gossip_core::SplitMix64;

pub use config::MediumConfig;

use super::Network;
use super::damage::Damage;
use super::invalid::Invalid;
use super::links::{Flow, Links};
use crate::sim::chance::happens;
use crate::sim::{Index, Span, Time};

/// The channel. A sender waits for [`Medium::backoff`], senses by [`Medium::is_clear`], begins
/// after [`Medium::turnaround`] if it was clear, and waits for the next backoff if not.
/// Two that sense within each other's turnaround both begin, and collide.
#[derive(Clone, Debug)]
pub struct Medium {
    config: MediumConfig,
    hosts: Vec<Air>,
    /// How many frames have begun: the number of the latest.
    frames: u64,
}

/// How a frame fares at one host in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// It is received.
    Clean,
    /// It is received with wrong bytes.
    Damaged(Damage),
    /// Another frame that is heard there overlapped.
    Collided,
    /// The host was sending itself.
    Deaf,
    /// The link lost it.
    Lost,
}

/// Why a frame cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The host's last frame has not ended.
    OnAir,
    /// The datagram is longer than the MTU.
    TooLarge,
    /// There is no such host.
    NoHost,
}

/// What one host sends and hears. Frames are numbered in the order in which they begin; all that
/// are on the air when something spoils them have lower numbers than all that come later.
#[derive(Clone, Copy, Debug, Default)]
struct Air {
    /// The frame that the host is sending, until [`Medium::end`].
    sending: Option<u64>,
    sends_until: Time,
    hears_until: Time,
    /// Frames up to this one are spoilt here if they are not over.
    collided: u64,
    /// Frames up to this one were missed here while sending if they are not over.
    deaf: u64,
}

impl Medium {
    /// A silent channel.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the number that cannot be.
    pub fn new(config: &MediumConfig) -> Result<Self, Invalid> {
        config.check().map_err(|error| error.within("medium"))?;
        Ok(Self {
            config: *config,
            hosts: Vec::new(),
            frames: 0,
        })
    }

    /// The longest datagram, in bytes.
    #[must_use]
    pub fn mtu(&self) -> usize {
        self.config.mtu
    }

    /// How long before the channel is sensed for the `attempt`th time, counted from 0; `None` when
    /// it is time to give the datagram up.
    pub fn backoff(&self, attempt: u32, rng: &mut SplitMix64) -> Option<Span> {
        self.config.backoff(attempt, rng)
    }

    /// From sensing a clear channel to being on the air.
    #[must_use]
    pub fn turnaround(&self) -> Span {
        self.config.turnaround
    }

    /// Carrier sense: whether `host` hears nobody, and does not send itself.
    #[must_use]
    pub fn is_clear(&self, host: Index, now: Time) -> bool {
        let air = self.hosts.get(host as usize);
        air.is_none_or(|air| now >= air.hears_until && now >= air.sends_until)
    }

    /// `host` begins to send `len` bytes. Returns when the frame ends; [`Medium::end`] is due
    /// then. Calls come in order of time.
    ///
    /// # Errors
    ///
    /// [`Refusal`]; nothing changes then.
    pub fn begin(
        &mut self,
        network: &Network,
        host: Index,
        now: Time,
        len: usize,
    ) -> Result<Time, Refusal> {
        self.admit(network);
        let air = self.hosts.get_mut(host as usize).ok_or(Refusal::NoHost)?;
        if air.sending.is_some() {
            return Err(Refusal::OnAir);
        }
        if len > self.config.mtu {
            return Err(Refusal::TooLarge);
        }
        self.frames += 1;
        let end = now + self.config.airtime(len);
        air.sending = Some(self.frames);
        air.sends_until = end;
        if now < air.hears_until {
            air.deaf = self.frames;
        }
        for other in network.in_range(host) {
            self.hosts[other as usize].hear(self.frames, now, end);
        }
        Ok(end)
    }

    /// The frame of `host` is over: `heard` becomes how it fared at everyone in range, in order.
    /// `links` and `rng` belong to the sender. Nobody hears a frame that never began.
    pub fn end(
        &mut self,
        network: &Network,
        links: &mut Links,
        rng: &mut SplitMix64,
        host: Index,
        heard: &mut Vec<(Index, Reception)>,
    ) {
        heard.clear();
        self.admit(network);
        let air = self.hosts.get_mut(host as usize);
        let Some((frame, at)) = air.and_then(Air::fall_silent) else {
            return;
        };
        links.tidy(at);
        for other in network.in_range(host) {
            let spoilt = self.hosts[other as usize].spoilt(frame);
            let reception =
                spoilt.unwrap_or_else(|| network.receive(links, rng, (host, other), at));
            heard.push((other, reception));
        }
    }

    /// Makes room for hosts that came: they missed what is on the air.
    fn admit(&mut self, network: &Network) {
        let fresh = Air {
            deaf: self.frames,
            ..Air::default()
        };
        let hosts = network.hosts() as usize;
        self.hosts.resize(hosts.max(self.hosts.len()), fresh);
    }
}

impl Air {
    /// Frame number `frame` begins in range.
    fn hear(&mut self, frame: u64, now: Time, end: Time) {
        if now < self.sends_until {
            self.deaf = frame;
        }
        if now < self.hears_until {
            self.collided = frame;
        }
        self.hears_until = self.hears_until.max(end);
    }

    /// What spoilt `frame` here, if anything did.
    fn spoilt(&self, frame: u64) -> Option<Reception> {
        if self.deaf >= frame {
            return Some(Reception::Deaf);
        }
        (self.collided >= frame).then_some(Reception::Collided)
    }

    /// Ends the frame that the host is sending; returns its number and when it ended.
    fn fall_silent(&mut self) -> Option<(u64, Time)> {
        let frame = self.sending.take()?;
        Some((frame, self.sends_until))
    }
}

impl Network {
    /// Those that hear `host`.
    fn in_range(&self, host: Index) -> impl Iterator<Item = Index> {
        let neighbours = self.neighbours(host);
        neighbours.filter(move |other| !self.partitions.part(host, *other))
    }

    /// What the link does to a frame that nothing else spoilt.
    fn receive(
        &self,
        links: &mut Links,
        rng: &mut SplitMix64,
        (from, to): (Index, Index),
        at: Time,
    ) -> Reception {
        let link = self.link_between(from, to);
        let flow = Flow {
            sender: from,
            from,
            to,
        };
        if link.loses(links, rng, flow, at) {
            return Reception::Lost;
        }
        if happens(rng, link.corrupt) {
            return Reception::Damaged(Damage::draw(rng));
        }
        Reception::Clean
    }
}
