//! Which colour a level has.

use eframe::egui::Color32;

use super::ColorMap;

/// A colour map, and the levels of its first and its last colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coloring {
    pub map: ColorMap,
    pub is_inverted: bool,
    pub range_db: [f32; 2],
}

impl Coloring {
    /// 256 colours, the quietest first.
    pub fn colors(&self) -> [Color32; 256] {
        self.map
            .colors(self.is_inverted)
            .map(|[red, green, blue]| Color32::from_rgb(red, green, blue))
    }
}
