//! The frequency axis: linear, logarithmic or mel.

/// Where a logarithmic axis begins: below lies nothing that a person hears.
const LOG_BOTTOM_HZ: f64 = 20.0;

/// How frequencies are laid out from the bottom (0) to the top (1) of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrequencyAxis {
    #[default]
    Linear,
    Log,
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
            Self::Mel => mel_from_hz(hz) / mel_from_hz(top_hz),
        }
    }

    /// The inverse of [`Self::position`].
    pub fn hz(self, position: f64, top_hz: f64) -> f64 {
        match self {
            Self::Linear => position * top_hz,
            Self::Log => LOG_BOTTOM_HZ * (position * (top_hz / LOG_BOTTOM_HZ).ln()).exp(),
            Self::Mel => hz_from_mel(position * mel_from_hz(top_hz)),
        }
    }
}

/// Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above, as the mel filter banks use it.
const LINEAR_HZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / LINEAR_HZ_PER_MEL;
/// `ln(6.4) / 27`: 27 steps from 1 kHz to 6.4 kHz.
const LOG_STEP: f64 = 0.068_751_777_420_949_12;

fn mel_from_hz(hz: f64) -> f64 {
    if hz < BREAK_HZ {
        hz / LINEAR_HZ_PER_MEL
    } else {
        BREAK_MEL + (hz / BREAK_HZ).ln() / LOG_STEP
    }
}

fn hz_from_mel(mel: f64) -> f64 {
    if mel < BREAK_MEL {
        mel * LINEAR_HZ_PER_MEL
    } else {
        BREAK_HZ * ((mel - BREAK_MEL) * LOG_STEP).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::{FrequencyAxis, LOG_STEP, mel_from_hz};
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

    #[test]
    fn the_mel_scale_is_slaneys() {
        assert!((LOG_STEP - 6.4f64.ln() / 27.0).abs() < 1e-15);
        // Fixed points of the definition: 1 kHz is 15 mel, 6.4 kHz is 27 steps more.
        assert!((mel_from_hz(1000.0) - 15.0).abs() < 1e-12);
        assert!((mel_from_hz(6400.0) - 42.0).abs() < 1e-12);
        assert!((mel_from_hz(200.0) - 3.0).abs() < 1e-12);
    }
}
