//! Segments that share their first layers with their neighbours embed as each does by itself.

use std::path::Path;

use auscult::nn::{DeviceChoice, EMBEDDING_LEN, MobileAnoNet, SegmentShape, SegmentWindow};

/// Numbers that look random, the same on every machine.
fn numbers(n: usize, seed: f32) -> impl Iterator<Item = f32> {
    (0..n).map(move |i| (((i as f32 + seed) * 12.9898).sin() * 437.585).fract().abs())
}

/// The same network on two devices, with batch norms that have seen data.
fn networks(segment: SegmentShape) -> [MobileAnoNet; 2] {
    let mut weights = MobileAnoNet::new(segment, 3, DeviceChoice::Cpu, 5)
        .unwrap()
        .weights()
        .unwrap();
    for (idx, tensor) in weights.iter_mut().enumerate().filter(|(_, tensor)| tensor.shape.len() == 1) {
        let moved = numbers(tensor.values.len(), idx as f32);
        tensor
            .values
            .iter_mut()
            .zip(moved)
            .for_each(|(value, moved)| *value += moved - 0.3);
    }
    [DeviceChoice::Cpu, DeviceChoice::Ndarray]
        .map(|device| MobileAnoNet::from_weights(segment, device, &weights, Path::new("made up")).unwrap())
}

#[test]
fn overlapping_segments_embed_as_each_by_itself() {
    // 64 frames share, 30 are no multiple of what a column covers, 16 are too few.
    for (n_bins, segment_frames) in [(33, 64), (20, 30), (17, 16)] {
        let n_frames = segment_frames + 45;
        let [fast, plain] = networks(SegmentShape {
            n_bins,
            n_frames: segment_frames,
        });
        let picture: Vec<f32> = numbers(n_bins * n_frames, 0.5).collect();
        let windows: Vec<SegmentWindow> = (0..=45)
            .map(|first_frame| SegmentWindow {
                first_frame,
                low: 0.1,
                // The scale changes on the way, as it does in real pictures.
                scale: if first_frame < 30 { 1.5 } else { 1.25 },
            })
            .rev()
            .collect();
        let shared = fast.embed_windows(&picture, &windows).unwrap();
        let alone = plain.embed_windows(&picture, &windows).unwrap();
        assert_eq!(shared.len(), windows.len() * EMBEDDING_LEN);
        let size = alone.iter().map(|x| x.abs()).fold(0.0, f32::max);
        let worst = shared.iter().zip(&alone).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{segment_frames} frames: largest difference {worst:e} in numbers up to {size}");
        assert!(size > 0.1 && worst < 1e-4, "{segment_frames} frames: {worst} of {size}");
    }
}
