//! A screen without a window: how it is drawn, and what a hand does on it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

#[path = "program.rs"]
mod program;

use auscult::app::{Action, App, State, Workbench};
use auscult::ui::{dialogs, theme};
use eframe::egui::{self, Key, Modifiers, Pos2, Theme, Ui, Vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, HarnessBuilder};

/// A view, what it is drawn from, and what it has wished so far.
pub struct Scene<V = ()> {
    pub view: V,
    pub state: State,
    pub actions: Vec<Action>,
}

impl<V> Scene<V> {
    /// The wishes since the last call.
    pub fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    pub fn workbench(&mut self) -> &mut Workbench {
        self.state.workbench.as_mut().unwrap()
    }
}

/// The same with the program behind it: what is wished is carried out, and kept too.
pub struct Driven {
    pub app: App,
    pub wishes: Vec<Action>,
    _home: tempfile::TempDir,
}

impl Driven {
    /// The wishes since the last call.
    pub fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.wishes)
    }

    pub fn workbench(&self) -> &Workbench {
        self.app.state.workbench.as_ref().unwrap()
    }

    pub fn workbench_mut(&mut self) -> &mut Workbench {
        self.app.state.workbench.as_mut().unwrap()
    }
}

/// A harness of this size in points with the program's own theme; paths are typed, no dialog of the system opens.
pub fn builder<T>(size: Vec2, theme: Theme) -> HarnessBuilder<T> {
    Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_context_setup(|context| {
            theme::install(context);
            dialogs::type_paths(context);
        })
}

/// A view that nobody carries out the wishes of.
pub fn scene<'a, V: 'a>(
    builder: HarnessBuilder<Scene<V>>,
    state: State,
    view: V,
    mut draw: impl FnMut(&mut V, &mut Ui, &State, &mut Vec<Action>) + 'a,
) -> Harness<'a, Scene<V>> {
    let scene = Scene {
        view,
        state,
        actions: Vec::new(),
    };
    builder.build_ui_state(
        move |ui, scene: &mut Scene<V>| draw(&mut scene.view, ui, &scene.state, &mut scene.actions),
        scene,
    )
}

/// A view with a program behind it that may write: into a folder of its own.
pub fn driven<'a>(
    builder: HarnessBuilder<Driven>,
    state: State,
    mut draw: impl FnMut(&mut Ui, &State, &mut Vec<Action>) + 'a,
) -> Harness<'a, Driven> {
    let home = tempfile::tempdir().unwrap();
    let mut app = program::app(home.path());
    app.state = state;
    if let Some(workbench) = &mut app.state.workbench {
        workbench.path = home.path().join("project.json");
    }
    let driven = Driven {
        app,
        wishes: Vec::new(),
        _home: home,
    };
    builder.build_ui_state(
        move |ui, driven: &mut Driven| {
            let mut actions = Vec::new();
            draw(ui, &driven.app.state, &mut actions);
            for action in actions {
                driven.wishes.push(action.clone());
                driven.app.apply(action);
            }
        },
        driven,
    )
}

/// Draws up to the edge: the harness leaves a margin that the window does not have.
pub fn to_the_edge(ui: &mut Ui, draw: impl FnOnce(&mut Ui)) {
    let whole = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
    ui.scope_builder(whole, |ui| {
        ui.set_clip_rect(ui.ctx().content_rect());
        draw(ui);
    });
}

/// Clicks what bears this name and returns the wishes that follow.
pub fn click(harness: &mut Harness<'_, Scene>, label: &str) -> Vec<Action> {
    harness.get_by_label(label).click();
    harness.run();
    harness.state_mut().take()
}

/// Presses a key and returns the wishes that follow.
pub fn press(harness: &mut Harness<'_, Scene>, modifiers: Modifiers, key: Key) -> Vec<Action> {
    harness.key_press_modifiers(modifiers, key);
    harness.run();
    harness.state_mut().take()
}

/// A hand that takes hold at one place and lets go at another.
pub fn drag<T>(harness: &mut Harness<'_, T>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.drag_at(from);
    harness.run_steps(2);
    harness.hover_at(from.lerp(to, 0.5));
    harness.hover_at(to);
    harness.run_steps(2);
    harness.drop_at(to);
    harness.run_steps(3);
}

/// A click at a place.
pub fn click_at<T>(harness: &mut Harness<'_, T>, at: Pos2) {
    harness.hover_at(at);
    harness.drag_at(at);
    harness.drop_at(at);
    harness.run_steps(2);
}
