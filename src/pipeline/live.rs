//! Scoring what is heard at this moment: the crops of a ribbon, as soon as their sound is there.

use std::sync::Arc;

use super::{CropBank, PipelineError, Run};
use crate::audio::{Clip, SAMPLE_RATE_HZ};

/// Samples between two frames of every front end.
const FRAME_HOP: u64 = 512;
/// A window over a clip of this length tells how long the crops of a front end are.
const LONG_CLIP_SECS: f64 = 60.0;

/// The anomaly of one window of a stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveScore {
    /// Samples at 16 kHz since the stream began.
    pub start: u64,
    pub end: u64,
    /// Among the crops of normal training clips, 0–100.
    pub percentile: f32,
}

/// Scores windows of a stream one after the other.
///
/// A window that starts at a multiple of its own length scores what the same crop of a file of that sound scores: it is cut out of
/// the spectrogram together with what surrounds it, one window before and a frame after.
pub struct LiveScorer {
    run: Arc<Run>,
    bank: Arc<CropBank>,
    /// Samples of a window.
    window: u64,
    /// The start of the next window.
    next: u64,
    hop: u64,
}

impl LiveScorer {
    /// A scorer that begins with the first window from sample `start` on; `hop_frames` lie between two windows.
    ///
    /// # Errors
    /// Where the front end cuts no crops.
    pub fn new(run: Arc<Run>, bank: Arc<CropBank>, start: u64, hop_frames: u64) -> Result<Self, PipelineError> {
        let crops = run.extractor.crop_windows(LONG_CLIP_SECS);
        let length_secs = crops.first().map_or(0.0, |crop| crop.end_secs - crop.start_secs);
        let window = (length_secs * f64::from(SAMPLE_RATE_HZ)).round() as u64 / FRAME_HOP * FRAME_HOP;
        if window == 0 {
            return Err(PipelineError::NoDetector {
                detector: "live",
                group: bank.group().to_string(),
                reason: "this front end cuts no windows; choose another run".into(),
            });
        }
        let mut scorer = Self {
            run,
            bank,
            window,
            next: start.next_multiple_of(window),
            hop: FRAME_HOP,
        };
        scorer.set_hop(hop_frames);
        Ok(scorer)
    }

    /// Seconds of a window.
    pub fn window_secs(&self) -> f64 {
        self.window as f64 / f64::from(SAMPLE_RATE_HZ)
    }

    /// Frames between two windows from now on.
    pub fn set_hop(&mut self, hop_frames: u64) {
        self.hop = hop_frames.max(1) * FRAME_HOP;
    }

    /// Leaves out what lies before the newest window of a stream of which so many samples were heard.
    pub fn go_on_at(&mut self, n_heard: u64) {
        let newest = n_heard.saturating_sub(self.window + FRAME_HOP) / FRAME_HOP * FRAME_HOP;
        if newest >= self.window {
            self.next = self.next.max(newest);
        }
    }

    /// The first sample that the next window needs, and how many must have been heard.
    pub fn needs(&self) -> (u64, u64) {
        (self.next.saturating_sub(self.window), self.next + self.window + FRAME_HOP)
    }

    /// Scores the next window of `samples`, the first of which is sample `first` of the stream; `None`: not enough was heard yet.
    /// Windows whose sound is gone already are left out.
    ///
    /// # Errors
    /// Where the front end fails.
    pub fn score(&mut self, first: u64, samples: &[f32]) -> Result<Option<LiveScore>, PipelineError> {
        while self.needs().0 < first {
            self.next += self.window;
        }
        let (from, until) = self.needs();
        let place = |sample: u64| usize::try_from(sample - first).unwrap_or(usize::MAX);
        let Some(context) = samples.get(place(from)..place(until)) else {
            return Ok(None);
        };
        let clip = Clip {
            samples: context.to_vec(),
            sample_rate_hz: SAMPLE_RATE_HZ,
        };
        let mut crops = self.run.extractor.embed_crops(&clip, self.bank.group())?;
        let idx = usize::from(self.next > 0);
        let start = self.next;
        // The second window starts after the first in any case: before it there must be a whole one.
        self.next = if start == 0 { self.window } else { start + self.hop };
        if idx >= crops.len() {
            return Ok(None);
        }
        let crop = crops.swap_remove(idx);
        let (percentiles, _) = self.bank.judge(&self.run, &[crop], None);
        Ok(percentiles.first().map(|&percentile| LiveScore {
            start,
            end: start + self.window,
            percentile,
        }))
    }
}
