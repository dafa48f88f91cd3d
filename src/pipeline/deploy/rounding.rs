//! What weights of eight bits cost: measured on clips, by the network's own score.

use std::fmt;

use super::super::normal_scores::{is_about, telling_clips};
use crate::audio::{Clip, LONG_SECS, Recording, SAMPLE_RATE_HZ};
use crate::dataset::{Dataset, Label, Split};
use crate::evaluation::{self, LabelledScore};
use crate::export::{OutputKind, quantised};
use crate::extractors::Deployment;
use crate::nn::Engine;
use crate::pipeline::{PipelineError, Run};
use crate::progress::{self, Progress};

/// The AUC of who guesses.
const CHANCE: f64 = 0.5;
/// Of clips without labels: enough for a correlation.
const MOST_CLIPS: usize = 100;

/// What changes when weights are rounded to eight bits.
#[derive(Debug, Clone, PartialEq)]
pub enum Rounding {
    /// The area under the ROC curve of labelled test clips.
    Auc {
        float32: f64,
        int8: f64,
        n_normal: usize,
        n_anomalous: usize,
    },
    /// Scores of normal clips.
    Scores {
        /// Pearson's.
        correlation: f64,
        /// In units of the mean score.
        largest_difference: f64,
        n_clips: usize,
        /// Whether all of them were held out from training.
        is_held_out: bool,
    },
    /// The embeddings of normal clips.
    Embeddings { least_cosine: f64, n_clips: usize },
    /// No clip could be read.
    NoClips,
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auc {
                float32,
                int8,
                n_normal,
                n_anomalous,
            } => write!(
                f,
                "AUC {int8:.4} in int8, {float32:.4} in float32: {:+.4} on {n_normal} normal and {n_anomalous} anomalous test clips{}",
                int8 - float32,
                if *float32 > CHANCE { "" } else { "; no better than chance" }
            ),
            Self::Scores {
                correlation,
                largest_difference,
                n_clips,
                is_held_out,
            } => write!(
                f,
                "scores in int8 and float32 correlate by {correlation:.5}, and differ by {:.2} % of the mean score at most, on \
                 {n_clips} {} normal clips; no test label tells the AUC",
                100.0 * largest_difference,
                if *is_held_out { "held-out" } else { "training's" }
            ),
            Self::Embeddings { least_cosine, n_clips } => write!(
                f,
                "embeddings in int8 and float32 have a cosine of {least_cosine:.5} at least, on {n_clips} normal clips"
            ),
            Self::NoClips => f.write_str("what eight bits cost is not known: none of its clips can be read"),
        }
    }
}

/// Holds the rounded network against the whole one: on test clips where both labels are there, else on normal ones.
pub(super) fn measure(
    run: &Run,
    dataset: &Dataset,
    network: &Deployment,
    progress: &mut dyn Progress,
) -> Result<Rounding, PipelineError> {
    progress.stage("measuring what eight bits cost");
    let engines = [Engine::new(&network.graph), Engine::new(&quantised(&network.graph).1)];
    let is_of_machine = |clip: usize| {
        let group = &dataset.clips[clip].group;
        run.recipe.covers(group)
            && network
                .machine
                .as_ref()
                .is_none_or(|name| is_about(name, &group.machine, &group.section))
    };
    let windows_of = |clip: usize| {
        // Of a long one its first minutes.
        let recording = Recording::open(&dataset.file(&dataset.clips[clip]), run.recipe.channel(dataset)).ok()?;
        let longest = (LONG_SECS * f64::from(SAMPLE_RATE_HZ)) as u64;
        let sound = Clip {
            samples: recording.read(0..recording.n_samples().min(longest)).ok()?,
            sample_rate_hz: SAMPLE_RATE_HZ,
        };
        Some(network.windows(&sound)).filter(|windows| !windows.is_empty())
    };
    let outputs = |clip: usize| {
        let windows = windows_of(clip)?;
        Some(engines.each_ref().map(|engine| engine.run(&windows)))
    };
    let telling: Vec<(usize, bool)> = telling_clips(run, dataset)
        .into_iter()
        .filter(|&(clip, _)| is_of_machine(clip))
        .take(MOST_CLIPS)
        .collect();
    if network.graph.result == OutputKind::Embedding {
        let cosines = progress::par_map(&telling, progress, |&(clip, _)| Some(cosine(&outputs(clip)?)))?;
        let cosines: Vec<f64> = cosines.into_iter().flatten().collect();
        return Ok(match cosines.iter().copied().reduce(f64::min) {
            Some(least_cosine) => Rounding::Embeddings {
                least_cosine,
                n_clips: cosines.len(),
            },
            None => Rounding::NoClips,
        });
    }
    let scores = |clip: usize| {
        let windows = windows_of(clip)?;
        Some(
            engines
                .each_ref()
                .map(|engine| mean_squared_difference(&windows, &engine.run(&windows))),
        )
    };
    let is_labelled = |clip: &usize| {
        let entry = &dataset.clips[*clip];
        entry.split == Split::Test && entry.label != Label::Unknown && is_of_machine(*clip)
    };
    let test: Vec<usize> = (0..dataset.clips.len()).filter(is_labelled).collect();
    let is_anomaly = |clip: usize| dataset.clips[clip].label == Label::Anomalous;
    if test.iter().any(|&clip| is_anomaly(clip)) && test.iter().any(|&clip| !is_anomaly(clip)) {
        let scored = progress::par_map(&test, progress, |&clip| Some((clip, scores(clip)?)))?;
        let scored: Vec<(usize, [f64; 2])> = scored.into_iter().flatten().collect();
        let auc = |format: usize| {
            let labelled = scored.iter().map(|&(clip, scores)| LabelledScore {
                score: scores[format],
                is_anomaly: is_anomaly(clip),
                is_target: None,
            });
            evaluation::auc(&labelled.collect::<Vec<_>>())
        };
        if let (Some(float32), Some(int8)) = (auc(0), auc(1)) {
            let n_anomalous = scored.iter().filter(|(clip, _)| is_anomaly(*clip)).count();
            return Ok(Rounding::Auc {
                float32,
                int8,
                n_normal: scored.len() - n_anomalous,
                n_anomalous,
            });
        }
    }
    let scored = progress::par_map(&telling, progress, |&(clip, _)| scores(clip))?;
    let scored: Vec<[f64; 2]> = scored.into_iter().flatten().collect();
    Ok(compared(&scored, telling.iter().all(|&(_, is_held_out)| is_held_out)))
}

fn compared(scored: &[[f64; 2]], is_held_out: bool) -> Rounding {
    if scored.is_empty() {
        return Rounding::NoClips;
    }
    let n = scored.len() as f64;
    let mean = |at: usize| scored.iter().map(|scores| scores[at]).sum::<f64>() / n;
    let means = [mean(0), mean(1)];
    let moment = |a: usize, b: usize| {
        scored
            .iter()
            .map(|scores| (scores[a] - means[a]) * (scores[b] - means[b]))
            .sum::<f64>()
    };
    let largest = scored.iter().map(|[a, b]| (a - b).abs()).fold(0.0, f64::max);
    Rounding::Scores {
        correlation: moment(0, 1) / (moment(0, 0) * moment(1, 1)).sqrt(),
        largest_difference: largest / means[0],
        n_clips: scored.len(),
        is_held_out,
    }
}

fn mean_squared_difference(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    squares.sum::<f64>() / a.len() as f64
}

fn cosine([a, b]: &[Vec<f32>; 2]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_compared_by_correlation_and_largest_difference() {
        let scored = [[1.0, 1.1], [2.0, 2.0], [3.0, 2.9]];
        let Rounding::Scores {
            correlation,
            largest_difference,
            n_clips,
            ..
        } = compared(&scored, true)
        else {
            unreachable!("there are scores")
        };
        assert!((correlation - 1.0).abs() < 1e-12 && n_clips == 3);
        assert!((largest_difference - 0.05).abs() < 1e-12, "a tenth of the mean of 2");
        assert_eq!(compared(&[], true), Rounding::NoClips);
        assert!((cosine(&[vec![1.0, 1.0], vec![2.0, 2.0]]) - 1.0).abs() < 1e-12);
    }
}
