//! The screen Explore on a made-up search.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use auscult::app::DesignQuantity;
use auscult::app::{
    Action, ExplorationStatus, ExplorationView, JobKind, Screen, State, best_design, best_so_far, design_figure, design_front,
    design_table, separation,
};
use auscult::dataset::Split;
use auscult::exploration::{Accuracy, Limits, Outcome, Search, SearchConfig, TrialState};
use auscult::figures::Figure;
use auscult::jobs::JobId;
use auscult::pipeline::{Exploration, ExploreSettings, JudgedBy, JudgedClip, JudgedLabel, Reference, TrialReport};
use auscult::ui::frame::Frame;
use common::screen::{click, press};
use common::{group, job, window, workbench};
use eframe::egui::{Event, Key, Modifiers, PointerButton, Theme, pos2};
use egui_kittest::kittest::Queryable;

const FAULTS: [&str; 4] = ["faster by 5 %", "rattling", "band of noise", "another machine mixed in"];

fn settings(n_trials: usize) -> ExploreSettings {
    ExploreSettings {
        group: group("fan", "00"),
        search: SearchConfig {
            n_trials,
            limits: Limits {
                max_kilobytes: Some(64.0),
                max_latency_ms: Some(5.0),
                ..Limits::default()
            },
            ..SearchConfig::default()
        },
        judged_by: JudgedBy::SyntheticAnomalies,
        with_reference: true,
    }
}

/// A world in which a larger net hears more, and more the longer it learns; every tenth fails.
fn outcome(number: usize, n_parameters: usize, epochs: usize) -> Outcome {
    let size = (n_parameters as f64).ln() / 12.0;
    let luck = ((number * 37) % 19) as f64 / 19.0 - 0.5;
    let auc = 0.42 + 0.5 * size * (epochs as f64 / 18.0).powf(0.2) + 0.12 * luck;
    Outcome {
        trial: number,
        epochs,
        auc: (number % 10 != 9).then_some(auc.clamp(0.3, 0.995)),
        latency_ms: (epochs == 18).then_some(0.2 + n_parameters as f64 / 20_000.0),
    }
}

/// Scores whose anomalous ones lie as much higher as the AUC says.
fn judged(auc: f64) -> Vec<JudgedClip> {
    let dataset = common::dataset();
    let clips = dataset
        .clips
        .iter()
        .filter(|clip| clip.group == group("fan", "00") && clip.split == Split::Train);
    let mut judged = Vec::new();
    for (place, clip) in clips.enumerate() {
        for (variant, fault) in FAULTS.iter().enumerate() {
            let wobble = ((place * 4 + variant) * 53 % 31) as f64 / 31.0;
            let clip = |label, lift: f64| JudgedClip {
                path: clip.path.clone(),
                label,
                score: (0.02 + 0.01 * wobble + lift) as f32,
            };
            if variant == 0 {
                judged.push(clip(JudgedLabel::Normal, 0.0));
            }
            let lift = 0.03 * (auc - 0.5) * (0.4 + wobble);
            judged.push(clip(JudgedLabel::Synthetic((*fault).to_owned()), lift));
        }
    }
    judged
}

/// A search that was led so far: all of it, or until `stop_after` outcomes.
fn exploration(settings: ExploreSettings, mut stop_after: usize) -> Exploration {
    let mut search = Search::new(settings.search.clone());
    while stop_after > 0 {
        let Some(task) = search.tasks().into_iter().next() else {
            break;
        };
        search.tell(outcome(task.trial, task.genome.cost().n_parameters, task.to_epochs));
        stop_after -= 1;
    }
    let trials = search.trials().iter().map(|trial| {
        let auc = trial.outcomes.last().and_then(|outcome| outcome.auc);
        let latency = trial.outcomes.last().and_then(|outcome| outcome.latency_ms);
        TrialReport {
            number: trial.number,
            genome: trial.genome.clone(),
            cost: trial.cost,
            seed: trial.seed,
            state: trial.state,
            outcomes: trial.outcomes.clone(),
            curve: (0..18).map(|epoch| 0.3 + 0.5 * (-0.3 * f64::from(epoch)).exp()).collect(),
            pauc: auc.map(|auc| 0.5 + 0.6 * (auc - 0.5).max(0.0)),
            latency_ms: latency.map(|p50| (p50, 1.2 * p50)),
            judged: auc.map(judged).unwrap_or_default(),
            error: (trial.state == TrialState::Failed).then(|| "its loss is not a number after epoch 2".to_owned()),
        }
    });
    Exploration {
        trials: trials.collect(),
        reference: Some(Reference {
            n_parameters: 4_130_729,
            n_multiply_adds: 289_144_832,
            auc: 0.93,
            pauc: 0.81,
            latency_ms: Some((11.2, 12.0)),
        }),
        settings,
    }
}

fn open(explorations: Vec<ExplorationView>) -> State {
    let mut workbench = workbench();
    workbench.explorations = explorations;
    State {
        screen: Screen::Explore,
        workbench: Some(workbench),
        ..State::default()
    }
}

fn view(name: &str, exploration: Exploration, status: ExplorationStatus) -> ExplorationView {
    ExplorationView {
        status,
        ..ExplorationView::new(name, exploration)
    }
}

/// A search that is over, three designs pinned.
fn done() -> State {
    let exploration = exploration(settings(60), usize::MAX);
    let pins: BTreeSet<usize> = best_pins(&exploration);
    let mut state = open(vec![view("fan-00-1", exploration, ExplorationStatus::Done)]);
    let workbench = state.workbench.as_mut().unwrap();
    workbench.project.design_pins.insert("fan-00-1".to_owned(), pins);
    state
}

fn best_pins(exploration: &Exploration) -> BTreeSet<usize> {
    let front = design_front(exploration, DesignQuantity::Parameters, DesignQuantity::Auc);
    front
        .into_iter()
        .map(|place| exploration.trials[place].number)
        .take(3)
        .collect()
}

/// A search under way, on its job 7.
fn running() -> State {
    let mut searching = view("fan-00-2", exploration(settings(60), 40), ExplorationStatus::Searching);
    searching.job = Some(JobId(7));
    let mut state = open(vec![searching]);
    let kind = JobKind::Explore {
        exploration: "fan-00-2".to_owned(),
    };
    state.jobs.push(job(7, kind, "Search fan-00-2"));
    state
}

/// A search that is over, in which every design was trained to the end.
fn simple(aucs: &[f64]) -> State {
    let mut exploration = exploration(settings(aucs.len()), 0);
    exploration.reference = None;
    let patterns = exploration.trials.clone();
    exploration.trials = aucs
        .iter()
        .enumerate()
        .map(|(number, &auc)| TrialReport {
            number,
            state: TrialState::Done,
            outcomes: vec![Outcome {
                trial: number,
                epochs: 18,
                auc: Some(auc),
                latency_ms: Some(0.4),
            }],
            judged: judged(auc),
            error: None,
            ..patterns[number % patterns.len()].clone()
        })
        .collect();
    open(vec![view("fan-00-1", exploration, ExplorationStatus::Done)])
}

#[test]
fn a_search_starts_with_the_limits_on_the_screen() {
    let mut harness = window(open(Vec::new()));
    harness.get_by_label("No search yet");
    click(&mut harness, "Model ≤");
    click(&mut harness, "Train CAE-MCS as reference");
    let expected = ExploreSettings {
        group: group("bearing", "00"),
        search: SearchConfig {
            limits: Limits {
                max_kilobytes: Some(64.0),
                ..Limits::default()
            },
            ..SearchConfig::default()
        },
        judged_by: JudgedBy::SyntheticAnomalies,
        with_reference: true,
    };
    assert_eq!(click(&mut harness, "Start search"), [Action::Explore(expected.clone())]);
    assert_eq!(
        press(&mut harness, Modifiers::COMMAND, Key::Enter),
        [Action::Explore(expected)]
    );
}

#[test]
fn too_few_clips_or_labels_are_told_before_the_start() {
    let mut harness = window(open(Vec::new()));
    // Four normal and four anomalous test clips a section.
    click(&mut harness, "Labelled half");
    harness.get_by_label_contains("Too few labels: bearing 00 has 4 normal and 4 anomalous test clips");
    assert_eq!(click(&mut harness, "Start search"), []);
    assert_eq!(press(&mut harness, Modifiers::COMMAND, Key::Enter), []);

    let mut state = open(Vec::new());
    let workbench = state.workbench.as_mut().unwrap();
    let mut dataset = (*workbench.dataset).clone();
    dataset.clips.retain(|clip| clip.split == Split::Test);
    workbench.dataset = Arc::new(dataset);
    let mut harness = window(state);
    harness.get_by_label("Nothing to search with");
    assert_eq!(click(&mut harness, "Start search"), []);
}

#[test]
fn a_running_search_is_paused_continued_and_stopped() {
    let mut harness = window(running());
    harness.get_by_label_contains("24 of 60 designs");
    assert_eq!(click(&mut harness, "Pause"), [Action::PauseJob(JobId(7))]);
    assert_eq!(click(&mut harness, "Stop and keep"), [Action::CancelJob(JobId(7))]);
    harness.state_mut().state.jobs[0].is_paused = true;
    // The text is a line shorter: the column below finds its new height.
    harness.run();
    harness.run();
    harness.get_by_label_contains("24 of 60 designs, paused");
    assert_eq!(click(&mut harness, "Continue"), [Action::ContinueJob(JobId(7))]);
    // A second search waits for the first.
    click(&mut harness, "New search like this");
    harness.get_by_label_contains("fan-00-2 is still searching");
    assert_eq!(click(&mut harness, "Start search"), []);
}

#[test]
fn a_stopped_search_says_so_and_goes_on() {
    let stopped = view("fan-00-1", exploration(settings(60), 40), ExplorationStatus::Stopped);
    let mut harness = window(open(vec![stopped]));
    harness.get_by_label_contains("Stopped after 24 of 60 designs");
    assert_eq!(
        click(&mut harness, "Resume"),
        [Action::ResumeExploration("fan-00-1".to_owned())]
    );
    let reason = "the disk is full";
    let failed = ExplorationStatus::Failed(reason.to_owned());
    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    workbench.explorations[0].status = failed;
    harness.run();
    harness.get_by_label_contains(reason);
}

#[test]
fn a_search_is_deleted_at_the_second_click_only() {
    let mut harness = window(done());
    assert_eq!(click(&mut harness, "Delete…"), []);
    assert_eq!(click(&mut harness, "Keep it"), []);
    assert_eq!(click(&mut harness, "Delete…"), []);
    assert_eq!(
        click(&mut harness, "Delete search"),
        [Action::DeleteExploration("fan-00-1".to_owned())]
    );
}

#[test]
fn designs_are_selected_pinned_and_kept() {
    let mut harness = window(simple(&[0.9, 0.95, 0.8]));
    let pin = |trial| Action::PinDesign {
        exploration: "fan-00-1".to_owned(),
        trial,
        is_pinned: true,
    };
    harness.get_by_label("Sort by number").click();
    harness.run();
    let first = harness.get_all_by_label("Design 0").count();
    press(&mut harness, Modifiers::NONE, Key::ArrowUp);
    press(&mut harness, Modifiers::NONE, Key::ArrowUp);
    harness.get_by_label("Design 0");
    assert!(first <= 1);
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::P), [pin(0)]);
    assert_eq!(
        press(&mut harness, Modifiers::NONE, Key::ArrowDown),
        [],
        "no clip is focused by it"
    );
    harness.get_by_label("Design 1");
    assert_eq!(click(&mut harness, "Pin"), [pin(1)]);
    let keep = |n_more_epochs| Action::KeepDesign {
        exploration: "fan-00-1".to_owned(),
        trial: 1,
        n_more_epochs,
    };
    assert_eq!(click(&mut harness, "Send to Compare"), [keep(0)]);
    click(&mut harness, "Train longer…");
    assert_eq!(click(&mut harness, "Train on"), [keep(30)]);
}

#[test]
fn a_design_without_knowledge_is_told_in_words() {
    let mut harness = window(simple(&[0.52]));
    harness.get_by_label_contains(": no better than chance");
    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    let other = simple(&[0.97]).workbench.unwrap();
    workbench.explorations = other.explorations;
    workbench.explorations[0].revision = 1;
    harness.run();
    assert!(harness.query_by_label_contains("no better than chance").is_none());
}

#[test]
fn misses_are_listed_and_heard() {
    let state = simple(&[0.7]);
    let trial = state.workbench.as_ref().unwrap().explorations[0].exploration.trials[0].clone();
    let found = separation(&trial).unwrap();
    assert_eq!(found.n_normal, 12);
    assert_eq!(found.n_anomalous, 48);
    let below = trial.judged.iter().filter(|clip| clip.label != JudgedLabel::Normal);
    let below = below.filter(|clip| f64::from(clip.score) < found.threshold).count();
    assert_eq!(found.missed.len(), below);
    assert!(below > 0);
    let mut harness = window(state);
    harness.get_by_label(&format!("Its {below} misses"));
    let first = &trial.judged[found.missed[0]];
    let JudgedLabel::Synthetic(fault) = &first.label else {
        panic!()
    };
    let file = first.path.rsplit('/').next().unwrap();
    let file = format!("…{}", &file[file.len() - 25..]);
    let name = format!("Play {fault}: {file}");
    let exploration = harness.state().state.workbench.as_ref().unwrap().explorations[0].name.clone();
    assert_eq!(
        click(&mut harness, &name),
        [Action::HearJudged {
            exploration,
            trial: trial.number,
            place: found.missed[0]
        }]
    );
    let clip_idx = common::dataset()
        .clips
        .iter()
        .position(|clip| clip.path == first.path)
        .unwrap();
    harness.get_by_label(&name).click_secondary();
    harness.run();
    assert_eq!(harness.state().actions.last(), Some(&Action::Listen(clip_idx)));
}

#[test]
fn a_click_into_the_plot_selects_the_design_there() {
    // The smaller one hears more; from chance to the better one the plot has 8 % of room at both ends, along 5 %.
    let mut state = simple(&[0.9, 0.8]);
    let trials = &mut state.workbench.as_mut().unwrap().explorations[0].exploration.trials;
    (trials[0].cost.n_parameters, trials[1].cost.n_parameters) = (100, 10_000);
    let mut harness = window(state);
    harness.get_by_label("Design 0");
    let plot = harness.get_by_label_contains("AUC against Parameters: 2 designs").rect();
    let up = ((0.8 - 0.5) / 0.4 + 0.08) / 1.16;
    let at = pos2(plot.left() + plot.width() * 1.05 / 1.1, plot.bottom() - plot.height() * up);
    harness.hover_at(at);
    harness.run();
    for is_pressed in [true, false] {
        harness.event(Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed: is_pressed,
            modifiers: Modifiers::NONE,
        });
    }
    harness.run();
    harness.get_by_label("Design 1");
}

#[test]
fn cut_and_failed_designs_are_hidden_until_asked_for() {
    let mut harness = window(done());
    harness.get_by_label_contains("cut or failed hidden");
    click(&mut harness, "Cut and failed");
    assert!(harness.query_by_label_contains("cut or failed hidden").is_none());
    harness.get_by_label_contains("AUC against Parameters");
    click(&mut harness, "Best so far");
    harness.get_by_label_contains("Best NetScore so far");
    click(&mut harness, "Pinned (3)");
    assert_eq!(harness.get_all_by_label("Unpin").count(), 3);
}

#[test]
fn the_plot_and_the_table_are_saved() {
    let mut harness = window(done());
    // The histogram of the design at the right has one too.
    harness.get_all_by_label("Save figure…").last().unwrap().click();
    harness.run();
    click(&mut harness, "SVG");
    harness.get_by_label("Write to this file").type_text("figures/front.svg");
    harness.run();
    let wishes = press(&mut harness, Modifiers::NONE, Key::Enter);
    let [Action::SaveFigure { figure, .. }] = &wishes[..] else {
        panic!("{wishes:?}")
    };
    let svg = auscult::figures::to_svg(figure).unwrap();
    assert!(svg.contains("CAE-MCS") && svg.contains("front"));
    click(&mut harness, "Save table…");
    click(&mut harness, "CSV");
    harness.get_by_label("Write to this file").type_text("figures/designs.csv");
    harness.run();
    let wishes = press(&mut harness, Modifiers::NONE, Key::Enter);
    let [Action::SaveTable { table, .. }] = &wishes[..] else {
        panic!("{wishes:?}")
    };
    assert_eq!(table.columns.len(), 1 + table.rows[0].values.len());
}

#[test]
fn the_front_beats_all_others_and_the_best_only_grows() {
    let exploration = exploration(settings(60), usize::MAX);
    let (x, y) = (DesignQuantity::Parameters, DesignQuantity::Auc);
    let front = design_front(&exploration, x, y);
    assert!(!front.is_empty());
    let done = || exploration.trials.iter().filter(|trial| trial.state == TrialState::Done);
    for &place in &front {
        let member = &exploration.trials[place];
        let is_beaten = done()
            .any(|other| other.cost.n_parameters < member.cost.n_parameters && other.auc().unwrap() > member.auc().unwrap());
        assert!(!is_beaten, "{}", member.number);
    }
    let loose = Exploration {
        reference: None,
        ..exploration.clone()
    };
    let curve = best_so_far(&loose);
    assert!(curve.windows(2).all(|pair| pair[0].1 <= pair[1].1));
    let best = best_design(&loose).unwrap();
    let score = DesignQuantity::NetScore.of(&loose.trials[best], Accuracy::Auc);
    assert_eq!(score, curve.last().map(|(_, score)| *score));
    // Within reach of the reference there is none that large.
    assert!(best_design(&exploration).is_none_or(|place| exploration.trials[place].auc().unwrap() >= 0.93 * 0.9));
    let shown: Vec<usize> = (0..exploration.trials.len()).collect();
    assert_eq!(design_table("fan-00-1", &exploration, &shown).rows.len(), 60);
    let figure = design_figure("fan-00-1", &exploration, (x, y), true, |_| false);
    let n_points: usize = figure.groups.iter().map(|group| group.points.len()).sum();
    let n_known = exploration.trials.iter().filter(|trial| trial.auc().is_some()).count();
    assert_eq!(n_points, n_known);
    auscult::figures::to_svg(&Figure::Scatter(figure)).unwrap();
}

#[test]
fn pictures() {
    let mut results = egui_kittest::SnapshotResults::new();
    let mut picture = |name: &str, size: [f32; 2], theme: Theme, state: State| {
        let mut frame = Frame::default();
        let view = move |ui: &mut _, state: &_, actions: &mut _| frame.ui(ui, state, actions);
        let mut harness = common::harness_of_size(size, state, theme, view);
        harness.run();
        results.add(harness.try_snapshot(name));
    };
    picture("explore_done_light", [1024.0, 640.0], Theme::Light, done());
    picture("explore_running", [1280.0, 720.0], Theme::Dark, running());
    picture("explore_empty", [1280.0, 720.0], Theme::Light, open(Vec::new()));
}
