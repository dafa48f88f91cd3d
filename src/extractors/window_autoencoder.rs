//! What autoencoders of windows of log-mel share: how windows are cut, standardised, learned and scored.
//!
//! Log-mel of magnitudes in dB (1024/512/128, zeros beyond the ends), each band standardised over the network's training clips;
//! windows of 32 frames. The residual of a clip is the mean squared error over its windows, its embedding the mean of their codes.

use std::path::Path;
use std::sync::Arc;

use super::crops::{WindowShape, n_frames_of, too_short};
use super::deployment::{WindowPlan, code_name};
use super::frame_windows::{FrameWindows, WindowRule};
use super::model_view::{excerpt, secs_of};
use super::per_machine::{MachineClips, Part, PerMachine, Scope, unfit};
use super::standardised::Standardiser;
use super::stretches::{Stretch, each_stretch};
use super::training_parts::Taken;
use super::training_set::{examples_of, fingerprint, plan_of, read_training_clips, split_held_out, tell_held_out};
use super::window_sums::WindowSums;
use super::{
    Deployment, Embedding, Extractor, ExtractorError, ModelView, Recipe, TrainingClip, TrainingConfig, TrainingObserver,
    WindowPlace,
};
use crate::audio::{Clip, SAMPLE_RATE_HZ, Sound};
use crate::dataset::{CropWindow, MachineSection};
use crate::dsp::{LogMel, LogMelConfig, Spectrogram};
use crate::export::Graph;
use crate::nn::{EarlyStop, Examples, NamedTensor, TrainingError, TrainingPlan};
use crate::progress::Progress;

/// Frames of a window.
pub(super) const N_FRAMES: usize = 32;
/// Mel bands of a frame.
pub(super) const N_BANDS: usize = 128;
/// What a network sees at once: all bands of the front end.
const WINDOW: WindowShape = WindowShape {
    n_frames: N_FRAMES,
    n_bands: N_BANDS,
    band_hz: [0.0, 0.5 * SAMPLE_RATE_HZ as f32],
};
/// Windows that are redrawn at once: 2 MB of input.
const CHUNK_WINDOWS: usize = 128;

/// A network that redraws windows, and in what the recipe around it differs from others.
pub(super) trait WindowNetwork: Sized + Send + Sync {
    const RECIPE: Recipe;
    const WEIGHTS_FILE: &'static str;
    const SCOPE: Scope;
    const EARLY_STOP: EarlyStop;
    /// Whether the last window that fits is taken even where the hop does not lead to it; else the end belongs to no window.
    const TAKES_END: bool;

    fn fresh(config: &TrainingConfig) -> Result<Self, TrainingError>;

    /// With these weights; `origin` is named where they do not fit.
    fn open(config: &TrainingConfig, tensors: &[NamedTensor], origin: &Path) -> Result<Self, TrainingError>;

    fn learn(
        self,
        plan: &TrainingPlan,
        examples: Examples<'_>,
        checkpoint: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, TrainingError>;

    fn tensors(&self) -> Result<Vec<NamedTensor>, TrainingError>;

    /// The code of each window, one after another, and its mean squared error.
    fn codes_and_errors(&self, windows: &[f32]) -> Result<(Vec<f32>, Vec<f32>), TrainingError>;

    /// What the network makes of the windows: as many again.
    fn redrawn(&self, windows: &[f32]) -> Result<Vec<f32>, TrainingError>;

    /// As it leaves the program; `name` may stand in code.
    fn graph(&self, name: &str) -> Result<Graph, TrainingError>;

    /// What a training depends on beside its clips and the plan.
    fn settings(config: &TrainingConfig) -> String;
}

/// The methods of [`WindowNetwork`] that all networks have under names of their own.
macro_rules! as_the_network_does {
    () => {
        fn learn(
            self,
            plan: &crate::nn::TrainingPlan,
            examples: crate::nn::Examples<'_>,
            checkpoint: &std::path::Path,
            observer: &mut dyn crate::nn::TrainingObserver,
        ) -> Result<Self, crate::nn::TrainingError> {
            self.train(plan, examples, Some(checkpoint), observer)
        }

        fn tensors(&self) -> Result<Vec<crate::nn::NamedTensor>, crate::nn::TrainingError> {
            self.weights()
        }

        fn codes_and_errors(&self, windows: &[f32]) -> Result<(Vec<f32>, Vec<f32>), crate::nn::TrainingError> {
            Self::codes_and_errors(self, windows)
        }

        fn redrawn(&self, windows: &[f32]) -> Result<Vec<f32>, crate::nn::TrainingError> {
            self.reconstruct(windows)
        }

        fn graph(&self, name: &str) -> Result<crate::export::Graph, crate::nn::TrainingError> {
            Self::graph(self, name)
        }
    };
}
pub(super) use as_the_network_does;

/// A network, and the levels that it knows.
struct Machine<N> {
    network: N,
    standardiser: Standardiser,
}

/// One trained autoencoder a machine type or section.
pub(super) struct WindowAutoencoder<N> {
    machines: PerMachine<Machine<N>>,
    log_mel: LogMel,
    /// Frames between two windows of a clip that is embedded.
    hop: usize,
}

impl<N: WindowNetwork> WindowAutoencoder<N> {
    /// Trains the networks for these clips, one after the other.
    pub(super) fn train(
        config: &TrainingConfig,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, ExtractorError> {
        let log_mel = log_mel();
        let machines = PerMachine::train(N::SCOPE, clips, run_dir, observer, |clips, part| {
            train_machine(config, &clips, &log_mel, part)
        })?;
        Ok(Self {
            machines,
            log_mel,
            hop: config.segment_hop.max(1),
        })
    }

    /// Opens what [`Extractor::save`] wrote.
    pub(super) fn load(config: &TrainingConfig, run_dir: &Path) -> Result<Self, ExtractorError> {
        let path = run_dir.join(N::WEIGHTS_FILE);
        let machines = PerMachine::load(N::SCOPE, &path, |mut tensors| {
            let standardiser = Standardiser::take_from(&mut tensors, N_BANDS).map_err(|reason| unfit(&path, reason))?;
            let network = N::open(config, &tensors, &path)?;
            Ok(Machine { network, standardiser })
        })?;
        Ok(Self {
            machines,
            log_mel: log_mel(),
            hop: config.segment_hop.max(1),
        })
    }

    /// A network that was trained elsewhere, with the levels that it knows.
    pub(super) fn of_one(config: &TrainingConfig, group: &MachineSection, network: N, standardiser: Standardiser) -> Self {
        Self {
            machines: PerMachine::of_one(N::SCOPE, group, Machine { network, standardiser }),
            log_mel: log_mel(),
            hop: config.segment_hop.max(1),
        }
    }

    /// The first frames of the windows that a clip of so many frames is embedded by.
    fn starts(&self, n_frames: usize) -> Vec<usize> {
        let Some(last) = n_frames.checked_sub(N_FRAMES) else {
            return Vec::new();
        };
        let mut starts: Vec<usize> = (0..=last).step_by(self.hop).collect();
        if N::TAKES_END && starts.last().is_some_and(|&reached| reached < last) {
            starts.push(last);
        }
        starts
    }
}

impl<N: WindowNetwork> Extractor for WindowAutoencoder<N> {
    fn recipe(&self) -> Recipe {
        N::RECIPE
    }

    fn embed_sound(
        &self,
        sound: &Sound<'_>,
        group: &MachineSection,
        progress: &mut dyn Progress,
    ) -> Result<Embedding, ExtractorError> {
        let Machine { network, standardiser } = self.machines.of(group)?;
        let starts = self.starts(n_frames_of(sound.duration_secs()));
        if starts.is_empty() {
            return Err(too_short(sound.duration_secs(), N_FRAMES));
        }
        let of_stretch = |stretch: &Stretch<'_>| {
            let levels = standardiser.apply(self.log_mel.decibel(&stretch.samples));
            let mut sums = WindowSums::default();
            for starts in stretch.starts.chunks(CHUNK_WINDOWS) {
                let (codes, errors) = network.codes_and_errors(&cut_windows(&levels, starts))?;
                let codes = codes.chunks_exact((codes.len() / starts.len()).max(1));
                codes.for_each(|code| sums.add(code));
                sums.add_score(errors.iter().map(|&error| f64::from(error)).sum());
            }
            Ok(sums)
        };
        let mut all = WindowSums::default();
        each_stretch(sound, (&starts, N_FRAMES), progress, of_stretch, |sums| all.merge(&sums))?;
        Ok(all.embedding(vec![all.mean_score() as f32]))
    }

    fn crop_windows(&self, clip_secs: f64) -> Vec<CropWindow> {
        WINDOW.windows(clip_secs, WINDOW.n_frames)
    }

    fn embed_crops(&self, clip: &Clip, group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        self.embed_windows(clip, group, WINDOW.n_frames)
    }

    fn window_shape(&self) -> Option<WindowShape> {
        Some(WINDOW)
    }

    fn embed_windows(&self, clip: &Clip, group: &MachineSection, hop: usize) -> Result<Vec<Embedding>, ExtractorError> {
        let Machine { network, standardiser } = self.machines.of(group)?;
        let levels = standardiser.apply(self.log_mel.decibel(&clip.samples));
        let n_windows = WINDOW.windows(clip.duration_secs(), hop).len();
        let starts: Vec<usize> = (0..n_windows).map(|window_idx| window_idx * hop.max(1)).collect();
        let mut embeddings = Vec::with_capacity(n_windows);
        for starts in starts.chunks(CHUNK_WINDOWS) {
            let (codes, errors) = network.codes_and_errors(&cut_windows(&levels, starts))?;
            let codes = codes.chunks_exact((codes.len() / starts.len()).max(1));
            embeddings.extend(codes.zip(&errors).map(|(code, &error)| Embedding {
                values: code.to_vec(),
                own_scores: vec![error],
            }));
        }
        Ok(embeddings)
    }

    /// Before it is standardised: each machine has levels of its own.
    fn model_input(&self, clip: &Clip) -> Spectrogram {
        self.log_mel.decibel(&clip.samples)
    }

    fn model_view(&self, clip: &Clip, group: &MachineSection, place: WindowPlace) -> Result<ModelView, ExtractorError> {
        let Machine { network, standardiser } = self.machines.of(group)?;
        let start = place.idx * place.hop.unwrap_or(N_FRAMES).max(1);
        let frames = start..start + N_FRAMES;
        if frames.end > n_frames_of(clip.duration_secs()) {
            return Err(too_short(clip.duration_secs(), frames.end));
        }
        let (part, first) = excerpt(clip, &frames);
        let levels = standardiser.apply(self.log_mel.decibel(&part.samples));
        let mut values = Vec::with_capacity(N_FRAMES * N_BANDS);
        cut_window(&levels, first, &mut values);
        let (_, errors) = network.codes_and_errors(&values)?;
        Ok(ModelView {
            n_planes: 1,
            n_frames: N_FRAMES,
            n_bins: N_BANDS,
            redrawn: Some(network.redrawn(&values)?),
            residual: errors.first().copied(),
            values,
            shape: vec![(N_FRAMES, "frames"), (N_BANDS, "mel bands")],
            unit: "standard deviations of each band",
            band_hz: WINDOW.band_hz,
            window: secs_of(clip, &frames),
            note: "",
        })
    }

    fn deployments(&self) -> Result<Vec<Deployment>, ExtractorError> {
        let plan = WindowPlan {
            n_frames: N_FRAMES,
            hop: self.hop,
            takes_end: N::TAKES_END,
        };
        let each = self.machines.all().map(|(machine, Machine { network, standardiser })| {
            let graph = network.graph(&code_name(N::RECIPE, Some(machine)))?;
            let subject = (N::RECIPE, machine);
            Ok(Deployment::of_log_mel(
                subject,
                graph,
                &self.log_mel,
                Some(standardiser),
                plan,
            ))
        });
        each.collect()
    }

    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError> {
        self.machines.save(&run_dir.join(N::WEIGHTS_FILE), |machine| {
            let mut tensors = machine.network.tensors()?;
            tensors.extend(machine.standardiser.tensors());
            Ok(tensors)
        })
    }
}

pub(super) fn log_mel() -> LogMel {
    LogMel::new(LogMelConfig {
        power: 1,
        ..LogMelConfig::default()
    })
}

/// Frames that follow each other lie side by side in the spectrogram too.
pub(super) fn cut_window(levels: &Spectrogram, start: usize, inputs: &mut Vec<f32>) {
    let n_bands = levels.n_bins;
    inputs.extend_from_slice(&levels.values[start * n_bands..(start + N_FRAMES) * n_bands]);
}

fn cut_windows(levels: &Spectrogram, starts: &[usize]) -> Vec<f32> {
    let mut windows = Vec::with_capacity(starts.len() * N_FRAMES * N_BANDS);
    starts.iter().for_each(|&start| cut_window(levels, start, &mut windows));
    windows
}

fn train_machine<N: WindowNetwork>(
    config: &TrainingConfig,
    MachineClips {
        machine,
        clips,
        checkpoint,
    }: &MachineClips<'_>,
    log_mel: &LogMel,
    observer: &mut Part<'_>,
) -> Result<Machine<N>, ExtractorError> {
    let front_end = |samples: &[f32]| log_mel.decibel(samples);
    observer.stage(&format!("reading {machine}"));
    let hop = config.window_hop.max(1);
    let taken = Taken::Windows { n_frames: N_FRAMES, hop };
    let read = read_training_clips(clips, &front_end, taken, observer.whole())?;
    let data = fingerprint(read.iter().map(|read| &read.clip));
    let (mut learn, mut held_out) = split_held_out(read, |read| read.clip.group.section.clone(), config.seed);
    tell_held_out(&held_out, observer);
    observer.stage(&format!("measuring the levels of {machine}"));
    let standardiser = Standardiser::of(&learn, &front_end, N_BANDS, observer.whole())?;
    for read in learn.iter_mut().chain(&mut held_out) {
        let kept = read.kept.take();
        read.kept = kept.map(|levels| Arc::new(standardiser.apply(Arc::unwrap_or_clone(levels))));
    }
    let standardised = |samples: &[f32]| standardiser.apply(log_mel.decibel(samples));
    if !N::TAKES_END
        && let Some(left_over) = learn.iter().map(|read| (read.n_frames - N_FRAMES) % hop).max()
        && left_over > 0
    {
        observer.log(&format!(
            "{machine}: up to {left_over} frames at the end of a clip fill no window and are left out"
        ));
    }
    let rule = WindowRule {
        n_frames: N_FRAMES,
        hop,
        takes_end: N::TAKES_END,
        n_per_clip: None,
        cut: cut_window,
    };
    let windows = |clips: Vec<_>| FrameWindows::new(clips.into_iter().map(|clip| (clip, 0)).collect(), &standardised, rule);
    let (mut learn, mut held_out) = (windows(learn), windows(held_out));
    let plan = TrainingPlan {
        early_stop: Some(N::EARLY_STOP),
        ..plan_of(config, machine, format!("{data} {}", N::settings(config)))
    };
    let examples = examples_of(&mut learn, &mut held_out);
    observer.stage(&format!("training {machine}"));
    let network = N::fresh(config)?.learn(&plan, examples, checkpoint, observer)?;
    Ok(Machine { network, standardiser })
}

#[cfg(test)]
mod tests {
    use super::super::model_view::probe::{assert_residual, clip, group};
    use super::*;
    use crate::exploration::Genome;
    use crate::nn::{CaeMcs, DeviceChoice, OutlierNet};

    /// Fresh networks see and redraw as trained ones do.
    fn sees_what_it_is_fed<N: WindowNetwork + 'static>(network: N) {
        let mut tensors: Vec<NamedTensor> = ["standardiser.means", "standardiser.deviations"]
            .into_iter()
            .enumerate()
            .map(|(part, name)| NamedTensor {
                name: name.to_owned(),
                shape: vec![N_BANDS],
                values: (0..N_BANDS)
                    .map(|band| {
                        if part == 0 {
                            -40.0 - band as f32
                        } else {
                            5.0 + 0.1 * band as f32
                        }
                    })
                    .collect(),
            })
            .collect();
        let standardiser = Standardiser::take_from(&mut tensors, N_BANDS).expect("two tensors");
        let config = TrainingConfig {
            segment_hop: 8,
            ..TrainingConfig::published(N::RECIPE)
        };
        let extractor = WindowAutoencoder::of_one(&config, &group(), network, standardiser);
        let clip = clip(60_000);
        // What leaves the program is fed the windows that the run scores by.
        let fed = extractor.deployments().expect("a graph")[0].windows(&clip);
        let scored = extractor.embed_windows(&clip, &group(), 8).expect("a network");
        let by_hand = extractor.model_input(&clip);
        for (idx, embedding) in scored.iter().enumerate() {
            let view = extractor
                .model_view(&clip, &group(), WindowPlace { idx, hop: Some(8) })
                .expect("a window");
            assert_eq!((view.n_planes, view.n_frames, view.n_bins), (1, N_FRAMES, N_BANDS));
            let len = N_FRAMES * N_BANDS;
            assert_eq!(view.values, fed[idx * len..(idx + 1) * len], "window {idx}");
            let (frame, band) = (5, 17);
            let level = by_hand.frame(8 * idx + frame)[band];
            assert_eq!(
                view.values[frame * N_BANDS + band],
                (level + 40.0 + 17.0) / (5.0 + 0.1 * 17.0)
            );
            assert_residual(&view, embedding.own_scores[0]);
        }
        let side_by_side = extractor
            .model_view(&clip, &group(), WindowPlace { idx: 2, hop: None })
            .expect("a window");
        let crop = extractor.crop_windows(clip.duration_secs())[2];
        assert_eq!(
            (side_by_side.window, side_by_side.values.as_slice()),
            (crop, &fed[8 * N_FRAMES * N_BANDS..9 * N_FRAMES * N_BANDS])
        );
        let beyond = extractor.model_view(&clip, &group(), WindowPlace { idx: 3, hop: None });
        assert!(matches!(beyond, Err(ExtractorError::ClipTooShort { .. })));
        let elsewhere = MachineSection {
            machine: "pump".to_owned(),
            ..group()
        };
        let unknown = extractor.model_view(&clip, &elsewhere, WindowPlace { idx: 0, hop: None });
        assert!(matches!(unknown, Err(ExtractorError::UnknownMachine { .. })));
    }

    #[test]
    fn cae_mcs_is_shown_as_it_is_fed() {
        sees_what_it_is_fed(CaeMcs::new(DeviceChoice::Cpu, 3).expect("the processor"));
    }

    #[test]
    fn outlier_nets_are_shown_as_they_are_fed() {
        sees_what_it_is_fed(OutlierNet::new(&Genome::fan_example(), DeviceChoice::Cpu, 3).expect("the processor"));
    }
}
