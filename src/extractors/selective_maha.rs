//! The selective Mahalanobis distance: how unusual an autoencoder's errors are, not how large.
//!
//! Source: Harada et al. 2023 (the DCASE baseline of that year and since), its published code included. An error of five frames
//! is cut into five blocks `d` of one frame each. Of all blocks of the clips of a domain that the network learned from there is a covariance `S`;
//! where no clip is of the target domain, source stands for it.
//!
//! | form | distance of a clip to a domain |
//! |---|---|
//! | published | mean over the clip's blocks of `d' S⁻¹ d` |
//! | code | mean over all pairs of blocks of `d' S⁻¹ e`, which is `m' S⁻¹ m` with the mean block `m` |
//!
//! Either way the score is that of the nearer domain. As in the code there is no root, a clip's errors are not centred, and `S`
//! is the scatter around the mean block divided by the number of *five-frame* errors less one: five times a covariance, which
//! changes no rank. The code takes the mean of each batch where this takes that of the domain.
//!
//! The code inverts `S` as it is. Where that cannot be done – constant bands, too few frames – a ridge is added here, and the
//! log says so.

use nalgebra::DMatrix;
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::nn::NamedTensor;

/// Added to the diagonal where the covariance cannot be inverted: this share of the mean variance.
const RIDGE: f64 = 1e-6;
/// The covariance cannot be inverted where a band has less than this share of the largest variance left when the bands before it
/// are known: float32 errors have no more digits.
const SMALLEST_PIVOT: f64 = 1e-10;

/// Sums over the error blocks of one domain.
#[derive(Debug, Clone)]
pub(super) struct ErrorMoments {
    block_len: usize,
    n_errors: usize,
    n_blocks: usize,
    /// `[block_len]`
    sum: Vec<f64>,
    /// `[block_len, block_len]`
    products: Vec<f64>,
}

impl ErrorMoments {
    pub(super) fn new(block_len: usize) -> Self {
        Self {
            block_len,
            n_errors: 0,
            n_blocks: 0,
            sum: vec![0.0; block_len],
            products: vec![0.0; block_len * block_len],
        }
    }

    /// Adds errors, `[n_errors, blocks of an error, block_len]`.
    pub(super) fn add(&mut self, errors: &[f32], n_errors: usize) {
        self.n_errors += n_errors;
        let mut block = vec![0.0f64; self.block_len];
        for errors in errors.chunks_exact(self.block_len) {
            self.n_blocks += 1;
            for ((block, sum), &error) in block.iter_mut().zip(&mut self.sum).zip(errors) {
                *block = f64::from(error);
                *sum += *block;
            }
            for (row, &value) in self.products.chunks_exact_mut(self.block_len).zip(&block) {
                for (product, other) in row.iter_mut().zip(&block) {
                    *product += value * other;
                }
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.n_errors += other.n_errors;
        self.n_blocks += other.n_blocks;
        for (sum, other) in self.sum.iter_mut().zip(&other.sum) {
            *sum += other;
        }
        for (product, other) in self.products.iter_mut().zip(&other.products) {
            *product += other;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.n_blocks == 0
    }

    fn covariance(&self) -> DMatrix<f64> {
        let n = self.block_len;
        let n_blocks = self.n_blocks.max(1) as f64;
        let n_free = self.n_errors.saturating_sub(1).max(1) as f64;
        DMatrix::from_fn(n, n, |i, j| {
            (self.products[i * n + j] - self.sum[i] * self.sum[j] / n_blocks) / n_free
        })
    }

    /// What makes `S` the identity, and whether a ridge was needed.
    fn whitening(&self) -> (Whitening, bool) {
        let covariance = self.covariance();
        let largest = covariance.diagonal().max();
        let is_sound = |factor: &DMatrix<f64>| factor.diagonal().iter().all(|pivot| pivot * pivot > SMALLEST_PIVOT * largest);
        let plain = covariance.clone().cholesky().map(|cholesky| cholesky.unpack());
        if let Some(whitening) = plain.filter(is_sound).and_then(|factor| Whitening::of(&factor)) {
            return (whitening, false);
        }
        let n = self.block_len;
        let mean = covariance.trace() / n as f64;
        let floor = if mean > 0.0 { RIDGE * mean } else { 1.0 };
        let ridged = covariance + DMatrix::from_diagonal_element(n, n, floor);
        let whitening = ridged.cholesky().and_then(|cholesky| Whitening::of(&cholesky.unpack()));
        // Not even a ridge helps where errors are not finite: then no clip is judged by anything but the size of its errors.
        (whitening.unwrap_or_else(|| Whitening::identity(n)), true)
    }
}

/// `W` with `W S W' = I`: `d' S⁻¹ d` is the square of `W d`, which keeps in float32 what an inverse would lose.
#[derive(Debug, Clone, PartialEq)]
struct Whitening {
    block_len: usize,
    /// Its columns, `[block_len, block_len]`: `W` is a lower triangle.
    columns: Vec<f32>,
}

impl Whitening {
    /// From the Cholesky factor of `S`.
    fn of(factor: &DMatrix<f64>) -> Option<Self> {
        let n = factor.nrows();
        let inverse = factor.solve_lower_triangular(&DMatrix::identity(n, n))?;
        let whitening = Self {
            block_len: n,
            // nalgebra keeps columns side by side too.
            columns: inverse.iter().map(|&value| value as f32).collect(),
        };
        whitening.columns.iter().all(|value| value.is_finite()).then_some(whitening)
    }

    fn identity(block_len: usize) -> Self {
        let diagonal = |i: usize| if i.is_multiple_of(block_len + 1) { 1.0 } else { 0.0 };
        Self {
            block_len,
            columns: (0..block_len * block_len).map(diagonal).collect(),
        }
    }

    /// `d' S⁻¹ d`; `whitened` is a place to work in, `[block_len]`.
    fn distance(&self, block: &[f32], whitened: &mut [f32]) -> f64 {
        whitened.fill(0.0);
        let columns = self.columns.chunks_exact(self.block_len);
        for (idx, (column, &value)) in columns.zip(block).enumerate() {
            for (sum, weight) in whitened[idx..].iter_mut().zip(&column[idx..]) {
                *sum += weight * value;
            }
        }
        whitened.iter().map(|&x| f64::from(x) * f64::from(x)).sum()
    }
}

/// Both domains of a machine.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SelectiveMaha {
    source: Whitening,
    target: Whitening,
}

/// Names of the tensors among the weights of a network.
const SOURCE: &str = "selective_maha.source";
const TARGET: &str = "selective_maha.target";

impl SelectiveMaha {
    /// From the errors of the training clips; a domain without clips is taken for the other one. The second part says what was
    /// done beside the published way.
    pub(super) fn fit(source: &ErrorMoments, target: &ErrorMoments) -> (Self, Vec<String>) {
        let mut notes = Vec::new();
        let mut whitening = |moments: &ErrorMoments, domain: &str| {
            let (whitening, is_ridged) = moments.whitening();
            if is_ridged {
                notes.push(format!(
                    "selective Mahalanobis: the covariance of the {domain} errors ({} blocks of {}) cannot be inverted; a ridge of \
                     {RIDGE:e} of the mean variance was added",
                    moments.n_blocks, moments.block_len
                ));
            }
            whitening
        };
        let fitted = if source.is_empty() || target.is_empty() {
            let (all, domain) = if source.is_empty() {
                (target, "target")
            } else {
                (source, "source")
            };
            let both = whitening(all, domain);
            Self {
                source: both.clone(),
                target: both,
            }
        } else {
            Self {
                source: whitening(source, "source"),
                target: whitening(target, "target"),
            }
        };
        (fitted, notes)
    }

    /// To be kept with the network's weights.
    pub(super) fn tensors(&self) -> [NamedTensor; 2] {
        [(SOURCE, &self.source), (TARGET, &self.target)].map(|(name, whitening)| NamedTensor {
            name: name.to_owned(),
            shape: vec![whitening.block_len; 2],
            values: whitening.columns.clone(),
        })
    }

    /// Takes [`Self::tensors`] out of a network's weights; `None` where they are not among them. The error is in words.
    pub(super) fn take_from(tensors: &mut Vec<NamedTensor>, block_len: usize) -> Result<Option<Self>, String> {
        let mut take = |name: &str| {
            let Some(place) = tensors.iter().position(|tensor| tensor.name == name) else {
                return Ok(None);
            };
            let NamedTensor { shape, values, .. } = tensors.remove(place);
            if shape != [block_len; 2] || values.len() != block_len * block_len {
                return Err(format!(
                    "{name} has the shape {shape:?}, [{block_len}, {block_len}] is expected"
                ));
            }
            Ok(Some(Whitening {
                block_len,
                columns: values,
            }))
        };
        let both = (take(SOURCE)?, take(TARGET)?);
        Ok(match both {
            (Some(source), Some(target)) => Some(Self { source, target }),
            _ => None,
        })
    }
}

/// The distances of one clip, error by error.
pub(super) struct ClipDistances<'a> {
    maha: &'a SelectiveMaha,
    n_blocks: usize,
    /// `[block_len]`
    sum: Vec<f64>,
    of_source: f64,
    of_target: f64,
}

impl<'a> ClipDistances<'a> {
    pub(super) fn new(maha: &'a SelectiveMaha) -> Self {
        Self {
            maha,
            n_blocks: 0,
            sum: vec![0.0; maha.source.block_len],
            of_source: 0.0,
            of_target: 0.0,
        }
    }

    /// Adds errors, blocks side by side.
    pub(super) fn add(&mut self, errors: &[f32]) {
        let SelectiveMaha { source, target } = self.maha;
        let is_one = source == target;
        let mut whitened = vec![0.0; source.block_len];
        for block in errors.chunks_exact(source.block_len) {
            self.n_blocks += 1;
            for (sum, &error) in self.sum.iter_mut().zip(block) {
                *sum += f64::from(error);
            }
            let of_source = source.distance(block, &mut whitened);
            self.of_source += of_source;
            self.of_target += if is_one {
                of_source
            } else {
                target.distance(block, &mut whitened)
            };
        }
    }

    /// Adds what was added to the distances of another stretch of the clip.
    pub(super) fn merge(&mut self, other: &Self) {
        self.n_blocks += other.n_blocks;
        for (sum, other) in self.sum.iter_mut().zip(&other.sum) {
            *sum += other;
        }
        self.of_source += other.of_source;
        self.of_target += other.of_target;
    }

    /// The published form and that of the code.
    pub(super) fn scores(&self) -> [f32; 2] {
        let n_blocks = self.n_blocks.max(1) as f64;
        let mean: Vec<f32> = self.sum.iter().map(|sum| (sum / n_blocks) as f32).collect();
        let mut whitened = vec![0.0; mean.len()];
        let SelectiveMaha { source, target } = self.maha;
        let of_mean = [source, target].map(|domain| domain.distance(&mean, &mut whitened));
        let published = self.of_source.min(self.of_target) / n_blocks;
        [published as f32, of_mean[0].min(of_mean[1]) as f32]
    }
}

/// The sums of many clips, each worked out on its own and added in their order, so that threads change no bit of them.
pub(super) fn moments_of<T: Sync, E: Send>(
    clips: &[T],
    block_len: usize,
    of_clip: impl Fn(&T) -> Result<ErrorMoments, E> + Sync + Send,
) -> Result<ErrorMoments, E> {
    let each: Result<Vec<_>, E> = clips.par_iter().map(of_clip).collect();
    let mut all = ErrorMoments::new(block_len);
    each?.iter().for_each(|moments| all.merge(moments));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// The numbers of `tests/data/selective_maha/selective_maha.py`.
    #[derive(Deserialize)]
    struct Expected {
        published: Vec<f64>,
        code: Vec<f64>,
        published_without_target: Vec<f64>,
        code_without_target: Vec<f64>,
    }

    const BLOCK_LEN: usize = 6;
    const ERROR_LEN: usize = 5 * BLOCK_LEN;
    /// Spread of the first band, growth of the spread from band to band, shift.
    const SOURCE_LIKE: [f32; 3] = [1.0, 0.25, 0.0];
    const TARGET_LIKE: [f32; 3] = [2.0, -0.25, 0.25];

    fn expected() -> Expected {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/selective_maha/selective_maha.json");
        let bytes = std::fs::read(path).expect("a file of this repository");
        serde_json::from_slice(&bytes).expect("what the script wrote")
    }

    /// Errors as the script fabricates them: noise with neighbours mixed, scaled by band, and shifted.
    fn errors(state: &mut u32, n_errors: usize, [first, slope, shift]: [f32; 3]) -> Vec<f32> {
        let n_values = n_errors * ERROR_LEN;
        let noise: Vec<f32> = (0..n_values)
            .map(|_| {
                *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((*state >> 16) as f32 - 32768.0) / 32768.0
            })
            .collect();
        (0..n_values)
            .map(|i| {
                let band = i % BLOCK_LEN;
                let before = if band == 0 { 0.0 } else { noise[i - 1] };
                (noise[i] + 0.5 * before) * (first + slope * band as f32) + shift
            })
            .collect()
    }

    fn moments(errors: &[f32]) -> ErrorMoments {
        let mut moments = ErrorMoments::new(BLOCK_LEN);
        // In pieces, as clips come.
        for piece in errors.chunks(3 * ERROR_LEN) {
            moments.add(piece, piece.len() / ERROR_LEN);
        }
        moments
    }

    fn scores(maha: &SelectiveMaha, clip: &[f32]) -> [f32; 2] {
        let mut distances = ClipDistances::new(maha);
        clip.chunks(2 * ERROR_LEN).for_each(|errors| distances.add(errors));
        distances.scores()
    }

    #[test]
    fn both_forms_equal_numpy() {
        let mut state = 1;
        let source = moments(&errors(&mut state, 40, SOURCE_LIKE));
        let target = moments(&errors(&mut state, 7, TARGET_LIKE));
        let clips = [
            (9, SOURCE_LIKE),
            (3, TARGET_LIKE),
            (5, [1.0, 0.0, 1.0]),
            (2, [4.0, -0.75, 0.125]),
        ]
        .map(|(n, looks)| errors(&mut state, n, looks));
        let expected = expected();
        let (maha, notes) = SelectiveMaha::fit(&source, &target);
        assert!(notes.is_empty(), "{notes:?}");
        let (lone, _) = SelectiveMaha::fit(&source, &ErrorMoments::new(BLOCK_LEN));
        for (clip_idx, clip) in clips.iter().enumerate() {
            let [published, code] = scores(&maha, clip);
            let [lone_published, lone_code] = scores(&lone, clip);
            for (found, expected) in [
                (published, &expected.published),
                (code, &expected.code),
                (lone_published, &expected.published_without_target),
                (lone_code, &expected.code_without_target),
            ] {
                let expected = expected[clip_idx];
                assert!(
                    (f64::from(found) / expected - 1.0).abs() < 1e-5,
                    "clip {clip_idx}: {found}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn what_was_kept_with_the_weights_is_found_again() {
        let (maha, _) = SelectiveMaha::fit(
            &moments(&errors(&mut 5, 40, SOURCE_LIKE)),
            &moments(&errors(&mut 6, 7, TARGET_LIKE)),
        );
        let other = NamedTensor {
            name: "output.bias".to_owned(),
            shape: vec![1],
            values: vec![1.0],
        };
        let mut tensors = vec![other.clone()];
        assert_eq!(
            SelectiveMaha::take_from(&mut tensors, BLOCK_LEN),
            Ok(None),
            "a run of an older version"
        );
        tensors.extend(maha.tensors());
        let mut wrong = tensors.clone();
        assert_eq!(SelectiveMaha::take_from(&mut tensors, BLOCK_LEN), Ok(Some(maha)));
        assert_eq!(tensors, [other]);
        let refused = SelectiveMaha::take_from(&mut wrong, 7);
        assert!(matches!(&refused, Err(reason) if reason.contains("[6, 6]")), "{refused:?}");
    }

    #[test]
    fn constant_bands_and_few_frames_are_borne_and_said() {
        let mut constant = errors(&mut 7, 40, SOURCE_LIKE);
        constant.iter_mut().skip(2).step_by(BLOCK_LEN).for_each(|error| *error = 3.0);
        let single = errors(&mut 8, 1, SOURCE_LIKE);
        let silent = vec![0.0; ERROR_LEN];
        for errors in [&constant, &single, &silent] {
            let (maha, notes) = SelectiveMaha::fit(&moments(errors), &ErrorMoments::new(BLOCK_LEN));
            assert_eq!(notes.len(), 1, "{notes:?}");
            assert!(notes[0].contains("ridge"), "{notes:?}");
            assert!(scores(&maha, &constant).iter().all(|score| score.is_finite()));
        }
    }
}
