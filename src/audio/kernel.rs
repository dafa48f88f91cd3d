//! A clip's value between its samples: band-limited interpolation with a windowed sinc.
//!
//! After J. O. Smith, *Digital Audio Resampling*: one side of the kernel lies in a table, and a lower cutoff widens it.

use std::sync::LazyLock;

/// Zero crossings of the sinc on each side.
const N_CROSSINGS: usize = 64;
/// Table entries between two zero crossings; linear interpolation between them errs by less than -105 dB.
const RESOLUTION: usize = 512;
/// Shape of the Kaiser window: stop band below -90 dB.
const KAISER_BETA: f64 = 9.0;
/// The pass band ends this far below the Nyquist frequency so that the stop band begins at it.
const ROLL_OFF: f64 = 0.955;

/// One side of the windowed sinc, from its centre outwards; `N_CROSSINGS * RESOLUTION + 2` values.
static TABLE: LazyLock<Vec<f32>> = LazyLock::new(|| {
    (0..N_CROSSINGS * RESOLUTION + 2)
        .map(|i| {
            let x = i as f64 / RESOLUTION as f64;
            let edge = (1.0 - (x / N_CROSSINGS as f64).powi(2)).max(0.0).sqrt();
            (sinc(x) * bessel_i0(KAISER_BETA * edge) / bessel_i0(KAISER_BETA)) as f32
        })
        .collect()
});

/// The kernel for one pair of sample rates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel {
    table: &'static [f32],
    /// Cutoff over half the rate of the clip, at most 1.
    cutoff: f64,
}

impl Kernel {
    /// The kernel that takes a clip from `from_hz` to `to_hz`, without images and without aliases.
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Self {
        Self::at_speed(from_hz, to_hz, 1.0)
    }

    /// The same for a clip that is read `speed` times as fast, as a tape is: what rises above the hearing of the card is taken away.
    pub(super) fn at_speed(from_hz: u32, to_hz: u32, speed: f64) -> Self {
        let cutoff = ROLL_OFF * (f64::from(to_hz.max(1)) / (f64::from(from_hz.max(1)) * speed)).min(1.0);
        Self { table: &TABLE, cutoff }
    }

    /// How far on either side of a place the samples lie that its value hangs on.
    pub(super) fn reach(&self) -> f64 {
        N_CROSSINGS as f64 / self.cutoff
    }

    /// The value of `samples` at `position` (in samples, may be fractional); silence lies on both sides. Allocates nothing.
    pub(super) fn value_at(&self, samples: &[f32], position: f64) -> f32 {
        let reach = self.reach();
        let first = (position - reach).ceil().max(0.0) as usize;
        let end = ((position + reach).floor() + 1.0).clamp(0.0, samples.len() as f64) as usize;
        let near = samples.get(first..end).unwrap_or_default();
        self.sum(
            near.iter()
                .enumerate()
                .map(|(offset, sample)| (position - (first + offset) as f64, *sample)),
        )
    }

    /// The same where not silence lies on both sides, but the first sample and the last one again and again: what does not end in
    /// silence does not ring there.
    #[cfg(feature = "sound-card")]
    pub(super) fn held_value_at(&self, samples: &[f32], position: f64) -> f32 {
        let reach = self.reach();
        let last = samples.len() as f64 - 1.0;
        if last < 0.0 || position - reach >= 0.0 && position + reach <= last {
            return self.value_at(samples, position);
        }
        let position = position.clamp(-reach, last + reach);
        let first = (position - reach).ceil() as i64;
        let end = (position + reach).floor() as i64;
        self.sum((first..=end).map(|idx| {
            let held = (idx as f64).clamp(0.0, last) as usize;
            (position - idx as f64, samples.get(held).copied().unwrap_or(0.0))
        }))
    }

    /// Samples by their distances from the place, each with its weight.
    fn sum(&self, samples: impl Iterator<Item = (f64, f32)>) -> f32 {
        let scale = self.cutoff * RESOLUTION as f64;
        let weighted = samples.map(|(distance, sample)| {
            let x = distance.abs() * scale;
            let (entry, fraction) = (x as usize, x.fract() as f32);
            match self.table.get(entry..entry + 2) {
                Some(&[here, next]) => sample * (here + fraction * (next - here)),
                _ => 0.0,
            }
        });
        weighted.sum::<f32>() * self.cutoff as f32
    }
}

fn sinc(x: f64) -> f64 {
    let angle = std::f64::consts::PI * x;
    if angle == 0.0 { 1.0 } else { angle.sin() / angle }
}

/// Modified Bessel function of the first kind, order 0, by its power series (Abramowitz and Stegun 9.6.12).
fn bessel_i0(x: f64) -> f64 {
    let quarter_square = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter_square / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{Kernel, bessel_i0};

    fn sine(hz: f64, rate_hz: u32, n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| (std::f64::consts::TAU * hz * i as f64 / f64::from(rate_hz)).sin() as f32)
            .collect()
    }

    #[test]
    fn bessel_function_equals_the_tabulated_values() {
        // Abramowitz and Stegun, table 9.8: I0(1) and I0(5).
        assert!((bessel_i0(1.0) - 1.266_065_877_752_008).abs() < 1e-14);
        assert!((bessel_i0(5.0) - 27.239_871_823_604_44).abs() < 1e-12);
    }

    #[test]
    fn a_sine_is_found_between_its_samples() {
        let kernel = Kernel::new(16_000, 48_000);
        for hz in [50.0, 1_000.0, 5_000.0, 7_000.0] {
            let samples = sine(hz, 16_000, 4_000);
            let worst = (0..3_000)
                .map(|i| {
                    let position = 500.0 + f64::from(i) * 0.997;
                    let truth = (std::f64::consts::TAU * hz * position / 16_000.0).sin();
                    (f64::from(kernel.value_at(&samples, position)) - truth).abs()
                })
                .fold(0.0, f64::max);
            assert!(worst < 1e-4, "{hz} Hz is off by {worst}");
        }
    }

    #[test]
    #[cfg(feature = "sound-card")]
    fn what_is_held_at_its_ends_does_not_ring() {
        let kernel = Kernel::new(16_000, 48_000);
        let samples = [0.5f32; 40];
        for position in [-1e9, -3.3, 0.0, 0.4, 20.7, 38.9, 39.0, 60.2, f64::INFINITY] {
            let value = kernel.held_value_at(&samples, position);
            assert!((value - 0.5).abs() < 1e-3, "{value} at {position}");
        }
        let long = sine(1_000.0, 16_000, 4_000);
        assert_eq!(kernel.held_value_at(&long, 2_000.3), kernel.value_at(&long, 2_000.3));
        assert_eq!(kernel.held_value_at(&[], 1.0), 0.0);
    }

    #[test]
    fn far_outside_is_silence() {
        let kernel = Kernel::new(48_000, 16_000);
        for position in [-1e9, -500.0, 1e9, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(kernel.value_at(&[1.0; 8], position), 0.0);
        }
        assert_eq!(kernel.value_at(&[], 0.0), 0.0);
    }
}
