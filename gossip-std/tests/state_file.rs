//! Agents that keep their state in a file.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{agent, config, eventually, status};
use gossip_core::{NodeId, Status};
use gossip_std::{Agent, AgentError, AgentOptions};

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
