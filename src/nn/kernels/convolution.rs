//! Standard and transposed convolutions without unfolding the input.
//!
//! Loop order: windows in groups; in a group the product's own order, a block of output channels outermost, whose weights are
//! read once for all pixels of the group, and tiles of pixels inside it. Kernels of 3 x 3 between 256 and 512 channels take
//! 4.7 MB, more than the second cache holds, over maps of only 4 x 4 pixels: a group has so many windows that each weight that
//! comes from afar meets at least [`PIXELS_PER_GROUP`] pixels. The kernel's rows are the product's taps: within a row, columns
//! and channels lie side by side in the input, which is what channels innermost are good for.
//!
//! Two kinds of convolutions go other ways: high kernels over wide maps ([`super::winograd`]), and transposed ones to a few
//! channels ([`super::scatter`]).

use pulp::Simd;

use super::floor::Floor;
use super::geometry::{Convolution, Direction, Frame, Phase, phases};
use super::product::{Packed, product, store_all};
use super::scatter::{Scatter, scatter};
use super::winograd::{LONGEST_FILTER, Winograd, filter};

/// Below this, fetching a weight takes longer than using it.
const PIXELS_PER_GROUP: usize = 64;

/// Up to so many output channels a transposed convolution is scattered: gathered, it would use so many lanes of a vector.
const SCATTERED_CHANNELS: usize = 4;

/// Winograd's algorithm gains where kernels are higher than this,
const WINOGRAD_HEIGHT: usize = 3;
/// where the larger matrices that it needs meet at least so many pixels,
const WINOGRAD_PIXELS: usize = 256;
/// and where so many channels pay for its sums of rows.
const WINOGRAD_CHANNELS: usize = 16;

/// Whether Winograd's algorithm gains.
pub(super) fn is_worth_winograd(convolution: &Convolution) -> bool {
    let n_channels = convolution.large.channels.min(convolution.small.channels);
    let is_wide = convolution.small.n_pixels() >= WINOGRAD_PIXELS && n_channels >= WINOGRAD_CHANNELS;
    let (height, stride) = (convolution.kernel[0], convolution.stride[0]);
    is_wide && height > WINOGRAD_HEIGHT && height.div_ceil(stride) <= LONGEST_FILTER
}

/// A convolution in one direction between maps that lie in given frames.
#[derive(Debug, Clone)]
pub(in crate::nn) struct Pass {
    convolution: Convolution,
    direction: Direction,
    pub input: Frame,
    pub output: Frame,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    /// The phases, over the windows of a group.
    Gather {
        phases: Vec<Phase>,
        n_group: usize,
    },
    Scatter(Scatter),
    Winograd(Winograd),
}

impl Pass {
    /// The input's frame has the margin that the convolution needs in this direction, or more; the output's frame may be any.
    pub(in crate::nn) fn new(convolution: Convolution, direction: Direction, input: Frame, output: Frame) -> Self {
        let winograd = is_worth_winograd(&convolution)
            .then(|| Winograd::new(&convolution, direction, &input, &output))
            .flatten();
        let way = if direction == Direction::Up && output.map.channels <= SCATTERED_CHANNELS {
            Way::Scatter(Scatter::new(&convolution, &input))
        } else if let Some(winograd) = winograd {
            Way::Winograd(winograd)
        } else {
            gather(&convolution, direction, &input, &output)
        };
        Self {
            convolution,
            direction,
            input,
            output,
            way,
        }
    }

    /// Windows that the kernel takes together, so that it is best given as many.
    pub(in crate::nn) fn n_together(&self) -> usize {
        match self.way {
            Way::Gather { n_group, .. } => n_group,
            Way::Scatter(_) | Way::Winograd(_) => 1,
        }
    }

    /// `weights`, `[small channels, large channels, height, width]`, in the order in which [`convolve`] reads them, those that
    /// lead to output channel `c` times `scale(c)`.
    pub(in crate::nn) fn pack(&self, weights: &[f32], scale: impl Fn(usize) -> f32, n_lanes: usize) -> Vec<Packed> {
        let [height, width] = self.convolution.kernel;
        let (small_pitch, large_pitch) = (self.convolution.large.channels * height * width, height * width);
        let (input_pitch, output_pitch) = match self.direction {
            Direction::Down => (large_pitch, small_pitch),
            Direction::Up => (small_pitch, large_pitch),
        };
        let (n_inputs, n_outputs) = (self.input.map.channels, self.output.map.channels);
        let phases = match &self.way {
            Way::Gather { phases, .. } => phases,
            Way::Scatter(scatter) => return vec![scatter.pack(weights, scale, n_inputs, n_lanes)],
            Way::Winograd(winograd) => {
                let weight = |y: usize, x: usize, input: usize, output: usize| {
                    weights[y * width + x + input * input_pitch + output * output_pitch] * scale(output)
                };
                return winograd.pack((n_inputs, n_outputs), weight, n_lanes);
            }
        };
        let packed = phases.iter().map(|phase| {
            let [rows, columns] = &phase.taps;
            let taps: Vec<usize> = rows.iter().flat_map(|y| columns.iter().map(move |x| y * width + x)).collect();
            Packed::of_taps((taps.len(), n_inputs), n_outputs, n_lanes, |tap, k, c| {
                weights[taps[tap] + k * input_pitch + c * output_pitch] * scale(c)
            })
        });
        packed.collect()
    }
}

fn gather(convolution: &Convolution, direction: Direction, input: &Frame, output: &Frame) -> Way {
    let mut phases = phases(convolution, direction, input, output);
    let n_pixels = phases.iter().map(|phase| phase.inputs.len()).max().unwrap_or(0);
    let n_group = PIXELS_PER_GROUP.div_ceil(n_pixels.max(1));
    for phase in &mut phases {
        phase.inputs = repeated(&phase.inputs, n_group, input.n_values());
        phase.outputs = repeated(&phase.outputs, n_group, output.n_values());
    }
    Way::Gather { phases, n_group }
}

/// `offsets` of one window, for `n` windows that lie `pitch` apart.
pub(super) fn repeated(offsets: &[usize], n: usize, pitch: usize) -> Vec<usize> {
    (0..n)
        .flat_map(|i| offsets.iter().map(move |offset| i * pitch + offset))
        .collect()
}

/// Convolves windows that lie one after another in their frames; `bias` has a number for each output channel, padded with
/// zeros to whole vectors. Writes the maps and leaves their margins alone. `workspace` spares an allocation at every call: it may
/// hold anything.
#[inline(always)]
pub(in crate::nn) fn convolve<S: Simd>(
    simd: S,
    pass: &Pass,
    (weights, bias, activation): (&[Packed], &[f32], Floor),
    inputs: &[f32],
    outputs: &mut [f32],
    workspace: &mut Vec<f32>,
) {
    let (from_len, to_len) = (pass.input.n_values(), pass.output.n_values());
    match &pass.way {
        Way::Gather { phases, n_group } => {
            for (inputs, outputs) in inputs.chunks(n_group * from_len).zip(outputs.chunks_mut(n_group * to_len)) {
                for (phase, weights) in phases.iter().zip(weights) {
                    let n_pixels = phase.inputs.len() / n_group * (inputs.len() / from_len);
                    gather_phase(simd, pass, (phase, n_pixels), (weights, bias, activation), inputs, outputs);
                }
            }
        }
        Way::Scatter(way) => {
            for (input, output) in inputs.chunks(from_len).zip(outputs.chunks_mut(to_len)) {
                scatter(simd, way, (&weights[0], bias, activation), input, &pass.output, output);
            }
        }
        Way::Winograd(way) => {
            for (input, output) in inputs.chunks(from_len).zip(outputs.chunks_mut(to_len)) {
                filter(
                    simd,
                    way,
                    (weights, bias, activation),
                    (&pass.input, input),
                    (&pass.output, output),
                    workspace,
                );
            }
        }
    }
}

#[inline(always)]
fn gather_phase<S: Simd>(
    simd: S,
    pass: &Pass,
    (phase, n_pixels): (&Phase, usize),
    (weights, bias, activation): (&Packed, &[f32], Floor),
    inputs: &[f32],
    outputs: &mut [f32],
) {
    let (from, to) = (&phase.inputs[..n_pixels], &phase.outputs[..n_pixels]);
    let (n_channels, pitch) = (pass.output.map.channels, pass.input.pitch());
    let run_len = phase.taps[1].len() * pass.input.map.channels;
    let floor = simd.splat_f32s(activation.floor());
    product(
        simd,
        (n_pixels, phase.taps[0].len().max(1)),
        #[inline(always)]
        |m, run| &inputs[from[m] + run * pitch..][..run_len],
        weights,
        bias,
        #[inline(always)]
        |m, first, sums| {
            let to = &mut outputs[to[m] + first..to[m] + n_channels];
            let mut kept = [floor; 2];
            for (kept, sum) in kept.iter_mut().zip(sums) {
                // In this order what is not a number stays so.
                *kept = simd.max_f32s(floor, *sum);
            }
            store_all(simd, to, &kept[..sums.len()]);
        },
    );
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::geometry::{MapShape, Margin};
    use crate::nn::kernels::product::padded;
    use crate::nn::kernels::{numbers, on_every_processor};

    pub(in crate::nn::kernels) fn any_convolution() -> impl Strategy<Value = Convolution> {
        let axis = (1usize..7, 1usize..6, 1usize..4);
        (axis.clone(), axis, 1usize..20, 1usize..40).prop_flat_map(|(rows, columns, large_channels, small_channels)| {
            (0..rows.1, 0..columns.1).prop_map(move |(top, left)| {
                // The large side is as long as the kernel demands, and at times a little longer than it reaches.
                let large = |(small, kernel, stride): (usize, usize, usize), padding: usize| {
                    ((small - 1) * stride + kernel + (small + padding) % stride)
                        .saturating_sub(2 * padding)
                        .max(1)
                };
                Convolution {
                    large: MapShape {
                        height: large(rows, top),
                        width: large(columns, left),
                        channels: large_channels,
                    },
                    small: MapShape {
                        height: rows.0,
                        width: columns.0,
                        channels: small_channels,
                    },
                    kernel: [rows.1, columns.1],
                    stride: [rows.2, columns.2],
                    padding: [top, left],
                }
            })
        })
    }

    /// Every triple that a convolution consists of: a number of the large maps, one of the small maps, and the weight that joins
    /// them; by the definition, over windows that lie one after another without margins.
    pub(in crate::nn::kernels) fn for_each_product(
        convolution: &Convolution,
        n_windows: usize,
        mut join: impl FnMut(usize, usize, usize),
    ) {
        let Convolution {
            large,
            small,
            kernel,
            stride,
            padding,
        } = *convolution;
        let range = |n: usize| 0..n;
        for window in range(n_windows) {
            for (y, x) in range(small.height).flat_map(|y| range(small.width).map(move |x| (y, x))) {
                for (i, j) in range(kernel[0]).flat_map(|i| range(kernel[1]).map(move |j| (i, j))) {
                    let (above, left) = (y * stride[0] + i, x * stride[1] + j);
                    if !(padding[0]..padding[0] + large.height).contains(&above)
                        || !(padding[1]..padding[1] + large.width).contains(&left)
                    {
                        continue;
                    }
                    let large_pixel = (window * large.height + above - padding[0]) * large.width + left - padding[1];
                    let small_pixel = (window * small.height + y) * small.width + x;
                    for (l, s) in range(large.channels).flat_map(|l| range(small.channels).map(move |s| (l, s))) {
                        let weight = ((s * large.channels + l) * kernel[0] + i) * kernel[1] + j;
                        join(large_pixel * large.channels + l, small_pixel * small.channels + s, weight);
                    }
                }
            }
        }
    }

    /// Maps that lie one after another, each put into its frame; the margins hold zeros.
    pub(in crate::nn::kernels) fn framed(maps: &[f32], frame: &Frame) -> Vec<f32> {
        let n_windows = maps.len() / frame.map.n_values();
        let mut framed = vec![0.0; n_windows * frame.n_values()];
        for (map, framed) in maps.chunks(frame.map.n_values()).zip(framed.chunks_mut(frame.n_values())) {
            for (row, place) in map.chunks(frame.map.width * frame.map.channels).zip(frame.rows()) {
                framed[place].copy_from_slice(row);
            }
        }
        framed
    }

    #[derive(Clone)]
    struct Convolve {
        convolution: Convolution,
        direction: Direction,
        output: Frame,
        n_windows: usize,
        is_winograd: bool,
    }

    impl WithSimd for Convolve {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let input = Frame {
                map: self.convolution.input(self.direction),
                margin: self.convolution.margin(self.direction),
            };
            let mut pass = Pass::new(self.convolution, self.direction, input, self.output);
            if self.is_winograd
                && let Some(winograd) = Winograd::new(&self.convolution, self.direction, &input, &self.output)
            {
                pass.way = Way::Winograd(winograd);
            }
            let inputs = framed(&numbers(self.n_windows * input.map.n_values(), 1.0), &input);
            let weights = pass.pack(&numbers(self.convolution.n_weights(), 2.0), |c| c as f32 - 1.5, S::F32_LANES);
            let bias = padded(numbers(self.output.map.channels, 3.0).into_iter(), S::F32_LANES);
            let mut outputs = vec![f32::NAN; self.n_windows * self.output.n_values()];
            let layer = (weights.as_slice(), bias.as_slice(), Floor::Relu);
            convolve(simd, &pass, layer, &inputs, &mut outputs, &mut vec![f32::NAN; 7]);
            outputs
        }
    }

    proptest! {
        #[test]
        fn every_output_is_its_definition(
            convolution in any_convolution(),
            is_down: bool,
            is_winograd: bool,
            n_windows in 1usize..4,
            margin in (0usize..3, 0usize..3),
        ) {
            let direction = if is_down { Direction::Down } else { Direction::Up };
            let inputs = numbers(n_windows * convolution.input(direction).n_values(), 1.0);
            let weights = numbers(convolution.n_weights(), 2.0);
            let map = convolution.output(direction);
            let output = Frame { map, margin: Margin { before: [margin.0, margin.1], after: [margin.1, 0] } };
            let (mut sums, mut sizes) = (vec![0.0; n_windows * map.n_values()], vec![0.0; n_windows * map.n_values()]);
            for_each_product(&convolution, n_windows, |large, small, weight| {
                let (from, to) = if is_down { (large, small) } else { (small, large) };
                let term = f64::from(inputs[from]) * f64::from(weights[weight]);
                sums[to] += term;
                sizes[to] += term.abs();
            });
            let bias = numbers(map.channels, 3.0);
            let expected: Vec<f32> = sums.iter().enumerate().map(|(i, sum)| {
                let c = i % map.channels;
                (sum * (c as f64 - 1.5) + f64::from(bias[c])).max(0.0) as f32
            }).collect();
            // Where terms cancel each other, their rounding errors stay.
            let largest = sizes.iter().enumerate().fold(1.0, |largest: f64, (i, size)| {
                largest.max(size * ((i % map.channels) as f64 - 1.5).abs())
            });
            for found in on_every_processor(&Convolve { convolution, direction, output, n_windows, is_winograd }) {
                for (found, expected) in found.chunks(output.n_values()).zip(expected.chunks(map.n_values())) {
                    let maps: Vec<f32> = output.rows().flat_map(|row| found[row].to_vec()).collect();
                    let n_written = found.iter().filter(|value| !value.is_nan()).count();
                    prop_assert_eq!(n_written, map.n_values(), "margins are left alone");
                    for (found, expected) in maps.iter().zip(expected) {
                        prop_assert!(f64::from(found - expected).abs() < 3e-6 * largest, "{} {}", found, expected);
                    }
                }
            }
        }
    }
}
