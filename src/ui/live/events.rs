//! What was found: events and near misses, each to hear and to judge.

use std::path::Path;

use eframe::egui::{self, Rect, RichText, ScrollArea, vec2};

use crate::app::{Action, EventVerdict, LiveAction, LiveEvent, State, Workbench};
use crate::audio::{ChannelChoice, SAMPLE_RATE_HZ};
use crate::project::FigureRecipe;
use crate::ui::offers;
use crate::ui::theme;
use crate::ui::widgets::{Icon, clock, heading, icon_button, labelled_button};

const ROW_HEIGHT: f32 = 26.0;

/// The private look of the list.
#[derive(Default)]
pub(super) struct EventList {
    /// While the pointer is over the rows, the newest of them: none moves from under it because another event comes.
    newest: Option<u64>,
}

impl EventList {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let events = &state.live.events;
        if !ui.rect_contains_pointer(ui.available_rect_before_wrap()) {
            self.newest = None;
        } else if self.newest.is_none() {
            self.newest = events.first().map(|event| event.id);
        }
        let n_waiting = self
            .newest
            .map_or(0, |newest| events.iter().take_while(|event| event.id > newest).count());
        heading(ui, &title(events, n_waiting));
        offers::none_because(ui, "Keep an event first: the report draws it from its file");
        if events.is_empty() {
            let text = if state.live.scoring.is_some() {
                "None yet: what scores above the threshold is listed here with its sound"
            } else {
                "Score as a machine of the project, and what scores above the threshold is listed here"
            };
            let text = RichText::new(text).color(theme::palette(ui).weak);
            ui.add(egui::Label::new(text).halign(egui::Align::LEFT));
            return;
        }
        let shown = &events[n_waiting..];
        ScrollArea::vertical()
            .id_salt("events")
            .auto_shrink(false)
            .show_rows(ui, ROW_HEIGHT, shown.len(), |ui, rows| {
                for event in &shown[rows] {
                    row(ui, event, state, actions);
                }
            });
    }
}

fn title(events: &[LiveEvent], n_waiting: usize) -> String {
    let n_near = events.iter().filter(|event| event.is_near_miss).count();
    let n_events = events.len() - n_near;
    let title = match (events.len(), n_near) {
        (0, _) => "Events".to_owned(),
        (_, 0) => format!("Events: {n_events}"),
        (_, 1) => format!("Events: {n_events} and a near miss"),
        (_, near) => format!("Events: {n_events} and {near} near misses"),
    };
    match n_waiting {
        0 => title,
        n => format!("{title}; {n} new when the pointer is elsewhere"),
    }
}

fn row(ui: &mut egui::Ui, event: &LiveEvent, state: &State, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    ui.push_id(event.id, |ui| {
        if let (Some(file), Some(workbench)) = (&event.file, &state.workbench) {
            let row = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), ROW_HEIGHT));
            offers::offer(ui, row, || recipe(workbench, file));
        }
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT - 4.0);
            let at = clock(event.start as f64 / f64::from(SAMPLE_RATE_HZ));
            if icon_button(ui, event.clip.is_some(), Icon::Play, &format!("Play the event at {at}"), "").clicked() {
                actions.push(Action::Live(LiveAction::PlayEvent(event.id)));
            }
            ui.monospace(at);
            let peak = RichText::new(format!("{:>5.1}", event.peak)).monospace();
            let colour = if event.is_near_miss { palette.weak } else { palette.anomalous };
            ui.label(peak.color(colour));
            ui.monospace(format!("{:>4.1} s", event.secs()));
            if let Some(verdict) = event.verdict {
                let text = match verdict {
                    EventVerdict::Kept => "kept as anomalous",
                    EventVerdict::FalseAlarm => "false alarm",
                    EventVerdict::KeptAsNormal => "kept as normal",
                };
                ui.colored_label(palette.weak, text);
                return;
            }
            if event.is_near_miss {
                ui.colored_label(palette.weak, "near miss");
            }
            if event.is_going_on {
                ui.colored_label(palette.anomalous, "going on");
            }
            if event.clip.is_none() {
                if !event.is_going_on {
                    let hint = "The sound of the last twenty minutes of events is held; Keep writes one to a file";
                    ui.colored_label(palette.weak, "sound no longer held").on_hover_text(hint);
                }
                return;
            }
            let verdicts = [
                (EventVerdict::Kept, "Keep", "Write its sound to the recordings as anomalous"),
                (EventVerdict::FalseAlarm, "False alarm", "Note that nothing was wrong"),
                (
                    EventVerdict::KeptAsNormal,
                    "Keep as normal",
                    "Write its sound to the recordings as a normal training clip",
                ),
            ];
            // Nothing was raised that could have been false.
            let verdicts = verdicts
                .into_iter()
                .filter(|(verdict, ..)| !(event.is_near_miss && *verdict == EventVerdict::FalseAlarm));
            for (verdict, text, hint) in verdicts {
                if labelled_button(ui, true, text, hint).clicked() {
                    actions.push(Action::Live(LiveAction::JudgeEvent { id: event.id, verdict }));
                }
            }
        });
    });
}

/// The picture of a kept event, to be drawn by the report.
fn recipe(workbench: &Workbench, file: &Path) -> FigureRecipe {
    FigureRecipe::Spectrogram {
        clip: workbench.clip_name(file),
        channel: ChannelChoice::default(),
        picture: workbench.picture_settings(),
        time_secs: None,
        frequency_hz: None,
    }
}
