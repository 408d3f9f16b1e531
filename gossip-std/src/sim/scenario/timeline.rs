//! What happens in a run, and when.

use serde::{Deserialize, Serialize};

use crate::sim::Span;
use crate::sim::network::{HostSet, Link, LossModel, Rule};

/// One thing that happens at a moment: `[[at]]` with `time = "10s"` and `do = { crash = .. }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct At {
    /// When, counted from the beginning of the run.
    pub time: Span,
    /// What.
    #[serde(rename = "do")]
    pub action: Action,
}

/// What can happen. Hosts are numbered from 1, as nodes' ids are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Action {
    /// Hosts on different sides no longer hear each other.
    Partition {
        /// By this name it is healed.
        #[serde(default = "default_partition")]
        name: String,
        /// The sides. Hosts on none of them are one more side.
        sides: Vec<HostSet>,
    },
    /// The partition of this name ends.
    Heal(String),
    /// All partitions end.
    HealAll,
    /// Hosts stop at once, without a word.
    Crash(Pick),
    /// Hosts that are down start again.
    Restart(Restart),
    /// Hosts restart one after the other, as in a deployment.
    Rolling(Rolling),
    /// Hosts stand still: nothing is received, sent or noticed until they resume.
    Pause(Pick),
    /// Hosts that stand still go on, unaware of the time that passed.
    Resume(Again),
    /// Hosts take this long to work on each datagram, those that are down included as soon as they are
    /// back.
    Slow {
        /// Which hosts.
        who: Pick,
        /// How long for each datagram; 0 makes them fast again.
        per_datagram: Span,
    },
    /// Machines get other addresses, as from DHCP or behind a NAT: what is sent to the old one reaches
    /// nobody from now on.
    Move(Pick),
    /// A node starts with the id of another, as from a copied disk: empty, and on a machine of its own,
    /// whose number follows the last one's.
    Twin(Twin),
    /// The link that has no rule of its own loses datagrams like this from now on.
    SetLoss(LossModel),
    /// The link that has no rule of its own is this one from now on.
    SetLink(Link),
    /// One more rule for the network; it replaces the one of the same name.
    AddRule(Rule),
    /// The rules of this name end.
    LiftRule(String),
    /// New hosts join through host 1. Their numbers follow the last one's.
    Join {
        /// How many.
        count: u32,
        /// From the first start to the last, evenly. Default: all at once.
        #[serde(default)]
        over: Span,
    },
    /// Hosts say goodbye and stop.
    Leave(Pick),
    /// Hosts crash at random moments and restart.
    Churn(Churn),
    /// A host sets one of its entries.
    Set(Set),
    /// A host deletes one of its entries.
    Delete {
        /// The host's number.
        host: u32,
        /// The entry's key.
        key: String,
    },
    /// A host sets many entries at one moment.
    Flash(Flash),
}

fn default_partition() -> String {
    "partition".to_owned()
}

/// Which hosts something happens to. A random choice is made among those that are up then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Pick {
    /// These.
    Hosts(HostSet),
    /// So many, chosen at random.
    Random(u32),
    /// This share, from 0 to 1, chosen at random: rounded to the nearest number, at least one host.
    Share(f64),
}

/// Which hosts start again, and what they still know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Restart {
    /// Which. Default: all that are down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<HostSet>,
    /// Whether they go on with the state they crashed with. Without (the default) they begin a new
    /// life, set their first entries and join through host 1 (host 1 through host 2). So do hosts that
    /// said goodbye, in any case: that life is over.
    pub with_memory: bool,
}

/// A restart of one host after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rolling {
    /// Which hosts, in the order of their numbers. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<HostSet>,
    /// From one host's stop to the next one's.
    pub every: Span,
    /// How long each is down.
    pub down: Span,
    /// Whether a host says goodbye before it stops. Default: no, it crashes.
    #[serde(default)]
    pub leaves: bool,
    /// As in [`Restart::with_memory`]; not together with `leaves`.
    #[serde(default)]
    pub with_memory: bool,
}

/// Which hosts go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Again {
    /// Which. Default: all that stand still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<HostSet>,
}

/// Crashes at random moments (a Poisson process), each followed by a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Churn {
    /// How many crashes a second in the whole cluster, on average.
    pub per_second: f64,
    /// When no more hosts crash.
    pub until: Span,
    /// How long a crashed host is down.
    pub downtime: Span,
    /// As in [`Restart::with_memory`].
    #[serde(default)]
    pub with_memory: bool,
}

/// A second node with the id of a first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Twin {
    /// The number of the host whose id it has.
    pub of: u32,
    /// After so long it stops, without a word.
    pub lasts: Span,
}

/// One entry is set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Set {
    /// The number of the host that writes.
    pub host: u32,
    /// The entry's key.
    pub key: String,
    /// The entry's value. Default: random bytes, as many as `entries.value-bytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// For how long: 0.1 s to 49 days. Default: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Span>,
    /// Whether to measure how this update spreads. Default: no.
    #[serde(default)]
    pub tracked: bool,
}

/// Many entries are set at one moment: their keys are those of the host's entries 0, 1, ...
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flash {
    /// The number of the host that writes.
    pub host: u32,
    /// How many entries.
    pub entries: u32,
    /// Whether to measure how each of them spreads. Default: no.
    #[serde(default)]
    pub tracked: bool,
}
