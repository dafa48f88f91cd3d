//! Which part of the map is on the screen.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Points of the screen around the map when all of it fits.
const MARGIN: f32 = 24.0;

/// The place of the map in the middle of the screen, and how large the map is. One scale for both directions: distances mean something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Camera {
    center: [f32; 2],
    /// Points of the screen for one unit of the map.
    pub(super) scale: f32,
}

impl Camera {
    /// Shows all finite points within `screen`.
    pub(super) fn fitting(points: impl Iterator<Item = [f32; 2]>, screen: Rect) -> Self {
        let finite = points.filter(|point| point.iter().all(|value| value.is_finite()));
        let mut bounds = Rect::NOTHING;
        for [x, y] in finite {
            bounds.extend_with(pos2(x, y));
        }
        if !bounds.is_finite() {
            bounds = Rect::ZERO;
        }
        let room = (screen.size() - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0));
        // A single point has no extent: any scale will do.
        let extent = bounds.size().max(Vec2::splat(1e-6));
        Self {
            center: [bounds.center().x, bounds.center().y],
            scale: (room / extent).min_elem().min(1e6),
        }
    }

    /// Upwards on the map is upwards on the screen.
    pub(super) fn to_screen(self, [x, y]: [f32; 2], screen: Rect) -> Pos2 {
        screen.center() + vec2(x - self.center[0], self.center[1] - y) * self.scale
    }

    pub(super) fn to_map(self, at: Pos2, screen: Rect) -> [f32; 2] {
        let offset = (at - screen.center()) / self.scale;
        [self.center[0] + offset.x, self.center[1] - offset.y]
    }

    pub(super) fn panned(self, by: Vec2) -> Self {
        let center = [self.center[0] - by.x / self.scale, self.center[1] + by.y / self.scale];
        Self { center, ..self }
    }

    /// The place under the pointer stays under it.
    pub(super) fn zoomed(self, factor: f32, pointer: Pos2, screen: Rect) -> Self {
        let fixed = self.to_map(pointer, screen);
        let scaled = Self {
            scale: (self.scale * factor).clamp(1e-9, 1e9),
            ..self
        };
        let moved = scaled.to_screen(fixed, screen);
        scaled.panned(pointer - moved)
    }
}

#[cfg(test)]
mod tests {
    use super::Camera;
    use eframe::egui::{Rect, pos2};

    const SCREEN: Rect = Rect::from_min_max(pos2(100.0, 50.0), pos2(900.0, 650.0));

    #[test]
    fn everything_fits() {
        let points = [[-30.0, 4.0], [12.0, 80.0], [f32::NAN, 0.0]];
        let camera = Camera::fitting(points.into_iter(), SCREEN);
        for point in &points[..2] {
            assert!(SCREEN.contains(camera.to_screen(*point, SCREEN)));
        }
        assert!(Camera::fitting(std::iter::empty(), SCREEN).scale.is_finite());
        assert!(Camera::fitting([[1.0, 1.0]].into_iter(), SCREEN).scale.is_finite());
    }

    #[test]
    fn zoom_keeps_what_is_under_the_pointer() {
        let camera = Camera::fitting([[0.0, 0.0], [10.0, 10.0]].into_iter(), SCREEN);
        let pointer = pos2(300.0, 200.0);
        let before = camera.to_map(pointer, SCREEN);
        let after = camera.zoomed(3.0, pointer, SCREEN).to_map(pointer, SCREEN);
        assert!((before[0] - after[0]).abs() < 1e-3 && (before[1] - after[1]).abs() < 1e-3);
    }
}
