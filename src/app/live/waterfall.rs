//! The rolling picture of what is heard: one column a frame, the last half minute kept.

use crate::audio::SAMPLE_RATE_HZ;
use crate::dsp::{LogMel, LogMelConfig, MelFilterBank, Padding, Spectrogram};

const N_FFT: usize = 2048;
const HOP: usize = 512;
const N_BANDS: usize = 128;
/// Frames at each end of a piece whose window reaches beyond it.
const EDGE: usize = N_FFT / 2 / HOP;
/// A burst of waiting sound is drawn in pieces, so that no frame of the window waits for it.
const MAX_NEW_FRAMES: usize = 128;

/// Columns of a log-mel in dB of full scale, numbered from the moment that listening began.
pub struct Waterfall {
    front_end: LogMel,
    band_hz: Vec<f32>,
    /// A ring: column `n` lies at `n % N_COLUMNS`.
    columns: Vec<f32>,
    n_columns: u64,
}

impl std::fmt::Debug for Waterfall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waterfall")
            .field("n_columns", &self.n_columns)
            .finish_non_exhaustive()
    }
}

impl Default for Waterfall {
    fn default() -> Self {
        let front_end = LogMel::new(LogMelConfig {
            n_fft: N_FFT,
            hop: HOP,
            n_mels: N_BANDS,
            power: 2,
            padding: Padding::Zero,
            ..LogMelConfig::default()
        });
        Self {
            front_end,
            band_hz: MelFilterBank::new(SAMPLE_RATE_HZ, N_FFT, N_BANDS).centres_hz().to_vec(),
            columns: vec![f32::NEG_INFINITY; Self::N_COLUMNS * N_BANDS],
            n_columns: 0,
        }
    }
}

impl Waterfall {
    /// Columns that are kept: 30 s.
    pub const N_COLUMNS: usize = 30 * SAMPLE_RATE_HZ as usize / HOP;
    /// Seconds between two columns.
    pub const COLUMN_SECS: f64 = HOP as f64 / SAMPLE_RATE_HZ as f64;

    /// Columns so far, those that are gone included.
    pub fn n_columns(&self) -> u64 {
        self.n_columns
    }

    /// The centre of each band.
    pub fn band_hz(&self) -> &[f32] {
        &self.band_hz
    }

    /// The columns from `from` to `until`, as far as they are kept.
    pub fn columns(&self, from: u64, until: u64) -> Spectrogram {
        let until = until.min(self.n_columns);
        let from = from.clamp(until.saturating_sub(Self::N_COLUMNS as u64), until);
        let place = |column: u64| (column % Self::N_COLUMNS as u64) as usize * N_BANDS;
        let values: Vec<f32> = (from..until)
            .flat_map(|column| self.columns[place(column)..place(column) + N_BANDS].iter().copied())
            .collect();
        Spectrogram {
            n_frames: values.len() / N_BANDS,
            n_bins: N_BANDS,
            values,
        }
    }

    /// The first sample that is needed to go on.
    pub fn needs_from(&self) -> u64 {
        (self.n_columns * HOP as u64).saturating_sub((EDGE * HOP) as u64)
    }

    /// Draws what is new in `samples`, the first of which is sample `first`. Returns whether more waits.
    pub fn push(&mut self, first: u64, samples: &[f32]) -> bool {
        if first > self.needs_from() {
            // Nobody looked for longer than the sound is kept.
            self.n_columns = first.div_ceil(HOP as u64) + EDGE as u64;
        }
        let skipped = usize::try_from(self.needs_from() - first.min(self.needs_from())).unwrap_or(usize::MAX);
        let Some(samples) = samples.get(skipped..) else { return false };
        let n_before = if self.n_columns >= EDGE as u64 {
            EDGE
        } else {
            self.n_columns as usize
        };
        let n_ready = (samples.len() / HOP).saturating_sub(n_before + EDGE);
        let n_new = n_ready.min(MAX_NEW_FRAMES);
        if n_new == 0 {
            return false;
        }
        let piece = &samples[..(n_before + n_new + EDGE) * HOP];
        // A full-scale sine has the power (n_fft / 4)² under a Hann window: that is 0 dB.
        let reference_db = 20.0 * (N_FFT as f32 / 4.0).log10();
        let picture = self.front_end.decibel(piece);
        for frame_idx in n_before..n_before + n_new {
            let place = (self.n_columns % Self::N_COLUMNS as u64) as usize * N_BANDS;
            let column = self.columns[place..place + N_BANDS].iter_mut();
            column
                .zip(picture.frame(frame_idx))
                .for_each(|(kept, level_db)| *kept = level_db - reference_db);
            self.n_columns += 1;
        }
        n_ready > n_new
    }
}

#[cfg(test)]
mod tests {
    use super::{N_BANDS, Waterfall};
    use crate::dsp::{LogMel, LogMelConfig, Padding};

    #[test]
    fn columns_that_come_piece_by_piece_are_those_of_the_whole() {
        let samples: Vec<f32> = (0..40_000u64).map(|i| ((i * i % 977) as f32 / 977.0 - 0.5) * 0.9).collect();
        let whole = LogMel::new(LogMelConfig {
            n_fft: 2048,
            hop: 512,
            n_mels: N_BANDS,
            power: 2,
            padding: Padding::Zero,
            ..LogMelConfig::default()
        })
        .decibel(&samples);
        let mut waterfall = Waterfall::default();
        let mut heard = 0;
        while heard < samples.len() {
            heard = (heard + 731).min(samples.len());
            let from = waterfall.needs_from() as usize;
            while waterfall.push(from as u64, &samples[from.min(heard)..heard]) {}
        }
        let columns = waterfall.columns(0, u64::MAX);
        assert!(columns.n_frames > 70, "{}", columns.n_frames);
        let reference_db = 20.0 * 512f32.log10();
        for frame_idx in 0..columns.n_frames {
            for (a, b) in columns.frame(frame_idx).iter().zip(whole.frame(frame_idx)) {
                assert!((a - (b - reference_db)).abs() < 1e-3, "frame {frame_idx}: {a} {b}");
            }
        }
    }
}
