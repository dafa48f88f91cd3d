//! The screen Compare on made-up scores.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod fabricated;

use std::sync::Arc;

use auscult::app::{
    Action, JobKind, JobView, MatrixMetric, State, decisions, histogram_figure, matrix, matrix_table, roc_detectors, roc_figure,
    ties,
};
use auscult::dataset::{Label, MachineSection};
use auscult::detectors::DetectorKind;
use auscult::evaluation::{self, BootstrapConfig, ThresholdRule};
use auscult::extractors::Recipe;
use auscult::jobs::JobId;
use auscult::pipeline::LabelUse;
use auscult::ui::compare::CompareView;
use eframe::egui::{self, Key, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use fabricated::{LARGE, SMALL, Size, bare_state, builder, scored_state};

struct Stage {
    state: State,
    view: CompareView,
    actions: Vec<Action>,
}

fn stage(state: State, is_dark: bool) -> Harness<'static, Stage> {
    let stage = Stage {
        state,
        view: CompareView::default(),
        actions: Vec::new(),
    };
    builder(is_dark).build_ui_state(
        |ui, stage: &mut Stage| {
            let frame = egui::Frame::central_panel(ui.style());
            egui::CentralPanel::default()
                .frame(frame)
                .show(ui, |ui| stage.view.ui(ui, &stage.state, &mut stage.actions));
        },
        stage,
    )
}

#[test]
fn pictures() {
    let mut results = egui_kittest::SnapshotResults::new();
    let pictures = [(LARGE, true, "compare_large_dark"), (SMALL, false, "compare_small_light")];
    for (size, is_dark, name) in pictures {
        let mut harness = stage(scored_state(size), is_dark);
        harness.run();
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}

fn fan() -> MachineSection {
    MachineSection {
        machine: "fan".to_owned(),
        section: "00".to_owned(),
    }
}

/// The label of the only thing whose label begins so.
fn label_of(harness: &Harness<'_, Stage>, beginning: &str) -> String {
    let found: Vec<String> = harness
        .query_all_by_label_contains(beginning)
        .filter_map(|node| node.accesskit_node().label())
        .filter(|label| label.starts_with(beginning))
        .collect();
    assert_eq!(found.len(), 1, "{beginning}: {found:?}");
    found[0].clone()
}

#[test]
fn a_click_on_a_cell_brings_its_section_and_detector_into_focus() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    assert!(
        harness.query_by_label("ROC curves of bearing 00").is_some(),
        "the first section at first"
    );
    harness.get_by_label_contains("KNN on fan 00").click();
    harness.run();
    harness.get_by_label("ROC curves of fan 00");
    harness.get_by_label("Score histogram of fan 00");
    harness.get_by_label("fan 00 × KNN");
    assert_eq!(harness.state().actions, [], "a look changes nothing");
    harness.state_mut().state.workbench.as_mut().unwrap().scope.machine = Some("gearbox".to_owned());
    harness.run();
    harness.get_by_label("ROC curves of gearbox 00");
}

#[test]
fn button_and_key_pin_and_unpin() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.get_by_label_contains("KNN on fan 00").click();
    harness.run();
    harness.get_by_label("Pin KNN").click();
    harness.run();
    harness.key_press(Key::P);
    harness.run();
    let pin = Action::Pin {
        group: fan(),
        detector: Some(DetectorKind::Knn),
    };
    assert_eq!(harness.state().actions, [pin.clone(), pin]);

    harness.state_mut().actions.clear();
    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    workbench.project.pins.insert("fan 00".to_owned(), DetectorKind::Knn);
    harness.run();
    harness.get_by_label("Unpin KNN").click();
    harness.run();
    let unpin = Action::Pin {
        group: fan(),
        detector: None,
    };
    assert_eq!(harness.state().actions, [unpin]);
}

#[test]
fn what_could_not_be_fitted_cannot_be_pinned_and_says_why() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.get_by_label_contains("Residual on fan 00: –").click();
    harness.run();
    harness.get_by_label_contains("not fitted: the front end is no autoencoder");
    harness.key_press(Key::P);
    harness.run();
    assert_eq!(harness.state().actions, []);
}

#[test]
fn badges_say_which_labels_a_choice_rests_on() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    assert!(label_of(&harness, "In use on fan 00").ends_with("no labels used"));
    assert!(label_of(&harness, "Oracle on fan 00").ends_with("oracle: best on test labels"));
    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    workbench.project.pins.insert("fan 00".to_owned(), DetectorKind::Knn);
    harness.run();
    let in_use = label_of(&harness, "In use on fan 00");
    assert!(
        in_use.contains("KNN") && in_use.ends_with("chosen seeing test labels"),
        "{in_use}"
    );
    assert!(label_of(&harness, "In use on bearing 00").ends_with("no labels used"));
    harness.get_by_label("1 of 3 chosen seeing test labels");
    harness.get_by_label_contains("KNN on fan 00: 0").label_ends_with(", pinned");
}

trait LabelEnds {
    fn label_ends_with(&self, end: &str);
}

impl LabelEnds for egui_kittest::Node<'_> {
    fn label_ends_with(&self, end: &str) {
        let label = self.accesskit_node().label().unwrap();
        assert!(label.ends_with(end), "{label}");
    }
}

#[test]
fn another_metric_changes_the_cells() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    let before = label_of(&harness, "KNN on fan 00");
    harness.get_by_role_and_label(Role::ComboBox, "Metric").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "pAUC").click();
    harness.run();
    let after = label_of(&harness, "KNN on fan 00");
    assert_ne!(before, after);
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let pauc = workbench
        .group_comparison(&fan())
        .unwrap()
        .result(DetectorKind::Knn)
        .unwrap()
        .metrics
        .pauc;
    assert!(
        after.starts_with(&format!("KNN on fan 00: {:.2}", pauc.unwrap().value)),
        "{after}"
    );
}

#[test]
fn the_threshold_is_dragged() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    let handle = harness.get_by_label("Threshold of bearing 00").rect().center();
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let bearing = workbench.current_group().unwrap();
    let (before, figure) = (
        workbench.threshold(&bearing).unwrap(),
        histogram_figure(workbench, &bearing).unwrap(),
    );
    harness.drag_at(handle);
    harness.run();
    harness.hover_at(handle + egui::vec2(60.0, 0.0));
    harness.run();
    assert_eq!(harness.state().actions, [], "nothing is settled while the line is held");
    harness.drop_at(handle + egui::vec2(60.0, 0.0));
    harness.run();
    let [
        Action::SetThreshold {
            group,
            rule: ThresholdRule::Manual(after),
        },
    ] = &harness.state().actions[..]
    else {
        panic!("{:?}", harness.state().actions);
    };
    let highest = figure.anomalous.iter().copied().fold(f64::MIN, f64::max);
    assert_eq!(*group, bearing);
    assert!(before < *after && *after < highest, "{before} {after} {highest}");
}

#[test]
fn keys_and_rules_move_the_threshold() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let bearing = workbench.current_group().unwrap();
    let before = workbench.threshold(&bearing).unwrap();
    harness.key_press(Key::OpenBracket);
    harness.run();
    harness
        .get_by_role_and_label(Role::ComboBox, "Threshold rule of bearing 00")
        .click();
    harness.run();
    harness.get_by_label("quantile 0.95").click();
    harness.run();
    let rules: Vec<ThresholdRule> = harness
        .state()
        .actions
        .iter()
        .map(|action| match action {
            Action::SetThreshold { rule, .. } => *rule,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        matches!(rules[0], ThresholdRule::Manual(value) if value < before),
        "{rules:?}"
    );
    assert_eq!(rules[1], ThresholdRule::Quantile(0.95));
}

#[test]
fn what_a_threshold_rests_on_is_said() {
    for (n_held_out, said) in [
        (None, None),
        (Some(12), Some("from 12 clips held out from training")),
        (Some(3), Some("from clips the network learned: rather low")),
    ] {
        let mut state = scored_state(SMALL);
        let workbench = state.workbench.as_mut().unwrap();
        let bearing = workbench.current_group().unwrap();
        let mut comparison = workbench.comparison.as_deref().unwrap().clone();
        let group = comparison.groups.iter().find(|group| group.group == bearing).unwrap();
        let held_out = n_held_out.map(|n| group.train_clips[..n].to_vec());
        comparison.held_out = held_out.map(|clips| clips.into_iter().collect());
        workbench.comparison = Some(Arc::new(comparison));
        let result = workbench.detector_result(&bearing).unwrap();
        let n_used = n_held_out.filter(|n| *n >= 10).unwrap_or(result.normal_scores.len());
        let expected = evaluation::threshold(ThresholdRule::default(), &result.normal_scores[..n_used]);
        assert_eq!(workbench.threshold(&bearing), expected);
        let mut harness = stage(state, true);
        harness.run();
        for text in [
            "from 12 clips held out from training",
            "from clips the network learned: rather low",
        ] {
            assert_eq!(
                harness.query_by_label(text).is_some(),
                said == Some(text),
                "{n_held_out:?}: {text}"
            );
        }
    }
}

#[test]
fn errors_are_links_that_play_the_gravest() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let bearing = workbench.current_group().unwrap();
    let found = decisions(workbench, &bearing, workbench.threshold(&bearing).unwrap()).unwrap();
    assert!(!found.missed.is_empty(), "the made-up scores overlap");
    harness
        .get_by_label_contains(&format!("Play {} missed", found.missed.len()))
        .click();
    harness.run();
    let gravest = found.missed[0];
    let expected = [Action::Select(found.missed), Action::Focus(gravest), Action::PlayFrom(0.0)];
    assert_eq!(harness.state().actions, expected);
}

#[test]
fn the_legend_is_sorted_by_auc_and_the_pointer_reads_a_step() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    let mut entries: Vec<(f32, f64)> = harness
        .get_all_by_label_contains("  AUC ")
        .map(|node| {
            let label = node.accesskit_node().label().or(node.accesskit_node().value()).unwrap();
            let auc = label
                .split("AUC ")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            (node.rect().top(), auc)
        })
        .collect();
    entries.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(entries.len(), 7, "the eighth could not be fitted");
    assert!(entries.is_sorted_by(|a, b| a.1 >= b.1), "{entries:?}");

    // The corner where every curve ends.
    let plot = harness.get_by_label("ROC curves of bearing 00").rect();
    harness.hover_at(egui::pos2(plot.right() - 15.0, plot.top() + 21.0));
    harness.run();
    harness.get_by_label("true positive rate");
    assert!(
        harness.query_all_by_label_contains("1.000  (20 of 20)").count() == 2,
        "both rates end at 1"
    );
}

#[test]
fn without_scores_one_click_leads_to_them() {
    let mut harness = stage(bare_state(SMALL), false);
    harness.run();
    harness.get_by_label("Score with pooled log-mel now").click();
    harness.run();
    let [Action::Train(recipe)] = &harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert_eq!(recipe.training.recipe, Recipe::PooledLogMel);

    let mut state = bare_state(SMALL);
    state.jobs.push(JobView {
        id: JobId(3),
        kind: JobKind::Score,
        title: "Scoring 240 clips".to_owned(),
        stage: "embedding".to_owned(),
        done: 60,
        total: 240,
        remaining_secs: Some(12.0),
        is_paused: false,
        is_cancelling: false,
    });
    let mut harness = stage(state, false);
    harness.run();
    harness.get_by_label("Scoring 240 clips");
    harness.get_by_label("Cancel").click();
    harness.run();
    assert_eq!(harness.state().actions, [Action::CancelJob(JobId(3))]);
}

#[test]
fn without_labels_the_matrix_says_so() {
    let size = Size {
        has_labels: false,
        ..SMALL
    };
    let mut harness = stage(scored_state(size), true);
    harness.run();
    harness.get_by_label_contains("No test clip has a label");
    assert!(label_of(&harness, "KNN on fan 00").contains('–'));
    harness.get_by_label_contains("No curve");
    harness.get_by_label("Score histogram of bearing 00");
    harness.get_by_label_contains("No labelled test clips");
}

#[test]
fn no_project_is_no_crash() {
    let mut harness = stage(State::default(), true);
    harness.run();
    harness.get_by_label("No project is open");
}

#[test]
fn the_figures_are_those_of_the_evaluation() {
    let mut state = scored_state(LARGE);
    let workbench = state.workbench.as_mut().unwrap();
    let group = fan();
    let figure = roc_figure(workbench, &group).unwrap();
    let detectors = roc_detectors(workbench, &group);
    assert_eq!(figure.curves.len(), detectors.len());
    for (curve, detector) in figure.curves.iter().zip(&detectors) {
        let result = workbench.group_comparison(&group).unwrap().result(*detector).unwrap();
        assert_eq!(curve.points.len(), evaluation::roc_curve(&result.labelled).steps.len());
        assert_eq!(curve.is_emphasised, *detector == DetectorKind::Fusion);
        assert_eq!(curve.operating_point.is_some(), curve.is_emphasised);
    }
    // The operating point lies on the curve of the detector in use.
    let in_use = figure.curves.iter().find(|curve| curve.is_emphasised).unwrap();
    let [fpr, tpr] = in_use.operating_point.unwrap();
    assert!(
        in_use
            .points
            .iter()
            .any(|point| (point[0] - fpr).abs() < 1e-12 && (point[1] - tpr).abs() < 1e-12)
    );

    let matrix = matrix(workbench, MatrixMetric::Hmean).unwrap();
    assert_eq!(matrix.rows.len(), 21);
    let parts: Vec<f64> = workbench
        .comparison
        .as_ref()
        .unwrap()
        .groups
        .iter()
        .map(|group| group.result(DetectorKind::Knn).unwrap().metrics)
        .flat_map(|metrics| [metrics.auc_source, metrics.auc_target, metrics.pauc])
        .map(|figure| figure.unwrap().value)
        .collect();
    assert!((matrix.totals[0].unwrap() - evaluation::harmonic_mean(&parts).unwrap()).abs() < 1e-12);
    assert!(matrix.total_oracle >= matrix.total_in_use, "nothing beats the oracle");
    for row in &matrix.rows {
        let best = row.best.unwrap();
        assert!(
            row.oracle == Some(matrix.columns[best]) && row.oracle_value == row.cells[best].figure.map(|figure| figure.value)
        );
        assert_eq!(row.label_use, LabelUse::None);
    }

    workbench.project.pins.insert("fan 00".to_owned(), DetectorKind::Lof);
    let table = matrix_table(workbench, MatrixMetric::Hmean).unwrap();
    assert_eq!((table.columns.len(), table.rows.len()), (10, 22));
    assert!(table.rows.iter().all(|row| row.values.len() == table.columns.len()));
    assert!(
        table.caption.contains("LOF for fan 00 (chosen seeing test labels)"),
        "{}",
        table.caption
    );
}

#[test]
fn a_tie_is_what_the_paired_bootstrap_cannot_part() {
    let state = scored_state(SMALL);
    let workbench = state.workbench.as_ref().unwrap();
    let comparison = workbench.comparison.as_ref().unwrap();
    let ties = ties(comparison);
    let config = BootstrapConfig {
        n_resamples: 200,
        ..BootstrapConfig::default()
    };
    let mut n_ties = 0;
    for (group, ties) in comparison.groups.iter().zip(&ties) {
        let best = group.result(group.oracle.unwrap()).unwrap();
        for (result, &tie) in group.results.iter().zip(ties) {
            let expected = result.as_ref().is_ok_and(|result| {
                result.detector != best.detector && evaluation::is_tie(&best.labelled, &result.labelled, config)
            });
            assert_eq!(tie, expected);
            n_ties += usize::from(tie);
        }
    }
    assert!((1..21).contains(&n_ties), "{n_ties}: some tie, not all");
}

#[test]
fn a_label_that_a_person_gave_moves_a_clip_to_another_cell() {
    let mut state = scored_state(SMALL);
    let workbench = state.workbench.as_mut().unwrap();
    let group = fan();
    let threshold = workbench.threshold(&group).unwrap();
    let before = decisions(workbench, &group, threshold).unwrap();
    let moved = before.missed[0];
    Arc::make_mut(&mut workbench.dataset).clips[moved].label = Label::Normal;
    let after = decisions(workbench, &group, threshold).unwrap();
    assert_eq!(after.missed.len() + 1, before.missed.len());
    assert!(after.correct_normals.contains(&moved));
    let everything = decisions(workbench, &group, f64::NEG_INFINITY).unwrap();
    assert!(everything.missed.is_empty() && everything.correct_normals.is_empty());
    let scores_at = |threshold: f64| decisions(workbench, &group, threshold).unwrap().caught.len();
    assert!(
        scores_at(threshold) >= scores_at(threshold * 1.01),
        "a score at the threshold counts as anomalous"
    );
}
