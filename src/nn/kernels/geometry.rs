//! Which pixels make which: standard and transposed convolutions as plain sums over rows of numbers.
//!
//! A convolution leads from a large map down to a small one, its adjoint, the transposed convolution, from the small map up to
//! the large one; each is the other's gradient with respect to its input. Either way, every output is a sum over runs: numbers
//! that lie side by side in a row of the input, as long as the kernel is wide. Where the stride is above 1, the way up falls
//! into one phase for each remainder of the output's place: in a phase all outputs are made by the same part of the kernel.

use std::ops::Range;

/// Size of a feature map. Its channels lie innermost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::nn) struct MapShape {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl MapShape {
    pub(in crate::nn) fn n_pixels(self) -> usize {
        self.height * self.width
    }

    pub(in crate::nn) fn n_values(self) -> usize {
        self.n_pixels() * self.channels
    }
}

/// Rows and columns of zeros around a map, so that no kernel has to look for its edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::nn) struct Margin {
    /// Above, left.
    pub before: [usize; 2],
    /// Below, right.
    pub after: [usize; 2],
}

/// How a map lies in memory: inside a margin of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::nn) struct Frame {
    pub map: MapShape,
    pub margin: Margin,
}

impl Frame {
    pub(in crate::nn) fn dense(map: MapShape) -> Self {
        Self {
            map,
            margin: Margin::default(),
        }
    }

    /// Numbers in a row, its margin included.
    pub(in crate::nn) fn pitch(&self) -> usize {
        (self.margin.before[1] + self.map.width + self.margin.after[1]) * self.map.channels
    }

    /// Numbers in the map and its margin.
    pub(in crate::nn) fn n_values(&self) -> usize {
        (self.margin.before[0] + self.map.height + self.margin.after[0]) * self.pitch()
    }

    /// Where the row `y` of the map begins.
    pub(in crate::nn) fn row(&self, y: usize) -> usize {
        (y + self.margin.before[0]) * self.pitch() + self.margin.before[1] * self.map.channels
    }

    /// Where the pixel begins.
    pub(in crate::nn) fn pixel(&self, y: usize, x: usize) -> usize {
        self.row(y) + x * self.map.channels
    }

    /// Where each pixel of the map lies, row by row.
    #[inline(always)]
    pub(in crate::nn) fn pixels(self) -> impl Iterator<Item = Range<usize>> {
        let n_channels = self.map.channels;
        let pixels_of_row = move |row: Range<usize>| row.step_by(n_channels).map(move |at| at..at + n_channels);
        self.rows().flat_map(pixels_of_row)
    }

    /// Where each row of the map lies, margins left out.
    pub(in crate::nn) fn rows(self) -> impl Iterator<Item = Range<usize>> {
        let len = self.map.width * self.map.channels;
        (0..self.map.height).map(move |y| self.row(y)..self.row(y) + len)
    }
}

/// A convolution between two maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::nn) struct Convolution {
    /// What a standard convolution reads and a transposed one writes.
    pub large: MapShape,
    /// What a standard convolution writes and a transposed one reads.
    pub small: MapShape,
    /// Height, width.
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
}

/// Which way a convolution goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::nn) enum Direction {
    /// From the large map to the small one: a standard convolution, or the gradient of a transposed one's input.
    Down,
    /// From the small map to the large one: a transposed convolution, or the gradient of a standard one's input.
    Up,
}

impl Convolution {
    /// Numbers in the kernels, `[small channels, large channels, height, width]`: PyTorch's order for both directions.
    pub(in crate::nn) fn n_weights(&self) -> usize {
        self.small.channels * self.large.channels * self.kernel[0] * self.kernel[1]
    }

    pub(in crate::nn) fn input(&self, direction: Direction) -> MapShape {
        match direction {
            Direction::Down => self.large,
            Direction::Up => self.small,
        }
    }

    pub(in crate::nn) fn output(&self, direction: Direction) -> MapShape {
        match direction {
            Direction::Down => self.small,
            Direction::Up => self.large,
        }
    }

    /// The zeros that the input needs around it.
    pub(in crate::nn) fn margin(&self, direction: Direction) -> Margin {
        let [(top, bottom), (left, right)] = [0, 1].map(|axis| {
            let steps = self.steps(direction, axis);
            let n_inputs = self.side(self.input(direction), axis) as isize;
            let before = steps.iter().map(|step| -step.first_input()).max();
            let after = steps.iter().map(|step| step.last_input() + 1 - n_inputs).max();
            (before.unwrap_or(0).max(0) as usize, after.unwrap_or(0).max(0) as usize)
        });
        Margin {
            before: [top, left],
            after: [bottom, right],
        }
    }

    fn side(&self, map: MapShape, axis: usize) -> usize {
        [map.height, map.width][axis]
    }

    fn steps(&self, direction: Direction, axis: usize) -> Vec<Steps> {
        let (kernel, stride, padding) = (self.kernel[axis], self.stride[axis], self.padding[axis] as isize);
        match direction {
            Direction::Down => vec![Steps {
                taps: (0..kernel).collect(),
                first_input: -padding,
                input_stride: stride,
                first_output: 0,
                output_stride: 1,
                n_outputs: self.side(self.small, axis),
            }],
            Direction::Up => {
                let n_outputs = self.side(self.large, axis);
                let phases = (0..stride.min(n_outputs)).map(|phase| {
                    // Output o gets input i through tap o + padding - i · stride: taps fall while inputs rise.
                    let remainder = (phase + self.padding[axis]) % stride;
                    let taps: Vec<usize> = (remainder..kernel).step_by(stride).rev().collect();
                    let last_tap = taps.first().map_or(0, |&tap| tap as isize);
                    Steps {
                        first_input: (phase as isize + padding - last_tap).div_euclid(stride as isize),
                        taps,
                        input_stride: 1,
                        first_output: phase,
                        output_stride: stride,
                        n_outputs: (n_outputs - phase).div_ceil(stride),
                    }
                });
                phases.collect()
            }
        }
    }
}

/// The outputs of a phase along one axis, and what they are made of.
#[derive(Debug, Clone)]
struct Steps {
    /// Places in the kernel, in the order of the inputs.
    taps: Vec<usize>,
    /// The input of the first tap for the first output.
    first_input: isize,
    input_stride: usize,
    first_output: usize,
    output_stride: usize,
    n_outputs: usize,
}

impl Steps {
    fn first_input(&self) -> isize {
        if self.taps.is_empty() { 0 } else { self.first_input }
    }

    fn last_input(&self) -> isize {
        self.first_input() + ((self.n_outputs - 1) * self.input_stride + self.taps.len()) as isize - 1
    }
}

/// Outputs that are made by the same part of the kernel.
#[derive(Debug, Clone)]
pub(in crate::nn) struct Phase {
    /// Places in the kernel: those of a run, and where each run lies in it.
    pub taps: [Vec<usize>; 2],
    /// Where the first run of each output begins, from the begin of its frame.
    pub inputs: Vec<usize>,
    /// Where each output pixel lies, from the begin of its frame.
    pub outputs: Vec<usize>,
}

/// Output rows that are made by the same rows of the kernel.
#[derive(Debug, Clone)]
pub(in crate::nn) struct RowPhase {
    pub first_output: usize,
    pub output_stride: usize,
    pub n_outputs: usize,
    pub bands: Vec<Band>,
}

/// Rows of the kernel that meet equally distant rows of the input: output `i` of its phase gets row
/// `first_input + (i + t) · input_step` through tap `t`.
#[derive(Debug, Clone)]
pub(in crate::nn) struct Band {
    pub taps: Vec<usize>,
    /// From the begin of the map.
    pub first_input: isize,
    pub input_step: usize,
}

/// The rows of a convolution's outputs by phases.
pub(in crate::nn) fn row_phases(convolution: &Convolution, direction: Direction) -> Vec<RowPhase> {
    let steps = convolution.steps(direction, 0).into_iter();
    let phases = steps.map(|steps| {
        let n_bands = steps.input_stride.min(steps.taps.len());
        let bands = (0..n_bands).map(|band| Band {
            taps: steps.taps.iter().skip(band).step_by(steps.input_stride).copied().collect(),
            first_input: steps.first_input + band as isize,
            input_step: steps.input_stride,
        });
        RowPhase {
            first_output: steps.first_output,
            output_stride: steps.output_stride,
            n_outputs: steps.n_outputs,
            bands: bands.collect(),
        }
    });
    phases.collect()
}

/// Outputs of a row that are made by the same columns of the kernel.
#[derive(Debug, Clone)]
pub(in crate::nn) struct ColumnPhase {
    pub taps: Vec<usize>,
    /// Where the run of each output begins in a row of the input's frame.
    pub inputs: Vec<usize>,
    /// Where each output lies, from the first pixel of its row on.
    pub outputs: Vec<usize>,
}

/// The columns of a convolution's outputs by phases.
pub(in crate::nn) fn column_phases(
    convolution: &Convolution,
    direction: Direction,
    input: &Frame,
    output: &Frame,
) -> Vec<ColumnPhase> {
    let steps = convolution.steps(direction, 1).into_iter();
    let phases = steps.map(|steps| {
        let first = steps.first_input() + input.margin.before[1] as isize;
        let (from, to) = (input.map.channels, output.map.channels);
        ColumnPhase {
            inputs: (0..steps.n_outputs)
                .map(|i| (first as usize + i * steps.input_stride) * from)
                .collect(),
            outputs: (0..steps.n_outputs)
                .map(|i| (steps.first_output + i * steps.output_stride) * to)
                .collect(),
            taps: steps.taps,
        }
    });
    phases.collect()
}

/// The phases of a convolution between maps that lie in these frames.
pub(in crate::nn) fn phases(convolution: &Convolution, direction: Direction, input: &Frame, output: &Frame) -> Vec<Phase> {
    let [rows, columns] = [0, 1].map(|axis| convolution.steps(direction, axis));
    let pairs = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
    let phases = pairs.map(|(row, column)| {
        let mut phase = Phase {
            taps: [row.taps.clone(), column.taps.clone()],
            inputs: Vec::with_capacity(row.n_outputs * column.n_outputs),
            outputs: Vec::with_capacity(row.n_outputs * column.n_outputs),
        };
        for i in 0..row.n_outputs {
            for j in 0..column.n_outputs {
                let place = |steps: &Steps, i: usize, axis: usize| {
                    let input_idx = steps.first_input() + (i * steps.input_stride + input.margin.before[axis]) as isize;
                    (input_idx as usize, steps.first_output + i * steps.output_stride)
                };
                let ((from_y, to_y), (from_x, to_x)) = (place(row, i, 0), place(column, j, 1));
                phase.inputs.push(from_y * input.pitch() + from_x * input.map.channels);
                phase.outputs.push(output.pixel(to_y, to_x));
            }
        }
        phase
    });
    phases.collect()
}
