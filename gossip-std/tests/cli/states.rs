//! Files of states: one agent each, damaged ones, and disks that are full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Agent, run, text};
use super::refused;

/// A folder of a test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("gossip-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).expect("it is there").map(|entry| {
            let name = entry.expect("it is readable").file_name();
            name.into_string().expect("UTF-8")
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What the system's temporary folder keeps is no failure of the test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_second_agent_on_a_state_is_refused() {
    let folder = Folder::new("lock");
    let file = folder.file("state");
    let flags = ["--cluster", "lock", "--state", &file];
    let mut first = Agent::start(&flags);
    let second = [&["agent", "--bind", "127.0.0.1:0"][..], &flags].concat();
    refused(&second, 1, "another agent uses it");
    first.ask("set a 1");
    refused(&second, 1, "another agent uses it");
    first.say(b"leave");
    first.ends_well();
    let mut again = Agent::start(&flags);
    assert_eq!(again.ask("get a")["entries"][0]["value"], "1");
    assert_eq!(folder.names(), ["state"]);
}

/// A state that says `key = value` of node 2, and is cut short then.
fn damaged(folder: &Folder, cluster: &str) -> String {
    let file = folder.file("state");
    let flags = ["--cluster", cluster, "--state", &file, "--id", "2"];
    let mut agent = Agent::start(&flags);
    agent.ask("set key value");
    agent.say(b"leave");
    agent.ends_well();
    let bytes = fs::read(&file).expect("a state");
    fs::write(&file, &bytes[..bytes.len() - 5]).expect("it is ours");
    file
}

#[test]
fn a_damaged_state_is_refused_and_set_aside_on_request() {
    let folder = Folder::new("damaged");
    let file = damaged(&folder, "damaged");
    let before = fs::read(&file).expect("a state");
    let flags = ["--cluster", "damaged", "--state", &file];
    let command = [&["agent", "--bind", "127.0.0.1:0"][..], &flags].concat();
    refused(&command, 1, "--recover-state");
    refused(
        &[&command[..], &["--id", "2"]].concat(),
        1,
        "--recover-state",
    );
    assert_eq!(fs::read(&file).expect("a state"), before);
    // What is left tells the node's id.
    let mut again = Agent::start(&[&flags[..], &["--recover-state"]].concat());
    assert_eq!(again.id, "2");
    let told = again.object("a warning", |object| object["event"] == "set_aside");
    assert!(
        told["message"].to_string().contains("state.damaged1"),
        "{told}"
    );
    assert_eq!(
        fs::read(folder.file("state.damaged1")).expect("it is kept"),
        before
    );
    again.say(b"leave");
    again.ends_well();
    // A whole state is used as ever.
    let mut again = Agent::start(&[&flags[..], &["--recover-state"]].concat());
    assert_eq!(again.id, "2");
    again.say(b"leave");
    again.ends_well();
    assert_eq!(folder.names(), ["state", "state.damaged1"]);
    for (number, bytes) in [(2, &b""[..]), (3, &[0; 400]), (4, b"gsip\x01 and no more")] {
        fs::write(&file, bytes).expect("it is ours");
        refused(&[&command[..], &["--id", "2"]].concat(), 1, "cannot use");
        let mut agent = Agent::start(&[&flags[..], &["--id", "2", "--recover-state"]].concat());
        agent.say(b"leave");
        agent.ends_well();
        assert!(folder.names().contains(&format!("state.damaged{number}")));
    }
}

#[test]
fn whole_states_of_others_are_refused_whatever_is_asked() {
    let folder = Folder::new("whole");
    let file = folder.file("state");
    let flags = ["--cluster", "whole", "--id", "2", "--state", &file];
    let mut agent = Agent::start(&flags);
    agent.say(b"leave");
    agent.ends_well();
    let start = [
        "agent",
        "--bind",
        "127.0.0.1:0",
        "--recover-state",
        "--state",
        &file,
    ];
    refused(
        &[&start[..], &["--cluster", "whole", "--id", "3"]].concat(),
        1,
        "that of node 2",
    );
    refused(
        &[&start[..], &["--cluster", "other"]].concat(),
        1,
        "another cluster",
    );
    refused(
        &["agent", "--bind", "127.0.0.1:0", "--recover-state"],
        2,
        "--state",
    );
    assert_eq!(folder.names(), ["state"]);
}

#[test]
fn what_a_damaged_state_had_comes_back_from_a_peer() {
    let folder = Folder::new("back");
    let file = folder.file("state");
    let mut a = Agent::start(&["--cluster", "back", "--id", "1"]);
    let join = a.address.clone();
    let flags = [
        "--cluster",
        "back",
        "--id",
        "2",
        "--state",
        &file,
        "--join",
        &join,
    ];
    let mut b = Agent::start(&flags);
    b.ask("set key value");
    a.reads("key", "value");
    drop(b);
    fs::write(&file, b"gsip").expect("it is ours");
    let mut b = Agent::start(&[&flags[..], &["--recover-state"]].concat());
    b.object("what it had written", |object| {
        object["event"] == "reclaimed"
    });
    let own = b.ask("get 2 key");
    assert_eq!(own["entries"][0]["value"], "value", "{own}");
}

/// A disk of 64 KiB, where the system lets us have one.
struct Disk(PathBuf);

impl Disk {
    fn new(folder: &Folder) -> Option<Self> {
        let disk = folder.0.join("disk");
        fs::create_dir_all(&disk).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]);
        let output = mount.arg(&disk).output().ok()?;
        if !output.status.success() {
            eprintln!("skipped, no disk: {}", text(&output.stderr));
            return None;
        }
        Some(Self(disk))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn exists(path: &Path) -> bool {
    path.try_exists().expect("it can be looked for")
}

#[test]
fn a_full_disk_is_told_until_there_is_room() {
    let folder = Folder::new("disk");
    let Some(disk) = Disk::new(&folder) else {
        return;
    };
    let (file, filler) = (disk.0.join("state"), disk.0.join("filler"));
    let state = file.to_str().expect("UTF-8");
    let mut agent = Agent::start(&["--cluster", "disk", "--id", "1", "--state", state]);
    // Room for a small state beside the one that is there.
    fs::write(&filler, vec![0; 48 * 1024]).expect("it fits");
    let long = "x".repeat(1_000);
    for number in 0..14 {
        let answer = agent.ask(&format!("set key{number} {long}"));
        assert_eq!(answer["command"], "set");
    }
    let told = agent.object("a warning", |object| object["event"] == "unsaved");
    assert!(told["message"].to_string().contains(state), "{told}");
    assert!(agent.ask("stats")["io_unsaved"].as_u64() > Some(0));
    let half = disk.0.join("state.tmp");
    assert!(exists(&file) && !exists(&half), "half a state is left");
    fs::remove_file(&filler).expect("it is ours");
    agent.object("that it is saved", |object| object["event"] == "saved");
    agent.say(b"leave");
    agent.ends_well();
    let output = run(&[
        "agent",
        "--bind",
        "127.0.0.1:0",
        "--cluster",
        "disk",
        "--id",
        "9",
        "--state",
        state,
    ]);
    assert!(text(&output.stderr).contains("that of node 1"));
}
