//! Log-mel levels on HTK's scale, pooled by rank: numbers equal to those of librosa and NumPy.

use std::collections::BTreeMap;
use std::path::Path;

use auscult::audio::{Clip, SAMPLE_RATE_HZ};
use auscult::dataset::MachineSection;
use auscult::dsp::{MelFilterBank, MelScale};
use auscult::extractors::{ExtractorError, Recipe, TrainingConfig, load};
use serde::Deserialize;

/// The numbers of `tests/data/gwrp/gwrp.py`.
#[derive(Deserialize)]
struct Expected {
    /// Band, bin, weight; all others are 0.
    weights: Vec<(usize, usize, f32)>,
    /// By decay.
    pooled: BTreeMap<String, Vec<f32>>,
}

fn expected() -> Expected {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gwrp/gwrp.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn config(ranking_decay: f64) -> TrainingConfig {
    TrainingConfig {
        ranking_decay,
        ..TrainingConfig::published(Recipe::GwrpGmm)
    }
}

fn group() -> MachineSection {
    MachineSection {
        machine: "fan".to_owned(),
        section: "00".to_owned(),
    }
}

/// Noise that swells and ends in digital silence, sample for sample that of the script.
fn clip() -> Clip {
    let mut state = 1u32;
    let sample = |i: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let swell = if (i / 4000).is_multiple_of(2) { 1.0 } else { 0.125 };
        let noise = ((state >> 16) as f32 - 32768.0) / 32768.0;
        if i < 30_000 { 0.25 * noise * swell } else { 0.0 }
    };
    Clip {
        samples: (0..40_000).map(sample).collect(),
        sample_rate_hz: SAMPLE_RATE_HZ,
    }
}

#[test]
fn filters_on_the_scale_of_htk_equal_librosa() {
    let mut weights = vec![0.0; 128 * 513];
    for (band, bin, weight) in expected().weights {
        weights[band * 513 + bin] = weight;
    }
    let found = MelFilterBank::on_scale(MelScale::Htk, SAMPLE_RATE_HZ, 1024, 128).dense();
    for (place, (found, expected)) in found.iter().zip(&weights).enumerate() {
        assert!((found - expected).abs() < 1e-6, "{place}: {found}, not {expected}");
    }
}

#[test]
fn pooled_levels_equal_librosa_and_numpy() {
    let clip = clip();
    let pooled = expected().pooled;
    assert_eq!(pooled.len(), 4);
    for (decay, expected) in pooled {
        let extractor = load(&config(decay.parse().unwrap()), Path::new("")).unwrap();
        let found = extractor.embed(&clip, &group()).unwrap();
        assert_eq!((found.values.len(), found.own_scores.len()), (128, 0));
        for (band, (found, expected)) in found.values.iter().zip(&expected).enumerate() {
            assert!(
                (found - expected).abs() < 2e-4,
                "decay {decay}, band {band}: {found} dB, not {expected}"
            );
        }
    }
}

#[test]
fn crops_lie_in_the_clip_and_what_cannot_be_is_refused() {
    let extractor = load(&config(0.9), Path::new("")).unwrap();
    let clip = clip();
    let windows = extractor.crop_windows(clip.duration_secs());
    let crops = extractor.embed_crops(&clip, &group()).unwrap();
    // 79 frames: one crop of 64, and one that ends with the clip.
    assert_eq!((windows.len(), crops.len()), (2, 2));
    assert_ne!(crops[0], crops[1]);
    assert_ne!(crops[0], extractor.embed(&clip, &group()).unwrap());
    for n_samples in [0, 1, 1023] {
        let short = Clip {
            samples: clip.samples[..n_samples].to_vec(),
            ..clip.clone()
        };
        let refused = extractor.embed(&short, &group());
        assert!(matches!(refused, Err(ExtractorError::ClipTooShort { .. })), "{n_samples}");
        assert!(extractor.crop_windows(short.duration_secs()).is_empty());
    }
    for decay in [-0.1, 1.1, f64::NAN] {
        let refused = load(&config(decay), Path::new("")).err();
        assert!(matches!(refused, Some(ExtractorError::RankingDecay { .. })), "{decay}");
    }
}
