//! Jobs: they finish, stop, wait, fail and panic without taking anything with them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use auscult::jobs::{JobEvent, JobId, JobRunner};
use auscult::progress::{Cancelled, Progress as _};

type Runner = JobRunner<u32, &'static str>;

fn runner() -> (Runner, Arc<AtomicUsize>) {
    let n_wakes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_wakes);
    let wake = Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    (JobRunner::new(wake), n_wakes)
}

/// All events until the job is over, within a few seconds.
fn events_of(runner: &mut Runner, job: JobId) -> Vec<JobEvent<u32, &'static str>> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut events = Vec::new();
    while Instant::now() < deadline {
        runner.drain(Duration::from_millis(5), |id, event| {
            if id == job {
                events.push(event);
            }
        });
        if matches!(
            events.last(),
            Some(JobEvent::Finished(_) | JobEvent::Cancelled | JobEvent::Failed(_))
        ) {
            return events;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the job did not end");
}

#[test]
fn a_job_reports_and_finishes_in_order_and_wakes_after_its_last_event() {
    let (mut runner, n_wakes) = runner();
    let handle = runner
        .spawn("sum", |context| {
            context.stage("adding");
            context.update("half way");
            context.step(1, 1)?;
            Ok(42)
        })
        .unwrap();
    let events = events_of(&mut runner, handle.id);
    assert!(matches!(
        &events[..],
        [
            JobEvent::Stage(_),
            JobEvent::Update("half way"),
            JobEvent::Progress { done: 1, total: 1 },
            JobEvent::Finished(42)
        ]
    ));
    assert!(
        n_wakes.load(Ordering::SeqCst) >= events.len(),
        "every event must be followed by a wake"
    );
}

#[test]
fn progress_is_throttled_at_the_source() {
    let (mut runner, _) = runner();
    let handle = runner
        .spawn("count", |context| {
            for done in 0..100_000 {
                context.step(done, 100_001)?;
            }
            Ok(0)
        })
        .unwrap();
    let events = events_of(&mut runner, handle.id);
    assert!(events.len() < 1000, "{} events for 100,000 steps", events.len());
}

#[test]
fn a_cancelled_job_is_cancelled_not_failed_even_through_layers_of_errors() {
    let (mut runner, _) = runner();
    let handle = runner
        .spawn("endless", |context| {
            loop {
                context
                    .step(0, 1)
                    .map_err(|cancelled: Cancelled| anyhow::Error::new(cancelled).context("while waiting"))?;
                std::thread::sleep(Duration::from_millis(1));
            }
        })
        .unwrap();
    handle.cancel();
    assert!(matches!(events_of(&mut runner, handle.id).last(), Some(JobEvent::Cancelled)));
}

#[test]
fn dropping_the_handle_stops_the_job() {
    let (mut runner, _) = runner();
    let stopped = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&stopped);
    let handle = runner
        .spawn("endless", move |context| {
            while context.step(0, 1).is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
            seen.store(1, Ordering::SeqCst);
            Ok(0)
        })
        .unwrap();
    let id = handle.id;
    drop(handle);
    events_of(&mut runner, id);
    assert_eq!(stopped.load(Ordering::SeqCst), 1);
}

#[test]
fn a_paused_job_waits_and_goes_on() {
    let (mut runner, _) = runner();
    let n_steps = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_steps);
    let handle = runner
        .spawn("walk", move |context| {
            for done in 0..200 {
                context.step(done, 200)?;
                counter.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(7)
        })
        .unwrap();
    handle.set_paused(true);
    std::thread::sleep(Duration::from_millis(50));
    let before = n_steps.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(n_steps.load(Ordering::SeqCst), before, "a paused job must not go on");
    assert!(before < 200);
    handle.set_paused(false);
    assert!(matches!(
        events_of(&mut runner, handle.id).last(),
        Some(JobEvent::Finished(7))
    ));
}

#[test]
fn a_paused_job_can_be_cancelled() {
    let (mut runner, _) = runner();
    let handle = runner
        .spawn("walk", |context| {
            loop {
                context.step(0, 1)?;
            }
        })
        .unwrap();
    handle.set_paused(true);
    std::thread::sleep(Duration::from_millis(20));
    handle.cancel();
    assert!(matches!(events_of(&mut runner, handle.id).last(), Some(JobEvent::Cancelled)));
}

#[test]
fn a_panic_becomes_a_failure_and_the_runner_lives_on() {
    let (mut runner, _) = runner();
    let handle = runner.spawn("broken", |_| panic!("the flux ran out")).unwrap();
    match events_of(&mut runner, handle.id).last() {
        Some(JobEvent::Failed(error)) => assert!(error.to_string().contains("the flux ran out")),
        other => panic!("expected a failure, got {other:?}"),
    }
    let next = runner.spawn("sound", |_| Ok(1)).unwrap();
    assert!(matches!(events_of(&mut runner, next.id).last(), Some(JobEvent::Finished(1))));
}

#[test]
fn every_job_has_its_own_name_so_that_late_results_can_be_told_apart() {
    let (mut runner, _) = runner();
    let late = runner.spawn("late", |_| Ok(1)).unwrap();
    let current = runner.spawn("current", |_| Ok(2)).unwrap();
    assert_ne!(late.id, current.id);
    let events = events_of(&mut runner, current.id);
    assert!(
        matches!(events.last(), Some(JobEvent::Finished(2))),
        "only the current job's events count"
    );
}

/// The nice value of the calling thread, counted from the highest priority, -20.
#[cfg(target_os = "linux")]
fn nice() -> u32 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let after_name = stat.rsplit(") ").next().unwrap();
    let nice: i32 = after_name.split(' ').nth(16).unwrap().parse().unwrap();
    (nice + 20) as u32
}

#[cfg(target_os = "linux")]
#[test]
fn a_job_and_the_threads_that_it_starts_give_way_to_the_window() {
    let (mut runner, _) = runner();
    let before = nice();
    let handle = runner
        .spawn("work", |_| Ok(nice().min(std::thread::spawn(nice).join().unwrap())))
        .unwrap();
    let events = events_of(&mut runner, handle.id);
    let Some(JobEvent::Finished(during)) = events.last() else {
        panic!("{events:?}")
    };
    assert!(*during > before || before == 39, "{during}, {before}");
    assert_eq!(nice(), before, "the window itself stays as it was");
}
