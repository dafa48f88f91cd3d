//! What a threshold makes of the test clips of one section.

use crate::app::Workbench;
use crate::dataset::{Label, MachineSection};

/// The labelled test clips of a section by decision and label: indices into the data set's clips, the gravest error first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decisions {
    pub caught: Vec<usize>,
    /// Lowest score first.
    pub missed: Vec<usize>,
    /// Highest score first.
    pub false_alarms: Vec<usize>,
    pub correct_normals: Vec<usize>,
}

impl Decisions {
    /// Share of the anomalies that are called anomalous; `None` without anomalies.
    pub fn true_positive_rate(&self) -> Option<f64> {
        share(self.caught.len(), self.missed.len())
    }

    /// Share of the normal clips that are called anomalous; `None` without normal clips.
    pub fn false_positive_rate(&self) -> Option<f64> {
        share(self.false_alarms.len(), self.correct_normals.len())
    }

    /// Share of the alarms that are right; `None` without alarms.
    pub fn precision(&self) -> Option<f64> {
        share(self.caught.len(), self.false_alarms.len())
    }

    /// Harmonic mean of precision and true positive rate; `None` where either is undefined.
    pub fn f1(&self) -> Option<f64> {
        let (caught, wrong) = (self.caught.len() as f64, self.missed.len() + self.false_alarms.len());
        (self.precision().is_some() && self.true_positive_rate().is_some()).then(|| 2.0 * caught / (2.0 * caught + wrong as f64))
    }
}

fn share(part: usize, rest: usize) -> Option<f64> {
    (part + rest > 0).then(|| part as f64 / (part + rest) as f64)
}

/// Holds the scores of the detector in use against `threshold`: a score at or above it is called anomalous.
/// `None` where the section has no scores.
pub fn decisions(workbench: &Workbench, group: &MachineSection, threshold: f64) -> Option<Decisions> {
    let comparison = workbench.shown_group(group)?;
    let result = workbench.detector_result(group)?;
    let mut scored: Vec<(f64, usize)> = result
        .test_scores
        .iter()
        .copied()
        .zip(comparison.test_clips.iter().copied())
        .collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut decisions = Decisions::default();
    for (score, clip_idx) in scored {
        match (workbench.label(clip_idx), score >= threshold) {
            (Label::Anomalous, true) => decisions.caught.push(clip_idx),
            (Label::Anomalous, false) => decisions.missed.push(clip_idx),
            (Label::Normal, true) => decisions.false_alarms.push(clip_idx),
            (Label::Normal, false) => decisions.correct_normals.push(clip_idx),
            (Label::Unknown, _) => {}
        }
    }
    decisions.false_alarms.reverse();
    Some(decisions)
}
