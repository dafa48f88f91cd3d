//! The forward pass with fixed weights: norms folded into them, windows spread over the cores.

use std::sync::Mutex;

use rayon::prelude::*;

use super::dispatch::convolve;
use super::{Bias, Layer, add_to_each, channels_innermost, frames, put_into_frames, take_out_of_frames};
use crate::nn::kernels::convolution::Pass;
use crate::nn::kernels::floor::Floor;
use crate::nn::kernels::n_lanes;
use crate::nn::kernels::product::{Packed, padded};

/// Windows that go through the layers together: enough that narrow maps meet each weight often, few enough that wide maps
/// stay in the cache.
const WINDOWS_TOGETHER: usize = 4;

/// The numbers of a layer.
#[derive(Debug, Clone)]
pub(in crate::nn) struct FoldedLayer {
    /// `[small channels, large channels, height, width]`
    pub weights: Vec<f32>,
    /// As many as [`Bias`] says.
    pub bias: Vec<f32>,
    /// Factor and offset of each channel: the layer's batch norm. Empty where there is none.
    pub norm: Vec<(f32, f32)>,
}

/// Layers ready to run.
#[derive(Debug)]
pub(in crate::nn) struct Inference {
    steps: Vec<Step>,
    /// Maps of runs that are over: their margins are zero, and so they stay.
    idle: Mutex<Vec<Maps>>,
}

#[derive(Debug)]
struct Maps {
    /// The input of each layer, [`WINDOWS_TOGETHER`] of them.
    inputs: Vec<Vec<f32>>,
    workspace: Vec<f32>,
}

#[derive(Debug)]
struct Step {
    pass: Pass,
    weights: Vec<Packed>,
    /// A number for each output channel, padded to whole vectors.
    bias: Vec<f32>,
    /// Channels innermost; empty where the outputs of a channel share a bias.
    bias_per_value: Vec<f32>,
    activation: Floor,
}

impl Step {
    fn new(layer: &Layer, pass: Pass, folded: &FoldedLayer) -> Self {
        let n_channels = pass.output.map.channels;
        let norm = |c: usize| folded.norm.get(c).copied().unwrap_or((1.0, 0.0));
        let is_shared = layer.bias == Bias::PerChannel;
        let bias = (0..n_channels).map(|c| match norm(c) {
            (scale, shift) if is_shared => folded.bias[c] * scale + shift,
            (_, shift) => shift,
        });
        Self {
            weights: pass.pack(&folded.weights, |c| norm(c).0, n_lanes()),
            bias: padded(bias, n_lanes()),
            bias_per_value: if is_shared {
                Vec::new()
            } else {
                channels_innermost(&folded.bias, pass.output.map)
            },
            activation: if layer.has_norm { Floor::Relu } else { Floor::None },
            pass,
        }
    }

    fn run(&self, inputs: &[f32], outputs: &mut [f32], workspace: &mut Vec<f32>) {
        let layer = (self.weights.as_slice(), self.bias.as_slice(), self.activation);
        convolve(&self.pass, layer, inputs, outputs, workspace);
        if !self.bias_per_value.is_empty() {
            add_to_each(outputs, &self.pass.output, &self.bias_per_value);
        }
    }
}

impl Inference {
    /// One folded layer for each layer. A layer whose biases differ from place to place has no norm.
    pub(in crate::nn) fn new(layers: &[Layer], folded: &[FoldedLayer]) -> Self {
        let frames = frames(layers);
        let places = frames.par_iter().zip(&frames[1..]);
        let steps = layers.par_iter().zip(places).zip(folded).with_max_len(1);
        let steps = steps.map(|((layer, (input, output)), folded)| {
            let pass = Pass::new(layer.convolution, layer.direction, *input, *output);
            Step::new(layer, pass, folded)
        });
        Self {
            steps: steps.collect(),
            idle: Mutex::default(),
        }
    }

    /// The outputs of windows `[n_windows, height, width, channels]`, in the same order.
    pub(in crate::nn) fn run(&self, windows: &[f32]) -> Vec<f32> {
        self.run_and_show(windows, 0).0
    }

    /// The outputs, and what the layer `shown` gets of each window: pixel by pixel, channels innermost.
    pub(in crate::nn) fn run_and_show(&self, windows: &[f32], shown: usize) -> (Vec<f32>, Vec<f32>) {
        let (Some(first), Some(last), Some(shown_step)) = (self.steps.first(), self.steps.last(), self.steps.get(shown)) else {
            return (windows.to_vec(), windows.to_vec());
        };
        let (from_len, to_len) = (first.pass.input.map.n_values(), last.pass.output.map.n_values());
        let shown_frame = &shown_step.pass.input;
        let shown_len = shown_frame.map.n_values();
        let n_windows = windows.len() / from_len;
        let (mut outputs, mut shown_values) = (vec![0.0; n_windows * to_len], vec![0.0; n_windows * shown_len]);
        let inputs = windows.par_chunks(WINDOWS_TOGETHER * from_len);
        inputs
            .zip(outputs.par_chunks_mut(WINDOWS_TOGETHER * to_len))
            .zip(shown_values.par_chunks_mut(WINDOWS_TOGETHER * shown_len))
            .for_each(|((inputs, outputs), shown_values)| {
                let mut maps = self.take_maps();
                self.run_together(inputs, &mut maps, outputs);
                take_out_of_frames(&maps.inputs[shown], shown_frame, shown_values);
                if let Ok(mut idle) = self.idle.lock() {
                    idle.push(maps);
                }
            });
        (outputs, shown_values)
    }

    fn take_maps(&self) -> Maps {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        idle.unwrap_or_else(|| {
            let frames = self.steps.iter().map(|step| step.pass.input);
            Maps {
                inputs: frames.map(|frame| vec![0.0; WINDOWS_TOGETHER * frame.n_values()]).collect(),
                workspace: Vec::new(),
            }
        })
    }

    fn run_together(&self, windows: &[f32], maps: &mut Maps, outputs: &mut [f32]) {
        let n_windows = windows.len() / self.steps[0].pass.input.map.n_values();
        let Maps { inputs: maps, workspace } = maps;
        put_into_frames(windows, &self.steps[0].pass.input, &mut maps[0]);
        for (i, step) in self.steps.iter().enumerate() {
            let (before, after) = maps.split_at_mut(i + 1);
            let inputs = &before[i][..n_windows * step.pass.input.n_values()];
            match after.first_mut() {
                Some(map) => step.run(inputs, &mut map[..n_windows * step.pass.output.n_values()], workspace),
                None => step.run(inputs, outputs, workspace),
            }
        }
    }
}
