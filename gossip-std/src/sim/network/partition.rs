//! Partitions: they open and close by name, and several may be open at once.

use std::collections::BTreeMap;

use super::hosts::HostSet;
use super::invalid::{Invalid, ensure};
use crate::sim::Index;

/// The partitions that are open.
#[derive(Clone, Debug, Default)]
pub(super) struct Partitions {
    open: BTreeMap<String, Partition>,
}

#[derive(Clone, Debug)]
struct Partition {
    sides: Vec<HostSet>,
    /// For each host, one bit for every side it is on.
    on: Vec<u64>,
}

/// As many sides as a mask has bits, less one for the hosts on no side.
const SIDES_MAX: usize = 63;

impl Partitions {
    /// Opens `name`, or replaces what is open under that name.
    pub(super) fn open(
        &mut self,
        name: &str,
        sides: &[HostSet],
        hosts: u32,
    ) -> Result<(), Invalid> {
        let count = sides.len();
        let right = (1..=SIDES_MAX).contains(&count);
        ensure(
            right,
            "partition.sides",
            count,
            "from 1 to 63 sets of hosts",
        )?;
        let mut partition = Partition {
            sides: sides.to_vec(),
            on: Vec::new(),
        };
        partition.grow(hosts);
        self.open.insert(name.to_owned(), partition);
        Ok(())
    }

    /// Closes `name`; `false` if nothing of that name is open.
    pub(super) fn close(&mut self, name: &str) -> bool {
        self.open.remove(name).is_some()
    }

    pub(super) fn close_all(&mut self) {
        self.open.clear();
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.open.keys().map(String::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether some open partition keeps the two apart.
    pub(super) fn part(&self, a: Index, b: Index) -> bool {
        let mut open = self.open.values();
        open.any(|partition| partition.on[a as usize] & partition.on[b as usize] == 0)
    }

    /// Puts new hosts where they belong.
    pub(super) fn grow(&mut self, hosts: u32) {
        for partition in self.open.values_mut() {
            partition.grow(hosts);
        }
    }
}

impl Partition {
    fn grow(&mut self, hosts: u32) {
        for host in self.on.len() as u32..hosts {
            let sides = self.sides.iter().enumerate();
            let named = sides.filter(|(_, side)| side.contains(host));
            let mask = named.fold(0, |mask, (bit, _)| mask | 1 << bit);
            let rest = 1 << SIDES_MAX;
            self.on.push(if mask == 0 { rest } else { mask });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(texts: &[&str]) -> Vec<HostSet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn one_side_is_cut_off_from_all_others() {
        let mut partitions = Partitions::default();
        partitions.open("a", &sides(&["1-4"]), 8).unwrap();
        assert!(partitions.part(0, 4) && partitions.part(4, 0));
        assert!(!partitions.part(0, 3) && !partitions.part(4, 7));
        assert!(partitions.close("a"));
        assert!(!partitions.part(0, 4));
        assert!(!partitions.close("a"));
    }

    #[test]
    fn who_is_on_two_sides_talks_to_both() {
        let mut partitions = Partitions::default();
        partitions.open("a", &sides(&["1-5", "5-9"]), 9).unwrap();
        assert!(partitions.part(0, 8));
        assert!(!partitions.part(0, 4) && !partitions.part(4, 8));
    }

    #[test]
    fn two_partitions_cut_more_than_one_and_heal_alone() {
        let mut partitions = Partitions::default();
        partitions.open("rows", &sides(&["1-2"]), 4).unwrap();
        partitions.open("columns", &sides(&["1, 3"]), 4).unwrap();
        assert!((1..4).all(|other| partitions.part(0, other)));
        partitions.close("rows");
        assert!(!partitions.part(0, 2) && partitions.part(0, 1));
        assert_eq!(partitions.names().collect::<Vec<_>>(), ["columns"]);
        partitions.close_all();
        assert!(partitions.is_empty());
    }

    #[test]
    fn a_late_host_finds_its_side() {
        let mut partitions = Partitions::default();
        partitions.open("a", &sides(&["1-4, 6"]), 4).unwrap();
        partitions.grow(6);
        assert!(partitions.part(0, 4));
        assert!(!partitions.part(0, 5));
    }

    #[test]
    fn a_partition_without_sides_is_refused() {
        let mut partitions = Partitions::default();
        let error = partitions.open("a", &[], 4).unwrap_err();
        let text = "partition.sides is 0; it must be from 1 to 63 sets of hosts";
        assert_eq!(error.to_string(), text);
        assert!(partitions.is_empty());
    }
}
