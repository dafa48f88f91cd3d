//! The last half minute of what is heard, as the front ends want it: one channel at 16 kHz.

use std::collections::VecDeque;

use crate::audio::resample::RateConverter;
use crate::audio::{ChannelChoice, SAMPLE_RATE_HZ};

const TAIL_SECS: usize = 40;

/// What was heard, counted from the moment that listening began.
pub(super) struct Tail {
    converter: RateConverter,
    n_channels: usize,
    channel: ChannelChoice,
    mono: Vec<f32>,
    kept: VecDeque<f32>,
    /// How many at the end of `kept` came early: they are replaced, to the last bit, when their piece is whole.
    n_early: usize,
    /// Samples before the first that is kept.
    n_gone: u64,
}

impl Tail {
    pub(super) fn new(rate_hz: u32, n_channels: u16, channel: ChannelChoice) -> Self {
        Self {
            converter: RateConverter::new(rate_hz, SAMPLE_RATE_HZ),
            n_channels: usize::from(n_channels.max(1)),
            channel,
            mono: Vec::new(),
            // As long as it will be, and a while to come: it need never grow.
            kept: VecDeque::with_capacity((TAIL_SECS + 4) * SAMPLE_RATE_HZ as usize),
            n_early: 0,
            n_gone: 0,
        }
    }

    /// The chosen channel of the frames that came last, at the input's rate.
    pub(super) fn mono(&self) -> &[f32] {
        &self.mono
    }

    /// Takes frames in, channel by channel.
    pub(super) fn push(&mut self, frames: &[f32]) {
        self.mono.clear();
        let frames = frames.chunks_exact(self.n_channels);
        match self.channel {
            ChannelChoice::Index(index) => {
                let index = usize::from(index).min(self.n_channels - 1);
                self.mono.extend(frames.map(|frame| frame[index]));
            }
            // Which channel is the loudest is known only when all is over.
            ChannelChoice::Mean | ChannelChoice::Loudest => self
                .mono
                .extend(frames.map(|frame| frame.iter().sum::<f32>() / self.n_channels as f32)),
        }
        if self.mono.is_empty() {
            return;
        }
        self.converter.push(&self.mono);
        self.kept.truncate(self.kept.len() - self.n_early);
        self.kept.extend(self.converter.take());
        let early = self.converter.early();
        self.n_early = early.len();
        self.kept.extend(early);
        let n_old = self.kept.len().saturating_sub(TAIL_SECS * SAMPLE_RATE_HZ as usize);
        self.kept.drain(..n_old);
        self.n_gone += n_old as u64;
    }

    /// Samples so far, those that are gone included.
    pub(super) fn n_heard(&self) -> u64 {
        self.n_gone + self.kept.len() as u64
    }

    /// What was heard from sample `start` on, and the number of its first sample: later than `start` where that is gone already.
    pub(super) fn since(&self, start: u64) -> (u64, Vec<f32>) {
        let first = start.clamp(self.n_gone, self.n_heard());
        let skipped = usize::try_from(first - self.n_gone).unwrap_or(usize::MAX);
        let skipped = skipped.min(self.kept.len());
        (first, self.kept.range(skipped..).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;
    use crate::audio::{ChannelChoice, resample};

    #[test]
    fn what_streams_in_is_what_a_file_of_it_would_give() {
        let stereo: Vec<f32> = (0..2 * 48_000u64)
            .map(|i| ((i * i % 977) as f32 / 977.0 - 0.5) * 0.9)
            .collect();
        let mut tail = Tail::new(48_000, 2, ChannelChoice::Index(1));
        for piece in stereo.chunks(2 * 441) {
            tail.push(piece);
        }
        let right: Vec<f32> = stereo.iter().skip(1).step_by(2).copied().collect();
        let whole = resample(&right, 48_000, 16_000);
        let (first, heard) = tail.since(1_000);
        assert_eq!(first, 1_000);
        assert!(heard.len() > 12_000, "{} samples", heard.len());
        let n_final = heard.len() - tail.n_early;
        assert_eq!(heard[..n_final], whole[1_000..1_000 + n_final]);
        for (early, late) in heard[n_final..].iter().zip(&whole[1_000 + n_final..]) {
            assert!((early - late).abs() < 1e-5, "{early} and {late}");
        }
    }

    #[test]
    fn sound_is_there_as_soon_as_the_filter_allows() {
        // The filter looks so far ahead, and a piece is 10 ms.
        for (rate_hz, longest_secs) in [(16_000u32, 0.011), (44_100, 0.052), (48_000, 0.044), (96_000, 0.044)] {
            let sound: Vec<f32> = (0..2 * u64::from(rate_hz))
                .map(|i| ((i * i % 977) as f32 / 977.0 - 0.5) * 0.9)
                .collect();
            let whole = resample(&sound, rate_hz, 16_000);
            let mut tail = Tail::new(rate_hz, 1, ChannelChoice::Mean);
            let mut n_pushed = 0;
            for piece in sound.chunks(rate_hz as usize / 100) {
                tail.push(piece);
                n_pushed += piece.len();
                let pushed_secs = n_pushed as f64 / f64::from(rate_hz);
                let behind_secs = pushed_secs - tail.n_heard() as f64 / 16_000.0;
                assert!(behind_secs < longest_secs, "{rate_hz} Hz: {behind_secs} s behind");
                let (from, newest) = tail.since(tail.n_heard().saturating_sub(200));
                for (value, truth) in newest.iter().zip(&whole[from as usize..]) {
                    assert!(
                        (value - truth).abs() < 2e-5,
                        "{rate_hz} Hz at {pushed_secs} s: {value} and {truth}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_tail_is_bounded_and_counts_on() {
        let mut tail = Tail::new(16_000, 1, ChannelChoice::Mean);
        for second in 0..60 {
            tail.push(&vec![second as f32; 16_000]);
        }
        assert_eq!(tail.n_heard(), 60 * 16_000);
        let (first, heard) = tail.since(0);
        assert_eq!((first, heard.len()), (20 * 16_000, 40 * 16_000));
        assert_eq!((heard[0], heard.last()), (20.0, Some(&59.0)));
        assert_eq!(tail.since(u64::MAX).1.len(), 0);
    }
}
