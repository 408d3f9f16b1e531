//! The models of `tests/model.rs` with everything at once: four writes, a restart, and late messages. For
//! an idle machine: `cargo test --release -p gossip-core --test model_largest -- --ignored --nocapture`

mod delta_world;
mod model_check;
mod support;

use model_check::{entries, nodes};

#[test]
#[ignore = "takes a quarter of an hour and 5 GB of memory"]
fn every_history_with_everything_keeps_the_promises() {
    entries::check(entries::Bounds {
        writes: 4,
        lives: 2,
        past: true,
    });
}

#[test]
#[ignore = "takes an hour and gigabytes of memory"]
fn real_nodes_keep_the_promises_with_late_messages() {
    nodes::check(nodes::Bounds {
        writes: 4,
        lives: 1,
        late: true,
    });
}

#[test]
#[ignore = "takes hours and many gigabytes of memory"]
fn real_nodes_keep_the_promises_with_everything() {
    nodes::check(nodes::Bounds {
        writes: 4,
        lives: 2,
        late: true,
    });
}
