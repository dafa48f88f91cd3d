//! Recordings and reference numbers that are too large for this repository.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

use std::path::{Path, PathBuf};

/// What lies at `part` of the folder that `AUSCULT_SHARED_DATA` names, or a visible word that the test did not run.
pub fn shared(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("AUSCULT_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = root.join(part);
    if !path.exists() {
        eprintln!("SKIPPED: {} is not there (set AUSCULT_SHARED_DATA)", path.display());
        return None;
    }
    Some(path)
}
