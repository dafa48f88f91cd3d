//! The crop windows of the active front end: their outlines on the picture, their scores as a ribbon below it.
//!
//! Where the front end judges a clip window by window, the boxes are green and as high as its bands, as in Figure 1a of the
//! `OutlierNets` paper, and each bears its own score.

use eframe::egui::{self, Align2, Color32, FontId, Rect, Role, Sense, Shape, Stroke, WidgetInfo, emath::Rangef, pos2, vec2};

use super::cells::percentile_color;
use super::picture::Stage;
use crate::app::{Action, FocusView};
use crate::dataset::CropWindow;
use crate::extractors::WindowShape;
use crate::pipeline::Ribbon;
use crate::ui::plots::{FrequencyAxis, Span, merged_cells};
use crate::ui::theme;

/// Narrower boxes would only cover the picture.
const MIN_BOX_POINTS: f32 = 12.0;
/// Narrower cells have no room for their number.
const MIN_NUMBER_POINTS: f32 = 22.0;
/// Of the windows of a network: the green of the paper's figure, light enough for every colour map.
const WINDOW_GREEN: Color32 = Color32::from_rgb(70, 255, 110);

/// Dashed outlines. Where windows overlap, only those that do not touch an earlier one: the ribbon shows them all.
pub(super) fn paint_boxes(painter: &egui::Painter, stage: &Stage, axis: FrequencyAxis, focus: &FocusView) {
    let painter = painter.with_clip_rect(stage.spectrogram);
    let y = focus
        .window
        .map_or(stage.spectrogram.y_range(), |shape| heights(stage, axis, shape));
    // Of thousands of boxes too narrow to be drawn nothing is reckoned.
    let width = |crop: &CropWindow| stage.time.pixel(crop.end_secs) - stage.time.pixel(crop.start_secs);
    if focus.crops.first().is_none_or(|crop| width(crop) < MIN_BOX_POINTS) {
        return;
    }
    let mut drawn_to = f64::NEG_INFINITY;
    let mut shapes = Vec::new();
    for (crop_idx, crop) in focus.crops.iter().enumerate() {
        let (start, end) = (crop.start_secs, crop.end_secs);
        let x = Rangef::new(stage.time.pixel(start), stage.time.pixel(end));
        if start < drawn_to - 1e-3 || x.span() < MIN_BOX_POINTS {
            continue;
        }
        drawn_to = end;
        if x.max < stage.spectrogram.left() || x.min > stage.spectrogram.right() {
            continue;
        }
        let outline = Rect::from_x_y_ranges(x, y).shrink(1.5);
        // A dash is a shape of its own: far beyond the edges there is no need for any.
        let outline = outline.intersect(stage.spectrogram.expand(20.0));
        let corners = [
            outline.left_top(),
            outline.right_top(),
            outline.right_bottom(),
            outline.left_bottom(),
            outline.left_top(),
        ];
        if focus.window.is_none() {
            let stroke = Stroke::new(1.0, Color32::from_white_alpha(120));
            Shape::dashed_line_many(&corners, stroke, 5.0, 4.0, &mut shapes);
            continue;
        }
        // Dark beside the green: it is seen on every colour.
        shapes.push(Shape::line(
            corners.to_vec(),
            Stroke::new(3.0, Color32::from_black_alpha(120)),
        ));
        Shape::dashed_line_many(&corners, Stroke::new(1.5, WINDOW_GREEN), 6.0, 4.0, &mut shapes);
        let score = focus.ribbon.as_ref().and_then(|ribbon| ribbon.scores.get(crop_idx));
        if let Some(&score) = score {
            shapes.extend(label(&painter, outline, score).into_iter().flatten());
        }
    }
    painter.extend(shapes);
}

/// From the lowest band of a window to its highest.
fn heights(stage: &Stage, axis: FrequencyAxis, shape: WindowShape) -> Rangef {
    let [low, high] = shape.band_hz.map(|hz| {
        let hz = f64::from(hz).clamp(axis.bottom_hz(), stage.top_hz);
        stage.frequency.pixel(axis.position(hz, stage.top_hz))
    });
    Rangef::new(high, low)
}

/// A score in the upper left corner of its box, in fewer digits where the box is narrow; `None` where there is no room at all.
fn label(painter: &egui::Painter, outline: Rect, score: f32) -> Option<[Shape; 2]> {
    let in_sight = outline.intersect(painter.clip_rect());
    let texts = [short(score), format!("{score:.1}")].into_iter();
    let mut galleys = texts.map(|text| painter.layout_no_wrap(text, FontId::monospace(10.0), WINDOW_GREEN));
    let galley = galleys.find(|galley| galley.size().x + 4.0 <= in_sight.width())?;
    let at = in_sight.left_top() + vec2(2.0, 2.0);
    let behind = Rect::from_min_size(at, galley.size()).expand2(vec2(1.0, 0.0));
    Some([
        Shape::rect_filled(behind, 2.0, Color32::from_black_alpha(170)),
        Shape::galley(at, galley, WINDOW_GREEN),
    ])
}

/// Three digits that tell, whatever the unit.
fn short(score: f32) -> String {
    let size = f64::from(score.abs()).max(1e-12).log10().floor();
    if score == 0.0 {
        "0".to_owned()
    } else if (-3.0..4.0).contains(&size) {
        format!("{score:.*}", (2.0 - size).clamp(0.0, 5.0) as usize)
    } else {
        format!("{score:.1e}")
    }
}

/// One cell a crop, coloured by percentile; a click plays from there.
pub(super) fn ribbon(
    ui: &mut egui::Ui,
    stage: &Stage,
    (ribbon, window): (&Ribbon, Option<WindowShape>),
    actions: &mut Vec<Action>,
) {
    let rect = stage.ribbon;
    let palette = theme::palette(ui);
    let response = ui.interact(rect, ui.scope_id().with("ribbon"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Scores of the crops"));
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 0.0, palette.canvas);
    let cells = ribbon.percentiles.iter().enumerate().take(ribbon.crops.len());
    let cells = cells.map(|(crop_idx, &percentile)| {
        let span = cell_span(&ribbon.crops, crop_idx);
        let x = Rangef::new(stage.time.pixel(span.start), stage.time.pixel(span.end));
        (x, percentile)
    });
    let in_sight = cells.filter(|(x, _)| x.max >= rect.left() && x.min <= rect.right());
    for (x, percentile) in merged_cells(in_sight, 1.0 / painter.pixels_per_point()) {
        let gap = if x.span() > 4.0 { 1.0 } else { 0.0 };
        let cell = Rect::from_x_y_ranges(Rangef::new(x.min, x.max - gap), rect.y_range());
        let color = percentile_color(palette, percentile);
        painter.rect_filled(cell, 0.0, color);
        if x.span() >= MIN_NUMBER_POINTS {
            let in_sight = cell.intersect(rect);
            let font = FontId::monospace(11.0);
            let text = format!("{percentile:.0}");
            painter.text(in_sight.center(), Align2::CENTER_CENTER, text, font, ink_on(color));
        }
    }
    let rulers = ui.painter();
    rulers.text(
        pos2(rect.left() - 6.0, rect.center().y),
        Align2::RIGHT_CENTER,
        "crops",
        FontId::proportional(11.0),
        palette.weak,
    );
    if let (Some(shape), Some(last)) = (window, ribbon.crops.last()) {
        left_over(ui, stage, shape, last.end_secs);
    }
    let pointed_at = response
        .hover_pos()
        .or(response.interact_pointer_pos())
        .and_then(|pointer| crop_at(&ribbon.crops, stage.time.value(pointer.x)));
    let Some(crop_idx) = pointed_at else {
        return;
    };
    let crop = ribbon.crops[crop_idx];
    outline(ui, stage, crop);
    if response.clicked() {
        actions.push(Action::PlayFrom(crop.start_secs));
    }
    let percentile = ribbon.percentiles.get(crop_idx).copied().unwrap_or(0.0);
    let score = ribbon.scores.get(crop_idx);
    let score = score.map_or(String::new(), |&score| format!(", score {}", short(score)));
    response
        .on_hover_text_at_pointer(format!(
            "crop {:.2}\u{2013}{:.2} s: {} percentile of normal crops{score}\nclick to play from here",
            crop.start_secs,
            crop.end_secs,
            ordinal(percentile)
        ))
        .on_hover_cursor(egui::CursorIcon::PointingHand);
}

/// The end of the clip that makes no whole window any more: nothing judges it, and that is said.
fn left_over(ui: &mut egui::Ui, stage: &Stage, shape: WindowShape, from_secs: f64) {
    let left_secs = stage.whole.end - from_secs;
    if left_secs < 1e-3 {
        return;
    }
    let x = Rangef::new(stage.time.pixel(from_secs), stage.time.pixel(stage.whole.end));
    let rect = Rect::from_x_y_ranges(x, stage.ribbon.y_range()).intersect(stage.ribbon);
    let response = ui.interact(rect, ui.scope_id().with("left over"), Sense::hover());
    let words = format!(
        "The last {left_secs:.2} s make no whole window of {} frames: no score is theirs",
        shape.n_frames
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    let weak = theme::palette(ui).weak;
    let layout = |text: String| ui.painter().layout_no_wrap(text, FontId::proportional(11.0), weak);
    let galley = layout("left out".to_owned());
    if galley.size().x + 4.0 < rect.width() {
        ui.painter().galley(rect.center() - 0.5 * galley.size(), galley, weak);
    } else {
        // No room there: at the end of the line below, where the pointer's readings begin at the left. Where they need all of it
        // the tooltip alone says so.
        let galley = layout(format!("last {left_secs:.2} s left out"));
        let at = stage.readout.right_center() - vec2(galley.size().x, 0.5 * galley.size().y);
        if stage.readout.width() - galley.size().x > READINGS_POINTS {
            ui.painter().galley(at, galley, weak);
        }
    }
    response.on_hover_text(words);
}

/// Room for the pointer's readings at the left of their line.
const READINGS_POINTS: f32 = 290.0;

/// The whole window of the crop that is pointed at.
fn outline(ui: &egui::Ui, stage: &Stage, crop: CropWindow) {
    let x = Rangef::new(stage.time.pixel(crop.start_secs), stage.time.pixel(crop.end_secs));
    let outline = Rect::from_x_y_ranges(x, stage.spectrogram.y_range()).shrink2(vec2(0.0, 1.0));
    let stroke = Stroke::new(1.5, Color32::WHITE);
    ui.painter()
        .with_clip_rect(stage.spectrogram)
        .rect_stroke(outline, 0.0, stroke, egui::StrokeKind::Inside);
}

fn middle(crop: &CropWindow) -> f64 {
    (crop.start_secs + crop.end_secs) / 2.0
}

/// The crop whose cell lies there.
fn crop_at(crops: &[CropWindow], secs: f64) -> Option<usize> {
    let n_before = crops.partition_point(|crop| middle(crop) <= secs);
    let near = n_before.saturating_sub(1)..(n_before + 1).min(crops.len());
    near.into_iter().find(|&crop_idx| cell_span(crops, crop_idx).contains(secs))
}

/// Windows may overlap, cells may not: each reaches half way to the middle of its neighbours.
fn cell_span(crops: &[CropWindow], crop_idx: usize) -> Span {
    let own = &crops[crop_idx];
    let before = crop_idx.checked_sub(1).map(|idx| &crops[idx]);
    let start = before.map_or(own.start_secs, |before| (middle(before) + middle(own)) / 2.0);
    let end = crops
        .get(crop_idx + 1)
        .map_or(own.end_secs, |after| (middle(own) + middle(after)) / 2.0);
    Span::new(start, end)
}

/// Black or white, whichever reads better.
fn ink_on(color: Color32) -> Color32 {
    let luminance = 0.299 * f32::from(color.r()) + 0.587 * f32::from(color.g()) + 0.114 * f32::from(color.b());
    if luminance > 128.0 { Color32::BLACK } else { Color32::WHITE }
}

/// `97th`, `1st`, `99.8th` where rounding would say 100.
pub(super) fn ordinal(percentile: f32) -> String {
    if percentile > 99.0 && percentile < 100.0 {
        return format!("{percentile:.1}th");
    }
    let n = percentile.round().max(0.0) as u32;
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests {
    use super::{CropWindow, Span, cell_span, crop_at, ordinal, short};

    #[test]
    fn scores_are_short_whatever_their_unit() {
        let said = [0.0, 0.4123, 12.34, 1234.5, 0.001_234, -0.5, 123_456.0, 1e-9].map(short);
        assert_eq!(said, ["0", "0.412", "12.3", "1234", "0.00123", "-0.500", "1.2e5", "1.0e-9"]);
    }

    fn crops(starts: &[f64], len: f64) -> Vec<CropWindow> {
        let crop = |&start_secs: &f64| CropWindow {
            start_secs,
            end_secs: start_secs + len,
        };
        starts.iter().map(crop).collect()
    }

    #[test]
    fn cells_of_adjoining_crops_are_the_crops() {
        let crops = crops(&[0.0, 2.0, 4.0], 2.0);
        assert_eq!(cell_span(&crops, 0), Span::new(0.0, 2.0));
        assert_eq!(cell_span(&crops, 1), Span::new(2.0, 4.0));
        assert_eq!(cell_span(&crops, 2), Span::new(4.0, 6.0));
    }

    #[test]
    fn cells_of_overlapping_crops_lie_side_by_side() {
        let crops = crops(&[0.0, 1.0, 2.0], 4.0);
        let spans: Vec<Span> = (0..3).map(|idx| cell_span(&crops, idx)).collect();
        assert_eq!(spans[0], Span::new(0.0, 2.5));
        assert_eq!(spans[1], Span::new(2.5, 3.5));
        assert_eq!(spans[2], Span::new(3.5, 6.0));
        for secs in [0.0, 1.0, 2.6, 3.4, 3.6, 5.9] {
            let found = crop_at(&crops, secs);
            assert_eq!(found, spans.iter().position(|span| span.contains(secs)), "{secs} s");
        }
        assert_eq!((crop_at(&crops, 7.0), crop_at(&[], 0.0)), (None, None));
    }

    #[test]
    fn percentiles_are_read_aloud_right() {
        let said = [1.0, 2.2, 3.0, 11.0, 12.0, 21.0, 97.4, 99.7, 100.0].map(ordinal);
        assert_eq!(said, ["1st", "2nd", "3rd", "11th", "12th", "21st", "97th", "99.7th", "100th"]);
    }
}
