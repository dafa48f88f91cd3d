//! The take: how it stands, what it is of, and how it is cut.

use eframe::egui::{self, Color32, DragValue, RichText, TextEdit};

use crate::app::{Action, LiveAction, LiveSettings, State};
use crate::dataset::Label;
use crate::ui::theme;
use crate::ui::widgets::{clock, field, heading, labelled_button, message};

pub(super) fn ui(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let live = &state.live;
    let take = &live.heard.take;
    heading(ui, if take.is_running { "This take" } else { "Recording" });
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        status(ui, state, actions);
    });
    if let Some(failure) = &take.failure {
        message(ui, theme::palette(ui).error, failure);
    }
    let mut settings = live.settings.clone();
    ui.add_enabled_ui(!take.is_running, |ui| form(ui, state, &mut settings));
    if settings != live.settings {
        actions.push(Action::Live(LiveAction::Set(Box::new(settings))));
    }
}

fn status(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let live = &state.live;
    let palette = theme::palette(ui);
    let take = &live.heard.take;
    if take.is_running {
        let (dot, _) = ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
        ui.painter().circle_filled(dot.center(), 5.0, palette.error);
        ui.label(RichText::new(clock(take.secs)).color(palette.error).strong());
        let hint = "Mark this moment in a label file beside the recording (M)";
        if labelled_button(ui, true, "Mark", hint).clicked() {
            actions.push(Action::Live(LiveAction::Mark));
        }
        if !take.marks.is_empty() {
            ui.colored_label(palette.weak, format!("{} marked", take.marks.len()));
        }
        let name = take.files.last().and_then(|file| file.file_name());
        let name = name.map(|name| name.to_string_lossy()).unwrap_or_default();
        ui.add(egui::Label::new(RichText::new(name).color(palette.weak)).truncate());
        return;
    }
    if let (Some(first), false) = (take.files.first(), take.secs == 0.0) {
        let files = match take.files.len() {
            1 => "one file".to_owned(),
            n => format!("{n} files"),
        };
        ui.colored_label(palette.weak, format!("last take {} in {files}", clock(take.secs)))
            .on_hover_text(first.display().to_string());
        if live.can_add_take {
            let hint = "Its files become clips of the project: training clips where it sounds normal, test clips where not";
            if labelled_button(ui, true, "Add to the project", hint).clicked() {
                actions.push(Action::Live(LiveAction::AddTake));
            }
        }
        return;
    }
    if let Some(folder) = &live.folder {
        let text = RichText::new(format!("into {}", folder.display())).color(palette.weak);
        ui.add(egui::Label::new(text).truncate());
    }
}

fn form(ui: &mut egui::Ui, state: &State, settings: &mut LiveSettings) {
    // In the empty fields stands what a take is named when they stay empty.
    let unnamed = match &settings.score_as {
        Some(group) if settings.machine.is_empty() => [group.machine.clone(), group.section.clone()],
        _ => ["such as fan".to_owned(), "00".to_owned()],
    };
    ui.horizontal(|ui| {
        text(ui, "Machine", &unnamed[0], 88.0, &mut settings.machine);
        text(ui, "Section", &unnamed[1], 40.0, &mut settings.section);
        if let Some(workbench) = &state.workbench {
            ui.menu_button("From the project", |ui| {
                for group in &workbench.groups {
                    if ui.button(group.to_string()).clicked() {
                        settings.machine.clone_from(&group.machine);
                        settings.section.clone_from(&group.section);
                        ui.close();
                    }
                }
            });
        }
    });
    ui.horizontal(|ui| {
        text(ui, "Condition", "such as vel=6", 120.0, &mut settings.condition);
        ui.add_space(2.0 * theme::GRID);
        ui.radio_value(&mut settings.label, Label::Normal, "normal");
        ui.radio_value(&mut settings.label, Label::Anomalous, "anomalous");
    });
    field(ui, "Begin before", |ui| {
        ui.add(
            DragValue::new(&mut settings.pre_roll_secs)
                .range(0.0..=30.0)
                .speed(0.1)
                .suffix(" s"),
        )
        .on_hover_text("Seconds from before the button was pressed that belong to the take");
    });
    field(ui, "A file every", |ui| {
        ui.horizontal(|ui| {
            let mut is_split = settings.split_secs.is_some();
            let mut secs = settings.split_secs.unwrap_or(10.0);
            ui.checkbox(&mut is_split, "");
            ui.add_enabled(
                is_split,
                DragValue::new(&mut secs).range(1.0..=3600.0).speed(0.5).suffix(" s"),
            );
            settings.split_secs = is_split.then_some(secs);
        });
    });
}

/// A short text field behind its name.
fn text(ui: &mut egui::Ui, name: &str, example: &str, width: f32, value: &mut String) {
    let weak: Color32 = theme::palette(ui).weak;
    ui.colored_label(weak, name);
    ui.name_inputs(name, |ui| {
        ui.add(TextEdit::singleline(value).desired_width(width).hint_text(example));
    });
}
