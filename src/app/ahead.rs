//! The next clip of the list, read while a person looks at this one: going on to it takes no time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::job_types::JobOutput;
use super::listening::{picture, read_sound};
use super::{App, JobKind, LoadedClip, SpectrogramSettings};
use crate::audio::ChannelChoice;

/// Longer clips are read when they are looked at: one that is never looked at would cost too much.
const LONGEST_SECS: f64 = 60.0;

/// A clip, and how it was to be read.
#[derive(Debug, Clone)]
pub(super) struct ClipAhead {
    file: PathBuf,
    channel: ChannelChoice,
    loaded: Arc<LoadedClip>,
}

impl App {
    /// Begins to read the clip below the focused one; one alone is ever held.
    pub(super) fn read_ahead(&mut self) {
        self.abandon(|kind| *kind == JobKind::ReadAhead);
        let Some(workbench) = &self.state.workbench else { return };
        let Some(&clip_idx) = workbench.visible.get(workbench.row_after_focus(1)) else {
            return;
        };
        let entry = &workbench.dataset.clips[clip_idx];
        if workbench.focus == Some(clip_idx) || entry.duration_secs > LONGEST_SECS {
            return;
        }
        let file = workbench.dataset.file(entry);
        let (channel, settings) = (workbench.dataset.channel, workbench.spectrogram);
        self.spawn(JobKind::ReadAhead, "Reading the next clip", move |_| {
            let (clip, heard) = read_sound(&file, channel)?;
            let loaded = Arc::new(LoadedClip {
                heard,
                ..picture(clip_idx, clip, settings)
            });
            Ok(JobOutput::ReadAhead(ClipAhead { file, channel, loaded }))
        });
    }

    pub(super) fn take_ahead(&mut self, ahead: ClipAhead) {
        self.clip_ahead = Some(ahead);
    }

    /// The clip, where it is the one that was read ahead, by the same channel and settings.
    pub(super) fn was_read_ahead(
        &mut self,
        file: &Path,
        channel: ChannelChoice,
        settings: SpectrogramSettings,
    ) -> Option<Arc<LoadedClip>> {
        let ahead = self.clip_ahead.take()?;
        let is_it = (&*ahead.file, ahead.channel, ahead.loaded.settings) == (file, channel, settings);
        is_it.then_some(ahead.loaded)
    }
}
