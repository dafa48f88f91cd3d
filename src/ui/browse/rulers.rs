//! What stands round the picture: axes, colour bar, guides at the pointer, and the figures under it.

use eframe::egui::{self, Align2, Color32, FontId, Pos2, Rect, Role, Sense, Stroke, WidgetInfo, emath::Rangef, pos2};

use super::gestures::Drag;
use super::picture::{PictureView, Stage, span_text};
use super::{long, measuring};
use crate::app::{LoadedClip, LongView, SpectrogramSettings};
use crate::dsp::TimeFrequencyBox;
use crate::ui::plots::{Span, format_hz, format_secs, frequency_ticks, time_ticks};
use crate::ui::theme::{self, Palette};

const TICK_POINTS: f32 = 4.0;
/// Width of a character of the readout.
const CHARACTER_POINTS: f32 = 7.3;

/// All rulers, and where the pointer is on them.
pub(super) fn paint(painter: &egui::Painter, palette: Palette, stage: &Stage, view: &PictureView, pointer: Option<Pos2>) {
    time_axis(painter, palette, stage, view);
    frequency_axis(painter, palette, stage, view);
    if let Some(pointer) = pointer {
        guides(painter, palette, stage, pointer);
    }
}

/// What the edges of the waveform stand for.
pub(super) fn paint_amplitude(painter: &egui::Painter, palette: Palette, rect: Rect, amplitude: f32) {
    let text = if amplitude >= 0.01 {
        format!("\u{b1}{amplitude:.2}")
    } else {
        format!("{:.0} dBFS", 20.0 * amplitude.log10())
    };
    let at = pos2(rect.left() - 6.0, rect.center().y);
    painter.text(at, Align2::RIGHT_CENTER, text, font(), palette.weak);
}

/// Under the picture: what is at the pointer, and what is selected.
pub(super) fn readout(
    ui: &egui::Ui,
    stage: &Stage,
    view: &PictureView,
    (loaded, long): (&LoadedClip, Option<&LongView>),
    pointer: Option<Pos2>,
    selected: Option<Span>,
) {
    let (painter, palette) = (ui.painter(), theme::palette(ui));
    let rect = stage.readout;
    let font = FontId::monospace(12.0);
    let text = match (view.drag, pointer) {
        (Some(Drag::Measure { from, to }), _) => measuring::size_text(TimeFrequencyBox::between(from, to)),
        (_, Some(pointer)) => at_pointer(stage, view, (loaded, long), pointer),
        (_, None) if view.time == stage.whole => {
            let is_narrow = |text: &String| text.chars().count() as f32 * CHARACTER_POINTS <= rect.width();
            let of = |has_steps| how_it_is_made(stage, loaded, has_steps);
            Some(of(true)).filter(is_narrow).unwrap_or_else(|| of(false))
        }
        (_, None) => format!("{} shown", span_text(view.time)),
    };
    let response = ui.interact(rect, ui.scope_id().with("readout"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Readout: {text}")));
    let color = if pointer.is_some() { palette.ink } else { palette.weak };
    let left = painter.text(rect.left_center(), Align2::LEFT_CENTER, text, font.clone(), color);
    if let Some(selected) = selected {
        let text = format!("selected {}", span_text(selected));
        let galley = painter.layout_no_wrap(text, font, palette.accent);
        let at = pos2(rect.right() - galley.size().x, rect.center().y - galley.size().y / 2.0);
        // Where both do not fit, what the pointer says comes first.
        if at.x > left.right() + 12.0 {
            painter.galley(at, galley, palette.accent);
        }
    }
}

/// `10.000 s at 16 kHz   Hann 2048/512: 128 ms, 7.8 Hz`, without the steps where there is no room for them.
fn how_it_is_made(stage: &Stage, loaded: &LoadedClip, has_steps: bool) -> String {
    let rate_hz = f64::from(loaded.clip.sample_rate_hz.max(1));
    let SpectrogramSettings { n_fft, hop, .. } = loaded.settings;
    let (secs, khz) = (format_secs(stage.whole.end), rate_hz / 1000.0);
    let made = format!("{secs} at {khz} kHz   Hann {n_fft}/{hop}");
    if !has_steps {
        return made;
    }
    let (ms, hz) = (1000.0 * n_fft as f64 / rate_hz, rate_hz / n_fft as f64);
    format!("{made}: {ms:.0} ms, {hz:.1} Hz")
}

/// `2.310 s  1.852 kHz  −43.2 dBFS`; frequencies as fine as a pixel.
fn at_pointer(stage: &Stage, view: &PictureView, (loaded, long): (&LoadedClip, Option<&LongView>), pointer: Pos2) -> String {
    let secs = stage.time.value(pointer.x);
    if !stage.spectrogram.contains(pointer) {
        return format_secs(secs);
    }
    let hz = stage.hz(view.axis, pointer.y);
    let pixel_hz = (stage.hz(view.axis, pointer.y - 1.0) - hz).abs().clamp(0.01, 10.0);
    let level = match long {
        None => level_db(loaded, secs, hz).map(|level| (level, false)),
        Some(long) => nearest_bin(loaded, hz).and_then(|bin| {
            let level = long::level_db(long, loaded.settings.hop, view.pool, secs, bin);
            level.map(|level| (level, view.pool > 1))
        }),
    };
    let level = level.map_or(String::new(), |(db, is_loudest)| {
        let (sign, most) = (if db < 0.0 { "\u{2212}" } else { "" }, if is_loudest { "up to " } else { "" });
        format!("  {most}{sign}{:.1} dBFS", db.abs())
    });
    let order = view
        .instruments
        .harmonics
        .order_text(hz)
        .map_or(String::new(), |order| format!("  {order}"));
    format!("{}  {}{level}{order}", format_secs(secs), format_hz(hz, pixel_hz))
}

/// The level of the bin and frame nearest to a place.
fn level_db(loaded: &LoadedClip, secs: f64, hz: f64) -> Option<f32> {
    let frame_idx = (secs * f64::from(loaded.clip.sample_rate_hz) / loaded.settings.hop.max(1) as f64).round() as usize;
    let bin = nearest_bin(loaded, hz)?;
    if frame_idx >= loaded.spectrogram.n_frames {
        return None;
    }
    loaded.spectrogram.frame(frame_idx).get(bin).copied()
}

/// The bin whose centre is nearest.
fn nearest_bin(loaded: &LoadedClip, hz: f64) -> Option<usize> {
    let above = loaded.bin_hz.partition_point(|&centre| f64::from(centre) < hz);
    let distance = |bin: &usize| {
        loaded
            .bin_hz
            .get(*bin)
            .map_or(f64::INFINITY, |&centre| (f64::from(centre) - hz).abs())
    };
    [above.saturating_sub(1), above]
        .into_iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

fn time_axis(painter: &egui::Painter, palette: Palette, stage: &Stage, view: &PictureView) {
    let rect = stage.time_axis;
    for tick in time_ticks(view.time, rect.width()) {
        let x = stage.time.pixel(tick.value);
        painter.vline(
            x,
            Rangef::new(rect.top(), rect.top() + TICK_POINTS),
            Stroke::new(1.0, palette.weak),
        );
        painter.text(
            pos2(x, rect.top() + 5.0),
            Align2::CENTER_TOP,
            tick.label,
            font(),
            palette.weak,
        );
    }
    let unit = match view.time.end {
        end if end >= 3600.0 => "h:m:s",
        end if end > 90.0 => "min:s",
        _ => "s",
    };
    let beside = pos2(rect.left() - 16.0, rect.top() + 5.0);
    painter.text(beside, Align2::RIGHT_TOP, unit, font(), palette.weak);
}

fn frequency_axis(painter: &egui::Painter, palette: Palette, stage: &Stage, view: &PictureView) {
    let rect = stage.spectrogram;
    for tick in frequency_ticks(view.axis, stage.top_hz, view.positions, rect.height()) {
        let y = stage.frequency.pixel(view.axis.position(tick.value, stage.top_hz));
        painter.hline(
            Rangef::new(rect.left() - TICK_POINTS, rect.left()),
            y,
            Stroke::new(1.0, palette.weak),
        );
        // The labels at the ends stay within the picture's height.
        let label_y = y.clamp(rect.top() + 6.0, rect.bottom() - 6.0);
        painter.text(
            pos2(rect.left() - 6.0, label_y),
            Align2::RIGHT_CENTER,
            tick.label,
            font(),
            palette.weak,
        );
    }
    painter.text(
        pos2(rect.left() - 6.0, rect.top() - 3.0),
        Align2::RIGHT_BOTTOM,
        "Hz",
        font(),
        palette.weak,
    );
}

/// Thin lines over the picture and strong ones on the rulers.
fn guides(painter: &egui::Painter, palette: Palette, stage: &Stage, pointer: Pos2) {
    let thin = Stroke::new(1.0, Color32::from_white_alpha(70));
    let strong = Stroke::new(1.5, palette.accent);
    let x = painter.round_to_pixel_center(pointer.x);
    painter.vline(x, stage.spectrogram.y_range(), thin);
    painter.vline(
        x,
        stage.waveform.y_range(),
        Stroke::new(1.0, palette.weak.gamma_multiply(0.6)),
    );
    let on_time = Rangef::new(stage.time_axis.top(), stage.time_axis.top() + 6.0);
    painter.vline(x, on_time, strong);
    if stage.spectrogram.contains(pointer) {
        let y = painter.round_to_pixel_center(pointer.y);
        painter.hline(stage.spectrogram.x_range(), y, thin);
        let on_frequency = Rangef::new(stage.spectrogram.left() - 6.0, stage.spectrogram.left());
        painter.hline(on_frequency, y, strong);
    }
}

fn font() -> FontId {
    FontId::proportional(11.5)
}
