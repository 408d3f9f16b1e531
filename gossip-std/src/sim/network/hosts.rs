//! Sets of hosts, as people write them.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sim::Index;

/// A set of hosts, whether or not they exist yet. In TOML `"all"`, `"none"`, `3`, `"1-8"`,
/// `"20-"` (20 and all after it), `"1-3, 7"`, `[1, 2, "5-8"]`; and `"not 1-8"` for all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSet {
    /// First and last of each run, in order, with a gap between any two.
    runs: Vec<(Index, Index)>,
}

impl HostSet {
    /// Every host.
    #[must_use]
    pub fn all() -> Self {
        Self {
            runs: vec![(0, Index::MAX)],
        }
    }

    /// No host.
    #[must_use]
    pub fn none() -> Self {
        Self { runs: Vec::new() }
    }

    /// Whether `host` is in the set, in O(log runs).
    #[must_use]
    pub fn contains(&self, host: Index) -> bool {
        let after = self.runs.partition_point(|(first, _)| *first <= host);
        after
            .checked_sub(1)
            .is_some_and(|run| host <= self.runs[run].1)
    }

    /// All hosts that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut runs = Vec::new();
        let mut next = Some(0);
        for &(first, last) in &self.runs {
            if let Some(start) = next.filter(|start| *start < first) {
                runs.push((start, first - 1));
            }
            next = last.checked_add(1);
        }
        runs.extend(next.map(|start| (start, Index::MAX)));
        Self { runs }
    }

    /// The members below `hosts`, in order.
    pub fn iter(&self, hosts: u32) -> impl Iterator<Item = Index> {
        let runs = self.runs.iter().copied();
        runs.take_while(move |(first, _)| *first < hosts)
            .flat_map(move |(first, last)| first..=last.min(hosts.saturating_sub(1)))
    }

    /// Whether no host is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The union of these runs, which may overlap.
    fn from_runs(mut runs: Vec<(Index, Index)>) -> Self {
        runs.sort_unstable();
        let mut joined: Vec<(Index, Index)> = Vec::with_capacity(runs.len());
        for (first, last) in runs {
            match joined.last_mut() {
                Some(run) if first <= run.1.saturating_add(1) => run.1 = run.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        Self { runs: joined }
    }
}

impl FromIterator<Index> for HostSet {
    fn from_iter<I: IntoIterator<Item = Index>>(hosts: I) -> Self {
        Self::from_runs(hosts.into_iter().map(|host| (host, host)).collect())
    }
}

impl From<std::ops::Range<Index>> for HostSet {
    fn from(hosts: std::ops::Range<Index>) -> Self {
        if hosts.is_empty() {
            return Self::none();
        }
        Self {
            runs: vec![(hosts.start, hosts.end - 1)],
        }
    }
}

/// Why a text names no set of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSetError(String);

impl fmt::Display for HostSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" names no hosts; write {EXPECTED}", self.0)
    }
}

impl std::error::Error for HostSetError {}

const EXPECTED: &str =
    "all, none, 3, 1-8, 20-, or several with commas; with not before it, all others";

impl FromStr for HostSet {
    type Err = HostSetError;

    fn from_str(text: &str) -> Result<Self, HostSetError> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("not ") {
            return Ok(rest.parse::<Self>()?.complement());
        }
        match text {
            "all" => Ok(Self::all()),
            "none" => Ok(Self::none()),
            _ => {
                let runs: Option<Vec<_>> = text.split(',').map(run).collect();
                let runs = runs.ok_or_else(|| HostSetError(text.to_owned()))?;
                Ok(Self::from_runs(runs))
            }
        }
    }
}

/// Reads `3`, `1-8` or `20-`.
fn run(text: &str) -> Option<(Index, Index)> {
    let text = text.trim();
    let Some((first, last)) = text.split_once('-') else {
        return text.parse().ok().map(|host| (host, host));
    };
    let first = first.trim_end().parse().ok()?;
    let last = match last.trim_start() {
        "" => Index::MAX,
        last => last.parse().ok()?,
    };
    (first <= last).then_some((first, last))
}

/// As [`FromStr`] reads it.
impl fmt::Display for HostSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.runs.as_slice() {
            [] => f.write_str("none"),
            [(0, Index::MAX)] => f.write_str("all"),
            // All but some: those are shorter to name.
            [_, .., (_, Index::MAX)] => write!(f, "not {}", self.complement()),
            runs => {
                for (place, run) in runs.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { ", " })?;
                    match *run {
                        (first, last) if first == last => write!(f, "{first}")?,
                        (first, Index::MAX) => write!(f, "{first}-")?,
                        (first, last) => write!(f, "{first}-{last}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl Serialize for HostSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = HostSet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{EXPECTED}; or a list of these")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<HostSet, E> {
        let host = Index::try_from(number)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        Ok(HostSet::from_iter([host]))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<HostSet, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<HostSet, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<HostSet, A::Error> {
        let mut runs = Vec::new();
        while let Some(part) = parts.next_element::<HostSet>()? {
            runs.extend(part.runs);
        }
        Ok(HostSet::from_runs(runs))
    }
}
