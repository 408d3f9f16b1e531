//! Datagrams of nodes that do not belong here: told apart from damage, and from each other.

use super::Swim;
use crate::address::Address;
use crate::context::Context;
use crate::error::DatagramError;
use crate::event::Mismatch;
use crate::storage::Storage;
use crate::time::{Duration, Instant};
use crate::wire::{Maker, start_of};

/// So often a datagram whose tag fails is looked at: to find its maker takes time in proportion to its
/// length, and what is flooded with damage has better things to do.
const SAMPLE_EVERY: Duration = Duration::from_millis(100);
/// So often a stranger is told who is here, whoever it is.
const ANSWER_EVERY: Duration = Duration::from_millis(1000);
/// So often the application is told the same again.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What is known of them: the latest only. None of it influences what members hear of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Strangers<A> {
    next_sample: Instant,
    /// Where the last datagram that was looked at came from, and what its tag begins with.
    looked_at: Option<(A, u32)>,
    next_answer: Instant,
    /// Who is to be told who is here.
    answer: Option<A>,
    told: Option<(A, Mismatch)>,
    next_told: Instant,
    /// The application has not been told yet.
    due: bool,
}

impl<A> Strangers<A> {
    pub(crate) const NONE: Self = Self {
        next_sample: Instant::ZERO,
        looked_at: None,
        next_answer: Instant::ZERO,
        answer: None,
        told: None,
        next_told: Instant::ZERO,
        due: false,
    };
}

impl<A: Copy + Eq> Strangers<A> {
    /// `true` if a datagram whose tag fails may be looked at now; the look counts as taken.
    fn may_look(&mut self, now: Instant) -> bool {
        let may = self.next_sample <= now;
        if may {
            self.next_sample = now.after(SAMPLE_EVERY);
        }
        may
    }

    /// `true` if the datagram before that came from there too, with a tag that begins with the same. Damage
    /// makes any of 2^32 beginnings, and where it hits the first bytes alone those of our name with another
    /// version or kind; but not the same twice, unless the network copies it, and then soon.
    fn came_before(&mut self, from: A, start: u32) -> bool {
        self.looked_at.replace((from, start)) == Some((from, start))
    }

    /// The application is to know of one; of the same again after a while.
    pub(crate) fn tell(&mut self, now: Instant, from: A, what: Mismatch) {
        let known = self.told == Some((from, what));
        if !known || self.next_told <= now {
            self.told = Some((from, what));
            self.next_told = now.after(TELL_EVERY);
            self.due = true;
        }
    }

    /// A stranger is to be told who is here.
    fn owe_answer(&mut self, now: Instant, to: A) {
        if self.next_answer <= now {
            self.next_answer = now.after(ANSWER_EVERY);
            self.answer = Some(to);
        }
    }

    /// Whom to tell who is here.
    pub(crate) fn answer(&self) -> Option<A> {
        self.answer
    }

    /// It was told.
    pub(crate) fn answered(&mut self) {
        self.answer = None;
    }

    /// The latest one.
    pub(crate) fn latest(&self) -> Option<(A, Mismatch)> {
        self.told
    }

    /// What the application is to know and does not.
    pub(crate) fn take_due(&mut self) -> Option<Mismatch> {
        let due = core::mem::take(&mut self.due);
        self.told.filter(|_| due).map(|(_, what)| what)
    }
}

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// A datagram was refused: finds out whether a node of another kind sent it, and returns the reason
    /// in those words.
    pub(crate) fn refuse(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        from: A,
        bytes: &[u8],
        reason: DatagramError,
    ) -> DatagramError {
        let what = match reason {
            DatagramError::IdTooLarge => Some(Mismatch::LargestId),
            DatagramError::UnknownVersion | DatagramError::ForeignOrCorrupt => {
                self.recognize(cx, now, from, bytes, reason)
            }
            _ => None,
        };
        let Some(what) = what else { return reason };
        self.strangers.tell(now, from, what);
        // A seed of ours hears of us anyway, and is told no more: two strangers would go on and on.
        if !self.seeds.contains(from) {
            self.strangers.owe_answer(now, from);
        }
        match what {
            Mismatch::Cluster => DatagramError::OtherCluster,
            Mismatch::AddressKind(_) => DatagramError::OtherAddressKind,
            Mismatch::Version(_) => DatagramError::UnknownVersion,
            Mismatch::MtuFloor(_) | Mismatch::LargestId => reason,
        }
    }

    pub(crate) fn recognize(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        from: A,
        bytes: &[u8],
        reason: DatagramError,
    ) -> Option<Mismatch> {
        if !self.strangers.may_look(now) {
            return None;
        }
        let start = start_of(bytes)?;
        if !self.strangers.came_before(from, start) {
            return None;
        }
        let what = match Maker::new(start, cx.config.cluster()) {
            Maker::Version(version) => Mismatch::Version(version),
            Maker::Kind(kind) => Mismatch::AddressKind(kind),
            Maker::Other => Mismatch::Cluster,
        };
        // What the first byte says must be what the tag says.
        let of_version = matches!(what, Mismatch::Version(version) if first_says(bytes, version));
        let claims_ours = reason == DatagramError::ForeignOrCorrupt;
        let fits = of_version || claims_ours && !matches!(what, Mismatch::Version(_));
        fits.then_some(what)
    }
}

/// `true` if the first byte names this wire version.
fn first_says(bytes: &[u8], version: u8) -> bool {
    bytes.first().is_some_and(|first| first >> 4 == version)
}
