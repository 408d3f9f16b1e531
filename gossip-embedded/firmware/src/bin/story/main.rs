//! Four nodes on one microcontroller live a cluster's life over a link that loses datagrams: they
//! join, share entries, lose one of them, notice, go on, take it back, and delete a key.
//!
//! Time is virtual, so the story is the same in every run and takes as long as the computing takes.
//! The exit status says whether each chapter came to its end in time.

#![no_std]
#![no_main]

mod report;
mod script;
mod stack;
mod world;

use cortex_m::{asm, singleton};
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;
use panic_semihosting as _;

use world::{Air, LOSS_PERCENT, MTU, World};

/// Decides every chance in the story.
const SEED: u64 = 2026;

#[entry]
fn main() -> ! {
    report::node_sizes();
    report::image();
    let told = tell();
    match told {
        Ok(()) => hprintln!("every chapter ended in time"),
        Err(failure) => hprintln!("FAILED: {}", failure.0),
    }
    debug::exit(if told.is_ok() {
        EXIT_SUCCESS
    } else {
        EXIT_FAILURE
    });
    loop {
        asm::wfi();
    }
}

/// Sets the nodes up in static memory and plays the story.
fn tell() -> Result<(), script::Failure> {
    let air = singleton!(: Air = Air::new(SEED, LOSS_PERCENT));
    let air = air.ok_or(script::Failure("the air was taken"))?;
    let world = singleton!(: World = World::new(air, SEED));
    let world = world.ok_or(script::Failure("the world was taken"))?;
    hprintln!(
        "{} nodes, {} % loss, at most {} bytes a datagram, virtual time",
        world::NODES,
        LOSS_PERCENT,
        MTU
    );
    script::play(world)?;
    world.print_totals();
    Ok(())
}
