//! Convolutional layers one after another, computed by our own kernels: the processor's way through an autoencoder.
//!
//! A network describes itself as a list of [`Layer`]s, standard and transposed convolutions with batch norm and ReLU or without.
//! [`Inference`] runs them with the norms folded into the weights; [`Training`] runs them forwards and backwards. Every map lies
//! in a frame whose margin of zeros is what the next layer needs, so that a layer writes where the next one reads.

mod batch_norm;
mod dispatch;
mod inference;
mod training;
mod weights;

pub(super) use inference::{FoldedLayer, Inference};
pub(super) use training::TrainingBlock;

use super::kernels::geometry::{Convolution, Direction, Frame, MapShape};

/// Which outputs share a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bias {
    /// Those of a channel.
    PerChannel,
    /// None: `[channels, height, width]`, as where a dense layer makes a map.
    PerValue,
}

/// A convolution and what follows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    pub convolution: Convolution,
    /// Down: a standard convolution. Up: a transposed one.
    pub direction: Direction,
    pub bias: Bias,
    /// Batch norm and ReLU follow.
    pub has_norm: bool,
}

impl Layer {
    fn input(&self) -> MapShape {
        self.convolution.input(self.direction)
    }

    fn output(&self) -> MapShape {
        self.convolution.output(self.direction)
    }

    fn n_biases(&self) -> usize {
        match self.bias {
            Bias::PerChannel => self.output().channels,
            Bias::PerValue => self.output().n_values(),
        }
    }

    /// Weights, biases, and where there is a batch norm its factors and offsets, in this order.
    fn n_parameters(&self) -> usize {
        let n_of_norm = if self.has_norm { 2 * self.output().channels } else { 0 };
        self.convolution.n_weights() + self.n_biases() + n_of_norm
    }
}

/// The frames of the maps between the layers: the input of each, and the output of the last one, which has no margin.
fn frames(layers: &[Layer]) -> Vec<Frame> {
    let inputs = layers.iter().map(|layer| Frame {
        map: layer.input(),
        margin: layer.convolution.margin(layer.direction),
    });
    let output = layers.last().map(|layer| Frame::dense(layer.output()));
    inputs.chain(output).collect()
}

/// Windows that lie one after another without margins, each put into its frame.
fn put_into_frames(windows: &[f32], frame: &Frame, framed: &mut [f32]) {
    for (window, framed) in windows.chunks(frame.map.n_values()).zip(framed.chunks_mut(frame.n_values())) {
        for (row, place) in window.chunks(frame.map.width * frame.map.channels).zip(frame.rows()) {
            framed[place].copy_from_slice(row);
        }
    }
}

/// The windows out of their frames again: as many as `windows` has room for.
fn take_out_of_frames(framed: &[f32], frame: &Frame, windows: &mut [f32]) {
    for (window, framed) in windows.chunks_mut(frame.map.n_values()).zip(framed.chunks(frame.n_values())) {
        for (row, place) in window.chunks_mut(frame.map.width * frame.map.channels).zip(frame.rows()) {
            row.copy_from_slice(&framed[place]);
        }
    }
}

/// Biases `[channels, height, width]` with the channels innermost.
fn channels_innermost(values: &[f32], map: MapShape) -> Vec<f32> {
    let n_pixels = map.n_pixels();
    let pixels = (0..n_pixels).flat_map(|pixel| (0..map.channels).map(move |c| c * n_pixels + pixel));
    pixels.map(|at| values[at]).collect()
}

/// Adds a number to each number of each window.
fn add_to_each(windows: &mut [f32], frame: &Frame, values: &[f32]) {
    for window in windows.chunks_mut(frame.n_values()) {
        for (place, values) in frame.rows().zip(values.chunks(frame.map.width * frame.map.channels)) {
            for (sum, value) in window[place].iter_mut().zip(values) {
                *sum += value;
            }
        }
    }
}
