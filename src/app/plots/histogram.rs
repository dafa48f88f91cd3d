//! Scores of one section's test clips, and the bins that they are counted in.

use crate::app::Workbench;
use crate::dataset::{Label, MachineSection};
use crate::figures::HistogramFigure;

/// Scores of one section's test clips by the detector in use; `None` where there are none.
pub fn histogram_figure(workbench: &Workbench, group: &MachineSection) -> Option<HistogramFigure> {
    let comparison = workbench.shown_group(group)?;
    let result = workbench.detector_result(group)?;
    if result.test_scores.is_empty() {
        return None;
    }
    let scores_of = |label: Label| {
        let scored = result.test_scores.iter().zip(&comparison.test_clips);
        scored
            .filter(|&(_, &clip_idx)| workbench.label(clip_idx) == label)
            .map(|(&score, _)| score)
            .collect()
    };
    Some(HistogramFigure {
        title: format!("{group}: scores of test clips"),
        score_name: format!("{} score", result.detector.title()),
        normal: scores_of(Label::Normal),
        anomalous: scores_of(Label::Anomalous),
        unknown: scores_of(Label::Unknown),
        threshold: workbench.threshold(group),
    })
}

/// Counts of all three kinds of clips in the same bins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bins {
    /// One more than there are bins.
    pub edges: Vec<f64>,
    pub normal: Vec<usize>,
    pub anomalous: Vec<usize>,
    pub unknown: Vec<usize>,
}

impl Bins {
    /// The fullest bin of any kind.
    pub fn max_count(&self) -> usize {
        let counts = self.normal.iter().chain(&self.anomalous).chain(&self.unknown);
        counts.copied().max().unwrap_or(0)
    }
}

/// Counts the finite scores of a figure in equal bins from the smallest to the largest: about the square root of their number, 8 to 40.
pub fn bins(figure: &HistogramFigure) -> Bins {
    let all = || {
        let scores = figure.normal.iter().chain(&figure.anomalous).chain(&figure.unknown);
        scores.copied().filter(|score| score.is_finite())
    };
    let low = all().fold(f64::INFINITY, f64::min);
    let high = all().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return Bins::default();
    }
    // All scores alike: one unit around them, so that the bins have a width.
    let (low, high) = if low < high { (low, high) } else { (low - 0.5, high + 0.5) };
    let n_bins = ((all().count() as f64).sqrt().ceil() as usize * 2).clamp(8, 40);
    let width = (high - low) / n_bins as f64;
    let count = |scores: &[f64]| {
        let mut counts = vec![0; n_bins];
        for score in scores.iter().filter(|score| score.is_finite()) {
            let bin = ((score - low) / width) as usize;
            counts[bin.min(n_bins - 1)] += 1;
        }
        counts
    };
    Bins {
        edges: (0..=n_bins).map(|edge| low + width * edge as f64).collect(),
        normal: count(&figure.normal),
        anomalous: count(&figure.anomalous),
        unknown: count(&figure.unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::{HistogramFigure, bins};

    fn figure(normal: &[f64], anomalous: &[f64]) -> HistogramFigure {
        HistogramFigure {
            title: String::new(),
            score_name: String::new(),
            normal: normal.to_vec(),
            anomalous: anomalous.to_vec(),
            unknown: Vec::new(),
            threshold: None,
        }
    }

    #[test]
    fn every_finite_score_falls_into_one_bin() {
        let bins = bins(&figure(&[0.0, 0.5, 1.0, f64::NAN], &[1.0, 1.0]));
        assert_eq!(bins.edges.len(), bins.normal.len() + 1);
        assert_eq!(bins.normal.iter().sum::<usize>(), 3);
        assert_eq!(bins.anomalous.last(), Some(&2), "the largest score belongs to the last bin");
        assert_eq!((bins.edges[0], *bins.edges.last().expect("edges")), (0.0, 1.0));
    }

    #[test]
    fn scores_that_are_all_alike_have_bins_too() {
        let bins = bins(&figure(&[3.0, 3.0], &[]));
        assert_eq!(bins.max_count(), 2);
        assert!(bins.edges[0] < 3.0 && *bins.edges.last().expect("edges") > 3.0);
    }
}
