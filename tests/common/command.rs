//! The program as a script runs it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

use std::ffi::OsStr;
use std::process::{Command, Output};

/// Runs `auscult` where there is no screen.
pub fn auscult(arguments: &[impl AsRef<OsStr>]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_auscult"))
        .args(arguments)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap()
}

/// Standard output of a command that must succeed.
pub fn results(arguments: &[&str]) -> String {
    let output = auscult(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one line of a command that must fail with status 1.
pub fn failure(arguments: &[&str]) -> String {
    let output = auscult(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty(), "a failure prints no results");
    let text = String::from_utf8(output.stderr).unwrap();
    let last = text.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("auscult: "), "{text}");
    last
}
