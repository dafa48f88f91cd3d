//! What a sine leaves in a spectrum under the periodic Hann window, and the way back from the spectrum to the sine.

use std::f64::consts::PI;

/// Noise bandwidth of the window, in bins: so many times its power at one bin adds up over all bins.
pub const HANN_NOISE_BINS: f64 = 1.5;

/// Magnitude under a Hann window so many bins beside a sine, as part of that at the sine itself: 1 at 0, 0.5 one bin beside.
///
/// Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform" (1978), for many samples.
pub fn hann_lobe(offset_bins: f64) -> f64 {
    let x = offset_bins.abs();
    if x < 1e-9 {
        1.0
    } else if (x - 1.0).abs() < 1e-9 {
        0.5
    } else {
        (PI * x).sin() / (PI * x) / (1.0 - x * x)
    }
}

/// Where between the bins the sine lies whose `peak` stands between two smaller neighbours (magnitudes), and its magnitude.
///
/// Exact for one sine under a Hann window: two neighbouring bins stand in the proportion of the window's lobe (Grandke,
/// "Interpolation algorithms for discrete Fourier transforms of weighted signals", 1983).
pub fn sine_at_peak(below: f64, peak: f64, above: f64) -> (f64, f64) {
    if peak <= 0.0 {
        return (0.0, peak);
    }
    let part = below.max(above) / peak;
    let offset = ((2.0 * part - 1.0) / (part + 1.0)).clamp(0.0, 0.5);
    let magnitude = peak / hann_lobe(offset);
    (if above >= below { offset } else { -offset }, magnitude)
}

#[cfg(test)]
mod tests {
    use super::{HANN_NOISE_BINS, hann_lobe, sine_at_peak};
    use crate::dsp::{Stft, StftConfig};

    #[test]
    fn the_lobe_adds_up_to_the_noise_bandwidth() {
        for offset in [0.0, 0.13, 0.5] {
            let sum: f64 = (-200..=200).map(|bin| hann_lobe(f64::from(bin) + offset).powi(2)).sum();
            assert!((sum - HANN_NOISE_BINS).abs() < 1e-9, "{offset}: {sum}");
        }
    }

    #[test]
    fn a_sine_anywhere_between_two_bins_is_found_with_its_level() {
        let config = StftConfig::default();
        for tenth in 0..=10 {
            let bin = 100.0 + f64::from(tenth) / 10.0;
            let tone: Vec<f32> = (0..8192)
                .map(|i| (0.1 * (std::f64::consts::TAU * bin * f64::from(i) / 2048.0).sin()) as f32)
                .collect();
            let spectrum = Stft::new(config).magnitude(&tone);
            let frame = spectrum.frame(8);
            let loudest = (1..frame.len() - 1)
                .max_by(|&a, &b| frame[a].total_cmp(&frame[b]))
                .unwrap_or(1);
            let at = |bin: usize| f64::from(frame[bin]);
            let (offset, magnitude) = sine_at_peak(at(loudest - 1), at(loudest), at(loudest + 1));
            assert!(
                (loudest as f64 + offset - bin).abs() < 1e-3,
                "{bin}: {}",
                loudest as f64 + offset
            );
            assert!((20.0 * (magnitude / 512.0).log10() + 20.0).abs() < 2e-3, "{bin}: {magnitude}");
        }
    }
}
