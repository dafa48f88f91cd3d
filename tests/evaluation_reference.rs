//! Figures against scikit-learn, scipy, the official DCASE evaluators and published results.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "common/shared.rs"]
mod shared;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use auscult::evaluation::{
    BootstrapConfig, EvaluationError, EvaluationOptions, FileSubject, Gamma, LabelledScore, Rules, ThresholdRule, Truth,
    TruthClip, auc, compare_paired, evaluate_files, harmonic_mean, is_tie, partial_auc, partial_auc_raw, percentile,
    read_decisions, read_scores, read_truth, result_csv, roc_curve, section_metrics, threshold, write_decisions, write_scores,
};
use proptest::prelude::{ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, prop_assume, proptest};
use shared::shared;

fn labelled(score: f64, is_anomaly: bool, is_target: Option<bool>) -> LabelledScore {
    LabelledScore {
        score,
        is_anomaly,
        is_target,
    }
}

fn reference() -> serde_json::Value {
    serde_json::from_str(include_str!("data/evaluation/metrics_expected.json")).unwrap()
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

fn reference_scores() -> Vec<LabelledScore> {
    let json = reference();
    let labels = numbers(&json["y"]);
    numbers(&json["s"])
        .into_iter()
        .zip(labels)
        .map(|(score, label)| labelled(score, label == 1.0, None))
        .collect()
}

#[track_caller]
fn assert_close(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() <= tolerance, "{found} instead of {expected}");
}

#[test]
fn auc_and_pauc_equal_scikit_learn_with_ties() {
    let (json, scores) = (reference(), reference_scores());
    assert_close(auc(&scores), json["auc"].as_f64().unwrap(), 1e-12);
    for p in ["0.05", "0.1", "0.25"] {
        let expected = json[format!("pauc_{p}_mcclish")].as_f64().unwrap();
        assert_close(partial_auc(&scores, p.parse().unwrap()), expected, 1e-12);
    }
}

#[test]
fn gamma_fit_is_no_worse_than_scipy() {
    let json = reference();
    let data = numbers(&json["gamma_data"]);
    let gamma = Gamma::fit(&data).unwrap();
    let scipy = numbers(&json["gamma_fit_scipy(shape,loc,scale)"]);
    let scipy_loss = json["gamma_nll"].as_f64().unwrap();
    let loss = gamma.negative_log_likelihood(&data);
    println!("{gamma:?} loss {loss}, scipy {scipy:?} loss {scipy_loss}");
    let scipy_gamma = Gamma {
        shape: scipy[0],
        loc: scipy[1],
        scale: scipy[2],
    };
    assert_close(Some(scipy_gamma.negative_log_likelihood(&data)), scipy_loss, 1e-8);
    assert!(loss <= scipy_loss + 1e-9);
    for (found, expected) in [gamma.shape, gamma.loc, gamma.scale].into_iter().zip(&scipy) {
        assert!(
            (found - expected).abs() < 1e-3 * expected.abs(),
            "{found} instead of {expected}"
        );
    }
    let expected = json["gamma_ppf_0.9"].as_f64().unwrap();
    assert_close(Some(scipy_gamma.quantile(0.9)), expected, 1e-9);
    assert_close(threshold(ThresholdRule::default(), &data), expected, 1e-4 * expected);
}

#[test]
fn thresholds_of_awkward_scores_are_defined() {
    assert_eq!(threshold(ThresholdRule::default(), &[]), None);
    assert_eq!(threshold(ThresholdRule::Manual(0.4), &[]), Some(0.4));
    assert_eq!(threshold(ThresholdRule::default(), &[2.0; 9]), Some(2.0));
    assert_eq!(threshold(ThresholdRule::Quantile(0.5), &[3.0, f64::NAN, 1.0]), Some(2.0));
    // Left-skewed, heavy-tailed and steeply falling scores: the threshold stays inside what was seen or just above.
    let shapes: [fn(f64) -> f64; 3] = [|u| -(1.0 - u).ln().abs(), |u| (1.0 - u).powi(-2), |u| u.powi(8)];
    for shape in shapes {
        let scores: Vec<f64> = (0..200).map(|i| shape((f64::from(i) + 0.5) / 200.0)).collect();
        let found = threshold(ThresholdRule::default(), &scores).unwrap();
        let share_above = scores.iter().filter(|score| **score > found).count() as f64 / 200.0;
        let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!(found < max + 1.0, "{found} is far above the highest score {max}");
        assert!(share_above < 0.25, "{share_above} of the normal clips lie above {found}");
    }
}

#[test]
fn percentiles_are_mid_ranks() {
    let normals = [1.0, 2.0, 2.0, 3.0];
    assert_eq!(percentile(0.0, &normals), Some(0.0));
    assert_eq!(percentile(2.0, &normals), Some(50.0));
    assert_eq!(percentile(9.0, &normals), Some(100.0));
    assert_eq!(percentile(f64::NAN, &normals), None);
    assert_eq!(percentile(1.0, &[]), None);
}

#[test]
fn every_step_knows_its_clips() {
    let scores = [0.5, 0.9, 0.5, 0.1].map(|score| labelled(score, score > 0.4, None));
    let curve = roc_curve(&scores);
    let thresholds: Vec<f64> = curve.steps.iter().map(|step| step.threshold).collect();
    assert_eq!(thresholds, [f64::INFINITY, 0.9, 0.5, 0.1]);
    assert_eq!(curve.flips_at(0), [] as [usize; 0]);
    assert_eq!(curve.flips_at(1), [1]);
    assert_eq!(curve.flips_at(2), [0, 2]);
    assert_eq!(curve.flips_at(3), [3]);
    assert_eq!(curve.flips_at(4), [] as [usize; 0]);
    assert_eq!(curve.step_at(0.6).unwrap().n_true_positives, 1);
    assert_eq!(curve.step_at(0.5).unwrap().n_true_positives, 3);
}

#[test]
fn undefined_figures_are_none() {
    let normals = [1.0, 2.0].map(|score| labelled(score, false, None));
    let with_nan = [labelled(f64::NAN, true, None), normals[0]];
    for scores in [&[][..], &normals, &with_nan] {
        assert!(roc_curve(scores).steps.is_empty());
        assert_eq!(auc(scores), None);
        assert_eq!(section_metrics(scores, BootstrapConfig::default()).hmean, None);
    }
    assert_eq!(
        partial_auc_raw(&[normals[0], labelled(3.0, true, None)], 0.1),
        None,
        "10 % of one clip is no clip"
    );
    assert_eq!(harmonic_mean(&[]), None);
    assert_eq!(harmonic_mean(&[0.5, 0.0]), Some(0.0));
    assert_eq!(harmonic_mean(&[0.5, f64::NAN]), None);
}

#[test]
fn the_paper_s_pauc_is_linked_to_the_official_one() {
    // 40 normals: 10 % are 4 clips, so that equation 5 covers the same stretch as the official figure.
    let scores: Vec<_> = (0..60).map(|i| labelled(f64::from(i * 37 % 61), i < 20, None)).collect();
    let (raw, p) = (partial_auc_raw(&scores, 0.1).unwrap(), 0.1);
    let mut normals: Vec<f64> = scores.iter().filter(|clip| !clip.is_anomaly).map(|clip| clip.score).collect();
    normals.sort_by(|a, b| b.total_cmp(a));
    let anomalies = scores.iter().filter(|clip| clip.is_anomaly);
    let wins: usize = anomalies
        .map(|clip| normals[..4].iter().filter(|normal| clip.score > **normal).count())
        .sum();
    assert_close(Some(raw), wins as f64 / 80.0, 1e-12);
    let standardised = 0.5 * (1.0 + (p * raw - p * p / 2.0) / (p - p * p / 2.0));
    assert_close(partial_auc(&scores, 0.1), standardised, 1e-12);
}

/// 100 + 100 clips with domains, `lift` apart, and some independent wobble.
fn section(lift: f64, wobble: f64, seed: u64) -> Vec<LabelledScore> {
    let noise = |i: u64| ((i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / f64::from(1 << 24) - 0.5) * 3.0;
    (0..200u64)
        .map(|i| {
            let is_anomaly = i % 2 == 0;
            let base = noise(i + 1) + wobble * noise(i + 1000 * seed + 7);
            labelled(base + if is_anomaly { lift } else { 0.0 }, is_anomaly, Some(i % 4 < 2))
        })
        .collect()
}

#[test]
fn section_metrics_agree_with_the_curve_and_hold_the_truth() {
    let scores = section(1.0, 0.2, 1);
    let metrics = section_metrics(&scores, BootstrapConfig::default());
    let pick = |wanted: fn(&LabelledScore) -> bool| scores.iter().copied().filter(wanted).collect::<Vec<_>>();
    let (all, pauc) = (metrics.auc.unwrap(), metrics.pauc.unwrap());
    assert_close(auc(&scores), all.value, 1e-12);
    assert_close(partial_auc(&scores, 0.1), pauc.value, 1e-12);
    // 100 normals, and a number of which a tenth is no whole clip.
    for scores in [&scores[..], &scores[..189]] {
        let raw = section_metrics(scores, BootstrapConfig::default()).pauc_raw.unwrap();
        assert_close(partial_auc_raw(scores, 0.1), raw.value, 1e-12);
    }
    let (source, target) = (metrics.auc_source.unwrap(), metrics.auc_target.unwrap());
    assert_close(
        auc(&pick(|clip| clip.is_anomaly || clip.is_target == Some(false))),
        source.value,
        1e-12,
    );
    assert_close(
        auc(&pick(|clip| clip.is_anomaly || clip.is_target == Some(true))),
        target.value,
        1e-12,
    );
    assert_close(
        harmonic_mean(&[source.value, target.value, pauc.value]),
        metrics.hmean.unwrap().value,
        1e-12,
    );
    for figure in [all, source, target, pauc, metrics.hmean.unwrap()] {
        assert!(figure.low < figure.value && figure.value < figure.high, "{figure:?}");
    }
    // Hanley and McNeil's standard error for 100 against 100, times 2 × 1.96, is about the interval's width.
    let a = all.value;
    let (q1, q2) = (a / (2.0 - a), 2.0 * a * a / (1.0 + a));
    let error = ((a * (1.0 - a) + 99.0 * (q1 - a * a) + 99.0 * (q2 - a * a)) / 10_000.0).sqrt();
    let ratio = (all.high - all.low) / (3.92 * error);
    assert!((0.75..1.25).contains(&ratio), "{ratio}");
    assert_eq!(
        metrics,
        section_metrics(&scores, BootstrapConfig::default()),
        "the same seed, the same figures"
    );
    let other = BootstrapConfig {
        n_resamples: 1000,
        seed: 8,
    };
    assert_ne!(metrics, section_metrics(&scores, other));
    let no_domains: Vec<_> = scores
        .iter()
        .map(|clip| labelled(clip.score, clip.is_anomaly, None))
        .collect();
    let plain = section_metrics(&no_domains, BootstrapConfig::default());
    assert_eq!((plain.auc_source, plain.auc_target), (None, None));
    assert_close(harmonic_mean(&[all.value, pauc.value]), plain.hmean.unwrap().value, 1e-12);
}

#[test]
fn paired_bootstrap_separates_only_what_differs() {
    let config = BootstrapConfig::default();
    let (good, similar, bad) = (section(1.0, 0.2, 1), section(1.0, 0.2, 2), section(0.1, 0.2, 3));
    assert!(is_tie(&good, &good, config));
    assert!(is_tie(&good, &similar, config));
    let comparison = compare_paired(&good, &bad, config).unwrap();
    assert!(
        !comparison.is_tie && comparison.probability_a_beats_b > 0.99,
        "{comparison:?}"
    );
    assert_eq!(compare_paired(&good, &good, config).unwrap().probability_a_beats_b, 0.5);
    assert_eq!(compare_paired(&good, &bad[1..], config), None, "not the same clips");
}

#[test]
fn a_matrix_of_intervals_takes_well_under_a_second() {
    let scores = section(1.0, 0.2, 1);
    let start = Instant::now();
    for _ in 0..8 * 21 {
        section_metrics(&scores, BootstrapConfig::default());
    }
    let elapsed = start.elapsed();
    println!("8 detectors x 21 sections, 1000 resamples of 200 clips, one core: {elapsed:.2?}");
    assert!(elapsed.as_secs_f64() < 10.0, "{elapsed:?}");
}

fn any_scores() -> impl Strategy<Value = Vec<LabelledScore>> {
    let clip = (-8i32..8, any::<bool>(), any::<bool>());
    prop::collection::vec(clip, 2..60).prop_map(|clips| {
        clips
            .into_iter()
            .map(|(score, a, t)| labelled(f64::from(score), a, Some(t)))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn figures_depend_on_ranks_only(scores in any_scores()) {
        let mapped: Vec<_> = scores.iter().map(|clip| LabelledScore { score: clip.score.exp() - 3.0, ..*clip }).collect();
        prop_assert_eq!(auc(&scores), auc(&mapped));
        prop_assert_eq!(partial_auc(&scores, 0.1), partial_auc(&mapped, 0.1));
    }

    #[test]
    fn auc_is_the_share_of_pairs_in_order(scores in any_scores()) {
        let (mut wins, mut n_pairs) = (0.0, 0.0);
        for anomaly in scores.iter().filter(|clip| clip.is_anomaly) {
            for normal in scores.iter().filter(|clip| !clip.is_anomaly) {
                n_pairs += 1.0;
                wins += if anomaly.score > normal.score { 1.0 } else if anomaly.score == normal.score { 0.5 } else { 0.0 };
            }
        }
        prop_assume!(n_pairs > 0.0);
        prop_assert!((auc(&scores).unwrap() - wins / n_pairs).abs() < 1e-12);
        let flipped: Vec<_> = scores.iter().map(|clip| LabelledScore { score: -clip.score, ..*clip }).collect();
        prop_assert!((auc(&flipped).unwrap() - (1.0 - wins / n_pairs)).abs() < 1e-12);
    }

    #[test]
    fn curves_rise_from_corner_to_corner(scores in any_scores()) {
        let curve = roc_curve(&scores);
        prop_assume!(!curve.steps.is_empty());
        let (first, last) = (curve.steps[0], curve.steps[curve.steps.len() - 1]);
        prop_assert_eq!((first.true_positive_rate, first.false_positive_rate), (0.0, 0.0));
        prop_assert_eq!((last.true_positive_rate, last.false_positive_rate), (1.0, 1.0));
        prop_assert!(curve.steps.windows(2).all(|pair| pair[0].threshold > pair[1].threshold));
        prop_assert!((0.0..=1.0).contains(&partial_auc(&scores, 0.1).unwrap()));
        let flips: usize = (0..curve.steps.len()).map(|step_idx| curve.flips_at(step_idx).len()).sum();
        prop_assert_eq!(flips, scores.len());
    }
}

/// Cells of a result file, number by number; everything else must be the same text.
#[track_caller]
fn assert_same_table(found: &str, expected: &str, tolerance: f64) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (found, expected) = (lines(found), lines(expected));
    for (line, (a, b)) in found.iter().zip(&expected).enumerate() {
        let (a, b): (Vec<&str>, Vec<&str>) = (a.split(',').collect(), b.split(',').collect());
        assert_eq!(a.len(), b.len(), "line {}: {a:?} instead of {b:?}", line + 1);
        for (a, b) in a.iter().zip(&b) {
            match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) => assert!((a - b).abs() <= tolerance, "line {}: {a} instead of {b}", line + 1),
                _ => assert_eq!(a, b, "line {}", line + 1),
            }
        }
    }
    assert_eq!(found.len(), expected.len());
}

const AS_EVALUATOR_2022: EvaluationOptions = EvaluationOptions {
    rules: Some(Rules::Dcase2022),
    as_evaluator_2022: true,
};

#[test]
fn the_official_2022_evaluation_is_reproduced() {
    let Some(root) = shared("evaluator/dcase2022_eval") else {
        return;
    };
    let truth = read_truth(&root).unwrap();
    assert_eq!((truth.len(), truth.values().map(Vec::len).sum::<usize>()), (21, 4200));
    assert!(
        truth.values().flatten().all(|clip| clip.labelled_name.is_some()),
        "from the attributes"
    );
    let scores = root.join("synthetic_seed20220706");
    let faithful = evaluate_files(&scores, &truth, AS_EVALUATOR_2022).unwrap();
    let expected = fs::read_to_string(root.join("expected/synthetic_seed20220706_result.csv")).unwrap();
    assert_eq!(expected.lines().count(), 86, "all of it is compared");
    assert_same_table(&result_csv(&faithful), &expected, 1e-12);
    assert_close(faithful.evaluator_2022_ci95, 3.284_558_445_592_920_7e-6, 1e-15);

    let correct = evaluate_files(&scores, &truth, by_the_files()).unwrap();
    assert_eq!((correct.rules, correct.evaluator_2022_ci95), (Rules::Dcase2022, None));
    assert_close(correct.official_score, 0.633_458_454_547_781, 1e-12);
    assert!(!result_csv(&correct).contains("ci95"), "no pretend interval");
    for (right, faulty) in correct.machines.iter().zip(&faithful.machines) {
        assert_eq!(right.sections, faulty.sections);
        assert_eq!(
            (right.means.arithmetic, right.means.harmonic),
            (faulty.means.arithmetic, faulty.means.harmonic)
        );
        let source: Vec<f64> = right.sections.iter().filter_map(|section| section.auc_source).collect();
        let first = right.sections[0].auc_source;
        assert_close(
            right.means.harmonic_source.unwrap().auc,
            harmonic_mean(&source).unwrap(),
            1e-12,
        );
        assert_close(faulty.means.harmonic_source.unwrap().auc, first.unwrap(), 1e-12);
    }
    assert_eq!(correct.means, faithful.means, "over all machines there is no fault");
}

/// The means of ToyCar that the faulty slice hides, from the expected file's own section rows.
#[test]
fn the_fault_of_2022_is_mended_by_default() {
    let Some(root) = shared("evaluator/dcase2022_eval") else {
        return;
    };
    let truth = read_truth(&root).unwrap();
    let evaluation = evaluate_files(&root.join("synthetic_seed20220706"), &truth, by_the_files()).unwrap();
    let means = evaluation.machines[0].means;
    let (source, target) = (means.harmonic_source.unwrap(), means.harmonic_target.unwrap());
    let of = |values: [f64; 3]| 3.0 / values.iter().map(|value| 1.0 / value).sum::<f64>();
    assert_close(source.auc, of([0.6714, 0.7856, 0.7473]), 1e-12);
    assert_close(target.auc, of([0.5566, 0.6027, 0.5372]), 1e-12);
    assert_close(source.recall, of([0.32, 0.52, 0.34]), 1e-12);
}

fn rules_data(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/evaluation/rules")
        .join(part)
}

fn rules_expected() -> serde_json::Value {
    serde_json::from_str(include_str!("data/evaluation/rules/expected.json")).unwrap()
}

#[track_caller]
fn assert_json(found: Option<f64>, expected: &serde_json::Value) {
    assert_close(found, expected.as_f64().unwrap(), 1e-12);
}

#[test]
fn the_rules_of_2020_equal_scikit_learn() {
    let expected = &rules_expected()["2020"];
    let truth = read_truth(&rules_data("2020/truth")).unwrap();
    let evaluation = evaluate_files(&rules_data("2020/scores"), &truth, by_the_files()).unwrap();
    assert_eq!(evaluation.rules, Rules::Dcase2020);
    assert_json(evaluation.official_score, &expected["official_score"]);
    let mut table = String::new();
    for machine in &evaluation.machines {
        for section in &machine.sections {
            let figures = &expected["machines"][&machine.name][&section.name];
            assert_json(section.auc, &figures["auc"]);
            assert_json(section.pauc, &figures["pauc"]);
        }
        table += &format!("{}\nid,AUC,pAUC\n", machine.name);
        let mut sums = [0.0; 2];
        for (id, figures) in expected["machines"][&machine.name].as_object().unwrap() {
            let [auc, pauc] = ["auc", "pauc"].map(|key| figures[key].as_f64().unwrap());
            table += &format!("{id},{auc},{pauc}\n");
            sums = [sums[0] + auc, sums[1] + pauc];
        }
        let n = machine.sections.len() as f64;
        table += &format!("Average,{},{}\n\n", sums[0] / n, sums[1] / n);
    }
    assert_same_table(&result_csv(&evaluation), &table, 1e-12);
}

#[test]
fn the_rules_of_2021_equal_scikit_learn() {
    let expected = &rules_expected()["2021"];
    let truth = read_truth(&rules_data("2021/truth")).unwrap();
    let evaluation = evaluate_files(&rules_data("2021/scores"), &truth, by_the_files()).unwrap();
    assert_eq!(evaluation.rules, Rules::Dcase2021);
    assert_json(evaluation.official_score, &expected["official_score"]);
    let mut rows = Vec::new();
    for machine in &evaluation.machines {
        for domain in ["source", "target"] {
            for section in &machine.sections {
                let figures = &expected["machines"][&machine.name][&section.name][domain];
                let [auc, pauc, precision, recall, f1] = if domain == "source" {
                    [
                        section.auc_source,
                        section.pauc_source,
                        section.precision_source,
                        section.recall_source,
                        section.f1_source,
                    ]
                } else {
                    [
                        section.auc_target,
                        section.pauc_target,
                        section.precision_target,
                        section.recall_target,
                        section.f1_target,
                    ]
                };
                let found = [
                    ("auc", auc),
                    ("pauc", pauc),
                    ("precision", precision),
                    ("recall", recall),
                    ("f1", f1),
                ];
                for (key, found) in found {
                    assert_json(found, &figures[key]);
                }
                rows.push(format!("{},{domain},{:?}", section.name, auc.unwrap()));
            }
        }
    }
    for (found, key) in [
        (evaluation.means.arithmetic, "arithmetic"),
        (evaluation.means.harmonic, "harmonic"),
    ] {
        let found = [found.auc, found.pauc, found.precision, found.recall, found.f1];
        for (found, column) in found.into_iter().zip(["auc", "pauc", "precision", "recall", "f1"]) {
            assert_json(found, &expected[key][column]);
        }
    }
    assert!(
        evaluation.means.harmonic.recall.unwrap() < 1e-14,
        "nothing was called anomalous in one section"
    );
    let table = result_csv(&evaluation);
    assert!(
        table.starts_with("fan\nsection,domain,AUC,pAUC,precision,recall,F1 score\n03,source,"),
        "{table}"
    );
    assert!(rows.iter().all(|row| table.contains(row.as_str())), "{table}");
    // One file a section with both domains, and the year's rules asked for: the same figures.
    let dir = tempfile::tempdir().unwrap();
    for (machine, section) in truth.keys() {
        for (kind, _) in [("anomaly_score", 0), ("decision_result", 1)] {
            let part = |domain: &str| {
                let name = format!("2021/scores/{kind}_{machine}_section_{section}_{domain}_test.csv");
                fs::read_to_string(rules_data(&name)).unwrap()
            };
            let name = format!("{kind}_{machine}_section_{section}_test.csv");
            fs::write(dir.path().join(name), part("source") + &part("target")).unwrap();
        }
    }
    let options = EvaluationOptions {
        rules: Some(Rules::Dcase2021),
        ..by_the_files()
    };
    assert_eq!(evaluate_files(dir.path(), &truth, options).unwrap(), evaluation);
    // Without the files of one domain half of the clips have no score.
    for (machine, section) in truth.keys() {
        let name = format!("2021/scores/anomaly_score_{machine}_section_{section}_source_test.csv");
        fs::remove_file(dir.path().join(format!("anomaly_score_{machine}_section_{section}_test.csv"))).unwrap();
        fs::copy(rules_data(&name), dir.path().join(Path::new(&name).file_name().unwrap())).unwrap();
    }
    let message = evaluate_files(dir.path(), &truth, by_the_files()).unwrap_err().to_string();
    assert!(
        message.contains("no score for 50 of 100 clips (section_03_target_test_0000.wav") && message.contains(", …)"),
        "{message}"
    );
}

#[test]
fn the_baseline_s_files_of_2023_and_2024_are_joined_by_either_name() {
    for (year, machine) in [("2023", "ToyDrone"), ("2024", "AirCompressor")] {
        let expected = &rules_expected()[year];
        let truth = read_truth(&rules_data(&format!("{year}/truth"))).unwrap();
        let evaluation = evaluate_files(&rules_data(&format!("{year}/scores")), &truth, by_the_files()).unwrap();
        assert_eq!(
            (evaluation.rules, evaluation.machines[0].name.as_str()),
            (Rules::Dcase2023, machine)
        );
        assert_json(evaluation.official_score, &expected["official_score"]);
        let found = serde_json::to_value(&evaluation.machines[0].sections[0]).unwrap();
        for (key, value) in expected["machines"][machine].as_object().unwrap() {
            assert_json(found[key].as_f64(), value);
        }
        // The labelled names alone are truth enough.
        let attributes = read_truth(&rules_data(&format!("{year}/truth/ground_truth_attributes"))).unwrap();
        assert_eq!(attributes, truth);
    }
}

#[test]
fn lists_of_evaluation_data_are_truth() {
    let dir = tempfile::tempdir().unwrap();
    let list = "fan\nsection_00_0001.wav,section_00_target_test_anomaly_0001_mdl_B.wav\n\
                section_00_0002.wav,section_00_source_test_normal_0002_mdl_A.wav\nToyCar\nid_05_00000000.wav,normal_id_05_00000000.wav,0\n";
    let file = dir.path().join("eval_data_list_2024.csv");
    fs::write(&file, list).unwrap();
    for place in [dir.path(), &file] {
        let truth = read_truth(place).unwrap();
        let fan = &truth[&("fan".to_owned(), "00".to_owned())];
        let said: Vec<_> = fan.iter().map(|clip| (clip.is_anomaly, clip.is_target)).collect();
        assert_eq!(said, [(true, Some(true)), (false, Some(false))]);
        assert_eq!(truth[&("ToyCar".to_owned(), "05".to_owned())].len(), 1);
    }
}

#[test]
fn the_tiny_benchmark_s_scores_are_evaluated_by_the_rules_of_2020() {
    let Some(root) = shared("evaluator/mlperf_tiny_toycar") else {
        return;
    };
    for (prefix, result) in [
        ("", "result.csv"),
        ("tflite_", "tflite_result.csv"),
        ("tflite_quant_", "tflite_quant_result.csv"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        for id in ["01", "02", "03", "04"] {
            let name = format!("anomaly_score_ToyCar_id_{id}.csv");
            fs::copy(root.join(format!("{prefix}{name}")), dir.path().join(name)).unwrap();
        }
        let evaluation = evaluate_files(dir.path(), &read_truth(dir.path()).unwrap(), by_the_files()).unwrap();
        let expected = fs::read_to_string(root.join(result)).unwrap();
        assert_same_table(&result_csv(&evaluation), &expected, 1e-12);
    }
}

#[test]
fn three_published_systems_are_reproduced() {
    let Some(root) = shared("evaluator/dcase2022_dev") else {
        return;
    };
    let (mut n_rows, mut n_means) = (0, 0);
    for system in ["attrcls_focal", "guan_attrcls_ft_target", "transae"] {
        let dir = root.join(system);
        let evaluation = evaluate_files(&dir, &read_truth(&dir).unwrap(), by_the_files()).unwrap();
        let mut machine = String::new();
        for line in fs::read_to_string(dir.join("result.csv")).unwrap().lines() {
            let fields: Vec<&str> = line.split(',').collect();
            if let [name] = fields[..] {
                machine = name.to_owned();
            }
            let found = evaluation.machines.iter().find(|candidate| candidate.name == machine);
            if let ("harmonic mean", Some(found)) = (fields[0], found) {
                let (source, target) = (found.means.harmonic_source.unwrap(), found.means.harmonic_target.unwrap());
                for (value, expected) in [source.auc, target.auc, source.pauc].into_iter().zip(&fields[1..]) {
                    assert_close(value, expected.parse().unwrap(), 1e-12);
                }
                n_means += 1;
            }
            if fields.len() != 4 || fields[0].parse::<u32>().is_err() {
                continue;
            }
            let found = found.unwrap();
            let found = found.sections.iter().find(|candidate| candidate.name == fields[0]).unwrap();
            for (value, expected) in [found.auc_source, found.auc_target, found.pauc].into_iter().zip(&fields[1..]) {
                assert_close(value, expected.parse().unwrap(), 1e-12);
            }
            n_rows += 1;
        }
        println!("{system}: official score {:?}", evaluation.official_score);
    }
    assert_eq!((n_rows, n_means), (63, 21));
    // The folder of all three holds three score files a section: which one is meant cannot be guessed.
    let truth = read_truth(&root.join("transae")).unwrap();
    assert!(matches!(
        evaluate_files(&root, &truth, by_the_files()),
        Err(EvaluationError::SaidTwice { .. })
    ));
}

#[test]
fn truth_of_2021_is_read_and_evaluated_by_domain() {
    let Some(root) = shared("evaluator/dcase2021_eval") else {
        return;
    };
    let truth = read_truth(&root).unwrap();
    assert_eq!(truth.len(), 21);
    let (group, clips) = truth.iter().next().unwrap();
    let [n_source, n_target] = [false, true].map(|wanted| clips.iter().filter(|clip| clip.is_target == Some(wanted)).count());
    assert!(n_source > 0 && n_target > 0 && n_source + n_target == clips.len());
    // Perfect in the source domain, reversed in the target domain.
    let dir = tempfile::tempdir().unwrap();
    for (domain, is_target, sign) in [("source", false, 1), ("target", true, -1)] {
        let rows = clips.iter().filter(|clip| clip.is_target == Some(is_target));
        let text: String = rows
            .map(|clip| format!("{},{}\n", clip.file_name, sign * i32::from(clip.is_anomaly)))
            .collect();
        let name = format!("anomaly_score_{}_section_{}_{domain}_test.csv", group.0, group.1);
        fs::write(dir.path().join(name), text).unwrap();
    }
    let evaluation = evaluate_files(dir.path(), &truth, by_the_files()).unwrap();
    let section = &evaluation.machines[0].sections[0];
    assert_eq!(
        (section.auc_source, section.auc_target, section.pauc_source),
        (Some(1.0), Some(0.0), Some(1.0))
    );
    // Raised to the float's epsilon, as the official evaluators do it.
    assert_close(evaluation.official_score, 0.0, 1e-15);
}

fn by_the_files() -> EvaluationOptions {
    EvaluationOptions::default()
}

/// Two clips of one section, in names as they are before and after labelling.
fn small_truth() -> Truth {
    let clip = |name: &str, is_anomaly| TruthClip {
        file_name: name.to_owned(),
        is_anomaly,
        is_target: None,
        labelled_name: None,
    };
    let clips = vec![
        clip("section_00_test_0000.wav", false),
        clip("section_00_test_0001.wav", true),
    ];
    Truth::from([(("fan".to_owned(), "00".to_owned()), clips)])
}

#[test]
fn files_survive_the_round_trip() {
    let dir = tempfile::tempdir().unwrap();
    let sub = dir.path().join("team/system_1");
    let scores = [("section_00_0000.wav", 0.1 + 0.2), ("section_00_0001.wav", 1e-300)];
    let path = write_scores(&sub, &FileSubject::section("fan", "00"), scores).unwrap();
    assert_eq!(path, sub.join("anomaly_score_fan_section_00_test.csv"));
    assert_eq!(
        fs::read_to_string(&path).unwrap().lines().next(),
        Some("section_00_0000.wav,0.30000000000000004")
    );
    let found = read_scores(&path).unwrap();
    assert!(found.iter().map(|(name, score)| (name.as_str(), *score)).eq(scores));
    let path = write_decisions(
        &sub,
        &FileSubject::section("fan", "00"),
        [("section_00_0000.wav", true), ("section_00_0001.wav", false)],
    )
    .unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "section_00_0000.wav,1\nsection_00_0001.wav,0\n"
    );
    assert!(read_decisions(&path).unwrap()[0].1);
    assert_eq!(fs::read_dir(&sub).unwrap().count(), 2, "no temporary file is left");
    // In a sub-folder, under names with and without `_test`, without domains.
    let evaluation = evaluate_files(dir.path(), &small_truth(), by_the_files()).unwrap();
    let section = &evaluation.machines[0].sections[0];
    assert_eq!(
        (section.auc, section.auc_source, section.recall),
        (Some(0.0), None, Some(0.0))
    );
    let json = serde_json::to_value(&evaluation).unwrap();
    let printed = &json["machines"][0]["sections"][0];
    assert_eq!(json["machines"][0]["name"], "fan");
    assert_eq!(printed["name"], "00");
    for key in [
        "auc",
        "auc_source",
        "auc_target",
        "pauc",
        "precision_source",
        "recall_target",
        "f1_source",
    ] {
        assert!(printed.get(key).is_some(), "{key} is missing");
    }
    assert!(json.get("official_score").is_some());
}

#[test]
fn broken_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("anomaly_score_fan_section_00.csv");
    let evaluate = |text: &str| {
        fs::write(&file, text).unwrap();
        evaluate_files(dir.path(), &small_truth(), by_the_files())
    };
    assert!(
        evaluate("section_00_0000.wav\t1.5\nsection_00_0001.wav\t2.5\n").is_ok(),
        "tabs"
    );
    assert!(
        evaluate("\u{feff}section_00_0001.wav, 1.5\r\nsection_00_0000.wav ,2.5\r\n").is_ok(),
        "spaces, any order"
    );
    let message = evaluate("section_00_0000.wav,1.5\n").unwrap_err().to_string();
    assert!(
        message.contains("anomaly_score_fan_section_00.csv") && message.contains("section_00_test_0001.wav"),
        "{message}"
    );
    for (text, part) in [
        ("section_00_0000.wav,1\nsection_00_0001.wav,NaN\n", "line 2"),
        ("section_00_0000.wav,1\nsection_00_0001.wav\n", "line 2"),
        ("section_00_0000.wav,1\nsection_00_0000.wav,1\n", "twice"),
        ("", "has no score"),
    ] {
        let message = evaluate(text).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    // Spare clips are told; two spellings of one clip, or one of two clips, are not guessed at.
    let spare = evaluate("section_00_0000.wav,1\nsection_00_0001.wav,2\nsection_00_0007.wav,3\n").unwrap();
    assert!(
        spare.notes[0].contains("1 of 3 clips are not in the truth"),
        "{:?}",
        spare.notes
    );
    let message = evaluate("a/section_00_0000.wav,1\nb/section_00_0000.wav,2\nsection_00_0001.wav,3\n")
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("no score for 1 of 2 clips (section_00_test_0000.wav)"),
        "{message}"
    );
    let twins = ["normal/0.wav", "abnormal/0.wav"].map(|name| TruthClip {
        file_name: name.to_owned(),
        is_anomaly: name.starts_with("ab"),
        is_target: None,
        labelled_name: None,
    });
    let truth = Truth::from([(("fan".to_owned(), "00".to_owned()), twins.to_vec())]);
    fs::write(&file, "0.wav,1\n").unwrap();
    let message = evaluate_files(dir.path(), &truth, by_the_files()).unwrap_err().to_string();
    assert!(message.contains("0.wav could be normal/0.wav or abnormal/0.wav"), "{message}");
    fs::remove_file(&file).unwrap();
    assert!(matches!(
        evaluate_files(dir.path(), &small_truth(), by_the_files()),
        Err(EvaluationError::NothingToEvaluate { .. })
    ));
    assert!(matches!(
        read_truth(dir.path()),
        Err(EvaluationError::NothingToEvaluate { .. })
    ));
    assert!(matches!(
        read_truth(&dir.path().join("absent")),
        Err(EvaluationError::Io { .. })
    ));
}
