//! Anti-entropy: reconciliations under way, and what is owed to their partners.
//!
//! An exchange begins with one fingerprint of everything. Equal: done. Different: the partners
//! narrow the difference down range by range until short listings of rows show it; rows that differ
//! are told one way or their owners' entries pulled the other. What a partner is owed is a small
//! intent in a bounded table until it is sent; the asker drives the paging, one pull outstanding for
//! each partner.

mod mode;
mod order;
mod partner;
mod ranges;
mod reconciler;
mod slots;
mod wants;

pub(crate) use mode::Ways;
pub use mode::{Direction, ExchangeMode};
pub use order::Reconciliation;
pub(crate) use order::Window;
pub(crate) use partner::Partner;
pub(crate) use ranges::Owed;
pub use ranges::{RangeDuties, RangeDuty};
pub use reconciler::Reconciler;
pub(crate) use slots::{Budget, CREDIT, Span};
pub use slots::{Exchange, Exchanges};
pub use wants::{Want, Wants};

pub(crate) use crate::table::Bit;
