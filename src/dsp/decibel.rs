//! Levels: ratios of power and of magnitude in decibel.

/// The smallest power or magnitude that is not silence: `float64` epsilon, as in the DCASE baselines.
const FLOOR: f32 = f64::EPSILON as f32;

/// `10 log10 max(power, float eps)`, in dB re 1.
pub fn power_to_db(power: f32) -> f32 {
    10.0 * power.max(FLOOR).log10()
}

/// `20 log10 max(magnitude, float eps)`, in dB re 1.
pub fn magnitude_to_db(magnitude: f32) -> f32 {
    20.0 * magnitude.max(FLOOR).log10()
}

#[cfg(test)]
mod tests {
    use super::{magnitude_to_db, power_to_db};

    #[test]
    fn ten_times_the_magnitude_is_twenty_decibel() {
        assert!((magnitude_to_db(10.0) - 20.0).abs() < 1e-6);
        assert!((power_to_db(0.01) + 20.0).abs() < 1e-6);
        assert!((power_to_db(0.0) + 156.535_6).abs() < 1e-3, "silence has a floor");
        assert_eq!(power_to_db(-1.0), power_to_db(f32::NAN));
    }
}
