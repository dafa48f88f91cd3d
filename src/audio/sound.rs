//! The sound of a clip of any length, as whoever goes through it takes it in: held whole, or read from its file stretch by stretch.

use std::borrow::Cow;
use std::ops::Range;

use super::{AudioError, Clip, Recording, SAMPLE_RATE_HZ};

/// Samples that are read of a file at once, 65 s: 4 MB, and some more at the file's own rate.
const STRETCH_SAMPLES: usize = 1 << 20;

/// One channel of sound at [`SAMPLE_RATE_HZ`] of which stretches are asked for one after the other, from any thread.
#[derive(Debug, Clone, Copy)]
pub struct Sound<'a> {
    source: Source<'a>,
    stretch_samples: usize,
}

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Held(&'a Clip),
    Filed(&'a Recording),
}

impl<'a> Sound<'a> {
    /// A clip in memory, gone through in one stretch.
    pub fn held(clip: &'a Clip) -> Self {
        Self {
            source: Source::Held(clip),
            stretch_samples: usize::MAX,
        }
    }

    /// A recording in its file, of which no more is held than the stretches that are at hand.
    pub fn filed(recording: &'a Recording) -> Self {
        Self {
            source: Source::Filed(recording),
            stretch_samples: STRETCH_SAMPLES,
        }
    }

    /// The same in stretches of so many samples.
    #[must_use]
    pub fn in_stretches_of(self, stretch_samples: usize) -> Self {
        Self {
            stretch_samples: stretch_samples.max(1),
            ..self
        }
    }

    /// What should be taken in at once; beyond any length where the sound is held anyway.
    pub fn stretch_samples(&self) -> usize {
        self.stretch_samples
    }

    pub fn n_samples(&self) -> usize {
        match self.source {
            Source::Held(clip) => clip.samples.len(),
            Source::Filed(recording) => usize::try_from(recording.n_samples()).unwrap_or(usize::MAX),
        }
    }

    pub fn duration_secs(&self) -> f64 {
        self.n_samples() as f64 / f64::from(SAMPLE_RATE_HZ)
    }

    /// The samples of a stretch, as far as the sound has them; those of a file as [`Recording::read`] gives them.
    ///
    /// # Errors
    /// As [`Recording::read`].
    pub fn read(&self, stretch: Range<usize>) -> Result<Cow<'a, [f32]>, AudioError> {
        let end = stretch.end.min(self.n_samples());
        let start = stretch.start.min(end);
        match self.source {
            Source::Held(clip) => Ok(Cow::Borrowed(&clip.samples[start..end])),
            Source::Filed(recording) => recording.read(start as u64..end as u64).map(Cow::Owned),
        }
    }
}
