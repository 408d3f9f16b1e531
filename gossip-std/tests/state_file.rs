//! Agents that keep their state in a file.

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use common::{agent, config, eventually, status};
use gossip_core::{NodeId, Status};
use gossip_std::{Agent, AgentError, AgentOptions, Notice};

/// A folder of a test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("gossip-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What the system's temporary folder keeps is no failure of the test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options(cluster: &str, id: u16, state: &Path) -> AgentOptions {
    let bind = "127.0.0.1:0".parse().unwrap();
    let mut options = AgentOptions::new(bind, config(cluster, id));
    options.state = Some(state.to_owned());
    options
}

fn key_of(agent: &Agent, owner: u16) -> Option<Vec<u8>> {
    agent.get(NodeId::from(owner), "key")
}

#[test]
fn a_restarted_agent_knows_at_once_what_it_knew() {
    let folder = Folder::new("resume");
    let second = folder.file("second");
    let a = agent("resume", 1);
    let b = Agent::spawn(options("resume", 2, &second)).unwrap();
    b.join(a.local_addr()).unwrap();
    a.set("key", b"of a").unwrap();
    b.set("key", b"of b").unwrap();
    eventually("both hold both", || {
        key_of(&a, 2).is_some() && key_of(&b, 1).is_some()
    });
    b.shutdown().unwrap();
    let life = b.members()[1].generation;
    let again = Agent::spawn(options("resume", 2, &second)).unwrap();
    assert_eq!(key_of(&again, 1), Some(b"of a".to_vec()));
    assert_eq!(key_of(&again, 2), Some(b"of b".to_vec()));
    eventually("it finds the other without a seed", || {
        status(&again, a.id()) == Some(Status::Alive)
    });
    eventually("the other knows its new life", || {
        a.members()
            .iter()
            .any(|row| row.generation > life && row.id == again.id())
    });
    eventually("both agree", || a.fingerprint() == again.fingerprint());
    assert_eq!(key_of(&a, 2), Some(b"of b".to_vec()));
}

#[test]
fn the_file_follows_the_state_while_the_agent_runs() {
    let folder = Folder::new("follow");
    let file = folder.file("state");
    assert_eq!(AgentOptions::stored_id(&file).unwrap(), None);
    let agent = Agent::spawn(options("follow", 7, &file)).unwrap();
    let first = fs::read(&file).unwrap();
    assert_eq!(AgentOptions::stored_id(&file).unwrap(), Some(agent.id()));
    agent.set("key", b"value").unwrap();
    eventually("the write is in the file", || {
        fs::read(&file).unwrap() != first
    });
    // As after a crash: nothing is written at the end.
    let copy = folder.file("copy");
    fs::copy(&file, &copy).unwrap();
    let again = Agent::spawn(options("follow", 7, &copy)).unwrap();
    assert_eq!(key_of(&again, 7), Some(b"value".to_vec()));
    assert_eq!(
        fs::read_dir(&folder.0).unwrap().count(),
        2,
        "nothing is left over"
    );
}

#[test]
fn a_file_that_is_no_state_of_the_node_is_refused_and_left_alone() {
    let folder = Folder::new("refuse");
    let file = folder.file("state");
    Agent::spawn(options("refuse", 1, &file)).unwrap();
    let whole = fs::read(&file).unwrap();
    let refused = |options: AgentOptions, what: &str| {
        let before = fs::read(&file).unwrap();
        let error = Agent::spawn(options).unwrap_err();
        assert!(matches!(error, AgentError::State { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.contains(what) && message.contains("state"),
            "{message}"
        );
        assert_eq!(fs::read(&file).unwrap(), before);
    };
    refused(options("refuse", 2, &file), "that of node 1");
    refused(options("elsewhere", 1, &file), "another cluster");
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    refused(options("refuse", 1, &file), "damaged");
    fs::write(&file, b"").unwrap();
    refused(options("refuse", 1, &file), "cut short");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_node_speaks() {
    let folder = Folder::new("unwritable");
    let file = folder.file("no such folder").join("state");
    let error = Agent::spawn(options("unwritable", 1, &file)).unwrap_err();
    assert!(matches!(error, AgentError::StateFile { .. }), "{error}");
}

#[test]
fn a_file_is_locked_as_long_as_its_agent_runs() {
    let folder = Folder::new("locked");
    let file = folder.file("state");
    let refused = || {
        let error = Agent::spawn(options("locked", 1, &file)).unwrap_err();
        let AgentError::StateFile { error, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(error.kind(), std::io::ErrorKind::ResourceBusy, "{error}");
    };
    let agent = Agent::spawn(options("locked", 1, &file)).unwrap();
    for number in 0..3 {
        refused();
        let before = fs::read(&file).unwrap();
        agent.set("key", &[number]).unwrap();
        eventually("it is another file", || fs::read(&file).unwrap() != before);
    }
    refused();
    // Another handle of the one that has it does not keep it.
    let handle = agent.clone();
    agent.shutdown().unwrap();
    let again = Agent::spawn(options("locked", 1, &file)).unwrap();
    assert_eq!(key_of(&again, 1), Some(vec![2]));
    assert_eq!(key_of(&handle, 1), Some(vec![2]));
    refused();
}

#[test]
fn what_a_crash_left_beside_the_state_is_no_hindrance() {
    let folder = Folder::new("left over");
    let file = folder.file("state");
    for bytes in [&b""[..], b"half a state", &[0; 100_000]] {
        fs::write(folder.file("state.tmp"), bytes).unwrap();
        let agent = Agent::spawn(options("left over", 1, &file)).unwrap();
        agent.set("key", b"value").unwrap();
        agent.shutdown().unwrap();
        let names = fs::read_dir(&folder.0).unwrap().count();
        assert_eq!(names, 1, "nothing but the state is left");
        assert!(AgentOptions::stored_id(&file).unwrap().is_some());
    }
}

#[test]
fn a_state_that_cannot_be_written_is_told_and_so_is_the_end_of_it() {
    let folder = Folder::new("unsaved");
    let inner = folder.file("inner");
    fs::create_dir(&inner).unwrap();
    let file = inner.join("state");
    let agent = Agent::spawn(options("unsaved", 1, &file)).unwrap();
    let notices = agent.notices();
    fs::remove_dir_all(&inner).unwrap();
    agent.set("key", b"value").unwrap();
    let told = notices.recv_timeout(common::DEADLINE);
    let Some(Notice::Unsaved { path, tries: 1, .. }) = told else {
        panic!("{told:?}");
    };
    assert_eq!(path, file);
    assert!(agent.io_errors().unsaved > 0);
    fs::create_dir(&inner).unwrap();
    let mut told = std::iter::from_fn(|| notices.recv_timeout(common::DEADLINE));
    assert!(told.any(|notice| notice == Notice::Saved { path: file.clone() }));
    agent.shutdown().unwrap();
    assert!(AgentOptions::stored_id(&file).unwrap().is_some());
}

#[test]
fn a_damaged_state_is_set_aside_where_that_is_asked_for() {
    let folder = Folder::new("aside");
    let file = folder.file("state");
    Agent::spawn(options("aside", 1, &file)).unwrap();
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let mut longer = whole.clone();
    longer.extend_from_slice(b"more");
    let mut other_version = whole.clone();
    other_version[4] = 9;
    let all = [
        vec![],
        vec![0; 300],
        whole[..20].to_vec(),
        flipped,
        longer,
        other_version,
    ];
    for (number, bytes) in (1..).zip(all) {
        fs::write(&file, &bytes).unwrap();
        let mut options = options("aside", 1, &file);
        assert!(Agent::spawn(options.clone()).is_err());
        options.recover_state = true;
        let agent = Agent::spawn(options).unwrap();
        let told = agent.notices().try_recv();
        let Some(Notice::SetAside { path, kept, .. }) = told else {
            panic!("{told:?}");
        };
        assert_eq!(path, file);
        assert_eq!(kept, folder.file(&format!("state.damaged{number}")));
        assert_eq!(fs::read(kept).unwrap(), bytes);
        assert_eq!(AgentOptions::stored_id(&file).unwrap(), Some(agent.id()));
    }
}

#[test]
fn a_clock_that_was_set_back_is_told_and_the_state_used() {
    let folder = Folder::new("clock");
    let file = folder.file("state");
    let agent = Agent::spawn(options("clock", 1, &file)).unwrap();
    agent.set("key", b"value").unwrap();
    agent.shutdown().unwrap();
    let hour = Duration::from_secs(3_600);
    let later = SystemTime::now() + hour;
    File::open(&file).unwrap().set_modified(later).unwrap();
    let again = Agent::spawn(options("clock", 1, &file)).unwrap();
    let told = again.notices().try_recv();
    let Some(Notice::FromTheFuture { ahead, .. }) = told else {
        panic!("{told:?}");
    };
    assert!(ahead > hour / 2 && ahead <= hour, "{ahead:?}");
    assert_eq!(key_of(&again, 1), Some(b"value".to_vec()));
}
