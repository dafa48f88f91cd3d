//! Start, recent projects, and the tour.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eframe::egui::{self, RichText, ScrollArea, TextEdit};

use crate::app::{Action, JobKind, RecentProject, State};
use crate::ui::widgets::{count, date, job_row, labelled_button, message, primary_button};
use crate::ui::{dialogs, theme};

const COLUMN_HEIGHT: f32 = 176.0;

/// What the person types, and which recent projects are still there.
#[derive(Default)]
pub(super) struct StartView {
    path: String,
    /// Asked of the disk once for each path: a sleeping disk would hold up every frame.
    exists: BTreeMap<PathBuf, bool>,
}

impl StartView {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        ui.scope(|ui| {
            let spacing = ui.spacing().item_spacing;
            ui.spacing_mut().item_spacing.x = 8.0 * theme::GRID;
            ui.columns(3, |columns| {
                for column in columns.iter_mut() {
                    column.set_height(COLUMN_HEIGHT);
                    column.spacing_mut().item_spacing = spacing;
                }
                // Each in a layout of its own: a column stretches its buttons to its width.
                columns[0].vertical(|ui| self.start(ui, actions));
                columns[1].vertical(|ui| self.recent(ui, &state.recent, actions));
                columns[2].vertical(|ui| tour(ui, state, actions));
            });
        });
    }

    fn start(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        ui.heading("Start");
        let weak = theme::palette(ui).weak;
        let hint = "Recordings of machines: MIMII, DCASE, your own folders or a CSV manifest (Ctrl+O)";
        if primary_button(ui, true, "Open a folder of recordings…", hint).clicked() {
            dialogs::open_folder(ui.ctx());
        }
        if labelled_button(ui, true, "Open a project…", "A project.json that auscult wrote").clicked() {
            dialogs::open_project(ui.ctx());
        }
        ui.add_space(theme::GRID);
        let label = ui.colored_label(weak, "Or paste a path");
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 64.0).min(320.0);
            let field = ui
                .add(TextEdit::singleline(&mut self.path).desired_width(width))
                .labelled_by(label.id);
            let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let is_pressed = labelled_button(ui, !self.path.trim().is_empty(), "Look", "Look into this folder").clicked();
            if (is_entered || is_pressed) && !self.path.trim().is_empty() {
                actions.push(Action::Inspect(dialogs::typed_path(&self.path)));
            }
        });
        ui.label(
            RichText::new("Nothing is copied, and nothing is written into the folder")
                .small()
                .color(weak),
        );
    }

    fn recent(&mut self, ui: &mut egui::Ui, recent: &[RecentProject], actions: &mut Vec<Action>) {
        ui.heading("Recent");
        let weak = theme::palette(ui).weak;
        if recent.is_empty() {
            message(ui, weak, "Projects that you open are listed here");
            return;
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for project in recent {
                let exists = *self
                    .exists
                    .entry(project.path.clone())
                    .or_insert_with(|| project.path.exists());
                recent_row(ui, project, exists, actions);
            }
        });
    }
}

fn recent_row(ui: &mut egui::Ui, project: &RecentProject, exists: bool, actions: &mut Vec<Action>) {
    let weak = theme::palette(ui).weak;
    ui.horizontal(|ui| {
        let button = egui::Button::new(&project.name).frame_when_inactive(false).truncate();
        let hint = project.path.display().to_string();
        let size = egui::vec2((ui.available_width() - 190.0).max(80.0), theme::CONTROL_HEIGHT);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let opened = ui
            .allocate_ui_with_layout(size, layout, |ui| {
                ui.set_min_width(size.x);
                ui.add_enabled(exists, button)
            })
            .inner;
        if opened.on_hover_text(&hint).on_disabled_hover_text(&hint).clicked() {
            actions.push(Action::OpenProject(project.path.clone()));
        }
        if exists {
            let clips = format!("{} clips", count(project.n_clips));
            ui.label(RichText::new(date(project.opened_at)).small().color(weak));
            ui.label(RichText::new(clips).small().color(weak));
        } else {
            ui.label(RichText::new("not there").small().color(weak));
            let forget = ui.small_button("Forget").on_hover_text("Take it off this list");
            if forget.accessible_name(format!("Forget {}", project.name)).clicked() {
                actions.push(Action::ForgetRecent(project.path.clone()));
            }
        }
    });
}

fn tour(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    ui.heading("60-second tour");
    let weak = theme::palette(ui).weak;
    message(
        ui,
        weak,
        "Three synthetic machines with 120 clips each, normal and faulty, made on this computer; nothing is downloaded. \
         The whole way from sound to score is the real one.",
    );
    if let Some(job) = state.jobs.iter().find(|job| job.kind == JobKind::Tour) {
        ui.horizontal(|ui| job_row(ui, job, actions));
    } else if labelled_button(ui, true, "Take the tour", "Make the machines and open them").clicked() {
        actions.push(Action::StartTour);
    }
}
