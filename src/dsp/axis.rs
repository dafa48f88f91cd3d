//! The frequency axis: linear, logarithmic or mel.

use serde::{Deserialize, Serialize};

use super::MelScale;

/// Where a logarithmic axis begins: below lies nothing that a person hears.
const LOG_BOTTOM_HZ: f64 = 20.0;

/// How frequencies are laid out from the bottom (0) to the top (1) of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrequencyAxis {
    #[default]
    Linear,
    Log,
    /// Slaney's scale, as the mel filter banks use it.
    Mel,
}

impl FrequencyAxis {
    pub const ALL: [Self; 3] = [Self::Linear, Self::Log, Self::Mel];

    pub fn title(self) -> &'static str {
        match self {
            Self::Linear => "Linear",
            Self::Log => "Log",
            Self::Mel => "Mel",
        }
    }

    /// The lowest frequency shown.
    pub fn bottom_hz(self) -> f64 {
        match self {
            Self::Linear | Self::Mel => 0.0,
            Self::Log => LOG_BOTTOM_HZ,
        }
    }

    /// Where a frequency lies on an axis that ends at `top_hz`: 0 at the bottom, 1 at the top.
    pub fn position(self, hz: f64, top_hz: f64) -> f64 {
        match self {
            Self::Linear => hz / top_hz,
            Self::Log => (hz.max(1e-3) / LOG_BOTTOM_HZ).ln() / (top_hz / LOG_BOTTOM_HZ).ln(),
            Self::Mel => MelScale::Slaney.mel(hz) / MelScale::Slaney.mel(top_hz),
        }
    }

    /// The inverse of [`Self::position`].
    pub fn hz(self, position: f64, top_hz: f64) -> f64 {
        match self {
            Self::Linear => position * top_hz,
            Self::Log => LOG_BOTTOM_HZ * (position * (top_hz / LOG_BOTTOM_HZ).ln()).exp(),
            Self::Mel => MelScale::Slaney.hz(position * MelScale::Slaney.mel(top_hz)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FrequencyAxis;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn position_and_frequency_are_inverse(position in 0.0..1.0, top_hz in 1000.0..48_000.0) {
            for axis in FrequencyAxis::ALL {
                let hz = axis.hz(position, top_hz);
                prop_assert!((axis.position(hz, top_hz) - position).abs() < 1e-9, "{axis:?}");
                prop_assert!(hz >= axis.bottom_hz() - 1e-9 && hz <= top_hz * (1.0 + 1e-9), "{axis:?}: {hz}");
            }
        }

        #[test]
        fn higher_frequencies_lie_higher(hz in 20.0..20_000.0, more in 0.1..1000.0) {
            for axis in FrequencyAxis::ALL {
                prop_assert!(axis.position(hz + more, 24_000.0) > axis.position(hz, 24_000.0));
            }
        }
    }
}
