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

/// [`power_to_db`] of every value.
pub(super) fn powers_to_db(powers: &mut [f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || powers.iter_mut().for_each(|value| *value = level(*value, 10.0)),
    );
}

/// [`magnitude_to_db`] of every value.
pub(super) fn magnitudes_to_db(magnitudes: &mut [f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || magnitudes.iter_mut().for_each(|value| *value = level(*value, 20.0)),
    );
}

/// `factor · log10(max(value, float eps))` without a branch or a call, so that the compiler makes vectors of it.
///
/// The value is `2^exponent · mantissa` with a mantissa around 1, whose logarithm is the series of the inverse hyperbolic
/// tangent: ln m = 2 (s + s³/3 + s⁵/5 + …), s = (m − 1) / (m + 1). With |s| < 0.172 what follows s⁹ lies below the rounding.
#[inline(always)]
fn level(value: f32, factor: f32) -> f32 {
    let value = value.max(FLOOR);
    let bits = value.to_bits();
    let exponent = bits.wrapping_sub(std::f32::consts::FRAC_1_SQRT_2.to_bits()).cast_signed() >> 23;
    let mantissa = f32::from_bits(bits.wrapping_sub(exponent.cast_unsigned() << 23));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = 1.0 + square * (1.0 / 3.0 + square * (0.2 + square * (1.0 / 7.0 + square / 9.0)));
    let sum = exponent as f32 * std::f32::consts::LOG10_2 + std::f32::consts::LOG10_E * 2.0 * s * series;
    if value == f32::INFINITY { value } else { factor * sum }
}

#[cfg(test)]
mod tests {
    use super::{magnitude_to_db, magnitudes_to_db, power_to_db, powers_to_db};

    #[test]
    fn many_values_have_the_levels_of_each() {
        let mut values: Vec<f32> = (0..30_011).map(|i| 1e-20 * 1.003f32.powi(i % 30_000)).collect();
        values.extend([
            0.0,
            -1.0,
            1.0,
            0.999_999_94,
            1.000_000_1,
            std::f32::consts::FRAC_1_SQRT_2,
            std::f32::consts::SQRT_2,
            f32::MAX,
            f32::MIN_POSITIVE,
        ]);
        values.extend([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-42]);
        for n in [values.len(), values.len() - 3, 1, 0] {
            let (mut powers, mut magnitudes) = (values[..n].to_vec(), values[..n].to_vec());
            powers_to_db(&mut powers);
            magnitudes_to_db(&mut magnitudes);
            for (i, &value) in values[..n].iter().enumerate() {
                for (found, expected) in [(powers[i], power_to_db(value)), (magnitudes[i], magnitude_to_db(value))] {
                    let is_close = found == expected || (found - expected).abs() <= 3e-7 * expected.abs();
                    assert!(is_close, "{value}: {found} dB instead of {expected} dB");
                }
            }
        }
    }

    #[test]
    fn ten_times_the_magnitude_is_twenty_decibel() {
        assert!((magnitude_to_db(10.0) - 20.0).abs() < 1e-6);
        assert!((power_to_db(0.01) + 20.0).abs() < 1e-6);
        assert!((power_to_db(0.0) + 156.535_6).abs() < 1e-3, "silence has a floor");
        assert_eq!(power_to_db(-1.0), power_to_db(f32::NAN));
    }
}
