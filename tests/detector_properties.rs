//! Leave-one-out scores are those of naive refits; odd banks end in an error or a stated fallback, never in NaN or a panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use auscult::detectors::{
    Bank, Covariance, DetectorConfig, DetectorError, DetectorKind, Metric, MixtureScore, Observations, fit, fit_all,
};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Source clips around one point and target clips around another, some directions wider than others.
fn seeded_bank(n_source: usize, n_target: usize, n_features: usize, seed: u64) -> Bank {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let n_clips = n_source + n_target;
    let mut embeddings = Vec::new();
    for clip in 0..n_clips {
        for feature in 0..n_features {
            let centre = if clip < n_source { 1.0 } else { -0.5 } * (feature % 3) as f32;
            let width = 0.2 + (feature % 5) as f32;
            embeddings.push(centre + width * (random.random::<f32>() + random.random::<f32>() - 1.0));
        }
    }
    Bank {
        observations: Observations {
            embeddings,
            n_features,
            own_scores: own_scores(|_| (0..n_clips).map(|_| random.random()).collect()),
        },
        is_target: (0..n_clips).map(|clip| clip >= n_source).collect(),
    }
}

/// Scores of all kinds that a front end may give itself.
fn own_scores(of_kind: impl FnMut(&DetectorKind) -> Vec<f32>) -> BTreeMap<DetectorKind, Vec<f32>> {
    let kinds: Vec<DetectorKind> = DetectorKind::ALL.into_iter().filter(|kind| kind.is_own_score()).collect();
    let scores: Vec<Vec<f32>> = kinds.iter().map(of_kind).collect();
    kinds.into_iter().zip(scores).collect()
}

fn without(bank: &Bank, left_out: usize) -> Bank {
    let kept: Vec<usize> = (0..bank.observations.n_clips()).filter(|&clip| clip != left_out).collect();
    bank.selected(&kept)
}

const SIX: [DetectorKind; 6] = [
    DetectorKind::Knn,
    DetectorKind::Lof,
    DetectorKind::Cos,
    DetectorKind::Maha,
    DetectorKind::SoftCos,
    DetectorKind::SoftMaha,
];

/// Those whose leave-one-out scores are exact; a mixture's are for one Gaussian.
const EXACT: [DetectorKind; 8] = [
    DetectorKind::Knn,
    DetectorKind::Lof,
    DetectorKind::Cos,
    DetectorKind::Maha,
    DetectorKind::SoftCos,
    DetectorKind::SoftMaha,
    DetectorKind::DensityKnn,
    DetectorKind::Gmm,
];

#[test]
fn leave_one_out_scores_are_those_of_refits() {
    let default = DetectorConfig {
        gmm_components: 1,
        gmm_covariance: Covariance::Shrunk,
        ..DetectorConfig::default()
    };
    let paper = DetectorConfig {
        covariance: Covariance::Ridge(1e-6),
        knn_metric: Metric::Euclidean,
        density_k: 3,
        gmm_components: 1,
        gmm_score: MixtureScore::Likelihood,
        ..DetectorConfig::default()
    };
    // More clips than features, fewer, a tiny bank, and one domain only.
    for (n_source, n_target, n_features) in [(40, 10, 8), (12, 5, 30), (6, 4, 200), (7, 0, 20), (600, 10, 6)] {
        for config in [default, paper] {
            let bank = seeded_bank(n_source, n_target, n_features, 3);
            for kind in EXACT {
                let found = fit(kind, &config, &bank).unwrap().leave_one_out_scores().to_vec();
                for left_out in (0..bank.observations.n_clips()).step_by(1 + n_source / 20) {
                    let refit = fit(kind, &config, &without(&bank, left_out)).unwrap();
                    let expected = refit.scores(&bank.observations.selected(&[left_out]))[0];
                    assert!(
                        (found[left_out] - expected).abs() < 1e-6 * expected.abs() + 1e-9,
                        "{kind:?} {:?}, {n_source} + {n_target} clips of {n_features}: clip {left_out} scores {}, refitted {expected}",
                        config.covariance,
                        found[left_out],
                    );
                }
            }
        }
    }
}

/// Two clouds so far apart that no clip that is left out changes which clip is of which.
#[test]
fn leave_one_out_scores_of_a_mixture_are_those_of_refits_where_the_clouds_stay() {
    for (gmm_score, gmm_covariance) in [
        (MixtureScore::NearestGaussian, Covariance::Ridge(1e-6)),
        (MixtureScore::Likelihood, Covariance::Ridge(1e-6)),
        (MixtureScore::Likelihood, Covariance::Shrunk),
    ] {
        let config = DetectorConfig {
            gmm_score,
            gmm_covariance,
            ..DetectorConfig::default()
        };
        let mut bank = seeded_bank(60, 0, 5, 3);
        for value in &mut bank.observations.embeddings[..100] {
            *value += 60.0;
        }
        let whole = fit(DetectorKind::Gmm, &config, &bank).unwrap();
        assert_eq!(whole.fallback(), None);
        for left_out in 0..60 {
            let refit = fit(DetectorKind::Gmm, &config, &without(&bank, left_out)).unwrap();
            let expected = refit.scores(&bank.observations.selected(&[left_out]))[0];
            let found = whole.leave_one_out_scores()[left_out];
            assert!(
                (found - expected).abs() < 1e-6 * expected.abs(),
                "clip {left_out}: {found}, refitted {expected}"
            );
        }
    }
}

/// Overlapping clouds: the other clips' shares are held, which is all that is neglected.
#[test]
fn leave_one_out_scores_of_a_mixture_are_near_those_of_refits() {
    let config = DetectorConfig::default();
    let mut bank = seeded_bank(300, 0, 5, 3);
    for value in &mut bank.observations.embeddings[..500] {
        *value = *value * 1.5 + 1.0;
    }
    let whole = fit(DetectorKind::Gmm, &config, &bank).unwrap();
    let in_sample = whole.scores(&bank.observations);
    let (mut apart, mut lift) = (0.0, 0.0);
    for left_out in (0..300).step_by(7) {
        let refit = fit(DetectorKind::Gmm, &config, &without(&bank, left_out)).unwrap();
        let expected = refit.scores(&bank.observations.selected(&[left_out]))[0];
        apart += (whole.leave_one_out_scores()[left_out] - expected).abs();
        lift += (expected - in_sample[left_out]).abs();
    }
    assert!(apart < 0.25 * lift, "{apart} of {lift}");
}

#[test]
fn leave_one_out_scores_of_fusion_are_those_of_refits() {
    let (kind, config) = (DetectorKind::Fusion, DetectorConfig::default());
    // A large bank is not fitted again for each of its clips: what one clip does to its scale is all that is neglected.
    for (n_source, n_target, tolerance) in [(6, 0, 1e-9), (14, 4, 1e-9), (300, 10, 0.05)] {
        let bank = seeded_bank(n_source, n_target, 20, 3);
        let found = fit(kind, &config, &bank).unwrap().leave_one_out_scores().to_vec();
        for left_out in (0..bank.observations.n_clips()).step_by(1 + n_source / 10) {
            let refit = fit(kind, &config, &without(&bank, left_out)).unwrap();
            let expected = refit.scores(&bank.observations.selected(&[left_out]))[0];
            let difference = (found[left_out] - expected).abs();
            assert!(
                difference < tolerance,
                "clip {left_out} of {n_source}: {} against {expected}",
                found[left_out]
            );
        }
    }
}

#[test]
fn detectors_that_are_fitted_together_are_those_that_are_fitted_alone() {
    let queries = seeded_bank(4, 3, 9, 8).observations;
    let lone = [DetectorKind::Fusion];
    let odd = [DetectorKind::Maha, DetectorKind::Fusion, DetectorKind::Maha];
    for bank in [
        seeded_bank(60, 5, 9, 4),
        seeded_bank(12, 1, 9, 4),
        seeded_bank(2, 0, 9, 4),
        seeded_bank(0, 0, 9, 4),
    ] {
        for kinds in [&DetectorKind::ALL[..], &SIX, &lone, &odd, &[]] {
            let together = fit_all(kinds, &DetectorConfig::default(), &bank);
            assert_eq!(together.len(), kinds.len());
            for (&kind, together) in kinds.iter().zip(together) {
                match (together, fit(kind, &DetectorConfig::default(), &bank)) {
                    (Ok(together), Ok(alone)) => {
                        assert_eq!(together.scores(&queries), alone.scores(&queries), "{kind:?}");
                        assert_eq!(together.leave_one_out_scores(), alone.leave_one_out_scores(), "{kind:?}");
                        assert_eq!(together.fallback(), alone.fallback());
                    }
                    (together, alone) => assert_eq!(together.err(), alone.err(), "{kind:?}"),
                }
            }
        }
    }
}

#[test]
fn a_far_clip_scores_higher_than_a_near_one() {
    let bank = seeded_bank(30, 6, 12, 5);
    let mut queries = bank.observations.selected(&[0, 1]);
    for value in &mut queries.embeddings[12..] {
        *value = 40.0 - *value * 3.0;
    }
    for scores in queries.own_scores.values_mut() {
        *scores = vec![0.5, 9.0];
    }
    for kind in DetectorKind::ALL {
        let scores = fit(kind, &DetectorConfig::default(), &bank).unwrap().scores(&queries);
        assert!(scores[1] > scores[0], "{kind:?}: {scores:?}");
    }
}

#[test]
fn many_queries_score_as_each_alone() {
    let bank = seeded_bank(20, 4, 6, 5);
    let queries = seeded_bank(1300, 0, 6, 6).observations;
    for kind in DetectorKind::ALL {
        let detector = fit(kind, &DetectorConfig::default(), &bank).unwrap();
        let together = detector.scores(&queries);
        assert_eq!(together.len(), 1300);
        for clip in [0, 511, 512, 1299] {
            let alone = detector.scores(&queries.selected(&[clip]))[0];
            assert!(
                (alone - together[clip]).abs() < 1e-9 * (1.0 + alone.abs()),
                "{kind:?} clip {clip}"
            );
        }
    }
}

#[test]
fn soft_detectors_say_when_a_domain_is_missing() {
    for (n_target, words) in [(0, "no target clip"), (1, "one target clip only")] {
        let bank = seeded_bank(9, n_target, 4, 1);
        for (soft, plain) in [
            (DetectorKind::SoftCos, DetectorKind::Cos),
            (DetectorKind::SoftMaha, DetectorKind::Maha),
        ] {
            let config = DetectorConfig::default();
            let soft = fit(soft, &config, &bank).unwrap();
            assert!(soft.fallback().unwrap().contains(words), "{:?}", soft.fallback());
            let plain = fit(plain, &config, &bank).unwrap();
            assert_eq!(soft.scores(&bank.observations), plain.scores(&bank.observations));
        }
    }
    let both = seeded_bank(9, 3, 4, 1);
    assert_eq!(
        fit(DetectorKind::SoftMaha, &DetectorConfig::default(), &both)
            .unwrap()
            .fallback(),
        None
    );
}

#[test]
fn a_bank_that_cannot_be_used_is_an_error() {
    let config = DetectorConfig::default();
    let mut broken = seeded_bank(5, 0, 3, 1);
    broken.observations.embeddings[4] = f32::NAN;
    let mut without_own_scores = seeded_bank(5, 0, 3, 1);
    without_own_scores.observations.own_scores.clear();
    for kind in DetectorKind::ALL {
        if !kind.is_own_score() {
            assert_eq!(fit(kind, &config, &broken).err(), Some(DetectorError::NotFinite { kind }));
            let one = fit(kind, &config, &seeded_bank(1, 0, 3, 1)).err();
            assert!(
                matches!(one, Some(DetectorError::TooFewClips { found: 1, .. })),
                "{kind:?}: {one:?}"
            );
            assert!(fit(kind, &config, &Bank::default()).is_err());
        }
    }
    for kind in DetectorKind::ALL.into_iter().filter(|kind| kind.is_own_score()) {
        let refused = fit(kind, &config, &without_own_scores).err();
        assert_eq!(refused, Some(DetectorError::NoOwnScore { kind }));
    }
}

#[test]
fn a_query_that_is_not_finite_is_infinitely_far() {
    let bank = seeded_bank(8, 3, 5, 2);
    let mut queries = bank.observations.selected(&[0, 1, 2]);
    queries.embeddings[7] = f32::NAN;
    for kind in DetectorKind::ALL {
        let scores = fit(kind, &DetectorConfig::default(), &bank).unwrap().scores(&queries);
        assert_eq!(scores[1], f64::INFINITY, "{kind:?}");
        assert!(scores[0].is_finite() && scores[2].is_finite(), "{kind:?}");
    }
}

/// Values that break careless arithmetic.
fn odd_value() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -3.0f32..3.0,
        2 => Just(0.0f32),
        1 => Just(1.0f32),
        1 => Just(f32::MAX),
        1 => Just(f32::MIN_POSITIVE),
        1 => Just(1e-42f32),
        1 => any::<f32>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn odd_banks_never_give_nan_or_panic(
        n_clips in 0usize..9,
        n_features in 0usize..6,
        // Constant banks are as likely as random ones.
        distinct in 1usize..40,
        values in prop::collection::vec(odd_value(), 80),
        targets in prop::collection::vec(any::<bool>(), 9),
        k in 0usize..12,
        ridge in prop_oneof![Just(None), Just(Some(0.0)), Just(Some(1e-6))],
    ) {
        let observations = |offset: usize, n_clips: usize| Observations {
            embeddings: (0..n_clips * n_features).map(|i| values[(offset + i % distinct) % values.len()]).collect(),
            n_features,
            own_scores: own_scores(|_| (0..n_clips).map(|i| values[(offset + i) % values.len()]).collect()),
        };
        let bank = Bank { observations: observations(0, n_clips), is_target: targets[..n_clips].to_vec() };
        let config = DetectorConfig {
            knn_k: k,
            lof_k: k,
            covariance: ridge.map_or(Covariance::Shrunk, Covariance::Ridge),
            ..DetectorConfig::default()
        };
        for kind in DetectorKind::ALL {
            if let Ok(detector) = fit(kind, &config, &bank) {
                let scores = detector.scores(&observations(30, 5));
                assert_eq!(scores.len(), 5);
                let of_bank = detector.leave_one_out_scores();
                assert_eq!(of_bank.len(), n_clips);
                assert!(!scores.iter().chain(of_bank).any(|score| score.is_nan()), "{kind:?}: {scores:?} {of_bank:?}");
            }
        }
    }
}

#[test]
fn no_queries_have_no_scores() {
    let bank = seeded_bank(12, 4, 5, 1);
    for kind in DetectorKind::ALL {
        let detector = fit(kind, &DetectorConfig::default(), &bank).unwrap();
        // A section of which nothing is tested does not know how many features its clips would have.
        assert!(detector.scores(&Observations::default()).is_empty(), "{kind:?}");
        assert!(detector.scores(&bank.observations.selected(&[])).is_empty(), "{kind:?}");
    }
}

/// Each of the kinds on banks that do not give what it asks for: it says what it did instead.
#[test]
fn what_a_bank_does_not_give_is_said() {
    let ridge = DetectorConfig {
        covariance: Covariance::Ridge(1e-6),
        ..DetectorConfig::default()
    };
    let many = DetectorConfig {
        knn_k: 40,
        lof_k: 40,
        density_k: 16,
        gmm_components: 16,
        ..DetectorConfig::default()
    };
    let small = seeded_bank(14, 2, 128, 1);
    let few_targets = seeded_bank(200, 10, 60, 1);
    let mut alike = seeded_bank(12, 4, 5, 1);
    alike.observations.embeddings.fill(2.0);
    let mut nothing = seeded_bank(12, 4, 5, 1);
    nothing.observations.embeddings.fill(0.0);
    for (kind, config, bank, words) in [
        (DetectorKind::Knn, many, &small, "16 training clips: 15 neighbours"),
        (DetectorKind::Lof, many, &small, "16 training clips: 14 neighbours"),
        (DetectorKind::DensityKnn, many, &small, "16 training clips: 14 neighbours"),
        (DetectorKind::Gmm, many, &small, "16 training clips: one Gaussian"),
        (DetectorKind::Gmm, many, &small, "no full covariance of 128 features: shrunk"),
        (DetectorKind::Gmm, DetectorConfig::default(), &few_targets, "shrunk"),
        (
            DetectorKind::Maha,
            ridge,
            &small,
            "16 training clips have no covariance in 113 of 128",
        ),
        (DetectorKind::SoftMaha, ridge, &small, "2 target clips only"),
        (
            DetectorKind::SoftMaha,
            ridge,
            &few_targets,
            "10 target clips have no covariance in 51 of 60",
        ),
        (
            DetectorKind::Fusion,
            ridge,
            &small,
            "MAHA: 16 training clips have no covariance in 113 of 128",
        ),
        (DetectorKind::Lof, ridge, &alike, "do not differ"),
        (DetectorKind::DensityKnn, ridge, &alike, "do not differ"),
        (DetectorKind::Maha, ridge, &alike, "do not differ"),
        (DetectorKind::SoftMaha, ridge, &alike, "do not differ"),
        (DetectorKind::Cos, ridge, &nothing, "no direction"),
        (DetectorKind::SoftCos, ridge, &nothing, "no direction"),
    ] {
        let detector = fit(kind, &config, bank).unwrap();
        let said = detector.fallback().unwrap_or("nothing");
        assert!(said.contains(words), "{kind:?}: {said}");
    }
    // And nothing is said where nothing is amiss.
    for kind in EXACT {
        let detector = fit(kind, &DetectorConfig::default(), &seeded_bank(200, 40, 8, 1)).unwrap();
        assert_eq!(detector.fallback(), None, "{kind:?}");
    }
}

#[test]
fn one_own_score_counts_once_in_a_fusion() {
    let bank = seeded_bank(60, 5, 9, 4);
    let queries = seeded_bank(4, 3, 9, 8).observations;
    let fused = |bank: &Bank, queries: &Observations| {
        let detector = fit(DetectorKind::Fusion, &DetectorConfig::default(), bank).unwrap();
        detector.scores(queries)
    };
    let only = |observations: &Observations, kinds: &[DetectorKind]| {
        let mut observations = observations.clone();
        observations.own_scores.retain(|kind, _| kinds.contains(kind));
        observations
    };
    let of = |kinds: &[DetectorKind]| {
        let bank = Bank {
            observations: only(&bank.observations, kinds),
            ..bank.clone()
        };
        fused(&bank, &only(&queries, kinds))
    };
    let all = fused(&bank, &queries);
    assert_eq!(all, of(&[DetectorKind::Residual]));
    assert_ne!(all, of(&[]));
    assert_eq!(of(&[DetectorKind::SelectiveMaha]), of(&[]));
    assert_ne!(of(&[DetectorKind::Probability]), of(&[]));
}
