//! Perceptual colour maps: equal steps in level look like equal steps in colour.

use eframe::egui::Color32;

/// From the quietest to the loudest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMap {
    #[default]
    Magma,
    Viridis,
    Cividis,
    Grey,
}

impl ColorMap {
    pub const ALL: [Self; 4] = [Self::Magma, Self::Viridis, Self::Cividis, Self::Grey];

    pub fn title(self) -> &'static str {
        match self {
            Self::Magma => "Magma",
            Self::Viridis => "Viridis",
            Self::Cividis => "Cividis",
            Self::Grey => "Grey",
        }
    }

    /// 256 colours, the quietest first.
    pub fn colors(self) -> [Color32; 256] {
        let gradient = match self {
            Self::Magma => colorous::MAGMA,
            Self::Viridis => colorous::VIRIDIS,
            Self::Cividis => colorous::CIVIDIS,
            Self::Grey => return std::array::from_fn(|i| Color32::from_gray(i as u8)),
        };
        std::array::from_fn(|i| {
            let color = gradient.eval_rational(i, 256);
            Color32::from_rgb(color.r, color.g, color.b)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ColorMap;

    #[test]
    fn louder_is_lighter_in_every_map() {
        for map in ColorMap::ALL {
            let luminance = map
                .colors()
                .map(|color| 0.2126 * f32::from(color.r()) + 0.7152 * f32::from(color.g()) + 0.0722 * f32::from(color.b()));
            // Rounding to 8 bits may take back up to one step.
            assert!(luminance.windows(9).all(|part| part[8] > part[0]), "{map:?}");
        }
    }
}
