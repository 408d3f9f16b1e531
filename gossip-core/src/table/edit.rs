//! A row that is being changed.

use core::ops::Deref;

use super::{Facts, Member};
use crate::author::Adoption;
use crate::context::Replica;
use crate::exchange::Marks;
use crate::membership::Detection;

/// The doors to the columns of one row. Behind each is a type whose fields are its part's alone, so that holding
/// the door open is of no use to others; the table sees to the fingerprints when all is done.
#[derive(Debug)]
pub(crate) struct Edit<'r, A> {
    row: &'r mut Member<A>,
}

impl<'r, A> Edit<'r, A> {
    pub(super) fn new(row: &'r mut Member<A>) -> Self {
        Self { row }
    }

    /// What is told and compared of it.
    pub(crate) fn facts(&mut self) -> &mut Facts<A> {
        &mut self.row.facts
    }

    /// Membership's column.
    pub(crate) fn swim(&mut self) -> &mut Detection {
        &mut self.row.swim
    }

    /// The replica's column.
    pub(crate) fn replica(&mut self) -> &mut Replica {
        &mut self.row.replica
    }

    /// The exchanges' column.
    pub(crate) fn marks(&mut self) -> &mut Marks {
        &mut self.row.marks
    }

    /// The column of adoption.
    pub(crate) fn adoption(&mut self) -> &mut Adoption {
        &mut self.row.adoption
    }

    /// Where its datagrams came from counts no more.
    pub(crate) fn forget_observed(&mut self) {
        self.row.observed = None;
    }

    /// Whether its entries are left out of comparisons, for want of room for leases.
    pub(crate) fn veil(&mut self, veiled: bool) {
        self.row.veiled = veiled;
    }

    /// Whether its death is told and not believed here.
    pub(crate) fn doubt_death(&mut self, doubted: bool) {
        self.row.doubted = doubted;
    }

    /// Whether it is dead or departed for so long that it is compared and told no more.
    pub(crate) fn fade(&mut self, fading: bool) {
        self.row.fading = fading;
    }

    /// Whether it is known from a state alone, and compared with nobody until somebody speaks of it.
    pub(crate) fn await_word(&mut self, unheard: bool) {
        self.row.unheard = unheard;
    }
}

impl<A> Deref for Edit<'_, A> {
    type Target = Member<A>;

    fn deref(&self) -> &Member<A> {
        self.row
    }
}
