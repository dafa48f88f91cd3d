//! Convolutions of large maps with fewer multiplications: Winograd's minimal filtering along the columns of the kernel.
//!
//! Four outputs below one another of a filter of five taps are eight products instead of twenty, of sums of inputs and sums of
//! taps (Toom and Cook's algorithm; Winograd 1980, Lavin & Gray 2016 in two dimensions). Along one side only: the sums of inputs
//! are then sums of whole rows, which run through vectors whatever the channels, and the runs of a row stay as they are. A stride
//! cuts the filter into bands of taps that see every second row, each a shorter filter.
//!
//! Loop order: a few tiles of four output rows; for each point of the algorithm a product of their pixels and one matrix, which
//! is read once for all of them; then the sums of the products. A tile's rows and products stay in the second cache.

use std::ops::Range;

use pulp::Simd;

use super::floor::Floor;
use super::geometry::{Band, Convolution, Direction, Frame, RowPhase, column_phases, row_phases};
use super::product::{Packed, load, padded, product, store, store_all};

/// Output rows of a tile.
pub(super) const TILE_ROWS: usize = 4;
/// Taps of the longest filter that the algorithm knows.
pub(super) const LONGEST_FILTER: usize = 5;
/// Pixels that meet each matrix at once.
const PIXELS_TOGETHER: usize = 64;

/// Four outputs of a filter: `outputs · ((taps · filter) ∘ (inputs · rows))`.
#[derive(Debug, Clone)]
pub(super) struct Algorithm {
    pub n_points: usize,
    /// `[n_points, n_points]`
    pub inputs: Vec<f32>,
    /// `[n_points, n_taps]`
    pub taps: Vec<f64>,
    /// `[TILE_ROWS, n_points]`
    pub outputs: Vec<f32>,
}

impl Algorithm {
    /// The points are small, and so are the rounding errors: below 3e-6 of the size of the terms with five taps.
    pub(super) fn new(n_taps: usize) -> Self {
        const POINTS: [f64; 7] = [0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5];
        let n_points = TILE_ROWS + n_taps - 1;
        let finite = &POINTS[..n_points - 1];
        // The last point is infinity: it sees the highest powers only.
        let powers = |n: usize| -> Vec<Vec<f64>> {
            let of_finite = finite
                .iter()
                .map(|point| (0..n).map(|power| point.powi(power as i32)).collect());
            let at_infinity = (0..n).map(|power| if power + 1 == n { 1.0 } else { 0.0 }).collect();
            of_finite.chain([at_infinity]).collect()
        };
        let others = |j: usize| {
            finite
                .iter()
                .enumerate()
                .filter(move |(l, _)| *l != j)
                .map(|(_, point)| *point)
        };
        let norms = (0..n_points).map(|j| match finite.get(j) {
            Some(point) => others(j).map(|other| point - other).product(),
            None => 1.0,
        });
        let norms: Vec<f64> = norms.collect();
        let taps = powers(n_taps)
            .into_iter()
            .zip(&norms)
            .flat_map(|(row, norm)| row.into_iter().map(move |x| x / norm));
        let at_points = powers(TILE_ROWS);
        let outputs = (0..TILE_ROWS).flat_map(|i| at_points.iter().map(move |powers| powers[i] as f32));
        Self {
            n_points,
            // The product of all (x - point) but one, and at infinity of all.
            inputs: (0..n_points).flat_map(|j| coefficients(others(j), n_points)).collect(),
            taps: taps.collect(),
            outputs: outputs.collect(),
        }
    }
}

/// Of the polynomial with these roots, lowest power first, filled up with zeros.
fn coefficients(roots: impl Iterator<Item = f64>, n: usize) -> Vec<f32> {
    let mut polynomial = vec![0.0; n];
    polynomial[0] = 1.0;
    for root in roots {
        for power in (0..n).rev() {
            let lower = if power > 0 { polynomial[power - 1] } else { 0.0 };
            polynomial[power] = lower - root * polynomial[power];
        }
    }
    polynomial.iter().map(|&x| x as f32).collect()
}

/// A convolution between maps that lie in given frames.
#[derive(Debug, Clone)]
pub(super) struct Winograd {
    rows: Vec<Rows>,
    columns: Vec<Columns>,
    /// Numbers in a row of the input.
    pitch: usize,
    n_tiles: usize,
}

/// Outputs of every first or every second row, and how their bands are filtered.
#[derive(Debug, Clone)]
struct Rows {
    phase: RowPhase,
    algorithms: Vec<Algorithm>,
    /// Of all bands, for each point the share of its product in each row of a tile.
    shares: Vec<[f32; TILE_ROWS]>,
}

/// The pixels of a row that are made by the same columns of the kernel.
#[derive(Debug, Clone)]
struct Columns {
    taps: Vec<usize>,
    run_len: usize,
    /// Where the run of each pixel of each tile begins in the sums of inputs.
    runs: Vec<usize>,
    /// Where each pixel lies in its row of the output.
    outputs: Vec<usize>,
}

impl Winograd {
    /// `None` where a column of the kernel is longer than the algorithm knows.
    pub(super) fn new(convolution: &Convolution, direction: Direction, input: &Frame, output: &Frame) -> Option<Self> {
        let phases = row_phases(convolution, direction);
        let mut bands = phases.iter().flat_map(|phase| &phase.bands);
        if bands.any(|band| band.taps.len() > LONGEST_FILTER) {
            return None;
        }
        let columns = column_phases(convolution, direction, input, output);
        let width = columns.iter().map(|phase| phase.inputs.len()).max().unwrap_or(1);
        let (n_tiles, pitch) = (PIXELS_TOGETHER.div_ceil(width), input.pitch());
        let columns = columns.into_iter().map(|phase| Columns {
            run_len: phase.taps.len() * input.map.channels,
            taps: phase.taps,
            runs: (0..n_tiles)
                .flat_map(|tile| phase.inputs.iter().map(move |x| tile * pitch + x))
                .collect(),
            outputs: phase.outputs,
        });
        Some(Self {
            columns: columns.collect(),
            rows: phases.into_iter().map(Rows::new).collect(),
            pitch,
            n_tiles,
        })
    }

    /// For each phase of rows, each point of each of its bands and each phase of columns a matrix; `weight(y, x, input channel,
    /// output channel)`.
    pub(super) fn pack(
        &self,
        (n_inputs, n_outputs): (usize, usize),
        weight: impl Fn(usize, usize, usize, usize) -> f32,
        n_lanes: usize,
    ) -> Vec<Packed> {
        let mut packed = Vec::new();
        for rows in &self.rows {
            for (band, algorithm) in rows.phase.bands.iter().zip(&rows.algorithms) {
                for of_taps in algorithm.taps.chunks(band.taps.len()) {
                    for columns in &self.columns {
                        let size = (columns.taps.len(), n_inputs);
                        packed.push(Packed::of_taps(size, n_outputs, n_lanes, |tap, input, output| {
                            let taps = band.taps.iter().zip(of_taps);
                            let sum: f64 = taps
                                .map(|(&y, share)| f64::from(weight(y, columns.taps[tap], input, output)) * share)
                                .sum();
                            sum as f32
                        }));
                    }
                }
            }
        }
        packed
    }
}

impl Rows {
    fn new(phase: RowPhase) -> Self {
        let algorithms: Vec<_> = phase.bands.iter().map(|band| Algorithm::new(band.taps.len())).collect();
        let shares = algorithms.iter().flat_map(|algorithm| {
            let share = |point: usize, row: usize| algorithm.outputs[row * algorithm.n_points + point];
            (0..algorithm.n_points).map(move |point| [0, 1, 2, 3].map(|row| share(point, row)))
        });
        Self {
            shares: shares.collect(),
            algorithms,
            phase,
        }
    }
}

/// What [`super::convolution::convolve`] does, for one window. `workspace` may hold anything and is made as long as it takes.
#[inline(always)]
pub(super) fn filter<S: Simd>(
    simd: S,
    winograd: &Winograd,
    (weights, bias, activation): (&[Packed], &[f32], Floor),
    (input, window): (&Frame, &[f32]),
    (output, outputs): (&Frame, &mut [f32]),
    workspace: &mut Vec<f32>,
) {
    let Winograd {
        rows,
        columns,
        pitch,
        n_tiles,
    } = winograd;
    let (n_channels, stretch) = (output.map.channels, n_tiles * pitch);
    let no_bias = padded(std::iter::repeat_n(0.0, n_channels), S::F32_LANES);
    let n_points = rows.iter().map(|rows| rows.shares.len()).max().unwrap_or(0);
    let n_runs = columns.iter().map(|columns| columns.runs.len()).max().unwrap_or(0);
    let n_sums = n_points * stretch;
    workspace.resize(workspace.len().max(n_sums + n_points * n_runs * n_channels), 0.0);
    let (sums, products) = workspace.split_at_mut(n_sums);
    let mut rest = weights;
    for rows in rows {
        let (weights, others) = rest.split_at(rows.shares.len() * columns.len());
        rest = others;
        for first in (0..rows.phase.n_outputs).step_by(n_tiles * TILE_ROWS) {
            let last = rows.phase.n_outputs.min(first + n_tiles * TILE_ROWS);
            sum_rows_of_tiles(simd, rows, first..last, (input, window), (&mut *sums, *n_tiles));
            for (i, columns_i) in columns.iter().enumerate() {
                let n_pixels = (last - first).div_ceil(TILE_ROWS) * columns_i.outputs.len();
                for (point, sums) in sums.chunks_exact(stretch).take(rows.shares.len()).enumerate() {
                    let products = &mut products[point * n_runs * n_channels..];
                    product(
                        simd,
                        (n_pixels, 1),
                        #[inline(always)]
                        |m, _| &sums[columns_i.runs[m]..][..columns_i.run_len],
                        &weights[point * columns.len() + i],
                        &no_bias,
                        #[inline(always)]
                        |m, first, vectors| store_all(simd, &mut products[m * n_channels + first..(m + 1) * n_channels], vectors),
                    );
                }
                let of_points = (&*products, n_runs * n_channels);
                sum_products(
                    simd,
                    (rows, columns_i),
                    first..last,
                    of_points,
                    (bias, activation),
                    (output, outputs),
                );
            }
        }
    }
}

/// The sums of inputs of each tile at each point of each band: `[points, tiles, pitch]`.
#[inline(always)]
fn sum_rows_of_tiles<S: Simd>(
    simd: S,
    rows: &Rows,
    outputs: Range<usize>,
    (input, window): (&Frame, &[f32]),
    (sums, n_tiles): (&mut [f32], usize),
) {
    let pitch = input.pitch();
    let mut first_point = 0;
    for (band, algorithm) in rows.phase.bands.iter().zip(&rows.algorithms) {
        for (tile, output) in outputs.clone().step_by(TILE_ROWS).enumerate() {
            let sums = (&mut sums[(first_point * n_tiles + tile) * pitch..], n_tiles * pitch);
            let from = (input, window, output);
            match algorithm.n_points {
                4 => sum_rows::<S, 4>(simd, algorithm, band, from, sums),
                5 => sum_rows::<S, 5>(simd, algorithm, band, from, sums),
                6 => sum_rows::<S, 6>(simd, algorithm, band, from, sums),
                7 => sum_rows::<S, 7>(simd, algorithm, band, from, sums),
                _ => sum_rows::<S, 8>(simd, algorithm, band, from, sums),
            }
        }
        first_point += algorithm.n_points;
    }
}

/// The sums of inputs of one tile, whose first row is the output `output`, at each point of a band; `apart` numbers lie between
/// two points.
#[inline(always)]
fn sum_rows<S: Simd, const POINTS: usize>(
    simd: S,
    algorithm: &Algorithm,
    band: &Band,
    (input, window, output): (&Frame, &[f32], usize),
    (sums, apart): (&mut [f32], usize),
) {
    let pitch = input.pitch();
    let mut rows: [&[f32]; POINTS] = [&[]; POINTS];
    for (i, row) in rows.iter_mut().enumerate() {
        let y = band.first_input + ((output + i) * band.input_step + input.margin.before[0]) as isize;
        // Rows beyond the frame belong to outputs beyond the last: they are left empty.
        *row = window.get(y as usize * pitch..(y as usize + 1) * pitch).unwrap_or_default();
    }
    for at in (0..pitch).step_by(S::F32_LANES) {
        let place = at..(at + S::F32_LANES).min(pitch);
        let mut inputs = [simd.splat_f32s(0.0); POINTS];
        for (input, row) in inputs.iter_mut().zip(&rows) {
            *input = load(simd, row.get(place.clone()).unwrap_or_default());
        }
        for (point, factors) in algorithm.inputs.as_chunks::<POINTS>().0.iter().enumerate() {
            let mut sum = simd.splat_f32s(0.0);
            for (input, factor) in inputs.iter().zip(factors) {
                sum = simd.mul_add_e_f32s(*input, simd.splat_f32s(*factor), sum);
            }
            let start = point * apart;
            store(simd, &mut sums[start + place.start..start + place.end], sum);
        }
    }
}

/// The outputs from the products at all points, which lie `apart` numbers apart.
#[inline(always)]
fn sum_products<S: Simd>(
    simd: S,
    (rows, columns): (&Rows, &Columns),
    of_phase: Range<usize>,
    (products, apart): (&[f32], usize),
    (bias, activation): (&[f32], Floor),
    (output, outputs): (&Frame, &mut [f32]),
) {
    let (n_channels, width) = (output.map.channels, columns.outputs.len());
    let floor = simd.splat_f32s(activation.floor());
    for (tile, first) in of_phase.clone().step_by(TILE_ROWS).enumerate() {
        for (column, x) in columns.outputs.iter().enumerate() {
            let pixel = (tile * width + column) * n_channels;
            for channel in (0..n_channels).step_by(S::F32_LANES) {
                let end = n_channels.min(channel + S::F32_LANES);
                let mut sums = [load(simd, &bias[channel..]); TILE_ROWS];
                for (point, shares) in rows.shares.iter().enumerate() {
                    let start = point * apart + pixel;
                    let product = load(simd, &products[start + channel..start + end]);
                    for (sum, share) in sums.iter_mut().zip(shares) {
                        *sum = simd.mul_add_e_f32s(product, simd.splat_f32s(*share), *sum);
                    }
                }
                for (row, sum) in (first..of_phase.end).zip(sums) {
                    let to = output.row(rows.phase.first_output + row * rows.phase.output_stride) + x;
                    // In this order what is not a number stays so.
                    store(simd, &mut outputs[to + channel..to + end], simd.max_f32s(floor, sum));
                }
            }
        }
    }
}
