//! A program with an allocator, which the check for allocators must find.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::ptr::null_mut;

use cortex_m::asm;
use cortex_m_rt::entry;
use panic_semihosting as _;

/// An allocator that never has anything left.
struct Empty;

// SAFETY: returning null is the contract's way to say that there is no memory, and nothing that was
// never given out can be given back.
unsafe impl GlobalAlloc for Empty {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        black_box(layout);
        null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: Empty = Empty;

#[entry]
fn main() -> ! {
    black_box(Box::new(black_box(1_u8)));
    loop {
        asm::wfi();
    }
}
