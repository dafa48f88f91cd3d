//! MobileNetV2 up to its embedding, as stages.

use super::convolution::Convolution;
use super::depthwise::Depthwise;
use super::fold::Tensors;
use super::global::Global;
use super::pointwise::Pointwise;
use super::residual::Residual;
use super::{Network, Stage};
use crate::nn::NamedTensor;
use crate::nn::kernels::n_lanes;
use crate::nn::mobilenet_v2::{BOTTLENECKS, LAST_CHANNELS, N_LAST_POSITIONS, NORM_EPSILON};

/// The extractor with these weights, for segments turned by half a turn. A picture has one channel: the first kernel is the sum
/// of those of the three channels that it would stand in.
pub(in crate::nn) fn mobilenet_v2(weights: &[NamedTensor]) -> Network {
    let tensors = Tensors::new(weights, NORM_EPSILON as f32);
    let n_lanes = n_lanes();
    let kernel = |layer: &str| tensors.get(&format!("{layer}.conv.weight"));
    let activated = |layer: &str| tensors.norm_and_relu6(&format!("{layer}.norm"));
    let depthwise = |layer: &str, stride| Stage::Depthwise(Depthwise::new(kernel(layer), &activated(layer), stride, n_lanes));
    let widen = |layer: &str| Stage::Pointwise(Pointwise::new(kernel(layer), &activated(layer), n_lanes));
    let project = |layer: &str| {
        let norm = tensors.norm(&format!("{layer}.norm"));
        Stage::Pointwise(Pointwise::new(kernel(layer), &norm, n_lanes))
    };
    let stem_kernel: Vec<f32> = kernel("stem")
        .chunks_exact(3 * 9)
        .flat_map(|channels| (0..9).map(|tap| channels[tap] + channels[9 + tap] + channels[18 + tap]))
        .collect();
    let stem = Convolution::new(&stem_kernel, &activated("stem"), 3, 2, n_lanes);
    let mut stages = vec![Stage::Convolution(stem), depthwise("depthwise", 1), project("project")];
    let mut block_idx = 0;
    for (_, n_repeats, stride) in BOTTLENECKS {
        for repeat in 0..n_repeats {
            let layer = |name: &str| format!("bottlenecks.{block_idx}.{name}");
            let body = |stride| {
                vec![
                    widen(&layer("expand")),
                    depthwise(&layer("depthwise"), stride),
                    project(&layer("project")),
                ]
            };
            if repeat == 0 {
                stages.extend(body(stride));
            } else {
                stages.push(Stage::Residual(Residual::new(body(1))));
            }
            block_idx += 1;
        }
    }
    stages.push(widen("widen"));
    let mean = vec![1.0 / N_LAST_POSITIONS as f32; LAST_CHANNELS * N_LAST_POSITIONS];
    stages.push(Stage::Global(Global::new(
        &mean,
        &[1.0; LAST_CHANNELS],
        &[0.0; LAST_CHANNELS],
    )));
    Network { stages, n_channels: 1 }
}
