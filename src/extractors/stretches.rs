//! A clip of any length gone through window by window, without ever holding more than a few stretches of it.
//!
//! A stretch is read with what its outermost frames hear of beyond it, so that its frames are the very frames of the whole clip,
//! and its windows are those of the whole clip, each in one stretch only. A clip that is held in memory is one stretch.
//!
//! What is kept of a clip from stretch to stretch:
//!
//! | recipe | kept |
//! |---|---|
//! | dense-ae, cae-mcs, outliernet, mobilenet-v2, mobileanonet | sums over its windows |
//! | mobileanonet with the input log-clip | the same, after a pass for the mean and deviation of the whole clip |
//! | attribute-classifier | sums over stretches of 10 s, which are its windows |
//! | pooled-log-mel | sums; for its ranking pooling all values of 8 minutes, of a longer clip how many there are in narrow steps |
//! | gwrp-gmm | of each band the largest values, as many as its decay lets count; for the mean a sum |

use std::borrow::Cow;
use std::ops::Range;

use super::ExtractorError;
use super::crops::HOP;
use super::model_view::MARGIN_FRAMES;
use crate::audio::Sound;
use crate::dsp::Spectrogram;
use crate::progress::{NoProgress, Progress, par_map};

/// Some windows of a clip, and the sound that their frames are made of.
pub(super) struct Stretch<'a> {
    pub samples: Cow<'a, [f32]>,
    /// Where the windows begin, in frames of the transform of `samples`.
    pub starts: Vec<usize>,
}

impl Stretch<'_> {
    /// The frames from the first window on to the end of the last one, windows of so many frames.
    pub(super) fn frames<'a>(&self, spectrogram: &'a Spectrogram, window_frames: usize) -> &'a [f32] {
        let (Some(&first), Some(&last)) = (self.starts.first(), self.starts.last()) else {
            return &[];
        };
        &spectrogram.values[first * spectrogram.n_bins..(last + window_frames) * spectrogram.n_bins]
    }
}

/// Hands what `work` makes of each stretch to `take`, in order. `starts` are the first frames of all windows of the clip,
/// ascending, each of `window_frames` frames of a centred transform.
///
/// Stretches are worked on side by side where this thread is not one of many itself. A step is a stretch.
pub(super) fn each_stretch<R: Send>(
    sound: &Sound<'_>,
    (starts, window_frames): (&[usize], usize),
    progress: &mut dyn Progress,
    work: impl Fn(&Stretch<'_>) -> Result<R, ExtractorError> + Sync,
    take: impl FnMut(R),
) -> Result<(), ExtractorError> {
    let frames_each = (sound.stretch_samples() / HOP).max(1);
    let stretches: Vec<&[usize]> = starts.chunk_by(|a, b| a / frames_each == b / frames_each).collect();
    in_order(
        &stretches,
        progress,
        |&starts| {
            let frames = starts.first().copied().unwrap_or(0)..starts.last().map_or(0, |last| last + window_frames);
            let (samples, first_frame) = samples_of(sound, &frames);
            work(&Stretch {
                samples: sound.read(samples)?,
                starts: starts.iter().map(|start| start - first_frame).collect(),
            })
        },
        take,
    )
}

/// The samples whose transform has these frames of the whole among its own, and the frame that its first one is.
fn samples_of(sound: &Sound<'_>, frames: &Range<usize>) -> (Range<usize>, usize) {
    if sound.stretch_samples() >= sound.n_samples() {
        return (0..sound.n_samples(), 0);
    }
    let first = frames.start.saturating_sub(MARGIN_FRAMES);
    let end = (frames.end + MARGIN_FRAMES) * HOP;
    (first * HOP..end.min(sound.n_samples()), first)
}

/// Works on some items at once and takes the results in their order; a step is an item.
pub(super) fn in_order<T: Sync, R: Send>(
    items: &[T],
    progress: &mut dyn Progress,
    work: impl Fn(&T) -> Result<R, ExtractorError> + Sync,
    mut take: impl FnMut(R),
) -> Result<(), ExtractorError> {
    // One alone keeps the thread that it is on, from which transforms and networks share their own work among all cores.
    if let [only] = items {
        take(work(only)?);
        return Ok(());
    }
    let mut n_done = 0;
    for some in items.chunks(rayon::current_num_threads().max(1)) {
        progress.step(n_done, items.len() as u64)?;
        for result in par_map(some, &mut NoProgress, &work)? {
            take(result?);
        }
        n_done += some.len() as u64;
    }
    Ok(progress.step(n_done, items.len() as u64)?)
}
