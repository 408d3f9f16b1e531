//! Sites: hosts that are near to each other.

use crate::sim::Index;

/// Which host is of which site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sites {
    count: u32,
    /// The hosts of the first hour, dealt out in blocks; later ones in turn.
    first: u32,
}

impl Sites {
    /// `hosts` hosts over `count` sites.
    pub(super) fn new(count: u32, hosts: u32) -> Self {
        Self {
            count,
            first: hosts,
        }
    }

    /// The site of a host.
    pub(super) fn of(self, host: Index) -> u32 {
        if host >= self.first {
            return (host - self.first) % self.count;
        }
        (u64::from(host) * u64::from(self.count) / u64::from(self.first)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_blocks_of_nearly_equal_size() {
        let sites = Sites::new(3, 10);
        let of: Vec<u32> = (0..10).map(|host| sites.of(host)).collect();
        assert_eq!(of, [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn late_hosts_are_dealt_out_in_turn_and_move_nobody() {
        let sites = Sites::new(3, 6);
        let of: Vec<u32> = (0..10).map(|host| sites.of(host)).collect();
        assert_eq!(of, [0, 0, 1, 1, 2, 2, 0, 1, 2, 0]);
    }
}
