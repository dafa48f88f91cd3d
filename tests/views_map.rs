//! The screen Map on a made-up layout.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod fabricated;

use std::sync::Arc;

use auscult::app::{Action, JobKind, JobView, MapColor, MapShow, Scope, State, map_figure_by, map_figure_of};
use auscult::dataset::Label;
use auscult::extractors::Recipe;
use auscult::jobs::JobId;
use auscult::pipeline::EmbeddedClips;
use auscult::projection::{Layout, ProjectionConfig, ProjectionEngine};
use auscult::ui::map::MapView;
use eframe::egui::{self, Key, Modifiers, PointerButton, Pos2, accesskit::Role, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use fabricated::screen::{Scene, drag};
use fabricated::{Dice, LARGE, SIZE, SMALL, Size, bare_state, mapped_state};

type Stage = Scene<MapView>;

fn stage(state: State, is_dark: bool) -> Harness<'static, Stage> {
    fabricated::stage(state, is_dark, SIZE, MapView::default(), MapView::ui)
}

#[test]
fn pictures() {
    let mut results = egui_kittest::SnapshotResults::new();
    let seven = Size {
        n_sections: 1,
        n_clips: 40,
        ..LARGE
    };
    let pictures = [(seven, true, "map_seven_dark"), (SMALL, false, "map_small_light")];
    for (size, is_dark, name) in pictures {
        let mut state = mapped_state(size);
        state.workbench.as_mut().unwrap().focus = Some(55);
        let mut harness = stage(state, is_dark);
        harness.run();
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}

/// Four clips at the corners of a square, and where these corners are on the screen once all of it fits.
fn square() -> (State, [Pos2; 4]) {
    let mut state = mapped_state(SMALL);
    let workbench = state.workbench.as_mut().unwrap();
    workbench.map.layout = Some(Arc::new(Layout {
        points: vec![[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]],
        ..Layout::default()
    }));
    workbench.map.clips = Arc::new(vec![3, 90, 170, 200]);
    let mut harness = stage(mapped_like(&state), true);
    harness.run();
    let canvas = harness.get_by_label("Map of 4 clips").rect();
    let half = 0.5 * canvas.height() - 24.0;
    let corner = |x: f32, y: f32| canvas.center() + vec2(x, y) * half;
    (
        state,
        [corner(-1.0, 1.0), corner(1.0, 1.0), corner(-1.0, -1.0), corner(1.0, -1.0)],
    )
}

/// A second state with the same map: a state cannot be copied.
fn mapped_like(state: &State) -> State {
    let mut copy = mapped_state(SMALL);
    copy.workbench.as_mut().unwrap().map = state.workbench.as_ref().unwrap().map.clone();
    copy
}

fn click(harness: &mut Harness<'_, Stage>, at: Pos2, modifiers: Modifiers) {
    harness.hover_at(at);
    harness.run();
    for pressed in [true, false] {
        harness.event_modifiers(
            egui::Event::PointerButton {
                pos: at,
                button: PointerButton::Primary,
                pressed,
                modifiers,
            },
            modifiers,
        );
    }
    harness.run();
}

#[test]
fn a_click_picks_the_nearest_clip() {
    let (state, corners) = square();
    let mut harness = stage(state, true);
    harness.run();
    click(&mut harness, corners[1] + vec2(4.0, -3.0), Modifiers::NONE);
    assert_eq!(harness.state().actions, [Action::Select(vec![90]), Action::Focus(90)]);

    harness.state_mut().actions.clear();
    harness.state_mut().state.workbench.as_mut().unwrap().selection = [90].into();
    click(&mut harness, corners[2], Modifiers::SHIFT);
    assert_eq!(harness.state().actions, [Action::Select(vec![90, 170]), Action::Focus(170)]);

    harness.state_mut().actions.clear();
    click(&mut harness, corners[2] + vec2(60.0, 60.0), Modifiers::NONE);
    assert_eq!(harness.state().actions, [], "nothing is there");
}

#[test]
fn the_pointer_reads_the_clip() {
    let (state, corners) = square();
    let mut harness = stage(state, true);
    harness.run();
    harness.hover_at(corners[0] + vec2(2.0, 2.0));
    harness.run();
    harness.get_by_label("section_00_0003.wav");
    harness.get_by_label("bearing 00");
    harness.get_by_label("normal, source domain");
}

#[test]
fn a_rectangle_selects_what_is_in_it() {
    let (state, corners) = square();
    let mut harness = stage(state, true);
    harness.run();
    // Around the two upper corners.
    drag(&mut harness, corners[2] - vec2(12.0, 12.0), corners[3] + vec2(12.0, 12.0));
    assert_eq!(harness.state().actions, [Action::Select(vec![170, 200])]);
}

#[test]
fn a_category_that_is_switched_off_cannot_be_hit() {
    let (state, corners) = square();
    let mut harness = stage(state, true);
    harness.run();
    harness.get_by_label("bearing, 1 clips").click();
    harness.run();
    click(&mut harness, corners[0], Modifiers::NONE);
    drag(&mut harness, corners[2] - vec2(12.0, 12.0), corners[1] + vec2(12.0, 12.0));
    assert_eq!(harness.state().actions, [Action::Select(vec![90, 170, 200])]);
}

#[test]
fn the_wheel_zooms_about_the_pointer_and_f_shows_all_again() {
    let (state, corners) = square();
    let mut harness = stage(state, true);
    harness.run();
    harness.hover_at(corners[3]);
    harness.run();
    for _ in 0..6 {
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, 60.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: Modifiers::NONE,
        });
        harness.run_steps(4);
    }
    harness.run_steps(8);
    click(&mut harness, corners[3], Modifiers::NONE);
    assert_eq!(
        harness.state().actions.last(),
        Some(&Action::Focus(200)),
        "it stayed under the pointer"
    );
    harness.state_mut().actions.clear();
    click(&mut harness, corners[0], Modifiers::NONE);
    assert_eq!(harness.state().actions, [], "the others moved away");
    harness.key_press(Key::F);
    harness.run();
    click(&mut harness, corners[0], Modifiers::NONE);
    assert_eq!(harness.state().actions.last(), Some(&Action::Focus(3)));
}

#[test]
fn colours_have_names_and_counts() {
    let mut harness = stage(mapped_state(SMALL), true);
    harness.run();
    harness.get_by_label("bearing, 80 clips");
    harness.get_by_label("anomaly, 60 clips");
    harness.get_by_role_and_label(Role::ComboBox, "Colour").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Score").click();
    harness.run();
    harness.get_by_label("not scored, 120 clips");
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    for color in MapColor::ALL {
        let figure = map_figure_by(workbench, color).unwrap();
        assert_eq!(figure.points.len(), 240);
        assert!(
            figure.points.iter().all(|point| point.category < figure.categories.len()),
            "{color:?}"
        );
        assert_eq!(figure.points.iter().filter(|point| point.is_anomaly).count(), 60);
    }
    assert_eq!(
        map_figure_by(workbench, MapColor::Section).unwrap().categories,
        ["bearing 00", "fan 00", "gearbox 00"]
    );
}

/// Carries out what the click asked of the scope.
fn follow_scope(harness: &mut Harness<'_, Stage>) {
    let actions = std::mem::take(&mut harness.state_mut().actions);
    for action in actions {
        let Action::SetScope { machine, section } = action else {
            panic!("{action:?}")
        };
        harness.state_mut().state.workbench.as_mut().unwrap().scope = Scope { machine, section };
    }
    harness.run();
}

#[test]
fn the_figures_of_the_paper_are_a_click_each() {
    let seven = Size {
        n_sections: 1,
        n_clips: 40,
        ..LARGE
    };
    let mut harness = stage(mapped_state(seven), true);
    harness.run();
    harness.get_by_label("Map of 560 clips");

    harness.get_by_role_and_label(Role::Button, "Figure 2").click();
    harness.run();
    harness.get_by_label("Map of 420 clips");
    harness.get_by_label("slider, 60 clips");
    assert!(harness.query_by_label_contains("anomaly, ").is_none(), "none is on the map");
    follow_scope(&mut harness);

    harness.get_by_role_and_label(Role::Button, "Figure 3").click();
    harness.run();
    let to_slider = Action::SetScope {
        machine: Some("slider".to_owned()),
        section: None,
    };
    assert_eq!(harness.state().actions, [to_slider]);
    follow_scope(&mut harness);
    harness.get_by_label("Map of 80 clips");
    harness.get_by_label("anomaly, 20 clips");
    harness.snapshot("map_figure_3_dark");

    // Another machine in the scope is another panel.
    let train = Some("ToyTrain".to_owned());
    let workbench = harness.state_mut().state.workbench.as_mut().unwrap();
    workbench.scope.machine = train.clone();
    workbench
        .project
        .labels
        .insert(workbench.dataset.clips[0].path.clone(), Label::Normal);
    harness.run();
    harness.get_by_label("Map of 80 clips");
    let workbench = harness.state().state.workbench.as_ref().unwrap();
    let saved = map_figure_of(workbench, MapColor::Domain, MapShow::Scope).unwrap();
    assert_eq!(saved.points.len(), 80);
    assert!(saved.points.iter().all(|point| point.clip.starts_with("ToyTrain/")));

    harness.get_by_role_and_label(Role::Button, "Figure 3").click();
    harness.run();
    follow_scope(&mut harness);
    harness.get_by_label("Map of 560 clips");
    assert_eq!(harness.state().state.workbench.as_ref().unwrap().scope, Scope::default());
}

#[test]
fn settings_and_start_and_stop() {
    let mut state = mapped_state(SMALL);
    state.workbench.as_mut().unwrap().embedded = Some(Arc::new(EmbeddedClips::default()));
    let mut harness = stage(state, true);
    harness.run();
    harness.get_by_role_and_label(Role::ComboBox, "Engine").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "PCA").click();
    harness.run();
    let expected = ProjectionConfig {
        engine: ProjectionEngine::Pca,
        ..ProjectionConfig::default()
    };
    assert_eq!(harness.state().actions, [Action::SetProjection(expected)]);
    harness.get_by_label("Compute again").click();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert_eq!(harness.state().actions[1..], [Action::ComputeMap, Action::ComputeMap]);

    harness.state_mut().actions.clear();
    let id = JobId(5);
    let state = &mut harness.state_mut().state;
    state.workbench.as_mut().unwrap().map.job = Some(id);
    state.jobs.push(JobView {
        id,
        kind: JobKind::Map,
        title: "Map".to_owned(),
        stage: String::new(),
        done: 640,
        total: 1000,
        remaining_secs: None,
        is_paused: false,
        is_cancelling: false,
    });
    harness.run();
    harness.get_by_label_contains("KL 1.214");
    harness.get_by_label("Pause").click();
    harness.run();
    harness.state_mut().state.jobs[0].is_paused = true;
    harness.run();
    harness.get_by_label("Continue").click();
    harness.run();
    harness.get_by_label("Cancel").click();
    harness.run();
    assert_eq!(
        harness.state().actions,
        [Action::PauseJob(id), Action::ContinueJob(id), Action::CancelJob(id)]
    );

    // Neighbours are no iterations.
    let state = &mut harness.state_mut().state;
    state.workbench.as_mut().unwrap().map.layout = None;
    state.jobs[0].stage = "Finding neighbours".to_owned();
    harness.run();
    harness.get_by_label_contains("Finding neighbours");
    assert!(harness.query_by_label_contains("iteration ").is_none());
}

#[test]
fn empty_states_offer_the_next_click() {
    let mut harness = stage(bare_state(SMALL), true);
    harness.run();
    harness.get_by_label("Score with pooled log-mel now").click();
    harness.run();
    assert!(matches!(&harness.state().actions[..], [Action::Train(recipe)] if recipe.training.recipe == Recipe::PooledLogMel));

    let mut state = bare_state(SMALL);
    state.workbench.as_mut().unwrap().embedded = Some(Arc::new(EmbeddedClips::default()));
    let mut harness = stage(state, true);
    harness.run();
    harness.get_by_label("Compute the map").click();
    harness.run();
    assert_eq!(harness.state().actions, [Action::ComputeMap]);

    let mut harness = stage(State::default(), true);
    harness.run();
    harness.get_by_label("No project is open");
}

/// Says what a frame of a large map costs; the bound is wide, because test machines are slow and builds unoptimised.
#[test]
fn twenty_thousand_clips_are_drawn_in_a_moment() {
    let size = Size { n_clips: 480, ..LARGE };
    let mut state = bare_state(size);
    let workbench = state.workbench.as_mut().unwrap();
    let n_clips = workbench.dataset.clips.len();
    let mut dice = Dice::new(3);
    let points = (0..n_clips)
        .map(|_| [(dice.bell() * 20.0) as f32, (dice.bell() * 20.0) as f32])
        .collect();
    workbench.map.layout = Some(Arc::new(Layout {
        points,
        ..Layout::default()
    }));
    workbench.map.clips = Arc::new((0..n_clips).collect());
    let mut harness = stage(state, true);
    harness.run();
    harness.hover_at(pos2(400.0, 300.0));
    harness.run();
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let start = std::time::Instant::now();
            harness.step();
            let shapes = harness.output().shapes.clone();
            let meshes = harness.ctx.tessellate(shapes, 1.0);
            assert!(!meshes.is_empty());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    eprintln!("{n_clips} clips: {:.1} ms a frame (median)", times[10]);
    assert!(n_clips >= 20_000 && times[10] < 100.0, "{times:?}");
}
