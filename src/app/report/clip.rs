//! The picture of a clip from its file: whatever part of it, however long it is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::app::long::columns_of;
use crate::app::{PictureSettings, SpectrogramKind};
use crate::audio::{ChannelChoice, Recording, SAMPLE_RATE_HZ};
use crate::dsp::{FrequencyAxis, LevelHistogram, Spectrogram};
use crate::figures::{Figure, Plate, SpectrogramFigure};
use crate::progress::Progress;

/// Columns of a picture at most: no page shows more.
const MOST_COLUMNS: usize = 2000;
/// Rows of a picture on a bent frequency axis.
const BENT_ROWS: usize = 512;

/// All that it takes to draw a part of a recording.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ClipTask {
    pub(super) file: PathBuf,
    pub(super) channel: ChannelChoice,
    pub(super) picture: PictureSettings,
    pub(super) time_secs: Option<[f64; 2]>,
    pub(super) frequency_hz: Option<[f64; 2]>,
}

/// A file as it was when it was drawn: length in bytes, and when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(u64, Option<SystemTime>);

impl ClipTask {
    /// `None`: there is no such file.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let found = std::fs::metadata(&self.file).ok()?;
        Some(Stamp(found.len(), found.modified().ok()))
    }

    pub(super) fn draw(&self, progress: &mut dyn Progress) -> anyhow::Result<Plate> {
        if self.stamp().is_none() {
            anyhow::bail!("{} is gone: put it back, or remove this figure", self.file.display());
        }
        let recording = Arc::new(Recording::open(&self.file, self.channel)?);
        let settings = self.picture.spectrogram;
        let hop = settings.hop.max(1);
        let frame_secs = hop as f64 / f64::from(SAMPLE_RATE_HZ);
        let n_samples = usize::try_from(recording.n_samples()).unwrap_or(usize::MAX);
        let (n_frames, whole_secs) = (1 + n_samples / hop, n_samples as f64 / f64::from(SAMPLE_RATE_HZ));
        let [start, end] = self.time_secs.unwrap_or([0.0, whole_secs]);
        let (start, end) = (start.clamp(0.0, whole_secs), end.clamp(0.0, whole_secs));
        let first = ((start / frame_secs).floor() as usize).min(n_frames - 1);
        // The last frame lies at the very end.
        let last = ((end / frame_secs).ceil() as usize).clamp(first + 1, n_frames);
        let pool = (last - first).div_ceil(MOST_COLUMNS).max(1);
        let (spectrogram, bin_hz) = columns_of(recording, settings, first..last, pool, progress)?;
        let levels = LevelHistogram::of(&spectrogram.values);
        let range_db = self.picture.look.level.ends_db(&levels);
        let (spectrogram, bin_hz) = self.on_axis(spectrogram, bin_hz);
        let is_whole = self.time_secs.is_none();
        Ok(Plate::Figure(Figure::Spectrogram(SpectrogramFigure {
            title: String::new(),
            spectrogram,
            start_secs: if is_whole { 0.0 } else { first as f64 * frame_secs },
            duration_secs: if is_whole {
                whole_secs
            } else {
                (last - first) as f64 * frame_secs
            },
            bin_hz,
            range_db,
            map: self.picture.look.map,
            is_inverted: self.picture.look.is_inverted,
            crops: Vec::new(),
        })))
    }

    /// The rows that are in sight, laid out as the window lays them out.
    fn on_axis(&self, spectrogram: Spectrogram, bin_hz: Vec<f32>) -> (Spectrogram, Vec<f32>) {
        let top_hz = f64::from(SAMPLE_RATE_HZ) / 2.0;
        let [low, high] = self.frequency_hz.unwrap_or([0.0, top_hz]);
        let axis = self.picture.look.axis;
        let is_as_computed = match self.picture.spectrogram.kind {
            SpectrogramKind::Stft => axis == FrequencyAxis::Linear,
            SpectrogramKind::Mel => axis == FrequencyAxis::Mel,
        };
        // (bin, frequency of the row)
        let rows: Vec<(usize, f32)> = if is_as_computed {
            let bins = bin_hz.iter().copied().enumerate();
            bins.filter(|&(_, hz)| (low..=high).contains(&f64::from(hz))).collect()
        } else {
            let position = |hz: f64| axis.position(hz.clamp(axis.bottom_hz(), top_hz), top_hz);
            let (low, high) = (position(low), position(high));
            let hz = |row: usize| axis.hz(low + (high - low) * (row as f64 + 0.5) / BENT_ROWS as f64, top_hz);
            (0..BENT_ROWS)
                .map(|row| (nearest(&bin_hz, hz(row)), hz(row) as f32))
                .collect()
        };
        if rows.is_empty() || is_as_computed && rows.len() == bin_hz.len() {
            return (spectrogram, bin_hz);
        }
        let values = (0..spectrogram.n_frames).flat_map(|frame_idx| {
            let frame = spectrogram.frame(frame_idx);
            rows.iter().map(move |&(bin, _)| frame[bin])
        });
        let reshaped = Spectrogram {
            values: values.collect(),
            n_frames: spectrogram.n_frames,
            n_bins: rows.len(),
        };
        (reshaped, rows.iter().map(|&(_, hz)| hz).collect())
    }
}

fn nearest(bin_hz: &[f32], hz: f64) -> usize {
    let above = bin_hz.partition_point(|&bin| f64::from(bin) < hz);
    let below = above.saturating_sub(1);
    let distance = |bin: usize| bin_hz.get(bin).map_or(f64::INFINITY, |&at| (f64::from(at) - hz).abs());
    if distance(above) < distance(below) { above } else { below }
}
