//! The screen Map: every clip a point, near neighbours near, drawn as it forms.

mod camera;
mod canvas;
mod grid;
mod legend;
mod looks;
mod markers;
mod presets;
mod tools;

use std::collections::BTreeSet;

use eframe::egui::{self, Frame, Margin, Panel, RichText, TextureHandle};

use crate::app::{Action, MapColor, MapShow, Scope, State, Workbench};
use crate::project::FigureRecipe;
use crate::projection::ProjectionConfig;
use crate::ui::offers;
use crate::ui::theme;
use crate::ui::widgets;
use camera::Camera;
use grid::Grid;
use looks::Looks;

const LEGEND_WIDTH: f32 = 196.0;

/// The private look of the screen.
#[derive(Default)]
pub struct MapView {
    color: MapColor,
    show: MapShow,
    /// Categories that the legend has switched off.
    hidden: BTreeSet<usize>,
    /// `None`: the whole map fits.
    camera: Option<Camera>,
    /// Where a rectangle was begun, on the map.
    rectangle: Option<[f32; 2]>,
    /// Settings under a person's hands, until the control is left.
    draft: Option<ProjectionConfig>,
    looks: Option<Looks>,
    grid: Option<Grid>,
    markers: Option<TextureHandle>,
}

impl MapView {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(workbench) = &state.workbench else {
            let text = "Open a folder of recordings to see them on a map";
            widgets::empty_state(ui, "No project is open", text, None);
            return;
        };
        if workbench.map.layout.is_none() && workbench.embedded.is_none() && workbench.map.job.is_none() {
            without_embeddings(ui, state, actions);
            return;
        }
        tools::ui(ui, &mut self.draft, state, workbench, actions);
        if let Some(error) = &workbench.map.error {
            widgets::message(ui, theme::palette(ui).error, &format!("No map: {error}"));
        }
        if workbench.map.layout.is_none() {
            without_layout(ui, workbench, actions);
            return;
        }
        offers::offer(ui, ui.max_rect(), || self.recipe(workbench));
        let looks = Looks::renew(self.looks.take(), workbench, self.color, self.show);
        Panel::bottom("map_reminder")
            .frame(Frame::NONE.inner_margin(Margin {
                top: 4,
                ..Default::default()
            }))
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                let text = "Sizes of clusters and gaps between them are not evidence; near neighbours are.";
                ui.label(RichText::new(text).small().color(theme::palette(ui).weak));
            });
        Panel::right("map_legend")
            .frame(Frame::NONE.inner_margin(Margin {
                left: 12,
                ..Default::default()
            }))
            .exact_size(LEGEND_WIDTH)
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| legend::ui(ui, self, workbench, &looks, actions));
        canvas::ui(ui, self, workbench, &looks, actions);
        self.looks = Some(looks);
    }

    /// The map, to be drawn again by the report.
    fn recipe(&self, workbench: &Workbench) -> FigureRecipe {
        let scope = if self.show == MapShow::Scope {
            workbench.scope.clone()
        } else {
            Scope::default()
        };
        FigureRecipe::Map {
            color: self.color.title().to_owned(),
            shows: self.show.title().to_owned(),
            machine: scope.machine,
            section: scope.section,
        }
    }
}

/// Before any clip is embedded: the one click that changes it.
fn without_embeddings(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    use crate::app::JobKind;
    let underway = state
        .jobs
        .iter()
        .find(|job| matches!(job.kind, JobKind::Score | JobKind::Train { .. }));
    if let Some(job) = underway {
        let text = format!("{}: {} of {}", job.title, job.done, job.total);
        widgets::empty_state(ui, "The clips are being scored", &text, None);
        return;
    }
    let text = "Here each clip will be a point beside those that sound like it";
    if widgets::empty_state(
        ui,
        "Nothing to place on a map yet",
        text,
        Some("Score with pooled log-mel now"),
    ) {
        actions.push(Action::score_now());
    }
}

/// Clips are embedded, but nobody has asked for a map, or it has only begun.
fn without_layout(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    if workbench.map.job.is_some() {
        widgets::empty_state(ui, "The map is being computed", "It is drawn as it forms", None);
        return;
    }
    let text = "Here each clip will be a point beside those that sound like it";
    if widgets::empty_state(ui, "No map yet", text, Some("Compute the map")) {
        actions.push(Action::ComputeMap);
    }
}
