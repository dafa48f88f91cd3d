//! The dense autoencoder of the DCASE baselines: one network for each machine type, its sections pooled.
//!
//! Source: Harada et al., the DCASE Task 2 baselines of 2020 to 2026: log-mel of 1024/512/128, five frames side by side, mean
//! squared error. From 2023 on they score by the selective Mahalanobis distance too: see [`super::selective_maha`].
//!
//! On purpose other than there: clips are held out whole (there, the last rows or random rows of all clips); the embedding.

use std::path::Path;

use super::crops::{crop_frames, crop_windows, frames_of_crop, n_frames_of, too_short};
use super::deployment::{WindowPlan, code_name};
use super::frame_windows::{FrameWindows, WindowRule};
use super::model_view::{excerpt, secs_of};
use super::per_machine::{MachineClips, Part, PerMachine, Scope, unfit};
use super::selective_maha::{ClipDistances, ErrorMoments, SelectiveMaha, moments_of};
use super::stretches::{Stretch, each_stretch};
use super::training_set::{
    TrainingSpectrogram, examples_of, fingerprint, plan_of, read_training_clips, split_held_out, tell_held_out,
};
use super::window_sums::WindowSums;
use super::{
    Deployment, Embedding, Extractor, ExtractorError, ModelView, OwnScore, Recipe, TrainingClip, TrainingConfig,
    TrainingObserver, WindowPlace,
};
use crate::audio::{Clip, SAMPLE_RATE_HZ, Sound};
use crate::dataset::{CropWindow, MachineSection};
use crate::dsp::{LogMel, LogMelConfig, Spectrogram};
use crate::nn::{DenseAutoencoder, Reconstruction, TrainingError};
use crate::progress::Progress;

/// Frames that the network sees at once.
const N_FRAMES: usize = 5;
/// Rows that are redrawn at once: 10 MB of input. A two-hour recording has 225,000.
const CHUNK_ROWS: usize = 4096;
/// Clips whose errors are measured between two looks at whether to stop.
const CHUNK_CLIPS: usize = 32;
const WEIGHTS_FILE: &str = "dense-ae.safetensors";

/// What there is of one machine type.
struct Machine {
    network: DenseAutoencoder,
    /// Absent where the run was trained before there was any.
    maha: Option<SelectiveMaha>,
}

/// One trained autoencoder a machine type.
///
/// The embedding of a clip is the mean over its frames of the 8 numbers of the code, after batch norm and ReLU, as the decoder
/// gets them. Its residual is the mean squared error over frames and dimensions.
pub(super) struct DenseAe {
    machines: PerMachine<Machine>,
    log_mel: LogMel,
}

impl DenseAe {
    /// Trains a network for each machine type among the clips, one after the other.
    pub(super) fn train(
        config: &TrainingConfig,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, ExtractorError> {
        let log_mel = LogMel::new(LogMelConfig::default());
        let machines = PerMachine::train(Scope::Machine, clips, run_dir, observer, |clips, part| {
            train_machine(config, &clips, &log_mel, part)
        })?;
        Ok(Self { machines, log_mel })
    }

    /// Opens what [`Extractor::save`] wrote.
    pub(super) fn load(config: &TrainingConfig, run_dir: &Path) -> Result<Self, ExtractorError> {
        let path = run_dir.join(WEIGHTS_FILE);
        let machines = PerMachine::load(Scope::Machine, &path, |mut tensors| {
            let maha = SelectiveMaha::take_from(&mut tensors, block_len()).map_err(|reason| unfit(&path, reason))?;
            let network = DenseAutoencoder::new(n_inputs(), config.device, 0)?.with_weights(&tensors, &path)?;
            Ok(Machine { network, maha })
        })?;
        Ok(Self {
            machines,
            log_mel: LogMel::new(LogMelConfig::default()),
        })
    }
}

impl Extractor for DenseAe {
    fn recipe(&self) -> Recipe {
        Recipe::DenseAe
    }

    fn own_scores(&self) -> &'static [OwnScore] {
        let is_whole = self.machines.all().all(|(_, machine)| machine.maha.is_some());
        if is_whole {
            Recipe::DenseAe.own_scores()
        } else {
            &[OwnScore::Residual]
        }
    }

    fn embed_sound(
        &self,
        sound: &Sound<'_>,
        group: &MachineSection,
        progress: &mut dyn Progress,
    ) -> Result<Embedding, ExtractorError> {
        let machine = self.machines.of(group)?;
        let starts = rows_within(0, n_frames_of(sound.duration_secs()));
        if starts.is_empty() {
            return Err(too_short(sound.duration_secs(), N_FRAMES));
        }
        let mut all = RowSums::new(machine);
        let of_stretch = |stretch: &Stretch<'_>| {
            let log_mel = self.log_mel.decibel(&stretch.samples);
            Ok(RowSums::of(machine, &log_mel, &stretch.starts)?)
        };
        each_stretch(sound, (&starts, N_FRAMES), progress, of_stretch, |sums| all.merge(&sums))?;
        Ok(all.embedding())
    }

    fn crop_windows(&self, clip_secs: f64) -> Vec<CropWindow> {
        crop_windows(clip_secs, N_FRAMES)
    }

    fn embed_crops(&self, clip: &Clip, group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        let machine = self.machines.of(group)?;
        let log_mel = self.log_mel.decibel(&clip.samples);
        crop_frames(log_mel.n_frames, N_FRAMES)
            .into_iter()
            .map(|frames| Ok(RowSums::of(machine, &log_mel, &rows_within(frames.start, frames.end))?.embedding()))
            .collect()
    }

    fn model_input(&self, clip: &Clip) -> Spectrogram {
        self.log_mel.decibel(&clip.samples)
    }

    /// The five frames of a row are planes: the first frames of all rows, the second ones, and so on.
    fn model_view(&self, clip: &Clip, group: &MachineSection, place: WindowPlace) -> Result<ModelView, ExtractorError> {
        let machine = self.machines.of(group)?;
        let frames = frames_of_crop(clip, place.idx, N_FRAMES)?;
        let (part, first) = excerpt(clip, &frames);
        let log_mel = self.log_mel.decibel(&part.samples);
        let n_rows = frames.len() + 1 - N_FRAMES;
        let mut rows = Vec::with_capacity(n_rows * n_inputs());
        (first..first + n_rows).for_each(|start| cut_row(&log_mel, start, &mut rows));
        let redrawn = machine.network.reconstruct(rows.clone())?;
        let residual = redrawn.errors.iter().map(|&error| f64::from(error)).sum::<f64>() / n_rows as f64;
        let drawn: Vec<f32> = rows
            .iter()
            .zip(&redrawn.residuals)
            .map(|(value, residual)| value + residual)
            .collect();
        Ok(ModelView {
            values: in_planes(&rows, log_mel.n_bins),
            n_planes: N_FRAMES,
            n_frames: n_rows,
            n_bins: log_mel.n_bins,
            redrawn: Some(in_planes(&drawn, log_mel.n_bins)),
            residual: Some(residual as f32),
            shape: vec![(n_rows, "rows"), (n_inputs(), "= 5 frames \u{d7} 128 mel bands")],
            unit: "dB",
            band_hz: [0.0, 0.5 * SAMPLE_RATE_HZ as f32],
            window: secs_of(clip, &frames),
            note: "a row is five frames side by side, and there is one at every frame",
        })
    }

    fn deployments(&self) -> Result<Vec<Deployment>, ExtractorError> {
        let plan = WindowPlan {
            n_frames: N_FRAMES,
            hop: 1,
            takes_end: false,
        };
        let each = self.machines.all().map(|(machine, of_machine)| {
            let graph = of_machine.network.graph(&code_name(Recipe::DenseAe, Some(machine)))?;
            Ok(Deployment::of_log_mel(
                (Recipe::DenseAe, machine),
                graph,
                &self.log_mel,
                None,
                plan,
            ))
        });
        each.collect()
    }

    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError> {
        self.machines.save(&run_dir.join(WEIGHTS_FILE), |machine| {
            let mut tensors = machine.network.weights()?;
            tensors.extend(machine.maha.iter().flat_map(SelectiveMaha::tensors));
            Ok(tensors)
        })
    }
}

/// Numbers in one row of five frames.
fn n_inputs() -> usize {
    N_FRAMES * LogMelConfig::default().n_mels
}

/// Numbers in one frame: the error blocks of the selective Mahalanobis distance.
fn block_len() -> usize {
    LogMelConfig::default().n_mels
}

/// Five frames side by side lie side by side in the spectrogram too.
fn cut_row(log_mel: &Spectrogram, start: usize, inputs: &mut Vec<f32>) {
    let n_bins = log_mel.n_bins;
    inputs.extend_from_slice(&log_mel.values[start * n_bins..(start + N_FRAMES) * n_bins]);
}

/// Rows `[n_rows, 5 frames, n_bins]` turned to `[5 frames, n_rows, n_bins]`.
fn in_planes(rows: &[f32], n_bins: usize) -> Vec<f32> {
    let row_len = N_FRAMES * n_bins;
    let plane = |plane: usize| {
        rows.chunks_exact(row_len)
            .flat_map(move |row| &row[plane * n_bins..(plane + 1) * n_bins])
    };
    (0..N_FRAMES).flat_map(plane).copied().collect()
}

/// The first frames of the rows within the frames `start..end`.
fn rows_within(start: usize, end: usize) -> Vec<usize> {
    (start..(end + 1).saturating_sub(N_FRAMES)).collect()
}

/// Hands what the network makes of the rows that begin at these frames to `see`, some thousand rows at a time.
fn redraw(
    network: &DenseAutoencoder,
    log_mel: &Spectrogram,
    starts: &[usize],
    mut see: impl FnMut(&Reconstruction),
) -> Result<(), TrainingError> {
    for starts in starts.chunks(CHUNK_ROWS) {
        let mut rows = Vec::with_capacity(starts.len() * n_inputs());
        for &start in starts {
            cut_row(log_mel, start, &mut rows);
        }
        see(&network.reconstruct(rows)?);
    }
    Ok(())
}

/// Codes, squared errors and Mahalanobis distances of rows: what the embedding of a clip or a crop is the mean of.
struct RowSums<'a> {
    sums: WindowSums,
    distances: Option<ClipDistances<'a>>,
}

impl<'a> RowSums<'a> {
    fn new(machine: &'a Machine) -> Self {
        Self {
            sums: WindowSums::default(),
            distances: machine.maha.as_ref().map(ClipDistances::new),
        }
    }

    /// Of the rows that begin at these frames.
    fn of(machine: &'a Machine, log_mel: &Spectrogram, starts: &[usize]) -> Result<Self, TrainingError> {
        let Self { mut sums, mut distances } = Self::new(machine);
        redraw(&machine.network, log_mel, starts, |redrawn| {
            sums.add_score(redrawn.errors.iter().map(|&error| f64::from(error)).sum());
            redrawn
                .codes
                .chunks_exact(Reconstruction::CODE_LEN)
                .for_each(|code| sums.add(code));
            if let Some(distances) = &mut distances {
                distances.add(&redrawn.residuals);
            }
        })?;
        Ok(Self { sums, distances })
    }

    fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
        if let (Some(distances), Some(others)) = (&mut self.distances, &other.distances) {
            distances.merge(others);
        }
    }

    fn embedding(&self) -> Embedding {
        let mut own_scores = vec![self.sums.mean_score() as f32];
        own_scores.extend(self.distances.iter().flat_map(ClipDistances::scores));
        self.sums.embedding(own_scores)
    }
}

fn train_machine(
    config: &TrainingConfig,
    MachineClips {
        machine,
        clips,
        checkpoint,
    }: &MachineClips<'_>,
    log_mel: &LogMel,
    observer: &mut Part<'_>,
) -> Result<Machine, ExtractorError> {
    let front_end = |samples: &[f32]| log_mel.decibel(samples);
    observer.stage(&format!("reading {machine}"));
    let rule = WindowRule {
        n_frames: N_FRAMES,
        hop: 1,
        takes_end: false,
        n_per_clip: None,
        cut: cut_row,
    };
    let read = read_training_clips(clips, &front_end, rule.taken(), observer.whole())?;
    let data = fingerprint(read.iter().map(|read| &read.clip));
    let has_target = read.iter().any(|read| read.clip.is_target);
    let (learn, held_out) = split_held_out(read, |read| read.clip.group.section.clone(), config.seed);
    let learned = learn.clone();
    tell_held_out(&held_out, observer);
    let windows = |clips: Vec<_>| FrameWindows::new(clips.into_iter().map(|clip| (clip, 0)).collect(), &front_end, rule);
    let (mut learn, mut held_out) = (windows(learn), windows(held_out));
    let plan = plan_of(config, machine, data);
    let examples = examples_of(&mut learn, &mut held_out);
    observer.stage(&format!("training {machine}"));
    let fresh = DenseAutoencoder::new(n_inputs(), config.device, config.seed)?;
    let network = fresh.train(&plan, examples, Some(checkpoint), observer)?;
    observer.stage(&format!("measuring the errors of {machine}"));
    if has_target && !learned.iter().any(|read| read.clip.is_target) {
        observer.log(&format!(
            "selective Mahalanobis: all target clips of {machine} are held out; the errors of source clips stand for theirs"
        ));
    }
    let maha = measure_errors(&network, &learned, log_mel, observer.whole())?;
    Ok(Machine {
        network,
        maha: Some(maha),
    })
}

/// How the errors of the clips that the network learned from are spread, in each domain. Held-out clips have no part in it: their
/// scores are what thresholds rest on, and a clip that shaped the spread would score too low.
fn measure_errors(
    network: &DenseAutoencoder,
    clips: &[TrainingSpectrogram],
    log_mel: &LogMel,
    observer: &mut dyn TrainingObserver,
) -> Result<SelectiveMaha, ExtractorError> {
    let front_end = |samples: &[f32]| log_mel.decibel(samples);
    let of_clip = |read: &&TrainingSpectrogram| -> Result<ErrorMoments, ExtractorError> {
        let log_mel = read.computed(&front_end)?;
        let mut moments = ErrorMoments::new(block_len());
        redraw(network, &log_mel, &rows_within(0, log_mel.n_frames), |redrawn| {
            moments.add(&redrawn.residuals, redrawn.errors.len());
        })?;
        Ok(moments)
    };
    let mut done = 0;
    let mut of_domain = |is_target: bool| -> Result<ErrorMoments, ExtractorError> {
        let clips_of: Vec<_> = clips.iter().filter(|read| read.clip.is_target == is_target).collect();
        let mut all = ErrorMoments::new(block_len());
        for chunk in clips_of.chunks(CHUNK_CLIPS) {
            observer.step(done, clips.len() as u64)?;
            all.merge(&moments_of(chunk, block_len(), of_clip)?);
            done += chunk.len() as u64;
        }
        Ok(all)
    };
    let (source, target) = (of_domain(false)?, of_domain(true)?);
    let (maha, notes) = SelectiveMaha::fit(&source, &target);
    notes.iter().for_each(|note| observer.log(note));
    Ok(maha)
}

#[cfg(test)]
mod tests {
    use super::super::model_view::probe::{assert_residual, clip, group};
    use super::*;
    use crate::nn::DeviceChoice;

    #[test]
    fn the_rows_of_a_crop_are_shown_as_they_are_fed() {
        let machine = Machine {
            network: DenseAutoencoder::new(n_inputs(), DeviceChoice::Cpu, 3).expect("the processor"),
            maha: None,
        };
        let extractor = DenseAe {
            machines: PerMachine::of_one(Scope::Machine, &group(), machine),
            log_mel: LogMel::new(LogMelConfig::default()),
        };
        // Two crops and a half; and one that is shorter than a crop.
        for n_samples in [80_000, 20_000] {
            let clip = clip(n_samples);
            let fed = extractor.deployments().expect("a graph")[0].windows(&clip);
            let scored = extractor.embed_crops(&clip, &group()).expect("a network");
            assert!(!scored.is_empty());
            for (idx, embedding) in scored.iter().enumerate() {
                let view = extractor
                    .model_view(&clip, &group(), WindowPlace { idx, hop: None })
                    .expect("a crop");
                assert_eq!((view.n_planes, view.n_bins), (N_FRAMES, 128));
                let first = frames_of_crop(&clip, idx, N_FRAMES).expect("a crop").start;
                for row in 0..view.n_frames {
                    let rows = &fed[(first + row) * n_inputs()..];
                    for plane in 0..N_FRAMES {
                        let shown = &view.plane(plane)[row * 128..(row + 1) * 128];
                        assert_eq!(
                            shown,
                            &rows[plane * 128..(plane + 1) * 128],
                            "row {row}, frame {plane} of crop {idx}"
                        );
                    }
                }
                assert_residual(&view, embedding.own_scores[0]);
                assert_eq!(view.window, extractor.crop_windows(clip.duration_secs())[idx]);
            }
            let beyond = extractor.model_view(&clip, &group(), WindowPlace { idx: 9, hop: None });
            assert!(matches!(beyond, Err(ExtractorError::ClipTooShort { .. })));
        }
    }
}
