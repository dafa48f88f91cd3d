//! What happens to a long recording: it is opened, looked at, drawn with other settings.

use std::sync::Arc;

use super::drawing::draw_all;
use super::{DrawnPiece, LongPiece, LongView};
use crate::app::job_types::JobOutput;
use crate::app::listening::levels_of;
use crate::app::{App, JobKind, LoadedClip, SpectrogramSettings};
use crate::audio::{Clip, Recording, SAMPLE_RATE_HZ};

impl App {
    /// Opens the focused recording: its header is read, then the drawing begins.
    pub(in crate::app) fn open_long(&mut self, clip_idx: usize) {
        let Some(workbench) = &self.state.workbench else { return };
        let file = workbench.dataset.file(&workbench.dataset.clips[clip_idx]);
        let (channel, settings) = (workbench.dataset.channel, workbench.spectrogram);
        self.spawn(JobKind::LoadClip, "Opening the recording", move |_| {
            let recording = Arc::new(Recording::open(&file, channel)?);
            let loaded = Arc::new(empty(clip_idx, Arc::default(), settings));
            let long = Box::new(LongView::new(recording, settings, loaded.bin_hz.len()));
            Ok(JobOutput::LongOpened { loaded, long })
        });
    }

    pub(in crate::app) fn take_long(&mut self, loaded: Arc<LoadedClip>, long: LongView) {
        let Some(workbench) = &mut self.state.workbench else { return };
        if workbench.focus != Some(loaded.clip_idx) {
            return;
        }
        workbench.focus_view.long = Some(long);
        self.take_loaded(Ok(loaded));
        self.draw_long();
    }

    /// Draws the recording in focus with other settings. False where there is none.
    pub(in crate::app) fn redraw_long(&mut self, settings: SpectrogramSettings) -> bool {
        let Some(workbench) = &mut self.state.workbench else {
            return false;
        };
        let view = &mut workbench.focus_view;
        let (Some(long), Some(loaded)) = (&mut view.long, &view.loaded) else {
            return false;
        };
        let loaded = empty(loaded.clip_idx, Arc::clone(&loaded.clip), settings);
        long.redraw(settings, loaded.bin_hz.len());
        view.loaded = Some(Arc::new(loaded));
        self.abandon(|kind| *kind == JobKind::DrawLong);
        self.draw_long();
        true
    }

    /// What of the recording is in sight.
    pub(in crate::app) fn look_at(&mut self, pieces: &[LongPiece]) {
        let long = self
            .state
            .workbench
            .as_mut()
            .and_then(|workbench| workbench.focus_view.long.as_mut());
        if long.is_some_and(|long| long.look_at(pieces)) {
            self.draw_long();
        }
    }

    pub(in crate::app) fn take_drawn(&mut self, piece: LongPiece, drawn: DrawnPiece) {
        let workbench = self.state.workbench.as_mut();
        if let Some(long) = workbench.and_then(|workbench| workbench.focus_view.long.as_mut()) {
            long.take(piece, drawn);
        }
    }

    /// A wish may have come while the job was ending.
    pub(in crate::app) fn end_drawing(&mut self) {
        let workbench = self.state.workbench.as_ref();
        let long = workbench.and_then(|workbench| workbench.focus_view.long.as_ref());
        if long.is_some_and(|long| !long.wishes.is_empty()) {
            self.draw_long();
        }
    }

    /// Starts the job that draws, where none is drawing: one that runs sees new wishes itself.
    fn draw_long(&mut self) {
        if self.running.values().any(|job| job.kind == JobKind::DrawLong) {
            return;
        }
        let workbench = self.state.workbench.as_ref();
        let Some(long) = workbench.and_then(|workbench| workbench.focus_view.long.as_ref()) else {
            return;
        };
        let (pen, wishes, missing) = (long.pen.clone(), long.wishes.clone(), long.missing_blocks());
        self.spawn(JobKind::DrawLong, "Drawing the recording", move |context| {
            draw_all(&pen, &wishes, missing, context)
        });
    }
}

/// What stands in the place of a clip that is too long to be held: no samples, no picture, but the frequencies of one.
fn empty(clip_idx: usize, clip: Arc<Clip>, settings: SpectrogramSettings) -> LoadedClip {
    let silence = Clip {
        samples: Vec::new(),
        sample_rate_hz: SAMPLE_RATE_HZ,
    };
    let (mut spectrogram, bin_hz) = levels_of(&silence, settings);
    spectrogram.values.clear();
    spectrogram.n_frames = 0;
    LoadedClip {
        clip_idx,
        clip: if clip.sample_rate_hz == 0 { Arc::new(silence) } else { clip },
        peaks: crate::dsp::Peaks::default(),
        settings,
        spectrogram: Arc::new(spectrogram),
        bin_hz,
        ..LoadedClip::default()
    }
}
