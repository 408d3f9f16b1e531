//! Precise reconciliation: single entries to a partner that says which it holds (van Renesse et al.
//! 2008, section 3.1), and the claims that close what they filled.

mod ask;
mod serve;

use crate::entries::delta::Digest;
use crate::exchange::{Want, Window};
use crate::wire::{PreciseItem, PullItem};

/// What a pull says of one owner.
pub(crate) fn plain_want(item: PullItem) -> Want {
    let (held, recover) = (item.held, item.recover);
    Want {
        bit: 0,
        owner: item.owner,
        life: item.life,
        digest: Digest { held, recover },
        window: None,
    }
}

/// What a pull for single entries says of one owner.
pub(crate) fn precise_want(item: PreciseItem) -> Want {
    let (from, have) = (item.from, u64::from_le_bytes(item.have));
    let plain = PullItem {
        owner: item.owner,
        life: item.life,
        held: item.held,
        recover: item.recover,
    };
    Want {
        window: Some(Window { from, have }),
        ..plain_want(plain)
    }
}
