//! The figures of a section with their bootstrap intervals, and whether two detectors can be told apart.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Figure, LabelledScore, PAUC_MAX_FPR, SectionMetrics, harmonic_mean};

/// How often to resample, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootstrapConfig {
    pub n_resamples: usize,
    pub seed: u64,
}

impl Default for BootstrapConfig {
    fn default() -> Self {
        Self {
            n_resamples: 1000,
            seed: 7,
        }
    }
}

/// Two detectors on the same clips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedComparison {
    /// Share of the resamples in which A has the higher harmonic mean, equality counting half.
    pub probability_a_beats_b: f64,
    /// The 95 % interval of the difference holds 0.
    pub is_tie: bool,
}

/// The official figures of one section with stratified bootstrap intervals (95 %, percentile method).
///
/// Each resample draws as many clips as there are from every domain and label, so no resample lacks a class. An interval is
/// widened to hold its figure where resampling is biased. All figures are `None` where the ROC curve is undefined.
pub fn section_metrics(scores: &[LabelledScore], config: BootstrapConfig) -> SectionMetrics {
    let Some(ranked) = Ranked::new(scores) else {
        return SectionMetrics::default();
    };
    let values = ranked.metrics(&vec![1; scores.len()]);
    let mut drawn: [Vec<f64>; N_METRICS] = Default::default();
    resample(scores, config, |weights| {
        for (list, value) in drawn.iter_mut().zip(ranked.metrics(weights)) {
            list.extend(value);
        }
    });
    let mut figures = values
        .iter()
        .zip(&mut drawn)
        .map(|(value, drawn)| value.map(|value| interval(value, drawn)));
    let mut next = || figures.next().flatten();
    SectionMetrics {
        auc: next(),
        auc_source: next(),
        auc_target: next(),
        pauc: next(),
        hmean: next(),
        pauc_raw: next(),
    }
}

/// Paired bootstrap of the harmonic mean of two detectors; `a[i]` and `b[i]` are the same clip.
///
/// `None` where the lists do not match or a figure is undefined.
pub fn compare_paired(a: &[LabelledScore], b: &[LabelledScore], config: BootstrapConfig) -> Option<PairedComparison> {
    let same_clips = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| stratum(a) == stratum(b));
    if !same_clips || config.n_resamples == 0 {
        return None;
    }
    let (ranked_a, ranked_b) = (Ranked::new(a)?, Ranked::new(b)?);
    let mut differences = Vec::with_capacity(config.n_resamples);
    resample(a, config, |weights| {
        if let (Some(a), Some(b)) = (ranked_a.metrics(weights)[HMEAN], ranked_b.metrics(weights)[HMEAN]) {
            differences.push(a - b);
        }
    });
    let wins: f64 = differences.iter().map(|difference| 0.5 * (1.0 + sign(*difference))).sum();
    let (low, high) = quantiles(&mut differences)?;
    Some(PairedComparison {
        probability_a_beats_b: wins / differences.len() as f64,
        is_tie: low <= 0.0 && high >= 0.0,
    })
}

/// Whether the paired bootstrap cannot tell two detectors apart; also true where it cannot be asked.
pub fn is_tie(a: &[LabelledScore], b: &[LabelledScore], config: BootstrapConfig) -> bool {
    compare_paired(a, b, config).is_none_or(|comparison| comparison.is_tie)
}

/// AUC source, AUC target and pAUC.
pub(super) const DRAWN_PARTS: usize = 3;

/// The three figures that the official mean is of, and what each resample makes of them; `None` where one is undefined.
pub(super) fn drawn_parts(
    scores: &[LabelledScore],
    config: BootstrapConfig,
) -> Option<([f64; DRAWN_PARTS], Vec<[f64; DRAWN_PARTS]>)> {
    let ranked = Ranked::new(scores)?;
    let parts = |weights: &[u32]| {
        let [_, source, target, pauc, ..] = ranked.metrics(weights);
        Some([source?, target?, pauc?])
    };
    let values = parts(&vec![1; scores.len()])?;
    let mut draws = Vec::with_capacity(config.n_resamples);
    resample(scores, config, |weights| draws.extend(parts(weights)));
    Some((values, draws))
}

/// AUC, AUC source, AUC target, pAUC, harmonic mean, the pAUC of equation 5.
const N_METRICS: usize = 6;
const HMEAN: usize = 4;

/// Scores sorted once, so that each resample is only counted.
struct Ranked {
    /// Indices of the clips from the highest score to the lowest.
    order: Vec<u32>,
    /// Parallel to `order`: 0 normal source, 1 normal target, 2 anomaly.
    class: Vec<u8>,
    /// Parallel to `order`: the next score is lower.
    ends_tie: Vec<bool>,
    has_domain: [bool; 2],
}

impl Ranked {
    fn new(scores: &[LabelledScore]) -> Option<Self> {
        let curve = super::roc_curve(scores);
        if curve.steps.is_empty() {
            return None;
        }
        let sorted: Vec<&LabelledScore> = curve.order.iter().map(|&clip_idx| &scores[clip_idx]).collect();
        let has = |is_target: bool| {
            scores
                .iter()
                .any(|clip| !clip.is_anomaly && clip.is_target == Some(is_target))
        };
        Some(Self {
            class: sorted.iter().map(|clip| stratum(clip).min(2)).collect(),
            ends_tie: (1..=sorted.len())
                .map(|next| sorted.get(next).is_none_or(|clip| clip.score != sorted[next - 1].score))
                .collect(),
            order: curve.order.iter().map(|&clip_idx| clip_idx as u32).collect(),
            has_domain: [has(false), has(true)],
        })
    }

    /// The figures when clip `i` is there `weights[i]` times.
    fn metrics(&self, weights: &[u32]) -> [Option<f64>; N_METRICS] {
        let mut totals = [0u32; 3];
        for (&clip_idx, &class) in self.order.iter().zip(&self.class) {
            totals[usize::from(class)] += weights[clip_idx as usize];
        }
        let n_anomalies = f64::from(totals[2]);
        let n_normals = f64::from(totals[0] + totals[1]);
        // The official area ends at a rate, between two clips if need be; that of equation 5 at a whole number of clips.
        let pauc_ends = [PAUC_MAX_FPR * n_normals, (PAUC_MAX_FPR * n_normals).floor()];
        let (mut true_positives, mut false_positives) = (0.0, 0.0);
        // Twice the area over source normals, over target normals, and over all up to each of `pauc_ends`.
        let (mut doubled, mut doubled_starts) = ([0.0; 2], [0.0; 2]);
        let mut group = [0u32; 3];
        for ((&clip_idx, &class), &ends_tie) in self.order.iter().zip(&self.class).zip(&self.ends_tie) {
            group[usize::from(class)] += weights[clip_idx as usize];
            if !ends_tie {
                continue;
            }
            let [source, target, anomalies] = group.map(f64::from);
            let height = 2.0 * true_positives + anomalies;
            doubled[0] += source * height;
            doubled[1] += target * height;
            let width = source + target;
            for (doubled_start, end) in doubled_starts.iter_mut().zip(pauc_ends) {
                if false_positives + width <= end {
                    *doubled_start += width * height;
                } else if false_positives < end {
                    let part = end - false_positives;
                    *doubled_start += part * (2.0 * true_positives + anomalies * part / width);
                }
            }
            true_positives += anomalies;
            false_positives += width;
            group = [0; 3];
        }
        let auc = |doubled: f64, n: f64| 0.5 * doubled / (n * n_anomalies);
        let chance = 0.5 * PAUC_MAX_FPR * PAUC_MAX_FPR;
        let start = auc(doubled_starts[0], n_normals);
        let pauc_raw = (pauc_ends[1] >= 1.0).then(|| auc(doubled_starts[1], pauc_ends[1]));
        let domain = |idx: usize| self.has_domain[idx].then(|| auc(doubled[idx], f64::from(totals[idx])));
        let all = Some(auc(doubled[0] + doubled[1], n_normals));
        let pauc = Some(0.5 * (1.0 + (start - chance) / (PAUC_MAX_FPR - chance)));
        let (source, target) = (domain(0), domain(1));
        let first = if source.is_none() && target.is_none() { all } else { source };
        let parts: Vec<f64> = [first, target, pauc].into_iter().flatten().collect();
        [all, source, target, pauc, harmonic_mean(&parts), pauc_raw]
    }
}

/// 0 normal source (or of no domain), 1 normal target, 2 anomalous source, 3 anomalous target.
fn stratum(clip: &LabelledScore) -> u8 {
    u8::from(clip.is_target == Some(true)) + 2 * u8::from(clip.is_anomaly)
}

/// Calls `visit` with how often each clip was drawn, for every resample.
fn resample(scores: &[LabelledScore], config: BootstrapConfig, mut visit: impl FnMut(&[u32])) {
    let mut strata: [Vec<u32>; 4] = Default::default();
    for (clip_idx, clip) in scores.iter().enumerate() {
        strata[usize::from(stratum(clip))].push(clip_idx as u32);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut weights = vec![0u32; scores.len()];
    for _ in 0..config.n_resamples {
        weights.fill(0);
        for members in &strata {
            for _ in 0..members.len() {
                // Multiply-shift: the bias of n / 2³² is far below the noise of the bootstrap.
                let drawn = (u64::from(rng.next_u32()) * members.len() as u64) >> 32;
                weights[members[drawn as usize] as usize] += 1;
            }
        }
        visit(&weights);
    }
}

fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

/// A figure whose interval is widened to hold it where resampling is biased.
pub(super) fn interval(value: f64, drawn: &mut [f64]) -> Figure {
    let (low, high) = quantiles(drawn).unwrap_or((value, value));
    Figure {
        value,
        low: low.min(value),
        high: high.max(value),
    }
}

/// The 2.5 % and 97.5 % quantiles.
fn quantiles(drawn: &mut [f64]) -> Option<(f64, f64)> {
    drawn.sort_unstable_by(f64::total_cmp);
    Some((
        super::threshold::quantile(drawn, 0.025)?,
        super::threshold::quantile(drawn, 0.975)?,
    ))
}
