//! Anti-entropy: reconciliations under way, and what is owed to their partners.
//!
//! An exchange begins with one fingerprint of everything. Equal: done. Different: the partners
//! narrow the difference down range by range until short listings of rows show it; rows that differ
//! are told one way or their owners' entries pulled the other. What a partner is owed is a small
//! intent in a bounded table until it is sent; the asker drives the paging, one pull outstanding for
//! each partner.

mod bucket;
mod mode;
mod order;
mod pace;
mod partner;
mod ranges;
mod slots;
mod sync;
mod wants;

pub use bucket::ByteRate;
pub(crate) use bucket::{Allowance, Bucket};
pub(crate) use mode::Ways;
pub use mode::{Direction, ExchangeMode};
pub use order::Reconciliation;
pub(crate) use order::Window;
pub(crate) use pace::Pace;
pub(crate) use partner::Partner;
pub(crate) use ranges::Owed;
pub use ranges::{RangeDuties, RangeDuty};
pub(crate) use slots::{Budget, CREDIT, Span};
pub use slots::{Exchange, Exchanges};
pub(crate) use sync::PeerState;
pub use sync::{Sync, SyncEnd, Synced, Syncs};
pub use wants::{Want, Wants};

pub(crate) use crate::table::Bit;
