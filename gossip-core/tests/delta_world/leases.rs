//! Values that are set for a time: each replica ends them by itself, sooner or later than others.

use std::sync::Arc;

use gossip_core::Version;

use super::world::World;

/// Whether a write holds for a time only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lease {
    /// It is for good.
    None,
    /// For a time, which nobody found to be over yet.
    Running,
    /// For a time, which was over on some node.
    Over,
}

impl<const K: usize, const N: usize> World<K, N> {
    /// The owner sets `key` for a time.
    pub fn lease(&mut self, key: usize, value: u8) -> Version {
        self.write_with(key, Some(value), Lease::Running)
    }

    /// A node finds the lease of `key` to be over; `false` if it shows no value that has one.
    pub fn expire(&mut self, at: usize, key: usize) -> bool {
        let node = &mut self.nodes[at];
        let slot = &mut node.replica.table.0[key];
        let Some(held) = slot.filter(|held| held.leased && held.is_shown()) else {
            return false;
        };
        let of_earlier_life = node.life > 0 && held.version == Version::BIRTH;
        *slot = (!of_earlier_life).then_some(held.run_out());
        node.least[key] = node.least[key].max(super::v(held.version.get() + 1));
        let life = node.life;
        if !of_earlier_life {
            self.end_lease(life, held.version);
        }
        true
    }

    /// Every lease is over.
    pub fn expire_all(&mut self) {
        for at in 0..N {
            for key in 0..K {
                self.expire(at, key);
            }
        }
    }

    /// Notes that the lease of a write is over.
    fn end_lease(&mut self, life: usize, version: Version) {
        let log = &mut Arc::make_mut(&mut self.logs)[life];
        let index = version.get() - log.start.get() - 1;
        log.writes[index as usize].lease = Lease::Over;
    }
}
