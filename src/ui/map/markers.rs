//! The markers of the map as one small texture, so that all points are one mesh.

use eframe::egui::{self, Color32, ColorImage, Mesh, Pos2, Rect, TextureHandle, TextureOptions, Vec2, pos2};

/// Texels along one side of a marker.
const SIZE: usize = 24;
const N_MARKERS: usize = 4;

/// What stands for a clip: filled for the source domain, open for the target; a cross for an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Disc,
    Ring,
    Cross,
    RingedCross,
}

impl Marker {
    pub(super) fn of(is_anomaly: bool, is_target: bool) -> Self {
        match (is_anomaly, is_target) {
            (false, false) => Self::Disc,
            (false, true) => Self::Ring,
            (true, false) => Self::Cross,
            (true, true) => Self::RingedCross,
        }
    }

    pub(super) fn is_anomaly(self) -> bool {
        matches!(self, Self::Cross | Self::RingedCross)
    }

    pub(super) fn is_target(self) -> bool {
        matches!(self, Self::Ring | Self::RingedCross)
    }

    /// How much of a texel at (`x`, `y`), −1..1 across the marker, is covered; `soft` is the width of a texel.
    fn coverage(self, x: f32, y: f32, soft: f32) -> f32 {
        let inside = |distance: f32| (0.5 - distance / soft).clamp(0.0, 1.0);
        let radius = x.hypot(y);
        let ring = |at: f32, half: f32| inside((radius - at).abs() - half);
        let cross = |reach: f32, half: f32| {
            let (u, v) = ((x + y).abs() / 2f32.sqrt(), (x - y).abs() / 2f32.sqrt());
            inside(u.min(v) - half).min(inside(u.max(v) - reach))
        };
        match self {
            Self::Disc => inside(radius - 0.72),
            Self::Ring => ring(0.66, 0.14),
            Self::Cross => cross(0.9, 0.13),
            Self::RingedCross => cross(0.55, 0.13).max(ring(0.78, 0.12)),
        }
    }
}

const ALL: [Marker; N_MARKERS] = [Marker::Disc, Marker::Ring, Marker::Cross, Marker::RingedCross];

/// Makes the texture: the markers side by side, white.
pub(super) fn texture(context: &egui::Context) -> TextureHandle {
    let mut image = ColorImage::filled([SIZE * N_MARKERS, SIZE], Color32::TRANSPARENT);
    let soft = 2.0 / SIZE as f32;
    for (place, marker) in ALL.into_iter().enumerate() {
        for row in 0..SIZE {
            for column in 0..SIZE {
                let at = |texel: usize| (texel as f32 + 0.5) * soft - 1.0;
                let alpha = marker.coverage(at(column), at(row), soft);
                image.pixels[row * SIZE * N_MARKERS + place * SIZE + column] = Color32::from_white_alpha((alpha * 255.0) as u8);
            }
        }
    }
    context.load_texture("map_markers", image, TextureOptions::LINEAR)
}

/// Adds one marker to a mesh with the texture of [`texture`].
pub(super) fn add(mesh: &mut Mesh, marker: Marker, center: Pos2, size: f32, color: Color32) {
    let left = marker as u8 as f32 / N_MARKERS as f32;
    let uv = Rect::from_min_max(pos2(left, 0.0), pos2(left + 1.0 / N_MARKERS as f32, 1.0));
    mesh.add_rect_with_uv(Rect::from_center_size(center, Vec2::splat(size)), uv, color);
}
