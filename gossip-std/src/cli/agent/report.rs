//! What a node prints: each thing once, with a form for people ([`Display`](fmt::Display)) and one
//! for machines ([`Serialize`]).

use std::fmt;
use std::net::SocketAddr;

use gossip_core::{NodeId, Status, Synced};
use gossip_std::{EntryInfo, MemberInfo, WatchEvent};
use serde::Serialize;

use super::content::{Content, Id, Text};
use super::counters::Counters;
use super::happening::Happening;
use super::shared::Done;
use crate::cli::text;

/// One object, or the lines of one answer.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Report {
    Ready(Ready),
    Event(Timed),
    Watch(Watched),
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

/// A change that is watched.
#[derive(Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub(super) enum Watched {
    Set(Entry),
    Removed { owner: Id, key: String },
    Resync,
}

/// The answer to a command.
#[derive(Serialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub(super) enum Answer {
    Set {
        key: String,
    },
    Renew {
        key: String,
        renewed: bool,
    },
    Get {
        key: String,
        entries: Vec<Entry>,
    },
    Fresh {
        owner: Id,
        key: String,
        #[serde(flatten)]
        value: Option<Content>,
        end: String,
        asked: u8,
        answered: u8,
        repaired: u8,
    },
    Delete {
        key: String,
        deleted: bool,
    },
    Join {
        host: String,
    },
    Sync(SyncReport),
    Members {
        members: Vec<Row>,
    },
    Entries {
        entries: Vec<Entry>,
    },
    Watch {
        owner: Option<Id>,
        prefix: String,
    },
    Unwatch {
        watched: bool,
    },
    Stats(Counters),
    Leave,
    Help {
        /// How they are written.
        commands: Vec<&'static str>,
        /// That, and what they do, in lines.
        #[serde(skip)]
        list: String,
    },
    #[serde(untagged)]
    Shared(Done),
}

/// How a sync went.
#[derive(Serialize)]
pub(super) struct SyncReport {
    peer: Id,
    complete: bool,
    end: String,
    datagrams: u32,
    bytes: u32,
    rows: u32,
    entries: u32,
}

#[derive(Serialize)]
pub(super) struct Entry {
    owner: Id,
    key: String,
    #[serde(flatten)]
    value: Content,
    version: u32,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<f64>,
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
    /// Two live nodes seem to use the id.
    clash: bool,
}

impl From<WatchEvent> for Watched {
    fn from(event: WatchEvent) -> Self {
        match event {
            WatchEvent::Set(entry) => Self::Set(entry.into()),
            WatchEvent::Removed { owner, key } => Self::Removed {
                owner: Text(owner),
                key,
            },
            WatchEvent::Resync => Self::Resync,
        }
    }
}

impl From<EntryInfo> for Entry {
    fn from(entry: EntryInfo) -> Self {
        Self {
            owner: Text(entry.owner),
            value: Content::new(&entry.key, entry.value),
            key: entry.key,
            version: entry.version.get(),
            left: entry.left.map(|left| left.as_secs_f64()),
        }
    }
}

impl From<Synced> for SyncReport {
    fn from(report: Synced) -> Self {
        Self {
            peer: Text(report.peer),
            complete: report.is_complete(),
            end: report.end.to_string(),
            datagrams: report.datagrams,
            bytes: report.bytes,
            rows: report.rows,
            entries: report.entries,
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
            clash: !member.is_sole,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(ready) => ready.fmt(f),
            Self::Event(Timed { seconds, what }) => write!(f, "[{seconds:9.3} s] {what}"),
            Self::Watch(watched) => write!(f, "watch: {watched}"),
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

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(entry) => entry.fmt(f),
            Self::Removed { owner, key } => write!(f, "{} {} is gone", owner.0, text::key(key)),
            Self::Resync => f.write_str("removals were missed; all entries again:"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key } => write!(f, "ok: set {}", text::key(key)),
            Self::Renew { key, renewed: true } => write!(f, "ok: renewed {}", text::key(key)),
            Self::Renew { key, .. } => write!(f, "this node has no entry {}", text::key(key)),
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
            Self::Join { host } => write!(f, "ok: joining through {host}"),
            Self::Entries { entries } if entries.is_empty() => f.write_str("no entries"),
            Self::Get { entries, .. } | Self::Entries { entries } => lines(f, entries),
            Self::Members { members } => lines(f, members),
            Self::Watch { owner, prefix } => {
                f.write_str("ok: watching ")?;
                match owner {
                    Some(owner) => write!(f, "node {}", owner.0)?,
                    None => f.write_str("all nodes")?,
                }
                if prefix.is_empty() {
                    return Ok(());
                }
                write!(f, ", keys that begin with {}", text::key(prefix))
            }
            Self::Unwatch { watched: true } => f.write_str("ok: watching nothing"),
            Self::Unwatch { watched: false } => f.write_str("nothing was watched"),
            Self::Fresh {
                owner,
                key,
                value,
                end,
                answered,
                repaired,
                ..
            } => {
                match value {
                    Some(value) => write!(f, "{} {}", owner.0, value.with_key(key))?,
                    None => write!(f, "node {} has no entry {}", owner.0, text::key(key))?,
                }
                write!(f, " ({end}; {answered} answered, {repaired} repaired)")
            }
            Self::Sync(report) => report.fmt(f),
            Self::Stats(counters) => counters.fmt(f),
            Self::Shared(done) => done.fmt(f),
            Self::Leave => f.write_str("ok: leaving"),
            Self::Help { list, .. } => f.write_str(list),
        }
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            peer,
            end,
            datagrams,
            bytes,
            rows,
            entries,
            ..
        } = self;
        write!(
            f,
            "sync with node {}: {end}; {rows} rows and {entries} entries in {datagrams} datagrams of \
             {bytes} bytes",
            peer.0
        )
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.owner.0, self.value.with_key(&self.key))?;
        self.left
            .map_or(Ok(()), |left| write!(f, " (for another {left:.1} s)"))
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
        f.write_str(if self.own { " (this node)" } else { "" })?;
        f.write_str(if self.clash {
            " (two live nodes use this id)"
        } else {
            ""
        })
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
