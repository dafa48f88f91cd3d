//! How the picture is computed and coloured: one compact row of controls.

use eframe::egui::{self, ComboBox, DragValue};

use super::picture::PictureView;
use crate::app::{Action, SpectrogramKind, SpectrogramSettings, Workbench};
use crate::extractors::WindowShape;
use crate::ui::plots::{ColorMap, FrequencyAxis};
use crate::ui::theme::GRID;

const FFT_SIZES: [usize; 6] = [256, 512, 1024, 2048, 4096, 8192];
const BAND_COUNTS: [usize; 4] = [40, 64, 128, 256];
/// Room that the range takes.
const RANGE_POINTS: f32 = 150.0;
/// Room that the step of the windows takes.
const WINDOWS_POINTS: f32 = 230.0;
/// The smallest distance between the ends of the range.
const MIN_RANGE_DB: f32 = 5.0;

/// Transform, sizes, axis, colours and range.
pub(super) fn tool_row(ui: &mut egui::Ui, view: &mut PictureView, workbench: &Workbench, actions: &mut Vec<Action>) {
    let settings = workbench.spectrogram;
    let mut wanted = settings;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = GRID;
        ui.spacing_mut().button_padding.x = 1.5 * GRID;
        transform(ui, &mut wanted);
        let mut axis = view.axis;
        let axis_title = |axis: FrequencyAxis| axis.title().to_owned();
        choice(ui, "Frequency axis", &mut axis, &FrequencyAxis::ALL, axis_title, 52.0);
        if axis != view.axis {
            view.set_axis(axis);
        }
        let map_title = |map: ColorMap| map.title().to_owned();
        choice(ui, "Colour map", &mut view.map, &ColorMap::ALL, map_title, 62.0);
        // The two ends stay together.
        if ui.available_size_before_wrap().x < RANGE_POINTS {
            ui.end_row();
        }
        range(ui, &mut view.range_db);
        if let Some(shape) = workbench.focus_view.window {
            windows(ui, shape, workbench.window_hop, actions);
        }
    });
    if wanted != settings {
        actions.push(Action::SetSpectrogram(wanted));
    }
}

/// The next larger (1) or smaller (-1) transform, if there is one; the hop keeps its part of it.
pub(super) fn other_fft(settings: SpectrogramSettings, by: isize) -> Option<SpectrogramSettings> {
    let at = FFT_SIZES.iter().position(|&size| size == settings.n_fft)?;
    let n_fft = *FFT_SIZES.get(at.checked_add_signed(by)?)?;
    Some(with_fft(settings, n_fft))
}

/// The colour map after this one.
pub(super) fn next_map(map: ColorMap) -> ColorMap {
    let at = ColorMap::ALL.iter().position(|&other| other == map).unwrap_or(0);
    ColorMap::ALL[(at + 1) % ColorMap::ALL.len()]
}

fn with_fft(settings: SpectrogramSettings, n_fft: usize) -> SpectrogramSettings {
    SpectrogramSettings {
        n_fft,
        hop: (settings.hop * n_fft / settings.n_fft.max(1)).max(1),
        ..settings
    }
}

fn transform(ui: &mut egui::Ui, settings: &mut SpectrogramSettings) {
    let kinds = [SpectrogramKind::Stft, SpectrogramKind::Mel];
    let kind_title = |kind| match kind {
        SpectrogramKind::Stft => "STFT".to_owned(),
        SpectrogramKind::Mel => "Mel".to_owned(),
    };
    choice(ui, "Transform", &mut settings.kind, &kinds, kind_title, 44.0);
    if settings.kind == SpectrogramKind::Mel {
        let bands_title = |n_mels: usize| format!("{n_mels} bands");
        choice(ui, "Mel bands", &mut settings.n_mels, &BAND_COUNTS, bands_title, 72.0);
    }
    let number = |n: usize| n.to_string();
    let mut n_fft = settings.n_fft;
    choice(ui, "FFT size", &mut n_fft, &FFT_SIZES, number, 44.0);
    if n_fft != settings.n_fft {
        *settings = with_fft(*settings, n_fft);
    }
    let hops = [8, 4, 2, 1].map(|part| (settings.n_fft / part).max(1));
    choice(ui, "Hop", &mut settings.hop, &hops, number, 44.0);
}

/// A combo box whose name is in its tooltip and its accessible name.
fn choice<T: Copy + PartialEq>(ui: &mut egui::Ui, name: &str, value: &mut T, all: &[T], title: impl Fn(T) -> String, width: f32) {
    ComboBox::from_id_salt(name)
        .selected_text(title(*value))
        .width(width)
        .show_ui(ui, |ui| {
            for &other in all {
                ui.selectable_value(value, other, title(other));
            }
        })
        .response
        .on_hover_text(hint(name))
        .accessible_name(name);
}

fn hint(name: &str) -> &str {
    match name {
        "FFT size" => "FFT size in samples (G, Shift+G)",
        "Hop" => "Hop: samples from frame to frame",
        "Colour map" => "Colour map (C)",
        other => other,
    }
}

/// How far apart the windows lie that the clip is judged by: side by side as published, or closer for comparison.
fn windows(ui: &mut egui::Ui, shape: WindowShape, hop: Option<usize>, actions: &mut Vec<Action>) {
    if ui.available_size_before_wrap().x < WINDOWS_POINTS {
        ui.end_row();
    }
    ui.add_space(2.0 * GRID);
    ui.label(format!("windows {} \u{d7} {} every", shape.n_frames, shape.n_bands))
        .on_hover_text("Frames by bands that the network sees at once: the green boxes");
    let mut every = hop.unwrap_or(shape.n_frames);
    let value = DragValue::new(&mut every).speed(1.0).range(1..=8 * shape.n_frames);
    let response = ui
        .add(value)
        .on_hover_text("Frames from the beginning of one window to that of the next")
        .accessible_name("Window step");
    ui.label("frames");
    let wanted = (every != shape.n_frames).then_some(every);
    if response.changed() && wanted != hop {
        actions.push(Action::SetWindowHop(wanted));
    }
    if hop.is_some() && ui.button("Side by side").clicked() {
        actions.push(Action::SetWindowHop(None));
    }
}

fn range(ui: &mut egui::Ui, range_db: &mut [f32; 2]) {
    let [low, high] = *range_db;
    let end = |value: &mut f32, limits, name: &str, ui: &mut egui::Ui| {
        ui.add(DragValue::new(value).speed(0.5).range(limits).fixed_decimals(0))
            .on_hover_text(format!("{name} of the colours in dBFS"))
            .accessible_name(format!("{name} of the range"));
    };
    end(&mut range_db[0], -200.0..=high - MIN_RANGE_DB, "Lower end", ui);
    ui.label("\u{2026}");
    end(&mut range_db[1], low + MIN_RANGE_DB..=20.0, "Upper end", ui);
    ui.label("dBFS");
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{SpectrogramSettings, next_map, other_fft};
    use crate::ui::plots::ColorMap;

    #[test]
    fn sizes_go_up_and_down_with_their_hop_and_stop_at_the_ends() {
        let settings = SpectrogramSettings::default();
        let larger = other_fft(settings, 1).unwrap();
        assert_eq!((larger.n_fft, larger.hop), (4096, 1024));
        assert_eq!(other_fft(larger, -1), Some(settings));
        let largest = other_fft(larger, 1).unwrap();
        assert_eq!(other_fft(largest, 1), None);
    }

    #[test]
    fn the_colour_maps_go_round() {
        let mut map = ColorMap::default();
        for _ in ColorMap::ALL {
            map = next_map(map);
        }
        assert_eq!(map, ColorMap::default());
    }
}
