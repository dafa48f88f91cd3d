//! The level of what comes in: peak, effective value, hold, clipping, losses, and how it differs from the training clips.

use eframe::egui::{self, Align2, FontId, Rect, Sense, Stroke, WidgetInfo, pos2, vec2};

use crate::app::{Action, LiveAction, State};
use crate::ui::theme;

const BOTTOM_DB: f64 = -60.0;
const MARKS_DB: [f64; 6] = [-60.0, -40.0, -20.0, -12.0, -6.0, 0.0];
/// Detectors mind the level: from here on it is said.
const LEVEL_WARNING_DB: f64 = 6.0;

pub(super) fn ui(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let heard = &state.live.heard;
    let level = heard.level;
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        let size = vec2((ui.available_width() * 0.42).max(200.0), 30.0);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let spoken = format!("Level: peak {:.0} dB, effective {:.0} dB", level.peak_db, level.rms_db);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &spoken));
        let bar = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + 14.0));
        let x_of = |db: f64| bar.left() + bar.width() * ((db - BOTTOM_DB) / -BOTTOM_DB).clamp(0.0, 1.0) as f32;
        let until = |db: f64, height: f32| {
            let inset = (bar.height() - height) / 2.0;
            Rect::from_min_max(pos2(bar.left(), bar.top() + inset), pos2(x_of(db), bar.bottom() - inset))
        };
        let colour = match level.peak_db {
            db if db > -6.0 => palette.error,
            db if db > -12.0 => palette.warning,
            _ => palette.normal,
        };
        let painter = ui.painter();
        painter.rect_filled(bar, 2.0, palette.canvas);
        painter.rect_filled(until(level.peak_db, 14.0), 2.0, colour.gamma_multiply(0.45));
        painter.rect_filled(until(level.rms_db, 8.0), 2.0, colour);
        painter.vline(x_of(level.hold_db), bar.y_range(), Stroke::new(2.0, palette.ink));
        for mark in MARKS_DB {
            let x = x_of(mark);
            painter.vline(x, bar.bottom()..=bar.bottom() + 3.0, Stroke::new(1.0, palette.weak));
            let anchor = match mark {
                mark if mark <= BOTTOM_DB => Align2::LEFT_TOP,
                mark if mark >= 0.0 => Align2::RIGHT_TOP,
                _ => Align2::CENTER_TOP,
            };
            let at = pos2(x, bar.bottom() + 3.0);
            painter.text(at, anchor, format!("{mark:.0}"), FontId::monospace(10.0), palette.weak);
        }
        ui.monospace(format!("max {:>5.1} dB", level.max_db));
        let clip = if level.n_clips == 0 {
            egui::RichText::new("no clipping").color(palette.weak)
        } else {
            egui::RichText::new(format!("CLIPPED {}x", level.n_clips))
                .color(palette.error)
                .strong()
        };
        let hint = "Four samples or more in a row at full scale; click to forget it and the highest level";
        if ui.button(clip).on_hover_text(hint).clicked() {
            actions.push(Action::Live(LiveAction::ClearLevel));
        }
        let n_lost = heard.n_dropped + heard.n_overruns;
        let lost = format!("lost {n_lost}");
        let colour = if n_lost == 0 { palette.weak } else { palette.warning };
        ui.colored_label(colour, lost)
            .on_hover_text("Samples without room, and times that the sound card lost sound, since the input was opened");
        if let Some(training_db) = state.live.scoring.as_ref().and_then(|scoring| scoring.training_db) {
            let differs = level.rms_db - training_db;
            // A zero without a sign.
            let differs = differs.round() + 0.0;
            let (colour, text) = if differs.abs() >= LEVEL_WARNING_DB {
                (palette.warning, format!("level differs from training by {differs:+.0} dB"))
            } else {
                (palette.weak, format!("level as in training ({differs:+.0} dB)"))
            };
            ui.add(egui::Label::new(egui::RichText::new(text).color(colour)).truncate())
                .on_hover_text("Detectors mind the level: bring it near that of the training clips");
        }
    });
}
