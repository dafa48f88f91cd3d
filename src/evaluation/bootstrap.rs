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
    /// By how much the harmonic mean of A is higher.
    pub difference: Figure,
    /// The 95 % interval of the difference holds 0.
    pub is_tie: bool,
}

/// A harmonic mean and what it is in every resample: of the figures of one section, or of several sections together.
///
/// Two of them from the same clips and the same seed were resampled alike, which makes their comparison a paired one.
#[derive(Debug, Clone, PartialEq)]
pub struct ResampledMean {
    pub value: f64,
    /// How many figures it is the mean of.
    n_parts: usize,
    drawn: Vec<f64>,
}

impl ResampledMean {
    /// The value with its interval.
    pub fn figure(&self) -> Figure {
        interval(self.value, &mut self.drawn.clone())
    }

    /// One harmonic mean over the figures of all these sections, each resampled on its own; `None` without any, or where they
    /// were not resampled equally often.
    pub fn pooled<'a>(sections: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let (mut n_parts, mut of_value, mut of_drawn) = (0, 0.0, Vec::new());
        for section in sections {
            if n_parts == 0 {
                of_drawn = vec![0.0; section.drawn.len()];
            } else if of_drawn.len() != section.drawn.len() {
                return None;
            }
            let n = section.n_parts as f64;
            of_value += n / section.value;
            for (sum, value) in of_drawn.iter_mut().zip(&section.drawn) {
                *sum += n / value;
            }
            n_parts += section.n_parts;
        }
        let mean = |sum: f64| n_parts as f64 / sum;
        (n_parts > 0).then(|| Self {
            value: mean(of_value),
            n_parts,
            drawn: of_drawn.into_iter().map(mean).collect(),
        })
    }

    /// The arithmetic mean of two that rest on different clips.
    pub fn midway(&self, other: &Self) -> Self {
        let middle = |(a, b): (&f64, &f64)| 0.5 * (a + b);
        Self {
            value: middle((&self.value, &other.value)),
            n_parts: self.n_parts + other.n_parts,
            drawn: self.drawn.iter().zip(&other.drawn).map(middle).collect(),
        }
    }

    /// Holds A (this one) against B, resample by resample; `None` where there is nothing to pair.
    pub fn compare(&self, other: &Self) -> Option<PairedComparison> {
        if self.drawn.len() != other.drawn.len() || self.drawn.is_empty() {
            return None;
        }
        let mut differences: Vec<f64> = self.drawn.iter().zip(&other.drawn).map(|(a, b)| a - b).collect();
        let wins: f64 = differences.iter().map(|difference| 0.5 * (1.0 + sign(*difference))).sum();
        let difference = interval(self.value - other.value, &mut differences);
        Some(PairedComparison {
            probability_a_beats_b: wins / differences.len() as f64,
            is_tie: difference.low <= 0.0 && difference.high >= 0.0,
            difference,
        })
    }
}

/// The official figures of one section with stratified bootstrap intervals (95 %, percentile method).
///
/// Each resample draws as many clips as there are from every domain and label, so no resample lacks a class. An interval is
/// widened to hold its figure where resampling is biased. All figures are `None` where the ROC curve is undefined.
pub fn section_metrics(scores: &[LabelledScore], config: BootstrapConfig) -> SectionMetrics {
    resampled_metrics(scores, config).0
}

/// The same, with the harmonic mean in every resample: for means over several sections, and to hold detectors against each
/// other. `None` where the harmonic mean is.
pub fn resampled_metrics(scores: &[LabelledScore], config: BootstrapConfig) -> (SectionMetrics, Option<ResampledMean>) {
    let Some(ranked) = Ranked::new(scores) else {
        return (SectionMetrics::default(), None);
    };
    let values = ranked.metrics(&vec![1; scores.len()]);
    let mut drawn: [Vec<f64>; N_METRICS] = Default::default();
    resample(scores, config, |weights| {
        for (list, value) in drawn.iter_mut().zip(ranked.metrics(weights)) {
            list.extend(value);
        }
    });
    let hmean = values[HMEAN].map(|value| ResampledMean {
        value,
        n_parts: ranked.n_parts(),
        drawn: drawn[HMEAN].clone(),
    });
    let mut figures = values
        .iter()
        .zip(&mut drawn)
        .map(|(value, drawn)| value.map(|value| interval(value, drawn)));
    let mut next = || figures.next().flatten();
    let metrics = SectionMetrics {
        auc: next(),
        auc_source: next(),
        auc_target: next(),
        pauc: next(),
        hmean: next(),
        pauc_raw: next(),
    };
    (metrics, hmean)
}

/// Paired bootstrap of the harmonic mean of two detectors; `a[i]` and `b[i]` are the same clip.
///
/// `None` where the lists do not match or a figure is undefined.
pub fn compare_paired(a: &[LabelledScore], b: &[LabelledScore], config: BootstrapConfig) -> Option<PairedComparison> {
    let same_clips = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| stratum(a) == stratum(b));
    if !same_clips {
        return None;
    }
    resampled_metrics(a, config).1?.compare(&resampled_metrics(b, config).1?)
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
            class: sorted.iter().map(|clip| class(clip)).collect(),
            ends_tie: (1..=sorted.len())
                .map(|next| sorted.get(next).is_none_or(|clip| clip.score != sorted[next - 1].score))
                .collect(),
            order: curve.order.iter().map(|&clip_idx| clip_idx as u32).collect(),
            has_domain: [has(false), has(true)],
        })
    }

    /// How many figures the harmonic mean is taken of.
    fn n_parts(&self) -> usize {
        let n_domains = self.has_domain.into_iter().filter(|&has_domain| has_domain).count();
        n_domains.max(1) + 1
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

/// 0 normal source (or of no domain), 1 normal target, 2 anomalous.
fn class(clip: &LabelledScore) -> u8 {
    if clip.is_anomaly {
        2
    } else {
        u8::from(clip.is_target == Some(true))
    }
}

const N_STRATA: usize = 6;

/// Source, of no domain, target; the normal ones first. Every resample has as many of each as there are.
fn stratum(clip: &LabelledScore) -> usize {
    let domain = match clip.is_target {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    };
    domain + if clip.is_anomaly { 3 } else { 0 }
}

/// Calls `visit` with how often each clip was drawn, for every resample.
fn resample(scores: &[LabelledScore], config: BootstrapConfig, mut visit: impl FnMut(&[u32])) {
    let mut strata: [Vec<u32>; N_STRATA] = Default::default();
    for (clip_idx, clip) in scores.iter().enumerate() {
        strata[stratum(clip)].push(clip_idx as u32);
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

/// The 2.5 % and 97.5 % quantiles, as [`super::threshold::quantile`] finds them among sorted values: two places of a thousand
/// are found much sooner than all are sorted, and a matrix asks for hundreds.
fn quantiles(drawn: &mut [f64]) -> Option<(f64, f64)> {
    let last = drawn.len().checked_sub(1)?;
    let mut at = |q: f64| {
        let position = q * last as f64;
        let (_, &mut low, above) = drawn.select_nth_unstable_by(position.floor() as usize, f64::total_cmp);
        let part = position.fract();
        let high = above.iter().copied().min_by(f64::total_cmp);
        high.filter(|_| part > 0.0).map_or(low, |high| low + part * (high - low))
    };
    Some((at(0.025), at(0.975)))
}
