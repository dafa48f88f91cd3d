//! What is known of a search: its log holds [`ExploreEvent`]s, a line each, and an [`Exploration`] is what they add up to.

use serde::{Deserialize, Serialize};

use super::ExploreSettings;
use crate::evaluation::{self, BootstrapConfig, Figure, LabelledScore, SectionMetrics, section_metrics};
use crate::exploration::{Cost, Genome, Limits, Outcome, TrialState, net_score, pareto_front};
use crate::progress::Progress;

/// What a clip is that designs are judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedLabel {
    Normal,
    Anomalous,
    /// A normal clip with this fault put in.
    Synthetic(String),
}

/// A clip that a design was judged by, and the score that it got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgedClip {
    /// Relative to the data folder.
    pub path: String,
    pub label: JudgedLabel,
    /// Mean squared error over the clip's windows.
    pub score: f32,
}

/// A design, as far as it has been trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialReport {
    pub number: usize,
    pub genome: Genome,
    pub cost: Cost,
    /// Its weights started from it.
    pub seed: u64,
    pub state: TrialState,
    /// One after each rung that it reached.
    pub outcomes: Vec<Outcome>,
    /// The loss on held-out normal clips after each epoch.
    pub curve: Vec<f64>,
    /// AUC up to a false-alarm rate of 0.1, standardised, after the last rung.
    pub pauc: Option<f64>,
    /// Median and 95th percentile for one window on one thread.
    pub latency_ms: Option<(f64, f64)>,
    /// The clips that it was judged by, after the last rung.
    pub judged: Vec<JudgedClip>,
    /// Why it failed.
    pub error: Option<String>,
}

impl TrialReport {
    /// The AUC after the last rung that it reached, by the clips that it is judged by.
    pub fn auc(&self) -> Option<f64> {
        self.outcomes.last().and_then(|outcome| outcome.auc)
    }

    /// Epochs that it has behind it.
    pub fn epochs(&self) -> usize {
        self.outcomes.last().map_or(0, |outcome| outcome.epochs)
    }
}

impl TrialReport {
    /// Whether its AUC lies beyond what scores that know nothing reach on so many clips.
    pub fn hears_more_than_chance(&self) -> bool {
        self.auc().is_some_and(|auc| !self.is_chance(auc))
    }

    /// Whether such an AUC on the clips that it was judged by may well be chance.
    pub fn is_chance(&self, auc: f64) -> bool {
        let n_normals = self.judged.iter().filter(|clip| clip.label == JudgedLabel::Normal).count();
        evaluation::is_chance(auc, n_normals, self.judged.len() - n_normals)
    }
}

/// The large network that designs are held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub n_parameters: usize,
    pub n_multiply_adds: usize,
    /// Judged as the designs are.
    pub auc: f64,
    pub pauc: f64,
    pub latency_ms: Option<(f64, f64)>,
}

/// A line of a search's log. A later report of a trial replaces the earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExploreEvent {
    Reference(Reference),
    Trial(Box<TrialReport>),
}

/// Where a search reports to.
pub trait ExploreObserver: Progress {
    fn event(&mut self, event: &ExploreEvent);
}

/// A search as far as it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Exploration {
    pub settings: ExploreSettings,
    pub reference: Option<Reference>,
    /// By number.
    pub trials: Vec<TrialReport>,
}

impl Exploration {
    pub fn new(settings: ExploreSettings) -> Self {
        Self {
            settings,
            reference: None,
            trials: Vec::new(),
        }
    }

    /// What makes this of a new one.
    pub fn events(&self) -> Vec<ExploreEvent> {
        let reference = self.reference.clone().map(ExploreEvent::Reference);
        let trials = self.trials.iter().map(|report| ExploreEvent::Trial(Box::new(report.clone())));
        reference.into_iter().chain(trials).collect()
    }

    /// The limits, with what the reference asks for.
    pub fn limits(&self) -> Limits {
        let limits = self.settings.search.limits;
        Limits {
            reference_auc: limits
                .reference_auc
                .or(self.reference.as_ref().map(|reference| reference.auc)),
            ..limits
        }
    }

    /// Designs that were trained to the end and keep the limits.
    fn finished(&self) -> Vec<&TrialReport> {
        let limits = self.limits();
        let is_finished =
            |report: &&TrialReport| report.state == TrialState::Done && report.auc().is_some_and(|auc| limits.allow_auc(auc));
        self.trials.iter().filter(is_finished).collect()
    }

    /// Finished designs that no other one beats in both parameters and AUC, from the smallest to the largest.
    pub fn front(&self) -> Vec<&TrialReport> {
        let finished = self.finished();
        let point = |report: &&TrialReport| (report.cost.n_parameters as f64, report.auc().unwrap_or(f64::NAN));
        let is_in_front = pareto_front(&finished.iter().map(point).collect::<Vec<_>>());
        let mut front: Vec<_> = finished.into_iter().zip(is_in_front).filter(|(_, is_in)| *is_in).collect();
        front.sort_by_key(|(report, _)| report.cost.n_parameters);
        front.into_iter().map(|(report, _)| report).collect()
    }

    /// The finished design with the highest `NetScore`. One whose AUC chance would explain comes after all others: `NetScore` alone
    /// would take the smallest net of all, whatever it hears.
    pub fn best(&self) -> Option<&TrialReport> {
        let accuracy = self.settings.search.accuracy;
        let score = |report: &TrialReport| {
            let net_score = report.auc().map(|auc| net_score(auc, &report.cost, accuracy));
            (report.hears_more_than_chance(), net_score)
        };
        let finished = self.finished().into_iter();
        finished.max_by(|a, b| score(a).partial_cmp(&score(b)).unwrap_or(std::cmp::Ordering::Equal))
    }

    /// What is known of the trial of this number: there may be none of those before it, where a later one was done first.
    pub fn trial(&self, number: usize) -> Option<&TrialReport> {
        let place = self.trials.binary_search_by_key(&number, |trial| trial.number).ok()?;
        self.trials.get(place)
    }

    /// Takes a line of the log in.
    pub fn take(&mut self, event: ExploreEvent) {
        match event {
            ExploreEvent::Reference(reference) => self.reference = Some(reference),
            ExploreEvent::Trial(report) => match self.trials.binary_search_by_key(&report.number, |trial| trial.number) {
                Ok(place) => self.trials[place] = *report,
                Err(place) => self.trials.insert(place, *report),
            },
        }
    }
}

/// For figures: everything that is not normal is an anomaly.
pub(super) fn labelled_scores(judged: &[JudgedClip]) -> Vec<LabelledScore> {
    let score = |clip: &JudgedClip| LabelledScore {
        score: f64::from(clip.score),
        is_anomaly: clip.label != JudgedLabel::Normal,
        is_target: None,
    };
    judged.iter().map(score).collect()
}

/// The figures of a design on the clips that it was judged by, with their intervals.
pub fn judged_figures(judged: &[JudgedClip]) -> SectionMetrics {
    section_metrics(&labelled_scores(judged), BootstrapConfig::default())
}

/// An AUC with its interval in words, which say where it is no better than chance.
pub fn figure_words(auc: Figure, is_chance: bool) -> String {
    let Figure { value, low, high } = auc;
    let chance = if is_chance { ", no better than chance" } else { "" };
    format!("{value:.3} (95 % interval {low:.3} to {high:.3}{chance})")
}
