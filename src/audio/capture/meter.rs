//! How loud it is: peak, effective value, and whether the converter was driven into its end.

/// The peak falls by 20 dB in so many seconds.
const FALL_SECS: f64 = 1.7;
const RMS_SECS: f64 = 0.3;
const HOLD_SECS: f64 = 1.5;
/// So many samples at full scale in a row are clipping, and not a loud sound.
const N_CLIPPED: u32 = 4;
/// One step of 16 bits below full scale.
const FULL_SCALE: f32 = 1.0 - 1.5 / 32_768.0;
/// Shown for silence.
pub(super) const FLOOR_DB: f64 = -120.0;

/// Levels in dB of full scale; [`Level::default`] is silence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Rises at once, falls by 20 dB in 1.7 s.
    pub peak_db: f64,
    /// Effective value over 300 ms.
    pub rms_db: f64,
    /// The highest peak of the last 1.5 s.
    pub hold_db: f64,
    /// The highest peak since it was cleared.
    pub max_db: f64,
    /// How often four samples or more in a row were at full scale, since it was cleared.
    pub n_clips: u64,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            peak_db: FLOOR_DB,
            rms_db: FLOOR_DB,
            hold_db: FLOOR_DB,
            max_db: FLOOR_DB,
            n_clips: 0,
        }
    }
}

/// A meter over all channels.
#[derive(Debug)]
pub(super) struct Meter {
    rate_hz: f64,
    level: Level,
    mean_square: f64,
    hold_left_secs: f64,
    /// Samples in a row at full scale, of each channel.
    runs: Vec<u32>,
}

impl Meter {
    pub(super) fn new(rate_hz: u32, n_channels: u16) -> Self {
        Self {
            rate_hz: f64::from(rate_hz.max(1)),
            level: Level::default(),
            mean_square: 0.0,
            hold_left_secs: 0.0,
            runs: vec![0; usize::from(n_channels.max(1))],
        }
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// Forgets the highest peak and the clipping.
    pub(super) fn clear(&mut self) {
        self.level.max_db = FLOOR_DB;
        self.level.n_clips = 0;
    }

    /// Takes frames in, channel by channel.
    pub(super) fn push(&mut self, frames: &[f32]) {
        let n_channels = self.runs.len();
        let n_frames = frames.len() / n_channels;
        if n_frames == 0 {
            return;
        }
        let (mut peak, mut energy) = (0f32, 0f64);
        for frame in frames.chunks_exact(n_channels) {
            for (&sample, run) in frame.iter().zip(&mut self.runs) {
                let size = sample.abs();
                peak = peak.max(size);
                energy += f64::from(size).powi(2);
                *run = if size >= FULL_SCALE { *run + 1 } else { 0 };
                self.level.n_clips += u64::from(*run == N_CLIPPED);
            }
        }
        let secs = n_frames as f64 / self.rate_hz;
        let share = (-secs / RMS_SECS).exp();
        self.mean_square = share * self.mean_square + (1.0 - share) * energy / (n_frames * n_channels) as f64;
        let level = &mut self.level;
        let peak_db = decibel(f64::from(peak));
        level.rms_db = decibel(self.mean_square.sqrt());
        level.peak_db = peak_db.max(level.peak_db - 20.0 * secs / FALL_SECS).max(FLOOR_DB);
        level.max_db = level.max_db.max(peak_db);
        self.hold_left_secs -= secs;
        if peak_db >= level.hold_db || self.hold_left_secs <= 0.0 {
            level.hold_db = peak_db;
            self.hold_left_secs = HOLD_SECS;
        }
    }
}

fn decibel(size: f64) -> f64 {
    (20.0 * size.max(1e-12).log10()).max(FLOOR_DB)
}

#[cfg(test)]
mod tests {
    use super::Meter;

    #[test]
    fn a_sine_reads_its_peak_and_its_effective_value() {
        let mut meter = Meter::new(48_000, 1);
        let sine: Vec<f32> = (0..48_000).map(|i| 0.5 * (i as f32 * 0.1309).sin()).collect();
        sine.chunks(480).for_each(|piece| meter.push(piece));
        let level = meter.level();
        assert!((level.peak_db + 6.02).abs() < 0.1, "{level:?}");
        assert!((level.rms_db + 9.03).abs() < 0.4, "{level:?}");
        for _ in 0..170 {
            meter.push(&[0.0; 480]);
        }
        let level = meter.level();
        assert!((level.peak_db + 26.02).abs() < 0.3, "20 dB in 1.7 s: {level:?}");
        assert!((level.max_db + 6.02).abs() < 0.1, "the maximum stays: {level:?}");
    }

    #[test]
    fn clipping_is_four_samples_in_a_row_of_one_channel_and_counted_once_a_run() {
        let mut meter = Meter::new(48_000, 2);
        meter.push(&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(meter.level().n_clips, 0, "three");
        meter.push(&[1.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(meter.level().n_clips, 1, "the run goes on in the next piece");
        meter.push(&[-1.0; 12]);
        assert_eq!(meter.level().n_clips, 3, "one a channel");
        meter.clear();
        assert_eq!(meter.level().n_clips, 0);
    }
}
