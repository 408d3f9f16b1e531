//! Time as the caller sees it: milliseconds since any epoch, passed in.
//!
//! The core owns no clock. An adapter maps whatever the platform counts in to [`Instant`]; the only
//! demand is that it does not run backwards. Where it does all the same, a node's own time goes on from where it was.

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since an epoch of the caller's choice (boot, usually).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Instant(u64);

impl Instant {
    /// The epoch itself; [`poll_timeout`](crate::Node::poll_timeout) returns it for "now".
    pub const ZERO: Self = Self(0);
    /// Later than anything that will ever be due.
    pub const FAR: Self = Self(u64::MAX);

    /// The moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This moment plus `duration`, stopping at [`Instant::FAR`].
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.0 as u64))
    }

    /// This moment counted from `epoch`; [`Instant::FAR`] stays where it is.
    #[must_use]
    pub(crate) const fn counted_from(self, epoch: Self) -> Self {
        if self.0 == u64::MAX {
            self
        } else {
            Self(self.0.saturating_sub(epoch.0))
        }
    }

    /// The time from `earlier` to here; zero if `earlier` is later, capped at [`Duration::MAX`].
    pub const fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        if millis > u32::MAX as u64 {
            Duration::MAX
        } else {
            Duration(millis as u32)
        }
    }
}

/// A span of time in milliseconds, up to about 49 days.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Duration(u32);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span, `u32::MAX` milliseconds.
    pub const MAX: Self = Self(u32::MAX);

    /// A span of `millis` milliseconds.
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis)
    }

    /// A span of `secs` seconds, capped at [`Duration::MAX`].
    pub const fn from_secs(secs: u32) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Whole milliseconds.
    pub const fn as_millis(self) -> u32 {
        self.0
    }

    /// Whole seconds, rounded up.
    pub const fn as_secs_ceil(self) -> u32 {
        self.0.div_ceil(1000)
    }

    /// This span `factor` times over, capped at [`Duration::MAX`].
    #[must_use]
    pub const fn times(self, factor: u32) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// This span scaled by `num / 256`, capped at [`Duration::MAX`].
    #[must_use]
    pub const fn scaled(self, num_256: u32) -> Self {
        let wide = (self.0 as u64).saturating_mul(num_256 as u64) >> 8;
        if wide > u32::MAX as u64 {
            Self::MAX
        } else {
            Self(wide as u32)
        }
    }
}
