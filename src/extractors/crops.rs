//! Crop windows that follow each other without overlap, and how seconds become frames.

use crate::audio::SAMPLE_RATE_HZ;
use crate::dataset::CropWindow;

/// Frames of a crop: the segment of MobileAnoNet, 2 s at a hop of 512.
pub(super) const CROP_FRAMES: usize = 64;
/// Samples between two frames of both transforms.
pub(super) const HOP: usize = 512;

/// Frames of a centred transform.
pub(super) fn n_frames_of(clip_secs: f32) -> usize {
    (f64::from(clip_secs) * f64::from(SAMPLE_RATE_HZ)).round() as usize / HOP + 1
}

/// Seconds that `n_frames` of a centred transform need at least.
pub(super) fn needed_secs(n_frames: usize) -> f64 {
    ((n_frames - 1) * HOP) as f64 / f64::from(SAMPLE_RATE_HZ)
}

/// Windows of [`CROP_FRAMES`] frames side by side; one window over all where there are fewer, from `min_frames` on. The frames
/// that are left over at the end belong to no crop.
pub(super) fn crop_windows(clip_secs: f32, min_frames: usize) -> Vec<CropWindow> {
    crops_of(clip_secs, min_frames, CROP_FRAMES)
}

/// [`crop_windows`] with crops of another length.
pub(super) fn crops_of(clip_secs: f32, min_frames: usize, crop_frames: usize) -> Vec<CropWindow> {
    let n_frames = n_frames_of(clip_secs);
    if (min_frames..crop_frames).contains(&n_frames) {
        return vec![CropWindow {
            start_secs: 0.0,
            end_secs: clip_secs,
        }];
    }
    let secs = |frame_idx: usize| (frame_idx * HOP) as f32 / SAMPLE_RATE_HZ as f32;
    (0..n_frames / crop_frames)
        .map(|crop_idx| CropWindow {
            start_secs: secs(crop_idx * crop_frames),
            end_secs: secs((crop_idx + 1) * crop_frames).min(clip_secs),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::crop_windows;

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
