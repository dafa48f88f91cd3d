//! Multiples of a base frequency: what a shaft, its blades or its teeth leave in a spectrum.

/// A multiple of the base frequency; order 1 is the base itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Harmonic {
    pub order: u32,
    pub frequency_hz: f64,
}

/// The multiples of `base_hz` (above 0) from `low_hz` to `high_hz`, rising.
pub fn harmonics(base_hz: f64, low_hz: f64, high_hz: f64) -> impl Iterator<Item = Harmonic> {
    let is_usable = base_hz > 0.0 && base_hz.is_finite();
    let base_hz = if is_usable { base_hz } else { f64::INFINITY };
    let first = ((low_hz / base_hz).ceil() as u32).max(1);
    (first..u32::MAX)
        .map(move |order| Harmonic {
            order,
            frequency_hz: f64::from(order) * base_hz,
        })
        .take_while(move |harmonic| harmonic.frequency_hz <= high_hz)
}

/// Frequencies at `spacing_hz` and its multiples, up to `n_each`, on both sides of a line: what modulates it by that rate.
pub fn sidebands(line_hz: f64, spacing_hz: f64, n_each: u32) -> impl Iterator<Item = f64> {
    let n_each = if spacing_hz > 0.0 { n_each } else { 0 };
    (1..=n_each)
        .flat_map(move |n| [-1.0, 1.0].map(|side| line_hz + side * f64::from(n) * spacing_hz))
        .filter(|&hz| hz > 0.0)
}

/// Revolutions a minute.
pub fn rpm_from_hz(hz: f64) -> f64 {
    60.0 * hz
}

#[cfg(test)]
mod tests {
    use super::{Harmonic, harmonics, rpm_from_hz, sidebands};

    #[test]
    fn multiples_stand_between_the_limits() {
        let orders = |base, low, high| -> Vec<u32> { harmonics(base, low, high).map(|harmonic| harmonic.order).collect() };
        assert_eq!(orders(24.5, 0.0, 100.0), [1, 2, 3, 4]);
        assert_eq!(orders(24.5, 49.0, 98.0), [2, 3, 4], "both ends count");
        assert_eq!(orders(24.5, 99.0, 110.0), [0; 0]);
        for unusable in [0.0, -3.0, f64::NAN, f64::INFINITY] {
            assert_eq!(orders(unusable, 0.0, 8000.0), [0; 0], "{unusable}");
        }
        let third = harmonics(24.5, 60.0, 80.0).next();
        assert_eq!(
            third,
            Some(Harmonic {
                order: 3,
                frequency_hz: 73.5
            })
        );
        assert!((rpm_from_hz(24.5) - 1470.0).abs() < 1e-9);
    }

    #[test]
    fn sidebands_lie_on_both_sides_and_never_below_zero() {
        let of = |line, spacing| -> Vec<f64> { sidebands(line, spacing, 2).collect() };
        assert_eq!(of(100.0, 10.0), [90.0, 110.0, 80.0, 120.0]);
        assert_eq!(of(15.0, 10.0), [5.0, 25.0, 35.0]);
        assert_eq!(of(100.0, 0.0), [0.0; 0]);
    }
}
