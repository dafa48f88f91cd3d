//! How the picture is computed and coloured, and the instruments over it: one compact row that folds where it is narrow.

use eframe::egui::{self, ComboBox, DragValue};

use super::picture::PictureView;
use crate::app::{Action, LevelRange, PictureLook, SpectrogramKind, SpectrogramSettings, Workbench};
use crate::extractors::WindowShape;
use crate::ui::plots::{ColorMap, FrequencyAxis};
use crate::ui::theme::{self, GRID};
use crate::ui::widgets::{Icon, icon_toggle, settings_menu};

/// Narrower than this, transform and sizes share one menu; narrower than the next, axis and colours too.
const ROOM_FOR_SIZES: f32 = 520.0;
const ROOM_FOR_COLOURS: f32 = 456.0;
/// Narrower than this, levels and colours are named in their menus only, and what inverts the colours stands there.
const ROOM_FOR_LEVELS: f32 = 422.0;
/// Narrower than these, the button of the transform names only its sizes, then only its kind.
const ROOM_FOR_KIND: f32 = 330.0;
const ROOM_FOR_NUMBERS: f32 = 290.0;
/// Room that the step of the windows takes.
const WINDOWS_POINTS: f32 = 230.0;

/// Transform, sizes, axis, colours, levels and instruments.
pub(super) fn tool_row(ui: &mut egui::Ui, view: &mut PictureView, workbench: &Workbench, actions: &mut Vec<Action>) {
    let (mut settings, mut look) = (workbench.spectrogram, workbench.look);
    let width = ui.available_width();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = GRID;
        ui.spacing_mut().button_padding.x = 1.5 * GRID;
        let has_room = width >= ROOM_FOR_LEVELS;
        if width >= ROOM_FOR_SIZES {
            transform(ui, &mut settings);
        } else {
            let title = transform_title(settings, width);
            settings_menu(ui, "Transform", &title, hint("Transform"), |ui| {
                transform_rows(ui, &mut settings);
            });
        }
        if width >= ROOM_FOR_COLOURS {
            choice(ui, "Frequency axis", &mut look.axis, &FrequencyAxis::ALL, axis_title, 48.0);
            choice(ui, "Colour map", &mut look.map, &ColorMap::ALL, map_title, 58.0);
        } else {
            let title = if has_room {
                format!("{}, {}", look.axis.title(), look.map.title())
            } else {
                axis_title(look.axis)
            };
            settings_menu(ui, "Axis and colours", &title, hint("Axis and colours"), |ui| {
                look_rows(ui, &mut look);
            });
        }
        let ends = view.coloring().range_db;
        let title = if has_room {
            LevelRange::ends_text(ends)
        } else {
            "Levels".to_owned()
        };
        settings_menu(ui, "Levels", &title, hint("Levels"), |ui| levels(ui, &mut look, ends));
        let tools = &mut view.instruments;
        if has_room && icon_toggle(ui, look.is_inverted, Icon::Invert, "Invert the colours", "Shift+C").clicked() {
            look.is_inverted = !look.is_inverted;
        }
        let hint = "M, or Shift+drag: a box with its length, height, peak and levels";
        if icon_toggle(ui, tools.is_measuring, Icon::Measure, "Measure", hint).clicked() {
            tools.is_measuring = !tools.is_measuring;
        }
        let hint = "H, at the pointer: a base frequency with its multiples";
        if icon_toggle(ui, tools.harmonics.is_on, Icon::Harmonics, "Harmonics", hint).clicked() {
            tools.harmonics.toggle(None);
        }
        if let Some(shape) = workbench.focus_view.window {
            windows(ui, shape, workbench.window_hop, actions);
        }
    });
    if settings != workbench.spectrogram {
        actions.push(Action::SetSpectrogram(settings));
    }
    if look != workbench.look {
        actions.push(Action::SetLook(look));
    }
}

fn kind_title(kind: SpectrogramKind) -> String {
    match kind {
        SpectrogramKind::Stft => "STFT".to_owned(),
        SpectrogramKind::Mel => "Mel".to_owned(),
    }
}

fn axis_title(axis: FrequencyAxis) -> String {
    axis.title().to_owned()
}

fn map_title(map: ColorMap) -> String {
    map.title().to_owned()
}

/// `STFT 2048/512`, or as much of it as there is room for.
fn transform_title(settings: SpectrogramSettings, width: f32) -> String {
    let (kind, sizes) = (kind_title(settings.kind), format!("{}/{}", settings.n_fft, settings.hop));
    match width {
        ROOM_FOR_KIND.. => format!("{kind} {sizes}"),
        ROOM_FOR_NUMBERS.. => sizes,
        _ => kind,
    }
}

const KINDS: [SpectrogramKind; 2] = [SpectrogramKind::Stft, SpectrogramKind::Mel];

fn hops(settings: SpectrogramSettings) -> [usize; 4] {
    [8, 4, 2, 1].map(|part| (settings.n_fft / part).max(1))
}

fn transform(ui: &mut egui::Ui, settings: &mut SpectrogramSettings) {
    choice(ui, "Transform", &mut settings.kind, &KINDS, kind_title, 38.0);
    if settings.kind == SpectrogramKind::Mel {
        let bands_title = |n_mels: usize| format!("{n_mels} bands");
        let counts = &SpectrogramSettings::BAND_COUNTS;
        choice(ui, "Mel bands", &mut settings.n_mels, counts, bands_title, 68.0);
    }
    let number = |n: usize| n.to_string();
    let mut n_fft = settings.n_fft;
    choice(ui, "FFT size", &mut n_fft, &SpectrogramSettings::FFT_SIZES, number, 38.0);
    if n_fft != settings.n_fft {
        *settings = settings.with_fft(n_fft);
    }
    let hops = hops(*settings);
    choice(ui, "Hop", &mut settings.hop, &hops, number, 38.0);
}

/// The same as rows of a menu.
fn transform_rows(ui: &mut egui::Ui, settings: &mut SpectrogramSettings) {
    let number = |n: usize| n.to_string();
    row(ui, "Transform", &mut settings.kind, &KINDS, kind_title);
    if settings.kind == SpectrogramKind::Mel {
        row(
            ui,
            "Mel bands",
            &mut settings.n_mels,
            &SpectrogramSettings::BAND_COUNTS,
            number,
        );
    }
    let mut n_fft = settings.n_fft;
    row(ui, "FFT size", &mut n_fft, &SpectrogramSettings::FFT_SIZES, number);
    if n_fft != settings.n_fft {
        *settings = settings.with_fft(n_fft);
    }
    let hops = hops(*settings);
    row(ui, "Hop", &mut settings.hop, &hops, number);
    ui.weak("Hann window; sizes in samples. G, Shift+G: FFT size");
}

fn look_rows(ui: &mut egui::Ui, look: &mut PictureLook) {
    row(ui, "Frequency axis", &mut look.axis, &FrequencyAxis::ALL, axis_title);
    row(ui, "Colour map", &mut look.map, &ColorMap::ALL, map_title);
    ui.checkbox(&mut look.is_inverted, "Invert: light is quiet");
    ui.weak("C: next colour map, Shift+C: invert");
}

/// By which rule the levels are chosen, and the two levels themselves.
fn levels(ui: &mut egui::Ui, look: &mut PictureLook, [low, high]: [f32; 2]) {
    for level in [LevelRange::default(), LevelRange::Peak, LevelRange::Auto] {
        let hint = match level {
            LevelRange::Fixed(_) => "The same for every clip, so that clips can be compared",
            LevelRange::Peak => "80 dB below the loudest place of the clip up to it",
            LevelRange::Auto => "From the level below which 1 % of the clip's places lie to that below which 99.5 % lie",
        };
        if ui.radio(look.level == level, level.title()).on_hover_text(hint).clicked() {
            look.level = level;
        }
    }
    let [lowest, highest] = LevelRange::LIMITS_DB;
    let mut ends = [low, high];
    ui.horizontal(|ui| {
        let mut end = |value: &mut f32, limits, name: &str| {
            ui.add(DragValue::new(value).speed(0.5).range(limits).fixed_decimals(0))
                .on_hover_text(format!("{name} of the colours in dBFS"))
                .accessible_name(format!("{name} of the range"));
        };
        end(&mut ends[0], lowest..=high - LevelRange::MIN_DB, "Lower end");
        end(&mut ends[1], low + LevelRange::MIN_DB..=highest, "Upper end");
        ui.label("dBFS");
    });
    if ends != [low, high] {
        look.level = LevelRange::Fixed(ends);
    }
    ui.weak("0 dBFS is a sine of full scale.\nDrag the ends of the colour bar");
}

/// A row of a menu: each value a button.
fn row<T: Copy + PartialEq>(ui: &mut egui::Ui, name: &str, value: &mut T, all: &[T], title: impl Fn(T) -> String) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let weak = theme::palette(ui).weak;
        ui.allocate_ui(egui::vec2(92.0, theme::CONTROL_HEIGHT), |ui| {
            ui.set_min_width(92.0);
            ui.colored_label(weak, name);
        });
        for &other in all {
            ui.selectable_value(value, other, title(other));
        }
    });
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
        "Transform" => "Short-time Fourier transform or mel bands of it, under a Hann window (G, Shift+G: FFT size)",
        "FFT size" => "FFT size in samples, under a Hann window (G, Shift+G)",
        "Hop" => "Hop: samples from frame to frame",
        "Colour map" => "Colour map (C, Shift+C inverts)",
        "Axis and colours" => "Frequency axis and colour map (C: next map, Shift+C inverts)",
        "Levels" => "Levels of the first and the last colour in dBFS; the ends of the colour bar can be dragged",
        other => other,
    }
}

/// How far apart the windows lie that the clip is judged by: side by side as published, or closer for comparison.
fn windows(ui: &mut egui::Ui, shape: WindowShape, hop: Option<usize>, actions: &mut Vec<Action>) {
    if ui.available_size_before_wrap().x < WINDOWS_POINTS {
        ui.end_row();
    }
    // A row of its own, so that words and field stand level.
    ui.horizontal(|ui| {
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
    });
}
