//! The score of the last half minute under its picture, with the threshold as a line to drag.

use eframe::egui::{self, Align2, FontId, Pos2, Rect, Sense, Shape, Stroke, Vec2, WidgetInfo, pos2};

use crate::app::{Action, LiveAction, LivePace, LiveSettings, LiveView, Waterfall};
use crate::audio::SAMPLE_RATE_HZ;
use crate::ui::plots::paint_caption;
use crate::ui::theme;

const LEFT: f32 = 44.0;
/// Above this percentile all windows look alike: the bank is not that large.
const TOP: f32 = 99.9;
const MARKS: [f32; 3] = [50.0, 90.0, 99.0];
const THRESHOLDS: std::ops::RangeInclusive<f32> = 50.0..=99.8;

/// How rare a percentile is: 0 at 0, a step for each factor of ten.
fn height_of(percentile: f32) -> f32 {
    let share = 1.0 - percentile.clamp(0.0, TOP) / 100.0;
    -share.log10() / -(1.0 - TOP / 100.0).log10()
}

fn percentile_at(height: f32) -> f32 {
    let decades = height.clamp(0.0, 1.0) * -(1.0 - TOP / 100.0).log10();
    100.0 * (1.0 - 10f32.powf(-decades))
}

pub(super) fn ui(ui: &mut egui::Ui, size: Vec2, live: &LiveView, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let newest = live.scores.back();
    let spoken = newest.map_or_else(
        || "Anomaly score: not yet".to_owned(),
        |score| format!("Anomaly score: {:.1}", score.percentile),
    );
    response.widget_info(|| WidgetInfo::slider(true, f64::from(live.settings.threshold), &spoken));
    let plot = Rect::from_min_max(
        pos2(rect.left() + LEFT, rect.top() + 2.0),
        pos2(rect.right(), rect.bottom() - 4.0),
    );
    let y_of = |percentile: f32| plot.bottom() - height_of(percentile) * plot.height();
    if response.dragged()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let wished = percentile_at((plot.bottom() - pointer.y) / plot.height());
        actions.push(Action::Live(LiveAction::Set(Box::new(LiveSettings {
            threshold: wished.clamp(*THRESHOLDS.start(), *THRESHOLDS.end()),
            ..live.settings.clone()
        }))));
    }
    let painter = ui.painter_at(rect);
    painter.rect_filled(plot, 0.0, palette.canvas);
    for mark in MARKS {
        let y = y_of(mark);
        painter.hline(plot.x_range(), y, Stroke::new(1.0, palette.grid));
        let y = y.clamp(plot.top() + 6.0, plot.bottom() - 6.0);
        painter.text(
            pos2(plot.left() - 4.0, y),
            Align2::RIGHT_CENTER,
            format!("{mark:.0}"),
            FontId::monospace(10.5),
            palette.weak,
        );
    }
    let whole = Waterfall::N_COLUMNS as f64 * Waterfall::COLUMN_SECS;
    let now = live.heard.n_samples as f64;
    let x_of = |sample: u64| plot.right() - ((now - sample as f64) / f64::from(SAMPLE_RATE_HZ) / whole) as f32 * plot.width();
    let points: Vec<Pos2> = live
        .scores
        .iter()
        .map(|score| pos2(x_of(score.end), y_of(score.percentile)))
        .collect();
    let line = y_of(live.settings.threshold);
    // What is older than the picture above has left it on the left.
    let curve = painter.with_clip_rect(Rect::from_x_y_ranges(plot.x_range(), rect.y_range()));
    curve.add(Shape::line(points, Stroke::new(1.5, palette.normal)));
    for score in live.scores.iter().filter(|score| score.percentile >= live.settings.threshold) {
        curve.circle_filled(pos2(x_of(score.end), y_of(score.percentile)), 2.0, palette.anomalous);
    }
    painter.add(Shape::dashed_line(
        &[pos2(plot.left(), line), pos2(plot.right(), line)],
        Stroke::new(1.5, palette.warning),
        6.0,
        4.0,
    ));
    let text = format!("threshold {:.1}: drag", live.settings.threshold);
    let at = pos2(plot.left() + 6.0, line + if line < plot.top() + 16.0 { 2.0 } else { -14.0 });
    let ground = ui.visuals().extreme_bg_color;
    let font = FontId::proportional(11.0);
    paint_caption(&painter, at, Align2::LEFT_TOP, text, font.clone(), [palette.warning, ground]);
    if let Some(scoring) = &live.scoring {
        let text = match (newest, scoring.pace, scoring.is_paused) {
            (_, _, true) => "paused".to_owned(),
            (Some(score), Some(pace), _) => format!("{:.1}   {}", score.percentile, pace_words(&pace)),
            _ => "the training clips are being heard".to_owned(),
        };
        let at = pos2(plot.right() - 6.0, plot.top() + 2.0);
        paint_caption(&painter, at, Align2::RIGHT_TOP, text, font, [palette.ink, ground]);
    }
}

/// How scoring keeps up: where the machine cannot do every frame, it is said that it does not.
fn pace_words(pace: &LivePace) -> String {
    let hop = match pace.hop_frames {
        1 => "every frame".to_owned(),
        n => format!("only every {n} frames, as fast as this machine can"),
    };
    format!("{:.1} ms a window, {hop}, {:.0} ms behind", pace.cost_ms, pace.behind_ms)
}

#[cfg(test)]
mod tests {
    use super::{LivePace, height_of, pace_words, percentile_at};

    #[test]
    fn a_larger_hop_is_owned_up_to() {
        let pace = |hop_frames| LivePace {
            cost_ms: 41.7,
            hop_frames,
            behind_ms: 70.0,
        };
        assert_eq!(pace_words(&pace(1)), "41.7 ms a window, every frame, 70 ms behind");
        assert!(pace_words(&pace(5)).contains("only every 5 frames"));
    }

    #[test]
    fn heights_and_percentiles_are_inverse_and_each_factor_of_ten_is_a_step() {
        for percentile in [0.0, 50.0, 90.0, 99.0, 99.8] {
            assert!((percentile_at(height_of(percentile)) - percentile).abs() < 1e-3);
        }
        assert!((height_of(99.0) - 2.0 * height_of(90.0)).abs() < 1e-5);
        assert_eq!(height_of(100.0), height_of(99.9), "the end of the scale");
    }
}
