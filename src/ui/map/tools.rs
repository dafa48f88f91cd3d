//! The row of tools: how the map is computed, and how far it has come.

use eframe::egui::{self, ComboBox, DragValue, Key, Modifiers, ProgressBar, Response};

use crate::app::{Action, JobView, State, Workbench};
use crate::projection::{ProjectionConfig, ProjectionEngine};
use crate::ui::theme::GRID;
use crate::ui::widgets;

const ENGINES: [ProjectionEngine; 3] = [ProjectionEngine::Tsne, ProjectionEngine::LinfaTsne, ProjectionEngine::Pca];

fn title(engine: ProjectionEngine) -> &'static str {
    match engine {
        ProjectionEngine::Tsne => "t-SNE",
        ProjectionEngine::LinfaTsne => "t-SNE (reference)",
        ProjectionEngine::Pca => "PCA",
    }
}

fn meaning(engine: ProjectionEngine) -> &'static str {
    match engine {
        ProjectionEngine::Tsne => "Barnes-Hut t-SNE, drawn as it forms",
        ProjectionEngine::LinfaTsne => "A second, slower t-SNE to check the first against; shown when it is done",
        ProjectionEngine::Pca => "The first two principal components: nothing to tune, no cluster that is not there",
    }
}

pub(super) fn ui(
    ui: &mut egui::Ui,
    draft: &mut Option<ProjectionConfig>,
    state: &State,
    workbench: &Workbench,
    actions: &mut Vec<Action>,
) {
    let job = workbench.map.job.and_then(|id| state.jobs.iter().find(|job| job.id == id));
    ui.horizontal(|ui| {
        let is_idle = workbench.map.job.is_none();
        ui.add_enabled_ui(is_idle, |ui| settings(ui, draft, workbench.project.map, actions));
        ui.add_space(GRID);
        match (job, workbench.map.job) {
            (Some(job), _) => running(ui, job, workbench, actions),
            (None, Some(_)) => {
                ui.weak("starting…");
            }
            (None, None) => idle(ui, workbench, actions),
        }
    });
    ui.add_space(GRID);
}

fn settings(ui: &mut egui::Ui, draft: &mut Option<ProjectionConfig>, saved: ProjectionConfig, actions: &mut Vec<Action>) {
    let mut config = draft.unwrap_or(saved);
    let mut is_settled = false;
    ui.name_inputs("Engine", |ui| {
        let combo = ComboBox::from_id_salt("map_engine")
            .width(92.0)
            .selected_text(title(config.engine));
        combo.show_ui(ui, |ui| {
            for engine in ENGINES {
                let choice = ui.selectable_value(&mut config.engine, engine, title(engine));
                is_settled |= choice.on_hover_text(meaning(engine)).clicked();
            }
        });
    });
    if config.engine != ProjectionEngine::Pca {
        let perplexity = DragValue::new(&mut config.perplexity)
            .range(2.0..=200.0)
            .speed(0.5)
            .max_decimals(0);
        is_settled |= number(
            ui,
            "perplexity",
            "How many neighbours each clip keeps near it, roughly",
            perplexity,
        );
        let iterations = DragValue::new(&mut config.n_iterations).range(250..=10_000).speed(10.0);
        is_settled |= number(ui, "iterations", "More make a large map calmer", iterations);
        let seed = DragValue::new(&mut config.seed).speed(0.1);
        is_settled |= number(ui, "seed", "Another seed, another map: what stays is worth believing", seed);
    }
    if is_settled || config == saved {
        *draft = None;
        if config != saved {
            actions.push(Action::SetProjection(config));
        }
    } else {
        *draft = Some(config);
    }
}

/// A named number; returns whether a person has let go of it.
fn number(ui: &mut egui::Ui, name: &str, hint: &str, value: DragValue<'_>) -> bool {
    let label = ui.label(name);
    let response: Response = ui.add(value).labelled_by(label.id).on_hover_text(hint);
    response.drag_stopped() || response.lost_focus()
}

fn idle(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    let can_start = workbench.embedded.is_some();
    let (text, hint) = match (workbench.map.layout.is_some(), can_start) {
        (_, false) => ("Compute", "There are no embeddings yet: score the clips first"),
        (true, true) => ("Compute again", "Place all clips anew (Ctrl+Enter)"),
        (false, true) => ("Compute", "Place all clips (Ctrl+Enter)"),
    };
    let is_pressed = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
    if (widgets::primary_button(ui, can_start, text, hint).clicked() || is_pressed) && can_start {
        actions.push(Action::ComputeMap);
    }
    ui.weak(state_of(workbench));
}

/// `1 000 iterations, KL 1.214`
fn state_of(workbench: &Workbench) -> String {
    let Some(layout) = &workbench.map.layout else {
        return String::new();
    };
    let kl = layout.kl_divergence.map(|kl| format!("KL {kl:.3}"));
    let iterations = (layout.iteration > 0).then(|| format!("{} iterations", widgets::count(layout.iteration)));
    iterations.into_iter().chain(kl).collect::<Vec<_>>().join(", ")
}

fn running(ui: &mut egui::Ui, job: &JobView, workbench: &Workbench, actions: &mut Vec<Action>) {
    let (text, hint, action) = if job.is_paused {
        ("Continue", "Go on from here", Action::ContinueJob(job.id))
    } else {
        ("Pause", "Wait; the map stays as it is (Ctrl+.)", Action::PauseJob(job.id))
    };
    if widgets::labelled_button(ui, !job.is_cancelling, text, hint).clicked() {
        actions.push(action);
    }
    if widgets::labelled_button(ui, !job.is_cancelling, "Cancel", "Stop here").clicked() {
        actions.push(Action::CancelJob(job.id));
    }
    let layout = workbench.map.layout.as_ref();
    let kl = layout
        .and_then(|layout| layout.kl_divergence)
        .map_or(String::new(), |kl| format!(", KL {kl:.3}"));
    let part = if job.total == 0 {
        0.0
    } else {
        job.done as f32 / job.total as f32
    };
    // Before there is a layout, the job counts something else.
    let text = match layout {
        Some(layout) => format!("iteration {} of {}{kl}", layout.iteration, workbench.project.map.n_iterations),
        None => job.stage.clone(),
    };
    ui.add(
        ProgressBar::new(part)
            .desired_width(ui.available_width().clamp(80.0, 260.0))
            .text(text),
    );
}
