//! The search: constrained evolution with several objectives, and training budgets that are spent on the promising.
//!
//! Each generation is bred from the best designs so far, trained for a few epochs, and only the better third of it is trained
//! on, step by step (successive halving). Nothing here trains: whoever owns the clock and the data asks for [`Search::tasks`],
//! does them in any order on any number of threads, and hands the outcomes back. The same seed and the same outcomes give the
//! same designs, so that a search that was cut off goes on from its log.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::cost::Cost;
use super::genome::Genome;
use super::net_score::{Accuracy, net_score};
use super::ranking::{Candidate, ranked};

/// Tries to breed a design within the limits before a random one must do, and random ones before the generation stays short.
const MAX_TRIES: usize = 2000;
/// Share of a generation that goes on whatever its rank: early curves cross.
const LUCKY_SHARE: f64 = 0.1;

/// What a design must keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub max_parameters: usize,
    /// Of the model, four bytes a parameter.
    pub max_kilobytes: Option<f64>,
    pub max_mflops: Option<f64>,
    /// For the values between layers.
    pub max_peak_kilobytes: Option<f64>,
    /// Measured, one window on one thread.
    pub max_latency_ms: Option<f64>,
    /// The AUC of the large reference, where there is one, in 0..1.
    pub reference_auc: Option<f64>,
    /// A design may fall so far below the reference: 0.1 of its AUC in the paper.
    pub auc_tolerance: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_parameters: 100_000,
            max_kilobytes: None,
            max_mflops: None,
            max_peak_kilobytes: None,
            max_latency_ms: None,
            reference_auc: None,
            auc_tolerance: 0.1,
        }
    }
}

impl Limits {
    /// Whether a design keeps all that its cost alone tells.
    pub fn allow(&self, cost: &Cost) -> bool {
        let within = |value: f64, limit: Option<f64>| limit.is_none_or(|limit| value <= limit);
        // A parameter more would be one too many.
        cost.n_parameters < self.max_parameters
            && within(cost.kilobytes(), self.max_kilobytes)
            && within(cost.mflops(), self.max_mflops)
            && within(cost.peak_kilobytes(), self.max_peak_kilobytes)
    }

    /// Whether an AUC is within reach of the reference.
    pub fn allow_auc(&self, auc: f64) -> bool {
        self.auc_violation(auc) == 0.0
    }

    /// By how much an AUC misses what the reference asks for; 0: not at all.
    fn auc_violation(&self, auc: f64) -> f64 {
        let asked = self
            .reference_auc
            .map_or(0.0, |reference| reference * (1.0 - self.auc_tolerance));
        (asked - auc).max(0.0)
    }
}

/// How a search goes. Two searches with equal settings and equal outcomes are equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    pub limits: Limits,
    pub accuracy: Accuracy,
    /// Designs in all.
    pub n_trials: usize,
    /// Designs bred at once.
    pub generation_size: usize,
    /// Epochs that a design has behind it after each rung; the last is a whole training.
    pub rungs: Vec<usize>,
    /// One in so many goes on to the next rung.
    pub reduction: usize,
    pub seed: u64,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            accuracy: Accuracy::default(),
            n_trials: 60,
            generation_size: 12,
            rungs: vec![2, 6, 18],
            reduction: 3,
            seed: 7,
        }
    }
}

/// A design to train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub trial: usize,
    pub genome: Genome,
    /// Its weights start from it.
    pub seed: u64,
    /// Epochs behind it: training goes on from there.
    pub from_epochs: usize,
    pub to_epochs: usize,
}

/// What a training brought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub trial: usize,
    pub epochs: usize,
    /// In 0..1; `None`: it could not be trained, or it is slower than the limit.
    pub auc: Option<f64>,
    /// Median for one window on one thread, where it was measured.
    pub latency_ms: Option<f64>,
}

/// A design and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    pub number: usize,
    pub genome: Genome,
    pub cost: Cost,
    pub seed: u64,
    /// One after each rung that it reached.
    pub outcomes: Vec<Outcome>,
    pub state: TrialState,
}

/// Where a design stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialState {
    /// To be trained, or in training.
    Running,
    /// Trained to the end.
    Done,
    /// Others of its generation were more promising.
    Cut,
    /// It could not be trained, or it is slower than the limit.
    Failed,
}

impl Trial {
    /// The AUC after the last rung that it reached.
    pub fn auc(&self) -> Option<f64> {
        self.outcomes.last().and_then(|outcome| outcome.auc)
    }

    pub fn epochs(&self) -> usize {
        self.outcomes.last().map_or(0, |outcome| outcome.epochs)
    }

    pub fn net_score(&self, accuracy: Accuracy) -> Option<f64> {
        self.auc().map(|auc| net_score(auc, &self.cost, accuracy))
    }
}

/// A search as far as it has come.
#[derive(Debug, Clone)]
pub struct Search {
    config: SearchConfig,
    trials: Vec<Trial>,
    /// The trials of the generation that is being trained.
    generation: Vec<usize>,
    /// Rungs that it has behind it.
    rung: usize,
    n_generations: u64,
}

impl Search {
    pub fn new(config: SearchConfig) -> Self {
        let mut search = Self {
            config,
            trials: Vec::new(),
            generation: Vec::new(),
            rung: 0,
            n_generations: 0,
        };
        search.breed();
        search
    }

    /// A search that goes on from the outcomes in its log, in the order in which they were handed in.
    pub fn resumed(config: SearchConfig, log: &[Outcome]) -> Self {
        let mut search = Self::new(config);
        for &outcome in log {
            search.tell(outcome);
        }
        search
    }

    pub fn config(&self) -> &SearchConfig {
        &self.config
    }

    /// All designs so far, by number.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// What is to be trained now; empty: the search is over. Until their outcomes are told, the same tasks come again.
    pub fn tasks(&self) -> Vec<Task> {
        let waiting = self.running().filter(|trial| trial.outcomes.len() == self.rung);
        let task = |trial: &Trial| Task {
            trial: trial.number,
            genome: trial.genome.clone(),
            seed: trial.seed,
            from_epochs: trial.epochs(),
            to_epochs: self.config.rungs.get(self.rung).copied().unwrap_or_default(),
        };
        waiting.map(task).collect()
    }

    /// Takes an outcome in. Once all of a rung are there, the better ones go on, or the next generation is bred.
    ///
    /// An outcome that was not asked for is ignored.
    pub fn tell(&mut self, outcome: Outcome) {
        let is_asked = self
            .tasks()
            .iter()
            .any(|task| task.trial == outcome.trial && task.to_epochs == outcome.epochs);
        if !is_asked {
            return;
        }
        let is_slow = |limit: f64| outcome.latency_ms.is_some_and(|latency| latency > limit);
        let trial = &mut self.trials[outcome.trial];
        trial.outcomes.push(outcome);
        if outcome.auc.is_none() || self.config.limits.max_latency_ms.is_some_and(is_slow) {
            trial.state = TrialState::Failed;
        }
        if self.tasks().is_empty() {
            self.end_rung();
        }
    }

    /// The best design by `NetScore` among those trained to the end that keep what the reference asks for.
    pub fn best(&self) -> Option<&Trial> {
        let limits = &self.config.limits;
        let keeps = |trial: &&Trial| trial.state == TrialState::Done && trial.auc().is_some_and(|auc| limits.allow_auc(auc));
        let score = |trial: &&Trial| trial.net_score(self.config.accuracy);
        self.trials
            .iter()
            .filter(keeps)
            .max_by(|a, b| score(a).partial_cmp(&score(b)).unwrap_or(std::cmp::Ordering::Equal))
    }

    fn running(&self) -> impl Iterator<Item = &Trial> {
        let generation = self.generation.iter().map(|&number| &self.trials[number]);
        generation.filter(|trial| trial.state == TrialState::Running)
    }

    fn end_rung(&mut self) {
        self.rung += 1;
        let running: Vec<usize> = self.running().map(|trial| trial.number).collect();
        if running.is_empty() || self.rung >= self.config.rungs.len() {
            for number in running {
                self.trials[number].state = TrialState::Done;
            }
            self.breed();
            return;
        }
        let candidates: Vec<Candidate> = running.iter().map(|&number| self.candidate(&self.trials[number])).collect();
        let n_kept = running.len().div_ceil(self.config.reduction.max(1));
        let mut random = self.random(self.rung as u64);
        for (place, at) in ranked(&candidates).into_iter().enumerate() {
            if place >= n_kept && !random.random_bool(LUCKY_SHARE) {
                self.trials[running[at]].state = TrialState::Cut;
            }
        }
    }

    fn candidate(&self, trial: &Trial) -> Candidate {
        let auc = trial.auc().unwrap_or(0.0);
        let score = trial.net_score(self.config.accuracy).unwrap_or(f64::NEG_INFINITY);
        Candidate {
            objectives: vec![
                -score,
                1.0 - auc,
                (trial.cost.n_parameters as f64).ln(),
                (trial.cost.n_multiply_adds as f64).ln(),
            ],
            violation: self.config.limits.auc_violation(auc),
        }
    }

    /// Chance of its own for each generation, and for each rung of it.
    fn random(&self, rung: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.config.seed);
        random.set_stream((self.n_generations << 8) + rung);
        random
    }

    /// The next generation, if there are trials left.
    fn breed(&mut self) {
        self.n_generations += 1;
        self.rung = 0;
        let mut random = self.random(0);
        let n_wanted = self
            .config
            .generation_size
            .min(self.config.n_trials.saturating_sub(self.trials.len()));
        let parents = self.parents();
        let mut known: BTreeSet<String> = self.trials.iter().map(|trial| trial.genome.to_string()).collect();
        self.generation.clear();
        for _ in 0..MAX_TRIES {
            if self.generation.len() == n_wanted {
                break;
            }
            let genome = self.child(&parents, &mut random);
            let cost = genome.cost();
            if genome.check().is_err() || !self.config.limits.allow(&cost) || !known.insert(genome.to_string()) {
                continue;
            }
            let number = self.trials.len();
            self.generation.push(number);
            self.trials.push(Trial {
                number,
                genome,
                cost,
                seed: self.config.seed.wrapping_add(number as u64),
                outcomes: Vec::new(),
                state: TrialState::Running,
            });
        }
    }

    /// The better half of a generation's number of designs, the best first.
    fn parents(&self) -> Vec<Genome> {
        let known: Vec<&Trial> = self.trials.iter().filter(|trial| trial.auc().is_some()).collect();
        let candidates: Vec<Candidate> = known.iter().map(|trial| self.candidate(trial)).collect();
        let best = ranked(&candidates)
            .into_iter()
            .take(self.config.generation_size.div_ceil(2).max(2));
        best.map(|at| known[at].genome.clone()).collect()
    }

    fn child(&self, parents: &[Genome], random: &mut ChaCha8Rng) -> Genome {
        let (Some(one), Some(other)) = (parents.choose(random), parents.choose(random)) else {
            return Genome::random(random);
        };
        match random.random_range(0..10) {
            // Fresh blood.
            0 => Genome::random(random),
            1..=4 => one.crossed(other, random).mutated(random),
            _ => one.mutated(random),
        }
    }
}

/// How many trials are in each state.
pub fn count_states(trials: &[Trial]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for trial in trials {
        let name = match trial.state {
            TrialState::Running => "running",
            TrialState::Done => "done",
            TrialState::Cut => "cut",
            TrialState::Failed => "failed",
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SearchConfig {
        SearchConfig {
            n_trials: 40,
            generation_size: 10,
            rungs: vec![1, 3, 9],
            ..SearchConfig::default()
        }
    }

    /// A made-up world in which a larger net hears more, and more the longer it learns.
    fn outcome(task: &Task) -> Outcome {
        let size = (task.genome.cost().n_parameters as f64).ln() / 12.0;
        Outcome {
            trial: task.trial,
            epochs: task.to_epochs,
            auc: Some((0.5 + 0.4 * size * (task.to_epochs as f64 / 9.0).sqrt()).min(1.0)),
            latency_ms: None,
        }
    }

    fn run(mut search: Search, mut stop_after: usize) -> (Search, Vec<Outcome>) {
        let mut log = Vec::new();
        loop {
            let tasks = search.tasks();
            // In an order that is not that of the asking: threads finish as they like.
            for task in tasks.iter().rev() {
                if stop_after == 0 {
                    return (search, log);
                }
                stop_after -= 1;
                log.push(outcome(task));
                search.tell(outcome(task));
            }
            if tasks.is_empty() {
                return (search, log);
            }
        }
    }

    #[test]
    fn every_child_keeps_the_limits_and_no_two_are_equal() {
        let limits = Limits {
            max_parameters: 3000,
            max_mflops: Some(6.0),
            max_peak_kilobytes: Some(80.0),
            ..Limits::default()
        };
        let (search, _) = run(Search::new(SearchConfig { limits, ..config() }), usize::MAX);
        assert_eq!(search.trials().len(), 40);
        let mut names = BTreeSet::new();
        for trial in search.trials() {
            assert!(limits.allow(&trial.cost) && trial.genome.check().is_ok(), "{}", trial.genome);
            assert!(names.insert(trial.genome.to_string()));
            assert_ne!(trial.state, TrialState::Running);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_search_and_another_one_another() {
        let genomes = |seed| {
            let (search, _) = run(Search::new(SearchConfig { seed, ..config() }), usize::MAX);
            search.trials().iter().map(|trial| trial.genome.clone()).collect::<Vec<_>>()
        };
        assert_eq!(genomes(3), genomes(3));
        assert_ne!(genomes(3), genomes(4));
    }

    #[test]
    fn a_search_that_was_cut_off_anywhere_ends_as_if_it_had_not_been() {
        let (whole, log) = run(Search::new(config()), usize::MAX);
        for cut in [0, 1, 7, 23, log.len() - 1] {
            let (_, log) = run(Search::new(config()), cut);
            let (resumed, _) = run(Search::resumed(config(), &log), usize::MAX);
            assert_eq!(resumed.trials(), whole.trials(), "cut after {cut}");
        }
    }

    #[test]
    fn most_designs_are_cut_and_few_are_trained_to_the_end() {
        let (search, log) = run(Search::new(config()), usize::MAX);
        let states = count_states(search.trials());
        assert!(states["done"] >= 4 && states["done"] <= 16, "{states:?}");
        assert_eq!(states["done"] + states["cut"], 40);
        let epochs: usize = log
            .iter()
            .map(|outcome| if outcome.epochs == 1 { 1 } else { outcome.epochs * 2 / 3 })
            .sum();
        assert!(epochs < 40 * 9 / 2, "{epochs} epochs, {} without cutting", 40 * 9);
    }

    #[test]
    fn evolution_finds_what_chance_does_not() {
        // Good is: a code of 16 numbers and separable steps only.
        let auc = |genome: &Genome| {
            let n_separable = genome
                .steps
                .iter()
                .filter(|step| step.kind == crate::exploration::StepKind::Separable)
                .count();
            let code = genome
                .code
                .map_or(0.0, |code| 0.2 - 0.01 * (code as f64 - 16.0).abs().min(20.0));
            0.5 + 0.05 * n_separable as f64 + code
        };
        let mut search = Search::new(SearchConfig {
            rungs: vec![1],
            n_trials: 120,
            ..config()
        });
        loop {
            let tasks = search.tasks();
            if tasks.is_empty() {
                break;
            }
            for task in tasks {
                search.tell(Outcome {
                    trial: task.trial,
                    epochs: 1,
                    auc: Some(auc(&task.genome)),
                    latency_ms: None,
                });
            }
        }
        let mean = |trials: &[Trial]| trials.iter().filter_map(Trial::auc).sum::<f64>() / trials.len() as f64;
        let (first, last) = (mean(&search.trials()[..20]), mean(&search.trials()[100..]));
        assert!(last > first + 0.05, "from {first:.3} to {last:.3}");
    }

    #[test]
    fn failed_slow_and_unasked_outcomes() {
        let limits = Limits {
            max_latency_ms: Some(1.0),
            ..Limits::default()
        };
        let mut search = Search::new(SearchConfig { limits, ..config() });
        let tasks = search.tasks();
        search.tell(Outcome {
            auc: None,
            ..outcome(&tasks[0])
        });
        search.tell(Outcome {
            latency_ms: Some(2.0),
            ..outcome(&tasks[1])
        });
        search.tell(Outcome {
            epochs: 5,
            ..outcome(&tasks[2])
        });
        search.tell(Outcome {
            trial: 999,
            ..outcome(&tasks[2])
        });
        assert_eq!(
            [0, 1, 2].map(|trial| search.trials()[trial].state),
            [TrialState::Failed, TrialState::Failed, TrialState::Running]
        );
        assert_eq!(search.tasks().len(), tasks.len() - 2);
    }

    #[test]
    fn the_best_keeps_within_reach_of_the_reference() {
        let (free, _) = run(Search::new(config()), usize::MAX);
        let limits = Limits {
            reference_auc: Some(0.9),
            ..Limits::default()
        };
        let (bound, _) = run(Search::new(SearchConfig { limits, ..config() }), usize::MAX);
        assert!(
            free.best().and_then(Trial::auc).is_some_and(|auc| auc < 0.81),
            "NetScore alone takes a tiny net"
        );
        assert!(bound.best().and_then(Trial::auc).is_some_and(|auc| auc >= 0.81));
    }
}
