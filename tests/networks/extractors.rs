//! From sound files to embeddings: train, save, open again, embed from many threads, and fail in words.

use std::path::{Path, PathBuf};

use auscult::audio::{ChannelChoice, Clip, SAMPLE_RATE_HZ, read_clip};
use auscult::dataset::{Attribute, MachineSection};
use auscult::dsp::{LogMel, LogMelConfig};
use auscult::extractors::{ExtractorError, OwnScore, Recipe, TrainingClip, TrainingConfig, load, train};
use auscult::nn::{CaeMcs, DeviceChoice, EpochMetrics, TrainingError, read_weights, write_weights};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::watcher::Watcher;

/// All recipes with something to train.
const TRAINED: [Recipe; 6] = [
    Recipe::DenseAe,
    Recipe::MobileAnoNet,
    Recipe::MobileNetV2,
    Recipe::CaeMcs,
    Recipe::OutlierNet,
    Recipe::AttributeClassifier,
];

/// A hum with harmonics in noise.
pub(crate) fn hum(frequency_hz: f32, secs: f32, seed: u64) -> Clip {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let n_samples = (secs * SAMPLE_RATE_HZ as f32) as usize;
    let samples = (0..n_samples).map(|i| {
        let phase = i as f32 / SAMPLE_RATE_HZ as f32 * std::f32::consts::TAU * frequency_hz;
        0.2 * phase.sin() + 0.1 * (3.0 * phase).sin() + rng.random_range(-0.02..0.02)
    });
    Clip {
        samples: samples.collect(),
        sample_rate_hz: SAMPLE_RATE_HZ,
    }
}

pub(crate) fn write(path: &Path, clip: &Clip) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    clip.samples
        .iter()
        .for_each(|x| writer.write_sample((x * 32767.0) as i16).unwrap());
    writer.finalize().unwrap();
}

pub(crate) fn group(machine: &str, section: &str) -> MachineSection {
    MachineSection {
        machine: machine.to_owned(),
        section: section.to_owned(),
    }
}

/// Six clips of 2.5 s of each of two sections of two machines, and a file that is no sound.
fn training_clips(folder: &Path) -> Vec<TrainingClip> {
    let mut clips = Vec::new();
    for (group_idx, (machine, section)) in [("fan", "00"), ("fan", "02"), ("a/b", "00"), ("a/b", "02")]
        .into_iter()
        .enumerate()
    {
        for take in 0..6 {
            let file = folder.join(format!("{group_idx}_{take}.wav"));
            write(
                &file,
                &hum(80.0 * (group_idx + 1) as f32, 2.5, (10 * group_idx + take) as u64),
            );
            clips.push(training_clip(file, group(machine, section)));
        }
    }
    let broken = folder.join("broken.wav");
    std::fs::write(&broken, b"RIFF....").unwrap();
    clips.push(training_clip(broken, group("fan", "00")));
    clips
}

fn training_clip(file: PathBuf, group: MachineSection) -> TrainingClip {
    let attributes = vec![Attribute {
        name: "vel".to_owned(),
        value: "1".to_owned(),
    }];
    TrainingClip {
        file,
        channel: ChannelChoice::default(),
        group,
        attributes,
        is_target: false,
    }
}

/// Whether all machines share a network.
fn has_one_network(recipe: Recipe) -> bool {
    matches!(recipe, Recipe::MobileAnoNet | Recipe::AttributeClassifier)
}

/// Few clips and one epoch for the large networks: a step over full segments takes a while.
pub(crate) fn small_job(recipe: Recipe, folder: &Path, n_epochs: usize) -> (TrainingConfig, Vec<TrainingClip>) {
    let mut clips = training_clips(folder);
    if has_one_network(recipe) {
        let mut clip_idx = 0;
        clips.retain(|_| {
            clip_idx += 1;
            clip_idx % 2 == 1
        });
    }
    let n_epochs = if has_one_network(recipe) { 1 } else { n_epochs };
    (
        TrainingConfig {
            n_epochs,
            ..config(recipe)
        },
        clips,
    )
}

fn config(recipe: Recipe) -> TrainingConfig {
    TrainingConfig {
        n_epochs: 2,
        batch_size: 16,
        segments_per_clip: 1,
        window_hop: 16,
        genome: "std4/2x2 dw6/2x2 code5".parse().unwrap(),
        ..TrainingConfig::published(recipe)
    }
}

#[test]
fn a_trained_extractor_is_the_same_after_it_was_saved_and_opened() {
    for (recipe, n_features) in TRAINED.into_iter().zip([8, 128, 1280, 40, 5, 128]) {
        let folder = tempfile::tempdir().unwrap();
        let (config, clips) = small_job(recipe, folder.path(), 2);
        let run_dir = folder.path().join("run");
        let mut watcher = Watcher::default();
        let extractor = train(&config, &clips, &run_dir, &mut watcher).unwrap();
        let n_networks = match recipe {
            Recipe::OutlierNet => 4,
            _ if has_one_network(recipe) => 1,
            _ => 2,
        };
        assert_eq!(watcher.epochs.len(), config.n_epochs * n_networks);
        assert!(
            recipe == Recipe::OutlierNet || watcher.epochs.iter().all(|epoch| epoch.validation_loss.is_some()),
            "a tenth of 12 clips is held out, none of the 6 of a section"
        );
        assert!(
            watcher.log.iter().any(|line| line.contains("broken.wav")),
            "{:?}",
            watcher.log
        );

        extractor.save(&run_dir).unwrap();
        let opened = load(&config, &run_dir).unwrap();
        assert_eq!(opened.recipe(), recipe);
        let clip = read_clip(&clips[0].file, ChannelChoice::default()).unwrap();
        let embedding = extractor.embed(&clip, &clips[0].group).unwrap();
        assert_eq!(embedding.values.len(), n_features);
        assert_eq!(embedding.own_scores.len(), recipe.own_scores().len());
        assert_eq!(opened.own_scores(), recipe.own_scores());
        assert!(embedding.values.iter().all(|value| value.is_finite()));
        // Opened again, and from several threads at once.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(opened.embed(&clip, &clips[0].group).unwrap(), embedding));
            }
        });
        // Training again finds everything done, and gives the same network.
        let mut again = Watcher::default();
        let extractor = train(&config, &clips, &run_dir, &mut again).unwrap();
        assert_eq!(again.epochs, watcher.epochs);
        assert_eq!(extractor.embed(&clip, &clips[0].group).unwrap(), embedding);
    }
}

#[test]
fn crops_are_embedded_one_by_one_and_short_clips_refused() {
    for recipe in TRAINED {
        let folder = tempfile::tempdir().unwrap();
        let (config, clips) = small_job(recipe, folder.path(), 1);
        let extractor = train(&config, &clips, folder.path(), &mut Watcher::default()).unwrap();
        let fan = group("fan", "00");
        for secs in [0.05, 0.5, 2.015, 2.016, 2.05, 6.2] {
            let clip = hum(80.0, secs, 1);
            let windows = extractor.crop_windows(clip.duration_secs());
            let crops = extractor.embed_crops(&clip, &fan).unwrap();
            assert_eq!(crops.len(), windows.len(), "{recipe:?} {secs}");
            assert!(
                windows
                    .iter()
                    .all(|window| window.start_secs < window.end_secs && window.end_secs <= f64::from(secs) + 1e-4)
            );
            match extractor.embed(&clip, &fan) {
                Ok(whole) => {
                    assert!(!crops.is_empty());
                    assert_eq!(whole.values.len(), crops[0].values.len());
                }
                Err(ExtractorError::ClipTooShort { found_secs, needed_secs }) => assert!(found_secs < needed_secs),
                Err(other) => panic!("{other}"),
            }
        }
        // What the crops say and what the clip says is the same where the clip is one crop.
        let (secs, n_frames) = match extractor.window_shape() {
            Some(shape) => (1.0, shape.n_frames),
            None => (2.02, 64),
        };
        let clip = hum(80.0, secs, 1);
        let (whole, crops) = (
            extractor.embed(&clip, &fan).unwrap(),
            extractor.embed_crops(&clip, &fan).unwrap(),
        );
        assert_eq!(vec![whole], crops);
        assert_eq!(extractor.model_input(&clip).n_frames, n_frames);
    }
}

/// The mean over the windows that a clip is scored by is what the clip scores, and a finer hop has the coarser one's windows.
#[test]
fn windows_are_scored_one_by_one_at_any_hop() {
    let folder = tempfile::tempdir().unwrap();
    let clips: Vec<_> = training_clips(folder.path()).into_iter().take(6).collect();
    let config = TrainingConfig {
        n_epochs: 1,
        segment_hop: 8,
        ..config(Recipe::CaeMcs)
    };
    let extractor = train(&config, &clips, folder.path(), &mut Watcher::default()).unwrap();
    let (shape, fan) = (extractor.window_shape().unwrap(), group("fan", "00"));
    assert_eq!((shape.n_frames, shape.n_bands, shape.band_hz), (32, 128, [0.0, 8000.0]));
    // 96 frames: windows begin at 0, 8, … 64.
    let clip = hum(80.0, 95.0 * 512.0 / 16_000.0, 3);
    let errors = |hop: usize| -> Vec<f32> {
        let windows = extractor.embed_windows(&clip, &fan, hop).unwrap();
        assert_eq!(windows.len(), shape.windows(clip.duration_secs(), hop).len());
        windows.iter().map(|window| window.own_scores[0]).collect()
    };
    let (fine, coarse) = (errors(8), errors(32));
    assert_eq!((fine.len(), coarse.len()), (9, 3));
    for (window_idx, error) in coarse.iter().enumerate() {
        assert!(
            (error - fine[4 * window_idx]).abs() < 1e-5 * error.abs(),
            "{coarse:?} {fine:?}"
        );
    }
    let whole = extractor.embed(&clip, &fan).unwrap().own_scores[0];
    let mean = fine.iter().sum::<f32>() / 9.0;
    assert!((whole - mean).abs() < 1e-5 * mean, "{whole} {mean}");
    let crops = extractor.embed_crops(&clip, &fan).unwrap();
    assert_eq!(crops.len(), 3, "side by side");
}

#[test]
fn what_cannot_be_trained_or_opened_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let clips = training_clips(folder.path());
    let outcome = |recipe, clips: &[TrainingClip]| {
        train(&config(recipe), clips, folder.path(), &mut Watcher::default())
            .err()
            .unwrap()
    };
    for recipe in TRAINED {
        assert!(matches!(outcome(recipe, &[]), ExtractorError::NoTrainingClips));
        let broken_only = outcome(recipe, &clips[24..]);
        if recipe == Recipe::MobileNetV2 {
            assert!(matches!(broken_only, ExtractorError::OneSection { .. }), "not even read");
        } else {
            assert!(
                matches!(broken_only, ExtractorError::NoTrainingClips),
                "the only file is broken"
            );
        }
        let stopped = train(
            &config(recipe),
            &clips,
            folder.path(),
            &mut Watcher {
                steps_left: Some(3),
                ..Watcher::default()
            },
        );
        assert!(matches!(stopped.err().unwrap(), ExtractorError::Cancelled(_)));
    }
    let single = outcome(Recipe::MobileNetV2, &clips[..6]);
    assert!(
        matches!(&single, ExtractorError::OneSection { class } if class == "fan 00"),
        "{single}"
    );
    let single = outcome(Recipe::MobileAnoNet, &clips[..6]);
    assert!(
        matches!(&single, ExtractorError::OneClass { class } if class == "fan 00"),
        "{single}"
    );

    let run_dir = folder.path().join("run");
    let missing = load(&config(Recipe::DenseAe), &run_dir).err().unwrap();
    assert!(matches!(missing, ExtractorError::Training(TrainingError::Io { .. })));
    std::fs::create_dir(&run_dir).unwrap();
    for (recipe, file) in [
        (Recipe::DenseAe, "dense-ae.safetensors"),
        (Recipe::MobileAnoNet, "mobileanonet.safetensors"),
        (Recipe::MobileNetV2, "mobilenet-v2.safetensors"),
        (Recipe::CaeMcs, "cae-mcs.safetensors"),
        (Recipe::OutlierNet, "outliernet.safetensors"),
        (Recipe::AttributeClassifier, "attribute-classifier.safetensors"),
    ] {
        std::fs::write(run_dir.join(file), b"no weights at all").unwrap();
        let error = load(&config(recipe), &run_dir).err().unwrap();
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[test]
fn a_run_from_before_there_were_mahalanobis_distances_scores_what_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let mut fan: Vec<_> = training_clips(folder.path()).into_iter().take(12).collect();
    // Section 02 hums higher: let it be the target domain.
    fan.iter_mut().for_each(|clip| clip.is_target = clip.group.section == "02");
    let config = config(Recipe::DenseAe);
    let mut watcher = Watcher::default();
    let extractor = train(&config, &fan, folder.path(), &mut watcher).unwrap();
    assert!(!watcher.log.iter().any(|line| line.contains("ridge")), "{:?}", watcher.log);
    assert_eq!(
        extractor.own_scores(),
        [OwnScore::Residual, OwnScore::SelectiveMaha, OwnScore::SelectiveMahaNtt]
    );
    let (normal, strange) = (hum(80.0, 2.5, 99), hum(1000.0, 2.5, 99));
    let scores = |clip| extractor.embed(clip, &group("fan", "00")).unwrap().own_scores;
    let (normal, strange) = (scores(&normal), scores(&strange));
    assert!(
        normal.iter().zip(&strange).all(|(normal, strange)| normal < strange),
        "{normal:?} {strange:?}"
    );
    // The clip's mean error is smaller than its errors.
    assert!(normal[2] < normal[1], "{normal:?}");

    extractor.save(folder.path()).unwrap();
    let path = folder.path().join("dense-ae.safetensors");
    let mut weights = read_weights(&path).unwrap();
    weights.retain(|tensor| !tensor.name.contains("selective_maha"));
    write_weights(&path, &weights).unwrap();
    let old = load(&config, folder.path()).unwrap();
    assert_eq!(old.own_scores(), [OwnScore::Residual]);
    let embedding = old.embed(&hum(80.0, 2.5, 99), &group("fan", "00")).unwrap();
    assert_eq!(embedding.own_scores, normal[..1]);
}

#[test]
fn each_recipe_learns_a_few_clips_by_heart() {
    for recipe in [Recipe::DenseAe, Recipe::MobileAnoNet, Recipe::CaeMcs] {
        let folder = tempfile::tempdir().unwrap();
        let mut clips = Vec::new();
        for clip_idx in 0..6 {
            let file = folder.path().join(format!("{clip_idx}.wav"));
            write(&file, &hum(60.0 * (clip_idx + 1) as f32, 2.5, clip_idx));
            clips.push(training_clip(file, group("fan", if clip_idx < 3 { "00" } else { "02" })));
        }
        let config = TrainingConfig {
            n_epochs: 30,
            ..config(recipe)
        };
        let mut watcher = Watcher::default();
        train(&config, &clips, folder.path(), &mut watcher).unwrap();
        // The centres begin far away, and their loss hides the others'.
        let loss = |epoch: &EpochMetrics| {
            let mut figures = epoch.figures.iter();
            let machine = figures.find(|figure| figure.name == "machine loss" && !figure.is_held_out);
            machine.map_or(epoch.train_loss, |figure| figure.value)
        };
        let (first, last) = (loss(&watcher.epochs[0]), loss(&watcher.epochs[29]));
        println!("{}: {first} falls to {last}", recipe.name());
        // Redrawing nothing but the mean of standardised levels leaves a loss of 1.
        assert!(recipe != Recipe::CaeMcs || last < 0.7, "{last}");
        assert!(last < 0.5 * first, "{}: {first} falls to {last}", recipe.name());
    }
}

/// The errors of windows cut by hand, from levels standardised by hand.
#[test]
fn the_score_of_cae_mcs_is_the_mean_error_of_its_windows() {
    let folder = tempfile::tempdir().unwrap();
    let (mut config, clips) = small_job(Recipe::CaeMcs, folder.path(), 1);
    let fan: Vec<_> = clips.into_iter().filter(|clip| clip.group.machine == "fan").collect();
    let extractor = train(&config, &fan, folder.path(), &mut Watcher::default()).unwrap();
    extractor.save(folder.path()).unwrap();
    let mut tensors = read_weights(&folder.path().join("cae-mcs.safetensors")).unwrap();
    tensors
        .iter_mut()
        .for_each(|tensor| tensor.name = tensor.name.strip_prefix("fan/").unwrap().to_owned());
    let mut take = |name: &str| {
        let place = tensors.iter().position(|tensor| tensor.name == name).unwrap();
        tensors.remove(place).values
    };
    let (means, deviations) = (take("standardiser.means"), take("standardiser.deviations"));
    let network = CaeMcs::from_weights(DeviceChoice::Cpu, &tensors, Path::new("the run")).unwrap();

    let clip = hum(100.0, 2.5, 3);
    let levels = LogMel::new(LogMelConfig {
        power: 1,
        ..LogMelConfig::default()
    })
    .decibel(&clip.samples);
    assert_eq!(levels.n_frames, 79);
    let starts_of = |hop: usize| match hop {
        3 => (0..47).step_by(3).chain([47]).collect::<Vec<usize>>(),
        _ => vec![0, 32, 47],
    };
    for hop in [3, 32] {
        let windows: Vec<f32> = starts_of(hop)
            .into_iter()
            .flat_map(|start| (start..start + 32).flat_map(|frame| (0..128).map(move |band| (frame, band))))
            .map(|(frame, band)| (levels.frame(frame)[band] - means[band]) / deviations[band])
            .collect();
        let errors = network.errors(&windows).unwrap();
        let expected = errors.iter().sum::<f32>() / errors.len() as f32;
        config.segment_hop = hop;
        let found = load(&config, folder.path())
            .unwrap()
            .embed(&clip, &group("fan", "00"))
            .unwrap();
        assert!(
            (found.own_scores[0] / expected - 1.0).abs() < 1e-5,
            "every {hop} frames: {:?}, not {expected}",
            found.own_scores
        );
    }
}

#[test]
fn weights_of_another_shape_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fan: Vec<_> = training_clips(folder.path())
        .into_iter()
        .filter(|clip| clip.group.machine == "fan")
        .collect();
    let config = TrainingConfig {
        n_epochs: 1,
        ..config(Recipe::DenseAe)
    };
    let extractor = train(&config, &fan, folder.path(), &mut Watcher::default()).unwrap();
    extractor.save(folder.path()).unwrap();
    let unknown = extractor.embed(&hum(80.0, 1.0, 1), &group("pump", "00")).unwrap_err();
    assert!(
        matches!(&unknown, ExtractorError::UnknownMachine { machine } if machine == "pump"),
        "{unknown}"
    );

    let path = folder.path().join("dense-ae.safetensors");
    let whole = read_weights(&path).unwrap();
    let mut cut = whole.clone();
    let bias = cut.iter_mut().find(|tensor| tensor.name == "fan/output.bias").unwrap();
    (bias.shape, bias.values) = (vec![7], vec![0.0; 7]);
    write_weights(&path, &cut).unwrap();
    let error = load(&config, folder.path()).err().unwrap().to_string();
    assert!(error.contains("output.bias has the shape [7], [640] is expected"), "{error}");
    write_weights(&path, &whole[1..]).unwrap();
    assert!(load(&config, folder.path()).err().unwrap().to_string().contains("is missing"));
}

/// Two machines: one of two sections, one of a single section and condition.
#[test]
fn a_machine_that_cannot_be_classified_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let clips = &training_clips(folder.path())[..18];
    let config = TrainingConfig {
        n_epochs: 1,
        ..config(Recipe::MobileNetV2)
    };
    let mut watcher = Watcher::default();
    let extractor = train(&config, clips, folder.path(), &mut watcher).unwrap();
    assert!(
        watcher.log.iter().any(|line| line.contains("left out: a/b 00")),
        "{:?}",
        watcher.log
    );
    let clip = hum(80.0, 2.5, 1);
    assert!(extractor.embed(&clip, &group("fan", "02")).is_ok());
    for (machine, section) in [("a/b", "00"), ("fan", "07")] {
        let error = extractor.embed(&clip, &group(machine, section)).unwrap_err();
        assert!(matches!(error, ExtractorError::UnknownMachine { .. }), "{error}");
    }
}

/// With steps enough a classifier finds its training clips probable in their own section, and others not.
#[test]
fn classifiers_learn_a_tiny_set_by_heart() {
    let folder = tempfile::tempdir().unwrap();
    let clips: Vec<_> = training_clips(folder.path()).into_iter().take(12).collect();
    let config = TrainingConfig {
        n_epochs: 30,
        batch_size: 8,
        learning_rate: 1e-3,
        ..config(Recipe::MobileNetV2)
    };
    let mut watcher = Watcher::default();
    let extractor = train(&config, &clips, folder.path(), &mut watcher).unwrap();
    assert_eq!(watcher.epochs.last().unwrap().validation_accuracy, Some(1.0));
    for (clip, other) in clips.iter().zip(clips.iter().rev()) {
        let sound = read_clip(&clip.file, ChannelChoice::default()).unwrap();
        let score = |group: &MachineSection| extractor.embed(&sound, group).unwrap().own_scores[0];
        assert!(
            score(&clip.group) < -1.5 && score(&other.group) > 1.5,
            "{}: {} in its own section, {} in the other",
            clip.file.display(),
            score(&clip.group),
            score(&other.group)
        );
    }
}

/// Sections are classes where there are several, conditions where there is one.
#[test]
fn a_single_section_is_classified_by_its_conditions() {
    let folder = tempfile::tempdir().unwrap();
    let mut clips: Vec<_> = training_clips(folder.path()).into_iter().take(12).collect();
    for (clip_idx, clip) in clips.iter_mut().enumerate() {
        clip.group = group("fan", "00");
        clip.attributes[0].value = (clip_idx / 6).to_string();
    }
    let config = TrainingConfig {
        n_epochs: 1,
        ..config(Recipe::MobileNetV2)
    };
    let mut watcher = Watcher::default();
    let extractor = train(&config, &clips, folder.path(), &mut watcher).unwrap();
    let classes = "fan: 2 conditions of its one section: 00 vel=0, 00 vel=1";
    assert!(watcher.log.iter().any(|line| line == classes), "{:?}", watcher.log);
    let embedding = extractor.embed(&hum(80.0, 2.5, 1), &group("fan", "00")).unwrap();
    assert!(embedding.own_scores[0] <= 0.0, "the likelier of two conditions counts");
}

/// The classes of a section are those of its training clips, in each domain by itself.
#[test]
fn the_attribute_classifier_learns_from_a_tiny_set() {
    let folder = tempfile::tempdir().unwrap();
    let mut clips: Vec<_> = training_clips(folder.path()).into_iter().take(12).collect();
    for clip in &mut clips {
        clip.attributes[0].value.clone_from(&clip.group.section);
    }
    clips[0].is_target = true;
    let config = TrainingConfig {
        n_epochs: 8,
        batch_size: 4,
        learning_rate: 1e-3,
        ..config(Recipe::AttributeClassifier)
    };
    let mut watcher = Watcher::default();
    train(&config, &clips, folder.path(), &mut watcher).unwrap();
    let classes = "3 classes: fan source vel=00, fan source vel=02, fan target vel=00";
    assert!(watcher.log.iter().any(|line| line == classes), "{:?}", watcher.log);
    let losses: Vec<f64> = watcher.epochs.iter().map(|epoch| epoch.train_loss).collect();
    assert!(losses[7] < 0.7 * losses[0], "{losses:?}");
}

/// Thresholds rest on the scores of held-out clips: nothing that scores them may have been fitted on them.
#[test]
fn held_out_clips_have_no_part_in_what_scores_them() {
    for recipe in [Recipe::DenseAe, Recipe::CaeMcs] {
        let folder = tempfile::tempdir().unwrap();
        let clips: Vec<_> = training_clips(folder.path()).into_iter().take(12).collect();
        let config = TrainingConfig {
            n_epochs: 1,
            ..config(recipe)
        };
        let trained = |name: &str| {
            let (run_dir, mut watcher) = (folder.path().join(name), Watcher::default());
            train(&config, &clips, &run_dir, &mut watcher)
                .unwrap()
                .save(&run_dir)
                .unwrap();
            let weights = std::fs::read(run_dir.join(format!("{}.safetensors", recipe.name()))).unwrap();
            (weights, watcher.held_out)
        };
        let (before, held_out) = trained("before");
        assert_eq!(held_out.len(), 1, "a tenth of 12 clips");
        write(&held_out[0], &hum(2345.0, 2.5, 99));
        let (after, again) = trained("after");
        assert_eq!(held_out, again);
        assert!(
            before == after,
            "{}: another held-out clip gives other weights or another spread",
            recipe.name()
        );
    }
}

#[test]
fn an_outlier_net_is_of_one_section_and_sees_nine_windows_of_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let (config, clips) = small_job(Recipe::OutlierNet, folder.path(), 1);
    let fan: Vec<_> = clips.into_iter().filter(|clip| clip.group.machine == "fan").collect();
    let mut watcher = Watcher::default();
    let config = TrainingConfig {
        window_hop: 32,
        ..config
    };
    let extractor = train(&config, &fan, folder.path(), &mut watcher).unwrap();
    assert!(
        watcher.log.iter().any(|line| line.contains("fan 02: up to 15 frames")),
        "79 frames are 2 windows and 15 frames: {:?}",
        watcher.log
    );
    let [here, there, elsewhere] = ["00", "02", "04"].map(|section| group("fan", section));
    let mut clip = hum(80.0, 10.0, 4);
    let whole = extractor.embed(&clip, &here).unwrap();
    assert_ne!(
        whole,
        extractor.embed(&clip, &there).unwrap(),
        "each section has a network of its own"
    );
    let unknown = extractor.embed(&clip, &elsewhere).unwrap_err().to_string();
    assert!(unknown.contains("fan 04"), "{unknown}");

    assert_eq!(extractor.crop_windows(10.0).len(), 9);
    let crops = extractor.embed_crops(&clip, &here).unwrap();
    let mean = crops.iter().map(|crop| crop.own_scores[0]).sum::<f32>() / 9.0;
    assert!((mean / whole.own_scores[0] - 1.0).abs() < 1e-5, "{mean} {whole:?}");
    // Frame 287 is the last one of the nine windows; it ends half a transform of 1024 after its middle.
    clip.samples[287 * 512 + 512..].fill(0.5);
    assert_eq!(extractor.embed(&clip, &here).unwrap(), whole, "the end belongs to no window");
}
