//! What happens to a node, as it is printed.

use std::fmt;
use std::net::SocketAddr;

use gossip_core::{Event, Mismatch, Status};
use gossip_std::{Agent, AgentEvent, Notice, SeedInfo};
use serde::Serialize;

use super::content::{Content, Id, Text};
use crate::cli::text;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Happening {
    Joined,
    Member {
        id: Id,
        status: Text<Status>,
    },
    Forgotten {
        id: Id,
    },
    /// Without a value the entry was deleted while the event was on its way.
    Set {
        owner: Id,
        key: String,
        #[serde(flatten)]
        value: Option<Content>,
    },
    Deleted {
        owner: Id,
        key: String,
    },
    /// The time for which it was set is over.
    Expired {
        owner: Id,
        key: String,
    },
    Reclaimed,
    Conflict,
    Clash {
        id: Id,
    },
    Left,
    /// Changes were not told, or so many lines were not printed.
    Resync {
        #[serde(skip_serializing_if = "Option::is_none")]
        lines: Option<u64>,
    },
    /// Somebody to join through does not answer.
    #[serde(rename = "no_answer")]
    NoAnswer {
        address: SocketAddr,
        tries: u8,
        /// In seconds.
        next: f64,
    },
    /// A node was met that does not fit this one.
    Mismatch {
        address: SocketAddr,
        differs: &'static str,
        message: String,
    },
    /// The cluster has the name that every other one has that was given none.
    Unnamed {
        message: String,
    },
    /// What an agent notices around its node.
    #[serde(untagged)]
    Notice(Noticed),
}

/// A notice, under a name of its own.
#[derive(Serialize)]
pub(super) struct Noticed {
    event: &'static str,
    message: String,
    #[serde(skip)]
    is_good: bool,
}

impl Happening {
    /// What an event says, with the value that `agent` holds now. `None` for an event that only a
    /// newer core knows.
    pub(super) fn new(event: &AgentEvent, agent: &Agent) -> Option<Self> {
        Some(match event {
            Event::Joined => Self::Joined,
            Event::Member { id, status } => Self::Member {
                id: Text(*id),
                status: Text(*status),
            },
            Event::Forgotten { id } => Self::Forgotten { id: Text(*id) },
            Event::Set { owner, key } => {
                let key = key_text(key);
                let value = agent.get(*owner, &key);
                let value = value.map(|value| Content::new(&key, value));
                Self::Set {
                    owner: Text(*owner),
                    key,
                    value,
                }
            }
            Event::Deleted { owner, key } => Self::Deleted {
                owner: Text(*owner),
                key: key_text(key),
            },
            Event::Expired { owner, key } => Self::Expired {
                owner: Text(*owner),
                key: key_text(key),
            },
            Event::Reclaimed => Self::Reclaimed,
            Event::Conflict => Self::Conflict,
            Event::Clash { id } => Self::Clash { id: Text(*id) },
            Event::Mismatch(_) => Self::mismatch(agent.mismatch()?),
            Event::Left => Self::Left,
            Event::Resync => Self::Resync { lines: None },
            _ => return None,
        })
    }

    fn mismatch((address, what): (SocketAddr, Mismatch)) -> Self {
        let differs = match what {
            Mismatch::Cluster => "cluster",
            Mismatch::Version(_) => "version",
            Mismatch::AddressKind(_) => "address_kind",
            Mismatch::MtuFloor(_) => "mtu_floor",
            Mismatch::LargestId => "largest_id",
            _ => "settings",
        };
        Self::Mismatch {
            address,
            differs,
            message: what.to_string(),
        }
    }

    /// Somebody to join through was tried once more, without an answer yet; `None` if it has answered.
    pub(super) fn no_answer(seed: &SeedInfo) -> Option<Self> {
        Some(Self::NoAnswer {
            address: seed.address,
            tries: seed.tries,
            next: seed.next?.as_secs_f64(),
        })
    }

    /// This node's cluster has no name.
    pub(super) fn unnamed() -> Self {
        let message = "this cluster has no name: every node around that was given none belongs to it; name \
                       yours with --cluster";
        Self::Unnamed {
            message: message.to_owned(),
        }
    }
}

impl From<Notice> for Happening {
    fn from(notice: Notice) -> Self {
        let event = match &notice {
            Notice::Unresolved { .. } => "unresolved",
            Notice::Unsaved { .. } => "unsaved",
            Notice::Saved { .. } => "saved",
            Notice::SetAside { .. } => "set_aside",
            Notice::FromTheFuture { .. } => "clock_set_back",
            _ => "notice",
        };
        Self::Notice(Noticed {
            event,
            message: notice.to_string(),
            is_good: matches!(notice, Notice::Saved { .. }),
        })
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined => f.write_str("joined the cluster"),
            Self::Member {
                id,
                status: Text(Status::Left),
            } => write!(f, "node {} has left", id.0),
            Self::Member { id, status } => write!(f, "node {} is {}", id.0, status.0),
            Self::Forgotten { id } => write!(f, "node {} is forgotten", id.0),
            Self::Set { owner, key, value } => {
                write!(f, "node {} set ", owner.0)?;
                match value {
                    Some(value) => write!(f, "{}", value.with_key(key)),
                    None => f.write_str(&text::key(key)),
                }
            }
            Self::Deleted { owner, key } => {
                write!(f, "node {} deleted {}", owner.0, text::key(key))
            }
            Self::Expired { owner, key } => {
                write!(
                    f,
                    "the time of {} of node {} is over",
                    text::key(key),
                    owner.0
                )
            }
            Self::Reclaimed => f.write_str("took back what it had written in an earlier life"),
            Self::Conflict => f.write_str("another live node uses this node's id"),
            Self::Clash { id } => write!(f, "two live nodes use the id {}", id.0),
            Self::Left => f.write_str("left the cluster"),
            Self::NoAnswer {
                address,
                tries,
                next,
            } => write!(
                f,
                "no answer from {address} ({tries} tries, next in {next:.0} s)"
            ),
            Self::Mismatch {
                address, message, ..
            } => write!(
                f,
                "warning: the node at {address} does not fit, it has {message}"
            ),
            Self::Unnamed { message } => write!(f, "warning: {message}"),
            Self::Notice(Noticed {
                message, is_good, ..
            }) => write!(f, "{}{message}", if *is_good { "" } else { "warning: " }),
            Self::Resync { lines: None } => {
                f.write_str("too much changed to tell all of it: look again")
            }
            Self::Resync { lines: Some(lines) } => {
                write!(f, "{lines} lines were not printed: look again")
            }
        }
    }
}

fn key_text(key: &impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(key.as_ref()).into_owned()
}
