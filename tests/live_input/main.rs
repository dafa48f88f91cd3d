//! Listening and recording with sound cards that are not there: one that cpal takes for real, one that ALSA makes of a file.
#![cfg(feature = "sound-card")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod app;
mod callback;
mod card;
mod disk;
mod killed;
mod latency;
mod monitoring;
#[path = "../common/program.rs"]
mod program;
mod soak;
mod takes;
mod watch_command;

/// Knows when memory is taken or given back where it must not be.
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;
