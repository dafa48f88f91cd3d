//! Crop windows that follow each other without overlap, and how seconds become frames.

use crate::audio::SAMPLE_RATE_HZ;
use crate::dataset::CropWindow;

/// Frames of a crop: the segment of MobileAnoNet, 2 s at a hop of 512.
pub(super) const CROP_FRAMES: usize = 64;
/// Samples between two frames of both transforms.
pub(super) const HOP: usize = 512;

/// Frames of a centred transform.
pub(super) fn n_frames_of(clip_secs: f64) -> usize {
    (clip_secs * f64::from(SAMPLE_RATE_HZ)).round() as usize / HOP + 1
}

/// Seconds that `n_frames` of a centred transform need at least.
pub(super) fn needed_secs(n_frames: usize) -> f64 {
    ((n_frames - 1) * HOP) as f64 / f64::from(SAMPLE_RATE_HZ)
}

/// Windows of [`CROP_FRAMES`] frames side by side; one window over all where there are fewer, from `min_frames` on. The frames
/// that are left over at the end belong to no crop.
pub(super) fn crop_windows(clip_secs: f64, min_frames: usize) -> Vec<CropWindow> {
    let n_frames = n_frames_of(clip_secs);
    if (min_frames..CROP_FRAMES).contains(&n_frames) {
        return vec![CropWindow {
            start_secs: 0.0,
            end_secs: clip_secs,
        }];
    }
    let secs = |frame_idx: usize| (frame_idx * HOP) as f64 / f64::from(SAMPLE_RATE_HZ);
    (0..n_frames / CROP_FRAMES)
        .map(|crop_idx| CropWindow {
            start_secs: secs(crop_idx * CROP_FRAMES),
            end_secs: secs((crop_idx + 1) * CROP_FRAMES).min(clip_secs),
        })
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
    use super::{WindowShape, crop_windows};

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
    fn crops_lie_side_by_side_within_the_clip() {
        let crops = crop_windows(10.0, 5);
        assert_eq!(crops.len(), 4);
        assert!(crops.windows(2).all(|pair| pair[0].end_secs == pair[1].start_secs));
        assert!((crops[3].end_secs - 8.192).abs() < 1e-6);
        assert_eq!(crop_windows(1.0, 5).len(), 1);
        assert_eq!(crop_windows(1.0, 64).len(), 0);
        assert_eq!(crop_windows(0.1, 5).len(), 0);
        // 64 frames end half a hop after the clip does.
        assert_eq!(crop_windows(2.016, 64)[0].end_secs, 2.016);
    }
}
