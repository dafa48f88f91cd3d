//! Parses arguments; opens the window or runs one command.

use std::ffi::{c_int, c_long};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc.
const PURGE_DELAY: c_int = 15;
/// Freed memory goes back to the system after some seconds. At the default of 10 ms each step of a training gets its buffers
/// anew, and clearing their pages takes a quarter of the processor's time.
const PURGE_DELAY_MS: c_long = 5000;

#[expect(
    unsafe_code,
    reason = "an option of a C library: setting it stores a number in a table of its own"
)]
fn keep_freed_memory() {
    unsafe extern "C" {
        fn mi_option_set(option: c_int, value: c_long);
    }
    // SAFETY: declared as in mimalloc.h; the library is linked as the allocator, and no other thread runs yet.
    unsafe { mi_option_set(PURGE_DELAY, PURGE_DELAY_MS) }
}

fn main() -> ExitCode {
    keep_freed_memory();
    auscult::cli::main()
}
