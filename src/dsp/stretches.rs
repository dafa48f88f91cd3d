//! Frames are independent: a spectrogram is made in stretches of them, on all cores.

use std::ops::Range;

use rayon::prelude::*;

/// Stretches are whole vectors of frames.
const VECTOR_FRAMES: usize = 16;

/// A spectrogram's values `[n_frames, n_bins]`, of which `fill(frames, values)` makes those of some frames.
///
/// Whoever reads a data set keeps all cores busy with a clip each: called from one of rayon's threads, the stretches are made one
/// after another.
pub(super) fn in_stretches(n_frames: usize, n_bins: usize, fill: impl Fn(Range<usize>, &mut [f32]) + Sync) -> Vec<f32> {
    let mut values = vec![0.0; n_frames * n_bins];
    if rayon::current_thread_index().is_some() {
        fill(0..n_frames, &mut values);
        return values;
    }
    let n_each = n_frames
        .div_ceil(rayon::current_num_threads())
        .next_multiple_of(VECTOR_FRAMES);
    let stretches = values.par_chunks_mut(n_each * n_bins).enumerate();
    stretches.for_each(|(idx, values)| {
        let first = idx * n_each;
        fill(first..first + values.len() / n_bins, values);
    });
    values
}

#[cfg(test)]
mod tests {
    use crate::dsp::{LogMel, LogMelConfig, Stft, StftConfig};

    #[test]
    fn a_thread_among_many_makes_the_same_numbers() {
        // Four stretches and a rest.
        let samples: Vec<f32> = (0..512 * 300)
            .map(|i| ((i % 1009) * (i % 1009) % 1013) as f32 / 1009.0 - 0.5)
            .collect();
        let (stft, log_mel) = (Stft::new(StftConfig::default()), LogMel::new(LogMelConfig::default()));
        let both = || (stft.magnitude(&samples), log_mel.decibel(&samples));
        let alone = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .expect("a pool")
            .install(both);
        assert!(both() == alone);
    }
}
