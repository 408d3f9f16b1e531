//! Sets of hosts, as people write them.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sim::Index;

/// A set of hosts, whether or not they exist yet. In TOML `"all"`, `"none"`, `3`, `"1-8"`,
/// `"20-"` (20 and all after it), `"1-3, 7"`, `[1, 2, "5-8"]`; and `"not 1-8"` for all others.
///
/// Where people write it, hosts are numbered from 1, as nodes' ids are: number 1 has index 0.
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

    /// The first and the last of each run of neighbours in the set, in order.
    pub fn runs(&self) -> impl Iterator<Item = (Index, Index)> + Clone {
        self.runs.iter().copied()
    }

    /// Whether no host is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The fewest hosts with which it makes sense: the first of it exists, and of each run that is
    /// not open above the last. `None` for the empty set.
    #[must_use]
    pub fn hosts_min(&self) -> Option<u32> {
        let (first, _) = self.runs.first()?;
        let closed = self.runs.iter().map(|(_, last)| *last);
        let closed = closed.filter(|last| *last < Index::MAX);
        Some(closed.fold(*first, Index::max).saturating_add(1))
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" names no hosts; write {EXPECTED}")]
pub struct HostSetError(String);

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
    let index = |number: &str| number.trim().parse::<u32>().ok()?.checked_sub(1);
    let Some((first, last)) = text.split_once('-') else {
        return index(text).map(|host| (host, host));
    };
    let first = index(first)?;
    let last = match last.trim() {
        "" => Index::MAX,
        last => index(last)?,
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
                    let number = |index: Index| u64::from(index) + 1;
                    match *run {
                        (first, Index::MAX) => write!(f, "{}-", number(first))?,
                        (first, last) if first == last => write!(f, "{}", number(first))?,
                        (first, last) => write!(f, "{}-{}", number(first), number(last))?,
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
        let index = number
            .checked_sub(1)
            .and_then(|index| Index::try_from(index).ok());
        let index = index.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        Ok(HostSet::from_iter([index]))
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

#[cfg(test)]
mod tests {
    use gossip_core::SplitMix64;

    use super::*;
    use crate::sim::chance::below;

    fn set(text: &str) -> HostSet {
        text.parse().unwrap()
    }

    #[test]
    fn a_set_holds_what_was_written() {
        for (text, hosts) in [
            ("all", vec![0, 1, 2, 3, 4, 5, 6, 7]),
            ("none", vec![]),
            ("3", vec![2]),
            ("2-4", vec![1, 2, 3]),
            ("6-", vec![5, 6, 7]),
            ("5, 1-2 , 2-3", vec![0, 1, 2, 4]),
            ("not 2-7", vec![0, 7]),
            ("not all", vec![]),
            ("not not 2", vec![1]),
        ] {
            let set = set(text);
            assert_eq!(set.iter(8).collect::<Vec<_>>(), hosts, "{text}");
            assert!((0..8).all(|host| set.contains(host) == hosts.contains(&host)));
        }
        assert!(set("20-").contains(Index::MAX));
        assert!(set("none").is_empty());
    }

    #[test]
    fn every_set_reads_back_and_its_complement_is_all_others() {
        let mut rng = SplitMix64::new(1);
        for _ in 0..500 {
            let hosts: Vec<Index> = (0..20).filter(|_| below(&mut rng, 2) == 0).collect();
            let some = HostSet::from_iter(hosts.iter().copied());
            let open = HostSet::from_runs(vec![(25, Index::MAX), (30, 40)]);
            let both = HostSet::from_runs([some.runs.clone(), open.runs].concat());
            for set in [some, both] {
                assert_eq!(set.to_string().parse(), Ok(set.clone()), "{set}");
                let others = set.complement();
                assert!((0..50).all(|host| set.contains(host) != others.contains(host)));
                assert_eq!(others.complement(), set);
            }
        }
    }

    #[test]
    fn what_names_no_hosts_is_refused() {
        for text in [
            "",
            "x",
            "0",
            "0-3",
            "8-1",
            "-3",
            "1,,2",
            "not",
            "4294967296",
            "1-2-3",
        ] {
            let error = text.parse::<HostSet>().unwrap_err().to_string();
            assert!(error.contains("names no hosts; write all"), "{error}");
        }
    }

    #[test]
    fn a_set_needs_the_hosts_that_it_names() {
        for (text, hosts) in [
            ("1", 1),
            ("1-8", 8),
            ("8-", 8),
            ("1, 9", 9),
            ("all", 1),
            ("not 8", 7),
            ("not 1", 2),
            ("4294967295-", 4_294_967_295),
        ] {
            assert_eq!(set(text).hosts_min(), Some(hosts), "{text}");
        }
        assert_eq!(set("none").hosts_min(), None);
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Table {
        hosts: HostSet,
    }

    fn read(value: &str) -> Result<Table, toml::de::Error> {
        toml::from_str(&format!("hosts = {value}"))
    }

    #[test]
    fn toml_may_say_it_in_several_ways() {
        for value in ["[1, 2, \"5-8\"]", "\"1, 2, 5-8\"", "[\"1-2\", \"5-8\"]"] {
            let table = read(value).unwrap();
            assert_eq!(table.hosts, set("1-2, 5-8"));
            let text = toml::to_string(&table).unwrap();
            assert_eq!(text, "hosts = \"1-2, 5-8\"\n");
        }
        assert_eq!(read("3").unwrap().hosts, set("3"));
        for value in [
            "0",
            "-1",
            "5000000000",
            "1.5",
            "\"some\"",
            "{}",
            "[[1], -2]",
        ] {
            assert!(read(value).is_err(), "{value}");
        }
    }
}
