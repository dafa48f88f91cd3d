//! What a box in time and frequency holds: its loudest place, the mean of its levels, and the level of all of it together.

use super::stft::{Stft, StftConfig};
use super::tone::{HANN_NOISE_BINS, sine_at_peak};

/// Frames between two reports.
const FRAMES_PER_STEP: usize = 256;

/// A stretch of time and a band of frequencies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeFrequencyBox {
    pub start_secs: f64,
    pub end_secs: f64,
    pub low_hz: f64,
    pub high_hz: f64,
}

impl TimeFrequencyBox {
    /// Between two opposite corners (seconds, Hz), in any order.
    pub fn between(a: [f64; 2], b: [f64; 2]) -> Self {
        Self {
            start_secs: a[0].min(b[0]),
            end_secs: a[0].max(b[0]),
            low_hz: a[1].min(b[1]),
            high_hz: a[1].max(b[1]),
        }
    }

    pub fn len_secs(&self) -> f64 {
        self.end_secs - self.start_secs
    }

    pub fn len_hz(&self) -> f64 {
        self.high_hz - self.low_hz
    }
}

/// Levels in dB of full scale: a full-scale sine has 0 dB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// The loudest place. Where it is a peak between smaller neighbours, frequency and level are those of the sine that makes
    /// it, else those of the bin.
    pub peak_hz: f64,
    pub peak_secs: f64,
    pub peak_db: f64,
    /// Of the mean power of all bins and frames in the box.
    pub mean_db: f64,
    /// Of the sound between the two frequencies, averaged over the time: what a meter behind a band filter shows.
    pub band_db: f64,
}

/// Measures the frames whose centres, and the bins whose frequencies, lie in the box; the nearest ones where none does.
/// `step(done, total)` is told of the frames and may end it.
///
/// # Errors
/// What `step` ends it with.
pub fn measure<E>(
    samples: &[f32],
    sample_rate_hz: u32,
    config: StftConfig,
    area: TimeFrequencyBox,
    mut step: impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<Measurement, E> {
    let stft = Stft::new(config);
    let (rate_hz, last_bin) = (f64::from(sample_rate_hz.max(1)), stft.n_bins() - 1);
    let (frame_secs, bin_hz) = (config.hop as f64 / rate_hz, rate_hz / config.n_fft as f64);
    let frames = within(
        area.start_secs / frame_secs,
        area.end_secs / frame_secs,
        stft.n_frames(samples.len()) - 1,
    );
    let bins = within(area.low_hz / bin_hz, area.high_hz / bin_hz, last_bin);
    // In units of a full-scale sine.
    let scale = 4.0 / config.n_fft as f64;
    let (mut power, mut one_sided) = (0.0, 0.0);
    let mut loudest = Loudest::default();
    let n_frames = frames.1 - frames.0 + 1;
    for first in (frames.0..=frames.1).step_by(FRAMES_PER_STEP) {
        step(first - frames.0, n_frames)?;
        let until = (first + FRAMES_PER_STEP).min(frames.1 + 1);
        stft.for_each_frame(samples, first..until, |frame_idx, spectrum| {
            let magnitude = |bin: usize| scale * f64::from(spectrum[bin].norm());
            for bin in bins.0..=bins.1 {
                let value = magnitude(bin);
                power += value * value;
                // The mirror images of all others are not in the spectrum.
                let is_its_own_mirror = bin == 0 || 2 * bin == config.n_fft;
                one_sided += value * value * if is_its_own_mirror { 0.5 } else { 1.0 };
                if value > loudest.magnitude {
                    let beside = |bin: Option<usize>| bin.filter(|&bin| bin <= last_bin).map(magnitude);
                    loudest = Loudest {
                        frame_idx,
                        bin,
                        magnitude: value,
                        neighbours: beside(bin.checked_sub(1)).zip(beside(Some(bin + 1))),
                    };
                }
            }
        });
    }
    step(n_frames, n_frames)?;
    let (offset, magnitude) = loudest.sine();
    let n_cells = (n_frames * (bins.1 - bins.0 + 1)) as f64;
    Ok(Measurement {
        peak_hz: (loudest.bin as f64 + offset) * bin_hz,
        peak_secs: loudest.frame_idx as f64 * frame_secs,
        peak_db: power_db(magnitude * magnitude),
        mean_db: power_db(power / n_cells),
        band_db: power_db(one_sided / n_frames as f64 / HANN_NOISE_BINS),
    })
}

/// The loudest bin so far.
#[derive(Default)]
struct Loudest {
    frame_idx: usize,
    bin: usize,
    magnitude: f64,
    /// The magnitudes on both sides, where there are both.
    neighbours: Option<(f64, f64)>,
}

impl Loudest {
    /// How far beside the bin, and the magnitude.
    fn sine(&self) -> (f64, f64) {
        match self.neighbours {
            Some((below, above)) if below <= self.magnitude && above <= self.magnitude => {
                sine_at_peak(below, self.magnitude, above)
            }
            // The flank of a peak outside the box, or the end of the spectrum.
            _ => (0.0, self.magnitude),
        }
    }
}

/// The first and the last whole number from `from` to `to`, or the nearest to their middle; none above `last`.
fn within(from: f64, to: f64, last: usize) -> (usize, usize) {
    let slack = 1e-9 * (1.0 + to.abs());
    let (first, end) = ((from - slack).ceil().max(0.0), (to + slack).floor().max(0.0));
    if first <= end && (first as usize) <= last {
        (first as usize, (end as usize).min(last))
    } else {
        let nearest = ((0.5 * (from + to)).round().max(0.0) as usize).min(last);
        (nearest, nearest)
    }
}

/// Not below −200 dB: nothing is that quiet, and silence must have a number.
fn power_db(power: f64) -> f64 {
    10.0 * power.max(1e-20).log10()
}

#[cfg(test)]
mod tests {
    use super::{Measurement, TimeFrequencyBox, measure, within};
    use crate::dsp::StftConfig;

    fn measured(samples: &[f32], corners: [[f64; 2]; 2]) -> Measurement {
        let area = TimeFrequencyBox::between(corners[0], corners[1]);
        let result: Result<_, ()> = measure(samples, 16_000, StftConfig::default(), area, |_, _| Ok(()));
        result.unwrap_or(Measurement {
            peak_hz: f64::NAN,
            peak_secs: f64::NAN,
            peak_db: f64::NAN,
            mean_db: f64::NAN,
            band_db: f64::NAN,
        })
    }

    #[test]
    fn a_sine_between_two_bins_has_its_own_frequency_and_level() {
        let tone: Vec<f32> = (0..32_000)
            .map(|i| (0.1 * (std::f64::consts::TAU * 1234.5 * f64::from(i) / 16_000.0).sin()) as f32)
            .collect();
        let found = measured(&tone, [[1.5, 2000.0], [0.5, 500.0]]);
        assert!((found.peak_hz - 1234.5).abs() < 0.01, "{found:?}");
        assert!((found.peak_db + 20.0).abs() < 0.01, "{found:?}");
        assert!((found.band_db + 20.0).abs() < 0.01, "{found:?}");
        let beside = measured(&tone, [[0.5, 3000.0], [1.5, 4000.0]]);
        assert!(beside.peak_db < -80.0, "{beside:?}");
    }

    #[test]
    fn silence_and_boxes_without_a_bin_have_numbers() {
        let silence = measured(&[0.0; 100], [[0.0, 0.0], [9.0, 99_000.0]]);
        assert_eq!((silence.peak_db, silence.mean_db, silence.band_db), (-200.0, -200.0, -200.0));
        assert!(measured(&[], [[0.0, 100.0], [0.0, 101.0]]).peak_hz.is_finite());
        assert_eq!(within(3.2, 3.4, 10), (3, 3));
        assert_eq!(within(3.6, 3.9, 10), (4, 4));
        assert_eq!(within(2.0, 5.0, 10), (2, 5));
        assert_eq!(within(40.0, 50.0, 10), (10, 10));
    }

    #[test]
    fn who_waits_may_end_it() {
        let area = TimeFrequencyBox::between([0.0, 0.0], [100.0, 8000.0]);
        let samples = vec![0.1; 1_600_000];
        let ended = measure(&samples, 16_000, StftConfig::default(), area, |done, total| {
            if done > total / 2 { Err(done) } else { Ok(()) }
        });
        assert!(ended.is_err_and(|done| done < 2000));
    }
}
