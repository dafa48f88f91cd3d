//! The exported C, compiled and timed: a small program around it prints how long each pass took.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{FEWEST_RUNS, PATIENT, Patience, Timing};
use crate::export::{Graph, WeightFormat, c_source};
use crate::progress::{Cancelled, Progress};

/// What the exported C is compiled with before it is timed.
pub const COMPILED_BY: &str = "cc -O2";
const COMPILER: &str = "cc";
/// Source code of more numbers takes a compiler minutes and gigabytes.
const MOST_PARAMETERS: usize = 1_000_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Compiles and times; the inner error says why there is no time.
pub(super) fn timing(graph: &Graph, progress: &mut dyn Progress) -> Result<Result<Timing, String>, Cancelled> {
    let n_parameters = graph.n_parameters();
    if n_parameters > MOST_PARAMETERS {
        let reason = format!("{n_parameters} numbers are too many for source code");
        return Ok(Err(reason));
    }
    match tempfile::tempdir() {
        Ok(folder) => timing_in(folder.path(), graph, progress),
        Err(error) => Ok(Err(format!("no folder for temporary files: {error}"))),
    }
}

fn timing_in(folder: &Path, graph: &Graph, progress: &mut dyn Progress) -> Result<Result<Timing, String>, Cancelled> {
    let name = &graph.name;
    let files = c_source(graph, WeightFormat::Float32);
    let written = [
        (format!("{name}.h"), files.header),
        (format!("{name}.c"), files.source),
        ("main.c".to_owned(), program(name)),
    ];
    for (file, text) in written {
        if let Err(error) = std::fs::write(folder.join(file), text) {
            return Ok(Err(format!("the source code could not be written: {error}")));
        }
    }
    let mut compile = Command::new(COMPILER);
    compile
        .args(["-std=c99", "-O2", "-o", "timed", "main.c"])
        .arg(format!("{name}.c"));
    if let Err(reason) = finished(compile.current_dir(folder), "", progress)? {
        return Ok(Err(reason));
    }
    let printed = match finished(&mut Command::new(folder.join("timed")), "times", progress)? {
        Ok(()) => std::fs::read_to_string(folder.join("times")),
        Err(reason) => return Ok(Err(reason)),
    };
    let secs = printed.unwrap_or_default();
    let secs: Vec<f64> = secs.lines().filter_map(|line| line.parse().ok()).collect();
    Ok(if secs.is_empty() {
        Err("the compiled network printed no times".to_owned())
    } else {
        Ok(Timing::of(secs))
    })
}

/// Waits for a command whose output goes to a file of this name beside its program, or nowhere.
fn finished(command: &mut Command, output: &str, progress: &mut dyn Progress) -> Result<Result<(), String>, Cancelled> {
    let program = command.get_program().to_owned();
    let told = Path::new(&program).display().to_string();
    let output = match output {
        "" => Ok(Stdio::null()),
        name => std::fs::File::create(Path::new(&program).with_file_name(name)).map(Stdio::from),
    };
    let started = output.and_then(|output| command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(output).spawn());
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Err(format!("there is no {told} on this machine"))),
        Err(error) => return Ok(Err(format!("{told} cannot be started: {error}"))),
    };
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(Ok(())),
            Ok(Some(status)) => return Ok(Err(format!("{told} failed, {status}"))),
            Ok(None) => {}
            Err(error) => return Ok(Err(format!("{told} was lost: {error}"))),
        }
        if let Err(cancelled) = progress.step(0, 0) {
            stop(&mut child);
            return Err(cancelled);
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// Whatever it says: it has either ended already or ends now.
fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// A program that prints the seconds of each pass; status 3 where the self test fails.
fn program(name: &str) -> String {
    let Patience {
        warm_up_secs,
        timed_secs,
    } = PATIENT;
    let upper = name.to_uppercase();
    format!(
        "#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
#include \"{name}.h\"

static float input[{upper}_INPUT_LEN];
static volatile float sink;

static double now(void)
{{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}}

static void run_for(double wanted, int fewest, int prints)
{{
    double total = 0.0;
    for (int n = 0; total < wanted || (n < fewest && total < 10.0 * wanted); n++) {{
        const double start = now();
        sink = {name}_run(input)[0];
        const double lap = now() - start;
        total += lap;
        if (prints) {{ printf(\"%.9f\\n\", lap); }}
    }}
}}

int main(void)
{{
    if ({name}_self_test()) {{ return 3; }}
    for (int i = 0; i < {upper}_INPUT_LEN; i++) {{ input[i] = (float)(i % 17) / 8.0f - 1.0f; }}
    run_for({warm_up_secs:?}, 1, 0);
    run_for({timed_secs:?}, {FEWEST_RUNS}, 1);
    return 0;
}}
"
    )
}
