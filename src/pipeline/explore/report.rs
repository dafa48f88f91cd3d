//! What is known of a search: its log holds [`ExploreEvent`]s, a line each, and an [`Exploration`] is what they add up to.

use serde::{Deserialize, Serialize};

use super::ExploreSettings;
use crate::exploration::{Cost, Genome, Outcome, TrialState};
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
