//! The gradient of a convolution's weights: a sum over pixels of products of a large and a small pixel.
//!
//! Standard and transposed convolutions share it: a weight joins a channel of the large map with one of the small map, whichever
//! of the two is the input. The sums come in groups of rows, `[columns of the kernel, large channels]`, in each row the small
//! channels: a group for each row of the kernel; or, where maps are wide, for each point of Winograd's minimal filtering, whose
//! gradient is as minimal: eight products instead of twenty for five rows of a kernel and four rows of pixels, and the rows'
//! gradients are sums of those of the points.
//!
//! Loop order: pixels in stretches of several windows where maps are small; past a stretch, laid out in panels
//! ([`super::panels`]), runs one tile of sums after the other.

use std::ops::Range;

use pulp::Simd;

use super::convolution::is_worth_winograd;
use super::geometry::{Band, Convolution, Direction, Frame, column_phases, row_phases};
use super::panels::{add_outer_products, panel_rows};
use super::product::load;
use super::winograd::{Algorithm, TILE_ROWS};

/// Enough that a tile of sums is seldom fetched and written back; few enough that the panels stay in the second cache.
const POSITIONS_PER_STRETCH: usize = 256;

/// The sums whose combinations make the gradient of one convolution, between maps that lie in given frames.
#[derive(Debug, Clone)]
pub(in crate::nn) struct WeightGradient {
    convolution: Convolution,
    pub large: Frame,
    pub small: Frame,
    /// Where the run of each pixel of a row begins in its row of the large map; and its pixel in its row of the small map.
    columns: Vec<(usize, usize)>,
    groups: Vec<Group>,
    /// Of each row of the kernel: the groups that make its gradient, and their factors.
    rows: Vec<Vec<(usize, f32)>>,
    /// Rows of the small map that make one row of positions.
    tile_rows: usize,
}

/// Sums over products: sums of rows of the large map meet sums of rows of the small map.
#[derive(Debug, Clone)]
struct Group {
    /// Row of the large map that the first row of the small map meets first, and how far the next are.
    first: isize,
    step: usize,
    /// For each row of the large map from there on.
    large_factors: Vec<f32>,
    /// For each row of the small map.
    small_factors: Vec<f32>,
}

impl WeightGradient {
    /// The large map's frame has the margin of [`Direction::Down`] or more.
    pub(in crate::nn) fn new(convolution: Convolution, large: Frame, small: Frame) -> Self {
        Self::filtered(convolution, large, small, is_worth_winograd(&convolution))
    }

    fn filtered(convolution: Convolution, large: Frame, small: Frame, is_minimal: bool) -> Self {
        let columns = column_phases(&convolution, Direction::Down, &large, &small).into_iter();
        let columns = columns.flat_map(|phase| phase.inputs.into_iter().zip(phase.outputs));
        let mut gradient = Self {
            convolution,
            large,
            small,
            columns: columns.collect(),
            groups: Vec::new(),
            rows: vec![Vec::new(); convolution.kernel[0]],
            tile_rows: if is_minimal { TILE_ROWS } else { 1 },
        };
        for band in row_phases(&convolution, Direction::Down)
            .iter()
            .flat_map(|phase| &phase.bands)
        {
            if is_minimal {
                gradient.add_points(band);
            } else {
                gradient.add_rows(band);
            }
        }
        gradient
    }

    fn add_rows(&mut self, band: &Band) {
        for (tap, &row) in band.taps.iter().enumerate() {
            self.rows[row].push((self.groups.len(), 1.0));
            self.groups.push(Group {
                first: band.first_input + (tap * band.input_step) as isize,
                step: band.input_step,
                large_factors: vec![1.0],
                small_factors: vec![1.0],
            });
        }
    }

    /// What a filter makes of rows, `outputs · ((taps · filter) ∘ (inputs · rows))`, read backwards.
    fn add_points(&mut self, band: &Band) {
        let algorithm = Algorithm::new(band.taps.len());
        for point in 0..algorithm.n_points {
            for (row, factor) in band.taps.iter().zip(&algorithm.taps[point * band.taps.len()..]) {
                self.rows[*row].push((self.groups.len(), *factor as f32));
            }
            self.groups.push(Group {
                first: band.first_input,
                step: band.input_step,
                large_factors: algorithm.inputs[point * algorithm.n_points..][..algorithm.n_points].to_vec(),
                small_factors: (0..TILE_ROWS)
                    .map(|row| algorithm.outputs[row * algorithm.n_points + point])
                    .collect(),
            });
        }
    }

    pub(in crate::nn) fn n_groups(&self) -> usize {
        self.groups.len()
    }

    /// Rows of sums in a group: numbers of the large map in a run, columns of the kernel and in each the channels.
    pub(in crate::nn) fn run_len(&self) -> usize {
        self.convolution.kernel[1] * self.large.map.channels
    }

    /// The groups that make the gradient of a row of the kernel, and their factors.
    pub(in crate::nn) fn groups_of(&self, row: usize) -> &[(usize, f32)] {
        &self.rows[row]
    }
}

/// What spares allocations from call to call: it may hold anything.
#[derive(Debug, Default)]
pub(in crate::nn) struct Workspace {
    /// Panels of the large map.
    larges: Vec<f32>,
    /// A panel of the small map.
    smalls: Vec<f32>,
    /// A row of sums of the large map.
    row: Vec<f32>,
}

/// Adds to `sums`, `[part of a run, small channels]`, the rows `part` of a group, over windows that lie one after another in their
/// frames.
#[inline(always)]
pub(in crate::nn) fn add_weight_gradient<S: Simd>(
    simd: S,
    gradient: &WeightGradient,
    (group, part): (usize, Range<usize>),
    (larges, smalls): (&[f32], &[f32]),
    sums: &mut [f32],
    workspace: &mut Workspace,
) {
    let &WeightGradient {
        large: large_frame,
        small: small_frame,
        ref columns,
        ref groups,
        tile_rows,
        ..
    } = gradient;
    let (group, small_map) = (&groups[group], small_frame.map);
    let n_tiles = small_map.height.div_ceil(tile_rows);
    let n_rows = smalls.len() / small_frame.n_values() * n_tiles;
    let rows_per_stretch = (POSITIONS_PER_STRETCH / columns.len()).max(1);
    for first_row in (0..n_rows).step_by(rows_per_stretch) {
        let rows = first_row..n_rows.min(first_row + rows_per_stretch);
        let n_positions = rows.len() * columns.len();
        workspace
            .larges
            .resize(part.len().next_multiple_of(panel_rows::<S>()) * n_positions, 0.0);
        for (i, row) in rows.clone().enumerate() {
            let window = &larges[row / n_tiles * large_frame.n_values()..][..large_frame.n_values()];
            let place = (row % n_tiles * tile_rows, i * columns.len(), n_positions);
            let sum = sum_of_rows(simd, group, (&large_frame, window, place.0), &mut workspace.row);
            lay_runs::<S>(sum, columns, part.clone(), (place.1, n_positions), &mut workspace.larges);
        }
        add_outer_products(
            simd,
            n_positions,
            (&workspace.larges, part.len()),
            (
                #[inline(always)]
                |channel, panel: &mut [f32]| {
                    let len = panel.len() / rows.len();
                    for (row, panel) in rows.clone().zip(panel.chunks_exact_mut(len)) {
                        let window = &smalls[row / n_tiles * small_frame.n_values()..][..small_frame.n_values()];
                        let tile = row % n_tiles * tile_rows..small_map.height.min((row % n_tiles + 1) * tile_rows);
                        lay_pixels(simd, group, (&small_frame, window, tile), (columns, channel), panel);
                    }
                },
                small_map.channels,
            ),
            &mut workspace.smalls,
            sums,
        );
    }
}

/// The sum of rows of the large map that the rows of the small map from `output` on meet; kept in `sum`, unless it is a row.
#[inline(always)]
fn sum_of_rows<'a, S: Simd>(
    simd: S,
    group: &Group,
    (frame, window, output): (&Frame, &'a [f32], usize),
    sum: &'a mut Vec<f32>,
) -> &'a [f32] {
    sum.resize(frame.pitch(), 0.0);
    match group.large_factors.len() {
        1 => return row_of(group, (frame, window), output),
        4 => sum_rows::<S, 4>(simd, group, (frame, window, output), sum),
        5 => sum_rows::<S, 5>(simd, group, (frame, window, output), sum),
        6 => sum_rows::<S, 6>(simd, group, (frame, window, output), sum),
        7 => sum_rows::<S, 7>(simd, group, (frame, window, output), sum),
        _ => sum_rows::<S, 8>(simd, group, (frame, window, output), sum),
    }
    sum
}

/// The row of the large map that the first tap of the group's rows has at `output`. Empty beyond the frame: there it belongs to
/// outputs beyond the last.
#[inline(always)]
fn row_of<'a>(group: &Group, (frame, window): (&Frame, &'a [f32]), output: usize) -> &'a [f32] {
    let y = group.first + (output * group.step + frame.margin.before[0]) as isize;
    let pitch = frame.pitch();
    window.get(y as usize * pitch..(y as usize + 1) * pitch).unwrap_or_default()
}

#[inline(always)]
fn sum_rows<S: Simd, const ROWS: usize>(
    simd: S,
    group: &Group,
    (frame, window, output): (&Frame, &[f32], usize),
    sum: &mut [f32],
) {
    let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
    let mut factors = [simd.splat_f32s(0.0); ROWS];
    for (i, (row, factor)) in rows.iter_mut().zip(&mut factors).enumerate() {
        let numbers = row_of(group, (frame, window), output + i);
        // Any numbers in the place of those beyond the frame: they do not count.
        *row = if numbers.is_empty() {
            &window[..frame.pitch()]
        } else {
            numbers
        };
        *factor = simd.splat_f32s(if numbers.is_empty() { 0.0 } else { group.large_factors[i] });
    }
    let mut vectors: [&[S::f32s]; ROWS] = [&[]; ROWS];
    let n_vectors = frame.pitch() / S::F32_LANES;
    for (vectors, row) in vectors.iter_mut().zip(&rows) {
        // Equal lengths, told to the compiler, take the bounds checks out of the loop.
        *vectors = &S::as_simd_f32s(row).0[..n_vectors];
    }
    let (sums, rest) = S::as_mut_simd_f32s(sum);
    for (i, sum) in sums[..n_vectors].iter_mut().enumerate() {
        let mut total = simd.splat_f32s(0.0);
        for (vectors, factor) in vectors.iter().zip(&factors) {
            total = simd.mul_add_e_f32s(vectors[i], *factor, total);
        }
        *sum = total;
    }
    let mut total = simd.splat_f32s(0.0);
    for (row, factor) in rows.iter().zip(&factors) {
        total = simd.mul_add_e_f32s(simd.partial_load_f32s(&row[n_vectors * S::F32_LANES..]), *factor, total);
    }
    simd.partial_store_f32s(rest, total);
}

/// Lays the runs of a row of pixels into panels, from the position `first` of `n_positions` on.
#[inline(always)]
fn lay_runs<S: Simd>(
    row: &[f32],
    columns: &[(usize, usize)],
    part: Range<usize>,
    (first, n_positions): (usize, usize),
    panels: &mut [f32],
) {
    if panel_rows::<S>() == 8 {
        lay_runs_of::<8>(row, columns, part, (first, n_positions), panels);
    } else {
        lay_runs_of::<4>(row, columns, part, (first, n_positions), panels);
    }
}

#[inline(always)]
fn lay_runs_of<const ROWS: usize>(
    row: &[f32],
    columns: &[(usize, usize)],
    part: Range<usize>,
    (first, n_positions): (usize, usize),
    panels: &mut [f32],
) {
    let panels = panels.as_chunks_mut::<ROWS>().0.chunks_exact_mut(n_positions);
    for (start, panel) in part.clone().step_by(ROWS).zip(panels) {
        let places = panel[first..].iter_mut().zip(columns);
        if part.end - start >= ROWS {
            for (place, (run, _)) in places {
                place.copy_from_slice(&row[run + start..][..ROWS]);
            }
        } else {
            for (place, (run, _)) in places {
                let numbers = &row[run + start..run + part.end];
                for (i, to) in place.iter_mut().enumerate() {
                    *to = numbers.get(i).copied().unwrap_or(0.0);
                }
            }
        }
    }
}

/// Lays the sums of a tile of rows of the small map into a panel: of each pixel the channels from `channel` on.
#[inline(always)]
fn lay_pixels<S: Simd>(
    simd: S,
    group: &Group,
    (frame, window, tile): (&Frame, &[f32], Range<usize>),
    (columns, channel): (&[(usize, usize)], usize),
    panel: &mut [f32],
) {
    let from = (frame, window, tile);
    match (
        group.small_factors.len() == TILE_ROWS,
        panel.len() == 2 * S::F32_LANES * columns.len(),
    ) {
        (true, true) => lay_sums::<S, TILE_ROWS, 2>(simd, group, from, (columns, channel), panel),
        (true, false) => lay_sums::<S, TILE_ROWS, 1>(simd, group, from, (columns, channel), panel),
        (false, true) => lay_sums::<S, 1, 2>(simd, group, from, (columns, channel), panel),
        (false, false) => lay_sums::<S, 1, 1>(simd, group, from, (columns, channel), panel),
    }
}

#[inline(always)]
fn lay_sums<S: Simd, const ROWS: usize, const WIDTH: usize>(
    simd: S,
    group: &Group,
    (frame, window, tile): (&Frame, &[f32], Range<usize>),
    (columns, channel): (&[(usize, usize)], usize),
    panel: &mut [f32],
) {
    let n_channels = frame.map.channels;
    let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
    let mut factors = [simd.splat_f32s(0.0); ROWS];
    for (i, (row, factor)) in rows.iter_mut().zip(&mut factors).enumerate() {
        let y = tile.start + i;
        // Any row in the place of those beyond the last: they do not count.
        *row = &window[frame.row(y.min(tile.end - 1))..][..frame.map.width * n_channels];
        *factor = simd.splat_f32s(if y < tile.end { group.small_factors[i] } else { 0.0 });
    }
    let len = (n_channels - channel).min(WIDTH * S::F32_LANES);
    let places = S::as_mut_simd_f32s(panel).0.as_chunks_mut::<WIDTH>().0;
    for ((_, pixel), place) in columns.iter().zip(places) {
        let mut totals = [simd.splat_f32s(0.0); WIDTH];
        for (row, factor) in rows.iter().zip(&factors) {
            let numbers = &row[pixel + channel..][..len];
            match S::as_simd_f32s(numbers).0.as_chunks::<WIDTH>().0.first() {
                Some(numbers) => {
                    for (total, numbers) in totals.iter_mut().zip(numbers) {
                        *total = simd.mul_add_e_f32s(*numbers, *factor, *total);
                    }
                }
                None => {
                    for (total, numbers) in totals.iter_mut().zip(numbers.chunks(S::F32_LANES)) {
                        *total = simd.mul_add_e_f32s(load(simd, numbers), *factor, *total);
                    }
                }
            }
        }
        *place = totals;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::convolution::tests::{any_convolution, for_each_product, framed};
    use crate::nn::kernels::{numbers, on_every_processor};

    #[derive(Clone)]
    struct Add {
        convolution: Convolution,
        n_windows: usize,
        is_minimal: bool,
        /// Columns of the kernel in each part.
        n_columns: usize,
    }

    impl WithSimd for Add {
        /// `[height, width, large channels, small channels]`
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let large = Frame {
                map: self.convolution.large,
                margin: self.convolution.margin(Direction::Down),
            };
            let small = Frame::dense(self.convolution.small);
            let gradient = WeightGradient::filtered(self.convolution, large, small, self.is_minimal);
            let larges = framed(&numbers(self.n_windows * large.map.n_values(), 1.0), &large);
            let smalls = numbers(self.n_windows * small.map.n_values(), 2.0);
            let group_len = gradient.run_len() * small.map.channels;
            let mut groups = vec![vec![0.0; group_len]; gradient.n_groups()];
            let part_len = self.n_columns * large.map.channels;
            let mut workspace = Workspace {
                larges: vec![f32::NAN; 7],
                smalls: vec![f32::NAN; 7],
                row: vec![f32::NAN; 7],
            };
            for (group, sums) in groups.iter_mut().enumerate() {
                for (i, sums) in sums.chunks_mut(part_len * small.map.channels).enumerate() {
                    let part = i * part_len..i * part_len + sums.len() / small.map.channels;
                    add_weight_gradient(simd, &gradient, (group, part), (&larges, &smalls), sums, &mut workspace);
                }
            }
            let mut sums = vec![0.0; self.convolution.n_weights()];
            for (row, sums) in sums.chunks_mut(group_len).enumerate() {
                for (group, factor) in gradient.groups_of(row) {
                    for (sum, of_group) in sums.iter_mut().zip(&groups[*group]) {
                        *sum += factor * of_group;
                    }
                }
            }
            sums
        }
    }

    proptest! {
        #[test]
        fn every_weight_gets_its_sum_over_pixels(
            convolution in any_convolution(),
            n_windows in 1usize..4,
            is_minimal: bool,
            n_columns in 1usize..4,
        ) {
            let Convolution { large, small, kernel, .. } = convolution;
            let (larges, smalls) = (numbers(n_windows * large.n_values(), 1.0), numbers(n_windows * small.n_values(), 2.0));
            let mut expected = vec![0.0; convolution.n_weights()];
            for_each_product(&convolution, n_windows, |large, small, weight| {
                expected[weight] += f64::from(larges[large]) * f64::from(smalls[small]);
            });
            for found in on_every_processor(&Add { convolution, n_windows, is_minimal, n_columns }) {
                for (i, found) in found.iter().enumerate() {
                    let (tap_and_l, s) = (i / small.channels, i % small.channels);
                    let (tap, l) = (tap_and_l / large.channels, tap_and_l % large.channels);
                    let expected = expected[(s * large.channels + l) * kernel[0] * kernel[1] + tap];
                    prop_assert!((f64::from(*found) - expected).abs() < 1e-4 * (1.0 + expected.abs()));
                }
            }
        }
    }
}
