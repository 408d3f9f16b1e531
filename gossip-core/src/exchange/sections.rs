//! What a datagram says of an exchange: section by section, and what is left to do once all were seen.

use super::precise::{plain_want, precise_want};
use super::{Base, Direction, Reconciler};
use crate::address::Address;
use crate::context::{Context, Sender};
use crate::stats::bump;
use crate::storage::{List, Storage};
use crate::wire::{ClaimHead, Hint, Items, PreciseItem, Section, SinglesHead};

/// What is left to do once every section was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown<'a> {
    root: Option<(u64, Direction)>,
    hints: Option<Items<'a, Hint>>,
    /// What the sender holds of single entries, of those that it asks for.
    singles: Option<Items<'a, PreciseItem>>,
    /// The token of our pull that was answered.
    answered: Option<u8>,
    /// Something that was pulled came, or turned out not to be there.
    progress: bool,
    /// Rows of ranges that were listed.
    walked: usize,
}

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Whether this storage permits direct mail.
    const MAILS: bool = Self::ENTRIES && <S::Mails as List<_>>::PERMITTED;

    /// Takes a section that compares, or tells entries, or asks for them; others it leaves alone.
    pub(crate) fn take<'a>(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        section: Section<'a, A>,
        shown: &mut Shown<'a>,
    ) {
        match section {
            Section::Root(root, direction) => shown.root = Some((root, direction)),
            Section::Ranges(head, sums) => {
                self.take_ranges(&mut base.cx, &base.author, sender, &head, sums)
            }
            Section::Listing(head, items) => {
                self.take_listing(base, sender, &head, items, &mut shown.walked)
            }
            _ if const { Self::ENTRIES } => self.take_entries(base, sender, section, shown),
            _ => {}
        }
    }

    fn take_entries<'a>(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        section: Section<'a, A>,
        shown: &mut Shown<'a>,
    ) {
        match section {
            Section::Hints(hints) => {
                shown.hints = Some(hints);
                for hint in hints.iter() {
                    base.cx.count_hint(&hint);
                    let owner = base.author.owner_hinted(&base.cx, hint.id);
                    shown.progress |= self.compare_held(base, sender, owner, hint.held);
                }
            }
            Section::Pull(token, items) => {
                self.take_pull(base, sender, token, items.iter().map(plain_want));
            }
            Section::Precise(token, items) => {
                shown.singles = Some(items);
                self.take_pull(base, sender, token, items.iter().map(precise_want));
            }
            Section::Answered(token) => shown.answered = Some(token),
            Section::Returned(life, items) => self.take_returned(base, sender, life, items),
            Section::Claim(head, claim, items) if Self::MAILS && head.token == 0 => {
                self.take_mail(base, sender, &head, &claim, items);
            }
            Section::Known(head, claim, hash) => {
                let head = shown.answered_by(base, head);
                shown.progress |= self.take_known(base, sender, &head, &claim, hash);
            }
            Section::Claim(head, claim, items) => {
                let head = shown.answered_by(base, head);
                shown.progress |= self.take_claim(base, sender, &head, &claim, items);
            }
            Section::Versions(head, claim, stretches) => {
                let head = shown.answered_by(base, head);
                shown.progress |= self.take_versions(base, sender, &head, &claim, stretches);
            }
            Section::Singles(head, items) => {
                let owner = base.author.owner_here(&base.cx, head.owner, head.life);
                let head = SinglesHead { owner, ..head };
                let awaited = shown.answered.is_some();
                shown.progress |= self.take_singles(base, sender, awaited, &head, items);
            }
            _ => {}
        }
    }

    /// Every section was seen.
    pub(crate) fn finish(&mut self, base: &mut Base<A, S>, sender: &Sender<A>, shown: &Shown<'_>) {
        // An answer that brought nothing is waited out like none at all, so that two nodes which
        // misunderstand each other do not ask and answer as fast as the network allows.
        if let Some(token) = shown.answered.filter(|_| shown.progress) {
            self.end_pull(&mut base.cx, sender, token);
        }
        // Rows beside it say only that neither holds more of what is covered, which ends other pulls.
        for item in shown.singles.iter().flat_map(Items::iter) {
            self.look_for_loose(&mut base.cx, sender, &precise_want(item));
        }
        if let Some((root, direction)) = shown.root {
            self.take_root(base, sender, root, direction, shown.hints);
        }
    }
}

impl Shown<'_> {
    /// A claim answers our pull; its head, with the owner as it is called here.
    fn answered_by<A: Address, S: Storage<A>>(
        &mut self,
        base: &Base<A, S>,
        head: ClaimHead,
    ) -> ClaimHead {
        self.answered = Some(head.token);
        let owner = base.author.owner_here(&base.cx, head.owner, head.life);
        ClaimHead { owner, ..head }
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    fn count_hint(&mut self, hint: &Hint) {
        bump(&mut self.stats.hints_heard);
        let row = self.members.get(hint.id).filter(|row| !row.gone);
        if row.is_some_and(|row| hint.held > row.progress().held) {
            bump(&mut self.stats.hints_new);
        }
    }
}
