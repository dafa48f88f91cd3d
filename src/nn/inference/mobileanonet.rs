//! MobileAnoNet as stages.

use super::convolution::Convolution;
use super::depthwise::Depthwise;
use super::fold::Tensors;
use super::global::Global;
use super::pointwise::Pointwise;
use super::residual::Residual;
use super::sliding::Sliding;
use super::{Network, Stage};
use crate::nn::NamedTensor;
use crate::nn::kernels::n_lanes;
use crate::nn::mobileanonet::BOTTLENECKS;

/// The stem, the first depthwise layer and the first bottleneck, and what they give.
const HEAD_STAGES: usize = 5;
const HEAD_CHANNELS: usize = 16;
/// burn's and PyTorch's default.
const NORM_EPSILON: f32 = 1e-5;

/// The extractor with these weights.
pub(in crate::nn) fn mobileanonet(weights: &[NamedTensor]) -> Sliding {
    let tensors = Tensors::new(weights, NORM_EPSILON);
    let n_lanes = n_lanes();
    let depthwise = |block: &str, stride: usize| {
        let kernel = tensors.get(&format!("{block}.conv.weight"));
        Stage::Depthwise(Depthwise::new(kernel, &tensors.norm_and_prelu(block), stride, n_lanes))
    };
    let pointwise = |block: &str| {
        let kernel = tensors.get(&format!("{block}.conv.weight"));
        Stage::Pointwise(Pointwise::new(kernel, &tensors.norm_and_prelu(block), n_lanes))
    };
    let stem = Convolution::new(
        tensors.get("stem.conv.weight"),
        &tensors.norm_and_prelu("stem"),
        3,
        2,
        n_lanes,
    );
    let mut stages = vec![Stage::Convolution(stem), depthwise("depthwise", 1)];
    let strides = BOTTLENECKS
        .iter()
        .flat_map(|&(_, _, n_repeats, stride)| std::iter::repeat_n(stride, n_repeats));
    for (block_idx, stride) in strides.enumerate() {
        let block = format!("bottlenecks.{block_idx}");
        let kernel = tensors.get(&format!("{block}.project.weight"));
        let body = [
            pointwise(&format!("{block}.expand")),
            depthwise(&format!("{block}.depthwise"), stride),
            Stage::Pointwise(Pointwise::new(kernel, &tensors.norm(&format!("{block}.norm")), n_lanes)),
        ];
        if stride == 1 {
            stages.push(Stage::Residual(Residual::new(body.into())));
        } else {
            stages.extend(body);
        }
    }
    stages.push(pointwise("widen"));
    let norm = tensors.norm("norm");
    stages.push(Stage::Global(Global::new(
        tensors.get("global.weight"),
        &norm.scale,
        &norm.shift,
    )));
    let tail = stages.split_off(HEAD_STAGES);
    Sliding {
        head: Network { stages, n_channels: 1 },
        tail: Network {
            stages: tail,
            n_channels: HEAD_CHANNELS,
        },
    }
}
