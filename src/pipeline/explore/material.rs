//! What a search learns from and judges by: which clips, and which of them with a fault put in.
//!
//! Normal training clips are split by file: to learn from, and held out for the curves and for judging. Labelled test clips are
//! touched only where a person chose to be guided by half of them, and then by half A alone.

use std::path::PathBuf;

use super::faults::Fault;
use super::{ExploreSettings, JudgedBy, JudgedLabel};
use crate::audio::{AudioError, Clip, read_clip};
use crate::dataset::{Dataset, Label, Split};
use crate::extractors::{SectionWindows, TrainingClip};
use crate::pipeline::PipelineError;
use crate::pipeline::halves::{Half, halves, rank};
use crate::pipeline::training_clips::{may_be_fitted_on, training_clip};
use crate::progress::{self, Progress};

/// One normal clip in so many is held out, but at least [`MIN_HELD_OUT`], and at most half.
const HELD_OUT_SHARE: usize = 5;
const MIN_HELD_OUT: usize = 4;
/// Fewer normal clips cannot be split.
const MIN_NORMAL: usize = 4;
/// So many faulty clips are made at least, where the held-out clips times the faults suffice.
const MIN_FAULTY: usize = 60;

/// The clips of a search.
pub(super) struct Plan {
    pub learn: Vec<TrainingClip>,
    pub held_out: Vec<TrainingClip>,
    pub judged: Vec<Sound>,
    /// A hash of all that: another plan, another search. A label of a clip that has no part in it does not matter.
    pub fingerprint: String,
}

/// A clip that designs are judged by, before it is read.
pub(super) struct Sound {
    /// Relative to the data folder.
    pub path: String,
    pub label: JudgedLabel,
    clip: TrainingClip,
    /// What is put in, with its seed and a clip of another machine.
    fault: Option<(Fault, u64, Option<TrainingClip>)>,
}

/// A clip that designs are judged by, cut into windows.
pub(super) struct JudgedWindows {
    pub path: String,
    pub label: JudgedLabel,
    pub windows: Vec<f32>,
}

impl Plan {
    /// # Errors
    /// Where the section has too few clips for it.
    pub(super) fn new(dataset: &Dataset, settings: &ExploreSettings) -> Result<Self, PipelineError> {
        let too_few = |reason: String| PipelineError::NothingToExplore {
            group: settings.group.clone(),
            reason,
        };
        let is_ours = |&clip_idx: &usize| dataset.clips[clip_idx].group == settings.group;
        let mut normal: Vec<usize> = (0..dataset.clips.len())
            .filter(|clip_idx| is_ours(clip_idx) && may_be_fitted_on(&dataset.clips[*clip_idx]))
            .collect();
        if normal.len() < MIN_NORMAL {
            return Err(too_few(format!(
                "it has {} normal training clips, and {MIN_NORMAL} are needed to hold some out",
                normal.len()
            )));
        }
        // In an order that rests on nothing but the paths.
        normal.sort_by_key(|&clip_idx| rank(&dataset.clips[clip_idx].path));
        let n_held_out = (normal.len() / HELD_OUT_SHARE).max(MIN_HELD_OUT).min(normal.len() / 2);
        let (held_out, learn) = normal.split_at(n_held_out);
        let judged = match settings.judged_by {
            JudgedBy::SyntheticAnomalies => with_faults(dataset, settings, held_out),
            JudgedBy::LabelledHalf => half_a(dataset, settings),
        };
        for (is_normal, name) in [(true, "normal"), (false, "anomalous")] {
            if !judged.iter().any(|sound| (sound.label == JudgedLabel::Normal) == is_normal) {
                return Err(too_few(format!(
                    "it has no {name} clip to judge by: judge by synthetic anomalies, which need no labels"
                )));
            }
        }
        let clips_of = |clips: &[usize]| {
            clips
                .iter()
                .map(|&idx| training_clip(dataset, &dataset.clips[idx], dataset.channel))
                .collect()
        };
        Ok(Self {
            fingerprint: fingerprint(dataset, [learn, held_out], &judged),
            learn: clips_of(learn),
            held_out: clips_of(held_out),
            judged,
        })
    }

    /// A clip as designs were judged by it, with its fault put in; `None` where it is not among them.
    pub(super) fn judged_sound(&self, path: &str, label: &JudgedLabel) -> Option<&Sound> {
        self.judged.iter().find(|sound| sound.path == path && sound.label == *label)
    }

    pub(super) fn held_out_files(&self) -> Vec<PathBuf> {
        self.held_out.iter().map(|clip| clip.file.clone()).collect()
    }

    /// Reads what is learned from.
    pub(super) fn read_windows(&self, progress: &mut dyn Progress) -> Result<SectionWindows, PipelineError> {
        progress.stage("Reading the section");
        Ok(SectionWindows::read(&self.learn, &self.held_out, progress)?)
    }

    /// Reads what is learned from and what is judged by, on all cores.
    pub(super) fn read(&self, progress: &mut dyn Progress) -> Result<(SectionWindows, Vec<JudgedWindows>), PipelineError> {
        let windows = self.read_windows(progress)?;
        progress.stage("Making the clips to judge by");
        let judged = progress::par_map(&self.judged, progress, |sound| {
            Ok::<_, AudioError>(JudgedWindows {
                path: sound.path.clone(),
                label: sound.label.clone(),
                windows: windows.cut(&sound.read()?),
            })
        })?;
        let judged: Vec<JudgedWindows> = judged.into_iter().collect::<Result<_, _>>()?;
        let long_enough = |judged: &JudgedWindows| !judged.windows.is_empty();
        Ok((windows, judged.into_iter().filter(long_enough).collect()))
    }
}

impl Sound {
    pub(super) fn read(&self) -> Result<Clip, AudioError> {
        let mut clip = read_clip(&self.clip.file, self.clip.channel)?;
        if let Some((fault, seed, other)) = &self.fault {
            let other = match other {
                Some(other) => read_clip(&other.file, other.channel)?.samples,
                None => Vec::new(),
            };
            clip.samples = fault.put_into(&clip.samples, &other, *seed);
        }
        Ok(clip)
    }
}

fn fingerprint(dataset: &Dataset, normal: [&[usize]; 2], judged: &[Sound]) -> String {
    let mut hasher = blake3::Hasher::new();
    for clips in normal {
        for &clip_idx in clips {
            let clip = &dataset.clips[clip_idx];
            hasher.update(format!("{} {} Hz {} s\n", clip.path, clip.sample_rate_hz, clip.duration_secs).as_bytes());
        }
        hasher.update(b"\n");
    }
    for sound in judged {
        let fault = sound.fault.as_ref().map(|(fault, seed, other)| {
            let other = other.as_ref().and_then(|other| other.file.file_name());
            (fault, seed, other.map(std::ffi::OsStr::to_os_string))
        });
        hasher.update(format!("{} {:?} {fault:?}\n", sound.path, sound.label).as_bytes());
    }
    hasher.update(format!("{:?}", dataset.channel).as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Held-out normal clips as they are, and with faults put in: each fault equally often, as far as it goes.
fn with_faults(dataset: &Dataset, settings: &ExploreSettings, held_out: &[usize]) -> Vec<Sound> {
    // The next of kin first: the same machine's other sections.
    let strangers = |is_kin: bool| -> Vec<usize> {
        let of_other = |&clip_idx: &usize| {
            let clip = &dataset.clips[clip_idx];
            let is_other = clip.group != settings.group && may_be_fitted_on(clip);
            is_other && (!is_kin || clip.group.machine == settings.group.machine)
        };
        (0..dataset.clips.len()).filter(of_other).collect()
    };
    let mut others = strangers(true);
    if others.is_empty() {
        others = strangers(false);
    }
    let faults: Vec<Fault> = Fault::ALL
        .into_iter()
        .filter(|fault| *fault != Fault::Mix || !others.is_empty())
        .collect();
    let n_faults = MIN_FAULTY.div_ceil(held_out.len().max(1)).min(faults.len());
    let sound = |clip_idx: usize, fault: Option<Fault>| {
        let clip = &dataset.clips[clip_idx];
        let chance = rank(&format!("{} {fault:?}", clip.path)) ^ settings.search.seed;
        let other = (fault == Some(Fault::Mix) && !others.is_empty()).then(|| {
            training_clip(
                dataset,
                &dataset.clips[others[chance as usize % others.len()]],
                dataset.channel,
            )
        });
        Sound {
            path: clip.path.clone(),
            label: fault.map_or(JudgedLabel::Normal, |fault| JudgedLabel::Synthetic(fault.title().to_owned())),
            clip: training_clip(dataset, clip, dataset.channel),
            fault: fault.map(|fault| (fault, chance, other)),
        }
    };
    let normal = held_out.iter().map(|&clip_idx| sound(clip_idx, None));
    let mut sounds: Vec<Sound> = normal.collect();
    for (place, &clip_idx) in held_out.iter().enumerate() {
        let of_clip = (0..n_faults).map(|k| faults[(place * n_faults + k) % faults.len()]);
        sounds.extend(of_clip.map(|fault| sound(clip_idx, Some(fault))));
    }
    sounds
}

/// Half A of the labelled test clips.
fn half_a(dataset: &Dataset, settings: &ExploreSettings) -> Vec<Sound> {
    let tested = dataset.indices(&settings.group, Split::Test);
    let of_halves = halves(dataset, &tested);
    let in_a = tested.into_iter().zip(of_halves).filter(|(_, half)| *half == Some(Half::A));
    let sound = |(clip_idx, _): (usize, _)| {
        let clip = &dataset.clips[clip_idx];
        Sound {
            path: clip.path.clone(),
            label: if clip.label == Label::Anomalous {
                JudgedLabel::Anomalous
            } else {
                JudgedLabel::Normal
            },
            clip: training_clip(dataset, clip, dataset.channel),
            fault: None,
        }
    };
    in_a.map(sound).collect()
}

/// A clip of a search as it was judged: with its fault put in where it has one, so that a person can hear what was missed.
///
/// # Errors
/// Where the clip is no longer among those that the search judges by, or cannot be read.
pub fn judged_sound(
    dataset: &Dataset,
    settings: &ExploreSettings,
    path: &str,
    label: &JudgedLabel,
) -> Result<Clip, PipelineError> {
    let plan = Plan::new(dataset, settings)?;
    let sound = plan
        .judged_sound(path, label)
        .ok_or_else(|| PipelineError::NothingToExplore {
            group: settings.group.clone(),
            reason: format!("{path} is no longer among the clips that its designs are judged by"),
        })?;
    Ok(sound.read()?)
}
