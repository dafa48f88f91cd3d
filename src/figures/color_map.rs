//! Perceptual colour maps: equal steps in level look like equal steps in colour.

use serde::{Deserialize, Serialize};

/// From the quietest to the loudest. There is no rainbow among them: its bands show edges that the sound does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorMap {
    #[default]
    Magma,
    Inferno,
    Viridis,
    Plasma,
    Cividis,
    Grey,
}

impl ColorMap {
    pub const ALL: [Self; 6] = [
        Self::Magma,
        Self::Inferno,
        Self::Viridis,
        Self::Plasma,
        Self::Cividis,
        Self::Grey,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Magma => "Magma",
            Self::Inferno => "Inferno",
            Self::Viridis => "Viridis",
            Self::Plasma => "Plasma",
            Self::Cividis => "Cividis",
            Self::Grey => "Grey",
        }
    }

    /// The one after this, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|&other| other == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// 256 colours `[red, green, blue]`, the quietest first; turned round, light stands for quiet as on paper.
    pub fn colors(self, is_inverted: bool) -> [[u8; 3]; 256] {
        let gradient = match self {
            Self::Magma => Some(colorous::MAGMA),
            Self::Inferno => Some(colorous::INFERNO),
            Self::Viridis => Some(colorous::VIRIDIS),
            Self::Plasma => Some(colorous::PLASMA),
            Self::Cividis => Some(colorous::CIVIDIS),
            Self::Grey => None,
        };
        std::array::from_fn(|i| {
            let place = if is_inverted { 255 - i } else { i };
            gradient.map_or([place as u8; 3], |gradient| gradient.eval_rational(place, 256).into_array())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ColorMap;

    #[test]
    fn the_maps_go_round() {
        let round = ColorMap::ALL.iter().fold(ColorMap::default(), |map, _| map.next());
        assert_eq!(round, ColorMap::default());
    }

    #[test]
    fn louder_is_lighter_in_every_map_and_darker_in_its_inverse() {
        for map in ColorMap::ALL {
            let luminance = map
                .colors(false)
                .map(|[red, green, blue]| 0.2126 * f32::from(red) + 0.7152 * f32::from(green) + 0.0722 * f32::from(blue));
            // Rounding to 8 bits may take back up to one step.
            assert!(luminance.windows(9).all(|part| part[8] > part[0]), "{map:?}");
            let mut inverse = map.colors(true);
            inverse.reverse();
            assert_eq!(inverse, map.colors(false), "{map:?}");
        }
    }
}
