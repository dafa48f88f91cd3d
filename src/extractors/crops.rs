//! The crops of a clip, and how seconds become frames.

use std::ops::Range;

use super::ExtractorError;
use crate::audio::{Clip, SAMPLE_RATE_HZ};
use crate::dataset::CropWindow;

/// Frames of a crop: the segment of MobileAnoNet, 2 s at a hop of 512.
pub(super) const CROP_FRAMES: usize = 64;
/// Frames that may be left at the end of a clip, a quarter of a second: they are no sound of their own.
const MAX_LEFT_FRAMES: usize = 8;
/// Samples between two frames of both transforms.
pub(super) const HOP: usize = 512;

/// Frames of a centred transform.
pub(super) fn n_frames_of(clip_secs: f64) -> usize {
    (clip_secs * f64::from(SAMPLE_RATE_HZ)).round() as usize / HOP + 1
}

/// What is said of a clip that has fewer frames of a centred transform than it needs.
pub(super) fn too_short(found_secs: f64, needed_frames: usize) -> ExtractorError {
    ExtractorError::ClipTooShort {
        found_secs,
        needed_secs: ((needed_frames - 1) * HOP) as f64 / f64::from(SAMPLE_RATE_HZ),
    }
}

/// The frames of the crops of a clip of so many: [`CROP_FRAMES`] each, side by side, and a last one that ends with the clip and
/// overlaps the one before where more than a moment would be left, so that nothing goes unheard. One crop of all frames where they
/// are fewer, from `min_frames` on.
pub(super) fn crop_frames(n_frames: usize, min_frames: usize) -> Vec<Range<usize>> {
    let Some(last_start) = n_frames.checked_sub(CROP_FRAMES) else {
        return (n_frames >= min_frames).then_some(0..n_frames).into_iter().collect();
    };
    let is_left = last_start % CROP_FRAMES > MAX_LEFT_FRAMES;
    let starts = (0..=last_start).step_by(CROP_FRAMES).chain(is_left.then_some(last_start));
    starts.map(|start| start..start + CROP_FRAMES).collect()
}

/// The frames of one crop of a clip.
///
/// # Errors
/// Where the clip is too short to have it.
pub(super) fn frames_of_crop(clip: &Clip, crop_idx: usize, min_frames: usize) -> Result<Range<usize>, ExtractorError> {
    let crops = crop_frames(n_frames_of(clip.duration_secs()), min_frames);
    let needed_frames = match crop_idx {
        0 => min_frames,
        n => n * CROP_FRAMES + MAX_LEFT_FRAMES + 1,
    };
    crops
        .into_iter()
        .nth(crop_idx)
        .ok_or_else(|| too_short(clip.duration_secs(), needed_frames))
}

/// Where the crops of a clip lie in it; see [`crop_frames`].
pub(super) fn crop_windows(clip_secs: f64, min_frames: usize) -> Vec<CropWindow> {
    let secs = |frame_idx: usize| (frame_idx * HOP) as f64 / f64::from(SAMPLE_RATE_HZ);
    let window = |frames: Range<usize>| CropWindow {
        start_secs: secs(frames.start),
        end_secs: secs(frames.end).min(clip_secs),
    };
    crop_frames(n_frames_of(clip_secs), min_frames)
        .into_iter()
        .map(window)
        .collect()
}

/// What a network sees of a clip at once, where it judges a clip window by window: so many frames of so many mel bands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowShape {
    pub n_frames: usize,
    pub n_bands: usize,
    /// Where the lowest band begins and the highest ends.
    pub band_hz: [f32; 2],
}

impl WindowShape {
    /// The windows of a clip, one beginning every `hop` frames. What is left over at the end makes no window.
    pub fn windows(&self, clip_secs: f64, hop: usize) -> Vec<CropWindow> {
        let n_frames = n_frames_of(clip_secs);
        let secs = |frame_idx: usize| (frame_idx * HOP) as f64 / f64::from(SAMPLE_RATE_HZ);
        (0..(n_frames + 1).saturating_sub(self.n_frames))
            .step_by(hop.max(1))
            .map(|start| CropWindow {
                start_secs: secs(start),
                end_secs: secs(start + self.n_frames).min(clip_secs),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{WindowShape, crop_frames, crop_windows};

    #[test]
    fn windows_begin_every_hop_and_the_incomplete_end_makes_none() {
        let shape = WindowShape {
            n_frames: 32,
            n_bands: 128,
            band_hz: [0.0, 8000.0],
        };
        // 313 frames: 9 windows side by side, 25 frames left over; 282 places to begin at.
        let windows = shape.windows(10.0, 32);
        assert_eq!(windows.len(), 9);
        assert!(windows.windows(2).all(|pair| pair[0].end_secs == pair[1].start_secs));
        assert!((windows[8].end_secs - 9.216).abs() < 1e-6);
        assert_eq!(shape.windows(10.0, 3).len(), 94);
        assert_eq!(shape.windows(10.0, 0).len(), 282, "a hop of nothing is a hop of one");
        assert_eq!((shape.windows(0.992, 32).len(), shape.windows(0.95, 32).len()), (1, 0));
    }

    #[test]
    fn crops_lie_side_by_side_and_the_last_ends_with_the_clip() {
        let crops = crop_windows(10.0, 5);
        assert_eq!(crops.len(), 5);
        assert!(crops[..4].windows(2).all(|pair| pair[0].end_secs == pair[1].start_secs));
        assert!((crops[3].end_secs - 8.192).abs() < 1e-6);
        // 313 frames.
        assert!((crops[4].start_secs - 249.0 * 0.032).abs() < 1e-9 && crops[4].end_secs == 10.0);
        assert_eq!(crop_frames(128, 5), [0..64, 64..128], "nothing is left");
        assert_eq!(crop_frames(136, 5).len(), 2, "a moment is left");
        assert_eq!(crop_frames(137, 5), [0..64, 64..128, 73..137]);
        assert_eq!(crop_windows(1.0, 5).len(), 1);
        assert_eq!(crop_windows(1.0, 64).len(), 0);
        assert_eq!(crop_windows(0.1, 5).len(), 0);
        // 64 frames end half a hop after the clip does.
        assert_eq!(crop_windows(2.016, 64)[0].end_secs, 2.016);
    }
}
