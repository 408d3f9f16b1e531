//! Single entries for a partner that says which it holds, and claims told by a hash for what it holds already.

use crate::address::Address;
use crate::context::Context;
use crate::entries::accelerate::hash;
use crate::entries::delta::Listed;
use crate::entries::{every, listed};
use crate::exchange::{Bit, Reconciler, Want, Window};
use crate::id::{NodeId, Version};
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::{ClaimHead, Kind, SinglesHead, Writer, limits, may_be_single, write_singles};

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Single entries for as many of the partner's wants as fit, the first in line first.
    /// `true` if anything was written.
    pub(in crate::exchange) fn write_precise(
        &self,
        cx: &Context<A, S>,
        now: Instant,
        bit: Bit,
        writer: &mut Writer<'_>,
    ) -> bool {
        let before = writer.len();
        let limit = self.last_rank(cx, now, bit, writer.room());
        for want in self.wants.of(bit) {
            if let Some(window) = cx.window_to_fill(want) {
                cx.write_singles_for(now, want, window, limit, writer);
            }
        }
        writer.len() > before
    }

    /// `true` if the partner lacks single entries that are held here.
    pub(in crate::exchange) fn has_singles_for(&self, cx: &Context<A, S>, bit: Bit) -> bool {
        let mut wants = self.wants.of(bit);
        wants.any(|want| {
            cx.window_to_fill(want)
                .is_some_and(|window| cx.missing(want, window, u32::MAX).next().is_some())
        })
    }

    /// Up to which rank single entries fit `room` bytes.
    fn last_rank(&self, cx: &Context<A, S>, now: Instant, bit: Bit, room: usize) -> u32 {
        if self.fits(cx, now, bit, u32::MAX, room) {
            return u32::MAX;
        }
        let (mut low, mut high) = (0, u32::MAX);
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if self.fits(cx, now, bit, middle, room) {
                low = middle;
            } else {
                high = middle;
            }
        }
        // Of those at the next rank, as many as fit.
        high
    }

    pub(in crate::exchange) fn fits(
        &self,
        cx: &Context<A, S>,
        now: Instant,
        bit: Bit,
        limit: u32,
        room: usize,
    ) -> bool {
        let mut left = Some(room);
        for want in self.wants.of(bit) {
            let Some(window) = cx.window_to_fill(want) else {
                continue;
            };
            let mut any = false;
            for entry in cx.missing(want, window, limit) {
                let head = if any {
                    0
                } else {
                    limits::singles_head(want.owner)
                };
                any = true;
                let item = entry.len(now, Window::SPAN);
                left = left.and_then(|left| left.checked_sub(head.saturating_add(item)));
                if left.is_none() {
                    return false;
                }
            }
        }
        true
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// The window of a want that single entries serve: the asker covers nothing again, and would not
    /// have to, or no claim from here would bring it on.
    pub(in crate::exchange) fn window_to_fill(&self, want: &Want) -> Option<Window> {
        let row = self.members.get(want.owner)?;
        let known = !row.gone && row.facts.generation.life() == want.life;
        let normal = want.digest.recover.is_none() && row.progress().gc <= want.digest.held;
        let helpful = normal || row.progress().answer(&want.digest).is_none();
        want.window.filter(|_| known && helpful)
    }

    /// The entries that the partner lacks in its window and that may be told singly, up to a rank, by key.
    pub(in crate::exchange) fn missing(
        &self,
        want: &Want,
        window: Window,
        limit: u32,
    ) -> impl Iterator<Item = Listed<'_>> {
        let order = self.config.reconciliation();
        let newest = self.members.get(want.owner);
        let newest = newest.map_or(Version::NONE, |row| row.progress().as_of);
        let salt = u64::from(self.next_token) << 32 | want.owner.get();
        listed(&self.entries, want.owner, window.from, window.to())
            .filter(move |entry| may_be_single(entry.version) && window.lacks(entry.version))
            .filter(move |entry| order.rank(entry.version, newest, salt) <= limit)
    }

    fn write_singles_for(
        &self,
        now: Instant,
        want: &Want,
        window: Window,
        limit: u32,
        writer: &mut Writer<'_>,
    ) -> Option<usize> {
        let progress = self.members.get(want.owner)?.progress();
        let newest = self.missing(want, window, limit).map(|entry| entry.version);
        let head = |newest| SinglesHead {
            token: 0,
            owner: want.owner,
            life: want.life,
            held: progress.held,
            newest,
        };
        if let Some(newest) = newest.max() {
            let entries = self.missing(want, window, limit);
            return write_singles(now, &head(newest), entries, writer);
        }
        // The asker may not know of a stretch so far on.
        let beyond = listed(&self.entries, want.owner, window.to(), Version::MAX);
        let latest = beyond.max_by_key(|entry| entry.version)?;
        if progress.answer(&want.digest).is_some() {
            return None;
        }
        let entries = core::iter::once(latest);
        write_singles(now, &head(latest.version), entries, writer)
    }

    /// Which stretch `(a, b]` a partner covers with what it holds already, as its window shows.
    pub(in crate::exchange) fn covered_already(&self, want: &Want) -> Option<(Version, Version)> {
        let covers = want.digest.recover.is_none();
        let window = self.window_to_fill(want).filter(|_| covers)?;
        let progress = self.members.get(want.owner)?.progress();
        let (a, b) = (want.digest.held, window.to().min(progress.held));
        // What the asker holds and this node does not was superseded: the asker would compute another
        // hash, so it needs the whole claim as much as one that lacks something.
        let just = || window.is_just(b, self.versions_of(want.owner, a, b));
        (window.from == a && a < b && just()).then_some((a, b))
    }

    fn versions_of(&self, owner: NodeId, a: Version, b: Version) -> impl Iterator<Item = Version> {
        let all = every(&self.entries, owner);
        all.filter(move |version| *version > a && *version <= b)
    }

    /// A claim for a partner that holds everything it would list, if its window shows that: told by
    /// a hash. `None` if the whole claim is called for.
    pub(in crate::exchange) fn write_known(
        &self,
        token: u8,
        want: &Want,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        let (a, b) = self.covered_already(want)?;
        let progress = self.members.get(want.owner)?.progress();
        let told = hash(self.versions_of(want.owner, a, b));
        let head = ClaimHead::new(token, want.owner, want.life, &progress.claim(a, b));
        Some(writer.listed(Kind::Known, &(head, told.to_le_bytes())))
    }
}
