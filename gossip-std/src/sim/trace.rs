//! Everything that happened in a run, as JSON lines.

use std::io::{self, Write};

use serde::Serialize;

use super::index::{Index, by_id};
use super::record::{NETWORK, Observer, Record, What};

/// Writes each record as one line: `{"us":1500,"node":4,"what":{"sent":{"to":{"one":8},"len":36}}}`.
///
/// `us` is the time in microseconds since the run began, and `node` the id of the host's node, or
/// `null` for the network as a whole. Wherever a line names a host it names that id, from 1 as in
/// scenario files: the host's [`Index`] plus one. Two runs of one scenario under one seed write the same bytes.
#[derive(Debug)]
pub struct Trace<W> {
    to: W,
    /// The first error; nothing is written after it.
    failed: Option<io::Error>,
}

#[derive(Serialize)]
struct Line<'a, N> {
    us: u64,
    #[serde(serialize_with = "by_id")]
    node: Option<Index>,
    what: &'a What<N>,
}

impl<W: Write> Trace<W> {
    /// A trace that is written to `to`, in many small pieces: give it a buffer.
    pub fn new(to: W) -> Self {
        Self { to, failed: None }
    }

    /// Writes out what is buffered, and gives back where it was written.
    ///
    /// # Errors
    /// The first error of all writing.
    pub fn finish(mut self) -> io::Result<W> {
        match self.failed {
            Some(error) => Err(error),
            None => self.to.flush().map(|()| self.to),
        }
    }

    fn write<N: Serialize>(&mut self, record: &Record<'_, N>) -> io::Result<()> {
        let line = Line {
            us: record.time.as_micros(),
            node: Some(record.host).filter(|host| *host != NETWORK),
            what: record.what,
        };
        serde_json::to_writer(&mut self.to, &line)?;
        self.to.write_all(b"\n")
    }
}

impl<N: Serialize, W: Write> Observer<N> for Trace<W> {
    fn record(&mut self, record: &Record<'_, N>) {
        if self.failed.is_none() {
            self.failed = self.write(record).err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::host::To;
    use super::super::time::Time;
    use super::*;

    fn lines(whats: &[(Index, What<()>)]) -> String {
        let mut trace = Trace::new(Vec::new());
        for (host, what) in whats {
            let time = Time::from_micros(1500);
            trace.record(&Record {
                time,
                host: *host,
                what,
            });
        }
        String::from_utf8(trace.finish().unwrap()).unwrap()
    }

    #[test]
    fn a_record_is_a_line_that_names_nodes_by_their_ids() {
        let sent = What::Sent {
            to: To::One(7),
            len: 36,
        };
        let healed = What::Healed {
            name: "wan".to_owned(),
        };
        let expected = concat!(
            r#"{"us":1500,"node":4,"what":{"sent":{"to":{"one":8},"len":36}}}"#,
            "\n",
            r#"{"us":1500,"node":null,"what":{"healed":{"name":"wan"}}}"#,
            "\n",
        );
        assert_eq!(lines(&[(3, sent), (NETWORK, healed)]), expected);
    }

    #[test]
    fn an_error_of_writing_is_not_lost() {
        let mut full = [0u8; 4];
        let mut trace = Trace::new(&mut full[..]);
        let (time, what) = (Time::START, What::<()>::Crashed);
        trace.record(&Record {
            time,
            host: 1,
            what: &what,
        });
        assert!(trace.finish().is_err());
    }
}
