//! Numbers equal to those of librosa and scikit-learn.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "common/shared.rs"]
mod shared;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use auscult::detectors::{Bank, Covariance, DetectorConfig, DetectorKind, Metric, MixtureScore, Observations, fit, fit_all};
use auscult::dsp::{LogMel, LogMelConfig, MelFilterBank, Padding, Spectrogram, Stft, StftConfig};
use shared::shared;

fn floats(path: PathBuf) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    let (quads, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty());
    quads.iter().map(|&quad| f32::from_le_bytes(quad)).collect()
}

fn signal(dir: &Path) -> Vec<f32> {
    let reader = hound::WavReader::open(dir.join("signal_16k_mono_pcm16.wav")).unwrap();
    reader
        .into_samples::<i16>()
        .map(|s| f32::from(s.unwrap()) / 32768.0)
        .collect()
}

/// librosa's matrices have one row a bin.
fn transposed(spectrogram: &Spectrogram) -> Vec<f32> {
    let bins = 0..spectrogram.n_bins;
    bins.flat_map(|bin| (0..spectrogram.n_frames).map(move |frame| spectrogram.frame(frame)[bin]))
        .collect()
}

/// Two measures: the largest difference over the largest value, and the largest difference of one value over itself,
/// among values that are not tiny (above `tiny` times the largest).
fn assert_close(name: &str, found: &[f32], expected: &[f32], tiny: f32) {
    assert_eq!(found.len(), expected.len(), "{name}: sizes");
    let largest = expected.iter().fold(0.0_f32, |max, v| max.max(v.abs()));
    let (mut of_largest, mut of_itself) = (0.0_f32, 0.0_f32);
    for (a, b) in found.iter().zip(expected) {
        let difference = (a - b).abs();
        of_largest = of_largest.max(difference / largest);
        if b.abs() > tiny * largest {
            of_itself = of_itself.max(difference / b.abs());
        }
    }
    println!("{name}: {of_largest:.1e} of the largest value, {of_itself:.1e} of each value above {tiny:.0e} of it");
    assert!(of_largest < 1e-5 && of_itself < 1e-5, "{name} differs from librosa");
}

#[test]
fn stft_equals_librosa() {
    let Some(dir) = shared("reference") else { return };
    let magnitude = Stft::new(StftConfig::default()).magnitude(&signal(&dir));
    let expected = floats(dir.join("stft_mag_2048_512_hann_center_zeropad_f32_1025xT.bin"));
    // Further below the loudest bin it is the float32 rounding of the loud bins that is compared.
    assert_close("stft", &transposed(&magnitude), &expected, 1e-2);
}

#[test]
fn mel_filters_equal_librosa() {
    let Some(dir) = shared("reference") else { return };
    let expected = floats(dir.join("melfb_slaney_128x513_f32.bin"));
    assert_close("mel filters", &MelFilterBank::new(16_000, 1024, 128).dense(), &expected, 1e-3);
}

#[test]
fn log_mel_equals_librosa() {
    let Some(dir) = shared("reference") else { return };
    let samples = signal(&dir);
    for (file, n_mels, power, padding) in [
        (
            "logmel128_1024_512_power1_slaney_zeropad_f32_128xT.bin",
            128,
            1,
            Padding::Zero,
        ),
        (
            "logmel128_1024_512_power2_slaney_zeropad_f32_128xT.bin",
            128,
            2,
            Padding::Zero,
        ),
        (
            "logmel128_1024_512_power2_slaney_reflectpad_f32_128xT.bin",
            128,
            2,
            Padding::Reflect,
        ),
        (
            "logmel64_1024_512_power2_slaney_reflectpad_f32_64xT.bin",
            64,
            2,
            Padding::Reflect,
        ),
    ] {
        let config = LogMelConfig {
            n_mels,
            power,
            padding,
            ..LogMelConfig::default()
        };
        let found = transposed(&LogMel::new(config).decibel(&samples));
        // A decibel value near 0 has no relative precision to speak of.
        assert_close(file, &found, &floats(dir.join(file)), 1e-2);
    }
}

fn embeddings(path: &Path) -> Observations {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    let rows: Vec<Vec<f32>> = reader.deserialize().map(Result::unwrap).collect();
    Observations {
        n_features: rows[0].len(),
        embeddings: rows.concat(),
        own_scores: BTreeMap::new(),
    }
}

#[test]
fn detectors_equal_scikit_learn() {
    let Some(dir) = shared("reference") else { return };
    let text = std::fs::read_to_string(dir.join("detector_expected.json")).unwrap();
    let expected: BTreeMap<String, Vec<f64>> = serde_json::from_str(&text).unwrap();
    let bank = Bank {
        observations: embeddings(&dir.join("emb_train_60src_10tgt.csv")),
        is_target: (0..70).map(|clip| clip >= 60).collect(),
    };
    let queries = embeddings(&dir.join("emb_test.csv"));
    let paper = DetectorConfig {
        covariance: Covariance::Ridge(1e-6),
        ..DetectorConfig::default()
    };
    let euclidean = DetectorConfig {
        knn_metric: Metric::Euclidean,
        ..paper
    };
    let cases = [
        ("knn2_cosine_mean", DetectorKind::Knn, paper, 1.0),
        // The reference is the sum over the two neighbours.
        ("knn2_euclid_sum", DetectorKind::Knn, euclidean, 2.0),
        ("lof4_cosine_novelty", DetectorKind::Lof, paper, 1.0),
        ("cos_mean", DetectorKind::Cos, paper, 1.0),
        ("maha_1e-6", DetectorKind::Maha, paper, 1.0),
        ("soft_cos_min", DetectorKind::SoftCos, paper, 1.0),
        ("soft_maha_min_1e-6", DetectorKind::SoftMaha, paper, 1.0),
    ];
    for (name, kind, config, factor) in cases {
        let scores = fit(kind, &config, &bank).unwrap().scores(&queries);
        assert_eq!(scores.len(), expected[name].len());
        let differences = scores
            .iter()
            .zip(&expected[name])
            .map(|(a, b)| (a * factor - b).abs() / b.abs());
        let largest = differences.fold(0.0, f64::max);
        println!("{name}: {largest:.1e} of each score");
        assert!(largest < 1e-6, "{name} differs from scikit-learn");
    }
}

#[test]
fn density_knn_and_one_gaussian_equal_their_references() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gmm/expected.json");
    let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> { serde_json::from_value(value.clone()).unwrap() };
    let clips = |name: &str| Observations {
        embeddings: numbers(&expected[name]).iter().map(|&value| value as f32).collect(),
        n_features: 6,
        own_scores: BTreeMap::new(),
    };
    let bank = Bank {
        observations: clips("bank"),
        is_target: vec![false; 80],
    };
    let queries = clips("queries");
    let assert_equal = |name: &str, found: &[f64], expected: &serde_json::Value| {
        let expected = numbers(expected);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-6 * expected.abs(),
                "{name}: {found}, not {expected}"
            );
        }
    };
    for k in [1, 4, 16] {
        for (metric, name) in [(Metric::Cosine, "cosine"), (Metric::Euclidean, "euclidean")] {
            let config = DetectorConfig {
                density_k: k,
                knn_metric: metric,
                ..DetectorConfig::default()
            };
            let name = format!("{name} {k}");
            let detector = fit(DetectorKind::DensityKnn, &config, &bank).unwrap();
            let expected = &expected["density_knn"][&name];
            assert_equal(&name, &detector.scores(&queries), &expected["scores"]);
            assert_equal(&name, detector.leave_one_out_scores(), &expected["left_out"]);
        }
    }
    for (score, name) in [
        (MixtureScore::NearestGaussian, "nearest_gaussian"),
        (MixtureScore::Likelihood, "likelihood"),
    ] {
        let config = DetectorConfig {
            gmm_components: 1,
            gmm_score: score,
            ..DetectorConfig::default()
        };
        let detector = fit(DetectorKind::Gmm, &config, &bank).unwrap();
        assert_eq!(detector.fallback(), None);
        assert_equal(name, &detector.scores(&queries), &expected["one"][name]);
    }
}

/// Banks of both domains and of one, small ones whose clips are left out by fitting again and a large one.
#[test]
fn the_fusion_equals_its_definition_in_numpy() {
    #[derive(serde::Deserialize)]
    struct Case {
        n_features: usize,
        is_target: Vec<bool>,
        bank: Vec<f32>,
        own: Vec<f32>,
        queries: Vec<f32>,
        own_of_queries: Vec<f32>,
        scores: Vec<f64>,
        left_out: Vec<f64>,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fusion/expected.json");
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let observations = |embeddings: Vec<f32>, own: Vec<f32>| Observations {
            embeddings,
            n_features: case.n_features,
            own_scores: BTreeMap::from([(DetectorKind::Residual, own)]),
        };
        let bank = Bank {
            observations: observations(case.bank, case.own),
            is_target: case.is_target,
        };
        let queries = observations(case.queries, case.own_of_queries);
        for fusion in [
            fit(DetectorKind::Fusion, &DetectorConfig::default(), &bank).unwrap().into(),
            fit_all(&[DetectorKind::Fusion], &DetectorConfig::default(), &bank)
                .remove(0)
                .unwrap(),
            fit_all(&DetectorKind::ALL, &DetectorConfig::default(), &bank)
                .pop()
                .unwrap()
                .unwrap(),
        ] {
            let (scores, left_out) = (fusion.scores(&queries), fusion.leave_one_out_scores().to_vec());
            assert_eq!((scores.len(), left_out.len()), (case.scores.len(), case.left_out.len()));
            for (found, expected) in scores.iter().zip(&case.scores).chain(left_out.iter().zip(&case.left_out)) {
                // Sums of parts of either sign: what counts is the size of a standard deviation, 1.
                assert!(
                    (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
                    "{found}, not {expected}"
                );
            }
        }
    }
}
