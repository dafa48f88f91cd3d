//! The rolling picture: a ring of columns in one texture, of which only the new ones are brought over.

use eframe::egui::{
    self, Align2, Color32, ColorImage, FontId, Mesh, Pos2, Rect, Sense, TextureHandle, TextureOptions, Vec2, pos2,
};

use crate::app::Waterfall;
use crate::audio::SAMPLE_RATE_HZ;
use crate::ui::plots::{ColorMap, Coloring, FrequencyAxis, Look, RowSource, Span, frequency_ticks, row_sources, tile_image};
use crate::ui::theme;

const N_ROWS: usize = 256;
const COLORING: Coloring = Coloring {
    map: ColorMap::Magma,
    is_inverted: false,
    range_db: [-100.0, -20.0],
};
const TOP_HZ: f64 = SAMPLE_RATE_HZ as f64 / 2.0;
const LEFT: f32 = 44.0;
const BOTTOM: f32 = 16.0;
/// Seconds between two marks of the time axis.
const MARK_SECS: f64 = 5.0;

/// The texture and how far it has come.
#[derive(Default)]
pub(super) struct WaterfallView {
    texture: Option<TextureHandle>,
    rows: Vec<RowSource>,
    n_columns: u64,
}

impl WaterfallView {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, size: Vec2, waterfall: &Waterfall) {
        let palette = theme::palette(ui);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let secs = waterfall.n_columns() as f64 * Waterfall::COLUMN_SECS;
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Rolling spectrogram, {secs:.0} s heard"))
        });
        let picture = Rect::from_min_max(
            pos2(rect.left() + LEFT, rect.top()),
            pos2(rect.right(), rect.bottom() - BOTTOM),
        );
        let painter = ui.painter_at(rect);
        painter.rect_filled(picture, 0.0, Color32::BLACK);
        self.renew(ui.ctx(), waterfall);
        if let Some(texture) = &self.texture {
            paint_ring(&painter, picture, texture, waterfall.n_columns());
        }
        let font = || FontId::monospace(10.5);
        for tick in frequency_ticks(FrequencyAxis::Mel, TOP_HZ, Span::UNIT, picture.height()) {
            let y = picture.bottom() - FrequencyAxis::Mel.position(tick.value, TOP_HZ) as f32 * picture.height();
            let y = y.clamp(picture.top() + 6.0, picture.bottom() - 6.0);
            painter.text(
                pos2(picture.left() - 4.0, y),
                Align2::RIGHT_CENTER,
                tick.label,
                font(),
                palette.weak,
            );
        }
        let whole_secs = Waterfall::N_COLUMNS as f64 * Waterfall::COLUMN_SECS;
        let mut ago = 0.0;
        while ago < whole_secs {
            let x = picture.right() - (ago / whole_secs) as f32 * picture.width();
            let (anchor, text) = if ago == 0.0 {
                (Align2::RIGHT_TOP, "now".to_owned())
            } else {
                (Align2::CENTER_TOP, format!("-{ago:.0} s"))
            };
            painter.text(pos2(x, picture.bottom() + 3.0), anchor, text, font(), palette.weak);
            ago += MARK_SECS;
        }
    }

    /// Brings the columns over that are new; all of them where another stream began.
    fn renew(&mut self, context: &egui::Context, waterfall: &Waterfall) {
        if self.rows.is_empty() {
            let look = Look {
                axis: FrequencyAxis::Mel,
                top_hz: TOP_HZ,
                positions: Span::UNIT,
                n_rows: N_ROWS,
            };
            self.rows = row_sources(waterfall.band_hz(), &look);
        }
        if self.texture.is_none() || waterfall.n_columns() < self.n_columns {
            let black = ColorImage::filled([Waterfall::N_COLUMNS, N_ROWS], COLORING.colors()[0]);
            self.texture = Some(context.load_texture("waterfall", black, TextureOptions::LINEAR));
            self.n_columns = 0;
        }
        let Some(texture) = &mut self.texture else { return };
        let from = self
            .n_columns
            .max(waterfall.n_columns().saturating_sub(Waterfall::N_COLUMNS as u64));
        let ring = Waterfall::N_COLUMNS as u64;
        let mut start = from;
        while start < waterfall.n_columns() {
            // Up to the end of the ring, then from its beginning.
            let end = waterfall.n_columns().min((start / ring + 1) * ring);
            let new = waterfall.columns(start, end);
            if new.n_frames == 0 {
                break;
            }
            let image = tile_image(&new, &self.rows, 0..new.n_frames, 1, &COLORING);
            texture.set_partial([(start % ring) as usize, 0], without_seams(&image), TextureOptions::LINEAR);
            start = end;
        }
        self.n_columns = waterfall.n_columns();
    }
}

/// The image without the column on either side that tiles have for interpolation.
fn without_seams(image: &ColorImage) -> ColorImage {
    let [width, height] = image.size;
    let inner = image
        .pixels
        .chunks_exact(width)
        .flat_map(|row| row[1..width - 1].iter().copied())
        .collect();
    ColorImage::new([width - 2, height], inner)
}

/// The oldest column on the left, the newest on the right.
fn paint_ring(painter: &egui::Painter, rect: Rect, texture: &TextureHandle, n_columns: u64) {
    let head = (n_columns % Waterfall::N_COLUMNS as u64) as f32 / Waterfall::N_COLUMNS as f32;
    let split = rect.right() - head * rect.width();
    let quad = |left: f32, right: f32, u0: f32, u1: f32| {
        if right <= left {
            return;
        }
        let mut mesh = Mesh::with_texture(texture.id());
        let uv = Rect::from_min_max(Pos2::new(u0, 0.0), Pos2::new(u1, 1.0));
        mesh.add_rect_with_uv(
            Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom())),
            uv,
            Color32::WHITE,
        );
        painter.add(mesh);
    };
    quad(rect.left(), split, head, 1.0);
    quad(split, rect.right(), 0.0, head);
}
