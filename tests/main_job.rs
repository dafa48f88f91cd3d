//! The whole job without a window, on synthetic machines: from a folder of recordings to scores, figures and a reopened project.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "common/program.rs"]
mod program;

use std::path::Path;

use auscult::app::{Action, App, DeployFormat, ExplorationStatus, JobKind, Notice, RunStatus, Screen, Severity};
use auscult::dataset::{self, Label, MachineSection, Split, SyntheticConfig, SyntheticLayout};
use auscult::detectors::{DetectorConfig, DetectorKind};
use auscult::evaluation::{self, ThresholdRule};
use auscult::exploration::{Limits, SearchConfig, TrialState};
use auscult::extractors::{Recipe, TrainingConfig};
use auscult::pipeline::{ExploreSettings, JudgedBy, LabelUse, TrialReport};
use auscult::progress::NoProgress;
use auscult::project::{DetectorChoice, RunRecipe};
use program::{app, create_project, is_compared, is_previewed, wait, workbench};

fn recordings(dir: &Path) {
    let config = SyntheticConfig {
        layout: SyntheticLayout::Dcase2023,
        machines: vec!["fan".to_owned(), "slider".to_owned()],
        n_clips: 40,
        clip_secs: 4.0,
        seed: 11,
    };
    dataset::write_synthetic(dir, &config, &mut NoProgress).unwrap();
}

/// A project on synthetic machines, scored.
fn scored_project(home: &Path) -> App {
    let data = home.join("recordings");
    recordings(&data);
    let mut app = app(home);
    app.apply(Action::Inspect(data.clone()));
    wait(&mut app, "the preview", is_previewed);
    assert!(app.state.workbench.is_none(), "nothing is created before the person says so");
    create_project(&mut app, data);
    wait(&mut app, "the scores", is_compared);
    app
}

#[test]
fn a_folder_becomes_scores_without_any_training_and_without_touching_it() {
    let home = tempfile::tempdir().unwrap();
    let app = scored_project(home.path());
    let workbench = workbench(&app);
    assert_eq!(app.state.screen, Screen::Browse);
    assert_eq!(workbench.groups.len(), 2);
    assert!(workbench.scores.iter().all(Option::is_some), "every clip is scored");
    let mut aucs = Vec::new();
    for group in &workbench.groups {
        let (detector, _) = workbench.detector(group);
        assert_eq!(detector, DetectorKind::Fusion, "the default uses no labels");
        let result = workbench.detector_result(group).unwrap();
        let auc = result.metrics.auc.unwrap();
        assert!(auc.low <= auc.value && auc.value <= auc.high);
        assert!(workbench.threshold(group).unwrap().is_finite());
        aucs.push(auc.value);
    }
    // 24 test clips a machine, half of them from a domain that training hardly knew: chance is 0.5.
    assert!(aucs.iter().sum::<f64>() / aucs.len() as f64 > 0.55, "{aucs:?}");
    let others = std::fs::read_dir(home.path().join("recordings")).unwrap().flatten();
    let foreign: Vec<_> = others
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|ending| ending == "json" || ending == "npy")
        })
        .collect();
    assert!(foreign.is_empty(), "nothing may be written into the data folder");
}

#[test]
fn detectors_are_fitted_on_training_clips_only() {
    let home = tempfile::tempdir().unwrap();
    let app = scored_project(home.path());
    let workbench = workbench(&app);
    for group in &workbench.comparison.as_ref().unwrap().groups {
        assert!(!group.train_clips.is_empty() && !group.test_clips.is_empty());
        for &clip in &group.train_clips {
            assert_eq!(workbench.dataset.clips[clip].split, Split::Train);
            assert_eq!(workbench.dataset.clips[clip].label, Label::Normal);
        }
        assert!(group.test_clips.iter().all(|clip| !group.train_clips.contains(clip)));
    }
}

#[test]
fn a_look_at_the_papers_choice_and_back_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let group = workbench(&app).groups[0].clone();
    let by_hand = |value: f64| Action::SetThreshold {
        group: group.clone(),
        rule: ThresholdRule::Manual(value),
    };
    app.apply(by_hand(1.25));
    let before = workbench(&app).scores.clone();
    app.apply(Action::SetChoice(DetectorChoice::Oracle));
    let best = workbench(&app).comparison.as_ref().unwrap().best[&group.machine];
    assert_eq!(workbench(&app).detector(&group), (best, LabelUse::Oracle));
    assert_eq!(
        workbench(&app).threshold_rule(&group),
        ThresholdRule::default(),
        "a threshold in the unit of another detector does not count"
    );
    app.apply(by_hand(0.5));
    assert_eq!(workbench(&app).threshold(&group), Some(0.5));
    app.apply(Action::SetChoice(DetectorChoice::OtherHalf));
    let all_scored = workbench(&app).scores.iter().all(Option::is_some);
    assert!(all_scored, "figures are of one half, but every clip has its score");
    app.apply(Action::SetChoice(DetectorChoice::Fixed));
    assert_eq!(workbench(&app).threshold(&group), Some(1.25));
    assert_eq!(workbench(&app).scores, before);
    app.apply(Action::Undo);
    assert_eq!(workbench(&app).project.choice, DetectorChoice::OtherHalf);
}

#[test]
fn a_second_run_is_compared_beside_the_first() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let active = workbench(&app).project.active_run.clone().unwrap();
    app.apply(Action::score_now());
    let is_done = |app: &App| {
        workbench(app)
            .runs
            .values()
            .filter(|run| run.status == RunStatus::Done)
            .count()
            == 2
    };
    wait(&mut app, "the second run", is_done);
    assert_eq!(workbench(&app).project.active_run.as_ref(), Some(&active));
    let second = workbench(&app).runs.keys().find(|name| **name != active).unwrap().clone();
    let show = |is_shown: bool| Action::ShowBeside {
        run: second.clone(),
        is_shown,
    };
    app.apply(show(true));
    let beside = |app: &App| workbench(app).beside.get(&second).cloned().flatten();
    wait(&mut app, "the comparison", |app| beside(app).is_some());
    assert_eq!(
        beside(&app).unwrap(),
        *workbench(&app).comparison.as_ref().unwrap(),
        "the same front end on the same clips"
    );
    // A label that is given changes both.
    let clip = workbench(&app).comparison.as_ref().unwrap().groups[0].test_clips[0];
    let label = Label::Unknown;
    app.apply(Action::SetLabel { clip, label });
    wait(&mut app, "both anew", |app| {
        let now = workbench(app).comparison.as_ref().unwrap();
        let is_new = now.groups[0]
            .results
            .iter()
            .flatten()
            .all(|result| result.labelled.len() < now.groups[0].test_clips.len());
        is_new && beside(app).is_some_and(|beside| beside == *now)
    });
    app.apply(show(false));
    assert!(workbench(&app).beside.is_empty());
}

/// What the screens read is what the rule makes of the scores as they are now.
fn assert_thresholds(app: &App) {
    let workbench = workbench(app);
    for group in &workbench.groups {
        let normal_scores = &workbench.detector_result(group).unwrap().normal_scores;
        let expected = evaluation::threshold(workbench.threshold_rule(group), normal_scores);
        assert_eq!(workbench.threshold(group), expected, "{group}");
    }
}

#[test]
fn pins_thresholds_and_labels_change_scores_and_can_be_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let before = workbench(&app).project.clone();
    let scores = workbench(&app).scores.clone();
    let group = workbench(&app).groups[0].clone();
    app.apply(Action::Pin {
        group: group.clone(),
        detector: Some(DetectorKind::Knn),
    });
    assert_eq!(workbench(&app).detector(&group).0, DetectorKind::Knn);
    assert_ne!(workbench(&app).scores, scores);
    assert_thresholds(&app);
    app.apply(Action::SetThreshold {
        group: group.clone(),
        rule: ThresholdRule::Manual(-1.0),
    });
    assert_eq!(workbench(&app).threshold(&group), Some(-1.0));
    let clip = workbench(&app)
        .dataset
        .clips
        .iter()
        .position(|clip| clip.group == group && clip.split == Split::Test)
        .unwrap();
    app.apply(Action::SetLabel {
        clip,
        label: Label::Unknown,
    });
    assert_eq!(workbench(&app).label(clip), Label::Unknown);
    for _ in 0..3 {
        app.apply(Action::Undo);
    }
    assert_thresholds(&app);
    assert_eq!(workbench(&app).project.pins, before.pins);
    assert_eq!(workbench(&app).project.thresholds, before.thresholds);
    assert_eq!(workbench(&app).project.labels, before.labels);
    assert_eq!(workbench(&app).scores, scores);
    for _ in 0..3 {
        app.apply(Action::Redo);
    }
    assert_thresholds(&app);
    assert_eq!(workbench(&app).threshold(&group), Some(-1.0));
    assert_eq!(workbench(&app).label(clip), Label::Unknown);
}

#[test]
fn the_focused_clip_is_read_drawn_and_its_crops_scored() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let clip = workbench(&app)
        .dataset
        .clips
        .iter()
        .position(|clip| clip.label == Label::Anomalous)
        .unwrap();
    app.apply(Action::Focus(clip));
    // Two jobs: either may be the first.
    wait(&mut app, "the clip and its crops", |app| {
        let view = &workbench(app).focus_view;
        view.loaded.is_some() && view.ribbon.is_some()
    });
    let view = &workbench(&app).focus_view;
    let loaded = view.loaded.as_ref().unwrap();
    assert_eq!(loaded.clip.samples.len(), 64_000);
    assert_eq!(loaded.spectrogram.n_bins, loaded.bin_hz.len());
    let ribbon = view.ribbon.as_ref().unwrap();
    assert_eq!(ribbon.crops.len(), ribbon.percentiles.len());
    assert!(!ribbon.crops.is_empty());
    assert!(ribbon.percentiles.iter().all(|percentile| (0.0..=100.0).contains(percentile)));
}

#[test]
fn a_map_forms_and_is_the_same_for_the_same_seed() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let mut maps = Vec::new();
    for _ in 0..2 {
        app.apply(Action::ComputeMap);
        wait(&mut app, "the map", |app| {
            workbench(app).map.layout.is_some() && workbench(app).map.job.is_none()
        });
        maps.push(workbench(&app).map.layout.clone().unwrap());
    }
    assert_eq!(maps[0].points, maps[1].points);
    assert_eq!(maps[0].points.len(), workbench(&app).dataset.clips.len());
}

#[test]
fn a_training_can_be_stopped_resumed_and_then_judges() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let training = TrainingConfig {
        n_epochs: 3,
        ..TrainingConfig::published(Recipe::DenseAe)
    };
    app.apply(Action::Train(RunRecipe {
        training,
        machines: vec!["fan".to_owned()],
        sections: Vec::new(),
    }));
    let name = "dense-ae-1";
    wait(&mut app, "the first epoch", |app| {
        !workbench(app).runs[name].epochs.is_empty()
    });
    let job = workbench(&app).runs[name].job;
    if let Some(job) = job {
        app.apply(Action::CancelJob(job));
        wait(&mut app, "the stop", |app| workbench(app).runs[name].job.is_none());
    }
    if workbench(&app).runs[name].status == RunStatus::Stopped {
        app.apply(Action::Resume(name.to_owned()));
    }
    wait(&mut app, "the end", |app| workbench(app).runs[name].status == RunStatus::Done);
    let notices = &app.state.notices;
    let offered = notices.iter().rev().find_map(|notice| notice.next_step.as_ref());
    let use_it = offered.expect("the trained run is offered").action.clone();
    assert_eq!(use_it, Action::ActivateRun(name.to_owned()));
    app.apply(use_it);
    assert_eq!(workbench(&app).runs[name].epochs.len(), 3);
    wait(&mut app, "the scores", is_compared);
    let ready = app.state.notices.last().expect("the scores are announced").clone();
    assert_eq!(ready.text, format!("The scores of {name} are ready"));
    app.apply(ready.next_step.expect("and shown by a click").action);
    assert_eq!(app.state.screen, Screen::Browse);
    let shown = workbench(&app);
    let score = |clip: usize| shown.scores[clip].map(|score| score.order);
    let best = shown.visible.iter().filter_map(|&clip| score(clip)).fold(f64::MIN, f64::max);
    assert_eq!(
        shown.focus.and_then(score),
        Some(best),
        "the most suspicious clip is in focus"
    );
    let comparison = workbench(&app).comparison.clone().unwrap();
    assert!(
        comparison.detectors.contains(&DetectorKind::Residual),
        "an autoencoder has residuals"
    );
    assert!(workbench(&app).project.active_run.as_deref() == Some(name));
}

/// The settings that the sections on the screen were fitted with.
fn fitted_with(app: &App) -> Vec<usize> {
    let groups = workbench(app).comparison.iter().flat_map(|comparison| &comparison.groups);
    groups.map(|group| group.config.knn_k).collect()
}

#[test]
fn detector_settings_of_a_section_and_of_all_can_be_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let before = workbench(&app).comparison.clone().unwrap();
    let group = workbench(&app).groups[1].clone();
    let neighbours = |knn_k| DetectorConfig {
        knn_k,
        ..DetectorConfig::default()
    };
    let of_section = workbench(&app).groups.len();
    let expected = |all: usize, second: usize| {
        let mut expected = vec![all; of_section];
        expected[1] = second;
        expected
    };
    app.apply(Action::SetThreshold {
        group: group.clone(),
        rule: ThresholdRule::Manual(0.5),
    });
    app.apply(Action::SetDetectorConfig {
        group: Some(group.clone()),
        config: Some(neighbours(5)),
    });
    let threshold = workbench(&app).threshold_rule(&group);
    assert_eq!(threshold, ThresholdRule::default(), "it was in the unit of other scores");
    wait(&mut app, "the section's settings", |app| fitted_with(app) == expected(2, 5));
    let now = workbench(&app).comparison.clone().unwrap();
    assert_eq!(now.groups[0], before.groups[0]);
    assert_ne!(now.groups[1].results, before.groups[1].results);
    app.apply(Action::SetDetectorConfig {
        group: None,
        config: Some(neighbours(3)),
    });
    wait(&mut app, "settings of all others", |app| fitted_with(app) == expected(3, 5));
    app.apply(Action::SetDetectorConfig {
        group: Some(group),
        config: None,
    });
    wait(&mut app, "the section without its own", |app| {
        fitted_with(app) == expected(3, 3)
    });
    app.apply(Action::Undo);
    wait(&mut app, "one step back", |app| fitted_with(app) == expected(3, 5));
    app.apply(Action::Undo);
    app.apply(Action::Undo);
    wait(&mut app, "all steps back", |app| fitted_with(app) == expected(2, 2));
    assert_eq!(workbench(&app).comparison.as_ref().unwrap().groups, before.groups);
}

#[test]
fn a_project_opens_where_it_was_left() {
    let home = tempfile::tempdir().unwrap();
    let (path, focus) = {
        let mut app = scored_project(home.path());
        let group = workbench(&app).groups[1].clone();
        app.apply(Action::Pin {
            group: group.clone(),
            detector: Some(DetectorKind::Lof),
        });
        app.apply(Action::SetScope {
            machine: Some(group.machine),
            section: None,
        });
        app.apply(Action::Focus(workbench(&app).visible[3]));
        app.apply(Action::Show(Screen::Compare));
        app.shut_down();
        (workbench(&app).path.clone(), workbench(&app).focus)
    };
    let mut app = app(home.path());
    assert_eq!(app.state.recent.len(), 1);
    app.apply(Action::OpenProject(path));
    wait(&mut app, "the project", is_compared);
    let workbench = workbench(&app);
    assert_eq!(app.state.screen, Screen::Compare);
    assert_eq!(workbench.focus, focus);
    assert_eq!(workbench.scope.machine.as_deref(), Some("slider"));
    assert_eq!(workbench.detector(&workbench.groups[1]).0, DetectorKind::Lof);
    assert!(
        app.state.jobs.iter().all(|job| !matches!(job.kind, JobKind::Train { .. })),
        "nothing is trained again"
    );
}

#[test]
fn a_project_that_was_closed_before_it_was_scored_is_scored_when_it_opens() {
    let home = tempfile::tempdir().unwrap();
    let path = {
        let mut app = scored_project(home.path());
        assert_eq!(workbench(&app).runs.len(), 1, "one run without training, not two");
        let path = workbench(&app).path.clone();
        app.apply(Action::CloseProject);
        app.shut_down();
        path
    };
    std::fs::remove_dir_all(path.with_file_name("runs")).unwrap();
    let mut app = app(home.path());
    app.apply(Action::OpenProject(path));
    wait(&mut app, "the scores", is_compared);
    assert_eq!(workbench(&app).runs.len(), 1);
}

#[test]
fn runs_are_read_from_the_disk_and_deleted_from_it_by_jobs_that_the_end_of_the_program_waits_for() {
    let home = tempfile::tempdir().unwrap();
    let (path, name) = {
        let mut app = scored_project(home.path());
        app.shut_down();
        let name = workbench(&app).runs.keys().next().unwrap().clone();
        (workbench(&app).path.clone(), name)
    };
    let runs = path.with_file_name("runs");
    let metrics = "epoch_idx,network,train_loss,validation_loss,validation_accuracy,secs\n0,fan,0.5,,,1.0\n1,fan,0.4,,,1.0\n";
    std::fs::write(runs.join(&name).join("metrics.csv"), metrics).unwrap();
    let mut app = app(home.path());
    app.apply(Action::OpenProject(path));
    wait(&mut app, "the scores", is_compared);
    assert_eq!(workbench(&app).runs[&name].epochs.len(), 2);
    assert_eq!(workbench(&app).runs[&name].status, RunStatus::Done);

    app.apply(Action::DeleteRun(name.clone()));
    assert!(!workbench(&app).runs.contains_key(&name), "at once from the list");
    app.shut_down();
    assert_eq!(std::fs::read_dir(&runs).unwrap().count(), 0, "nothing of it is left");
    let is_trouble = |notice: &Notice| notice.severity != Severity::Info;
    assert!(!app.state.notices.iter().any(is_trouble), "{:?}", app.state.notices);
}

#[test]
fn what_cannot_be_opened_is_told_and_nothing_else_happens() {
    let home = tempfile::tempdir().unwrap();
    let mut app = app(home.path());
    let newer = home.path().join("newer.json");
    std::fs::write(&newer, br#"{"version": 999}"#).unwrap();
    app.apply(Action::OpenProject(newer.clone()));
    wait(&mut app, "the refusal", |app| !app.state.notices.is_empty());
    assert!(app.state.notices[0].text.contains("newer"));
    assert!(app.state.workbench.is_none());
    assert_eq!(std::fs::read(&newer).unwrap(), br#"{"version": 999}"#);
    app.apply(Action::Inspect(home.path().join("nowhere")));
    wait(&mut app, "the error", |app| {
        app.state.preview.as_ref().is_some_and(|preview| preview.error.is_some())
    });
}

/// Trains a dense autoencoder a little, and waits for it.
fn with_autoencoder(app: &mut App) {
    let training = TrainingConfig {
        n_epochs: 1,
        ..TrainingConfig::published(Recipe::DenseAe)
    };
    app.apply(Action::Train(RunRecipe {
        training,
        machines: Vec::new(),
        sections: Vec::new(),
    }));
    wait(app, "the autoencoder", |app| {
        workbench(app)
            .runs
            .get("dense-ae-1")
            .is_some_and(|run| run.status == RunStatus::Done)
    });
}

#[test]
fn a_run_leaves_as_files_and_comes_back_as_a_run_that_scores_alike() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    with_autoencoder(&mut app);
    let has_file = |name: &str, path: &Path| {
        assert!(path.is_file(), "{name}: {}", path.display());
    };
    let no_job = |app: &App, wanted: JobKind| app.state.jobs.iter().all(|job| job.kind != wanted);
    for (format, files) in DeployFormat::ALL.into_iter().zip([
        ["dense_ae_fan.onnx", "dense_ae_slider.onnx"],
        ["fan/dense_ae_fan.c", "slider/dense_ae_slider.h"],
        ["fan/dense_ae_fan.c", "slider/dense_ae_slider.h"],
        ["dense-ae.safetensors", "dense-ae.json"],
    ]) {
        let folder = home.path().join(format!("out {}", format.title()));
        app.apply(Action::ExportRun {
            run: "dense-ae-1".to_owned(),
            format,
            folder: folder.clone(),
        });
        wait(&mut app, "the export", |app| no_job(app, JobKind::ExportRun));
        for name in files {
            has_file(format.title(), &folder.join(name));
        }
        let is_told = app.state.notices.iter().any(|notice| notice.text.starts_with("Exported"));
        assert!(is_told, "{:?}", app.state.notices);
        app.state.notices.clear();
    }
    let file = home.path().join("out Weights (safetensors)/dense-ae.safetensors");
    let folder = workbench(&app).path.with_file_name("runs").join("dense-ae-1");
    for (source, name) in [(file.clone(), "dense-ae-loaded-1"), (folder, "dense-ae-loaded-2")] {
        app.apply(Action::LoadWeights(source));
        wait(&mut app, "the weights", |app| no_job(app, JobKind::LoadWeights));
        let notices: Vec<&str> = app.state.notices.iter().map(|notice| notice.text.as_str()).collect();
        let run = workbench(&app)
            .runs
            .get(name)
            .unwrap_or_else(|| panic!("{name}: {notices:?}"));
        assert_eq!(run.status, RunStatus::Done);
        assert!(workbench(&app).project.runs.contains_key(name));
    }
    let scores = |app: &mut App, name: &str| {
        app.apply(Action::ActivateRun(name.to_owned()));
        wait(app, "scores", is_compared);
        let group = workbench(app).comparison.as_ref().unwrap().groups[0].clone();
        group.result(DetectorKind::Residual).unwrap().test_scores.clone()
    };
    let own = scores(&mut app, "dense-ae-1");
    assert_eq!(scores(&mut app, "dense-ae-loaded-1"), own);
    assert_eq!(scores(&mut app, "dense-ae-loaded-2"), own);

    // What cannot be loaded says why, and leaves nothing behind.
    let n_runs = workbench(&app).runs.len();
    let alone = home.path().join("alone.safetensors");
    std::fs::copy(&file, &alone).unwrap();
    let broken = home.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::copy(file.with_file_name("dense-ae.json"), broken.join("recipe.json")).unwrap();
    std::fs::write(broken.join("dense-ae.safetensors"), b"no weights").unwrap();
    for (source, expected) in [
        (alone, "recipe.json"),
        (broken.clone(), "dense-ae.safetensors"),
        (home.path().join("nothing"), "not there"),
        (home.path().join("recordings"), "recipe.json"),
    ] {
        app.state.notices.clear();
        app.apply(Action::LoadWeights(source.clone()));
        wait(&mut app, "the refusal", |app| no_job(app, JobKind::LoadWeights));
        let told: Vec<&str> = app.state.notices.iter().map(|notice| notice.text.as_str()).collect();
        let told = told.join(" ");
        assert!(told.contains(source.to_str().unwrap()) && told.contains(expected), "{told}");
        assert!(told.contains("choose a run's folder") && !told.contains(".loading"), "{told}");
    }
    assert_eq!(workbench(&app).runs.len(), n_runs);
    let left = std::fs::read_dir(workbench(&app).path.with_file_name("runs"))
        .unwrap()
        .flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().contains("loading"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn search(n_trials: usize) -> ExploreSettings {
    ExploreSettings {
        group: MachineSection {
            machine: "fan".to_owned(),
            section: "00".to_owned(),
        },
        search: SearchConfig {
            limits: Limits {
                max_parameters: 3000,
                max_mflops: Some(2.0),
                ..Limits::default()
            },
            n_trials,
            generation_size: 4,
            rungs: vec![1, 2],
            ..SearchConfig::default()
        },
        judged_by: JudgedBy::SyntheticAnomalies,
        with_reference: false,
    }
}

/// What must be the same whenever the same search is led to its end.
fn designs(app: &App, name: &str) -> Vec<(String, TrialState, Vec<Option<f64>>)> {
    let trials = &workbench(app).exploration(name).unwrap().exploration.trials;
    let aucs = |trial: &TrialReport| trial.outcomes.iter().map(|outcome| outcome.auc).collect();
    trials
        .iter()
        .map(|trial| (trial.genome.to_string(), trial.state, aucs(trial)))
        .collect()
}

#[test]
fn a_search_goes_on_after_a_restart_and_a_design_of_it_becomes_a_column() {
    let home = tempfile::tempdir().unwrap();
    let mut first = scored_project(home.path());
    let file = workbench(&first).path.clone();
    first.apply(Action::Explore(search(6)));
    let (name, job) = workbench(&first)
        .searching()
        .map(|view| (view.name.clone(), view.job.unwrap()))
        .unwrap();
    assert_eq!(name, "fan-00-1");
    first.apply(Action::Explore(search(6)));
    assert_eq!(workbench(&first).explorations.len(), 1, "one search at a time");
    wait(&mut first, "a judged design", |app| {
        let trials = &workbench(app).explorations[0].exploration.trials;
        trials.iter().any(|trial| !trial.outcomes.is_empty())
    });
    first.apply(Action::CancelJob(job));
    wait(&mut first, "the stop", |app| workbench(app).searching().is_none());
    assert_eq!(workbench(&first).explorations[0].status, ExplorationStatus::Stopped);
    first.apply(Action::PinDesign {
        exploration: name.clone(),
        trial: 0,
        is_pinned: true,
    });
    first.shut_down();
    drop(first);

    let mut app = app(home.path());
    app.apply(Action::OpenProject(file));
    wait(&mut app, "the scores", is_compared);
    assert_eq!(workbench(&app).explorations.len(), 1);
    assert_eq!(workbench(&app).explorations[0].status, ExplorationStatus::Stopped);
    assert!(workbench(&app).is_design_pinned(&name, 0));
    app.apply(Action::ResumeExploration(name.clone()));
    wait(&mut app, "the end of the search", |app| {
        workbench(app).explorations[0].status == ExplorationStatus::Done
    });
    app.apply(Action::Explore(search(6)));
    wait(&mut app, "the end of the other search", |app| {
        workbench(app).explorations.len() == 2 && workbench(app).explorations[1].status == ExplorationStatus::Done
    });
    assert_eq!(designs(&app, &name).len(), 6);
    assert_eq!(
        designs(&app, &name),
        designs(&app, "fan-00-2"),
        "as if it had not been stopped"
    );

    let exploration = &workbench(&app).explorations[0].exploration;
    let trial = exploration
        .trials
        .iter()
        .find(|trial| trial.state == TrialState::Done)
        .unwrap();
    let trial = trial.number;
    app.apply(Action::KeepDesign {
        exploration: name.clone(),
        trial,
        n_more_epochs: 1,
    });
    wait(&mut app, "the run beside the active one", |app| {
        workbench(app).beside.values().any(Option::is_some)
    });
    let run = &workbench(&app).runs["outliernet-1"];
    assert_eq!(run.status, RunStatus::Done);
    app.apply(Action::DeleteExploration(name));
    app.shut_down();
    assert!(!workbench(&app).path.parent().unwrap().join("explorations/fan-00-1").exists());
}
