//! What an agent has to say beside its node's events: of names that do not resolve, and of its state's file.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use gossip_core::persist::ImportError;

use super::Agent;
use super::events::Subscription;
use super::shared::lock;

/// A subscription: what an agent notices from [`Agent::notices`](super::Agent::notices) on, and what still
/// holds then. Up to 1,024 wait; [`Notice::Missed`] stands in place of those that did not fit. As an iterator
/// it blocks, and ends when the agent has stopped and all that waited was read.
pub type Notices = Subscription<Notice>;

/// Something around the node that needs somebody's attention, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A name to join through did not resolve; what it resolved to before is still tried. It comes at the
    /// rate of the tries, ever more seldom.
    Unresolved {
        /// The name.
        name: String,
        /// What the resolver said.
        error: String,
        /// How often it was looked up since it last resolved.
        tries: u32,
        /// When it is looked up again.
        next: Duration,
    },
    /// The state could not be written: what changes is lost if the process ends. Every write is tried; this
    /// comes with the first that fails, and then ever more seldom, once in a minute at least.
    Unsaved {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: String,
        /// How often it was tried since it was last written.
        tries: u32,
    },
    /// The state is written again.
    Saved {
        /// The file.
        path: PathBuf,
    },
    /// The state was damaged, and the node began without it.
    SetAside {
        /// The file.
        path: PathBuf,
        /// Where it is now.
        kept: PathBuf,
        /// What was wrong with it.
        error: ImportError,
    },
    /// The state is of a time that is still to come: the system's clock was set back since. Its age counts as
    /// unknown.
    FromTheFuture {
        /// The file.
        path: PathBuf,
        /// How far ahead it is.
        ahead: Duration,
    },
    /// More than there was room for.
    Missed,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved {
                name,
                error,
                tries,
                next,
            } => write!(
                f,
                "cannot resolve {name}: {error} ({tries} tries, next in {next:.0?})"
            ),
            Self::Unsaved { path, error, tries } => write!(
                f,
                "the state is not saved in {}: {error} ({tries} tries)",
                path.display()
            ),
            Self::Saved { path } => write!(f, "the state is saved in {} again", path.display()),
            Self::SetAside { path, kept, error } => write!(
                f,
                "cannot use {}: {error}; it is kept as {}, and the node begins without it",
                path.display(),
                kept.display()
            ),
            Self::FromTheFuture { path, ahead } => write!(
                f,
                "the clock was set back: {} was written {ahead:.0?} from now",
                path.display()
            ),
            Self::Missed => f.write_str("more than there was room for"),
        }
    }
}

/// What it notices.
impl Agent {
    /// A new subscription to what is noticed around the node from now on. The first one is told of the start,
    /// too.
    #[must_use]
    pub fn notices(&self) -> Notices {
        let mut subscribers = lock(&self.inner.shared.notices);
        let notices = subscribers.add();
        for notice in std::mem::take(&mut *lock(&self.inner.first)) {
            subscribers.tell(&notice);
        }
        notices
    }
}
