//! How the focused clip is played: its speed, what becomes of the pitch, how loud it is, and whether it starts by itself.

use eframe::egui::{self, Button, ComboBox, Slider};

use crate::app::{Action, FocusView, ListeningAction, ListeningSettings};
use crate::audio::Pace;
use crate::ui::plots::{loudest, peak_amplitude};
use crate::ui::theme;

/// The speeds that can be picked; keys halve and double.
const SPEEDS: [f64; 7] = [0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0];
const SLIDER_POINTS: f32 = 56.0;

pub(super) fn ui(ui: &mut egui::Ui, settings: ListeningSettings, view: &FocusView, actions: &mut Vec<Action>) {
    let mut wanted = settings;
    speed(ui, &mut wanted);
    let hint = "On: tones keep their pitch at every speed and clicks stay sharp.\n\
                Off: like a tape, at half the speed an octave lower.";
    let pitch = Button::selectable(wanted.keeps_pitch, "Keep pitch").frame_when_inactive(true);
    if ui.add(pitch).on_hover_text(hint).clicked() {
        wanted.keeps_pitch = !wanted.keeps_pitch;
    }
    let hint = "Play a clip as soon as it is chosen";
    let plays = Button::selectable(wanted.plays_on_select, "Auto-play").frame_when_inactive(true);
    if ui.add(plays).on_hover_text(hint).clicked() {
        wanted.plays_on_select = !wanted.plays_on_select;
    }
    volume(ui, &mut wanted);
    let peak = match (&view.long, &view.loaded) {
        (Some(long), _) => loudest(&long.outline(0.0, long.duration_secs(), 1)),
        (None, Some(loaded)) => peak_amplitude(&loaded.clip, &loaded.peaks),
        (None, None) => 0.0,
    };
    if wanted.volume_db > 0.0 && peak * wanted.gain() > 1.0 {
        let warning = theme::palette(ui).warning;
        let hint = "At this volume the loudest samples of the clip exceed full scale and are cut off";
        ui.colored_label(warning, "cut off").on_hover_text(hint);
    }
    if wanted != settings {
        actions.push(Action::Listening(ListeningAction::Set(wanted)));
    }
}

fn speed(ui: &mut egui::Ui, settings: &mut ListeningSettings) {
    let pace = settings.pace();
    let mut speed = pace.speed;
    ComboBox::from_id_salt("speed")
        .selected_text(title(speed))
        .width(52.0)
        .show_ui(ui, |ui| {
            for other in SPEEDS {
                ui.selectable_value(&mut speed, other, title(other));
            }
        })
        .response
        .on_hover_text("Speed (- half, = twice, 0 its own)")
        .accessible_name("Speed");
    if speed != pace.speed {
        *settings = settings.at(Pace { speed, ..pace });
    }
}

fn title(speed: f64) -> String {
    format!("{speed}\u{d7}")
}

/// In dB; a double click brings it back to 0.
fn volume(ui: &mut egui::Ui, settings: &mut ListeningSettings) {
    ui.scope(|ui| {
        ui.spacing_mut().slider_width = SLIDER_POINTS;
        let range = ListeningSettings::SILENT_DB..=ListeningSettings::LOUDEST_DB;
        let slider = Slider::new(&mut settings.volume_db, range)
            .step_by(1.0)
            .custom_formatter(|db, _| {
                let whole = db.round();
                if db <= f64::from(ListeningSettings::SILENT_DB) {
                    "off".to_owned()
                } else if whole == 0.0 {
                    "0 dB".to_owned()
                } else {
                    format!("{whole:+.0} dB")
                }
            })
            .custom_parser(|text| text.trim().trim_end_matches("dB").trim().parse().ok());
        let response = ui
            .add(slider)
            .on_hover_text("Volume; at 0 dB samples are played as they are (double click: 0 dB)")
            .accessible_name("Volume");
        if response.double_clicked() {
            settings.volume_db = 0.0;
        }
    });
}
