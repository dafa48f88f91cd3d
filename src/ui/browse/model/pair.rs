//! The focused clip beside the nearest normal one: the same seconds, frequencies and colours, and a click to hear either.

use std::sync::Arc;

use eframe::egui::{
    self, Align, Button, Color32, Rect, RichText, Role, Sense, Stroke, StrokeKind, WidgetInfo, emath::Rangef, pos2,
};

use super::super::cells::own_name;
use super::super::picture::PictureView;
use super::message;
use crate::app::{Action, LoadedClip, ModelAction, ModelPane, NearestClip, Playback, Workbench};
use crate::detectors::Metric;
use crate::ui::plots::{Picture, Scale, Span, TiledSpectrogram};
use crate::ui::theme::{self, GRID};
use crate::ui::widgets::clock;

const TITLE_HEIGHT: f32 = 26.0;
const CAPTION_HEIGHT: f32 = 18.0;
const GAP: f32 = 2.0 * GRID;

/// The private look of the two pictures.
#[derive(Default)]
pub(super) struct PairView {
    tiles: [TiledSpectrogram; 2],
}

impl PairView {
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        playback: &Playback,
        picture: &PictureView,
        actions: &mut Vec<Action>,
    ) {
        let own = workbench
            .focus_view
            .loaded
            .as_ref()
            .filter(|loaded| Some(loaded.clip_idx) == workbench.focus);
        let (Some(own), Some(nearest)) = (own, workbench.model.nearest_of(workbench.focus)) else {
            return message(ui, workbench, ModelPane::Nearest, workbench.model.nearest_error.as_deref());
        };
        let (area, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
        let sides = Rect::from_min_max(area.min, pos2(area.right(), area.bottom() - CAPTION_HEIGHT));
        let width = 0.5 * (sides.width() - GAP);
        let own = nearest.stretch.as_ref().unwrap_or(own);
        for (side, loaded) in [own, &nearest.loaded].into_iter().enumerate() {
            let left = sides.left() + side as f32 * (width + GAP);
            let rect = Rect::from_x_y_ranges(Rangef::new(left, left + width), sides.y_range());
            self.side(ui, workbench, (side, loaded), rect, picture, playback, actions);
        }
        let rect = Rect::from_min_max(pos2(area.left(), sides.bottom()), area.max);
        caption(ui, rect, workbench, nearest);
    }

    #[expect(clippy::too_many_arguments, reason = "what is drawn, where, how, and what a click does")]
    fn side(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        (side, loaded): (usize, &Arc<LoadedClip>),
        rect: Rect,
        picture: &PictureView,
        playback: &Playback,
        actions: &mut Vec<Action>,
    ) {
        let palette = theme::palette(ui);
        let is_nearest = side == 1;
        let is_heard = workbench.model.hears_nearest == is_nearest;
        let name = workbench
            .dataset
            .clips
            .get(loaded.clip_idx)
            .map_or("", |clip| clip.file_name());
        let title = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + TITLE_HEIGHT));
        let mut inside = ui.new_child(
            egui::UiBuilder::new()
                .max_rect(title)
                .layout(egui::Layout::left_to_right(Align::Center)),
        );
        let words = ["A  this clip", "B  nearest normal"][side];
        let button = Button::selectable(is_heard, words).frame_when_inactive(true);
        let hear = || Action::Model(ModelAction::Hear { nearest: is_nearest });
        if inside
            .add(button)
            .on_hover_text("Hear this one where the playhead stands (X changes over)")
            .clicked()
        {
            actions.push(hear());
        }
        let short = workbench.dataset.clips.get(loaded.clip_idx).map_or("", own_name);
        let file = egui::Label::new(RichText::new(short).small().color(palette.weak)).truncate();
        inside.add(file).on_hover_text(name);

        let inner = Rect::from_min_max(pos2(rect.left(), title.bottom()), rect.max);
        let (mut time, positions) = picture.shown();
        // Of a long recording the stretch that the normal clip is held against: both begin where it does.
        let nearest = workbench.model.nearest_of(workbench.focus);
        let from_secs = nearest.map_or(0.0, |nearest| nearest.from_secs);
        if let Some(stretch) = nearest.and_then(|nearest| nearest.stretch.as_ref()) {
            let whole = Span::new(from_secs, from_secs + stretch.clip.duration_secs());
            if time.start < whole.start || time.end > whole.end {
                time = whole;
            }
        }
        ui.painter().rect_filled(inner, 0.0, Color32::BLACK);
        let frame =
            |secs: f64| (secs - from_secs) * f64::from(loaded.clip.sample_rate_hz) / loaded.settings.hop.max(1) as f64 + 0.5;
        self.tiles[side].paint(
            ui.painter(),
            inner,
            &Picture {
                spectrogram: &loaded.spectrogram,
                long: None,
                bin_hz: &loaded.bin_hz,
                frames: Span::new(frame(time.start), frame(time.end)),
                axis: picture.axis,
                top_hz: f64::from(loaded.clip.sample_rate_hz.max(80)) / 2.0,
                positions,
                coloring: picture.coloring(),
            },
        );
        let scale = Scale::horizontal(time, inner.x_range());
        if time.contains(playback.position_secs) {
            let x = scale.pixel(playback.position_secs);
            let strength = if is_heard { 1.0 } else { 0.4 };
            let stroke = Stroke::new(1.0, Color32::WHITE.gamma_multiply(strength));
            ui.painter()
                .line_segment([pos2(x, inner.top()), pos2(x, inner.bottom())], stroke);
        }
        let edge = if is_heard {
            Stroke::new(1.5, palette.accent)
        } else {
            Stroke::new(1.0, palette.grid)
        };
        ui.painter().rect_stroke(inner, 0.0, edge, StrokeKind::Inside);
        let response = ui.interact(inner, ui.scope_id().with(words), Sense::click());
        let what = if is_nearest { "Nearest normal clip" } else { "This clip" };
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{what}: {name}")));
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
        if response.clicked()
            && let Some(at) = response.interact_pointer_pos()
        {
            let secs = scale.value(at.x).clamp(from_secs, from_secs + loaded.clip.duration_secs());
            actions.push(hear());
            actions.push(Action::PlayFrom(secs));
        }
    }
}

/// What nearest means, and among how many.
fn caption(ui: &mut egui::Ui, rect: Rect, workbench: &Workbench, nearest: &NearestClip) {
    let metric = match nearest.found.metric {
        Metric::Cosine => "cosine distance",
        Metric::Euclidean => "Euclidean distance",
    };
    let run = workbench.project.active_run.as_deref().unwrap_or("the run");
    let group = workbench
        .dataset
        .clips
        .get(nearest.of_clip)
        .map_or(String::new(), |clip| clip.group.to_string());
    let what = nearest.stretch.as_ref().map_or(String::new(), |stretch| {
        let (from, to) = (
            clock(nearest.from_secs),
            clock(nearest.from_secs + stretch.clip.duration_secs()),
        );
        format!("{from}\u{2013}{to} here, at the playhead: ")
    });
    let text = format!(
        "{what}{metric} {:.4} between the embeddings of {run}: the least to {} normal training clips of {group}",
        nearest.found.distance, nearest.found.n_candidates
    );
    let mut inside = ui.new_child(
        egui::UiBuilder::new()
            .max_rect(rect)
            .layout(egui::Layout::left_to_right(Align::Center)),
    );
    let weak = theme::palette(ui).weak;
    inside.add(egui::Label::new(RichText::new(text).small().color(weak)).truncate());
}
