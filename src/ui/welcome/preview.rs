//! What was found in a folder, what can be changed about how it is read, and the button that makes a project of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{self, Align, ComboBox, Layout as Direction, Margin, Panel, RichText, ScrollArea, TextEdit};
use egui_extras::{Column, TableBuilder};

use super::summary::{Counts, Summary};
use crate::app::{Action, ImportPreview, JobView};
use crate::dataset::{DETECTION_ORDER, Dataset, Layout, SkippedFile};
use crate::ui::widgets::{
    Icon, channel_choices, channel_title, count, duration, icon_button, job_row, labelled_button, message, primary_button,
};
use crate::ui::{dialogs, theme};

const ROW_HEIGHT: f32 = 20.0;

/// What was counted of the data set shown, and where its project would be written.
#[derive(Default)]
pub(super) struct PreviewView {
    counted: Option<(Arc<Dataset>, Summary)>,
    folder: PathBuf,
    project_path: String,
}

impl PreviewView {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, preview: &ImportPreview, jobs: &[JobView], actions: &mut Vec<Action>) {
        if self.folder != preview.folder {
            self.folder.clone_from(&preview.folder);
            self.project_path = suggested_project(&preview.folder);
        }
        let palette = theme::palette(ui);
        ui.horizontal(|ui| {
            ui.label(RichText::new("Found in").strong());
            ui.with_layout(Direction::right_to_left(Align::Center), |ui| {
                if icon_button(ui, true, Icon::Close, "Dismiss what was found", "").clicked() {
                    actions.push(Action::DismissPreview);
                }
                ui.with_layout(Direction::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(preview.folder.display().to_string()).truncate());
                });
            });
        });
        if preview.job.is_some() {
            match jobs.iter().find(|job| Some(job.id) == preview.job) {
                Some(job) => scanning(ui, job, actions),
                None => message(ui, palette.weak, "Looking…"),
            }
        }
        if let Some(error) = &preview.error {
            message(ui, palette.error, error);
            if labelled_button(ui, true, "Choose another folder…", "Ctrl+O").clicked() {
                dialogs::open_folder(ui.ctx());
            }
        }
        let Some(dataset) = &preview.dataset else { return };
        let is_counted = matches!(&self.counted, Some((counted, _)) if Arc::ptr_eq(counted, dataset));
        if !is_counted {
            self.counted = Some((Arc::clone(dataset), Summary::new(dataset)));
        }
        let Some((_, summary)) = &self.counted else { return };
        how_it_is_read(ui, preview, dataset, summary, actions);
        create(ui, &mut self.project_path, preview.job.is_none(), actions);
        if !dataset.notes.is_empty() || !dataset.skipped.is_empty() {
            Panel::right("preview notes")
                .default_size((ui.available_width() * 0.36).min(400.0))
                .size_range(240.0..=560.0)
                .frame(egui::Frame::NONE.inner_margin(Margin::symmetric(8, 0)))
                .show(ui, |ui| notes(ui, dataset));
        }
        ScrollArea::horizontal()
            .id_salt("found")
            .auto_shrink(false)
            .show(ui, |ui| table(ui, summary));
    }
}

/// A place of its own for each data set, below the person's home and never in the data folder.
fn suggested_project(folder: &Path) -> String {
    let name = folder
        .file_name()
        .map_or("recordings".into(), |name| name.to_string_lossy().into_owned());
    format!("~/auscult/{name}/project.json")
}

fn scanning(ui: &mut egui::Ui, job: &JobView, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        job_row(ui, job, actions);
        if job.total > 0 {
            let weak = theme::palette(ui).weak;
            let files = format!("{} of {} files", count(job.done as usize), count(job.total as usize));
            ui.label(RichText::new(files).small().color(weak));
        }
    });
}

/// Layout, channel and the figures of the whole.
fn how_it_is_read(ui: &mut egui::Ui, preview: &ImportPreview, dataset: &Dataset, summary: &Summary, actions: &mut Vec<Action>) {
    let weak = theme::palette(ui).weak;
    ui.horizontal(|ui| {
        ui.colored_label(weak, "Layout");
        ui.name_inputs("Layout", |ui| layout_box(ui, preview, dataset, actions));
        if summary.max_channels > 1 {
            ui.add_space(2.0 * theme::GRID);
            ui.colored_label(weak, "Listen to");
            ui.name_inputs("Channel", |ui| channel_box(ui, preview, summary.max_channels, actions));
        }
        ui.add_space(2.0 * theme::GRID);
        let figures = format!(
            "{} clips, {} {}, {} in all",
            count(dataset.clips.len()),
            summary.n_machines,
            if summary.n_machines == 1 { "machine" } else { "machines" },
            duration(summary.total_secs),
        );
        ui.label(figures);
    });
}

fn layout_box(ui: &mut egui::Ui, preview: &ImportPreview, dataset: &Dataset, actions: &mut Vec<Action>) {
    let shown = match preview.layout {
        Some(layout) => layout_title(layout).to_owned(),
        None => format!("{} (detected)", layout_title(dataset.layout)),
    };
    ComboBox::from_id_salt("layout")
        .width(240.0)
        .height(400.0)
        .selected_text(shown)
        .show_ui(ui, |ui| {
            let mut choice = |ui: &mut egui::Ui, layout: Option<Layout>, title: &str| {
                if ui.selectable_label(preview.layout == layout, title).clicked() {
                    let channel = preview.channel;
                    actions.push(Action::InspectAgain { layout, channel });
                }
            };
            choice(ui, None, "Detect");
            for layout in DETECTION_ORDER {
                choice(ui, Some(layout), layout_title(layout));
            }
        });
}

fn channel_box(ui: &mut egui::Ui, preview: &ImportPreview, n_channels: u16, actions: &mut Vec<Action>) {
    let title = |channel| channel_title(channel, n_channels);
    ComboBox::from_id_salt("channel")
        .width(160.0)
        .height(400.0)
        .selected_text(title(preview.channel))
        .show_ui(ui, |ui| {
            for channel in channel_choices(n_channels) {
                if ui.selectable_label(preview.channel == channel, title(channel)).clicked() {
                    let layout = preview.layout;
                    actions.push(Action::InspectAgain { layout, channel });
                }
            }
        });
}

fn layout_title(layout: Layout) -> &'static str {
    match layout {
        Layout::Manifest => "CSV manifest",
        Layout::Dcase2020 => "DCASE 2020",
        Layout::Dcase2021 => "DCASE 2021",
        Layout::Dcase2022 => "DCASE 2022",
        Layout::Dcase2023 => "DCASE 2023 and later",
        Layout::Mimii => "MIMII",
        Layout::PlainFolders => "Folders named by label",
    }
}

/// Drawn before the table, so that it stands at the foot whatever the table's length.
fn create(ui: &mut egui::Ui, project_path: &mut String, is_scanned: bool, actions: &mut Vec<Action>) {
    let frame = egui::Frame::NONE.inner_margin(Margin::symmetric(0, 6));
    Panel::bottom("create project").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            let weak = theme::palette(ui).weak;
            let label = ui.colored_label(weak, "Project file");
            let width = (ui.available_width() - 280.0).min(520.0);
            ui.add(TextEdit::singleline(project_path).desired_width(width))
                .labelled_by(label.id);
            let is_ready = is_scanned && !project_path.trim().is_empty();
            let hint = "Writes the project file; the recordings stay where they are, as they are";
            if primary_button(ui, is_ready, "Create project", hint).clicked() {
                actions.push(Action::CreateProject(dialogs::typed_path(project_path)));
            }
        });
    });
}

/// Title, width, and what is counted.
type CountColumn = (&'static str, f32, fn(&Counts) -> usize);

fn table(ui: &mut egui::Ui, summary: &Summary) {
    let has_unknown = summary.total.n_test_unknown > 0;
    let mut columns: Vec<CountColumn> = vec![
        ("Train", 52.0, |counts| counts.n_train),
        ("Test normal", 84.0, |counts| counts.n_test_normal),
        ("Test anomalous", 104.0, |counts| counts.n_test_anomalous),
    ];
    if has_unknown {
        columns.push(("Test unlabelled", 104.0, |counts| counts.n_test_unknown));
    }
    if summary.has_domains() {
        columns.push(("Source", 60.0, |counts| counts.n_source));
        columns.push(("Target", 60.0, |counts| counts.n_target));
    }
    let rows: Vec<(&str, &str, &Counts)> = summary
        .groups
        .iter()
        .map(|(group, counts)| (group.machine.as_str(), group.section.as_str(), counts))
        .chain([("All", "", &summary.total)])
        .collect();
    let mut table = TableBuilder::new(ui)
        .id_salt("found")
        .striped(true)
        .auto_shrink(false)
        .column(Column::initial(96.0).at_least(64.0).clip(true))
        .column(Column::initial(64.0).at_least(48.0).clip(true));
    for (_, width, _) in &columns {
        table = table.column(Column::exact(*width));
    }
    table
        .cell_layout(Direction::left_to_right(Align::Center))
        .header(ROW_HEIGHT, |mut header| {
            for title in ["Machine", "Section"] {
                header.col(|ui| {
                    ui.colored_label(theme::palette(ui).weak, title);
                });
            }
            for (title, _, _) in &columns {
                header.col(|ui| {
                    ui.with_layout(Direction::right_to_left(Align::Center), |ui| {
                        ui.colored_label(theme::palette(ui).weak, *title);
                    });
                });
            }
        })
        .body(|body| {
            body.rows(ROW_HEIGHT, rows.len(), |mut row| {
                let (machine, section, counts) = rows[row.index()];
                let is_total = row.index() == summary.groups.len();
                let text = |text: &str| {
                    if is_total {
                        RichText::new(text).strong()
                    } else {
                        RichText::new(text)
                    }
                };
                row.col(|ui| {
                    ui.label(text(machine));
                });
                row.col(|ui| {
                    ui.label(text(section));
                });
                for (_, _, figure) in &columns {
                    row.col(|ui| {
                        ui.with_layout(Direction::right_to_left(Align::Center), |ui| {
                            ui.label(text(&count(figure(counts))).monospace());
                        });
                    });
                }
            });
        });
}

fn notes(ui: &mut egui::Ui, dataset: &Dataset) {
    let palette = theme::palette(ui);
    for note in &dataset.notes {
        message(ui, palette.warning, note);
    }
    if !dataset.skipped.is_empty() {
        unreadable(ui, &dataset.skipped);
    }
}

/// The files that were left out, one a line, however many.
fn unreadable(ui: &mut egui::Ui, skipped: &[SkippedFile]) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        let files = if skipped.len() == 1 { "file" } else { "files" };
        ui.label(RichText::new(format!("{} unreadable {files}", count(skipped.len()))).strong());
        if ui
            .small_button("Copy list")
            .on_hover_text("Paths and reasons, one file a line")
            .clicked()
        {
            let lines: Vec<String> = skipped
                .iter()
                .map(|file| format!("{}\t{}", file.path.display(), file.error))
                .collect();
            ui.ctx().copy_text(lines.join("\n"));
        }
    });
    ScrollArea::vertical().id_salt("unreadable").auto_shrink(false).show_rows(
        ui,
        2.0 * ROW_HEIGHT - 8.0,
        skipped.len(),
        |ui, rows| {
            for file in &skipped[rows] {
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    ui.set_height(2.0 * ROW_HEIGHT - 8.0);
                    let name = file
                        .path
                        .file_name()
                        .map_or_else(|| file.path.display().to_string(), |name| name.to_string_lossy().into_owned());
                    ui.add(egui::Label::new(name).truncate())
                        .on_hover_text(file.path.display().to_string());
                    let reason = RichText::new(&file.error).small().color(palette.weak);
                    ui.add(egui::Label::new(reason).truncate()).on_hover_text(&file.error);
                });
            }
        },
    );
}
