//! The player at the foot of the window: play, loop, speed, volume, time, and the outline of the focused clip with the playhead.

use eframe::egui::{self, Align2, Color32, FontId, Mesh, Rect, Sense, Stroke, WidgetInfo, emath::Rangef, pos2, vec2};

use super::{listening_controls, theme};
use crate::app::{Action, ListeningAction, LoadedClip, Playback, State, Workbench};
use crate::ui::plots::{merged_cells, paint_caption};
use crate::ui::widgets::{Icon, clock, icon_button, icon_toggle};

const OUTLINE_HEIGHT: f32 = 36.0;
const RIBBON_HEIGHT: f32 = 4.0;

pub(super) fn ui(ui: &mut egui::Ui, workbench: &Workbench, state: &State, actions: &mut Vec<Action>) {
    let playback = &state.playback;
    ui.horizontal(|ui| {
        ui.set_min_height(OUTLINE_HEIGHT);
        let loaded = workbench.focus_view.loaded.as_deref();
        play_button(ui, loaded.is_some(), playback, actions);
        let duration = workbench.focus_view.duration_secs().unwrap_or(0.0);
        if icon_toggle(ui, playback.is_looping, Icon::Loop, "Loop", "L").clicked() {
            actions.push(Action::Listening(ListeningAction::Loop(!playback.is_looping)));
        }
        listening_controls::ui(ui, state.listening, &workbench.focus_view, actions);
        let time = format!("{} / {}", clock(playback.position_secs), clock(duration));
        ui.monospace(time);
        if let Some(reason) = &playback.unavailable {
            let warning = theme::palette(ui).warning;
            let hint = format!("{reason}\nPlay tries again.");
            ui.colored_label(warning, "No sound output").on_hover_text(hint);
        }
        match (loaded, &workbench.focus_view.error) {
            (Some(loaded), _) => outline(ui, workbench, loaded, playback, actions),
            (None, Some(error)) => {
                let error_colour = theme::palette(ui).error;
                ui.colored_label(error_colour, error);
            }
            (None, None) => {
                let weak = theme::palette(ui).weak;
                ui.colored_label(
                    weak,
                    if workbench.focus.is_some() {
                        "Reading…"
                    } else {
                        "No clip is chosen"
                    },
                );
            }
        }
    });
}

fn play_button(ui: &mut egui::Ui, is_loaded: bool, playback: &Playback, actions: &mut Vec<Action>) {
    let (icon, name) = if playback.is_playing {
        (Icon::Pause, "Pause")
    } else {
        (Icon::Play, "Play")
    };
    // Without a sound card as well: a press looks for one anew.
    if icon_button(ui, is_loaded, icon, name, "Space").clicked() {
        actions.push(Action::PlayPause);
    }
}

/// The clip's outline: click or drag to move the playhead.
fn outline(ui: &mut egui::Ui, workbench: &Workbench, loaded: &LoadedClip, playback: &Playback, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    let size = vec2(ui.available_width(), OUTLINE_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(true, playback.position_secs, "Position"));
    let duration = workbench.focus_view.duration_secs().unwrap_or(0.0).max(1e-6);
    let x_of = |secs: f64| rect.left() + rect.width() * (secs / duration).clamp(0.0, 1.0) as f32;
    if (response.clicked() || response.dragged())
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let share = f64::from((pointer.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        actions.push(Action::Seek(share * duration));
    }
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 2.0, palette.canvas);
    if let Some((start, end)) = playback.loop_span_secs {
        let span = Rect::from_x_y_ranges(x_of(start)..=x_of(end), rect.y_range());
        painter.rect_filled(span, 0.0, palette.accent.gamma_multiply(0.15));
    }
    let n_columns = rect.width().max(1.0) as usize;
    let columns = match &workbench.focus_view.long {
        Some(long) => long.outline(0.0, duration, n_columns),
        None => {
            let samples = &loaded.clip.samples;
            loaded.peaks.columns(samples, 0.0, samples.len() as f64, n_columns)
        }
    };
    painter.add(waveform(rect, &columns, palette.normal));
    if let Some(ribbon) = &workbench.focus_view.ribbon {
        let cells = ribbon.crops.iter().zip(&ribbon.percentiles).map(|(crop, &percentile)| {
            let x = Rangef::new(x_of(crop.start_secs), x_of(crop.end_secs));
            (x, percentile)
        });
        for (x, percentile) in merged_cells(cells, 1.0 / painter.pixels_per_point()) {
            let cell = Rect::from_min_max(pos2(x.min, rect.bottom() - RIBBON_HEIGHT), pos2(x.max, rect.bottom()));
            painter.rect_filled(cell, 0.0, palette.anomalous.gamma_multiply(percentile / 100.0));
        }
    }
    if response.hovered()
        && let Some(pointer) = response.hover_pos()
    {
        let secs = f64::from((pointer.x - rect.left()) / rect.width()) * duration;
        painter.vline(pointer.x, rect.y_range(), Stroke::new(1.0, palette.weak));
        let (anchor, gap) = if pointer.x > rect.center().x {
            (Align2::RIGHT_TOP, -4.0)
        } else {
            (Align2::LEFT_TOP, 4.0)
        };
        let text = if duration > 90.0 {
            clock(secs)
        } else {
            format!("{secs:.2} s")
        };
        let at = pos2(pointer.x + gap, rect.top() + 2.0);
        let colours = [palette.ink, ui.visuals().extreme_bg_color];
        paint_caption(&painter, at, anchor, text, FontId::monospace(11.0), colours);
    }
    let playhead = Stroke::new(1.5, palette.accent);
    painter.vline(x_of(playback.position_secs), rect.y_range(), playhead);
}

/// One column a pixel, from the lowest to the highest sample in it, scaled to the clip's own peak.
fn waveform(rect: Rect, columns: &[[f32; 2]], colour: Color32) -> Mesh {
    let loudest = columns
        .iter()
        .fold(1e-6_f32, |loudest, [low, high]| loudest.max(high.abs()).max(low.abs()));
    let half = rect.height() * 0.5 - RIBBON_HEIGHT;
    let mut mesh = Mesh::default();
    for (column, [low, high]) in columns.iter().enumerate() {
        let left = rect.left() + column as f32;
        let (top, bottom) = (
            rect.center().y - half * high / loudest - 0.5,
            rect.center().y - half * low / loudest + 0.5,
        );
        mesh.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(left + 1.0, bottom)), colour);
    }
    mesh
}
