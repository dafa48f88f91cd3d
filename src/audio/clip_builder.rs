//! From the frames of a recording to one channel at one rate, without ever holding the other channels.

use super::header::Header;
use super::loudest::Energies;
use super::resample::RateConverter;
use super::{ChannelChoice, Clip};

/// 180 dB above full scale: floats beyond are damage, and sums of them would overflow.
const MAX_LEVEL: f32 = 1e9;

/// Takes frames of all channels piece by piece and keeps one channel, or the mean, at the wanted rate.
pub(super) struct ClipBuilder {
    n_channels: usize,
    /// The channel that is kept; `None` means the mean of all.
    channel: Option<usize>,
    converter: RateConverter,
    rate_hz: u32,
    piece: Vec<f32>,
    /// Where the channels are only compared.
    energies: Option<Energies>,
}

impl ClipBuilder {
    /// A builder for a recording with this header; `rate_hz` is the rate of the clip, by default the recording's own.
    pub(super) fn new(header: &Header, choice: ChannelChoice, rate_hz: Option<u32>) -> Self {
        let n_channels = usize::from(header.n_channels).max(1);
        let channel = match choice {
            ChannelChoice::Index(index) => Some(usize::from(index).min(n_channels - 1)),
            // Which one is the loudest is known before anything is kept.
            ChannelChoice::Mean | ChannelChoice::Loudest => None,
        };
        let rate_hz = rate_hz.unwrap_or(header.sample_rate_hz);
        let converter = RateConverter::new(header.sample_rate_hz, rate_hz);
        Self {
            n_channels,
            channel,
            converter,
            rate_hz,
            piece: Vec::new(),
            energies: None,
        }
    }

    /// A builder that keeps nothing and only compares the channels.
    pub(super) fn comparing(header: &Header) -> Self {
        let builder = Self::new(header, ChannelChoice::Mean, None);
        Self {
            energies: Some(Energies::new(builder.n_channels)),
            ..builder
        }
    }

    /// The loudest channel of those that were compared.
    pub(super) fn loudest(&self) -> u16 {
        self.energies.as_ref().map_or(0, Energies::loudest)
    }

    /// Makes room for frames that are known to come.
    pub(super) fn expect(&mut self, n_frames: u64) {
        if self.energies.is_none() {
            self.converter.expect(n_frames);
        }
    }

    /// Takes in `n_frames` frames, whose samples `sample(frame, channel)` tells. What is no level becomes silence.
    pub(super) fn push(&mut self, n_frames: usize, sample: impl Fn(usize, usize) -> f32) {
        let usable = |value: f32| {
            if value.is_nan() || value.abs() > MAX_LEVEL {
                0.0
            } else {
                value
            }
        };
        if let Some(energies) = &mut self.energies {
            return energies.push(n_frames, |frame, channel| usable(sample(frame, channel)));
        }
        self.piece.clear();
        match self.channel {
            Some(channel) => self.piece.extend((0..n_frames).map(|frame| sample(frame, channel))),
            None => self.piece.extend((0..n_frames).map(|frame| {
                let sum: f32 = (0..self.n_channels).map(|channel| sample(frame, channel)).sum();
                sum / self.n_channels as f32
            })),
        }
        for value in &mut self.piece {
            *value = usable(*value);
        }
        self.converter.push(&self.piece);
    }

    /// The clip.
    pub(super) fn finish(self) -> Clip {
        Clip {
            samples: self.converter.finish(),
            sample_rate_hz: self.rate_hz,
        }
    }
}
