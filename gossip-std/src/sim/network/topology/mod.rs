//! Who has a link to whom.

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use crate::sim::Index;

/// Which hosts are joined by links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Topology {
    /// Everyone with everyone: the internet.
    #[default]
    FullMesh,
}

/// A topology over so many hosts.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    hosts: u32,
}

impl Layout {
    pub(super) fn new(topology: &Topology, hosts: u32, _seed: u64) -> Result<Self, Invalid> {
        match topology {
            Topology::FullMesh => Ok(Self { hosts }),
        }
    }

    pub(super) fn hosts(&self) -> u32 {
        self.hosts
    }

    pub(super) fn grow(&mut self, hosts: u32) {
        self.hosts = self.hosts.max(hosts);
    }

    pub(super) fn neighbours(&self, host: Index) -> impl Iterator<Item = Index> {
        (0..self.hosts).filter(move |other| *other != host)
    }
}
