//! A scenario and a seed in, an outcome out.

mod build;
mod cluster;
mod director;
mod wiring;
mod workload;

pub use build::{Build, Nodes, heap_nodes, roomy};
