//! The drawing that is saved, as it lies on paper.

use std::sync::Arc;

use eframe::egui::{
    self, Color32, ColorImage, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, WidgetInfo, pos2, vec2,
};

use crate::app::Preview;
use crate::ui::theme::{self, GRID};

/// The picture on the graphics card, with what it is of.
#[derive(Default)]
pub(super) struct PreviewView {
    shown: Option<(Arc<Preview>, TextureHandle)>,
}

impl PreviewView {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, name: &str, preview: Option<&Arc<Preview>>) {
        let room = ui.available_size().max(vec2(80.0, 60.0));
        let (area, response) = ui.allocate_exact_size(room, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
        let palette = theme::palette(ui);
        ui.painter().rect_filled(area, 4.0, ui.visuals().faint_bg_color);
        let Some(preview) = preview else {
            self.shown = None;
            return;
        };
        let texture = self.texture(ui, preview);
        let [width, height] = [preview.pixels.width, preview.pixels.height].map(|pixels| pixels as f32);
        let inside = area.shrink(2.0 * GRID);
        let scale = (inside.width() / width).min(inside.height() / height);
        let paper = Rect::from_center_size(area.center(), vec2(width, height) * scale);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture, paper, whole, Color32::WHITE);
        ui.painter()
            .rect_stroke(paper, 0.0, Stroke::new(1.0, palette.grid), StrokeKind::Outside);
    }

    fn texture(&mut self, ui: &egui::Ui, preview: &Arc<Preview>) -> egui::TextureId {
        if let Some((shown, texture)) = &self.shown
            && Arc::ptr_eq(shown, preview)
        {
            return texture.id();
        }
        let pixels = &preview.pixels;
        let size = [pixels.width, pixels.height].map(|length| length as usize);
        // The drawing has a ground: nothing of it is transparent.
        let image = ColorImage::from_rgba_premultiplied(size, &pixels.rgba);
        let texture = ui.ctx().load_texture("report_preview", image, TextureOptions::LINEAR);
        let id = texture.id();
        self.shown = Some((Arc::clone(preview), texture));
        id
    }
}
