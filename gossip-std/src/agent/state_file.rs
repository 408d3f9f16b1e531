//! A node's state in a file, and the thread that keeps it up to date.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gossip_core::persist::{self, Age};
use gossip_core::{Checked, Instant, Node, NodeId, Version};

use super::options::AgentError;
use super::shared::{Phase, Shared};
use crate::clock::Clock;
use crate::heap::{Heap, Limits};

/// How often a state that changed is written at most.
const PACE: Duration = Duration::from_secs(1);

/// Bytes of a state written at a time.
const PAGE_BYTES: usize = 64 * 1024;

/// The file that holds a node's state.
#[derive(Clone, Debug)]
pub(super) struct StateFile {
    path: PathBuf,
}

impl StateFile {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// The node whose state it is; `None` if there is no file.
    pub(super) fn id(&self) -> Result<Option<NodeId>, AgentError> {
        let Some((bytes, _)) = self.read()? else {
            return Ok(None);
        };
        let start = persist::start_of(&bytes).map_err(|error| self.refused(error))?;
        Ok(Some(start.id))
    }

    /// The node that goes on from the state; a new one if there is no file.
    pub(super) fn node(
        &self,
        config: Checked<SocketAddr>,
        limits: Limits,
        now: Instant,
    ) -> Result<Node<SocketAddr, Heap>, AgentError> {
        let tables = Heap::tables(limits);
        match self.read()? {
            None => Ok(Node::new(config, tables)),
            Some((bytes, age)) => {
                Node::import(config, tables, now, age, &bytes).map_err(|error| self.refused(error))
            }
        }
    }

    /// Puts this state in the place of the one that is there: after a crash there is one or the other.
    pub(super) fn write(&self, state: &[u8]) -> io::Result<()> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".tmp");
        let new = self.path.with_file_name(name);
        let mut file = File::create(&new)?;
        file.write_all(state)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&new, &self.path)?;
        sync_folder(&self.path)
    }

    pub(super) fn failed(&self, error: io::Error) -> AgentError {
        AgentError::StateFile {
            path: self.path.clone(),
            error,
        }
    }

    fn refused(&self, error: persist::ImportError) -> AgentError {
        AgentError::State {
            path: self.path.clone(),
            error,
        }
    }

    fn read(&self) -> Result<Option<(Vec<u8>, Age)>, AgentError> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some((bytes, self.age()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// By the file's time. A clock that was put right meanwhile may mislead; see [`Age`] for what that
    /// costs.
    fn age(&self) -> Age {
        let written = fs::metadata(&self.path).and_then(|data| data.modified());
        let passed = written
            .ok()
            .and_then(|at| SystemTime::now().duration_since(at).ok())
            .and_then(|passed| u32::try_from(passed.as_millis()).ok());
        passed.map_or(Age::Unknown, |millis| {
            Age::AtMost(gossip_core::Duration::from_millis(millis))
        })
    }
}

/// Writes the folder's new entry to the disk, where the system has a way to.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Keeps the file up to date while the agent runs.
pub(super) struct Saver {
    shared: Arc<Shared>,
    clock: Clock,
    file: StateFile,
    /// What tells the state in the file from others: its fingerprint, and its own last write, which may
    /// wait to go out.
    saved: Option<(u64, Version)>,
}

impl Saver {
    pub(super) fn new(shared: Arc<Shared>, clock: Clock, file: StateFile) -> Self {
        Self {
            shared,
            clock,
            file,
            saved: None,
        }
    }

    /// Runs until the agent has stopped; the last state is written then.
    ///
    /// # Errors
    /// That could not be done; failures before are counted and tried again.
    pub(super) fn run(mut self) -> Result<(), AgentError> {
        loop {
            let stopped = self
                .shared
                .wait_until(PACE, |state| state.phase == Phase::Stopped);
            let saved = self.save();
            if saved.is_err() {
                self.shared.count_unsaved();
            }
            if stopped {
                return saved.map_err(|error| self.file.failed(error));
            }
        }
    }

    /// Writes the state if it has changed. While the node takes back what it had written, a state without
    /// that would be the end of it.
    pub(super) fn save(&mut self) -> io::Result<()> {
        let state = self.shared.lock();
        let print = (state.node.fingerprint(), state.node.written());
        if self.saved == Some(print) || state.node.is_reclaiming() {
            return Ok(());
        }
        let bytes = export(&state.node, self.clock.now());
        drop(state);
        self.file.write(&bytes)?;
        self.saved = Some(print);
        Ok(())
    }
}

fn export(node: &Node<SocketAddr, Heap>, now: Instant) -> Vec<u8> {
    let (mut export, mut bytes) = (node.export(now), Vec::new());
    loop {
        let start = bytes.len();
        bytes.resize(start + PAGE_BYTES, 0);
        let len = export.read(&mut bytes[start..]);
        bytes.truncate(start + len);
        if len == 0 {
            return bytes;
        }
    }
}
