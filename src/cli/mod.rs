//! Commands on the same pipeline as the window.
//!
//! *Invariant:* standard output carries results only, progress goes to standard error.

use std::process::ExitCode;

/// The whole program: parses arguments, opens the window or runs one command.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
