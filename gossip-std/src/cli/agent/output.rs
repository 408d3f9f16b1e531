//! What a node prints: through a bounded queue and a thread of its own, so that a reader which is slow, stuck
//! or gone holds up the printing and nothing else.
//!
//! A slow reader slows commands and events down, and loses nothing; a stuck one is given up after a while. What
//! was not printed is counted, and told once somebody reads again. Where nothing can be written
//! (a closed pipe, a full disk) the node goes on, and it is tried again with what comes later.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::happening::Happening;
use super::report::{Report, Timed};
use crate::cli::failure::Failure;
use crate::cli::text;

/// How many reports wait at most, and how many bytes of them, but for the last.
const LINES_MAX: usize = 256;
const BYTES_MAX: usize = 4 << 20;

/// How long a reader that takes nothing is waited for, once.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause after a failed write.
const PAUSE: Duration = Duration::from_secs(1);

/// The printing end of a session; clones are the same one.
#[derive(Clone)]
pub(super) struct Output {
    queue: Arc<Queue>,
    style: Style,
}

/// How reports are written.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) json: bool,
    /// When the node began.
    pub(super) started: Instant,
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Line>,
    bytes: usize,
    /// Reports that were not printed, and that nobody was told of yet.
    lost: u64,
    /// One is being written.
    writing: bool,
    /// The last write failed.
    failing: bool,
    /// The reader took nothing for as long as it is waited for.
    stuck: bool,
    /// The session ends: nothing waits for the reader any more.
    ending: bool,
    /// The watch whose changes are printed.
    watch: u32,
}

struct Line {
    text: String,
    /// Of which watch it tells a change.
    watch: Option<u32>,
}

impl Style {
    fn render(self, report: &Report) -> String {
        match self.json.then(|| text::json(report)) {
            Some(Ok(line)) => line,
            _ => report.to_string(),
        }
    }

    /// What happened, at this moment.
    fn timed(self, what: Happening) -> Report {
        let seconds = self.started.elapsed().as_millis() as f64 / 1000.0;
        Report::Event(Timed { seconds, what })
    }
}

impl Output {
    /// Standard output.
    pub(super) fn new(style: Style) -> Result<Self, Failure> {
        Self::to(io::stdout(), style)
    }

    fn to(out: impl Write + Send + 'static, style: Style) -> Result<Self, Failure> {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let output = Self { queue, style };
        let writer = output.clone();
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || writer.write_all(out))
            .map_err(|error| Failure::Run(format!("cannot start a thread: {error}")))?;
        Ok(output)
    }

    /// Prints what happened, at this moment.
    pub(super) fn happened(&self, what: Happening) {
        self.print(&self.style.timed(what));
    }

    /// Prints something. Waits for room unless the reader is stuck; what finds none is counted.
    pub(super) fn print(&self, report: &Report) {
        let text = self.style.render(report);
        let until = Instant::now() + PATIENCE;
        let mut state = self.lock();
        while !state.has_room() {
            let left = until.saturating_duration_since(Instant::now());
            state.stuck |= left.is_zero();
            if state.is_hopeless() {
                state.lost += 1;
                return;
            }
            state = self.wait(state, Some(left));
        }
        if state.lost > 0 {
            // Where they are missing.
            let lost = std::mem::take(&mut state.lost);
            state.push(self.lost(lost), None);
        }
        state.push(text, None);
        self.queue.changed.notify_all();
    }

    /// Prints a change of a watch, waiting for room as long as it takes; `false` if the watch is over.
    pub(super) fn change(&self, watch: u32, report: &Report) -> bool {
        let text = self.style.render(report);
        let mut state = self.lock();
        loop {
            if state.ending || state.watch != watch {
                return false;
            }
            if state.has_room() {
                break;
            }
            state = self.wait(state, None);
        }
        state.push(text, Some(watch));
        self.queue.changed.notify_all();
        true
    }

    /// From here on this is the watch whose changes are printed; those of others that wait are dropped.
    pub(super) fn begin_watch(&self, watch: u32) {
        let mut state = self.lock();
        state.watch = watch;
        state
            .waiting
            .retain(|line| line.watch.is_none_or(|of| of == watch));
        state.bytes = state.waiting.iter().map(|line| line.text.len()).sum();
        self.queue.changed.notify_all();
    }

    /// Someone asked for the end: from here on nothing waits for the reader.
    pub(super) fn end(&self) {
        self.lock().ending = true;
        self.queue.changed.notify_all();
    }

    pub(super) fn is_ending(&self) -> bool {
        self.lock().ending
    }

    /// Waits up to `most` until everything is written that can be.
    pub(super) fn finish(&self, most: Duration) {
        self.end();
        let until = Instant::now() + most;
        let mut state = self.lock();
        while (state.writing || !state.waiting.is_empty()) && !state.failing {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.wait(state, Some(left));
        }
    }

    /// The writer's life.
    fn write_all(&self, mut out: impl Write) {
        let (mut tried, mut torn) = (Instant::now(), false);
        loop {
            let state = self.next_turn(tried);
            let (line, stands_for) = self.next_line(state);
            let written = write_line(&mut out, &line, &mut torn);
            tried = Instant::now();
            let failed_before = self.lock().wrote(written.is_ok(), stands_for);
            self.queue.changed.notify_all();
            if let Err(error) = written
                && !failed_before
            {
                complain(&error);
            }
        }
    }

    /// Waits for something to write, and after a failure for the end of the pause.
    fn next_turn(&self, tried: Instant) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        loop {
            let pause = PAUSE.saturating_sub(tried.elapsed());
            let idle = state.waiting.is_empty() && state.lost == 0;
            if idle {
                state = self.wait(state, None);
            } else if state.failing && !pause.is_zero() {
                state = self.wait(state, Some(pause));
            } else {
                return state;
            }
        }
    }

    /// The next line, and how many it stands for.
    fn next_line(&self, mut state: MutexGuard<'_, State>) -> (String, u64) {
        state.writing = true;
        match state.waiting.pop_front() {
            Some(line) => {
                state.bytes = state.bytes.saturating_sub(line.text.len());
                (line.text, 1)
            }
            None => {
                let lost = std::mem::take(&mut state.lost);
                (self.lost(lost), lost)
            }
        }
    }

    fn lost(&self, lines: u64) -> String {
        let lines = Some(lines);
        let report = self.style.timed(Happening::Resync { lines });
        self.style.render(&report)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        let state = self.queue.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(
        &self,
        state: MutexGuard<'s, State>,
        most: Option<Duration>,
    ) -> MutexGuard<'s, State> {
        let changed = &self.queue.changed;
        match most {
            None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(most) => {
                let waited = changed.wait_timeout(state, most);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}

impl State {
    fn push(&mut self, text: String, watch: Option<u32>) {
        self.bytes += text.len();
        self.waiting.push_back(Line { text, watch });
    }

    /// Where writes fail there is none: what comes is lost until one succeeds.
    fn has_room(&self) -> bool {
        !self.failing && self.waiting.len() < LINES_MAX && self.bytes < BYTES_MAX
    }

    /// A line was written, or could not be; `true` if the one before could not.
    fn wrote(&mut self, written: bool, stands_for: u64) -> bool {
        self.writing = false;
        self.stuck = false;
        if !written {
            self.lost += stands_for + self.waiting.len() as u64;
            self.waiting.clear();
            self.bytes = 0;
        }
        std::mem::replace(&mut self.failing, !written)
    }

    fn is_hopeless(&self) -> bool {
        self.failing || self.stuck || self.ending
    }
}

/// Writes a line, whole or not at all where the system permits; after one that was `torn`, on a line of its
/// own.
fn write_line(out: &mut impl Write, line: &str, torn: &mut bool) -> io::Result<()> {
    let whole = format!("{}{line}\n", if *torn { "\n" } else { "" });
    let mut rest = whole.as_bytes();
    while !rest.is_empty() {
        match out.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => {
                rest = rest.get(len..).unwrap_or_default();
                *torn = !rest.is_empty();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    out.flush()
}

/// A reader that goes away is no failure; for anything else there is standard error.
fn complain(error: &io::Error) {
    if error.kind() != io::ErrorKind::BrokenPipe {
        // With that gone too, nobody is left to be told.
        let _ = writeln!(
            io::stderr(),
            "warning: cannot write to standard output: {error}"
        );
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
