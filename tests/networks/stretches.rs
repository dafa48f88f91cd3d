//! A recording of any length is embedded in stretches: whatever they are, the numbers are those of the whole.

use auscult::audio::{ChannelChoice, Clip, LONG_SECS, Recording, SAMPLE_RATE_HZ, Sound, read_clip};
use auscult::extractors::{Embedding, Extractor, ExtractorError, Recipe, SegmentInput, TrainingConfig, load, train};
use auscult::progress::{CancelAfter, NoProgress};

use super::extractors::{group, hum, small_job};
use super::watcher::Watcher;

/// Samples of stretches that are no multiple of anything: shorter than a window, a few windows, most of the clip.
const STRETCHES: [usize; 4] = [5_000, 33_333, 100_001, 300_000];

fn assert_same(found: &Embedding, whole: &Embedding, of: &str) {
    assert_eq!(found.values.len(), whole.values.len());
    let size = (whole.values.iter().map(|value| value * value).sum::<f32>() / whole.values.len() as f32).sqrt();
    for (a, b) in found.values.iter().zip(&whole.values) {
        assert!((a - b).abs() <= 1e-5 * b.abs().max(size), "{of}: {a} for {b}");
    }
    assert_eq!(found.own_scores.len(), whole.own_scores.len());
    for (a, b) in found.own_scores.iter().zip(&whole.own_scores) {
        assert!((a - b).abs() <= 1e-5 * b.abs(), "{of}: score {a} for {b}");
    }
}

/// A sound that is another one at each moment: a mistake of one frame is seen.
fn restless(secs: f32) -> Clip {
    let mut clip = hum(80.0, secs, 5);
    for (i, sample) in clip.samples.iter_mut().enumerate() {
        let secs = i as f32 / SAMPLE_RATE_HZ as f32;
        *sample *= 0.2 + (0.9 * secs).sin().abs();
        if i % 37_000 < 300 {
            *sample *= 4.0;
        }
    }
    clip
}

fn assert_any_stretches(extractor: &dyn Extractor, clip: &Clip, of: &str) {
    let fan = group("fan", "00");
    let whole = extractor.embed(clip, &fan).unwrap();
    for stretch in STRETCHES {
        let sound = Sound::held(clip).in_stretches_of(stretch);
        let found = extractor.embed_sound(&sound, &fan, &mut NoProgress).unwrap();
        assert_same(&found, &whole, &format!("{of} in stretches of {stretch}"));
    }
    let sound = Sound::held(clip).in_stretches_of(5_000);
    let stopped = extractor.embed_sound(&sound, &fan, &mut CancelAfter(1));
    assert!(matches!(stopped, Err(ExtractorError::Cancelled(_))), "{of}: {stopped:?}");
}

#[test]
fn every_recipe_embeds_a_clip_in_stretches_as_it_does_the_whole() {
    // Two and a half of the stretches of the attribute classifier, and no whole number of anything.
    let clip = restless(25.37);
    for recipe in Recipe::ALL {
        let folder = tempfile::tempdir().unwrap();
        let (config, clips) = small_job(recipe, folder.path(), 1);
        let extractor = train(&config, &clips, folder.path(), &mut Watcher::default()).unwrap();
        assert_any_stretches(&*extractor, &clip, recipe.name());
        if recipe == Recipe::MobileAnoNet {
            extractor.save(folder.path()).unwrap();
            // The same network with other inputs: one of them is scaled by the whole clip.
            for input in [SegmentInput::LogMinMax, SegmentInput::LogClip] {
                let mut other = config.clone();
                other.mobileanonet.input = input;
                let extractor = load(&other, folder.path()).unwrap();
                assert_any_stretches(&*extractor, &clip, input.name());
            }
        }
        if recipe == Recipe::GwrpGmm {
            for ranking_decay in [0.0, 0.5, 0.98] {
                let other = TrainingConfig {
                    ranking_decay,
                    ..config.clone()
                };
                let extractor = load(&other, folder.path()).unwrap();
                assert_any_stretches(&*extractor, &clip, &format!("gwrp-gmm, {ranking_decay}"));
            }
        }
    }
}

#[test]
fn a_file_at_another_rate_is_embedded_in_stretches_as_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let extractor = load(&TrainingConfig::published(Recipe::PooledLogMel), folder.path()).unwrap();
    let fan = group("fan", "00");
    for (rate_hz, channels) in [(44_100, 2), (48_000, 3)] {
        let file = folder.path().join(format!("{rate_hz}.wav"));
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate_hz,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&file, spec).unwrap();
        for sample in restless(9.0).samples {
            for channel in 1..=channels {
                // The last but one is the loudest.
                let gain = if channel + 1 == channels { 1.0 } else { 0.2 };
                writer.write_sample((sample * 16_000.0 * gain) as i16).unwrap();
            }
        }
        writer.finalize().unwrap();
        for channel in [ChannelChoice::Loudest, ChannelChoice::Mean, ChannelChoice::Index(0)] {
            let whole = extractor.embed(&read_clip(&file, channel).unwrap(), &fan).unwrap();
            let recording = Recording::open(&file, channel).unwrap();
            let sound = Sound::filed(&recording).in_stretches_of(20_000);
            let found = extractor.embed_sound(&sound, &fan, &mut NoProgress).unwrap();
            assert_same(&found, &whole, &format!("{rate_hz} Hz, {channel}"));
        }
    }
}

/// Two clips of five minutes and a half at 4 kHz, learned from in parts, and short ones beside them.
#[test]
fn a_long_clip_is_learned_from_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let (config, mut clips) = small_job(Recipe::DenseAe, folder.path(), 1);
    clips.retain(|clip| clip.group == group("fan", "00"));
    let n_short = clips.len() - 1;
    for take in 0..2 {
        let file = folder.path().join(format!("long {take}.wav"));
        let mut clip = hum(80.0, (LONG_SECS as f32 + 30.0) / 4.0, take);
        clip.sample_rate_hz = 4_000;
        auscult::audio::write_wav(&file, &clip).unwrap();
        clips.push(auscult::extractors::TrainingClip {
            file,
            ..clips[0].clone()
        });
    }
    let mut watcher = Watcher::default();
    let extractor = train(&config, &clips, folder.path(), &mut watcher).unwrap();
    let said = |words: &str| watcher.log.iter().filter(|line| line.contains(words)).count();
    assert_eq!(said("learned from in 2 parts"), 2, "{:?}", watcher.log);
    assert_eq!(n_short, 6);
    let heard = extractor.embed(&hum(80.0, 2.5, 3), &group("fan", "00")).unwrap();
    assert!(heard.own_scores[0].is_finite());
}
