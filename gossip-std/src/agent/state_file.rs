//! A node's state in a file, and the thread that keeps it up to date.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gossip_core::persist::{self, Age, ImportError};
use gossip_core::{Checked, Instant, Node, NodeId, Version};

use super::notices::Notice;
use super::options::AgentError;
use super::shared::{Phase, Shared, lock};
use crate::clock::Clock;
use crate::heap::{Heap, Limits};

/// How often a state that changed is written at most.
const PACE: Duration = Duration::from_secs(1);

/// How often it is told again at most that it cannot be, in tries.
const TELL_EVERY: u32 = 60;

/// Bytes of a state written at a time.
const PAGE_BYTES: usize = 64 * 1024;

/// The file that holds a node's state, locked as long as this lives: the system lets go of it with the process.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    /// The file that is locked: the one at the path, or as long as there is none, the one that will be put
    /// there.
    held: Held,
}

#[derive(Debug)]
enum Held {
    State(File),
    New(File),
}

impl StateFile {
    /// Takes hold of the file.
    ///
    /// # Errors
    /// Another agent has it, or it cannot be read or made.
    pub(super) fn open(path: &Path) -> Result<Self, AgentError> {
        let held = hold(path).map_err(|error| failed(path, error))?;
        let path = path.to_owned();
        Ok(Self { path, held })
    }

    /// The node whose state a file is; `None` if there is no file.
    pub(super) fn id(path: &Path) -> Result<Option<NodeId>, AgentError> {
        let Some(bytes) = read(path)? else {
            return Ok(None);
        };
        let start = persist::start_of(&bytes).map_err(|error| refused(path, error))?;
        Ok(Some(start.id))
    }

    /// The node that goes on from the state; `None` if there is none.
    ///
    /// # Errors
    /// The state cannot be read or used.
    pub(super) fn node(
        &self,
        config: Checked<SocketAddr>,
        limits: Limits,
        now: Instant,
    ) -> Result<Option<Node<SocketAddr, Heap>>, AgentError> {
        let Held::State(file) = &self.held else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let mut file: &File = file;
        file.read_to_end(&mut bytes)
            .map_err(|error| failed(&self.path, error))?;
        let node = Node::import(config, Heap::tables(limits), now, self.age(), &bytes);
        node.map(Some).map_err(|error| refused(&self.path, error))
    }

    /// Gives the state that is there another name, and takes its place: there is none then.
    ///
    /// # Errors
    /// That cannot be done.
    pub(super) fn set_aside(&mut self) -> Result<PathBuf, AgentError> {
        let aside = || {
            let kept = free_name(&self.path)?;
            fs::rename(&self.path, &kept)?;
            Ok((kept, hold(&self.path)?))
        };
        let (kept, held) = aside().map_err(|error| failed(&self.path, error))?;
        self.held = held;
        Ok(kept)
    }

    /// Puts this state in the place of the one that is there: after a crash there is one or the other.
    pub(super) fn write(&mut self, state: &[u8]) -> io::Result<()> {
        let new = new_name(&self.path);
        let written = self.write_new(&new, state);
        if written.is_err() && matches!(self.held, Held::State(_)) {
            // Half a state takes room, and is of no use.
            let _ = fs::remove_file(&new);
        }
        self.held = Held::State(written?);
        sync_folder(&self.path)
    }

    fn write_new(&self, new: &Path, state: &[u8]) -> io::Result<File> {
        let file = match &self.held {
            Held::New(file) => file.try_clone()?,
            Held::State(_) => lock_at(new, true)?.ok_or(ErrorKind::NotFound)?,
        };
        file.set_len(0)?;
        let mut out: &File = &file;
        out.rewind()?;
        out.write_all(state)?;
        file.sync_all()?;
        fs::rename(new, &self.path)?;
        Ok(file)
    }

    fn failed(&self, error: io::Error) -> AgentError {
        failed(&self.path, error)
    }

    /// What is to be said if the state is of a time that is still to come.
    pub(super) fn future_notice(&self) -> Option<Notice> {
        let Held::State(file) = &self.held else {
            return None;
        };
        let written = file.metadata().and_then(|data| data.modified()).ok()?;
        let ahead = written.duration_since(SystemTime::now()).ok()?;
        let path = self.path.clone();
        // Clocks of file systems are coarse.
        (ahead > Duration::from_secs(2)).then_some(Notice::FromTheFuture { path, ahead })
    }

    /// By the file's time. A clock that was put right meanwhile may mislead; see [`Age`] for what that
    /// costs.
    fn age(&self) -> Age {
        let Held::State(file) = &self.held else {
            return Age::Unknown;
        };
        let written = file.metadata().and_then(|data| data.modified());
        let passed = written
            .ok()
            .and_then(|at| SystemTime::now().duration_since(at).ok())
            .and_then(|passed| u32::try_from(passed.as_millis()).ok());
        passed.map_or(Age::Unknown, |millis| {
            Age::AtMost(gossip_core::Duration::from_millis(millis))
        })
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        if matches!(self.held, Held::New(_)) {
            // Nothing was written there.
            let _ = fs::remove_file(new_name(&self.path));
        }
    }
}

/// Whether bytes that were refused so are no whole state any more, whoever wrote them.
pub(super) fn is_damage(error: &ImportError) -> bool {
    matches!(
        error,
        ImportError::NotAState
            | ImportError::UnknownVersion { .. }
            | ImportError::Truncated
            | ImportError::Damaged
            | ImportError::Trailing
    )
}

/// Whose state damaged bytes seem to be.
pub(super) fn seeming_id(path: &Path) -> Option<NodeId> {
    let bytes = read(path).ok().flatten()?;
    Some(persist::seeming_start(&bytes)?.id)
}

/// Takes hold of the file at `path`, or of its place.
fn hold(path: &Path) -> io::Result<Held> {
    loop {
        if let Some(file) = lock_at(path, false)? {
            return Ok(Held::State(file));
        }
        let new = new_name(path);
        let file = lock_at(&new, true)?.ok_or(ErrorKind::NotFound)?;
        // Whoever put a state there had this lock. Now that it is ours, nobody does.
        if !path.try_exists()? {
            return Ok(Held::New(file));
        }
        let _ = fs::remove_file(&new);
    }
}

/// The file at `path`, locked; `None` if there is none, and none is to be made.
fn lock_at(path: &Path, make: bool) -> io::Result<Option<File>> {
    loop {
        let mut options = File::options();
        // To be read is enough for a lock.
        let file = match options.read(true).write(make).create(make).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && !make => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = "another agent uses it";
                return Err(io::Error::new(ErrorKind::ResourceBusy, message));
            }
            // Where the system has no locks, care must do.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if is_at(&file, path)? {
            return Ok(Some(file));
        }
        // Another one was put there meanwhile.
    }
}

/// `true` if `path` still leads to this file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let held = file.metadata()?;
    Ok((held.dev(), held.ino()) == (there.dev(), there.ino()))
}

/// Where files have no numbers, the moment between opening and locking is not looked at.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Where the next state is written before it takes its place.
fn new_name(path: &Path) -> PathBuf {
    with_ending(path, ".tmp")
}

/// A name for a state that is set aside.
fn free_name(path: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let kept = with_ending(path, &format!(".damaged{number}"));
        if !kept.try_exists()? {
            return Ok(kept);
        }
        number += 1;
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, AgentError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

fn failed(path: &Path, error: io::Error) -> AgentError {
    let path = path.to_owned();
    AgentError::StateFile { path, error }
}

fn refused(path: &Path, error: ImportError) -> AgentError {
    let path = path.to_owned();
    AgentError::State { path, error }
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
    /// How often in a row it could not be written.
    failures: u32,
}

impl Saver {
    pub(super) fn new(shared: Arc<Shared>, clock: Clock, file: StateFile) -> Self {
        Self {
            shared,
            clock,
            file,
            saved: None,
            failures: 0,
        }
    }

    /// Writes the first state.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn save_first(&mut self) -> Result<(), AgentError> {
        self.save().map_err(|error| self.file.failed(error))
    }

    /// Runs until the agent has stopped; the last state is written then.
    ///
    /// # Errors
    /// That could not be done; failures before are counted, told, and tried again.
    pub(super) fn run(mut self) -> Result<(), AgentError> {
        loop {
            let stopped = self
                .shared
                .wait_until(PACE, |state| state.phase == Phase::Stopped);
            let saved = self.save();
            if stopped {
                return saved.map_err(|error| self.file.failed(error));
            }
            self.note(saved.err());
        }
    }

    /// Writes the state if it has changed. Also while the node takes back what it had written: the first state,
    /// which is there already, has even less of it.
    fn save(&mut self) -> io::Result<()> {
        let state = self.shared.lock();
        let print = (state.node.fingerprint(), state.node.written());
        if self.saved == Some(print) {
            return Ok(());
        }
        let bytes = export(&state.node, self.clock.now());
        drop(state);
        self.file.write(&bytes)?;
        self.saved = Some(print);
        Ok(())
    }

    /// Tells of a failure, ever more seldom, and of its end.
    fn note(&mut self, error: Option<io::Error>) {
        let path = self.file.path.clone();
        let notice = match error {
            Some(error) => {
                self.shared.count_unsaved();
                self.failures = self.failures.saturating_add(1);
                let tries = self.failures;
                if !tries.is_power_of_two() && !tries.is_multiple_of(TELL_EVERY) {
                    return;
                }
                let error = error.to_string();
                Notice::Unsaved { path, error, tries }
            }
            None if self.failures > 0 => {
                self.failures = 0;
                Notice::Saved { path }
            }
            None => return,
        };
        lock(&self.shared.notices).tell(&notice);
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
