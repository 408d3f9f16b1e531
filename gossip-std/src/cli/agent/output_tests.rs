//! The queue before a writer that does as it is told.

use std::sync::mpsc::{self, Receiver, Sender};

use super::super::report::Answer;
use super::*;

/// Each write waits for leave, and fails if that is an error.
struct Gate {
    leave: Receiver<io::Result<()>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Once nobody gives leave any more, all of it is free.
        self.leave.recv().unwrap_or(Ok(()))?;
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Test {
    output: Output,
    leave: Option<Sender<io::Result<()>>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Test {
    fn new() -> Self {
        let (leave, wait) = mpsc::channel();
        let written = Arc::default();
        let gate = Gate {
            leave: wait,
            written: Arc::clone(&written),
        };
        let style = Style {
            json: false,
            started: Instant::now(),
        };
        Self {
            output: Output::to(io::LineWriter::new(gate), style).unwrap(),
            leave: Some(leave),
            written,
        }
    }

    fn happen(&self, times: usize) {
        (0..times).for_each(|_| self.output.happened(Happening::Joined));
    }

    fn fail(&self, kind: io::ErrorKind) {
        let leave = self.leave.as_ref().unwrap();
        leave.send(Err(kind.into())).unwrap();
    }

    /// The lines that were written once all is free.
    fn lines(&mut self) -> Vec<String> {
        self.leave = None;
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let state = self.output.lock();
            if state.waiting.is_empty() && state.lost == 0 && !state.writing {
                break;
            }
            drop(state);
            assert!(Instant::now() < until, "it is not written");
            thread::sleep(Duration::from_millis(5));
        }
        let bytes = self.written.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn answer() -> Report {
    Report::Answer(Answer::Leave)
}

#[test]
fn what_nobody_reads_is_counted_and_told_when_somebody_does() {
    let mut test = Test::new();
    test.happen(LINES_MAX + 50);
    let lines = test.lines();
    let joined = lines
        .iter()
        .filter(|line| line.ends_with("joined the cluster"));
    let told = joined.count() as u64;
    let lost = (LINES_MAX as u64 + 50) - told;
    assert!((49..=50).contains(&lost), "{lost}");
    let last = lines.last().unwrap();
    assert!(
        last.contains(&format!("{lost} lines were not printed")),
        "{last}"
    );
}

#[test]
fn a_slow_reader_is_waited_for_and_a_stuck_one_given_up() {
    let mut test = Test::new();
    test.happen(LINES_MAX + 1);
    let output = test.output.clone();
    let begun = Instant::now();
    output.print(&answer());
    assert!(begun.elapsed() >= PATIENCE);
    let begun = Instant::now();
    output.print(&answer());
    assert!(begun.elapsed() < PATIENCE, "it is known to be stuck");
    let waiting = thread::spawn(move || output.change(0, &answer()));
    assert!(!waiting.is_finished());
    test.output.end();
    assert!(!waiting.join().unwrap(), "the end is not waited for");
    assert!(test.lines().last().unwrap().contains("were not printed"));

    let mut test = Test::new();
    test.happen(LINES_MAX + 1);
    let output = test.output.clone();
    let waiting = thread::spawn(move || output.print(&answer()));
    test.leave.as_ref().unwrap().send(Ok(())).unwrap();
    waiting.join().unwrap();
    assert!(test.lines().contains(&answer().to_string()));
}

#[test]
fn writing_goes_on_after_a_failure() {
    for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::StorageFull] {
        let mut test = Test::new();
        test.happen(3);
        test.fail(kind);
        let begun = Instant::now();
        while !test.output.lock().failing {
            assert!(begun.elapsed() < Duration::from_secs(60));
            thread::sleep(Duration::from_millis(5));
        }
        test.output.print(&answer());
        test.happen(1);
        let lines = test.lines();
        let last = lines.last().unwrap();
        assert!(last.contains("5 lines were not printed"), "{lines:?}");
        test.happen(1);
        assert!(test.lines().last().unwrap().contains("joined"));
    }
}

#[test]
fn changes_of_another_watch_are_not_printed() {
    let mut test = Test::new();
    test.output.begin_watch(1);
    test.happen(1); // It is being written.
    assert!(test.output.change(1, &answer()));
    test.output.begin_watch(2);
    assert!(!test.output.change(1, &answer()));
    assert!(test.output.change(2, &answer()));
    let told = test.lines();
    let answers = told.iter().filter(|line| **line == answer().to_string());
    assert!(answers.count() <= 2, "{told:?}");
}

#[test]
fn a_line_that_was_torn_is_ended_before_the_next() {
    struct Small(Vec<u8>, usize);
    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let len = bytes.len().min(self.1);
            if len == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.extend_from_slice(&bytes[..len]);
            self.1 -= len;
            Ok(len)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (mut out, mut torn) = (Small(Vec::new(), 6), false);
    assert!(write_line(&mut out, "abc", &mut torn).is_ok());
    assert!(write_line(&mut out, "defg", &mut torn).is_err());
    assert!(write_line(&mut out, "hijk", &mut torn).is_err());
    out.1 = 100;
    assert!(write_line(&mut out, "lm", &mut torn).is_ok());
    assert_eq!(out.0, b"abc\nde\nlm\n");
}
