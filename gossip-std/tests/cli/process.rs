//! Processes that run the real binary.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// When to stop waiting.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn gossip(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gossip"));
    command.args(args).stdin(Stdio::null());
    command
}

pub(crate) fn run(args: &[&str]) -> Output {
    gossip(args).output().expect("the binary runs")
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is UTF-8")
}

/// A process that is killed when it goes out of scope.
pub(crate) struct Owned(pub(crate) Child);

/// A `gossip agent` of a test's own cluster.
pub(crate) struct Agent {
    pub(crate) child: Owned,
    pub(crate) stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// Lines that were read while looking for another.
    pub(crate) waiting: VecDeque<String>,
    pub(crate) id: String,
    pub(crate) address: String,
}

impl Agent {
    /// An agent that prints JSON.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::spawn(&[&["--bind", "127.0.0.1:0"], args].concat(), true)
    }

    pub(crate) fn spawn(args: &[&str], json: bool) -> Self {
        let mut command = gossip(&["agent"]);
        command.args(args).args(json.then_some("--json"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map(Owned)
            .expect("the binary runs");
        let stdout = BufReader::new(child.0.stdout.take().expect("stdout is piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let stdin = child.0.stdin.take();
        let (waiting, id, address) = (VecDeque::new(), String::new(), String::new());
        let mut agent = Self {
            child,
            stdin,
            lines,
            waiting,
            id,
            address,
        };
        if json {
            let ready = agent.object("a ready line", |object| object["type"] == "ready");
            agent.id = ready["id"].as_str().expect("an id").to_owned();
            agent.address = ready["bound"].as_str().expect("an address").to_owned();
        }
        agent
    }

    /// The first line, of those not taken yet, that `wanted` accepts.
    pub(crate) fn line(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        let mut checked = 0;
        loop {
            if let Some(found) = self
                .waiting
                .iter()
                .skip(checked)
                .position(|line| wanted(line))
            {
                return self
                    .waiting
                    .remove(checked + found)
                    .expect("it was just found");
            }
            checked = self.waiting.len();
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.waiting.push_back(line),
                Err(_) => panic!("node {}: no {what} in {:#?}", self.id, self.waiting),
            }
        }
    }

    pub(crate) fn object(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let parse = |line: &str| serde_json::from_str::<Value>(line).expect("every line is JSON");
        parse(&self.line(what, |line| wanted(&parse(line))))
    }

    pub(crate) fn say(&mut self, line: &[u8]) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin
            .write_all(line)
            .and_then(|()| stdin.write_all(b"\n"))
            .expect("the node reads");
    }

    /// Sends a command and takes its answer.
    pub(crate) fn ask(&mut self, command: &str) -> Value {
        self.say(command.as_bytes());
        self.object(command, |object| {
            object["type"] == "answer" || object["type"] == "error"
        })
    }

    /// Waits for the event that `id` has this status.
    pub(crate) fn sees(&mut self, id: &str, status: &str) {
        self.object(&format!("node {id} being {status}"), |object| {
            object["event"] == "member" && object["id"] == id && object["status"] == status
        });
    }

    /// Asks for a key until some node has it with this value.
    pub(crate) fn reads(&mut self, key: &str, value: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask(&format!("get {key}"));
            if answer["entries"]
                .as_array()
                .is_some_and(|e| e.iter().any(|e| e["value"] == value))
            {
                return;
            }
            assert!(Instant::now() < until, "node {}: {answer}", self.id);
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for the end; gives the exit status and what was written to standard error.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let status = wait(&mut self.child.0);
        let mut stderr = String::new();
        let mut pipe = self.child.0.stderr.take().expect("stderr is piped");
        pipe.read_to_string(&mut stderr).expect("stderr is UTF-8");
        (status, stderr)
    }

    pub(crate) fn ends_well(&mut self) {
        let (status, stderr) = self.end();
        assert!(status.success() && stderr.is_empty(), "{status}: {stderr}");
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            return status;
        }
        assert!(
            Instant::now() < until,
            "process {} does not end",
            child.id()
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal, such as `-TERM`.
pub(crate) fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let status = Command::new("kill").args([name, &pid]).status();
    assert!(status.expect("kill runs").success());
}

/// Two agents that know each other.
pub fn pair(cluster: &str) -> (Agent, Agent) {
    let mut a = Agent::start(&["--cluster", cluster, "--id", "1"]);
    let mut b = Agent::start(&["--cluster", cluster, "--id", "2", "--join", &a.address]);
    a.sees("2", "alive");
    b.sees("1", "alive");
    (a, b)
}
