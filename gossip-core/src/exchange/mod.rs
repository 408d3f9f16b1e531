//! Anti-entropy: reconciliations under way, and what is owed to their partners.
//!
//! An exchange begins with one fingerprint of everything. Equal: done. Different: the partners
//! narrow the difference down range by range until short listings of rows show it; rows that differ
//! are told one way or their owners' entries pulled the other. What a partner is owed is a small
//! intent in a bounded table until it is sent; the asker drives the paging, one pull outstanding for
//! each partner.
//!
//! | room | what happens in it |
//! |---|---|
//! | `begin`, `under_way` | with whom and which way; opened, gone on with, ended |
//! | `compare`, `answer` | fingerprints and listings as they come in, and as they go out |
//! | `links` | what a comparison leads to: marks on rows, one bit for each exchange |
//! | `pulls`, `serve` | asking a partner, and answering one |
//! | `claims`, `singles`, `vain` | entries as they come in: covered, on their own, of no use |
//! | `precise` | which single entries are asked for, and told |
//! | `bare` | the same of a node that keeps no entries |
//! | `slots`, `ranges`, `wants`, `partner`, `reconciler` | the state |

mod answer;
mod bare;
mod base;
mod begin;
mod claims;
mod compare;
mod links;
mod marks;
mod mode;
mod order;
mod partner;
mod precise;
mod pulls;
mod ranges;
mod reconciler;
mod rows;
mod sections;
mod serve;
mod singles;
mod slots;
#[cfg(test)]
mod tests;
mod under_way;
mod vain;
mod wants;

pub use base::Base;
pub use marks::Marks;
pub(crate) use mode::Ways;
pub use mode::{Direction, ExchangeMode};
pub use order::Reconciliation;
pub(crate) use order::Window;
pub(crate) use partner::Partner;
pub(crate) use ranges::Owed;
pub use ranges::{RangeDuties, RangeDuty};
pub use reconciler::Reconciler;
pub(crate) use sections::Shown;
pub(crate) use slots::{Budget, CREDIT, Span};
pub use slots::{Exchange, Exchanges};
pub use wants::{Want, Wants};

pub(crate) use crate::table::Bit;
