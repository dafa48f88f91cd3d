//! All layers of a net forwards and backwards, over the groups of a batch.

use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::maps::{Frame, Map};
use super::norm::{self, Channel, GradientSums, Moments};
use super::slopes;
use super::sums::{Convolution, dense};
use super::taps::Way;
use crate::exploration::Layer;
use crate::nn::blocks::{Block, Forward, Gradients, Values, Wanted};
use crate::nn::kernels::n_lanes;

/// The layers of a net, ready to be trained.
#[derive(Debug, Clone)]
pub(in crate::nn) struct Abreast(Arc<Net>);

/// A batch norm's running statistics.
#[derive(Debug, Clone)]
pub(in crate::nn) struct RunningNorm {
    pub means: Vec<f32>,
    pub variances: Vec<f32>,
}

#[derive(Debug)]
struct Net {
    steps: Vec<Step>,
    /// Beside the variances of the norms.
    epsilon: f64,
    /// Maps of groups that are over: their margins are zero, and so they stay.
    idle: Mutex<Vec<Maps>>,
}

#[derive(Debug)]
struct Step {
    layer: Layer,
    /// `None`: a dense layer.
    convolution: Option<Convolution>,
    input: Frame,
    output: Frame,
}

/// The maps of a group of windows.
#[derive(Debug)]
struct Maps {
    /// Of each layer the input, and then its gradient; last the output of the net.
    inputs: Vec<Map>,
    /// Of each layer that a norm follows what the norm sees.
    sums: Vec<Option<Map>>,
    n_windows: usize,
}

/// The parameters of a layer, as they lie in the net's: weights, biases, factors and offsets of the norm.
#[derive(Debug, Clone, Copy)]
struct Parameters<'a> {
    /// `[output channels, input channels, side, side]`, or of a dense layer `[inputs, outputs]`.
    weights: &'a [f32],
    bias: &'a [f32],
    factors: &'a [f32],
    offsets: &'a [f32],
}

/// What the backward pass of a batch needs.
struct Kept {
    groups: Vec<Maps>,
    /// Of each layer.
    norms: Vec<Vec<Channel>>,
    /// Of each layer the weights in the order of the way back.
    backwards: Vec<Vec<f32>>,
}

impl Abreast {
    /// `epsilon` stands beside the variances of the norms.
    pub(in crate::nn) fn new(layers: &[Layer], epsilon: f64) -> Self {
        Self(Arc::new(Net {
            steps: layers.iter().map(Step::new).collect(),
            epsilon,
            idle: Mutex::default(),
        }))
    }

    /// What the net makes of `windows` with norms that have settled, and what has become of them after `n_layers` layers,
    /// `[n_windows, channels, frames, bands]`; `parameters` as in [`Block::forward`].
    pub(in crate::nn) fn redraw_and_show(
        &self,
        windows: &[f32],
        parameters: &[f32],
        running: &[RunningNorm],
        n_layers: usize,
    ) -> (Vec<f32>, Vec<f32>) {
        let net = &self.0;
        let parameters = net.of_each_layer(parameters);
        let norms = net.settled(&parameters, running);
        let packed = net.packed(&parameters, Way::Forwards);
        let n_windows = windows.len() / net.input().shape.n_values();
        let (output, shown) = (net.output(), net.steps.get(n_layers).map_or(net.output(), |step| step.input));
        let (output_len, shown_len) = (output.shape.n_values(), shown.shape.n_values());
        let mut redrawn = vec![0.0; n_windows * output_len];
        let mut maps_shown = vec![0.0; n_windows * shown_len];
        let places = redrawn.par_chunks_mut(output_len * n_lanes());
        let places = places.zip(maps_shown.par_chunks_mut(shown_len * n_lanes()));
        let groups = windows.par_chunks(net.input().shape.n_values() * n_lanes());
        groups.zip(places).for_each(|(windows, (redrawn, maps_shown))| {
            let mut maps = net.maps(windows.len() / net.input().shape.n_values());
            maps.inputs[0].take_in(net.input(), windows);
            for (i, step) in net.steps.iter().enumerate() {
                maps.sum_up(i, step, &packed[i], parameters[i].bias);
                maps.normalise(i, step, &norms[i]);
            }
            maps.inputs[n_layers].give_out(shown, maps_shown);
            maps.inputs[net.steps.len()].give_out(output, redrawn);
            net.put_back(vec![maps]);
        });
        (redrawn, maps_shown)
    }
}

impl Block for Abreast {
    fn n_parameters(&self) -> usize {
        self.0.steps.iter().map(Step::n_parameters).sum()
    }

    /// `input` `[n_windows, frames, bands]`; `parameters` layer after layer, of each its weights, biases where no norm follows,
    /// and the norm's factors and offsets.
    fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
        let net = Arc::clone(&self.0);
        let (output, statistics, kept) = net.forward(&input, parameters);
        let shape = net.output().shape;
        Forward {
            output,
            shape: vec![shape.channels, shape.frames, shape.bands],
            statistics,
            backward: Box::new(move |gradient, wanted| net.backward(kept, &gradient, wanted)),
        }
    }
}

impl Net {
    fn input(&self) -> Frame {
        self.steps[0].input
    }

    fn output(&self) -> Frame {
        self.steps[self.steps.len() - 1].output
    }

    /// Output, statistics of the norms, and what the way back needs.
    fn forward(&self, windows: &[f32], parameters: &[f32]) -> (Vec<f32>, Vec<f32>, Kept) {
        let parameters = self.of_each_layer(parameters);
        let packed = self.packed(&parameters, Way::Forwards);
        let window_len = self.input().shape.n_values();
        let mut groups: Vec<Maps> = windows
            .par_chunks(window_len * n_lanes())
            .map(|windows| {
                let mut maps = self.maps(windows.len() / window_len);
                maps.inputs[0].take_in(self.input(), windows);
                maps
            })
            .collect();
        let (mut norms, mut statistics) = (Vec::new(), Vec::new());
        for (i, step) in self.steps.iter().enumerate() {
            let sum_up = |maps: &mut Maps| {
                maps.sum_up(i, step, &packed[i], parameters[i].bias);
                maps.sums[i]
                    .as_ref()
                    .map_or_else(Vec::new, |x| norm::moments(step.output, x, maps.n_windows))
            };
            let of_groups: Vec<Vec<Moments>> = groups.par_iter_mut().map(sum_up).collect();
            let moments = together(&of_groups, Moments::and);
            let channels = parameters[i].channels(moments.iter().map(|of| (of.mean, of.squares / of.n)), self.epsilon);
            groups.par_iter_mut().for_each(|maps| maps.normalise(i, step, &channels));
            statistics.extend(channels.iter().map(|channel| channel.mean as f32));
            statistics.extend(channels.iter().map(|channel| channel.variance as f32));
            norms.push(channels);
        }
        let output = self.output();
        let mut redrawn = vec![0.0; windows.len() / window_len * output.shape.n_values()];
        let places = redrawn.par_chunks_mut(output.shape.n_values() * n_lanes());
        let last = groups.par_iter().map(|maps| &maps.inputs[self.steps.len()]);
        places.zip(last).for_each(|(windows, map)| map.give_out(output, windows));
        let kept = Kept {
            groups,
            norms,
            backwards: self.packed(&parameters, Way::Backwards),
        };
        (redrawn, statistics, kept)
    }

    fn backward(&self, mut kept: Kept, output_gradient: &[f32], wanted: Wanted) -> Gradients {
        let n_layers = self.steps.len();
        let window_len = self.output().shape.n_values();
        let windows = output_gradient.par_chunks(window_len * n_lanes());
        let places = kept.groups.par_iter_mut();
        places
            .zip(windows)
            .for_each(|(maps, windows)| maps.inputs[n_layers].take_in(self.output(), windows));
        let n_windows = output_gradient.len() / window_len;
        let mut of_layers = Vec::with_capacity(n_layers);
        for (i, step) in self.steps.iter().enumerate().rev() {
            let (norm, weights) = (&kept.norms[i], &kept.backwards[i]);
            let of_groups: Vec<Vec<GradientSums>> = kept
                .groups
                .par_iter()
                .map(|maps| maps.norm_gradient_sums(i, step, norm))
                .collect();
            let sums = together(&of_groups, GradientSums::and);
            let wants_input = i > 0 || wanted == Wanted::All;
            let of_groups = kept.groups.par_iter_mut().map(|maps| {
                maps.backward_of_norm(i, step, norm, &sums, n_windows);
                let gradients = maps.parameter_gradients(i, step);
                if wants_input {
                    maps.backward(i, step, weights);
                }
                gradients
            });
            let mut gradients = together(&of_groups.collect::<Vec<_>>(), |a: f32, b| a + b);
            let of_norm: Vec<_> = norm
                .iter()
                .zip(&sums)
                .map(|(channel, sums)| channel.parameter_gradients(*sums))
                .collect();
            gradients.extend(of_norm.iter().map(|(factor, _)| factor));
            gradients.extend(of_norm.iter().map(|(_, offset)| offset));
            of_layers.push(gradients);
        }
        of_layers.reverse();
        let mut input = Vec::new();
        if wanted == Wanted::All {
            input = vec![0.0; n_windows * self.input().shape.n_values()];
            let windows = input.chunks_mut(self.input().shape.n_values() * n_lanes());
            let maps = kept.groups.iter().map(|maps| &maps.inputs[0]);
            windows
                .zip(maps)
                .for_each(|(windows, map)| map.give_out(self.input(), windows));
        }
        self.put_back(kept.groups);
        Gradients {
            input,
            parameters: of_layers.concat(),
        }
    }

    /// The norms of each layer with statistics of their own.
    fn settled(&self, parameters: &[Parameters<'_>], running: &[RunningNorm]) -> Vec<Vec<Channel>> {
        let mut running = running.iter();
        let layers = self.steps.iter().zip(parameters).map(|(step, parameters)| {
            let running = if step.layer.has_norm { running.next() } else { None };
            let moments = running
                .iter()
                .flat_map(|running| running.means.iter().zip(&running.variances));
            let moments = moments.map(|(mean, variance)| (f64::from(*mean), f64::from(*variance)));
            parameters.channels(moments, self.epsilon)
        });
        layers.collect()
    }

    fn of_each_layer<'a>(&self, mut parameters: &'a [f32]) -> Vec<Parameters<'a>> {
        let mut take = |n: usize| {
            let own;
            (own, parameters) = parameters.split_at(n);
            own
        };
        let layers = self.steps.iter().map(|step| Parameters {
            weights: take(step.layer.n_weights()),
            bias: take(step.n_biases()),
            factors: take(step.n_norm_channels()),
            offsets: take(step.n_norm_channels()),
        });
        layers.collect()
    }

    /// The weights of each layer in the order of a way.
    fn packed(&self, parameters: &[Parameters<'_>], way: Way) -> Vec<Vec<f32>> {
        let layers = self.steps.iter().zip(parameters);
        layers
            .map(|(step, parameters)| step.packed(parameters.weights, way))
            .collect()
    }

    fn maps(&self, n_windows: usize) -> Maps {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let mut maps = idle.unwrap_or_else(|| Maps {
            inputs: self
                .steps
                .iter()
                .map(|step| step.input)
                .chain([self.output()])
                .map(Map::zeros)
                .collect(),
            sums: self
                .steps
                .iter()
                .map(|step| step.layer.has_norm.then(|| Map::zeros(step.output)))
                .collect(),
            n_windows,
        });
        maps.n_windows = n_windows;
        maps
    }

    fn put_back(&self, groups: Vec<Maps>) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.extend(groups);
        }
    }
}

/// What groups contribute, one number a place, added up in their order.
fn together<T: Copy>(of_groups: &[Vec<T>], and: impl Fn(T, T) -> T) -> Vec<T> {
    let Some((first, others)) = of_groups.split_first() else {
        return Vec::new();
    };
    others.iter().fold(first.clone(), |mut total, of_group| {
        for (total, of_group) in total.iter_mut().zip(of_group) {
            *total = and(*total, *of_group);
        }
        total
    })
}

impl Parameters<'_> {
    /// The norm of such means and variances.
    fn channels(&self, moments: impl Iterator<Item = (f64, f64)>, epsilon: f64) -> Vec<Channel> {
        let parameters = self.factors.iter().copied().zip(self.offsets.iter().copied());
        moments
            .zip(parameters)
            .map(|(moments, parameters)| Channel::new(moments, parameters, epsilon))
            .collect()
    }
}

impl Step {
    fn new(layer: &Layer) -> Self {
        Self {
            layer: *layer,
            convolution: Convolution::of(layer),
            input: Frame { shape: layer.input },
            output: Frame { shape: layer.output },
        }
    }

    /// A norm takes any bias away again.
    fn n_biases(&self) -> usize {
        if self.layer.has_norm { 0 } else { self.layer.n_biases() }
    }

    fn n_norm_channels(&self) -> usize {
        if self.layer.has_norm { self.layer.output.channels } else { 0 }
    }

    fn n_parameters(&self) -> usize {
        self.layer.n_weights() + self.n_biases() + 2 * self.n_norm_channels()
    }

    fn packed(&self, weights: &[f32], way: Way) -> Vec<f32> {
        match (&self.convolution, way) {
            (Some(convolution), way) => convolution.pack(way, weights),
            (None, Way::Backwards) => weights.to_vec(),
            (None, Way::Forwards) => {
                let n_outputs = self.layer.output.n_values();
                let columns = (0..n_outputs).flat_map(|output| weights.iter().skip(output).step_by(n_outputs));
                columns.copied().collect()
            }
        }
    }
}

impl Maps {
    /// From the input of a layer to what its norm sees, or to its output.
    fn sum_up(&mut self, i: usize, step: &Step, packed: &[f32], bias: &[f32]) {
        let (before, after) = self.inputs.split_at_mut(i + 1);
        let target = self.sums[i].as_mut().unwrap_or(&mut after[0]);
        match &step.convolution {
            Some(convolution) => convolution.sum_up(Way::Forwards, packed, bias, &before[i], target),
            None => dense(packed, bias, (step.input, &before[i]), step.output, target),
        }
    }

    fn normalise(&mut self, i: usize, step: &Step, norm: &[Channel]) {
        if let Some(sums) = &self.sums[i] {
            norm::normalise(step.output, norm, sums, &mut self.inputs[i + 1]);
        }
    }

    fn norm_gradient_sums(&self, i: usize, step: &Step, norm: &[Channel]) -> Vec<GradientSums> {
        match &self.sums[i] {
            Some(sums) => norm::gradient_sums(step.output, norm, sums, &self.inputs[i + 1]),
            None => Vec::new(),
        }
    }

    fn backward_of_norm(&mut self, i: usize, step: &Step, norm: &[Channel], of_batch: &[GradientSums], n_windows: usize) {
        if let Some(sums) = &self.sums[i] {
            let n_values = (n_windows * step.output.shape.frames * step.output.shape.bands) as f64;
            let place = (step.output, self.n_windows);
            norm::backward(place, norm, (of_batch, n_values), sums, &mut self.inputs[i + 1]);
        }
    }

    /// Of weights and biases.
    fn parameter_gradients(&self, i: usize, step: &Step) -> Vec<f32> {
        let mut gradients = vec![0.0; step.layer.n_weights() + step.n_biases()];
        let (weights, bias) = gradients.split_at_mut(step.layer.n_weights());
        let (input, output) = (&self.inputs[i], &self.inputs[i + 1]);
        match &step.convolution {
            Some(convolution) => slopes::of_convolution(convolution, input, output, weights),
            None => slopes::of_dense((step.input, input), (step.output, output), weights),
        }
        if !bias.is_empty() {
            slopes::of_bias(step.output, output, bias);
        }
        gradients
    }

    /// The gradient of the input in place of the input.
    fn backward(&mut self, i: usize, step: &Step, packed: &[f32]) {
        let (before, after) = self.inputs.split_at_mut(i + 1);
        match &step.convolution {
            Some(convolution) => convolution.sum_up(Way::Backwards, packed, &[], &after[0], &mut before[i]),
            None => dense(packed, &[], (step.output, &after[0]), step.input, &mut before[i]),
        }
    }
}
