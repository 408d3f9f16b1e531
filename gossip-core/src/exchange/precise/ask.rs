//! Which single entries a partner is asked for, and when.

use crate::address::Address;
use crate::author::Author;
use crate::context::Context;
use crate::context::Sender;
use crate::entries::{every, listed};
use crate::exchange::{Bit, Reconciler, Reconciliation, Want, Window};
use crate::id::{NodeId, Version};
use crate::storage::Storage;
use crate::table::Member;
use crate::wire::{PreciseItem, Row, may_be_single};

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// What this node asks about the owner of `row`, where single entries are wanted.
    pub(in crate::exchange) fn precise_item(
        &self,
        cx: &Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        row: &Member<A>,
    ) -> PreciseItem {
        let position = cx.position_of(row);
        let digest = self.digest_for(bit, row, &position);
        let window = self.window_of(cx, bit, row, position.floor());
        PreciseItem {
            owner: author.owner_there(cx, row.id),
            life: row.facts.generation.life(),
            held: digest.held,
            recover: digest.recover,
            from: window.from,
            have: window.have.to_le_bytes(),
        }
    }

    /// The stretch of versions in which single entries are wanted, with those of them that are held. None is taken up to
    /// `floor`.
    fn window_of(&self, cx: &Context<A, S>, bit: Bit, row: &Member<A>, floor: Version) -> Window {
        let shown = self.stretch_shown(cx, bit, row, floor);
        let found = shown.or_else(|| cx.stretch_in_turn(row, floor));
        let from = found.unwrap_or_else(|| cx.stretch_in_order(row, floor));
        let mut window = Window { from, have: 0 };
        for entry in listed(&cx.entries, row.id, from, window.to()) {
            window.add(entry.version);
        }
        window
    }

    /// Where no partner holds more, or single entries are missing: the stretch that this partner shows, if it has something
    /// there that is not here.
    fn stretch_shown(
        &self,
        cx: &Context<A, S>,
        bit: Bit,
        row: &Member<A>,
        floor: Version,
    ) -> Option<Version> {
        let more = row.marks.told > floor;
        let looks = !more || row.marks.lacks_loose;
        let mut wants = self.wants.of(bit).filter(|_| looks);
        let shown = wants.find(|want| want.owner == row.id && cx.shows_more(row, want))?;
        Some(shown.window?.from.max(floor))
    }

    /// A partner told a row that is as the one held here: a comparison may have shown it that this node
    /// holds other single entries. It will see in the pull which are here. Where this node only takes, it
    /// alone can ask, even if it holds none.
    pub(in crate::exchange) fn compare_loose(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        told: &Row<A>,
    ) {
        let Some(exchange) = self.slots.of_peer(sender.id) else {
            return;
        };
        let (bit, only_takes) = (exchange.bit, !exchange.ways.gives);
        let row = cx.members.get(told.id);
        let alike =
            |row: &Member<A>| row.reach() == told.held && (only_takes || row.replica.loose() != 0);
        if row.is_some_and(alike) {
            self.link_loose(cx, bit, told.id);
        }
    }

    /// A partner's pull shows which single entries it holds: what is not here is asked for in return.
    pub(in crate::exchange) fn look_for_loose(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        want: &Want,
    ) {
        let row = cx.members.get(want.owner);
        let shows_more = row.is_some_and(|row| cx.shows_more(row, want));
        let exchange = self.slots.of_peer(sender.id);
        let taken = || cx.takes_entries(want.owner, want.life);
        if let Some(bit) = exchange.map(|exchange| exchange.bit)
            && shows_more
            && taken()
        {
            self.link_loose(cx, bit, want.owner);
        }
    }

    /// Single entries of a member are asked for in this exchange, if it goes that way. Once in a round they may turn
    /// out to be known already or superseded: what shows that there are any says so in each datagram.
    pub(in crate::exchange) fn link_loose(&mut self, cx: &mut Context<A, S>, bit: Bit, id: NodeId) {
        let exchange = self.slots.get(bit);
        let row = cx.members.get(id);
        let fruitless = row.is_none_or(|row| row.marks.fruitless == cx.round_number());
        let takes = exchange.is_some_and(|exchange| exchange.ways.takes);
        if cx.is_me(id) || fruitless || !takes {
            return;
        }
        self.link_pull(cx, bit, id, Version::NONE);
        if let Some(marks) = cx.members.marks(id) {
            marks.lacks_loose = true;
        }
    }

    /// A peer's single entries were all known: if that is what it was asked for, it need not be asked
    /// again. `true` if it was.
    pub(in crate::exchange) fn has_no_loose(
        &self,
        cx: &mut Context<A, S>,
        peer: NodeId,
        owner: NodeId,
    ) -> bool {
        let exchange = self.slots.of_peer(peer);
        let bit = exchange.map_or(0, |exchange| exchange.bit);
        let marks = cx.members.marks(owner);
        marks.is_some_and(|marks| marks.lacks_loose && marks.stop_pull(bit))
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// Which of so many has its turn in this round: multiples of the golden ratio, which get to all of them in any
    /// rhythm of the rounds in which it is asked (Knuth, "The Art of Computer Programming", volume 3, section 6.4).
    fn turn_among(&self, count: u32) -> u32 {
        const GOLDEN: u32 = 0x9e37_79b9;
        let fraction = u32::from(self.rounds).wrapping_mul(GOLDEN);
        (u64::from(fraction).wrapping_mul(u64::from(count)) >> u32::BITS) as u32
    }

    /// Where no partner holds more, or what was asked for brought nothing, what it has beyond may stand anywhere: the
    /// stretches take turns, and where the newest go first every other turn is theirs (`None`).
    fn stretch_in_turn(&self, row: &Member<A>, floor: Version) -> Option<Version> {
        let more = row.marks.told > floor;
        let in_vain = row.marks.lacks_loose && row.marks.fruitless != 0;
        let stretches = row.progress().as_of.beyond(floor);
        let stretches = stretches.div_ceil(Window::SPAN).max(1);
        let turns = if self.newest_go_first() { 2 } else { 1 };
        let turn = self.turn_among(stretches.saturating_mul(turns));
        let from = floor.plus(turn.saturating_mul(Window::SPAN));
        Some(from.unwrap_or(floor)).filter(|_| (!more || in_vain) && turn < stretches)
    }

    /// The last stretch where the newest go first, else the one after `floor`.
    fn stretch_in_order(&self, row: &Member<A>, floor: Version) -> Version {
        let (told, known) = (row.marks.told, row.progress().as_of);
        match self.newest_go_first() {
            true => Window::up_to(if told > floor { told } else { known }).max(floor),
            false => floor,
        }
    }

    fn newest_go_first(&self) -> bool {
        self.config.reconciliation() == Reconciliation::PreciseNewest
    }

    /// `true` if single entries are asked for of the owner whose row is there.
    pub(in crate::exchange) fn is_pulled_singly(&self, index: usize) -> bool {
        let row = self.members.at(index);
        let precise = self.config.reconciliation().is_precise();
        row.is_some_and(|row| {
            (precise || row.marks.lacks_loose) && Reconciler::<A, S>::may_ask_singly(row)
        })
    }

    /// `true` if a partner's pull shows single entries of this owner that are not here.
    fn shows_more(&self, row: &Member<A>, want: &Want) -> bool {
        let Some(window) = want
            .window
            .filter(|_| row.facts.generation.life() == want.life)
        else {
            return false;
        };
        let floor = row.progress().floor();
        let mut here = Window { have: 0, ..window };
        every(&self.entries, want.owner).for_each(|version| here.add(version));
        let mut theirs = (1..=Window::SPAN).filter_map(|place| window.from.plus(place));
        let missing = |version| !window.lacks(version) && here.lacks(version);
        let useful = |version| version > floor && may_be_single(version);
        theirs.any(|version| useful(version) && missing(version))
    }
}
