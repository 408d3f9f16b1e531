//! What a node prints: each thing once, with a form for people ([`Display`](fmt::Display)) and one
//! for machines ([`Serialize`]).

use std::fmt;
use std::net::SocketAddr;

use gossip_core::{Event, NodeId, Status};
use gossip_std::{Agent, AgentEvent, EntryInfo, MemberInfo};
use serde::{Serialize, Serializer};

use super::command::COMMANDS;
use super::counters::Counters;
use crate::cli::text::{self, Value};

/// One object, or the lines of one answer.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Report {
    Ready(Ready),
    Event(Timed),
    Answer(Answer),
    Error { message: String },
}

/// The node runs: who and where it is.
#[derive(Serialize)]
pub(super) struct Ready {
    pub(super) id: Id,
    pub(super) bound: SocketAddr,
    pub(super) advertised: Option<SocketAddr>,
    pub(super) cluster: String,
}

/// Something happened, `seconds` after the start.
#[derive(Serialize)]
pub(super) struct Timed {
    pub(super) seconds: f64,
    #[serde(flatten)]
    pub(super) what: Happening,
}

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
        value: Option<Value>,
    },
    Deleted {
        owner: Id,
        key: String,
    },
    Conflict,
    Left,
    Resync,
}

/// The answer to a command.
#[derive(Serialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub(super) enum Answer {
    Set { key: String },
    Get { key: String, entries: Vec<Entry> },
    Delete { key: String, deleted: bool },
    Members { members: Vec<Row> },
    Entries { entries: Vec<Entry> },
    Stats(Counters),
    Leave,
    Help { commands: Vec<&'static str> },
}

#[derive(Serialize)]
pub(super) struct Entry {
    owner: Id,
    key: String,
    #[serde(flatten)]
    value: Value,
    version: u32,
}

#[derive(Serialize)]
pub(super) struct Row {
    id: Id,
    status: Text<Status>,
    address: Option<SocketAddr>,
    life: u16,
    incarnation: u32,
    held: u32,
    own: bool,
}

/// An id: a string in JSON, because many readers round numbers above 2^53.
pub(super) type Id = Text<NodeId>;

/// Serialized as it is displayed.
#[derive(Clone, Copy)]
pub(super) struct Text<T>(pub(super) T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
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
                let value = agent.get(*owner, &key).map(Value::from);
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
            Event::Conflict => Self::Conflict,
            Event::Left => Self::Left,
            Event::Resync => Self::Resync,
            _ => return None,
        })
    }
}

impl From<EntryInfo> for Entry {
    fn from(entry: EntryInfo) -> Self {
        Self {
            owner: Text(entry.owner),
            key: entry.key,
            value: Value::from(entry.value),
            version: entry.version.get(),
        }
    }
}

impl Row {
    pub(super) fn new(member: &MemberInfo, own: NodeId) -> Self {
        Self {
            id: Text(member.id),
            status: Text(member.status),
            address: member.address,
            life: member.generation.counter,
            incarnation: member.incarnation.get(),
            held: member.held.get(),
            own: member.id == own,
        }
    }
}

fn key_text(key: &impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(key.as_ref()).into_owned()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(ready) => ready.fmt(f),
            Self::Event(Timed { seconds, what }) => write!(f, "[{seconds:9.3} s] {what}"),
            Self::Answer(answer) => answer.fmt(f),
            Self::Error { message } => write!(f, "error: {message}"),
        }
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} listens on {}", self.id.0, self.bound)?;
        if let Some(address) = self.advertised.filter(|address| *address != self.bound) {
            write!(f, ", advertised as {address}")?;
        }
        if !self.cluster.is_empty() {
            write!(f, ", in cluster {}", text::key(&self.cluster))?;
        }
        Ok(())
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
                write!(f, "node {} set {}", owner.0, text::key(key))?;
                value
                    .as_ref()
                    .map_or(Ok(()), |value| write!(f, " = {value}"))
            }
            Self::Deleted { owner, key } => {
                write!(f, "node {} deleted {}", owner.0, text::key(key))
            }
            Self::Conflict => f.write_str("another live node uses this node's id"),
            Self::Left => f.write_str("left the cluster"),
            Self::Resync => f.write_str("too much changed to tell all of it: look again"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key } => write!(f, "ok: set {}", text::key(key)),
            Self::Get { key, entries } if entries.is_empty() => {
                write!(f, "no entry {}", text::key(key))
            }
            Self::Delete { key, deleted: true } => write!(f, "ok: deleted {}", text::key(key)),
            Self::Delete {
                key,
                deleted: false,
            } => {
                write!(f, "this node has no entry {}", text::key(key))
            }
            Self::Entries { entries } if entries.is_empty() => f.write_str("no entries"),
            Self::Get { entries, .. } | Self::Entries { entries } => lines(f, entries),
            Self::Members { members } => lines(f, members),
            Self::Stats(counters) => counters.fmt(f),
            Self::Leave => f.write_str("ok: leaving"),
            Self::Help { .. } => lines(f, COMMANDS.iter().map(|(form, does)| Padded(form, does))),
        }
    }
}

struct Padded(&'static str, &'static str);

impl fmt::Display for Padded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:18}{}", self.0, self.1)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} = {}",
            self.owner.0,
            text::key(&self.key),
            self.value
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:7} ", self.id.0, self.status.0)?;
        match self.address {
            Some(address) => write!(f, "{address}")?,
            None => f.write_str("-")?,
        }
        write!(
            f,
            " life {} incarnation {} held {}",
            self.life, self.incarnation, self.held
        )?;
        f.write_str(if self.own { " (this node)" } else { "" })
    }
}

/// Each on a line of its own, without a line break at the end.
fn lines<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    things: impl IntoIterator<Item = T>,
) -> fmt::Result {
    for (index, thing) in things.into_iter().enumerate() {
        write!(f, "{}{thing}", if index == 0 { "" } else { "\n" })?;
    }
    Ok(())
}
