//! The MobileFaceNet of STgram-MFN up to its embedding, as stages.

use super::convolution::Convolution;
use super::depthwise::Depthwise;
use super::fold::Tensors;
use super::global::Global;
use super::pointwise::Pointwise;
use super::residual::Residual;
use super::{Network, Stage};
use crate::nn::NamedTensor;
use crate::nn::kernels::n_lanes;
use crate::nn::stgram_mfn::BOTTLENECKS;

/// burn's and PyTorch's default.
const NORM_EPSILON: f32 = 1e-5;

/// The network with these weights, for pictures of two channels: log-mel and waveform.
pub(in crate::nn) fn stgram_mfn(weights: &[NamedTensor]) -> Network {
    let tensors = Tensors::new(weights, NORM_EPSILON);
    let n_lanes = n_lanes();
    let kernel = |block: &str| tensors.get(&format!("{block}.conv.weight"));
    let depthwise = |block: &str, stride: usize| {
        let layer = tensors.norm_and_prelu(block);
        Stage::Depthwise(Depthwise::new(kernel(block), &layer, stride, n_lanes))
    };
    let pointwise = |block: &str| {
        let layer = tensors.norm_and_prelu(block);
        Stage::Pointwise(Pointwise::new(kernel(block), &layer, n_lanes))
    };
    let linear = |kernel: &str, norm: &str| Stage::Pointwise(Pointwise::new(tensors.get(kernel), &tensors.norm(norm), n_lanes));
    let stem = Convolution::new(kernel("stem"), &tensors.norm_and_prelu("stem"), 3, 2, n_lanes);
    let mut stages = vec![Stage::Convolution(stem), depthwise("depthwise", 1)];
    let mut block_idx = 0;
    for (_, _, n_repeats, stride) in BOTTLENECKS {
        for repeat in 0..n_repeats {
            let block = format!("bottlenecks.{block_idx}");
            let stride = if repeat == 0 { stride } else { 1 };
            let body = vec![
                pointwise(&format!("{block}.expand")),
                depthwise(&format!("{block}.depthwise"), stride),
                linear(&format!("{block}.project.weight"), &format!("{block}.norm")),
            ];
            if stride == 1 {
                stages.push(Stage::Residual(Residual::new(body)));
            } else {
                stages.extend(body);
            }
            block_idx += 1;
        }
    }
    stages.push(pointwise("widen"));
    let norm = tensors.norm("global_norm");
    stages.push(Stage::Global(Global::new(
        tensors.get("global.weight"),
        &norm.scale,
        &norm.shift,
    )));
    stages.push(linear("narrow.weight", "narrow_norm"));
    Network { stages, n_channels: 2 }
}
