//! The measuring box: what is in a rectangle of the picture, in numbers, and as text to be pasted.

use eframe::egui::{self, Align, Color32, FontSelection, Rect, RichText, Stroke, pos2, text::LayoutJob};

use super::picture::Stage;
use crate::app::{Action, Measured, Workbench};
use crate::dsp::{Measurement, TimeFrequencyBox};
use crate::ui::plots::{FrequencyAxis, format_hz, format_secs};
use crate::ui::theme::{self, GRID};
use crate::ui::widgets::{Icon, icon_button};

/// Frequencies are read to this.
const STEP_HZ: f64 = 0.1;

/// A box with a light and a dark outline, so that it is seen on every colour, and a cross at its loudest place.
pub(super) fn paint(painter: &egui::Painter, stage: &Stage, axis: FrequencyAxis, measured: &Measured) {
    let painter = painter.with_clip_rect(stage.spectrogram);
    let place = |secs: f64, hz: f64| pos2(stage.time.pixel(secs), stage.frequency.pixel(axis.position(hz, stage.top_hz)));
    let TimeFrequencyBox {
        start_secs,
        end_secs,
        low_hz,
        high_hz,
    } = measured.area;
    let rect = Rect::from_two_pos(place(start_secs, low_hz), place(end_secs, high_hz));
    for (width, color) in [(3.0, Color32::from_black_alpha(150)), (1.0, Color32::WHITE)] {
        painter.rect_stroke(rect, 0.0, Stroke::new(width, color), egui::StrokeKind::Middle);
    }
    if let Some(result) = &measured.result {
        let centre = place(result.peak_secs, result.peak_hz);
        for (width, color) in [(3.5, Color32::from_black_alpha(170)), (1.5, Color32::WHITE)] {
            let stroke = Stroke::new(width, color);
            painter.line_segment([centre - egui::vec2(6.0, 0.0), centre + egui::vec2(6.0, 0.0)], stroke);
            painter.line_segment([centre - egui::vec2(0.0, 6.0), centre + egui::vec2(0.0, 6.0)], stroke);
        }
    }
}

/// `0.512 s × 1.200 kHz`: while the box is being drawn.
pub(super) fn size_text(area: TimeFrequencyBox) -> String {
    format!(
        "{} \u{d7} {}",
        format_secs(area.len_secs()),
        format_hz(area.len_hz(), STEP_HZ)
    )
}

/// The figures of the box that was measured last.
pub(super) fn row(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    let Some(measured) = &workbench.focus_view.measured else {
        return;
    };
    let weak = theme::palette(ui).weak;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = GRID;
        let size = [
            ("\u{394}t", format_secs(measured.area.len_secs())),
            ("\u{394}f", format_hz(measured.area.len_hz(), STEP_HZ)),
        ];
        let levels = measured.result.as_ref().map(figures);
        for (name, value) in size.into_iter().chain(levels.iter().flatten().cloned()) {
            // Name and value stay on one line.
            let mut text = LayoutJob::default();
            RichText::new(format!("{name} "))
                .color(weak)
                .append_to(&mut text, ui.style(), FontSelection::Default, Align::Center);
            let value = RichText::new(value).monospace().color(ui.visuals().text_color());
            value.append_to(&mut text, ui.style(), FontSelection::Default, Align::Center);
            ui.add(egui::Label::new(text).extend()).on_hover_text(hint(name));
            ui.add_space(GRID);
        }
        if measured.result.is_none() {
            ui.weak("measuring\u{2026}");
        }
        let copy = ui.add_enabled(measured.result.is_some(), egui::Button::new("Copy").small());
        if copy.on_hover_text("Copy the figures as text").clicked() {
            ui.ctx().copy_text(text(measured, workbench));
        }
        if icon_button(ui, true, Icon::Close, "Close the measuring box", "Esc").clicked() {
            actions.push(Action::Measure(None));
        }
    });
}

fn figures(result: &Measurement) -> [(&'static str, String); 3] {
    let peak = format!("{} {}", format_hz(result.peak_hz, STEP_HZ), dbfs(result.peak_db));
    [("peak", peak), ("mean", dbfs(result.mean_db)), ("band", dbfs(result.band_db))]
}

fn hint(name: &str) -> &'static str {
    match name {
        "\u{394}t" => "Length of the box",
        "\u{394}f" => "Height of the box",
        "peak" => "The loudest place, marked by a cross: frequency and level of the sine that makes it",
        "mean" => "Level of the mean power of all bins and frames in the box",
        _ => "Level of the sound between the two frequencies, as behind a band filter, averaged over the box",
    }
}

fn dbfs(level_db: f64) -> String {
    format!("{level_db:.1} dBFS").replace('-', "\u{2212}")
}

/// One figure a line with its unit, plain minus signs, to be read by people and programs.
fn text(measured: &Measured, workbench: &Workbench) -> String {
    let TimeFrequencyBox {
        start_secs,
        end_secs,
        low_hz,
        high_hz,
    } = measured.area;
    let settings = workbench.spectrogram;
    let name = workbench.focused().map_or("", |clip| clip.path.as_str());
    let mut lines = vec![
        format!("clip\t{name}"),
        format!("time\t{start_secs:.4} s to {end_secs:.4} s"),
        format!("frequency\t{low_hz:.1} Hz to {high_hz:.1} Hz"),
        format!("dt\t{:.4} s", end_secs - start_secs),
        format!("df\t{:.1} Hz", high_hz - low_hz),
    ];
    if let Some(result) = &measured.result {
        lines.push(format!("peak frequency\t{:.2} Hz", result.peak_hz));
        lines.push(format!("peak time\t{:.4} s", result.peak_secs));
        lines.push(format!("peak level\t{:.2} dBFS", result.peak_db));
        lines.push(format!("mean level\t{:.2} dBFS", result.mean_db));
        lines.push(format!("band level\t{:.2} dBFS", result.band_db));
    }
    lines.push(format!(
        "by\tSTFT of {} samples every {}, Hann window; 0 dBFS is a full-scale sine",
        settings.n_fft, settings.hop
    ));
    lines.join("\n") + "\n"
}
