//! Trained networks on the processor, without burn: rows of a picture stream through small stages.
//!
//! A network is a list of [`Stage`]s, each with batch norm folded into it. The picture enters in bands of a few rows; each stage
//! turns a band into the rows that it can finish and keeps the few rows that the next band needs beside its own. So the
//! widest layers – the expanded side of an inverted bottleneck holds four times its inputs – never exist as a whole: a band of
//! them lies in the first cache between the stage that writes it and the one that reads it.
//!
//! # How to add a layer
//! One new file with a stage, one variant of [`Stage`], one arm in each `match` below.
//!
//! *Invariant:* stages are read-only and shared by all threads; what a picture leaves behind on its way lies in [`State`].

mod convolution;
mod depthwise;
mod fold;
mod global;
mod mobileanonet;
mod mobilenet_v2;
mod pointwise;
mod residual;
mod sliding;
mod stgram_mfn;

use pulp::{Arch, Simd, WithSimd};

use convolution::Convolution;
use depthwise::Depthwise;
use global::Global;
pub(super) use mobileanonet::mobileanonet;
pub(super) use mobilenet_v2::mobilenet_v2;
use pointwise::Pointwise;
use residual::Residual;
pub(super) use sliding::{Sliding, Source};
pub(super) use stgram_mfn::stgram_mfn;

/// A layer, ready to compute.
#[derive(Debug)]
enum Stage {
    Convolution(Convolution),
    Depthwise(Depthwise),
    Pointwise(Pointwise),
    Residual(Residual),
    Global(Global),
}

/// What a stage remembers of the picture that is passing through it.
#[derive(Debug, Default)]
struct State {
    /// Rows that the next band needs once more; sums, where the stage ends a picture.
    held: Vec<f32>,
    /// Rows of the picture that came in so far.
    n_taken: usize,
    /// Rows that went out so far.
    n_given: usize,
    /// Of the stages inside this one.
    inner: Vec<Station>,
}

impl State {
    /// Ready for another picture; memory is kept.
    fn reset(&mut self) {
        self.held.clear();
        (self.n_taken, self.n_given) = (0, 0);
    }
}

/// The state of a stage and the band that it gave last.
#[derive(Debug, Default)]
struct Station {
    state: State,
    band: Vec<f32>,
}

/// Rows `[n_rows][width][channels]` on their way. A stage learns the size of the picture from the bands only, so that one
/// network computes pictures of any size that it has no kernel for as a whole.
#[derive(Debug, Clone, Copy)]
struct Band<'a> {
    values: &'a [f32],
    n_rows: usize,
    width: usize,
    /// Whether the picture ends with it.
    is_last: bool,
}

/// Rows and width of what a stage gives.
type Size = (usize, usize);

/// A band on its way into a stage.
struct Push<'a> {
    stage: &'a Stage,
    band: Band<'a>,
    station: &'a mut Station,
}

impl WithSimd for Push<'_> {
    /// Of the rows that are ready; they lie in the station's band.
    type Output = Size;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Size {
        let Self { stage, band, station } = self;
        let Station { state, band: output } = station;
        match stage {
            Stage::Convolution(stage) => stage.push(simd, band, state, output),
            Stage::Depthwise(stage) => stage.push(simd, band, state, output),
            Stage::Pointwise(stage) => stage.push(simd, band, output),
            Stage::Residual(stage) => stage.push(simd, band, state, output),
            Stage::Global(stage) => stage.push(simd, band, state, output),
        }
    }
}

/// Sends a band through stages, one after the other; the rows that come out lie in the last station's band.
#[inline(always)]
fn push_through<'a, S: Simd>(simd: S, stages: &[Stage], mut band: Band<'a>, stations: &'a mut [Station]) -> Band<'a> {
    for (stage, station) in stages.iter().zip(stations) {
        let (n_rows, width) = simd.vectorize(Push {
            stage,
            band,
            station: &mut *station,
        });
        band = Band {
            values: &station.band,
            n_rows,
            width,
            ..band
        };
    }
    band
}

fn stations(stages: &[Stage]) -> Vec<Station> {
    stages.iter().map(|_| Station::default()).collect()
}

/// A network, or a stretch of one.
#[derive(Debug)]
pub(super) struct Network {
    stages: Vec<Stage>,
    /// Channels of what goes in.
    n_channels: usize,
}

/// What one thread needs to compute, kept between pictures.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    band: Vec<f32>,
    stations: Vec<Station>,
}

/// Rows of a picture that enter together: enough for a tile of the product in the last, smallest layers.
const BAND_ROWS: usize = 64;

impl Network {
    /// Appends what comes out of a picture `[n_rows][width]` to `output`; `fill(row_idx, row)` writes the picture's rows.
    pub(super) fn compute(
        &self,
        (n_rows, width): (usize, usize),
        fill: &dyn Fn(usize, &mut [f32]),
        scratch: &mut Scratch,
        output: &mut Vec<f32>,
    ) {
        let row_len = width * self.n_channels;
        if scratch.stations.len() != self.stages.len() {
            scratch.stations = stations(&self.stages);
        }
        scratch.band.resize(BAND_ROWS * row_len, 0.0);
        for first_row in (0..n_rows).step_by(BAND_ROWS) {
            let n_band = BAND_ROWS.min(n_rows - first_row);
            for (row_idx, row) in scratch.band.chunks_exact_mut(row_len).take(n_band).enumerate() {
                fill(first_row + row_idx, row);
            }
            let band = Band {
                values: &scratch.band[..n_band * row_len],
                n_rows: n_band,
                width,
                is_last: first_row + n_band == n_rows,
            };
            Arch::new().dispatch(Pass {
                stages: &self.stages,
                band,
                stations: &mut scratch.stations,
                output,
            });
        }
    }
}

/// A band on its way through a network.
struct Pass<'a> {
    stages: &'a [Stage],
    band: Band<'a>,
    stations: &'a mut [Station],
    output: &'a mut Vec<f32>,
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let end = push_through(simd, self.stages, self.band, self.stations);
        self.output.extend_from_slice(end.values);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fold::Affine;
    use super::*;

    fn numbers(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
    }

    fn affine(n_channels: usize) -> Affine {
        Affine {
            scale: numbers(n_channels, 5.0),
            shift: numbers(n_channels, 6.0),
            slope: numbers(n_channels, 7.0),
            ceiling: 1.5,
        }
    }

    /// What a network of one stage makes of a picture `[n_rows][width][n_channels]`, in bands; twice, so that what the first
    /// picture leaves behind would show.
    fn computed(stage: Stage, picture: &[f32], (n_rows, width): (usize, usize), n_channels: usize) -> Vec<f32> {
        let network = Network {
            stages: vec![stage],
            n_channels,
        };
        let row_len = width * n_channels;
        let fill = |row_idx: usize, row: &mut [f32]| row.copy_from_slice(&picture[row_idx * row_len..][..row_len]);
        let (mut scratch, mut first, mut second) = (Scratch::default(), Vec::new(), Vec::new());
        network.compute((n_rows, width), &fill, &mut scratch, &mut first);
        network.compute((n_rows, width), &fill, &mut scratch, &mut second);
        assert_eq!(first, second);
        first
    }

    /// A padded convolution by definition; `kernel(output, input)` is the slice of its taps, `None` where they are not joined.
    fn expected<'a>(
        picture: &[f32],
        [n_rows, width, n_channels]: [usize; 3],
        kernel: impl Fn(usize, usize) -> Option<&'a [f32]>,
        layer: &Affine,
        [size, stride]: [usize; 2],
    ) -> Vec<f32> {
        let n_outputs = layer.scale.len();
        let mut outputs = Vec::new();
        for (row, column) in
            (0..n_rows.div_ceil(stride)).flat_map(|row| (0..width.div_ceil(stride)).map(move |column| (row, column)))
        {
            for output in 0..n_outputs {
                let mut sum = 0.0;
                for (input, taps) in (0..n_channels).filter_map(|input| Some((input, kernel(output, input)?))) {
                    for (tap, weight) in taps.iter().enumerate() {
                        let from =
                            |at: usize, tap: usize, n: usize| (at * stride + tap).checked_sub(size / 2).filter(|&at| at < n);
                        if let (Some(row), Some(column)) = (from(row, tap / size, n_rows), from(column, tap % size, width)) {
                            sum += f64::from(*weight) * f64::from(picture[(row * width + column) * n_channels + input]);
                        }
                    }
                }
                let x = sum as f32 * layer.scale[output] + layer.shift[output];
                outputs.push(if x > 0.0 {
                    x.min(layer.ceiling)
                } else {
                    layer.slope[output] * x
                });
            }
        }
        outputs
    }

    fn worst(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn stages_are_convolutions_however_the_bands_fall(
            n_rows in 1usize..150, width in 1usize..12, n_channels in 1usize..20, n_outputs in 1usize..20,
            size in prop::sample::select(vec![1usize, 3, 5]), stride in 1usize..3,
        ) {
            let map = [n_rows, width, n_channels];
            let picture = numbers(n_rows * width * n_channels, 1.0);
            let n_lanes = crate::nn::kernels::n_lanes();

            let (kernel, layer) = (numbers(n_outputs * n_channels * size * size, 2.0), affine(n_outputs));
            let taps = |output: usize, input: usize| Some(&kernel[(output * n_channels + input) * size * size..][..size * size]);
            let stage = Stage::Convolution(Convolution::new(&kernel, &layer, size, stride, n_lanes));
            let found = computed(stage, &picture, (n_rows, width), n_channels);
            prop_assert!(worst(&found, &expected(&picture, map, taps, &layer, [size, stride])) < 1e-4);

            let stage = Stage::Pointwise(Pointwise::new(&kernel[..n_outputs * n_channels], &layer, n_lanes));
            let taps = |output: usize, input: usize| Some(&kernel[output * n_channels + input..][..1]);
            let found = computed(stage, &picture, (n_rows, width), n_channels);
            prop_assert!(worst(&found, &expected(&picture, map, taps, &layer, [1, 1])) < 1e-4);

            let (kernel, layer) = (numbers(n_channels * 9, 3.0), affine(n_channels));
            let taps = |output: usize, input: usize| (output == input).then(|| &kernel[output * 9..][..9]);
            let depthwise = |stride| Stage::Depthwise(Depthwise::new(&kernel, &layer, stride, n_lanes));
            let found = computed(depthwise(stride), &picture, (n_rows, width), n_channels);
            prop_assert!(worst(&found, &expected(&picture, map, taps, &layer, [3, stride])) < 1e-4);

            let body = expected(&picture, map, taps, &layer, [3, 1]);
            let sum: Vec<f32> = body.iter().zip(&picture).map(|(a, b)| a + b).collect();
            let found = computed(Stage::Residual(Residual::new(vec![depthwise(1)])), &picture, (n_rows, width), n_channels);
            prop_assert!(worst(&found, &sum) < 1e-4);
        }
    }
}
