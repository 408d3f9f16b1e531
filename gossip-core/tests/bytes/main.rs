//! The bytes of the wire: golden vectors, and the limits of the wire page.

#[path = "../golden/mod.rs"]
mod golden;

mod limits;
mod vectors;
