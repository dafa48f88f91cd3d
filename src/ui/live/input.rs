//! The row above: the input, listening, and what is scored with what.

use eframe::egui::{self, ComboBox, RichText};

use crate::app::{Action, LiveAction, LiveSettings, LiveView, State};
use crate::audio::ChannelChoice;
use crate::ui::theme;
use crate::ui::widgets::labelled_button;

pub(super) fn ui(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let live = &state.live;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT + theme::GRID);
        device(ui, live, actions);
        if let Some(input) = &live.input {
            channel(ui, live, input.n_channels, actions);
            if labelled_button(
                ui,
                true,
                "Stop listening",
                "Close the input; a running take is ended and kept",
            )
            .clicked()
            {
                actions.push(Action::Live(LiveAction::StopListening));
            }
            let rate = format!("{} kHz, {} ch", f64::from(input.rate_hz) / 1000.0, input.n_channels);
            ui.colored_label(theme::palette(ui).weak, rate);
        }
        ui.separator();
        scoring(ui, state, actions);
    });
}

fn device(ui: &mut egui::Ui, live: &LiveView, actions: &mut Vec<Action>) {
    let devices = live.devices.as_deref().unwrap_or_default();
    let chosen = live
        .settings
        .device
        .as_ref()
        .and_then(|id| devices.iter().find(|device| device.id == *id));
    let shown = chosen.map_or("Default input", |device| device.name.as_str());
    let combo = ComboBox::from_id_salt("input").width(200.0).truncate().selected_text(shown);
    ui.name_inputs("Input", |ui| {
        combo.show_ui(ui, |ui| {
            let mut choose = |ui: &mut egui::Ui, id: Option<&String>, text: &str| {
                if ui.selectable_label(live.settings.device.as_ref() == id, text).clicked() {
                    actions.push(Action::Live(LiveAction::Set(LiveSettings {
                        device: id.cloned(),
                        ..live.settings.clone()
                    })));
                }
            };
            choose(ui, None, "Default input");
            for device in devices {
                choose(ui, Some(&device.id), &device.name);
            }
            if devices.is_empty() {
                ui.weak("no input was found");
            }
        })
    });
    if labelled_button(ui, true, "Look again", "Look for inputs that were connected since").clicked() {
        actions.push(Action::Live(LiveAction::ListInputs));
    }
}

fn channel(ui: &mut egui::Ui, live: &LiveView, n_channels: u16, actions: &mut Vec<Action>) {
    if n_channels < 2 {
        return;
    }
    let title = |choice: ChannelChoice| match choice {
        ChannelChoice::Index(index) => format!("Channel {}", index + 1),
        ChannelChoice::Mean | ChannelChoice::Loudest => "Mean of all".to_owned(),
    };
    let choices = (0..n_channels).map(ChannelChoice::Index).chain([ChannelChoice::Mean]);
    let combo = ComboBox::from_id_salt("live channel")
        .width(96.0)
        .selected_text(title(live.settings.channel));
    ui.name_inputs("Channel", |ui| {
        combo.show_ui(ui, |ui| {
            for choice in choices {
                if ui.selectable_label(live.settings.channel == choice, title(choice)).clicked() {
                    actions.push(Action::Live(LiveAction::Set(LiveSettings {
                        channel: choice,
                        ..live.settings.clone()
                    })));
                }
            }
        })
    });
}

/// What scores: the active run and the section's detector.
fn scoring(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let live = &state.live;
    let Some(workbench) = &state.workbench else {
        ui.colored_label(theme::palette(ui).weak, "Open a project to score what is heard");
        return;
    };
    let current = live.scoring.as_ref().map(|scoring| &scoring.group);
    let shown = current.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    ui.label("Score as");
    let combo = ComboBox::from_id_salt("live section").width(120.0).selected_text(shown);
    ui.name_inputs("Score as", |ui| {
        combo.show_ui(ui, |ui| {
            if ui.selectable_label(current.is_none(), "nothing").clicked() {
                actions.push(Action::Live(LiveAction::Score(None)));
            }
            for group in &workbench.groups {
                if ui.selectable_label(current == Some(group), group.to_string()).clicked() {
                    actions.push(Action::Live(LiveAction::Score(Some(group.clone()))));
                }
            }
        })
    });
    let Some(scoring) = &live.scoring else { return };
    let (text, hint) = if scoring.is_paused {
        ("Go on", "Score again; sound never stopped")
    } else {
        ("Pause", "Pause scoring; listening and recording go on")
    };
    if labelled_button(ui, true, text, hint).clicked() {
        actions.push(Action::Live(LiveAction::PauseScoring(!scoring.is_paused)));
    }
    let with = RichText::new(format!("{}, {}", scoring.run, scoring.detector)).color(theme::palette(ui).weak);
    ui.add(egui::Label::new(with).truncate());
}
