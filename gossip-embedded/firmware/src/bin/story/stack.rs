//! How much stack a call takes: paint what is free, call, and look how far the paint is gone.

use core::mem::size_of;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

use cortex_m::register::msp;

/// How far below the stack pointer to look, in words: further than any call here should go.
const WINDOW_WORDS: usize = 4096;

/// What nobody writes by chance.
const PAINT: u32 = 0xcafe_d00d;

// The linker script of cortex-m-rt defines it; its address is where the stack may grow down to.
unsafe extern "C" {
    static _stack_end: u32;
}

/// Calls `work`, and returns with its result how many bytes of stack it took, at most what was
/// looked at.
pub fn used_by<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let top = msp::read() as usize;
    let free_words = top.saturating_sub((&raw const _stack_end).addr()) / size_of::<u32>();
    let words = WINDOW_WORDS.min(free_words);
    let window = || (1..=words).rev().map(|word| top - word * size_of::<u32>());
    for address in window() {
        // SAFETY: the address is word-aligned, as the stack pointer is, and lies in RAM between the
        // statics' end and the stack pointer. Nothing there is still needed: frames in use are
        // above, and no interrupt is enabled.
        unsafe { with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) };
    }
    let result = work();
    let untouched = window().take_while(|address| {
        // SAFETY: as above; the words were written by the loop above or by the calls since.
        let found = unsafe { with_exposed_provenance::<u32>(*address).read_volatile() };
        found == PAINT
    });
    (result, (words - untouched.count()) * size_of::<u32>())
}
