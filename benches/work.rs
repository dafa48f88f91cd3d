//! One work of `auscult bench` in a loop, for a profiler: its key, and for how many seconds (5 where none are named).
//!
//! ```text
//! cargo bench --bench work -- mobileanonet_train_ms_per_segment 10
//! ```
//!
//! For `perf` and callgrind, which find the names of functions in it; `CARGO_PROFILE_BENCH_DEBUG=line-tables-only` and
//! `CARGO_PROFILE_BENCH_STRIP=none` add the lines of the source, at the price of a whole new build:
//!
//! ```text
//! cargo bench --bench work --no-run        # says where the program is
//! perf record target/release/deps/work-… tsne_5000_s
//! valgrind --tool=callgrind target/release/deps/work-… detectors_990x200_ms 0.1
//! ```

use std::process::ExitCode;

use auscult::cli::bench::{Pace, Work};
use auscult::progress::NoProgress;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Flags are Cargo's own.
    let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let key = named.next();
    let secs = named.next().and_then(|text| text.parse().ok()).unwrap_or(5.0);
    let Some(work) = Work::all().find(|work| Some(work.key) == key.as_deref()) else {
        eprintln!("name one of these works:");
        for work in Work::all() {
            eprintln!("  {:42} {}", work.key, work.title);
        }
        // `cargo test --all-targets` comes by without a name.
        return if key.is_none() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    };
    match work.measure(Pace::lasting(secs), &mut NoProgress) {
        Ok(figure) => {
            eprintln!("{} {figure:.4}", work.key);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error:#}", work.key);
            ExitCode::FAILURE
        }
    }
}
