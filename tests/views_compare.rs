//! The screen Compare on made-up scores.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod fabricated;

use std::sync::Arc;

use auscult::app::{
    Action, JobKind, JobView, MatrixMetric, RunStatus, RunView, State, decisions, histogram_figure, matrix, matrix_table,
    roc_detectors, roc_figure,
};
use auscult::dataset::{Label, MachineSection};
use auscult::detectors::{Covariance, DetectorConfig, DetectorKind, Metric};
use auscult::evaluation::{self, BootstrapConfig, ThresholdRule};
use auscult::extractors::{Recipe, TrainingConfig};
use auscult::jobs::JobId;
use auscult::pipeline::LabelUse;
use auscult::project::{DetectorChoice, RunRecipe};
use auscult::ui::compare::CompareView;
use eframe::egui::{self, Key, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use fabricated::screen::Scene;
use fabricated::{LARGE, SIZE, SMALL, Size, bare_state, scored_state};

type Stage = Scene<CompareView>;

fn stage(state: State, is_dark: bool) -> Harness<'static, Stage> {
    stage_of_size(state, is_dark, SIZE)
}

fn stage_of_size(state: State, is_dark: bool, size: egui::Vec2) -> Harness<'static, Stage> {
    fabricated::stage(state, is_dark, size, CompareView::default(), CompareView::ui)
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
    // As large as the screen is in a window of 1024 × 640: the paper's practice, a machine open, columns that scroll.
    let mut state = scored_state(LARGE);
    state.workbench.as_mut().unwrap().project.choice = DetectorChoice::Oracle;
    let mut harness = stage_of_size(state, false, egui::vec2(934.0, 530.0));
    harness.run();
    harness.get_by_label("Open bearing").click();
    harness.run();
    harness.snapshot("compare_paper_light");
    results.extend_harness(&mut harness);
}

fn fan() -> MachineSection {
    MachineSection {
        machine: "fan".to_owned(),
        section: "00".to_owned(),
    }
}

/// The only thing whose label begins so: "KNN on fan 00" is also a part of "Density KNN on fan 00".
fn cell<'a>(harness: &'a Harness<'_, Stage>, beginning: &'a str) -> egui_kittest::Node<'a> {
    harness.get_by(move |node| node.label().is_some_and(|label| label.starts_with(beginning)))
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
    cell(&harness, "KNN on fan 00").click();
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
    cell(&harness, "KNN on fan 00").click();
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
    harness
        .get_by_label_contains("Fixed or fusion: ")
        .label_ends_with("chosen seeing test labels");
    harness.get_by_label("1 of 3 chosen seeing test labels");
    cell(&harness, "KNN on fan 00: 0").label_ends_with(", pinned");
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
fn a_mode_of_the_choice_is_one_click_and_says_what_it_rests_on() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    harness.get_by_label("no labels used");
    let shown = |harness: &Harness<'_, Stage>| {
        harness
            .state()
            .state
            .workbench
            .as_ref()
            .unwrap()
            .shown_group(&fan())
            .unwrap()
            .clone()
    };
    let whole = shown(&harness);
    harness.get_by_label_contains("Other half: 0.").click();
    harness.run();
    assert_eq!(harness.state().actions, [Action::SetChoice(DetectorChoice::OtherHalf)]);

    harness.state_mut().state.workbench.as_mut().unwrap().project.choice = DetectorChoice::OtherHalf;
    harness.run();
    harness.get_by_label("chosen on one half, all figures of the other");
    assert!(label_of(&harness, "In use on fan 00").ends_with("chosen on the other half"));
    let half = shown(&harness);
    assert_eq!(
        2 * half.test_clips.len(),
        whole.test_clips.len(),
        "figures, curves and counts are of half the clips"
    );
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let (kind, _) = workbench.detector(&fan());
    let value = half.result(kind).unwrap().metrics.hmean.unwrap().value;
    assert!(
        label_of(&harness, "In use on fan 00").contains(&format!("{} {value:.2}", kind.title())),
        "the figure in use is that of the half that did not choose"
    );
    let clips: usize = histogram_figure(workbench, &fan())
        .map(|figure| figure.normal.len() + figure.anomalous.len())
        .unwrap();
    assert_eq!(clips, half.test_clips.len());
    harness.get_by_label("Pin KNN").click();
    harness.key_press(Key::P);
    harness.run();
    assert_eq!(harness.state().actions.len(), 1, "nobody pins what labels choose");
}

#[test]
fn what_the_paper_would_have_reported_is_one_click_away_and_one_back() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.state_mut().state.workbench.as_mut().unwrap().project.choice = DetectorChoice::OtherHalf;
    harness.run();
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let worth = matrix(workbench, MatrixMetric::Hmean).unwrap().worth;
    let gap = worth.oracle_over_fixed.unwrap().difference.value;
    harness.get_by_label_contains(&format!("Its practice is worth {gap:+.3}"));
    harness.get_by_label("What would the paper have reported?").click();
    harness.run();
    harness.state_mut().state.workbench.as_mut().unwrap().project.choice = DetectorChoice::Oracle;
    harness.run();
    harness.get_by_label("oracle, as in the paper: an upper bound, not a result");
    assert!(label_of(&harness, "In use on fan 00").ends_with("oracle: best on test labels"));
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let comparison = workbench.comparison.as_ref().unwrap();
    for group in &workbench.groups {
        assert_eq!(workbench.detector(group), (comparison.best[&group.machine], LabelUse::Oracle));
    }
    harness.get_by_label("Back to other half").click();
    harness.run();
    let expected = [DetectorChoice::Oracle, DetectorChoice::OtherHalf].map(Action::SetChoice);
    assert_eq!(harness.state().actions, expected);
}

#[test]
fn rows_open_into_sections_and_domains_by_mouse_and_key() {
    let size = Size {
        n_machines: 2,
        n_sections: 2,
        ..SMALL
    };
    let mut harness = stage(scored_state(size), true);
    harness.run();
    let count = |harness: &Harness<'_, Stage>, beginning: &str| {
        let begins = |node: &egui_kittest::Node<'_>| {
            node.accesskit_node()
                .label()
                .is_some_and(|label| label.starts_with(beginning))
        };
        harness.query_all_by_label_contains(beginning).filter(begins).count()
    };
    assert_eq!(count(&harness, "KNN on fan"), 1, "closed at first");
    harness.get_by_label("Open fan").click();
    harness.run();
    assert_eq!(count(&harness, "KNN on fan"), 3);
    harness.get_by_label("Open fan 01").click();
    harness.run();
    for part in ["AUC source", "AUC target", "pAUC"] {
        cell(&harness, &format!("KNN on fan 01 {part}: 0."));
    }
    // A machine's figure is the harmonic mean over its sections.
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let parts = ["00", "01"].map(|section| {
        let group = MachineSection {
            section: section.to_owned(),
            ..fan()
        };
        let result = workbench.group_comparison(&group).unwrap().result(DetectorKind::Knn).unwrap();
        result.metrics.hmean_parts()
    });
    let hmean = evaluation::harmonic_mean(&parts.concat()).unwrap();
    assert!(label_of(&harness, "KNN on fan: ").starts_with(&format!("KNN on fan: {hmean:.2}")));
    harness.get_by_label("Close fan").click();
    harness.run();
    assert_eq!(count(&harness, "KNN on fan"), 1);
    cell(&harness, "KNN on bearing: ").click();
    harness.run();
    harness.key_press(Key::O);
    harness.run();
    assert_eq!(count(&harness, "KNN on bearing"), 3);
    harness.key_press(Key::O);
    harness.run();
    assert_eq!(
        count(&harness, "KNN on bearing 00 AUC source"),
        1,
        "the section in focus opens next"
    );
}

#[test]
fn columns_and_curves_can_be_hidden() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    harness.get_by_label("Columns").click();
    harness.run();
    harness.get_by_label("The six of the paper and the fusion").click();
    harness.run();
    assert_eq!(
        harness.query_all_by_label_contains(" on fan 00: ").count(),
        7 + 2,
        "with those in use and the oracle"
    );
    cell(&harness, "KNN on fan 00: ");
    cell(&harness, "Fusion on fan 00: ");

    let n_curves = |harness: &Harness<'_, Stage>| harness.query_all_by_label_contains("  AUC ").count();
    assert_eq!(n_curves(&harness), DetectorKind::ALL.len() - 1);
    cell(&harness, "LOF on fan 00: ").click();
    harness.run();
    harness.get_by_label("All detectors").click();
    harness.run();
    assert_eq!(n_curves(&harness), 2, "the one in focus and the one in use");
}

#[test]
fn another_run_stands_beside_the_active_one() {
    let mut state = scored_state(SMALL);
    let workbench = state.workbench.as_mut().unwrap();
    let recipe = RunRecipe {
        training: TrainingConfig::published(Recipe::DenseAe),
        machines: Vec::new(),
        sections: Vec::new(),
    };
    let view = RunView {
        recipe,
        status: RunStatus::Done,
        epochs: Vec::new(),
        log: Vec::new(),
        job: None,
    };
    workbench.runs.insert("dense-ae-1".to_owned(), view);
    let mut harness = stage(state, true);
    harness.run();
    harness.get_by_label("Runs").click();
    harness.run();
    harness.get_by_label("dense-ae-1").click();
    harness.run();
    let wish = Action::ShowBeside {
        run: "dense-ae-1".to_owned(),
        is_shown: true,
    };
    assert_eq!(harness.state().actions, [wish]);

    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    let mut other = (**workbench.comparison.as_ref().unwrap()).clone();
    // The other front end could do without most detectors, and knows two of the machines.
    other
        .detectors
        .retain(|&kind| [DetectorKind::Knn, DetectorKind::Fusion].contains(&kind));
    other.groups.retain(|group| group.group.machine != "gearbox");
    workbench.beside.insert("dense-ae-1".to_owned(), Some(Arc::new(other)));
    let table = matrix_table(workbench, MatrixMetric::Hmean).unwrap();
    let column = table.columns.iter().position(|name| name == "KNN (dense-ae-1)").unwrap();
    assert_eq!(
        table.rows[1].values[column], table.rows[1].values[0],
        "made of the same scores"
    );
    assert_eq!(table.rows[2].values[column], None, "gearbox");
    assert!(table.rows.iter().all(|row| row.values.len() == table.columns.len()));
    harness.key_press(Key::Escape);
    harness.run();
    // Its columns lie beyond the edge: its name says so, and leads there.
    harness.get_by_label("Scroll to dense-ae-1").click();
    harness.run();
    assert!(harness.query_by_label("Scroll to dense-ae-1").is_none());
    harness.get_by_label("Columns").click();
    harness.run();
    harness.get_by_label("The six of the paper and the fusion").click();
    harness.run();
    harness.get_by_label_contains("KNN of dense-ae-1 on fan 00: 0.");
    harness.get_by_label_contains("Fusion of dense-ae-1 on all sections: 0.");
    assert_eq!(harness.query_all_by_label_contains("of dense-ae-1 on gearbox").count(), 0);
}

#[test]
fn troubles_are_marked_in_their_cells() {
    let mut harness = stage(scored_state(SMALL), true);
    harness.run();
    harness
        .get_by_label_contains("Soft MAHA on fan 00: 0")
        .label_ends_with(", fell back");
    harness
        .get_by_label_contains("Residual on fan 00: –")
        .label_ends_with(", not fitted");
}

#[test]
fn two_detectors_are_held_against_each_other() {
    let mut harness = stage(scored_state(SMALL), true);
    cell(&harness, "KNN on fan 00: ").click();
    harness.run();
    harness.get_by_role_and_label(Role::ComboBox, "Held against").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "LOF").click();
    harness.run();
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let group = workbench.group_comparison(&fan()).unwrap();
    let [a, b] = [DetectorKind::Knn, DetectorKind::Lof].map(|kind| &group.result(kind).unwrap().labelled);
    let config = BootstrapConfig {
        n_resamples: 200,
        ..BootstrapConfig::default()
    };
    let found = evaluation::compare_paired(a, b, config).unwrap().difference;
    let text = format!("{:+.3} [{:+.2}, {:+.2}]", found.value, found.low, found.high).replace('-', "−");
    harness.get_by_label_contains(&text);
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
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let n_detectors = workbench.comparison.as_ref().unwrap().detectors.len();
    assert_eq!(entries.len(), n_detectors - 1, "one could not be fitted");
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
    assert_eq!((matrix.machines.len(), matrix.sections().count()), (7, 21));
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
    assert!((matrix.totals[0].value.unwrap() - evaluation::harmonic_mean(&parts).unwrap()).abs() < 1e-12);
    assert!(matrix.total_oracle >= matrix.total_in_use, "nothing beats the oracle");
    for machine in &matrix.machines {
        let row = &machine.row;
        let best = row.best.unwrap();
        assert_eq!(row.oracle, Some(matrix.columns[best]));
        assert!((row.oracle_value.unwrap() - row.cells[best].value.unwrap()).abs() < 1e-12);
        assert_eq!(row.label_use, LabelUse::None);
    }

    workbench.project.pins.insert("fan 00".to_owned(), DetectorKind::Lof);
    let table = matrix_table(workbench, MatrixMetric::Hmean).unwrap();
    assert_eq!((table.columns.len(), table.rows.len()), (DetectorKind::ALL.len() + 2, 29));
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
    let matrix = matrix(workbench, MatrixMetric::Hmean).unwrap();
    let config = BootstrapConfig {
        n_resamples: 200,
        ..BootstrapConfig::default()
    };
    let mut n_ties = 0;
    for section in matrix.sections() {
        let group = comparison.of(&section.row.group).unwrap();
        let best = group.result(group.oracle.unwrap()).unwrap();
        for (result, cell) in group.results.iter().zip(&section.row.cells) {
            let expected = result.as_ref().is_ok_and(|result| {
                result.detector != best.detector && evaluation::is_tie(&best.labelled, &result.labelled, config)
            });
            assert_eq!(cell.is_tie, expected);
            n_ties += usize::from(cell.is_tie);
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

#[test]
fn detector_settings_of_all_machines_and_of_one() {
    let mut harness = stage(scored_state(SMALL), true);
    cell(&harness, "KNN on fan 00").click();
    harness.run();
    harness.get_by_label("Detector settings").click();
    harness.run();
    harness.get_by_label("KNN distance: Euclidean").click();
    harness.run();
    harness.get_by_label("Only fan 00").click();
    harness.run();
    harness.get_by_label("MAHA covariance: Ridge").click();
    harness.run();
    let default = DetectorConfig::default();
    let euclidean = DetectorConfig {
        knn_metric: Metric::Euclidean,
        ..default
    };
    let ridge = DetectorConfig {
        covariance: Covariance::Ridge(1e-6),
        ..default
    };
    let set = |group: Option<MachineSection>, config: Option<DetectorConfig>| Action::SetDetectorConfig { group, config };
    let expected = [set(None, Some(euclidean)), set(Some(fan()), Some(ridge))];
    assert_eq!(harness.state().actions, expected);

    // Once the section has its own, they are what is shown first, and can be let go of.
    harness.state_mut().actions.clear();
    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    workbench.project.section_detectors.insert("fan 00".to_owned(), ridge);
    harness.run();
    harness.get_by_label("With settings of their own: fan 00");
    harness.get_by_label("MAHA covariance: size of the ridge");
    harness.get_by_label("Use those of all machines").click();
    harness.run();
    assert_eq!(harness.state().actions, [set(Some(fan()), None)]);
}

#[test]
fn a_number_among_the_settings_counts_when_it_is_let_go_of() {
    let mut harness = stage(scored_state(SMALL), true);
    cell(&harness, "KNN on fan 00").click();
    harness.run();
    harness.get_by_label("Detector settings").click();
    harness.run();
    let neighbours = harness
        .get_by_role_and_label(Role::SpinButton, "KNN neighbours")
        .rect()
        .center();
    harness.drag_at(neighbours);
    harness.run();
    harness.hover_at(neighbours + egui::vec2(200.0, 0.0));
    harness.run();
    assert_eq!(harness.state().actions, [], "nothing is fitted while the number moves");
    harness.drop_at(neighbours + egui::vec2(200.0, 0.0));
    harness.run();
    let actions = &harness.state().actions;
    let [
        Action::SetDetectorConfig {
            group: None,
            config: Some(config),
        },
    ] = actions.as_slice()
    else {
        panic!("{actions:?}")
    };
    assert!(config.knn_k > 2);
}
