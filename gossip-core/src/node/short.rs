//! Claims in their short form, as they come in.

use super::Node;
use crate::address::Address;
use crate::context::Sender;
use crate::entries::delta::Claim;
use crate::entries::{Stretch, Told};
use crate::storage::Storage;
use crate::wire::{ClaimHead, Items};

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
}
