//! Changing the sample rate, without shift in time, without aliases, whole or as the samples come.

use std::ops::Range;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler};

use super::kernel::Kernel;

/// Rates that reduce to a ratio of numbers up to this go through rubato's transform, which is as long as these numbers.
const MAX_RATIO_TERM: u32 = 8_192;
/// Input samples that the transform takes at least: the longer, the steeper the filter.
const MIN_CHUNK: u32 = 1_024;

/// `samples` at `from_hz` resampled to `to_hz`, the length rounded to the nearest sample.
///
/// Sample `i` of the result is heard at the time of sample `i * from_hz / to_hz` of the input. Rates must not be 0.
pub fn resample(samples: &[f32], from_hz: u32, to_hz: u32) -> Vec<f32> {
    let mut converter = RateConverter::new(from_hz, to_hz);
    converter.push(samples);
    converter.finish()
}

/// Samples at one rate go in piece by piece, samples at another come out at the end.
pub(super) struct RateConverter {
    from_hz: u32,
    to_hz: u32,
    n_in: u64,
    method: Method,
    /// Input that waits for its chunk to be full, or all input where there are no chunks.
    pending: Vec<f32>,
    done: Vec<f32>,
    n_taken: usize,
}

enum Method {
    Copy,
    Transform(Box<Transform>),
    /// For rates without a common measure: slow, but a small table whatever the rates.
    Kernel,
}

struct Transform {
    fft: Fft<f32>,
    /// Samples at the start of the output that come from before the clip.
    n_to_skip: usize,
    chunk: Vec<f32>,
    early: Option<Box<Early>>,
}

/// Hears the beginning of a chunk that is not full yet: the same filter after the same chunk before.
struct Early {
    fft: Fft<f32>,
    /// The full chunk before; silence before the first.
    before: Vec<f32>,
    after: Vec<f32>,
}

impl RateConverter {
    /// A converter from `from_hz` to `to_hz`.
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Self {
        assert!(from_hz > 0 && to_hz > 0, "a sample rate of 0 has no meaning");
        let method = if from_hz == to_hz {
            Method::Copy
        } else {
            Transform::new(from_hz, to_hz).map_or(Method::Kernel, |transform| Method::Transform(Box::new(transform)))
        };
        Self {
            from_hz,
            to_hz,
            n_in: 0,
            method,
            pending: Vec::new(),
            done: Vec::new(),
            n_taken: 0,
        }
    }

    /// Makes room for `n_frames` samples of input that are known to come.
    pub(super) fn expect(&mut self, n_frames: u64) {
        let n_out = converted_len(n_frames, self.from_hz, self.to_hz);
        match &self.method {
            Method::Copy => self.done.reserve_exact(n_out),
            Method::Transform(transform) => self.done.reserve_exact(n_out + 2 * transform.chunk.len()),
            Method::Kernel => self.pending.reserve_exact(usize::try_from(n_frames).unwrap_or(0)),
        }
    }

    /// Takes in the next samples.
    pub(super) fn push(&mut self, samples: &[f32]) {
        self.n_in += samples.len() as u64;
        match &mut self.method {
            Method::Copy => self.done.extend_from_slice(samples),
            Method::Kernel => self.pending.extend_from_slice(samples),
            Method::Transform(transform) => {
                self.pending.extend_from_slice(samples);
                let n_chunk = transform.fft.input_frames_next();
                let mut n_used = 0;
                while self.pending.len() - n_used >= n_chunk {
                    let chunk = &self.pending[n_used..n_used + n_chunk];
                    transform.convert(chunk, &mut self.done);
                    if let Some(early) = &mut transform.early {
                        early.before.copy_from_slice(chunk);
                    }
                    n_used += n_chunk;
                }
                self.pending.drain(..n_used);
            }
        }
    }

    /// What is ready of what was pushed and was not taken before. Rates without a common measure are ready only at the end.
    pub(super) fn take(&mut self) -> Vec<f32> {
        self.n_taken += self.done.len();
        std::mem::take(&mut self.done)
    }

    /// What follows the samples that were taken, as far as the filter can know it before its chunk is full. They are what they
    /// will be but for rounding, and are not counted as taken: the whole chunk brings them again.
    pub(super) fn early(&mut self) -> Vec<f32> {
        match &mut self.method {
            Method::Transform(transform) => transform.early(&self.pending, (self.from_hz, self.to_hz)),
            Method::Copy | Method::Kernel => Vec::new(),
        }
    }

    /// All that was pushed and not taken before, at the new rate.
    pub(super) fn finish(mut self) -> Vec<f32> {
        let n_out = converted_len(self.n_in, self.from_hz, self.to_hz).saturating_sub(self.n_taken);
        match &mut self.method {
            Method::Copy => {}
            Method::Kernel => {
                let kernel = Kernel::new(self.from_hz, self.to_hz);
                let step = f64::from(self.from_hz) / f64::from(self.to_hz);
                self.done = (0..n_out).map(|i| kernel.value_at(&self.pending, i as f64 * step)).collect();
            }
            Method::Transform(transform) => {
                // The tail of the clip comes out only when as much silence as the filter is long has been pushed after it.
                self.pending.resize(transform.fft.input_frames_next(), 0.0);
                while self.done.len() < n_out {
                    transform.convert(&self.pending, &mut self.done);
                    self.pending.fill(0.0);
                }
            }
        }
        self.done.truncate(n_out);
        self.done
    }
}

impl Transform {
    /// `None` where the rates share too small a measure for a transform of bearable length.
    fn new(from_hz: u32, to_hz: u32) -> Option<Self> {
        let measure = greatest_common_divisor(from_hz, to_hz);
        let (n_in, n_out) = (from_hz / measure, to_hz / measure);
        if n_in.max(n_out) > MAX_RATIO_TERM {
            return None;
        }
        // An even number of pieces: half of the transform, which is the delay, is then a whole number of samples.
        let n_pieces = MIN_CHUNK.div_ceil(n_in.min(n_out)).next_multiple_of(2);
        let chunk_size = (n_pieces * n_in) as usize;
        let fft = Fft::new(from_hz as usize, to_hz as usize, chunk_size, 1, FixedSync::Both).ok()?;
        let (n_to_skip, chunk) = (fft.output_delay(), vec![0.0; fft.output_frames_max()]);
        Some(Self {
            fft,
            n_to_skip,
            chunk,
            early: None,
        })
    }

    /// See [`RateConverter::early`]; `pending` is the beginning of the next chunk.
    fn early(&mut self, pending: &[f32], (from_hz, to_hz): (u32, u32)) -> Vec<f32> {
        let n_in = self.fft.input_frames_next();
        let n_out = self.fft.output_frames_next();
        if self.early.is_none() {
            self.early = Fft::new(from_hz as usize, to_hz as usize, n_in, 1, FixedSync::Both)
                .ok()
                .map(|fft| {
                    Box::new(Early {
                        fft,
                        before: vec![0.0; n_in],
                        after: vec![0.0; n_out],
                    })
                });
        }
        // Output `i` of a chunk lies half a chunk before input `i`, and its filter ends there.
        let n_known = pending.len() * n_out / n_in;
        let (Some(early), true) = (&mut self.early, n_known > self.n_to_skip) else {
            return Vec::new();
        };
        let Early { fft, before, after } = &mut **early;
        let mut next = pending.to_vec();
        next.resize(n_in, 0.0);
        fft.reset();
        for chunk in [&*before, &next] {
            let converted = InterleavedSlice::new(chunk, 1, n_in)
                .ok()
                .zip(InterleavedSlice::new_mut(after, 1, n_out).ok());
            let is_done = converted
                .is_some_and(|(input, mut output)| fft.process_into_buffer(&input, &mut output, Some(&Indexing::new())).is_ok());
            if !is_done {
                return Vec::new();
            }
        }
        after[self.n_to_skip..n_known].to_vec()
    }

    /// The chunk that the first sample of a stretch of output comes in.
    fn first_chunk(&self, output: &Range<u64>) -> u64 {
        (output.start + self.n_to_skip as u64) / self.chunk.len() as u64
    }

    /// Converts one full chunk and appends what is past the delay to `done`.
    fn convert(&mut self, input: &[f32], done: &mut Vec<f32>) {
        let n_out = self.fft.output_frames_next();
        let converted = InterleavedSlice::new(input, 1, input.len())
            .ok()
            .zip(InterleavedSlice::new_mut(&mut self.chunk, 1, n_out).ok());
        let n_written = converted
            .and_then(|(input, mut output)| self.fft.process_into_buffer(&input, &mut output, Some(&Indexing::new())).ok())
            .map_or(0, |(_, n_written)| n_written);
        assert!(n_written > 0, "rubato takes every chunk of the size that it asked for");
        let n_skipped = self.n_to_skip.min(n_written);
        self.n_to_skip -= n_skipped;
        done.extend_from_slice(&self.chunk[n_skipped..n_written]);
    }
}

/// A stretch of what a [`RateConverter`] gives, bit by bit the same, from the little input that it hangs on.
pub(super) struct StretchConverter {
    from_hz: u32,
    to_hz: u32,
    method: Method,
}

impl StretchConverter {
    /// A converter from `from_hz` to `to_hz`, neither of them 0.
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Self {
        let RateConverter { method, .. } = RateConverter::new(from_hz, to_hz);
        Self { from_hz, to_hz, method }
    }

    /// How long the whole output is for so long an input.
    pub(super) fn output_len(&self, n_in: u64) -> u64 {
        converted_len(n_in, self.from_hz, self.to_hz) as u64
    }

    /// The input that a stretch of the output hangs on; it may reach beyond the end of the recording, where silence is.
    pub(super) fn input_of(&self, output: &Range<u64>) -> Range<u64> {
        match &self.method {
            Method::Copy => output.clone(),
            Method::Transform(transform) => {
                let (chunk_in, chunk_out) = (transform.fft.input_frames_next() as u64, transform.chunk.len() as u64);
                // Each chunk overlaps into the next one.
                let first = transform.first_chunk(output).saturating_sub(1);
                let end = (output.end + transform.n_to_skip as u64).div_ceil(chunk_out);
                first * chunk_in..end * chunk_in
            }
            Method::Kernel => {
                let step = f64::from(self.from_hz) / f64::from(self.to_hz);
                let reach = Kernel::new(self.from_hz, self.to_hz).reach().ceil() + 1.0;
                let start = (output.start as f64 * step - reach).floor().max(0.0);
                start as u64..(output.end as f64 * step + reach).ceil() as u64
            }
        }
    }

    /// The stretch `output` from its input, whose first sample is sample `input_start` of the recording. Once only.
    pub(super) fn convert(&mut self, input: Vec<f32>, input_start: u64, output: &Range<u64>) -> Vec<f32> {
        let n_out = usize::try_from(output.end - output.start).unwrap_or(0);
        match &mut self.method {
            Method::Copy => input,
            Method::Transform(transform) => {
                let (chunk_in, chunk_out) = (transform.fft.input_frames_next(), transform.chunk.len() as u64);
                let first = transform.first_chunk(output).saturating_sub(1);
                let before = output.start + transform.n_to_skip as u64 - first * chunk_out;
                transform.n_to_skip = usize::try_from(before).unwrap_or(0);
                let mut done = Vec::with_capacity(n_out + transform.chunk.len());
                for chunk in input.chunks_exact(chunk_in) {
                    transform.convert(chunk, &mut done);
                }
                done.truncate(n_out);
                done
            }
            Method::Kernel => {
                let kernel = Kernel::new(self.from_hz, self.to_hz);
                let step = f64::from(self.from_hz) / f64::from(self.to_hz);
                let place = |i: u64| i as f64 * step - input_start as f64;
                output.clone().map(|i| kernel.value_at(&input, place(i))).collect()
            }
        }
    }
}

/// How many samples `n` samples at `from_hz` are at `to_hz`, rounded to the nearest.
fn converted_len(n: u64, from_hz: u32, to_hz: u32) -> usize {
    let (from, to) = (u128::from(from_hz), u128::from(to_hz));
    usize::try_from((u128::from(n) * to + from / 2) / from).unwrap_or(usize::MAX)
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::{RateConverter, resample};

    fn sine(hz: f64, rate_hz: u32, n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| (0.5 * (TAU * hz * i as f64 / f64::from(rate_hz)).sin()) as f32)
            .collect()
    }

    /// The rates of sound cards, of telephones, and some that only a broken recorder writes.
    const RATES: [u32; 15] = [
        1_000, 1_234, 8_000, 11_025, 16_000, 22_050, 32_000, 44_056, 44_100, 44_101, 48_000, 96_000, 128_000, 192_000, 250_000,
    ];

    #[test]
    fn a_sine_keeps_phase_and_level_at_every_rate() {
        for rate in RATES {
            let hz = 0.06 * f64::from(rate.min(16_000));
            let n = rate as usize;
            let got = resample(&sine(hz, rate, n), rate, 16_000);
            let truth = sine(hz, 16_000, 16_000);
            assert_eq!(got.len(), truth.len());
            // The edges ring, as the clip begins and ends abruptly.
            let edge = 16_000 / 5;
            let worst = got[edge..16_000 - edge]
                .iter()
                .zip(&truth[edge..])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 2e-4, "{rate} Hz: off by {worst}");
        }
    }

    #[test]
    fn the_length_is_rounded_to_the_nearest_sample() {
        for rate in RATES {
            for n in [0usize, 1, 2, 3, 17, 1_023, 1_024, 1_025, 5_000] {
                let exact = n as f64 * 16_000.0 / f64::from(rate);
                assert_eq!(
                    resample(&vec![0.1; n], rate, 16_000).len(),
                    exact.round() as usize,
                    "{n} samples at {rate} Hz"
                );
            }
        }
    }

    #[test]
    fn what_lies_above_the_nyquist_frequency_does_not_come_back_as_an_alias() {
        // A linear sweep over 2 s from 8.5 to 23.5 kHz at 48 kHz and at a rate without a common measure.
        for rate in [48_000u32, 47_999] {
            let sweep: Vec<f32> = (0..2 * rate)
                .map(|i| {
                    let t = f64::from(i) / f64::from(rate);
                    (0.5 * (TAU * (8_500.0 * t + 0.5 * 7_500.0 * t * t)).sin()) as f32
                })
                .collect();
            let got = resample(&sweep, rate, 16_000);
            let inside = &got[1_600..got.len() - 1_600];
            let worst = inside.iter().fold(0f32, |peak, x| peak.max(x.abs()));
            let level_db = 20.0 * (worst / 0.5).log10();
            assert!(level_db < -80.0, "{rate} Hz: an alias of {level_db} dB");
        }
    }

    #[test]
    fn the_pass_band_is_flat_to_seven_kilohertz() {
        for rate in [44_100u32, 47_999, 48_000] {
            for hz in [100.0, 3_000.0, 6_000.0, 7_000.0] {
                let got = resample(&sine(hz, rate, rate as usize), rate, 16_000);
                let inside = &got[4_000..12_000];
                let rms = (inside.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 8_000.0).sqrt();
                let level_db = 20.0 * (rms / (0.5 / 2f64.sqrt())).log10();
                assert!(level_db.abs() < 0.01, "{hz} Hz from {rate} Hz: {level_db} dB");
            }
        }
    }

    #[test]
    fn pieces_give_the_same_as_the_whole() {
        for rate in [16_000u32, 44_100, 47_999] {
            let samples = sine(440.0, rate, 30_000);
            let mut converter = RateConverter::new(rate, 16_000);
            for piece in samples.chunks(777) {
                converter.push(piece);
            }
            assert_eq!(converter.finish(), resample(&samples, rate, 16_000));
        }
    }
}
