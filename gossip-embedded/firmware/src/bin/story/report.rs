//! What it costs: RAM by configuration, and flash.

use core::mem::size_of;

use cortex_m_semihosting::hprintln;
use gossip_core::{Node, inline};

/// Declares storages and prints how much RAM a node with each takes, so that the bounds in the table
/// are the bounds that were measured.
macro_rules! sizes {
    ($($name:ident { members: $members:expr, entries: $entries:expr, key: $key:expr,
        value: $value:expr, $($rest:tt)* })*) => {
        $(inline! {
            struct $name {
                members: $members, entries: $entries, key: $key, value: $value, $($rest)*
            }
        })*

        /// Prints the RAM of a node with 2-byte addresses, all tables included, by configuration.
        pub fn node_sizes() {
            hprintln!("| members | entries | key + value | RAM of a node |");
            hprintln!("|--:|--:|--:|--:|");
            $(hprintln!(
                "| {} | {} | {} + {} B | {} B |",
                $members, $entries, $key, $value, size_of::<Node<u16, $name>>()
            );)*
        }
    };
}

sizes! {
    Pair {
        members: 2, entries: 4, key: 4, value: 8, news: 4, duties: 4,
        relays: 0, seeds: 1, exchanges: 1, ranges: 2, wants: 2,
    }
    Room {
        members: 8, entries: 16, key: 8, value: 16, news: 8, duties: 8,
        relays: 2, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
    }
    Presence {
        members: 32, entries: 0, key: 0, value: 0, news: 16, duties: 8,
        relays: 4, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
    }
    House {
        members: 32, entries: 128, key: 8, value: 24, news: 16, duties: 8,
        relays: 4, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
    }
    Block {
        members: 128, entries: 512, key: 8, value: 24, news: 32, duties: 16,
        relays: 8, seeds: 4, exchanges: 4, ranges: 8, wants: 8,
    }
}

// The linker script of cortex-m-rt defines these; their addresses are their values.
unsafe extern "C" {
    static __vector_table: u32;
    static __erodata: u32;
    static __sdata: u32;
    static __edata: u32;
    static _ram_start: u32;
    static _stack_end: u32;
}

/// Prints how much flash the program takes and how much RAM its statics.
pub fn image() {
    let code = span(&raw const __vector_table, &raw const __erodata);
    let data = span(&raw const __sdata, &raw const __edata);
    hprintln!(
        "flash: {} bytes of code and constants, {} of initial data",
        code,
        data
    );
    hprintln!(
        "static RAM: {} bytes",
        span(&raw const _ram_start, &raw const _stack_end)
    );
}

/// Bytes from one linker symbol to a later one.
fn span(from: *const u32, to: *const u32) -> usize {
    to.addr().saturating_sub(from.addr())
}
