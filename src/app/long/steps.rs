//! What happens to a long recording: it is opened, looked at, drawn with other settings.

use std::sync::Arc;

use super::drawing::draw_all;
use super::{DrawnPiece, LongPiece, LongView};
use crate::app::job_types::JobOutput;
use crate::app::listening::levels_of;
use crate::app::{App, FocusView, JobKind, LoadedClip, SpectrogramSettings};
use crate::audio::{Clip, Recording, SAMPLE_RATE_HZ};
use crate::dsp::LevelHistogram;

/// Columns that the levels of the whole are counted in.
const LEVEL_COLUMNS: usize = 512;

impl App {
    /// Opens the focused recording: its header is read, then the drawing begins.
    pub(in crate::app) fn open_long(&mut self, clip_idx: usize) {
        let Some(workbench) = &self.state.workbench else { return };
        let file = workbench.dataset.file(&workbench.dataset.clips[clip_idx]);
        let (channel, settings) = (workbench.dataset.channel, workbench.spectrogram);
        if let Some(long) = self.last_long.take_if(|long| long.shows(&file, channel, settings)) {
            self.take_long(Arc::new(empty(clip_idx, Arc::default(), settings)), long);
            return;
        }
        self.spawn(JobKind::LoadClip, "Opening the recording", move |_| {
            let recording = Arc::new(Recording::open(&file, channel)?);
            let loaded = Arc::new(empty(clip_idx, Arc::default(), settings));
            let long = Box::new(LongView::new(recording, settings, loaded.bin_hz.len()));
            Ok(JobOutput::LongOpened { loaded, long })
        });
    }

    pub(in crate::app) fn take_long(&mut self, mut loaded: Arc<LoadedClip>, mut long: LongView) {
        let Some(workbench) = &mut self.state.workbench else { return };
        if workbench.focus != Some(loaded.clip_idx) {
            return;
        }
        let known = Arc::make_mut(&mut loaded);
        (known.heard, known.levels) = (long.recording().heard(), levels_so_far(&long));
        long.n_counted = long.n_drawn();
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
        let loaded = LoadedClip {
            heard: loaded.heard,
            ..empty(loaded.clip_idx, Arc::clone(&loaded.clip), settings)
        };
        long.redraw(settings, loaded.bin_hz.len());
        view.loaded = Some(Arc::new(loaded));
        self.abandon(|kind| *kind == JobKind::DrawLong);
        self.draw_long();
        true
    }

    /// What of the recording is in sight.
    pub(in crate::app) fn look_at(&mut self, pieces: &[LongPiece]) {
        let is_drawing = self.is_drawing();
        let workbench = self.state.workbench.as_mut();
        let Some(long) = workbench.and_then(|workbench| workbench.focus_view.long.as_mut()) else {
            return;
        };
        if !is_drawing {
            long.wishes.forget_work();
        }
        if long.look_at(pieces) {
            self.draw_long();
        }
    }

    pub(in crate::app) fn take_drawn(&mut self, piece: LongPiece, drawn: DrawnPiece) {
        let workbench = self.state.workbench.as_mut();
        let Some(view) = workbench.map(|workbench| &mut workbench.focus_view) else {
            return;
        };
        let Some(long) = &mut view.long else { return };
        long.take(piece, drawn);
        // Each time that twice as much is drawn: the colours change a few times and not with every block.
        let (n_drawn, n_counted) = (long.n_drawn(), long.n_counted);
        if n_drawn > n_counted && (n_drawn >= 2 * n_counted || long.progress() == 1.0) {
            count_levels(view);
        }
    }

    /// A wish may have come while the job was ending.
    pub(in crate::app) fn end_drawing(&mut self) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let view = &mut workbench.focus_view;
        let Some(long) = &view.long else { return };
        let wishes = !long.wishes.is_empty();
        if long.n_drawn() > long.n_counted {
            count_levels(view);
        }
        if wishes {
            self.draw_long();
        }
    }

    fn is_drawing(&self) -> bool {
        self.running.values().any(|job| job.kind == JobKind::DrawLong)
    }

    /// Starts the job that draws, where none is drawing: one that runs sees new wishes itself.
    fn draw_long(&mut self) {
        if self.is_drawing() {
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

/// The levels of what is drawn so far, as a coarse picture shows them: the loudest of the frames of each column.
fn levels_so_far(long: &LongView) -> LevelHistogram {
    let mut levels = LevelHistogram::default();
    if let Some((mut overview, _)) = long.overview(LEVEL_COLUMNS) {
        // What is not drawn has none.
        overview.values.retain(|level| level.is_finite());
        levels.add(&overview.values);
    }
    levels
}

fn count_levels(view: &mut FocusView) {
    if let (Some(long), Some(loaded)) = (&mut view.long, &mut view.loaded) {
        long.n_counted = long.n_drawn();
        Arc::make_mut(loaded).levels = levels_so_far(long);
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
