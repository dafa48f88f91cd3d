//! What the model sees: switches, pictures, and the words where there is none.

use std::sync::Arc;

use auscult::app::{Action, ModelAction, ModelPane, NearestClip, RunStatus, RunView, State};
use auscult::dataset::CropWindow;
use auscult::detectors::Metric;
use auscult::extractors::{ModelView, Recipe, TrainingConfig};
use auscult::pipeline::NearestNormal;
use auscult::project::RunRecipe;
use eframe::egui::{Key, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::screen::click_at;
use super::{Bench, bench, fabricated, focused, harness, harness_with};

/// A run of this recipe is the active one.
fn with_run(state: &mut State, recipe: Recipe) {
    let workbench = state.workbench.as_mut().unwrap();
    let recipe = RunRecipe {
        training: TrainingConfig::published(recipe),
        machines: Vec::new(),
        sections: Vec::new(),
    };
    let name = format!("{}-1", recipe.training.recipe.name());
    let view = RunView {
        recipe,
        status: RunStatus::Done,
        epochs: Vec::new(),
        log: Vec::new(),
        job: None,
    };
    workbench.runs.insert(name.clone(), view);
    workbench.project.active_run = Some(name);
}

/// A hum with a whistle in the middle, which the network does not redraw.
fn window() -> ModelView {
    let (n_frames, n_bins) = (32, 128);
    let ripple = |frame: usize, bin: usize| ((frame * 7 + bin * 13) % 11) as f32 / 11.0 - 0.5;
    let normal =
        |frame: usize, bin: usize| 2.0 - bin as f32 / 40.0 + 1.5 * f32::from(u8::from(bin % 16 < 2)) + 0.4 * ripple(frame, bin);
    let whistle = |frame: usize, bin: usize| {
        if (10..20).contains(&frame) && (80..84).contains(&bin) {
            4.0
        } else {
            0.0
        }
    };
    let cells = || (0..n_frames).flat_map(move |frame| (0..n_bins).map(move |bin| (frame, bin)));
    let values: Vec<f32> = cells().map(|(frame, bin)| normal(frame, bin) + whistle(frame, bin)).collect();
    let redrawn: Vec<f32> = cells()
        .map(|(frame, bin)| normal(frame, bin) - 0.3 * ripple(frame, bin))
        .collect();
    let squares = values.iter().zip(&redrawn).map(|(a, b)| (a - b).powi(2));
    ModelView {
        residual: Some(squares.sum::<f32>() / values.len() as f32),
        values,
        n_planes: 1,
        n_frames,
        n_bins,
        redrawn: Some(redrawn),
        shape: vec![(n_frames, "frames"), (n_bins, "mel bands")],
        unit: "standard deviations of each band",
        band_hz: [0.0, 8000.0],
        window: CropWindow {
            start_secs: 3.072,
            end_secs: 4.096,
        },
        note: "",
    }
}

fn seen(panes: &[ModelPane]) -> State {
    let mut state = fabricated::state(60);
    fabricated::focus_windows(&mut state, 5, 32);
    state.playback.position_secs = 3.5;
    with_run(&mut state, Recipe::CaeMcs);
    let workbench = state.workbench.as_mut().unwrap();
    workbench.model.panes.extend(panes);
    workbench.model.view = Some(Arc::new(window()));
    state
}

/// The clip beside itself: another one would look like it.
fn paired() -> State {
    let mut state = focused(60, 5);
    with_run(&mut state, Recipe::MobileAnoNet);
    let workbench = state.workbench.as_mut().unwrap();
    let loaded = workbench.focus_view.loaded.clone().unwrap();
    let nearest = NearestClip {
        from_secs: 0.0,
        stretch: None,
        of_clip: 5,
        found: NearestNormal {
            clip_idx: 7,
            distance: 0.0123,
            metric: Metric::Cosine,
            n_candidates: 20,
        },
        loaded: Arc::new(auscult::app::LoadedClip {
            clip_idx: 7,
            ..(*loaded).clone()
        }),
    };
    workbench.model.panes.insert(ModelPane::Nearest);
    workbench.model.nearest = Some(Arc::new(nearest));
    state
}

#[test]
fn the_switches_ask_for_their_pictures() {
    let mut harness = harness(focused(30, 5));
    for pane in ModelPane::ALL {
        harness.get_by_label(pane.title()).click();
        harness.run_steps(2);
    }
    let wishes = ModelPane::ALL.map(|pane| Action::Model(ModelAction::Show { pane, is_shown: true }));
    assert_eq!(harness.state().actions, wishes);
}

#[test]
fn what_cannot_be_shown_says_why_and_what_helps() {
    let mut state = focused(30, 5);
    state.workbench.as_mut().unwrap().model.panes.insert(ModelPane::Difference);
    let said = |state: State, part: &str| {
        let harness = harness(state);
        harness.get_by_label_contains(part);
    };
    said(state, "There is no run yet: train one");
    for (recipe, part) in [
        (Recipe::PooledLogMel, "it has no network"),
        (Recipe::MobileAnoNet, "its network embeds sounds and redraws none"),
        (Recipe::CaeMcs, "Score the clips first"),
    ] {
        let mut state = focused(30, 5);
        with_run(&mut state, recipe);
        state.workbench.as_mut().unwrap().model.panes.insert(ModelPane::Difference);
        said(state, part);
    }
    let mut state = paired();
    let model = &mut state.workbench.as_mut().unwrap().model;
    model.nearest = None;
    model.nearest_error = Some("fan 00 has no other normal training clip".to_owned());
    said(state, "fan 00 has no other normal training clip");
}

#[test]
fn input_reconstruction_and_difference_stand_side_by_side_with_shape_range_and_residual() {
    let harness = harness(seen(&[ModelPane::Input, ModelPane::Reconstruction, ModelPane::Difference]));
    let places =
        ["Model input of ", "Reconstruction of ", "Difference of "].map(|part| harness.get_by_label_contains(part).rect());
    assert!(
        places[0].right() < places[1].left() && places[1].right() < places[2].left(),
        "{places:?}"
    );
    assert!(
        places
            .iter()
            .all(|place| place.height() == places[0].height() && place.height() > 60.0)
    );
    let view = window();
    let caption = harness.get_by_label_contains("[32 frames, 128 mel bands] \u{b7} 3.07\u{2013}4.10 s");
    let text = format!("{caption:?}");
    let residual = format!("residual {:.4}", view.residual.unwrap());
    assert!(
        text.contains(&residual) && text.contains("standard deviations of each band"),
        "{text}"
    );
}

#[test]
fn a_row_of_several_frames_shows_one_of_them() {
    let mut state = seen(&[ModelPane::Input]);
    let five = ModelView {
        n_planes: 5,
        n_frames: 10,
        n_bins: 64,
        values: (0..5 * 640).map(|i| (i / 640) as f32).collect(),
        redrawn: None,
        residual: None,
        ..window()
    };
    state.workbench.as_mut().unwrap().model.view = Some(Arc::new(five));
    let mut harness = harness(state);
    let choice = harness.get_by_label("Frame of the rows");
    assert_eq!(choice.value().as_deref(), Some("frame 3 of 5"));
    choice.increment_accesskit();
    harness.run_steps(3);
    assert_eq!(
        harness.get_by_label("Frame of the rows").value().as_deref(),
        Some("frame 4 of 5")
    );
}

#[test]
fn either_of_a_pair_is_heard_by_a_click_and_x_changes_over() {
    let mut harness = harness(paired());
    let wish = |nearest| Action::Model(ModelAction::Hear { nearest });
    harness.key_press(Key::X);
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [wish(true)]);
    let clear = |harness: &mut Harness<'_, Bench>| harness.state_mut().actions.clear();
    clear(&mut harness);
    harness.get_by_label("B  nearest normal").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [wish(true)]);
    clear(&mut harness);
    harness.state_mut().workbench().model.hears_nearest = true;
    harness.key_press(Key::X);
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [wish(false)]);
    clear(&mut harness);
    let picture = harness.get_by_label_contains("Nearest normal clip: ").rect();
    click_at(&mut harness, picture.left_top() + vec2(0.25 * picture.width(), 20.0));
    let [heard, Action::PlayFrom(secs)] = &harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert_eq!(*heard, wish(true));
    assert!((secs - 2.5).abs() < 0.05, "{secs}");
    harness.get_by_label_contains("cosine distance 0.0123 between the embeddings of mobileanonet-1");
}

#[test]
fn the_pictures_look_as_they_did() {
    let mut results = egui_kittest::SnapshotResults::new();
    let all = [ModelPane::Input, ModelPane::Reconstruction, ModelPane::Difference];
    for (theme, name) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for (what, state) in [("model_view", seen(&all)), ("model_nearest", paired())] {
            let mut harness = harness_with(state, theme);
            harness.run_steps(10);
            results.add(harness.try_snapshot(format!("{what}_{name}")));
        }
    }
    // The smallest window.
    let mut small = bench(vec2(716.0, 500.0), seen(&all), Theme::Dark);
    small.run_steps(10);
    results.add(small.try_snapshot("model_view_small"));
}
