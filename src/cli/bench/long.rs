//! A recording of two hours: opening it, drawing it, panning through it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;

use super::pace::Laps;
use super::{Pace, Work, window};
use crate::app::{Action, FocusView, LoadedClip, LongPiece, LongView, Screen, SpectrogramSettings, State};
use crate::audio::{ChannelChoice, Clip, Recording, SAMPLE_RATE_HZ};
use crate::dataset::CropWindow;
use crate::dsp::{Peaks, Spectrogram};
use crate::pipeline::Ribbon;
use crate::progress::Progress;
use crate::ui::{Gesture, Headless};

pub(super) const WORKS: [Work; 4] = [
    Work {
        key: "open_2h_recording_ms",
        title: "a recording of two hours (48 kHz, stereo, 24 bits): its header and the first frame of the window",
        measure: open_ms,
    },
    Work {
        key: "draw_2h_recording_s",
        title: "the same, drawn whole in the background: outline and spectrogram 2048/512",
        measure: draw_secs,
    },
    Work {
        key: "draw_2h_tile_ms",
        title: "the same, one tile of 256 frames close up, from the file to levels",
        measure: tile_ms,
    },
    Work {
        key: "frame_pan_2h_p95_ms",
        title: "the window: a frame while panning close up through two hours; 95 of 100 are shorter",
        measure: |_, progress| pan_ms(progress),
    },
];

/// Frames of a pan, and by how many points each goes on.
const N_FRAMES: usize = 600;
const PAN_POINTS: f32 = 24.0;

/// A file of silence, a hole in the disk where the system knows such: what is in it makes no work easier.
pub(super) fn silence(path: &Path, secs: u32) -> anyhow::Result<()> {
    let (rate_hz, block) = (48_000u32, 6u16);
    let n_bytes = secs * rate_hz * u32::from(block);
    let mut header = b"RIFF".to_vec();
    header.extend((n_bytes + 36).to_le_bytes());
    header.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    header.extend(rate_hz.to_le_bytes());
    header.extend((rate_hz * u32::from(block)).to_le_bytes());
    header.extend(block.to_le_bytes());
    header.extend(b"\x18\0data");
    header.extend(n_bytes.to_le_bytes());
    std::fs::write(path, &header)?;
    let file = std::fs::OpenOptions::new().write(true).open(path)?;
    Ok(file.set_len(u64::from(n_bytes) + header.len() as u64)?)
}

fn two_hours() -> anyhow::Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir().context("a folder for a recording of two hours")?;
    let path = folder.path().join("two hours.wav");
    silence(&path, 7200)?;
    Ok((folder, path))
}

pub(super) fn long_view(path: &Path) -> anyhow::Result<LongView> {
    let settings = SpectrogramSettings::default();
    let recording = Recording::open(path, ChannelChoice::default())?;
    Ok(LongView::new(Arc::new(recording), settings, 1 + settings.n_fft / 2))
}

fn open_ms(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let (_folder, path) = two_hours()?;
    let open = |mut window: Headless| Ok(window.draw(&opened(&path)?));
    Ok(1e3 * pace.median_secs(progress, Headless::default, open)?)
}

fn draw_secs(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let (_folder, path) = two_hours()?;
    pace.median_secs(progress, || (), |()| Ok(long_view(&path)?.draw_overview_now()?))
}

fn tile_ms(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let (_folder, path) = two_hours()?;
    let (mut view, mut tile) = (long_view(&path)?, 0);
    let next = || {
        // Here and there in the file.
        tile = (tile + 211) % 800;
        LongPiece::Columns {
            pool: 1,
            start: 256 * tile,
            end: 256 * (tile + 1) + 1,
        }
    };
    Ok(1e3 * pace.median_secs(progress, next, |piece| Ok(view.draw_now(piece)?))?)
}

/// Browse with the recording in focus, nothing of it drawn.
fn opened(path: &Path) -> anyhow::Result<State> {
    let mut state = window::state(Screen::Browse, 100);
    let Some(workbench) = &mut state.workbench else {
        return Ok(state);
    };
    let settings = SpectrogramSettings::default();
    let clip = Clip {
        samples: Vec::new(),
        sample_rate_hz: SAMPLE_RATE_HZ,
    };
    let hz = |bin| bin as f32 * SAMPLE_RATE_HZ as f32 / settings.n_fft as f32;
    let loaded = LoadedClip {
        clip_idx: workbench.focus.unwrap_or(0),
        clip: Arc::new(clip),
        peaks: Peaks::default(),
        settings,
        spectrogram: Arc::new(Spectrogram::default()),
        bin_hz: (0..=settings.n_fft / 2).map(hz).collect(),
        ..LoadedClip::default()
    };
    workbench.focus_view = FocusView {
        loaded: Some(Arc::new(loaded)),
        long: Some(long_view(path)?),
        ribbon: Some(Arc::new(ribbon())),
        ..FocusView::default()
    };
    Ok(state)
}

/// A score for each second of two hours.
fn ribbon() -> Ribbon {
    let crop = |second: u32| CropWindow {
        start_secs: f64::from(second),
        end_secs: f64::from(second + 1),
    };
    let percentiles: Vec<f32> = (0..7200u32).map(|second| (second * 37 % 101) as f32).collect();
    Ribbon {
        crops: (0..7200).map(crop).collect(),
        scores: percentiles.clone(),
        percentiles,
    }
}

fn view_of(state: &mut State) -> Option<&mut LongView> {
    state.workbench.as_mut()?.focus_view.long.as_mut()
}

/// Draws what was wished for, as the job in the background does.
fn fulfil(state: &mut State, actions: Vec<Action>) -> anyhow::Result<()> {
    let Some(long) = view_of(state) else { return Ok(()) };
    for action in actions {
        if let Action::LookAt(pieces) = action {
            let missing: Vec<LongPiece> = pieces.into_iter().filter(|piece| !long.has(piece)).collect();
            missing.into_iter().try_for_each(|piece| long.draw_now(piece))?;
        }
    }
    Ok(())
}

/// The 95th percentile of the frames of a pan, in ms. Drawing pieces is the job's work and not counted.
fn pan_ms(progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let (_folder, path) = two_hours()?;
    let mut state = opened(&path)?;
    view_of(&mut state).map_or(Ok(()), LongView::draw_overview_now)?;
    let mut window = Headless::default();
    for lap in 0..60 {
        // Closer by a fifth each: from two hours to two seconds.
        let gesture = if lap < 45 { Gesture::Zoom(1.2) } else { Gesture::Rest };
        let (_, actions) = window.draw_after(&state, gesture);
        fulfil(&mut state, actions)?;
    }
    let mut laps = Laps::default();
    for lap in 0..N_FRAMES {
        progress.step(lap as u64, N_FRAMES as u64)?;
        let start = Instant::now();
        let (_, actions) = window.draw_after(&state, Gesture::Pan(PAN_POINTS));
        laps.0.push(1e3 * start.elapsed().as_secs_f64());
        fulfil(&mut state, actions)?;
    }
    laps.0.sort_by(f64::total_cmp);
    Ok(laps.0[N_FRAMES * 95 / 100])
}

#[cfg(test)]
mod tests {
    use super::{Gesture, Headless, fulfil, opened, silence};

    #[test]
    fn a_close_look_at_a_long_recording_asks_for_pieces_and_then_for_no_more() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("long.wav");
        silence(&path, 900).expect("written");
        let (mut state, mut window) = (opened(&path).expect("opened"), Headless::default());
        let mut n_asked = 0;
        for lap in 0..80 {
            let gesture = if lap < 40 { Gesture::Zoom(1.2) } else { Gesture::Rest };
            let (_, actions) = window.draw_after(&state, gesture);
            n_asked += usize::from(lap < 60 && !actions.is_empty());
            assert!(
                lap < 60 || actions.is_empty(),
                "what is there is not asked for again: {actions:?}"
            );
            fulfil(&mut state, actions).expect("drawn");
        }
        assert!(n_asked > 3, "{n_asked} looks");
    }
}
