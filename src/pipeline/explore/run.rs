//! The search itself: trains what [`Search`] asks for, several designs at a time, and writes down what came of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use super::journal::Journal;
use super::material::{JudgedWindows, Plan};
use super::reference::judged_reference;
use super::report::labelled_scores;
use super::{Exploration, ExploreEvent, ExploreObserver, ExploreSettings, JudgedClip, TrialReport};
use crate::dataset::Dataset;
use crate::evaluation::{PAUC_MAX_FPR, auc, partial_auc};
use crate::exploration::{Outcome, Search, SearchConfig, Task, TrialState};
use crate::extractors::networks::OutlierNet;
use crate::extractors::{DeviceChoice, EpochMetrics, ExtractorError, SectionWindows, TrainingObserver};
use crate::pipeline::PipelineError;
use crate::pipeline::latency::brief_latency;
use crate::progress::{Cancelled, Progress};

/// Searches for designs for one machine section. `dir` keeps the settings, a log and the weights; called again with the same
/// settings and recordings it goes on where it was stopped, and ends as if it had not been.
///
/// # Errors
/// Where the section has too few clips, the folder holds another search or cannot be written, or the wish to stop: what was
/// finished is kept.
pub fn explore(
    dataset: &Dataset,
    settings: &ExploreSettings,
    dir: &Path,
    observer: &mut dyn ExploreObserver,
) -> Result<Exploration, PipelineError> {
    let plan = Plan::new(dataset, settings)?;
    let mut journal = Journal::open(dataset, settings, &plan, dir)?;
    for event in journal.exploration.events() {
        observer.event(&event);
    }
    let (windows, judged) = plan.read(observer)?;
    if settings.with_reference && journal.exploration.reference.is_none() {
        let reference = judged_reference(settings, &plan, &journal.reference_dir(), observer)?;
        journal.record(ExploreEvent::Reference(reference), observer)?;
    }
    let config = SearchConfig {
        limits: journal.exploration.limits(),
        ..settings.search.clone()
    };
    let search = Search::resumed(config, &journal.outcomes);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(rayon::current_num_threads())
        .build()
        .map_err(|error| PipelineError::io(dir, std::io::Error::other(error)))?;
    let mut exploring = Exploring {
        material: Material { windows, judged },
        journal,
        search,
        pool,
    };
    exploring.run(observer)?;
    Ok(exploring.journal.exploration)
}

/// What all trainings share.
struct Material {
    windows: SectionWindows,
    judged: Vec<JudgedWindows>,
}

struct Exploring {
    material: Material,
    journal: Journal,
    search: Search,
    /// Of its own: trainings of minutes in the common pool would keep short work of the window waiting.
    pool: rayon::ThreadPool,
}

/// What a training tells the thread that keeps the log.
enum Message {
    /// Nothing but that it goes on: to be waited at where the person pauses.
    Step,
    Epoch(usize, EpochMetrics),
    Done(usize, Result<Trained, ExtractorError>),
}

/// A design after a rung.
struct Trained {
    judged: Vec<JudgedClip>,
}

impl Exploring {
    fn run(&mut self, observer: &mut dyn ExploreObserver) -> Result<(), PipelineError> {
        loop {
            self.note_states(observer)?;
            let mut tasks = self.search.tasks();
            if tasks.is_empty() {
                return Ok(());
            }
            observer.stage(&format!(
                "{} designs to {} epochs",
                tasks.len(),
                tasks.first().map_or(0, |task| task.to_epochs)
            ));
            self.measure(&tasks, observer)?;
            // Those that take longest begin first.
            let work = |task: &Task| (task.to_epochs - task.from_epochs) * task.genome.cost().n_multiply_adds;
            tasks.retain(|task| self.is_running(task.trial));
            tasks.sort_by_key(|task| std::cmp::Reverse(work(task)));
            self.train(&tasks, observer)?;
        }
    }

    fn is_running(&self, trial: usize) -> bool {
        self.search.trials()[trial].state == TrialState::Running
    }

    /// Measures how long new designs take for a window, while nothing else computes; those beyond the limit end here.
    fn measure(&mut self, tasks: &[Task], observer: &mut dyn ExploreObserver) -> Result<(), PipelineError> {
        let limit = self.search.config().limits.max_latency_ms;
        for task in tasks {
            let report = self.report(task.trial);
            if report.latency_ms.is_some() {
                continue;
            }
            observer.step(self.done(), self.total())?;
            let fresh = OutlierNet::new(&task.genome, DeviceChoice::Cpu, task.seed).map_err(ExtractorError::from)?;
            // Weights do not matter.
            let graph = fresh.graph("design").map_err(ExtractorError::from)?;
            let mut report = TrialReport {
                latency_ms: brief_latency(&graph).map(|timing| timing.in_milliseconds()),
                ..report
            };
            let median = report.latency_ms.map(|(median, _)| median);
            if let (Some(median), Some(limit)) = (median, limit)
                && median > limit
            {
                let outcome = outcome(task, None, Some(median));
                report.error = Some(format!("a window takes {median:.2} ms, the limit is {limit} ms"));
                report.outcomes.push(outcome);
                self.conclude(report, outcome, observer)?;
            } else {
                self.journal.tell(ExploreEvent::Trial(Box::new(report)), observer);
            }
        }
        Ok(())
    }

    /// Trains and judges these designs, as many at a time as there are cores.
    fn train(&mut self, tasks: &[Task], observer: &mut dyn ExploreObserver) -> Result<(), PipelineError> {
        let n_workers = self.pool.current_num_threads().min(tasks.len());
        let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
        let checkpoints: Vec<PathBuf> = tasks.iter().map(|task| self.journal.weights_of(task.trial)).collect();
        // Bounded: trainings wait at their next step while the person who watches has paused.
        let (send, receive) = mpsc::sync_channel(n_workers);
        let Self {
            material,
            journal,
            search,
            pool,
        } = self;
        let mut keeper = Keeper { journal, search };
        let mut outcome = Ok(());
        pool.in_place_scope(|scope| {
            for _ in 0..n_workers {
                let send = send.clone();
                let (stop, next, checkpoints, material) = (&stop, &next, &checkpoints, &*material);
                scope.spawn(move |_| {
                    while let Some(place) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|place| *place < tasks.len()) {
                        let (task, checkpoint) = (&tasks[place], &checkpoints[place]);
                        let mut watcher = Watcher {
                            trial: task.trial,
                            send: &send,
                            stop,
                        };
                        let trained = material.train(task, checkpoint, &mut watcher);
                        if stop.load(Ordering::Relaxed) || send.send(Message::Done(place, trained)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(send);
            let mut curves: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
            // To the end, so that nobody waits for ever to be heard.
            for message in receive {
                if outcome.is_ok() {
                    outcome = keeper.take(message, tasks, &mut curves, observer);
                    stop.store(outcome.is_err(), Ordering::Relaxed);
                }
            }
        });
        outcome
    }

    /// Writes down where designs stand that are new, cut or done.
    fn note_states(&mut self, observer: &mut dyn ExploreObserver) -> Result<(), PipelineError> {
        self.keeper().note_states(observer)
    }

    fn conclude(
        &mut self,
        report: TrialReport,
        outcome: Outcome,
        observer: &mut dyn ExploreObserver,
    ) -> Result<(), PipelineError> {
        self.keeper().conclude(report, outcome, observer)
    }

    fn keeper(&mut self) -> Keeper<'_> {
        Keeper {
            journal: &mut self.journal,
            search: &mut self.search,
        }
    }

    fn report(&self, trial: usize) -> TrialReport {
        report_of(&self.journal, &self.search, trial)
    }

    fn done(&self) -> u64 {
        done(&self.search)
    }

    fn total(&self) -> u64 {
        total(self.search.config())
    }
}

/// The log and the search, on the thread that hears of the trainings.
struct Keeper<'a> {
    journal: &'a mut Journal,
    search: &'a mut Search,
}

impl Keeper<'_> {
    fn take(
        &mut self,
        message: Message,
        tasks: &[Task],
        curves: &mut BTreeMap<usize, Vec<f64>>,
        observer: &mut dyn ExploreObserver,
    ) -> Result<(), PipelineError> {
        match message {
            Message::Step => {}
            Message::Epoch(trial, metrics) => {
                // A training that goes on tells its earlier epochs again.
                let curve = curves.entry(trial).or_default();
                curve.truncate(metrics.epoch_idx);
                curve.extend(metrics.validation_loss);
                let report = TrialReport {
                    curve: curve.clone(),
                    ..report_of(self.journal, self.search, trial)
                };
                self.journal.tell(ExploreEvent::Trial(Box::new(report)), observer);
            }
            Message::Done(place, Ok(Trained { judged })) => {
                let task = &tasks[place];
                let mut report = report_of(self.journal, self.search, task.trial);
                let scores = labelled_scores(&judged);
                let outcome = outcome(task, auc(&scores), report.latency_ms.map(|(median, _)| median));
                report.pauc = partial_auc(&scores, PAUC_MAX_FPR);
                report.judged = judged;
                report.outcomes.push(outcome);
                self.conclude(report, outcome, observer)?;
            }
            Message::Done(_, Err(ExtractorError::Cancelled(cancelled))) => return Err(cancelled.into()),
            Message::Done(place, Err(error)) => {
                let task = &tasks[place];
                let mut report = report_of(self.journal, self.search, task.trial);
                let outcome = outcome(task, None, report.latency_ms.map(|(median, _)| median));
                report.error = Some(error.to_string());
                report.outcomes.push(outcome);
                observer.log(&format!("design {} ({}) failed: {error}", task.trial, task.genome));
                self.conclude(report, outcome, observer)?;
            }
        }
        Ok(observer.step(done(self.search), total(self.search.config()))?)
    }

    /// Hands an outcome in, and writes down what became of the design.
    fn conclude(
        &mut self,
        mut report: TrialReport,
        outcome: Outcome,
        observer: &mut dyn ExploreObserver,
    ) -> Result<(), PipelineError> {
        self.search.tell(outcome);
        report.state = self.search.trials()[report.number].state;
        self.journal.record(ExploreEvent::Trial(Box::new(report)), observer)?;
        self.note_states(observer)
    }

    fn note_states(&mut self, observer: &mut dyn ExploreObserver) -> Result<(), PipelineError> {
        for trial in 0..self.search.trials().len() {
            let state = self.search.trials()[trial].state;
            let known = self.journal.exploration.trial(trial);
            match known.map(|known| known.state) {
                Some(known) if known == state => {}
                Some(_) => {
                    let report = report_of(self.journal, self.search, trial);
                    self.journal.record(ExploreEvent::Trial(Box::new(report)), observer)?;
                }
                None => {
                    let report = report_of(self.journal, self.search, trial);
                    self.journal.tell(ExploreEvent::Trial(Box::new(report)), observer);
                }
            }
        }
        Ok(())
    }
}

/// What is known of a trial, with its state of now.
fn report_of(journal: &Journal, search: &Search, trial: usize) -> TrialReport {
    let now = &search.trials()[trial];
    let fresh = || TrialReport {
        number: trial,
        genome: now.genome.clone(),
        cost: now.cost,
        seed: now.seed,
        state: now.state,
        outcomes: Vec::new(),
        curve: Vec::new(),
        pauc: None,
        latency_ms: None,
        judged: Vec::new(),
        error: None,
    };
    TrialReport {
        state: now.state,
        ..journal.exploration.trial(trial).cloned().unwrap_or_else(fresh)
    }
}

fn outcome(task: &Task, auc: Option<f64>, latency_ms: Option<f64>) -> Outcome {
    Outcome {
        trial: task.trial,
        epochs: task.to_epochs,
        auc,
        latency_ms,
    }
}

/// Epochs that all designs have behind them.
fn done(search: &Search) -> u64 {
    let epochs: usize = search.trials().iter().map(crate::exploration::Trial::epochs).sum();
    (epochs as u64).min(total(search.config()))
}

/// Epochs that a search will about take: of each generation, one in `reduction` goes on at each rung.
fn total(config: &SearchConfig) -> u64 {
    let (mut epochs, mut share, mut before) = (0.0, 1.0, 0);
    for &rung in &config.rungs {
        epochs += share * rung.saturating_sub(before) as f64;
        share /= config.reduction.max(1) as f64;
        before = rung;
    }
    (epochs * config.n_trials as f64).ceil() as u64
}

impl Material {
    fn train(&self, task: &Task, checkpoint: &Path, watcher: &mut Watcher<'_>) -> Result<Trained, ExtractorError> {
        let config = self.windows.config(&task.genome, task.seed, task.to_epochs);
        let network = self.windows.train(&config, checkpoint, watcher)?;
        let judge = |clip: &JudgedWindows| {
            let errors = network.errors(&clip.windows)?;
            let sum: f64 = errors.iter().map(|&error| f64::from(error)).sum();
            Ok::<_, ExtractorError>(JudgedClip {
                path: clip.path.clone(),
                label: clip.label.clone(),
                score: (sum / errors.len().max(1) as f64) as f32,
            })
        };
        let judged = self.judged.iter().map(judge).collect::<Result<_, _>>()?;
        Ok(Trained { judged })
    }
}

/// Passes on what a training tells, and tells it to stop.
struct Watcher<'a> {
    trial: usize,
    send: &'a mpsc::SyncSender<Message>,
    stop: &'a AtomicBool,
}

impl Progress for Watcher<'_> {
    fn step(&mut self, _done: u64, _total: u64) -> Result<(), Cancelled> {
        if self.stop.load(Ordering::Relaxed) || self.send.send(Message::Step).is_err() {
            return Err(Cancelled);
        }
        Ok(())
    }
}

impl TrainingObserver for Watcher<'_> {
    fn epoch(&mut self, metrics: &EpochMetrics) {
        // Whether anybody still listens is found out at the next step.
        self.send.send(Message::Epoch(self.trial, metrics.clone())).ok();
    }
}
