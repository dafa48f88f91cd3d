//! How long a training will take, told before it begins.

use crate::extractors::{Recipe, TrainingConfig};

/// Length of the recordings that the figures below were measured on, in seconds.
const REFERENCE_CLIP_SECS: f64 = 10.0;
const FRAMES_PER_REFERENCE_CLIP: f64 = 313.0;
/// Pooled log-mel: seconds a clip.
const POOLED_SECS_PER_CLIP: f64 = 0.01;
/// Dense autoencoder: seconds a clip and epoch, on four cores.
const DENSE_SECS_PER_CLIP_EPOCH: f64 = 0.005;
/// CAE-MCS: seconds a window and epoch, forward and backward, on four cores.
const CAE_SECS_PER_WINDOW: f64 = 0.0035;
/// CAE-MCS: seconds to embed a clip afterwards with a window at every frame.
const CAE_SECS_PER_CLIP_EMBEDDED: f64 = 0.16;
/// `OutlierNets`: multiply-adds of a forward pass a second on four cores, and passes that a step of training is worth.
const OUTLIER_MULTIPLY_ADDS_PER_SEC: f64 = 1.2e10;
const OUTLIER_PASSES_PER_STEP: f64 = 3.0;
/// `MobileAnoNet`: seconds a segment and epoch, forward and backward, on four cores.
const MOBILE_SECS_PER_SEGMENT: f64 = 0.006;
/// `MobileAnoNet`: seconds to embed a clip afterwards with a segment at every frame.
const MOBILE_SECS_PER_CLIP_EMBEDDED: f64 = 0.12;

/// MobileNetV2: seconds a segment and epoch, forward and backward, and segments a second of sound. By the processor's time:
/// 4.3 ms on one of the cores.
const MOBILENET_SECS_PER_SEGMENT: f64 = 0.0013;
const MOBILENET_SEGMENTS_PER_SEC: f64 = 3.2;
/// MobileNetV2: seconds to embed a clip afterwards with a segment at every frame (0.085 s on one core).
const MOBILENET_SECS_PER_CLIP_EMBEDDED: f64 = 0.03;

/// Attribute classifier: seconds a clip and epoch, forward and backward (0.07 s on one core), and to embed a clip of 10 s (0.016 s).
const ATTRIBUTE_SECS_PER_CLIP: f64 = 0.025;
const ATTRIBUTE_SECS_PER_CLIP_EMBEDDED: f64 = 0.008;

/// About how many seconds a training on `n_clips` recordings takes that last `total_secs` together, embedding them included.
///
/// A figure to plan by, measured on a processor with four cores: half or twice as much is no surprise.
pub fn estimate_secs(config: &TrainingConfig, n_clips: usize, total_secs: f64) -> f64 {
    let n_clips = n_clips as f64;
    let n_epochs = config.n_epochs as f64;
    // Work on whole clips grows with their length; random segments are of one length.
    let n_reference_clips = total_secs / REFERENCE_CLIP_SECS;
    let embedding = POOLED_SECS_PER_CLIP * n_reference_clips;
    match config.recipe {
        Recipe::PooledLogMel | Recipe::GwrpGmm => embedding,
        Recipe::DenseAe => DENSE_SECS_PER_CLIP_EPOCH * n_reference_clips * n_epochs + embedding,
        Recipe::CaeMcs => {
            let n_windows = FRAMES_PER_REFERENCE_CLIP / config.window_hop.max(1) as f64 * n_reference_clips * n_epochs;
            let embedding = CAE_SECS_PER_CLIP_EMBEDDED / config.segment_hop.max(1) as f64 * n_reference_clips;
            CAE_SECS_PER_WINDOW * n_windows + embedding
        }
        Recipe::OutlierNet => {
            let n_windows = |hop: usize| FRAMES_PER_REFERENCE_CLIP / hop.max(1) as f64 * n_reference_clips;
            let n_passes = OUTLIER_PASSES_PER_STEP * n_windows(config.window_hop) * n_epochs + n_windows(config.segment_hop);
            n_passes * config.genome.cost().n_multiply_adds as f64 / OUTLIER_MULTIPLY_ADDS_PER_SEC
        }
        Recipe::MobileAnoNet => {
            let n_segments = n_clips * config.segments_per_clip as f64 * n_epochs;
            let embedding = MOBILE_SECS_PER_CLIP_EMBEDDED / config.segment_hop.max(1) as f64 * n_reference_clips;
            MOBILE_SECS_PER_SEGMENT * n_segments + embedding
        }
        Recipe::AttributeClassifier => {
            ATTRIBUTE_SECS_PER_CLIP * n_clips * n_epochs + ATTRIBUTE_SECS_PER_CLIP_EMBEDDED * n_reference_clips
        }
        Recipe::MobileNetV2 => {
            let n_segments = total_secs * MOBILENET_SEGMENTS_PER_SEC * n_epochs;
            let embedding = MOBILENET_SECS_PER_CLIP_EMBEDDED / config.segment_hop.max(1) as f64 * n_reference_clips;
            MOBILENET_SECS_PER_SEGMENT * n_segments + embedding
        }
    }
}

#[cfg(test)]
mod tests {
    use super::estimate_secs;
    use crate::extractors::{Recipe, TrainingConfig};

    fn config(recipe: Recipe) -> TrainingConfig {
        TrainingConfig::published(recipe)
    }

    #[test]
    fn the_measured_cases_come_out() {
        let pooled = estimate_secs(&config(Recipe::PooledLogMel), 100, 1000.0);
        assert!((pooled - 1.0).abs() < 1e-9, "10 ms a clip of 10 s, not {pooled}");
        let one_epoch = TrainingConfig {
            n_epochs: 1,
            ..config(Recipe::DenseAe)
        };
        let dense = estimate_secs(&one_epoch, 100, 1000.0);
        assert!(
            (1.0..2.5).contains(&dense),
            "about 1 s for 100 clips and one epoch, not {dense}"
        );
        let mobile = estimate_secs(&config(Recipe::MobileAnoNet), 10, 100.0);
        assert!(
            (18.0..18.5).contains(&mobile),
            "10 clips, 20 segments, 15 epochs of 6 ms, not {mobile}"
        );
    }

    #[test]
    fn more_work_takes_longer() {
        for recipe in Recipe::ALL {
            let once = estimate_secs(&config(recipe), 100, 1000.0);
            let twice = estimate_secs(&config(recipe), 200, 2000.0);
            assert!((twice / once - 2.0).abs() < 1e-9, "{recipe:?}");
        }
    }
}
