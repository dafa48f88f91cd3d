//! The boxes of the focused clip below its picture: a row each, and a line with the tool and the files of other programs.

use eframe::egui::{self, Align, Button, Key, Layout, Panel, RichText, ScrollArea, TextEdit};

use super::{BoxesView, extent};
use crate::annotations::{Annotation, Format};
use crate::app::{Action, BoxAction, Workbench};
use crate::dataset::ClipEntry;
use crate::ui::widgets::{Icon, icon_button, menu_button};
use crate::ui::{dialogs, theme};

/// Rows in sight before the list scrolls.
const N_ROWS: usize = 4;
const LABEL_POINTS: f32 = 104.0;
const EXTENT_POINTS: f32 = 168.0;

/// What of a box is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Label,
    Note,
}

/// The list at the foot of the picture.
pub(in crate::ui::browse) fn list(
    view: &mut BoxesView,
    ui: &mut egui::Ui,
    workbench: &Workbench,
    clip: &ClipEntry,
    actions: &mut Vec<Action>,
) {
    let Some(clip_idx) = workbench.focus else { return };
    let boxes = workbench.boxes(clip_idx);
    Panel::bottom("boxes")
        .resizable(false)
        .show_separator_line(false)
        .frame(egui::Frame::NONE.inner_margin(egui::Margin {
            top: theme::GRID as i8,
            ..egui::Margin::ZERO
        }))
        .show(ui, |ui| {
            head(view, ui, workbench, clip_idx, clip);
            if boxes.is_empty() {
                return;
            }
            let row_height = theme::CONTROL_HEIGHT + ui.spacing().item_spacing.y;
            ScrollArea::vertical()
                .max_height(row_height * N_ROWS as f32)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    for (box_idx, annotation) in boxes.iter().enumerate() {
                        row(view, ui, clip_idx, box_idx, annotation, actions);
                    }
                });
        });
}

/// The tool, how many boxes there are, and the files of other programs.
fn head(view: &mut BoxesView, ui: &mut egui::Ui, workbench: &Workbench, clip_idx: usize, clip: &ClipEntry) {
    let n_boxes = workbench.boxes(clip_idx).len();
    ui.horizontal(|ui| {
        let tool = Button::selectable(view.is_armed, "Draw box").frame_when_inactive(true);
        let hint = "Then drag over the spectrogram (B)";
        if ui.add(tool).on_hover_text(hint).clicked() {
            view.is_armed = !view.is_armed;
        }
        let text = match n_boxes {
            _ if view.is_armed => "Drag over the spectrogram".to_owned(),
            0 => "No boxes yet".to_owned(),
            1 => "1 box".to_owned(),
            n => format!("{n} boxes"),
        };
        let weak = theme::palette(ui).weak;
        ui.colored_label(weak, text);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            menu_button(ui, "Box files", |ui| files(ui, workbench, clip_idx, clip))
                .on_hover_text("Selection tables of Raven, label tracks of Audacity");
        });
    });
}

fn row(view: &mut BoxesView, ui: &mut egui::Ui, clip: usize, box_idx: usize, annotation: &Annotation, actions: &mut Vec<Action>) {
    let number = box_idx + 1;
    let is_selected = view.selected == Some(box_idx);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        let select = Button::selectable(is_selected, RichText::new(number.to_string()).monospace());
        let response = ui.add(select.min_size(egui::vec2(26.0, 0.0)));
        if response
            .on_hover_text("Select this box")
            .accessible_name(format!("Box {number}"))
            .clicked()
        {
            view.selected = (!is_selected).then_some(box_idx);
        }
        typed(view, ui, (clip, box_idx, Field::Label), annotation, LABEL_POINTS, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, true, Icon::Close, &format!("Delete box {number}"), "Delete").clicked() {
                view.selected = None;
                actions.push(Action::Box(BoxAction::Delete { clip, box_idx }));
            }
            let weak = theme::palette(ui).weak;
            let size = egui::vec2(EXTENT_POINTS, theme::CONTROL_HEIGHT);
            ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
                let text = RichText::new(extent(annotation)).small().color(weak);
                let further = annotation
                    .columns
                    .iter()
                    .map(|(heading, value)| format!("\n{heading}: {value}"));
                let hint = format!("{}{}", extent(annotation), further.collect::<String>());
                ui.add(egui::Label::new(text).truncate()).on_hover_text(hint);
            });
            let width = ui.available_width();
            typed(view, ui, (clip, box_idx, Field::Note), annotation, width, actions);
        });
    });
}

/// A field whose letters are in the project as they are typed; what was typed into it at one go is one step.
fn typed(
    view: &mut BoxesView,
    ui: &mut egui::Ui,
    (clip, box_idx, field): (usize, usize, Field),
    annotation: &Annotation,
    width: f32,
    actions: &mut Vec<Action>,
) {
    let (value, name, hint) = match field {
        Field::Label => (&annotation.label, "Label", "label"),
        Field::Note => (&annotation.note, "Note", "note"),
    };
    let mut text = value.clone();
    let edit = TextEdit::singleline(&mut text).desired_width(width).hint_text(hint);
    let response = ui
        .add(edit.id(ui.scope_id().with(("box", clip, box_idx, name))))
        .accessible_name(format!("{name} of box {}", box_idx + 1));
    if response.gained_focus() {
        view.selected = Some(box_idx);
    }
    if field == Field::Label && view.to_name == Some(box_idx) {
        view.to_name = None;
        response.request_focus();
    }
    if response.changed() {
        let mut annotation = annotation.clone();
        match field {
            Field::Label => {
                view.last_label.clone_from(&text);
                annotation.label = text;
            }
            Field::Note => annotation.note = text,
        }
        let goes_on = view.typing == Some((box_idx, field));
        view.typing = Some((box_idx, field));
        actions.push(Action::Box(BoxAction::Change {
            clip,
            box_idx,
            annotation,
            goes_on,
        }));
    }
    if response.lost_focus() {
        view.typing = None;
        // The key that ended the typing is not to end more.
        ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Escape));
    }
}

/// Reading and writing the files of other programs.
fn files(ui: &mut egui::Ui, workbench: &Workbench, clip_idx: usize, clip: &ClipEntry) {
    let context = ui.ctx().clone();
    let import = move |file| Action::Box(BoxAction::Import { file, clip: clip_idx });
    ui.set_min_width(250.0);
    if ui
        .button("Import a file\u{2026}")
        .on_hover_text("Into this clip, or into those that it names")
        .clicked()
    {
        dialogs::pick_file(&context, "Import boxes (Raven table or Audacity labels)", import);
    }
    if ui.button("Import a folder, by file name\u{2026}").clicked() {
        let make = |folder| Action::Box(BoxAction::ImportFolder(folder));
        dialogs::pick_folder(&context, "Folder with Raven tables or Audacity labels", make);
    }
    ui.separator();
    let stem = clip.file_name().rsplit_once('.').map_or(clip.file_name(), |(stem, _)| stem);
    let is_possible = !workbench.boxes(clip_idx).is_empty();
    let export = |format, clip| move |path| Action::Box(BoxAction::Export { format, clip, path });
    if ui
        .add_enabled(is_possible, Button::new("Save this clip's as Raven table\u{2026}"))
        .clicked()
    {
        let name = format!("{stem}.Table.1.selections.txt");
        dialogs::save_file(
            &context,
            "Save a selection table",
            &name,
            export(Format::Raven, Some(clip_idx)),
        );
    }
    if ui
        .add_enabled(is_possible, Button::new("Save this clip's as Audacity labels\u{2026}"))
        .clicked()
    {
        let name = format!("{stem}.txt");
        dialogs::save_file(&context, "Save labels", &name, export(Format::Audacity, Some(clip_idx)));
    }
    ui.separator();
    let is_possible = !workbench.project.boxes.is_empty();
    if ui
        .add_enabled(is_possible, Button::new("Save all as one Raven table\u{2026}"))
        .clicked()
    {
        let name = format!("{}.selections.txt", workbench.project.name);
        dialogs::save_file(
            &context,
            "Save a selection table of all clips",
            &name,
            export(Format::Raven, None),
        );
    }
    if ui
        .add_enabled(is_possible, Button::new("Save all as Audacity labels\u{2026}"))
        .clicked()
    {
        let title = "Folder for the labels, a file for each clip";
        dialogs::pick_folder(&context, title, export(Format::Audacity, None));
    }
}
