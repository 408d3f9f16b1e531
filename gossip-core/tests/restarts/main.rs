//! What a node keeps over a restart, and what it gets back.

#[path = "../support/mod.rs"]
mod support;

mod persist;
mod reclaim;
mod regain;
mod resume;
