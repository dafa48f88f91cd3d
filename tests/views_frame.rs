//! The frame, Welcome and Train: what each control wishes, found by its accessible name, and one picture of each state.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use auscult::app::{
    Action, DeployFormat, FocusView, ImportPreview, JobKind, ListeningAction, NextStep, Notice, Playback, RecentProject,
    RunStatus, SaveState, Screen, Severity, State,
};
use auscult::audio::ChannelChoice;
use auscult::dataset::{Label, Layout};
use auscult::extractors::{EpochFigure, LossChoice, Recipe, TrainingConfig};
use auscult::figures::{Figure, LossFigure};
use auscult::jobs::JobId;
use auscult::project::{FigureRecipe, RunRecipe};
use auscult::ui::frame::Frame;
use auscult::ui::{dialogs, widgets};
use common::screen::{click, press};
use common::{Scene, dataset, job, opened, run, window, workbench};
use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{self, Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

fn found() -> State {
    let preview = ImportPreview {
        folder: PathBuf::from("/data/plant"),
        dataset: Some(dataset()),
        ..ImportPreview::default()
    };
    State {
        preview: Some(preview),
        recent: vec![
            RecentProject {
                path: PathBuf::from("Cargo.toml"),
                name: "Plant A".to_owned(),
                n_clips: 12_400,
                opened_at: 1_795_219_200,
            },
            RecentProject {
                path: PathBuf::from("/not/there/project.json"),
                name: "On a disk that is away".to_owned(),
                n_clips: 7_000,
                opened_at: 1_795_000_000,
            },
        ],
        ..State::default()
    }
}

fn trained() -> State {
    let mut state = opened(Screen::Train);
    let workbench = state.workbench.as_mut().unwrap();
    workbench
        .runs
        .insert("dense-ae-2".to_owned(), run(RunStatus::Training, 4, Some(JobId(7))));
    workbench.runs.insert("dense-ae-1".to_owned(), run(RunStatus::Done, 12, None));
    workbench
        .runs
        .insert("dense-ae-0".to_owned(), run(RunStatus::Stopped, 3, None));
    workbench.project.active_run = Some("dense-ae-1".to_owned());
    let train = JobKind::Train {
        run: "dense-ae-2".to_owned(),
    };
    state.jobs = vec![job(7, train, "dense-ae-2"), job(8, JobKind::Map, "Map")];
    state
}

#[test]
fn a_folder_is_asked_for_and_its_typed_path_inspected() {
    let mut harness = window(State::default());
    assert_eq!(click(&mut harness, "Open a folder of recordings…"), []);
    harness.get_by_label("Path of the folder").type_text("/data/plant");
    harness.run();
    assert_eq!(click(&mut harness, "Open"), [Action::Inspect(PathBuf::from("/data/plant"))]);
    assert!(
        harness.query_by_label("Path of the folder").is_none(),
        "the field must have closed"
    );
}

#[test]
fn a_dialog_can_be_cancelled() {
    let mut harness = window(State::default());
    click(&mut harness, "Open a project…");
    assert_eq!(click(&mut harness, "Cancel"), []);
    assert!(harness.query_by_label("Path of the file").is_none());
    click(&mut harness, "Open a project…");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::Escape), []);
    assert!(harness.query_by_label("Path of the file").is_none());
}

#[test]
fn a_pasted_path_is_inspected() {
    let mut harness = window(State::default());
    let field = harness.get_by_label("Or paste a path");
    field.focus();
    field.type_text("\"/data/plant\" ");
    harness.run();
    assert_eq!(click(&mut harness, "Look"), [Action::Inspect(PathBuf::from("/data/plant"))]);
}

#[test]
fn the_tour_starts_and_then_shows_its_progress() {
    let mut harness = window(State::default());
    assert_eq!(click(&mut harness, "Take the tour"), [Action::StartTour]);
    harness.state_mut().state.jobs = vec![job(3, JobKind::Tour, "Tour")];
    harness.run();
    assert!(harness.query_by_label("Take the tour").is_none(), "it runs: no second tour");
    harness.get_all_by_label("Cancel Tour").next().unwrap().click();
    harness.run();
    assert_eq!(harness.state_mut().take(), [Action::CancelJob(JobId(3))]);
}

#[test]
fn recent_projects_open_and_missing_ones_are_forgotten() {
    let mut harness = window(found());
    assert_eq!(
        click(&mut harness, "Forget On a disk that is away"),
        [Action::ForgetRecent(PathBuf::from("/not/there/project.json"))]
    );
    assert_eq!(
        click(&mut harness, "On a disk that is away"),
        [],
        "what is not there cannot be opened"
    );
    assert_eq!(
        click(&mut harness, "Plant A"),
        [Action::OpenProject(PathBuf::from("Cargo.toml"))]
    );
}

#[test]
fn what_was_found_is_shown_changed_and_made_a_project() {
    let mut harness = window(found());
    for text in ["gearbox", "3 unreadable files", "broken_1.wav"] {
        assert!(harness.query_all_by_label(text).next().is_some(), "{text} is missing");
    }
    harness.get_by_role_and_label(Role::ComboBox, "Layout").click();
    harness.run();
    let again = Action::InspectAgain {
        layout: Some(Layout::Mimii),
        channel: ChannelChoice::Index(0),
    };
    assert_eq!(click(&mut harness, "MIMII"), [again]);
    let created = click(&mut harness, "Create project");
    let [Action::CreateProject(path)] = created.as_slice() else {
        panic!("not {created:?}")
    };
    assert!(path.ends_with("auscult/plant/project.json"), "not {}", path.display());
    assert!(!path.starts_with("/data/plant"), "nothing is written into the data folder");
    assert_eq!(click(&mut harness, "Dismiss what was found"), [Action::DismissPreview]);
}

#[test]
fn several_channels_offer_a_choice() {
    let mut state = found();
    let preview = state.preview.as_mut().unwrap();
    let mut eight = Arc::unwrap_or_clone(dataset());
    for clip in &mut eight.clips {
        clip.n_channels = 8;
    }
    preview.dataset = Some(Arc::new(eight));
    let mut harness = window(state);
    harness.get_by_role_and_label(Role::ComboBox, "Channel").click();
    harness.run();
    let again = Action::InspectAgain {
        layout: None,
        channel: ChannelChoice::Mean,
    };
    assert_eq!(click(&mut harness, "Mean of all channels"), [again]);
}

#[test]
fn a_scan_can_be_cancelled_and_a_failure_says_why() {
    let mut state = State {
        jobs: vec![job(5, JobKind::Scan, "Looking into plant")],
        preview: Some(ImportPreview {
            folder: PathBuf::from("/data/plant"),
            job: Some(JobId(5)),
            ..ImportPreview::default()
        }),
        ..State::default()
    };
    let mut harness = window(State {
        jobs: state.jobs.clone(),
        preview: state.preview.clone(),
        ..State::default()
    });
    harness.get_all_by_label("Cancel Looking into plant").next().unwrap().click();
    harness.run();
    assert_eq!(harness.state_mut().take(), [Action::CancelJob(JobId(5))]);
    let preview = state.preview.as_mut().unwrap();
    preview.job = None;
    preview.error = Some("/data/plant holds no recording".to_owned());
    state.jobs.clear();
    let harness = window(state);
    harness.get_by_label("/data/plant holds no recording");
    assert!(harness.query_by_label("Create project").is_none());
}

#[test]
fn screens_without_a_project_say_where_to_get_one() {
    for screen in [
        Screen::Browse,
        Screen::Train,
        Screen::Compare,
        Screen::Map,
        Screen::Explore,
        Screen::Report,
    ] {
        let mut harness = window(State {
            screen,
            ..State::default()
        });
        harness.get_by_label("No project is open");
        assert_eq!(click(&mut harness, "Go to Welcome"), [Action::Show(Screen::Welcome)]);
    }
}

#[test]
fn the_rail_and_its_keys_change_the_screen() {
    let mut harness = window(State::default());
    let keys = [
        Key::Home,
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
    ];
    for (screen, key) in Screen::ALL.into_iter().zip(keys) {
        assert_eq!(click(&mut harness, screen.title()), [Action::Show(screen)]);
        assert_eq!(press(&mut harness, Modifiers::COMMAND, key), [Action::Show(screen)]);
    }
}

#[test]
fn keys_listen_move_label_and_undo() {
    let mut harness = window(opened(Screen::Train));
    let clip = 37;
    let label = |label| Action::SetLabel { clip, label };
    let cases = [
        (Modifiers::NONE, Key::Space, Action::PlayPause),
        (Modifiers::NONE, Key::J, Action::MoveFocus(1)),
        (Modifiers::NONE, Key::K, Action::MoveFocus(-1)),
        (Modifiers::NONE, Key::ArrowDown, Action::MoveFocus(1)),
        (Modifiers::NONE, Key::ArrowUp, Action::MoveFocus(-1)),
        (Modifiers::NONE, Key::L, Action::Listening(ListeningAction::Loop(true))),
        (Modifiers::NONE, Key::Home, Action::Seek(0.0)),
        (Modifiers::NONE, Key::N, label(Label::Normal)),
        (Modifiers::NONE, Key::A, label(Label::Anomalous)),
        (Modifiers::NONE, Key::U, label(Label::Unknown)),
        (Modifiers::COMMAND, Key::S, Action::Save),
        (Modifiers::COMMAND, Key::Z, Action::Undo),
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::Z, Action::Redo),
    ];
    for (modifiers, key, action) in cases {
        assert_eq!(press(&mut harness, modifiers, key), [action], "{key:?}");
    }
    harness.get_by_label("Theme").focus();
    harness.run();
    assert_eq!(
        press(&mut harness, Modifiers::NONE, Key::Space),
        [Action::PlayPause],
        "a focused button must not swallow Space"
    );
    assert!(harness.query_by_label("Light").is_none(), "nor be pressed by it");
}

#[test]
fn letters_belong_to_a_text_field_that_has_the_focus() {
    let mut state = opened(Screen::Welcome);
    state.recent = Vec::new();
    let mut harness = window(state);
    harness.get_by_label("Or paste a path").focus();
    harness.run();
    for key in [Key::Space, Key::N, Key::J, Key::L, Key::Questionmark] {
        assert_eq!(press(&mut harness, Modifiers::NONE, key), [], "{key:?}");
    }
    assert!(harness.query_by_label("Close keys").is_none());
}

#[test]
fn the_key_sheet_opens_and_closes() {
    let mut harness = window(State::default());
    press(&mut harness, Modifiers::NONE, Key::Questionmark);
    harness.get_by_label("Play from the worst crop, pause");
    click(&mut harness, "Close keys");
    assert!(harness.query_by_label("Close keys").is_none());
    click(&mut harness, "Keys");
    harness.get_by_label("Close keys");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.query_by_label("Close keys").is_none());
}

#[test]
fn the_scope_is_chosen_from_what_is_there() {
    let mut state = opened(Screen::Train);
    state.workbench.as_mut().unwrap().scope.section = Some("01".to_owned());
    let mut harness = window(state);
    harness.get_by_role_and_label(Role::ComboBox, "Machine").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "gearbox").click();
    harness.run();
    let scope = Action::SetScope {
        machine: Some("gearbox".to_owned()),
        section: Some("01".to_owned()),
    };
    assert_eq!(harness.state_mut().take(), [scope]);
}

#[test]
fn the_inspector_labels_and_tells_the_score() {
    let mut harness = window(opened(Screen::Train));
    harness.get_by_label("97.4");
    harness.get_by_label("percentile (raw 0.003142)");
    let wish = click(&mut harness, "Anomaly");
    let label = Label::Anomalous;
    assert_eq!(wish, [Action::SetLabel { clip: 37, label }]);
    click(&mut harness, "Hide inspector");
    assert!(harness.query_by_label("97.4").is_none());
}

#[test]
fn the_player_plays_seeks_and_says_when_it_cannot() {
    let mut harness = window(opened(Screen::Train));
    assert_eq!(click(&mut harness, "Play"), [Action::PlayPause]);
    assert_eq!(click(&mut harness, "Loop"), [Action::Listening(ListeningAction::Loop(true))]);
    let wishes = click(&mut harness, "Position");
    let Some(&Action::Seek(secs)) = wishes.first() else {
        panic!("not {wishes:?}")
    };
    assert!((secs - 5.0).abs() < 0.05, "the middle of ten seconds, not {secs}");
    harness.state_mut().state.playback = Playback {
        unavailable: Some("no device".to_owned()),
        ..Playback::default()
    };
    harness.run();
    harness.get_by_label("No sound output");
    assert_eq!(
        click(&mut harness, "Play"),
        [Action::PlayPause],
        "a press looks for a card anew"
    );
}

#[test]
fn weights_are_loaded_from_a_folder_or_a_file_that_is_named() {
    let mut harness = window(opened(Screen::Train));
    let cases = [
        ("A run's folder", "Path of the folder", "/models/fan"),
        ("A file of weights", "Path of the file", "/models/fan.safetensors"),
    ];
    for (item, field, path) in cases {
        assert_eq!(click(&mut harness, "Load weights…"), []);
        assert_eq!(click(&mut harness, item), []);
        harness.get_by_label(field).type_text(path);
        harness.run();
        assert_eq!(click(&mut harness, "Open"), [Action::LoadWeights(PathBuf::from(path))]);
    }
}

#[test]
fn a_finished_run_is_exported_into_a_folder_and_no_other() {
    let mut harness = window(trained());
    // The one that trains is shown first.
    assert!(harness.query_by_label("Export…").is_none());
    click(&mut harness, "dense-ae-0");
    assert!(
        harness.query_by_label("Export…").is_none(),
        "a stopped run has no network yet"
    );
    click(&mut harness, "dense-ae-1");
    for (title, format) in [
        ("ONNX", DeployFormat::ALL[0]),
        ("C, 8-bit weights", DeployFormat::ALL[2]),
        ("Weights (safetensors)", DeployFormat::ALL[3]),
    ] {
        click(&mut harness, "Export…");
        assert_eq!(click(&mut harness, title), []);
        harness.get_by_label("Path of the folder").type_text("/out");
        harness.run();
        let export = Action::ExportRun {
            run: "dense-ae-1".to_owned(),
            format,
            folder: PathBuf::from("/out"),
        };
        assert_eq!(click(&mut harness, "Open"), [export]);
    }
    let mut state = trained();
    let run = state.workbench.as_mut().unwrap().runs.get_mut("dense-ae-1").unwrap();
    run.recipe.training = TrainingConfig::published(Recipe::PooledLogMel);
    state.workbench.as_mut().unwrap().runs.retain(|name, _| name == "dense-ae-1");
    let mut harness = window(state);
    click(&mut harness, "Export…");
    assert!(harness.query_by_label("ONNX").is_none(), "statistics are no network");
}

#[test]
fn training_starts_with_the_recipe_on_the_screen() {
    let mut harness = window(opened(Screen::Train));
    let recipe = |recipe, machines: &[&str]| {
        Action::Train(RunRecipe {
            training: TrainingConfig::published(recipe),
            machines: machines.iter().map(|&machine| machine.to_owned()).collect(),
            sections: Vec::new(),
        })
    };
    assert_eq!(click(&mut harness, "Compute scores"), [recipe(Recipe::PooledLogMel, &[])]);
    click(&mut harness, "MobileAnoNet");
    harness.get_by_label_contains("About 2 min for 72 clips");
    click(&mut harness, "Dense autoencoder");
    assert_eq!(
        press(&mut harness, Modifiers::COMMAND, Key::Enter),
        [recipe(Recipe::DenseAe, &[])]
    );
    harness.get_by_role_and_label(Role::CheckBox, "fan").click();
    harness.run();
    assert_eq!(
        click(&mut harness, "Start training"),
        [recipe(Recipe::DenseAe, &["bearing", "gearbox"])]
    );
    for machine in ["bearing", "gearbox"] {
        harness.get_by_role_and_label(Role::CheckBox, machine).click();
        harness.run();
    }
    assert_eq!(press(&mut harness, Modifiers::COMMAND, Key::Enter), [], "nothing is ticked");
}

#[test]
fn runs_are_paused_cancelled_resumed_used_and_deleted() {
    let mut harness = window(trained());
    let both = |harness: &mut Harness<'_, Scene>, label: &str| {
        harness.get_all_by_label(label).last().unwrap().click();
        harness.run();
        harness.state_mut().take()
    };
    assert_eq!(both(&mut harness, "Pause dense-ae-2"), [Action::PauseJob(JobId(7))]);
    assert_eq!(both(&mut harness, "Cancel dense-ae-2"), [Action::CancelJob(JobId(7))]);
    assert_eq!(click(&mut harness, "Cancel Map"), [Action::CancelJob(JobId(8))]);
    assert!(
        harness.query_by_label("Delete…").is_none(),
        "a run that trains is not deleted"
    );
    assert_eq!(click(&mut harness, "dense-ae-0"), []);
    assert_eq!(click(&mut harness, "Resume"), [Action::Resume("dense-ae-0".to_owned())]);
    assert_eq!(click(&mut harness, "Delete…"), [], "only a second click deletes");
    assert_eq!(
        click(&mut harness, "Delete run"),
        [Action::DeleteRun("dense-ae-0".to_owned())]
    );
    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    workbench.project.active_run = None;
    click(&mut harness, "dense-ae-1");
    assert_eq!(
        click(&mut harness, "Use this run"),
        [Action::ActivateRun("dense-ae-1".to_owned())]
    );
}

#[test]
fn notices_are_dismissed_by_hand_or_by_time() {
    let notice = |id, severity, text: &str| Notice {
        id,
        severity,
        text: text.to_owned(),
        next_step: None,
    };
    let mut harness = window(State {
        notices: vec![notice(1, Severity::Error, "The disk is full")],
        ..State::default()
    });
    harness.get_by_label("The disk is full");
    harness.run_steps(40);
    assert_eq!(harness.state_mut().take(), [], "an error stays until it was read");
    assert_eq!(click(&mut harness, "Dismiss notice"), [Action::DismissNotice(1)]);
    harness.state_mut().state.notices = vec![notice(2, Severity::Info, "Scores are ready")];
    harness.run_steps(40);
    assert!(harness.state_mut().take().contains(&Action::DismissNotice(2)));
}

#[test]
fn a_notice_offers_the_next_step() {
    let mut harness = window(State {
        notices: vec![Notice {
            id: 3,
            severity: Severity::Info,
            text: "The scores of dense-ae-1 are ready".to_owned(),
            next_step: Some(NextStep {
                label: "Show",
                action: Action::ShowMostSuspicious,
            }),
        }],
        ..State::default()
    });
    assert_eq!(
        click(&mut harness, "Show"),
        [Action::ShowMostSuspicious, Action::DismissNotice(3)]
    );
}

#[test]
fn a_training_is_shown_when_it_starts_and_when_it_is_done() {
    let mut harness = window(trained());
    assert!(harness.query_all_by_label("Pause dense-ae-2").next().is_some());
    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    workbench.runs.get_mut("dense-ae-2").unwrap().status = RunStatus::Done;
    harness.run();
    harness.get_by_label("Use this run");
    click(&mut harness, "dense-ae-1");
    assert!(
        harness.query_by_label("Use this run").is_none(),
        "the run in use is a click away"
    );
}

#[test]
fn whoever_looks_at_one_machine_trains_on_it() {
    let mut harness = window(opened(Screen::Train));
    let trains_on = |harness: &mut Harness<'_, Scene>| {
        let wishes = click(harness, "Compute scores");
        let [Action::Train(recipe)] = wishes.as_slice() else {
            panic!("not {wishes:?}")
        };
        recipe.machines.clone()
    };
    assert!(trains_on(&mut harness).is_empty(), "all of them");
    let look_at = |harness: &mut Harness<'_, Scene>, machine: Option<&str>| {
        let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
        workbench.scope.machine = machine.map(str::to_owned);
        harness.run();
    };
    look_at(&mut harness, Some("gearbox"));
    assert_eq!(trains_on(&mut harness), ["gearbox"]);
    click(&mut harness, "fan");
    assert_eq!(trains_on(&mut harness), ["fan", "gearbox"], "the choice can be changed");
    look_at(&mut harness, None);
    assert!(trains_on(&mut harness).is_empty());
}

#[test]
fn the_palette_finds_commands_runs_and_clips_and_does_what_is_chosen() {
    let mut harness = window(opened(Screen::Train));
    let ask = |harness: &mut Harness<'_, Scene>, words: &str| {
        press(harness, Modifiers::COMMAND, Key::P);
        harness.get_by_label("Command").type_text(words);
        harness.run();
    };
    ask(&mut harness, "anomaly");
    let label = Label::Anomalous;
    assert_eq!(
        press(&mut harness, Modifiers::NONE, Key::Enter),
        [Action::SetLabel { clip: 37, label }]
    );
    assert!(harness.query_by_label("Command").is_none(), "it closes");
    ask(&mut harness, "gearbox");
    press(&mut harness, Modifiers::NONE, Key::ArrowDown);
    let wishes = press(&mut harness, Modifiers::NONE, Key::Enter);
    assert!(
        matches!(wishes.as_slice(), [Action::Show(Screen::Browse), Action::Focus(_)]),
        "below the scope stand the clips of that machine: {wishes:?}"
    );
    ask(&mut harness, "gearbox");
    let scope = Action::SetScope {
        machine: Some("gearbox".to_owned()),
        section: None,
    };
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::Enter), [scope]);
    ask(&mut harness, "no such thing");
    harness.get_by_label("Nothing is called so");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::Enter), []);
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.query_by_label("Command").is_none());
}

#[test]
fn a_key_pauses_the_newest_job_and_lets_it_go_on() {
    let mut harness = window(trained());
    let key = |harness: &mut Harness<'_, Scene>| press(harness, Modifiers::COMMAND, Key::Period);
    assert_eq!(key(&mut harness), [Action::PauseJob(JobId(8))]);
    harness.state_mut().state.jobs[1].is_paused = true;
    assert_eq!(key(&mut harness), [Action::ContinueJob(JobId(8))]);
}

#[test]
fn a_failed_save_is_told() {
    let mut state = opened(Screen::Train);
    state.workbench.as_mut().unwrap().save = SaveState::Failed("the disk is full".to_owned());
    let harness = window(state);
    harness.get_by_label("Not saved");
    harness.get_by_label("Plant A*");
}

#[test]
fn only_the_settings_that_a_recipe_uses_are_shown() {
    let mut harness = window(opened(Screen::Train));
    let shown = |harness: &Harness<'_, Scene>| {
        let fields = ["Epochs", "Batch size", "Segments a clip", "Learning rate", "Seed", "Device"];
        fields.map(|field| harness.query_all_by_label(field).next().is_some())
    };
    assert_eq!(shown(&harness), [false; 6], "pooled log-mel trains nothing");
    click(&mut harness, "Dense autoencoder");
    assert_eq!(shown(&harness), [true, true, false, true, true, true]);
    click(&mut harness, "MobileAnoNet");
    assert_eq!(shown(&harness), [true; 6]);
}

#[test]
fn hops_the_ranking_decay_and_the_channel_reach_the_recipe() {
    let mut state = opened(Screen::Train);
    let workbench = state.workbench.as_mut().unwrap();
    let mut dataset = (*workbench.dataset).clone();
    dataset.clips.iter_mut().for_each(|clip| clip.n_channels = 4);
    workbench.dataset = Arc::new(dataset);
    let mut harness = window(state);
    let trained = |harness: &mut Harness<'_, Scene>, button: &str| {
        let wishes = click(harness, button);
        let [Action::Train(recipe)] = wishes.as_slice() else {
            panic!("not {wishes:?}")
        };
        recipe.training.clone()
    };
    let turn = |harness: &mut Harness<'_, Scene>, field: &str, is_up: bool| {
        let value = harness.get_by_role_and_label(Role::SpinButton, field);
        if is_up {
            value.increment_accesskit();
        } else {
            value.decrement_accesskit();
        }
        harness.run();
    };
    assert_eq!(trained(&mut harness, "Compute scores").channel, None, "as in Browse");
    choose(&mut harness, "Channel", "Channel 3 of 4");
    assert_eq!(trained(&mut harness, "Compute scores").channel, Some(ChannelChoice::Index(2)));
    assert!(harness.query_by_label("Scoring hop").is_none());
    click(&mut harness, "MobileAnoNet");
    turn(&mut harness, "Scoring hop", true);
    let training = trained(&mut harness, "Start training");
    assert_eq!((training.segment_hop, training.channel), (17, Some(ChannelChoice::Index(2))));
    let others = Recipe::ALL.len() - 3;
    click(&mut harness, &format!("{others} more recipes"));
    harness.run_steps(30);
    click(&mut harness, Recipe::CaeMcs.title());
    harness.get_by_role_and_label(Role::SpinButton, "Training hop").scroll_to_me();
    harness.run_steps(20);
    turn(&mut harness, "Training hop", true);
    turn(&mut harness, "Scoring hop", false);
    let training = trained(&mut harness, "Start training");
    assert_eq!((training.window_hop, training.segment_hop), (4, 2));
    harness.get_by_label(Recipe::GwrpGmm.title()).scroll_to_me();
    harness.run_steps(20);
    click(&mut harness, Recipe::GwrpGmm.title());
    turn(&mut harness, "Ranking decay", false);
    let decay = trained(&mut harness, "Compute scores").ranking_decay;
    assert!((0.9..1.0).contains(&decay), "{decay}");
}

#[test]
fn the_saved_loss_has_a_curve_for_every_term() {
    let mut workbench = workbench();
    let mut run = run(RunStatus::Done, 3, None);
    let names = |workbench: &auscult::app::Workbench| {
        let figure = auscult::app::loss_figure(workbench, "run").unwrap();
        figure.curves.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    workbench.runs.insert("run".to_owned(), run.clone());
    assert_eq!(names(&workbench), ["fan training", "fan held out"]);
    for epoch in &mut run.epochs {
        epoch.network.clear();
        let figure = |name: &str, is_held_out, value| EpochFigure {
            name: name.to_owned(),
            is_held_out,
            value,
        };
        epoch.figures = vec![
            figure("machine loss", false, 1.5),
            figure("centre loss", false, 7.5),
            figure("centre loss", true, 8.0),
            figure("condition accuracy", true, 0.5),
        ];
    }
    workbench.runs.insert("run".to_owned(), run);
    let expected = [
        "whole loss, training",
        "whole loss, held out",
        "machine loss, training",
        "centre loss, training",
        "centre loss, held out",
    ];
    assert_eq!(names(&workbench), expected);
    let figure = auscult::app::loss_figure(&workbench, "run").unwrap();
    assert_eq!(figure.curves[3].1, [7.5, 7.5, 7.5]);
    let svg = auscult::figures::to_svg(&Figure::Loss(figure)).unwrap();
    let run = workbench.runs.get_mut("run").unwrap();
    run.recipe.training = TrainingConfig::published(Recipe::MobileAnoNet);
    let figure = auscult::app::loss_figure(&workbench, "run").unwrap();
    let centre = &figure.curves[3];
    assert_eq!(centre.0, "centre loss × 0.2, training");
    assert!((centre.1[0] - 1.5).abs() < 1e-12, "the parts add up to the whole");
    assert!(expected.iter().all(|name| svg.contains(name)), "the legend names every curve");
}

#[test]
fn the_working_conditions_are_told_before_mobileanonet_starts() {
    let mut state = opened(Screen::Train);
    let workbench = state.workbench.as_mut().unwrap();
    let mut dataset = (*workbench.dataset).clone();
    for (clip_idx, clip) in dataset.clips.iter_mut().enumerate() {
        if clip.group.machine == "fan" && clip.group.section == "00" {
            clip.attributes[0].value = (clip_idx % 3).to_string();
        }
    }
    workbench.dataset = Arc::new(dataset);
    let mut harness = window(state);
    assert!(harness.query_by_label_contains("fan 00: vel").is_none());
    click(&mut harness, "MobileAnoNet");
    harness.get_by_label("fan 00: vel (3 values)");
    harness.get_by_label_contains("louder or quieter looks the same");
    choose(&mut harness, "Loss", "Conditions only");
    let wishes = click(&mut harness, "Start training");
    let [Action::Train(recipe)] = wishes.as_slice() else {
        panic!("not {wishes:?}")
    };
    assert_eq!(recipe.training.mobileanonet.loss, LossChoice::Condition);
    // Without the fan there is nothing to learn by, and it is said.
    harness.get_by_role_and_label(Role::CheckBox, "fan").click();
    harness.run();
    harness.get_by_label_contains("No working condition to learn");
    assert_eq!(click(&mut harness, "Start training"), []);
    choose(&mut harness, "Loss", "Machines only");
    assert_eq!(click(&mut harness, "Start training").len(), 1);
}

fn choose(harness: &mut Harness<'_, Scene>, field: &str, choice: &str) {
    let combo = harness.get_by_role_and_label(Role::ComboBox, field);
    // It may lie below the edge of what is scrolled to.
    combo.scroll_to_me();
    harness.run_steps(20);
    harness.get_by_role_and_label(Role::ComboBox, field).click();
    harness.run();
    harness.get_by_label(choice).click();
    harness.run();
}

#[test]
fn recipes_that_are_not_recommended_are_folded() {
    let mut harness = window(opened(Screen::Train));
    let others: Vec<Recipe> = Recipe::ALL.into_iter().filter(|recipe| !recipe.is_recommended()).collect();
    assert_eq!(Recipe::ALL.len() - others.len(), 3);
    let first = others[0].title();
    assert!(harness.query_by_label(first).is_none());
    click(&mut harness, &format!("{} more recipes", others.len()));
    harness.run_steps(30);
    click(&mut harness, first);
    harness.get_by_label(first);
}

#[test]
fn further_figures_of_a_run_are_drawn_by_choice() {
    let mut state = trained();
    let run = state.workbench.as_mut().unwrap().runs.get_mut("dense-ae-2").unwrap();
    for epoch in &mut run.epochs {
        epoch.figures.push(EpochFigure {
            name: "centre loss".to_owned(),
            is_held_out: true,
            value: 7.5,
        });
    }
    let mut harness = window(state);
    harness.get_by_label_contains("Loss over epochs, last: ");
    choose(&mut harness, "Curves", "Centre loss");
    harness.get_by_label("Centre loss over epochs, last: 7.5000");
    harness.get_by_label("Log scale").click();
    harness.run();
    assert_eq!(
        harness.get_by_label("Log scale").accesskit_node().toggled(),
        Some(Toggled::True)
    );
    harness.get_by_label("Centre loss over epochs, last: 7.5000");
    click(&mut harness, "dense-ae-1");
    assert!(harness.query_by_label("Curves").is_none(), "one quantity needs no choice");
    harness.get_by_label_contains("Loss over epochs, last: ");
}

#[test]
fn a_changed_setting_reaches_the_recipe_and_can_be_taken_back() {
    let mut harness = window(opened(Screen::Train));
    click(&mut harness, "Dense autoencoder");
    harness
        .get_by_role_and_label(Role::SpinButton, "Epochs")
        .increment_accesskit();
    harness.run();
    let wishes = click(&mut harness, "Start training");
    let [Action::Train(recipe)] = wishes.as_slice() else {
        panic!("not {wishes:?}")
    };
    assert_eq!(recipe.training.n_epochs, 101);
    click(&mut harness, "Published settings");
    let wishes = click(&mut harness, "Start training");
    let [Action::Train(recipe)] = wishes.as_slice() else {
        panic!("not {wishes:?}")
    };
    assert_eq!(recipe.training, TrainingConfig::published(Recipe::DenseAe));
}

#[test]
fn a_figure_is_saved_where_the_person_says() {
    let figure = Figure::Loss(LossFigure {
        title: "Loss".to_owned(),
        curves: vec![("training".to_owned(), vec![2.0, 1.0])],
    });
    let made = figure.clone();
    let view = move |ui: &mut egui::Ui, _: &State, actions: &mut Vec<Action>| {
        let recipe = || FigureRecipe::Loss { run: "fan".to_owned() };
        widgets::save_figure_menu(ui, "loss of fan 00", || Some(made.clone()), recipe);
        dialogs::ui(ui, actions);
    };
    let mut harness = common::harness(State::default(), Theme::Dark, view);
    harness.run();
    click(&mut harness, "Save figure…");
    click(&mut harness, "PNG");
    assert_eq!(
        harness.get_by_label("Write to this file").value().unwrap(),
        "loss_of_fan_00.png"
    );
    let path = PathBuf::from("loss_of_fan_00.png");
    assert_eq!(
        click(&mut harness, "Save"),
        [Action::SaveFigure {
            figure: figure.clone(),
            path
        }]
    );
    click(&mut harness, "Save figure…");
    click(&mut harness, "SVG");
    let field = harness.get_by_label("Write to this file");
    field.focus();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_label("Write to this file").type_text("figures/loss");
    harness.run();
    let path = PathBuf::from("figures/loss.svg");
    assert_eq!(
        press(&mut harness, Modifiers::NONE, Key::Enter),
        [Action::SaveFigure { figure, path }],
        "Enter saves, and the ending is added"
    );
}

#[test]
fn pictures() {
    let mut results = egui_kittest::SnapshotResults::new();
    let mut picture = |name: &str, theme: Theme, state: State| {
        // The smallest window that there is: what fits here fits everywhere.
        let mut frame = Frame::default();
        let view = move |ui: &mut _, state: &_, actions: &mut _| frame.ui(ui, state, actions);
        let mut harness = common::harness_of_size([1024.0, 640.0], state, theme, view);
        harness.run();
        results.add(harness.try_snapshot(name));
    };
    picture("welcome_empty", Theme::Dark, State::default());
    picture("welcome_found", Theme::Light, found());
    picture("train_empty", Theme::Light, opened(Screen::Train));
    let mut running = trained();
    running.workbench.as_mut().unwrap().focus = None;
    running.workbench.as_mut().unwrap().focus_view = FocusView::default();
    picture("train_running", Theme::Dark, running);
    picture(
        "frame_no_project",
        Theme::Dark,
        State {
            screen: Screen::Map,
            notices: vec![Notice {
                id: 1,
                severity: Severity::Error,
                text: "Cannot read /data/plant/fan/train/broken_0.wav: the header promises 160000 samples, the file holds 12"
                    .to_owned(),
                next_step: None,
            }],
            ..State::default()
        },
    );
}
