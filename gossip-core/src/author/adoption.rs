//! The column of adoption in a row: whoever else looks at it can change nothing but what it has to say.

/// What becomes of a member's contributions to shared keys.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Adoption {
    /// What it had counted in an earlier life was waited for long enough: this node keeps what it can.
    pub(in crate::author) heirless: bool,
    /// For how many sweeps over tombstones it was there, as far as it matters.
    pub(in crate::author) sweeps: u8,
    /// In which round what it withdraws was put off first, counted from 1 to 255 and again; 0 if it was not.
    pub(in crate::author) put_off: u8,
}

impl Adoption {
    /// It was gone, or lives another life: how long it is there is counted anew.
    pub(crate) fn settle_anew(&mut self) {
        self.sweeps = 0;
    }

    /// It lives another life, of which nothing was waited for yet.
    pub(crate) fn begin_anew(&mut self) {
        self.heirless = false;
    }

    /// What it had counted in an earlier life was waited for long enough.
    pub(crate) fn wait_no_more(&mut self) {
        self.heirless = true;
    }
}
