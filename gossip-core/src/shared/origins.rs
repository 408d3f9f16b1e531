//! Each origin once, out of the entries of owners and the copies that others keep.

use core::cmp::Ordering;
use core::iter::Peekable;

use super::contribution::{Boot, Contribution};
use crate::id::{NodeId, Place};

/// Who contributed: what is counted once, however many copies there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Who wrote it first.
    pub owner: NodeId,
    /// For a counter, the boot in which it was counted. Of what carries a stamp an owner has one, in all
    /// its lives.
    pub boot: Option<Boot>,
}

/// A contribution and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// Whose it is.
    pub origin: Origin,
    /// What it is.
    pub contribution: Contribution<'a>,
}

/// In the members' common order, then by boot.
impl Ord for Origin {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |origin: &Self| -> (Place, Option<Boot>) { (origin.owner.place(), origin.boot) };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Origin {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Said<'a> {
    /// What `owner` contributes with a value of its own; `None` if the value is no contribution.
    #[must_use]
    pub fn by(owner: NodeId, value: &'a [u8]) -> Option<Self> {
        Contribution::decode(value).map(|contribution| Self::new(owner, contribution))
    }

    /// A contribution of `owner`.
    #[must_use]
    pub fn new(owner: NodeId, contribution: Contribution<'a>) -> Self {
        Self {
            origin: Origin {
                owner,
                boot: contribution.boot(),
            },
            contribution,
        }
    }

    /// `true` if whoever has this learns nothing from `other`.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.origin == other.origin && self.contribution.covers(other.contribution)
    }

    /// What is known of the origin by whoever has both of these of it.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self {
            origin: self.origin,
            contribution: self.contribution.join(other.contribution),
        }
    }
}

/// All origins in order, each once, with the join of what is known of it. That is the state which all
/// merges read, and it depends neither on who keeps which copy nor on how often nor in which order.
///
/// Takes one walk over the copies for each origin that has any, and one over the owners' entries.
#[derive(Clone, Debug)]
pub struct Origins<'a, O: Iterator<Item = Said<'a>>, C> {
    own: Peekable<O>,
    copies: C,
    /// The first origin of the copies that is not told yet.
    copy: Option<Said<'a>>,
}

impl<'a, O, C> Origins<'a, O, C>
where
    O: Iterator<Item = Said<'a>>,
    C: Iterator<Item = Said<'a>> + Clone,
{
    /// Of the owners' `own` contributions, which must ascend by origin, and `copies` in any order.
    pub fn new(own: O, copies: C) -> Self {
        let copy = least(copies.clone());
        Self {
            own: own.peekable(),
            copies,
            copy,
        }
    }

    fn take_copy(&mut self) -> Option<Said<'a>> {
        let copy = self.copy?;
        let later = self.copies.clone();
        self.copy = least(later.filter(|said| said.origin > copy.origin));
        Some(copy)
    }
}

impl<'a, O, C> Iterator for Origins<'a, O, C>
where
    O: Iterator<Item = Said<'a>>,
    C: Iterator<Item = Said<'a>> + Clone,
{
    type Item = Said<'a>;

    fn next(&mut self) -> Option<Said<'a>> {
        let (Some(own), Some(copy)) = (self.own.peek(), self.copy) else {
            return self.own.next().or_else(|| self.take_copy());
        };
        match own.origin.cmp(&copy.origin) {
            Ordering::Less => self.own.next(),
            Ordering::Greater => self.take_copy(),
            Ordering::Equal => {
                self.take_copy();
                self.own.next().map(|own| own.join(copy))
            }
        }
    }
}

/// The least origin, with the join of all that is said of it.
fn least<'a>(copies: impl Iterator<Item = Said<'a>>) -> Option<Said<'a>> {
    copies.reduce(|least, said| match said.origin.cmp(&least.origin) {
        Ordering::Less => said,
        Ordering::Equal => least.join(said),
        Ordering::Greater => least,
    })
}
