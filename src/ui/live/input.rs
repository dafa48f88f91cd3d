//! The two rows above: the input, how it is heard and recorded; and what scores it.

use eframe::egui::{self, ComboBox, RichText};

use crate::app::{Action, LiveAction, LiveSettings, LiveView, RunStatus, State, Workbench};
use crate::audio::ChannelChoice;
use crate::detectors::DetectorKind;
use crate::ui::widgets::{labelled_button, message, primary_button};
use crate::ui::{dialogs, theme};

pub(super) fn ui(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let live = &state.live;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT + theme::GRID);
        device(ui, live, actions);
        let Some(input) = &live.input else { return };
        rate(ui, live, actions);
        channel(ui, live, input.n_channels, actions);
        let hint = "Close the input; a running take is ended and kept";
        if labelled_button(ui, true, "Stop listening", hint).clicked() {
            actions.push(Action::Live(LiveAction::StopListening));
        }
        monitor(ui, live, actions);
        ui.separator();
        let (text, hint, action) = if live.heard.take.is_running {
            ("End the take", "Ctrl+Space", LiveAction::StopRecording)
        } else {
            ("Record", "Ctrl+Space", LiveAction::Record)
        };
        if primary_button(ui, true, text, hint).clicked() {
            actions.push(Action::Live(action));
        }
    });
    if live.heard.is_monitored {
        let gaps = match live.heard.n_monitor_gaps {
            0 => String::new(),
            1 => ". One gap so far".to_owned(),
            n => format!(". {n} gaps so far: this computer is busy"),
        };
        let text = "Monitoring: use headphones, or turn the loudspeaker down and away from the microphone, lest it howls";
        message(ui, theme::palette(ui).warning, &format!("{text}{gaps}"));
    }
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT + theme::GRID);
        scoring(ui, state, actions);
    });
}

/// A wish that differs from the settings in one thing.
fn set(live: &LiveView, change: impl FnOnce(&mut LiveSettings)) -> Action {
    let mut settings = live.settings.clone();
    change(&mut settings);
    Action::Live(LiveAction::Set(Box::new(settings)))
}

fn device(ui: &mut egui::Ui, live: &LiveView, actions: &mut Vec<Action>) {
    let devices = live.devices.as_deref().unwrap_or_default();
    let chosen = live.settings.device.as_ref();
    let found = chosen.and_then(|id| devices.iter().find(|device| device.id == *id));
    let shown = match (chosen, found) {
        (None, _) => "Default input",
        (_, Some(device)) => device.name.as_str(),
        (Some(_), None) => "not connected",
    };
    let combo = ComboBox::from_id_salt("input").width(200.0).truncate().selected_text(shown);
    ui.name_inputs("Input", |ui| {
        combo.show_ui(ui, |ui| {
            let mut choose = |ui: &mut egui::Ui, id: Option<&String>, text: &str| {
                if ui.selectable_label(chosen == id, text).clicked() {
                    actions.push(set(live, |settings| settings.device = id.cloned()));
                }
            };
            choose(ui, None, "Default input");
            for device in devices {
                choose(ui, Some(&device.id), &device.name);
            }
            if live.devices.is_none() {
                ui.weak("inputs are being looked for");
            } else if devices.is_empty() {
                ui.weak("no input was found; connect one, it appears here by itself");
            }
        })
    });
}

fn rate(ui: &mut egui::Ui, live: &LiveView, actions: &mut Vec<Action>) {
    let Some(input) = &live.input else { return };
    let title = |rate_hz: u32| format!("{} kHz", f64::from(rate_hz) / 1000.0);
    if input.rates_hz.len() < 2 {
        ui.colored_label(theme::palette(ui).weak, title(input.rate_hz));
        return;
    }
    let combo = ComboBox::from_id_salt("live rate")
        .width(80.0)
        .selected_text(title(input.rate_hz));
    ui.name_inputs("Rate", |ui| {
        combo.show_ui(ui, |ui| {
            for &rate_hz in &input.rates_hz {
                if ui.selectable_label(input.rate_hz == rate_hz, title(rate_hz)).clicked() {
                    actions.push(set(live, |settings| settings.rate_hz = Some(rate_hz)));
                }
            }
        })
    });
}

fn channel(ui: &mut egui::Ui, live: &LiveView, n_channels: u16, actions: &mut Vec<Action>) {
    if n_channels < 2 {
        return;
    }
    let title = |choice: ChannelChoice| match choice {
        ChannelChoice::Index(index) => format!("Channel {} of {n_channels}", index + 1),
        ChannelChoice::Mean | ChannelChoice::Loudest => "Mean of all".to_owned(),
    };
    let choices = (0..n_channels).map(ChannelChoice::Index).chain([ChannelChoice::Mean]);
    let combo = ComboBox::from_id_salt("live channel")
        .width(112.0)
        .selected_text(title(live.settings.channel));
    ui.name_inputs("Channel", |ui| {
        combo.show_ui(ui, |ui| {
            for choice in choices {
                if ui.selectable_label(live.settings.channel == choice, title(choice)).clicked() {
                    actions.push(set(live, |settings| settings.channel = choice));
                }
            }
        })
    });
}

fn monitor(ui: &mut egui::Ui, live: &LiveView, actions: &mut Vec<Action>) {
    let is_on = live.heard.is_monitored || live.is_monitor_opening;
    let hint = "Hear the input through the loudspeaker or headphones, a tenth of a second late; off whenever an input is opened";
    if ui
        .add(egui::Button::new("Monitor").selected(is_on))
        .on_hover_text(hint)
        .clicked()
    {
        actions.push(Action::Live(LiveAction::Monitor(!is_on)));
    }
}

/// What scores: a section, a run and a detector.
fn scoring(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let live = &state.live;
    let Some(workbench) = &state.workbench else {
        ui.colored_label(theme::palette(ui).weak, "Open a project to score what is heard");
        return;
    };
    let current = live
        .settings
        .score_as
        .as_ref()
        .filter(|group| workbench.groups.contains(group));
    let shown = current.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    ui.label("Score as");
    let combo = ComboBox::from_id_salt("live section").width(112.0).selected_text(shown);
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
    run(ui, live, workbench, actions);
    detector(ui, live, workbench, actions);
    if let Some(scoring) = &live.scoring {
        let (text, hint) = if scoring.is_paused {
            ("Go on", "Score again; sound never stopped")
        } else {
            ("Pause", "Pause scoring; listening, monitoring and recording go on")
        };
        if labelled_button(ui, true, text, hint).clicked() {
            actions.push(Action::Live(LiveAction::PauseScoring(!scoring.is_paused)));
        }
    }
    ui.separator();
    let hint = "Score the recordings that another program writes into a folder, as they arrive";
    if labelled_button(ui, live.watch.is_none(), "Watch a folder…", hint).clicked() {
        dialogs::pick_folder(ui.ctx(), "Watch a folder of recordings", |folder| {
            Action::Live(LiveAction::Watch(folder))
        });
    }
}

fn run(ui: &mut egui::Ui, live: &LiveView, workbench: &Workbench, actions: &mut Vec<Action>) {
    let active = workbench.project.active_run.as_deref().unwrap_or("no run yet");
    let shown = live.settings.run.as_deref().unwrap_or(active);
    let combo = ComboBox::from_id_salt("live run")
        .width(136.0)
        .truncate()
        .selected_text(shown);
    ui.label("with");
    ui.name_inputs("Run that scores", |ui| {
        combo.show_ui(ui, |ui| {
            let own = format!("the active run ({active})");
            if ui.selectable_label(live.settings.run.is_none(), own).clicked() {
                actions.push(set(live, |settings| settings.run = None));
            }
            let ready = workbench.runs.iter().filter(|(_, run)| run.status == RunStatus::Done);
            for (name, _) in ready {
                let is_chosen = live.settings.run.as_ref() == Some(name);
                if ui.selectable_label(is_chosen, name).clicked() {
                    actions.push(set(live, |settings| settings.run = Some(name.clone())));
                }
            }
        })
    });
}

fn detector(ui: &mut egui::Ui, live: &LiveView, workbench: &Workbench, actions: &mut Vec<Action>) {
    let own = live
        .settings
        .score_as
        .as_ref()
        .map(|group| workbench.detector(group).0.title());
    let own = own.map_or_else(|| "its detector".to_owned(), |title| format!("its own: {title}"));
    let shown = live.settings.detector.map_or(own.clone(), |kind| kind.title().to_owned());
    let combo = ComboBox::from_id_salt("live detector")
        .width(128.0)
        .truncate()
        .selected_text(RichText::new(shown));
    ui.name_inputs("Detector that scores", |ui| {
        combo.show_ui(ui, |ui| {
            if ui.selectable_label(live.settings.detector.is_none(), own).clicked() {
                actions.push(set(live, |settings| settings.detector = None));
            }
            let known = workbench.comparison.as_ref().map(|comparison| comparison.detectors.clone());
            for kind in known.unwrap_or_else(|| DetectorKind::ALL.to_vec()) {
                let is_chosen = live.settings.detector == Some(kind);
                if ui.selectable_label(is_chosen, kind.title()).clicked() {
                    actions.push(set(live, |settings| settings.detector = Some(kind)));
                }
            }
        })
    });
}
