//! What a node is told once, checked before it starts.

use core::marker::PhantomData;
use serde::{Deserialize, Serialize};

use crc::{CRC_32_ISCSI, Crc, Table};

use crate::address::Address;
use crate::airtime::ByteRate;
use crate::exchange::{ExchangeMode, Reconciliation};
use crate::id::NodeId;
use crate::time::Duration;
use crate::wire::limits;

/// A node's settings. Make one with [`Config::new`], change what you need, and [`check`](Self::check)
/// it; a [`Node`](crate::Node) takes only what was checked.
///
/// `cluster`, `mtu_floor` and `largest_id` must be the same on every node that shares entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[must_use]
pub struct Config<A> {
    id: NodeId,
    cluster: u32,
    address: Option<A>,
    mtu_floor: usize,
    largest_id: NodeId,
    probe_interval: Duration,
    probe_timeout: Duration,
    indirect_probes: u8,
    suspicion_mult: u8,
    retransmit_mult: u8,
    gossip_interval: Duration,
    gossip_fanout: u8,
    reply_timeout: Duration,
    reconnect_interval: Duration,
    forget_after: Duration,
    tombstone_grace: Duration,
    exchange_mode: ExchangeMode,
    exchange_interval: Duration,
    exchange_fanout: u8,
    exchange_pages: u8,
    reconciliation: Reconciliation,
    flow_control: bool,
    byte_rate: Option<ByteRate>,
    direct_mail: Mail,
    fresh: bool,
}

/// To whom a node mails its own writes at once; see [`Config::direct_mail`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Mail {
    /// To nobody: news and anti-entropy spread them.
    #[default]
    Off,
    /// To so many peers, chosen at random.
    To(u8),
    /// To every live peer.
    All,
}

/// A text is not `off`, `all` or a number of peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseMailError;

impl core::fmt::Display for ParseMailError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("direct mail goes to all, to a number of peers up to 255, or is off")
    }
}

impl core::error::Error for ParseMailError {}

impl core::str::FromStr for Mail {
    type Err = ParseMailError;

    fn from_str(text: &str) -> Result<Self, ParseMailError> {
        match text {
            "off" => Ok(Self::Off),
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::To).map_err(|_| ParseMailError),
        }
    }
}

/// As it is parsed.
impl core::fmt::Display for Mail {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::All => f.write_str("all"),
            Self::To(peers) => peers.fmt(f),
        }
    }
}

/// Why a [`Config`] is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// `mtu_floor` is below `min`, which the address type needs, or above 65,507.
    MtuFloor {
        /// The smallest floor for this address type.
        min: usize,
    },
    /// The node's own id is above `largest_id`.
    IdAboveLargest,
    /// `probe_timeout` must be longer than zero and shorter than `probe_interval`.
    ProbeTimeout,
    /// This interval must be longer than zero: its name.
    ZeroInterval(&'static str),
    /// `byte_rate` must let through something each second, and its burst must be at least
    /// `mtu_floor`.
    ByteRate,
    /// `byte_rate` must carry a quiet round.
    SlowRate {
        /// Bytes a second that do.
        min: u32,
    },
    /// `suspicion_mult` and `retransmit_mult` must be at least 1.
    ZeroMultiplier,
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::MtuFloor { min } => write!(f, "mtu_floor must be between {min} and 65507 bytes"),
            Self::IdAboveLargest => f.write_str("the node's id is above largest_id"),
            Self::ProbeTimeout => {
                f.write_str("probe_timeout must be above zero and below probe_interval")
            }
            Self::ZeroInterval(name) => write!(f, "{name} must be longer than zero"),
            Self::ByteRate => f.write_str(
                "byte_rate must be at least 1 byte a second with a burst of at least mtu_floor",
            ),
            Self::SlowRate { min } => write!(
                f,
                "byte_rate must be at least {min} bytes a second: a quiet round costs that"
            ),
            Self::ZeroMultiplier => f.write_str("suspicion_mult and retransmit_mult start at 1"),
        }
    }
}

impl core::error::Error for ConfigError {}

/// A configuration that passed [`Config::check`] for addresses of type `A`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Checked<A> {
    config: Config<A>,
    address: PhantomData<A>,
}

/// Setters are generated with their fields' documentation so that each default stands once.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        impl<A: Address> Config<A> {
            $($(#[$doc])*
            pub const fn $name(mut self, $name: $type) -> Self {
                self.$name = $name;
                self
            })*
        }

        impl<A: Address> Checked<A> {
    /// What stands in tables that no node has taken.
    pub(crate) const UNSET: Self = Self {
        config: Config::new(NodeId::FORMER),
        address: PhantomData,
    };

            $($(#[$doc])*
            #[must_use]
            pub const fn $name(&self) -> $type {
                self.config.$name
            })*
        }
    };
}

settings! {
    /// The smallest MTU in bytes on any path of the cluster, from [`Address::MIN_FLOOR`] to 65,507.
    /// Every message fits it, and the size limit of an entry follows from it. Default 1400.
    mtu_floor: usize,
    /// A promise that no id in the cluster is greater: smaller ids leave more room for entries in a
    /// small datagram. Datagrams that break it are dropped. Default [`NodeId::MAX`].
    largest_id: NodeId,
    /// One round: a probe of one member and an exchange with it. Default 1 s.
    probe_interval: Duration,
    /// How long a direct probe waits before others are asked to probe. Default 300 ms.
    probe_timeout: Duration,
    /// How many members are asked to probe indirectly (SWIM's k). Default 3.
    indirect_probes: u8,
    /// A suspect has `suspicion_mult * log10(members)` rounds to refute, at least `suspicion_mult`.
    /// Default 4.
    suspicion_mult: u8,
    /// A piece of news is told `retransmit_mult * log2(members)` times by each node. Default 2.
    retransmit_mult: u8,
    /// How often news gets datagrams of its own, while there is any. Default 200 ms.
    gossip_interval: Duration,
    /// To how many members those go; 0 leaves news to the datagrams sent anyway. Default 3.
    gossip_fanout: u8,
    /// How long an answer of an exchange partner is waited for. Default 250 ms.
    reply_timeout: Duration,
    /// How often a dead member or a seed is tried, so that a healed partition is noticed. Default
    /// 20 s.
    reconnect_interval: Duration,
    /// How long a dead or departed member and its entries are remembered; at most 65,535 s count.
    /// Default 10 min.
    forget_after: Duration,
    /// How long a tombstone is kept before it may be collected, give or take a half. Default 60 s.
    tombstone_grace: Duration,
    /// Which way the exchanges that this node begins carry what differs. Default push-pull.
    exchange_mode: ExchangeMode,
    /// How often exchanges are begun. Default zero, which means with every round: the first exchange is
    /// with the member that is probed, in the same datagrams.
    exchange_interval: Duration,
    /// With how many members each time. Default 1; 0 leaves all repair to news and to what others begin.
    exchange_fanout: u8,
    /// How many pages of entries, each of `mtu_floor` bytes, are pulled of one partner before the next
    /// exchange with it begins: the bound on what a round may cost. The last answer may go beyond it by
    /// half a page. Default 255, which is none: a node that lags far behind catches up at the pace of its
    /// partners.
    exchange_pages: u8,
    /// Which entries go first when not all fit. Default scuttle-depth.
    reconciliation: Reconciliation,
    /// Whether own writes go out no faster than exchanges carry them, and as fast as those of every
    /// other node that wants more. What waits is overwritten in place; read [`Node::pressure`]. Default
    /// no.
    ///
    /// [`Node::pressure`]: crate::Node::pressure
    flow_control: bool,
    /// The most that this node sends, where airtime is short; its `burst` must be at least
    /// `mtu_floor`, and its rate must carry a quiet round in four `probe_interval`s, twice over. Rounds get
    /// longer where it is short, exchanges and news wait, answers to strangers come last, and what is
    /// urgent may overdraw by one burst. Default none.
    byte_rate: Option<ByteRate>,
    /// To whom own writes are mailed at once (Demers et al. 1987, section 1.1), beside what spreads them
    /// anyway. Needs room in the storage's table `mails`, one place for each peer under way; what finds
    /// none is left to anti-entropy. Default [`Mail::Off`].
    direct_mail: Mail,
    /// Whether a node that starts without a state begins with no entries, whatever the cluster remembers
    /// of its earlier life, and its peers drop them. Default no: it asks its seeds first, takes back what
    /// they hold, and writes that anew in its new life; a key that it has written meanwhile stays as it is.
    /// [`Event::Reclaimed`] says so. A node without seeds asks whoever speaks to it first.
    ///
    /// [`Event::Reclaimed`]: crate::Event::Reclaimed
    fresh: bool,
}

impl<A: Address> Config<A> {
    /// The defaults, for the node `id` in the cluster named `""`.
    pub const fn new(id: NodeId) -> Self {
        Self {
            id,
            cluster: limits::DEFAULT_CLUSTER,
            address: None,
            mtu_floor: 1400,
            largest_id: NodeId::MAX,
            probe_interval: Duration::from_millis(1000),
            probe_timeout: Duration::from_millis(300),
            indirect_probes: 3,
            suspicion_mult: 4,
            retransmit_mult: 2,
            gossip_interval: Duration::from_millis(200),
            gossip_fanout: 3,
            reply_timeout: Duration::from_millis(250),
            reconnect_interval: Duration::from_secs(20),
            forget_after: Duration::from_secs(600),
            tombstone_grace: Duration::from_secs(60),
            exchange_mode: ExchangeMode::PushPull,
            exchange_interval: Duration::ZERO,
            exchange_fanout: 1,
            exchange_pages: u8::MAX,
            reconciliation: Reconciliation::ScuttleDepth,
            flow_control: false,
            byte_rate: None,
            direct_mail: Mail::Off,
            fresh: false,
        }
    }

    /// Names the cluster. Datagrams of other clusters are dropped; the name is no secret.
    pub const fn cluster(mut self, name: &str) -> Self {
        self.cluster = TAG.checksum(name.as_bytes());
        self
    }

    /// The address that the node asserts as its own. Without one it takes what its peers see.
    pub const fn address(mut self, address: A) -> Self {
        self.address = Some(address);
        self
    }

    /// Makes sure that the settings make sense together.
    ///
    /// # Errors
    /// The first setting that does not.
    pub const fn check(self) -> Result<Checked<A>, ConfigError> {
        if self.mtu_floor < A::MIN_FLOOR || self.mtu_floor > limits::MTU_MAX {
            return Err(ConfigError::MtuFloor { min: A::MIN_FLOOR });
        }
        if self.id.get() > self.largest_id.get() {
            return Err(ConfigError::IdAboveLargest);
        }
        if self.probe_interval.as_millis() == 0 {
            return Err(ConfigError::ZeroInterval("probe_interval"));
        }
        if self.gossip_interval.as_millis() == 0 {
            return Err(ConfigError::ZeroInterval("gossip_interval"));
        }
        if self.reply_timeout.as_millis() == 0 {
            return Err(ConfigError::ZeroInterval("reply_timeout"));
        }
        if self.reconnect_interval.as_millis() == 0 {
            return Err(ConfigError::ZeroInterval("reconnect_interval"));
        }
        if self.forget_after.as_millis() == 0 {
            return Err(ConfigError::ZeroInterval("forget_after"));
        }
        if self.tombstone_grace.as_millis() == 0 {
            return Err(ConfigError::ZeroInterval("tombstone_grace"));
        }
        let timeout = self.probe_timeout.as_millis();
        if timeout == 0 || timeout >= self.probe_interval.as_millis() {
            return Err(ConfigError::ProbeTimeout);
        }
        if let Err(slow) = self.check_rate() {
            return Err(slow);
        }
        if self.suspicion_mult == 0 || self.retransmit_mult == 0 {
            return Err(ConfigError::ZeroMultiplier);
        }
        Ok(Checked {
            config: self,
            address: PhantomData,
        })
    }
}

/// Where a quiet round would take more than half of the airtime, rounds are longer, so many times at
/// most.
const ROUND_MAX: u64 = 4;

impl<A: Address> Config<A> {
    /// Bytes that a node sends in a quiet round, twice, in thousandths: then one half is left for news and
    /// repair.
    const fn round_cost(&self) -> u64 {
        (limits::quiet_round(self.largest_id) as u64).saturating_mul(2000)
    }

    const fn check_rate(&self) -> Result<(), ConfigError> {
        let Some(rate) = self.byte_rate else {
            return Ok(());
        };
        if rate.per_second == 0 || (rate.burst as usize) < self.mtu_floor {
            return Err(ConfigError::ByteRate);
        }
        let min = self.slowest();
        if rate.per_second < min {
            return Err(ConfigError::SlowRate { min });
        }
        Ok(())
    }

    /// Bytes a second at which the shortest round is as long as it may be.
    const fn slowest(&self) -> u32 {
        let longest = (self.probe_interval.as_millis() as u64).saturating_mul(ROUND_MAX);
        let most = self.round_cost().saturating_add(longest).saturating_sub(1);
        match most.checked_div(longest) {
            Some(rate) => rate as u32,
            None => u32::MAX,
        }
    }
}

impl<A: Address> Checked<A> {
    /// The shortest round: `probe_interval`, unless the byte rate carries less.
    pub(crate) fn least_round(&self) -> Duration {
        let rate = self
            .byte_rate()
            .map_or(0, |rate| u64::from(rate.per_second));
        let carried = self.config.round_cost().checked_div(rate).unwrap_or(0);
        let millis = u32::try_from(carried).unwrap_or(u32::MAX);
        self.probe_interval().max(Duration::from_millis(millis))
    }

    /// The node's id.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.config.id
    }

    /// The checksum of the cluster's name.
    pub(crate) const fn cluster(&self) -> u32 {
        self.config.cluster
    }

    /// What the tags of datagrams to and from this address begin with.
    pub(crate) fn network(&self, address: A) -> u32 {
        limits::network(self.config.cluster, address.kind())
    }

    /// The configured address, if any.
    #[must_use]
    pub const fn address(&self) -> Option<A> {
        self.config.address
    }

    /// The most bytes that an entry may take in a claim; see `docs/wire.md`.
    #[must_use]
    pub const fn entry_room(&self) -> usize {
        limits::entry_room(self.config.mtu_floor, self.config.largest_id)
    }

    /// The most bytes that key and value of an entry may have together, as far as datagrams go.
    pub(crate) const fn entry_max(&self) -> usize {
        let room = self.entry_room();
        // Distance, key length and value length.
        let lengths = limits::varint(room as u64).saturating_mul(2);
        room.saturating_sub(1).saturating_sub(lengths)
    }

    /// How long an answer takes that is there after `timeout` where airtime is not bounded: with what the link takes for
    /// a question and an answer, if the partner's is like this one.
    pub(crate) fn reply_within(&self, timeout: Duration) -> Duration {
        let Some(rate) = self.byte_rate() else {
            return timeout;
        };
        let page = u32::try_from(self.mtu_floor()).unwrap_or(u32::MAX);
        let both = page.saturating_mul(2000).checked_div(rate.per_second);
        let millis = timeout.as_millis().saturating_add(both.unwrap_or(0));
        Duration::from_millis(millis)
    }
}

/// The checksum of names, datagrams and states: CRC-32C.
pub(crate) const TAG: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);
