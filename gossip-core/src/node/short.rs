//! Claims in their short forms, as they come in.

use super::Node;
use super::receive::Sender;
use crate::address::Address;
use crate::entries::delta::Claim;
use crate::entries::{Stretch, Told};
use crate::storage::Storage;
use crate::wire::{ClaimHead, HashItem, HashesHead, Items};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// A claim told by version numbers; `false` if it was of no use.
    pub(super) fn take_versions(
        &mut self,
        sender: &Sender<A>,
        head: &ClaimHead,
        claim: &Claim,
        stretches: Items<'_, Stretch>,
    ) -> bool {
        if !self.is_claim_of_known_life(head.owner, head.life) {
            return false;
        }
        let told = Told(stretches.iter());
        let useful = self.follow(head.owner, claim, |progress, map| {
            progress.apply_versions(map, claim, &told)
        });
        self.after_claim(sender, head.owner, claim, Some(useful));
        useful
    }

    /// Claims told by hashes, each from where the one before it ends: where one does not match, those
    /// after it are out of place. `false` if none was of use.
    pub(super) fn take_hashes(
        &mut self,
        sender: &Sender<A>,
        head: &HashesHead,
        items: Items<'_, HashItem>,
    ) -> bool {
        let Some(whole) = head.whole(&items) else {
            return false;
        };
        if !self.is_claim_of_known_life(head.owner, head.life) {
            return false;
        }
        let (mut a, mut useful) = (whole.a, false);
        for item in items.iter() {
            let b = a.plus(item.length.get()).unwrap_or(whole.b);
            let claim = Claim { a, b, ..whole };
            let told = u64::from_le_bytes(item.hash);
            useful |= self.follow(head.owner, &claim, |progress, map| {
                progress.apply_hash(map, &claim, told)
            });
            a = b;
        }
        // Where none holds, the version numbers before them say whether to go on asking.
        if useful {
            self.after_claim(sender, head.owner, &whole, Some(true));
        }
        useful
    }
}
