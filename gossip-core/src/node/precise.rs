//! Precise reconciliation: single entries to a partner that says which it holds (van Renesse et al.
//! 2008, section 3.1), and the claims that close what they filled.

use super::Node;
use crate::address::Address;
use crate::context::Sender;
use crate::entries::accelerate::hash;
use crate::entries::delta::{Claim, Digest, Listed};
use crate::entries::{every, listed};
use crate::exchange::{Bit, Reconciliation, Want, Window};
use crate::id::{NodeId, Version};
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;
use crate::wire::{
    ClaimHead, Kind, PreciseItem, PullItem, Row, SinglesHead, Writer, limits, may_be_single,
    write_singles,
};

/// What a pull says of one owner.
pub(super) fn plain_want(item: PullItem) -> Want {
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
pub(super) fn precise_want(item: PreciseItem) -> Want {
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

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What this node asks about the owner of `row`, where single entries are wanted.
    pub(super) fn precise_item(&self, bit: Bit, row: &Member<A>) -> PreciseItem {
        let position = self.position_of(row);
        let digest = position.digest();
        let window = self.window_of(bit, row, position.floor());
        PreciseItem {
            owner: self.author.owner_there(&self.tables.cx, row.id),
            life: row.facts.generation.life(),
            held: digest.held,
            recover: digest.recover,
            from: window.from,
            have: window.have.to_le_bytes(),
        }
    }

    /// The stretch of versions in which single entries are wanted: the last one where the newest go
    /// first, else the one after `floor`, up to which none would be taken. Where no partner holds more, or
    /// what was asked for brought nothing, what it has beyond may stand anywhere: the stretch that the
    /// partner shows is asked for if it has something there, else the stretches take turns.
    fn window_of(&self, bit: Bit, row: &Member<A>, floor: Version) -> Window {
        let newest = self.tables.cx.config.reconciliation() == Reconciliation::PreciseNewest;
        let (told, known) = (row.marks.told, row.replica.progress.as_of);
        let (more, loose) = (told > floor, row.marks.lacks_loose);
        let anywhere = !more || (loose && row.marks.fruitless != 0);
        let stretches = known.beyond(floor).div_ceil(Window::SPAN).max(1);
        let turn = self.turn_among(stretches.saturating_mul(if newest { 2 } else { 1 }));
        let mut wants = self
            .tables
            .reconciler
            .wants
            .of(bit)
            .filter(|_| !more || loose);
        let shown = wants.find(|want| want.owner == row.id && self.shows_more(row, want));
        let from = if let Some(shown) = shown.and_then(|want| want.window) {
            shown.from.max(floor)
        } else if anywhere && turn < stretches {
            floor
                .plus(turn.saturating_mul(Window::SPAN))
                .unwrap_or(floor)
        } else if newest {
            Window::up_to(if told > floor { told } else { known }).max(floor)
        } else {
            floor
        };
        let mut window = Window { from, have: 0 };
        for entry in listed(&self.tables.cx.entries, row.id, from, window.to()) {
            window.add(entry.version);
        }
        window
    }

    /// Which of so many has its turn in this round: multiples of the golden ratio, which get to all of them in any
    /// rhythm of the rounds in which it is asked (Knuth, "The Art of Computer Programming", volume 3, section 6.4).
    fn turn_among(&self, count: u32) -> u32 {
        const GOLDEN: u32 = 0x9e37_79b9;
        let fraction = u32::from(self.tables.cx.rounds).wrapping_mul(GOLDEN);
        (u64::from(fraction).wrapping_mul(u64::from(count)) >> u32::BITS) as u32
    }

    /// `true` if single entries are asked for of the owner whose row is there.
    pub(super) fn is_pulled_singly(&self, index: usize) -> bool {
        let row = self.tables.cx.members.at(index);
        let precise = self.tables.cx.config.reconciliation().is_precise();
        row.is_some_and(|row| (precise || row.marks.lacks_loose) && Self::may_ask_singly(row))
    }

    /// A partner told a row that is as the one held here: a comparison may have shown it that this node
    /// holds other single entries. It will see in the pull which are here. Where this node only takes, it
    /// alone can ask, even if it holds none.
    pub(super) fn compare_loose(&mut self, sender: &Sender<A>, told: &Row<A>) {
        let Some(exchange) = self.tables.reconciler.slots.of_peer(sender.id) else {
            return;
        };
        let (bit, only_takes) = (exchange.bit, !exchange.ways.gives);
        let row = self.tables.cx.members.get(told.id);
        let alike =
            |row: &Member<A>| row.reach() == told.held && (only_takes || row.replica.loose != 0);
        if row.is_some_and(alike) {
            self.link_loose(bit, told.id);
        }
    }

    /// A partner's pull shows which single entries it holds: what is not here is asked for in return.
    pub(super) fn look_for_loose(&mut self, sender: &Sender<A>, want: &Want) {
        let row = self.tables.cx.members.get(want.owner);
        let shows_more = row.is_some_and(|row| self.shows_more(row, want));
        let exchange = self.tables.reconciler.slots.of_peer(sender.id);
        let taken = || self.takes_entries(want.owner, want.life);
        if let Some(bit) = exchange.map(|exchange| exchange.bit)
            && shows_more
            && taken()
        {
            self.link_loose(bit, want.owner);
        }
    }

    /// `true` if a partner's pull shows single entries of this owner that are not here.
    fn shows_more(&self, row: &Member<A>, want: &Want) -> bool {
        let Some(window) = want
            .window
            .filter(|_| row.facts.generation.life() == want.life)
        else {
            return false;
        };
        let floor = row.replica.progress.floor();
        let mut here = Window { have: 0, ..window };
        every(&self.tables.cx.entries, want.owner).for_each(|version| here.add(version));
        let mut theirs = (1..=Window::SPAN).filter_map(|place| window.from.plus(place));
        let missing = |version| !window.lacks(version) && here.lacks(version);
        let useful = |version| version > floor && may_be_single(version);
        theirs.any(|version| useful(version) && missing(version))
    }

    /// Single entries of a member are asked for in this exchange, if it goes that way. Once in a round they may turn
    /// out to be known already or superseded: what shows that there are any says so in each datagram.
    pub(super) fn link_loose(&mut self, bit: Bit, id: NodeId) {
        let exchange = self.tables.reconciler.slots.get(bit);
        let row = self.tables.cx.members.get(id);
        let fruitless = row.is_none_or(|row| row.marks.fruitless == self.tables.cx.round_number());
        let takes = exchange.is_some_and(|exchange| exchange.ways.takes);
        if self.tables.cx.is_me(id) || fruitless || !takes {
            return;
        }
        self.link_pull(bit, id, Version::NONE);
        if let Some(marks) = self.tables.cx.members.marks(id) {
            marks.lacks_loose = true;
        }
    }

    /// A peer's single entries were all known: if that is what it was asked for, it need not be asked
    /// again. `true` if it was.
    pub(super) fn has_no_loose(&mut self, peer: NodeId, owner: NodeId) -> bool {
        let exchange = self.tables.reconciler.slots.of_peer(peer);
        let bit = exchange.map_or(0, |exchange| exchange.bit);
        let marks = self.tables.cx.members.marks(owner);
        marks.is_some_and(|marks| marks.lacks_loose && marks.stop_pull(bit))
    }

    /// Single entries for as many of the partner's wants as fit, the first in line first.
    /// `true` if anything was written.
    pub(super) fn write_precise(&self, now: Instant, bit: Bit, writer: &mut Writer<'_>) -> bool {
        let before = writer.len();
        let limit = self.last_rank(now, bit, writer.room());
        for want in self.tables.reconciler.wants.of(bit) {
            if let Some(window) = self.window_to_fill(want) {
                self.write_singles_for(now, want, window, limit, writer);
            }
        }
        writer.len() > before
    }

    /// `true` if the partner lacks single entries that are held here.
    pub(super) fn has_singles_for(&self, bit: Bit) -> bool {
        let mut wants = self.tables.reconciler.wants.of(bit);
        wants.any(|want| {
            self.window_to_fill(want)
                .is_some_and(|window| self.missing(want, window, u32::MAX).next().is_some())
        })
    }

    /// The window of a want that single entries serve: the asker covers nothing again, and would not
    /// have to, or no claim from here would bring it on.
    pub(super) fn window_to_fill(&self, want: &Want) -> Option<Window> {
        let row = self.tables.cx.members.get(want.owner)?;
        let known = !row.gone && row.facts.generation.life() == want.life;
        let normal = want.digest.recover.is_none() && row.replica.progress.gc <= want.digest.held;
        let helpful = normal || row.replica.progress.answer(&want.digest).is_none();
        want.window.filter(|_| known && helpful)
    }

    /// Up to which rank single entries fit `room` bytes.
    fn last_rank(&self, now: Instant, bit: Bit, room: usize) -> u32 {
        if self.fits(now, bit, u32::MAX, room) {
            return u32::MAX;
        }
        let (mut low, mut high) = (0, u32::MAX);
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if self.fits(now, bit, middle, room) {
                low = middle;
            } else {
                high = middle;
            }
        }
        // Of those at the next rank, as many as fit.
        high
    }

    fn fits(&self, now: Instant, bit: Bit, limit: u32, room: usize) -> bool {
        let mut left = Some(room);
        for want in self.tables.reconciler.wants.of(bit) {
            let Some(window) = self.window_to_fill(want) else {
                continue;
            };
            let mut any = false;
            for entry in self.missing(want, window, limit) {
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

    /// The entries that the partner lacks in its window and that may be told singly, up to a rank, by key.
    pub(super) fn missing(
        &self,
        want: &Want,
        window: Window,
        limit: u32,
    ) -> impl Iterator<Item = Listed<'_>> {
        let order = self.tables.cx.config.reconciliation();
        let newest = self.tables.cx.members.get(want.owner);
        let newest = newest.map_or(Version::NONE, |row| row.replica.progress.as_of);
        let salt = u64::from(self.tables.cx.next_token) << 32 | want.owner.get();
        listed(
            &self.tables.cx.entries,
            want.owner,
            window.from,
            window.to(),
        )
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
        let progress = self.tables.cx.members.get(want.owner)?.replica.progress;
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
        let beyond = listed(
            &self.tables.cx.entries,
            want.owner,
            window.to(),
            Version::MAX,
        );
        let latest = beyond.max_by_key(|entry| entry.version)?;
        if progress.answer(&want.digest).is_some() {
            return None;
        }
        let entries = core::iter::once(latest);
        write_singles(now, &head(latest.version), entries, writer)
    }

    /// Which stretch `(a, b]` a partner covers with what it holds already, as its window shows.
    pub(super) fn covered_already(&self, want: &Want) -> Option<(Version, Version)> {
        let covers = want.digest.recover.is_none();
        let window = self.window_to_fill(want).filter(|_| covers)?;
        let progress = self.tables.cx.members.get(want.owner)?.replica.progress;
        let (a, b) = (want.digest.held, window.to().min(progress.held));
        // What the asker holds and this node does not was superseded: the asker would compute another
        // hash, so it needs the whole claim as much as one that lacks something.
        let just = || window.is_just(b, self.versions_of(want.owner, a, b));
        (window.from == a && a < b && just()).then_some((a, b))
    }

    fn versions_of(&self, owner: NodeId, a: Version, b: Version) -> impl Iterator<Item = Version> {
        let all = every(&self.tables.cx.entries, owner);
        all.filter(move |version| *version > a && *version <= b)
    }

    /// A claim for a partner that holds everything it would list, if its window shows that: told by
    /// a hash. `None` if the whole claim is called for.
    pub(super) fn write_known(
        &self,
        token: u8,
        want: &Want,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        let (a, b) = self.covered_already(want)?;
        let progress = self.tables.cx.members.get(want.owner)?.replica.progress;
        let told = hash(self.versions_of(want.owner, a, b));
        let head = ClaimHead::new(token, want.owner, want.life, &progress.claim(a, b));
        Some(writer.listed(Kind::Known, &(head, told.to_le_bytes())))
    }

    /// A claim of what is held here already; `false` if it was of no use.
    pub(super) fn take_known(
        &mut self,
        sender: &Sender<A>,
        head: &ClaimHead,
        claim: &Claim,
        told: u64,
    ) -> bool {
        if !self.is_claim_of_known_life(head.owner, head.life) {
            return false;
        }
        let useful = self.follow(head.owner, claim, |progress, map| {
            progress.apply_known(map, claim, told)
        });
        self.after_claim(sender, head.owner, claim, Some(useful));
        useful
    }
}
