//! Everything that a node's main loop waits for, in one bounded queue: a source that is faster than
//! the loop waits.

use std::io::{self, BufRead};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use gossip_std::{AgentEvent, Events, Notice, Notices};

use super::output::Output;
use super::report::Report;
use crate::cli::failure::Failure;
use crate::cli::signals;

/// How many inputs wait at most.
const QUEUE: usize = 256;

/// The longest line in bytes: longer than the largest entry.
const LINE_MAX: u64 = 128 * 1024;

/// What the main loop acts on.
pub(super) enum Input {
    Event(AgentEvent),
    Notice(Notice),
    /// A line of standard input, or what is wrong with it.
    Line(Result<String, String>),
    /// An answer that took its time.
    Answer(Report),
    /// Someone asked for the end.
    Signal,
    /// The node has stopped; its events have all been told.
    Stopped,
}

/// The queue and its way in.
pub(super) struct Inputs {
    sender: SyncSender<Input>,
    receiver: Receiver<Input>,
}

impl Inputs {
    /// A queue that gets the signals from now on.
    pub(super) fn new(output: Output) -> Result<Self, Failure> {
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let signal = sender.clone();
        // Without waiting, or the next signal would not be heard. Where the queue is full the main loop is
        // at work, and looks before it takes the next input.
        let tell = move || {
            output.end();
            drop(signal.try_send(Input::Signal));
        };
        signals::watch(tell, || {}).map_err(|error| cannot("handle signals", &error))?;
        Ok(Self { sender, receiver })
    }

    /// Another way in.
    pub(super) fn sender(&self) -> SyncSender<Input> {
        self.sender.clone()
    }

    /// Adds what an agent tells and the lines of standard input.
    pub(super) fn follow(
        self,
        events: Events,
        notices: Notices,
    ) -> Result<Receiver<Input>, Failure> {
        let sender = self.sender.clone();
        spawn("events", move || {
            for event in events {
                if sender.send(Input::Event(event)).is_err() {
                    return;
                }
            }
            let _ = sender.send(Input::Stopped);
        })?;
        let sender = self.sender.clone();
        spawn("notices", move || {
            for notice in notices {
                if sender.send(Input::Notice(notice)).is_err() {
                    return;
                }
            }
        })?;
        let sender = self.sender;
        spawn("input", move || {
            read_lines(&mut io::stdin().lock(), |line| {
                sender.send(Input::Line(line)).is_ok()
            })
        })?;
        Ok(self.receiver)
    }
}

/// Hands each line to `take`, until the input ends or `take` has enough. A line that is too long or
/// no UTF-8 becomes an error, and the next one is read.
fn read_lines(input: &mut impl BufRead, mut take: impl FnMut(Result<String, String>) -> bool) {
    loop {
        let mut line = Vec::new();
        match io::Read::take(&mut *input, LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let whole = line.ends_with(b"\n") || (line.len() as u64) < LINE_MAX;
        let line = if whole {
            String::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())
        } else if input.skip_until(b'\n').is_ok() {
            Err(format!("the line is longer than {LINE_MAX} bytes"))
        } else {
            return;
        };
        if !take(line) {
            return;
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    thread
        .map(drop)
        .map_err(|error| cannot("start a thread", &error))
}

fn cannot(what: &str, error: &io::Error) -> Failure {
    Failure::Run(format!("cannot {what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<Result<String, String>> {
        let mut lines = Vec::new();
        read_lines(&mut &*input, |line| {
            lines.push(line);
            true
        });
        lines
    }

    #[test]
    fn lines_are_read_to_the_last_even_without_its_end() {
        assert_eq!(lines(b"a\nb"), [Ok("a\n".to_owned()), Ok("b".to_owned())]);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_bad_line_does_not_hide_the_next_one() {
        let mut input = vec![b'x'; LINE_MAX as usize + 10];
        input.extend_from_slice(b"\n\xff\nset a b\n");
        let lines = lines(&input);
        assert_eq!(lines.len(), 3);
        assert!(lines[0].is_err() && lines[1].is_err());
        assert_eq!(lines[2], Ok("set a b\n".to_owned()));
    }
}
