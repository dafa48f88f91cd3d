//! Embeddings of all clips of a data set by one run, kept beside it.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use npyz::WriterBuilder as _;

use super::embed::embed_file;
use super::held_out::held_out_clips;
use super::{PipelineError, Run};
use crate::audio::{self, Clip, LONG_SECS};
use crate::dataset::{Dataset, SkippedFile};
use crate::detectors::{DetectorKind, Observations};
use crate::extractors::{Embedding, Extractor, ExtractorError, OwnScore};
use crate::progress::{self, Cancelled, NoProgress, Progress};
use crate::whole_file::write_whole;

/// One embedding a clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmbeddedClips {
    /// Parallel to [`Dataset::clips`]; `None` where the clip could not be embedded.
    pub embeddings: Vec<Option<Embedding>>,
    pub failed: Vec<SkippedFile>,
    /// The detectors that pass on what the front end itself scored: parallel to [`Embedding::own_scores`].
    pub own_scores: Vec<DetectorKind>,
    /// The clips that the front end was trained without; `None` where it learns nothing.
    pub held_out: Option<BTreeSet<usize>>,
}

impl EmbeddedClips {
    /// The embeddings of these clips as one block; clips without one are left out. The second part says which clips remain.
    pub fn observations(&self, clips: &[usize]) -> (Observations, Vec<usize>) {
        let mut observations = Observations::default();
        let mut kept = Vec::with_capacity(clips.len());
        for &clip_idx in clips {
            let Some(embedding) = self.embeddings.get(clip_idx).and_then(Option::as_ref) else {
                continue;
            };
            observations.push(embedding, &self.own_scores);
            kept.push(clip_idx);
        }
        (observations, kept)
    }

    /// Clips that have an embedding with a place on a map: one that is not finite has none, and must not cost the others theirs.
    pub fn clips_with_a_place(&self) -> Vec<usize> {
        let has_place = |embedding: &Embedding| embedding.values.iter().all(|value| value.is_finite());
        (0..self.embeddings.len())
            .filter(|&clip_idx| self.embeddings[clip_idx].as_ref().is_some_and(has_place))
            .collect()
    }
}

impl Observations {
    /// Adds one clip; all must come from one extractor, whose own scores these detectors pass on.
    pub(super) fn push(&mut self, embedding: &Embedding, own_scores: &[DetectorKind]) {
        self.n_features = embedding.values.len();
        self.embeddings.extend_from_slice(&embedding.values);
        for (&kind, &score) in own_scores.iter().zip(&embedding.own_scores) {
            self.own_scores.entry(kind).or_default().push(score);
        }
    }
}

/// The detectors that pass on what a front end scores itself: parallel to [`Extractor::own_scores`].
pub(super) fn own_score_detectors(extractor: &dyn Extractor) -> Vec<DetectorKind> {
    let detector = |score: &OwnScore| match score {
        OwnScore::Residual => DetectorKind::Residual,
        OwnScore::SelectiveMaha => DetectorKind::SelectiveMaha,
        OwnScore::SelectiveMahaNtt => DetectorKind::SelectiveMahaNtt,
        OwnScore::Probability => DetectorKind::Probability,
    };
    extractor.own_scores().iter().map(detector).collect()
}

/// Embeds every clip of the sections that the run covers, or takes what an earlier call kept where nothing has changed since.
///
/// # Errors
/// Where no clip at all can be embedded, or the wish to stop.
pub fn extract(run: &Run, dataset: &Dataset, progress: &mut dyn Progress) -> Result<EmbeddedClips, PipelineError> {
    extract_more(run, dataset, &EmbeddedClips::default(), progress)
}

/// The same where the first clips of the data set are embedded already: those that were added behind them are what is left to do.
///
/// # Errors
/// As [`extract`].
pub fn extract_more(
    run: &Run,
    dataset: &Dataset,
    known: &EmbeddedClips,
    progress: &mut dyn Progress,
) -> Result<EmbeddedClips, PipelineError> {
    let cache = cache_file(run, dataset);
    let own_scores = own_score_detectors(&*run.extractor);
    let cached = read_cache(&cache, dataset.clips.len(), own_scores.len());
    let mut embedded = EmbeddedClips {
        own_scores,
        held_out: held_out_clips(run, dataset),
        ..EmbeddedClips::default()
    };
    match cached {
        Some(embeddings) => {
            progress.log(&format!("embeddings taken from {}", cache.display()));
            embedded.embeddings = embeddings;
        }
        None => {
            embedded.embeddings.clone_from(&known.embeddings);
            embedded.embeddings.resize(dataset.clips.len(), None);
        }
    }
    let missing: Vec<usize> = (0..dataset.clips.len())
        .filter(|&clip_idx| embedded.embeddings[clip_idx].is_none() && run.recipe.covers(&dataset.clips[clip_idx].group))
        .collect();
    let channel = run.recipe.channel(dataset);
    if channel != dataset.channel {
        progress.log(&format!(
            "the run listens to {channel}, the data set is read with {}",
            dataset.channel
        ));
    }
    let mut results = Vec::with_capacity(missing.len());
    let finished = embed_all(run, dataset, &missing, &mut results, progress);
    results.sort_by_key(|&(clip_idx, _)| clip_idx);
    let mut has_new = false;
    for (clip_idx, result) in results {
        match result {
            Ok(embedding) => {
                embedded.embeddings[clip_idx] = Some(embedding);
                has_new = true;
            }
            Err(error) => embedded.failed.push(SkippedFile {
                path: PathBuf::from(&dataset.clips[clip_idx].path),
                error: error.to_string(),
            }),
        }
    }
    if let Err(cancelled) = finished {
        if has_new {
            write_cache(&cache, &embedded).ok();
        }
        return Err(cancelled.into());
    }
    if let (Some(first), true) = (embedded.failed.first(), embedded.embeddings.iter().all(Option::is_none)) {
        return Err(PipelineError::NothingEmbedded {
            n_clips: dataset.clips.len(),
            reason: first.error.clone(),
        });
    }
    // A cache is a convenience: where it cannot be written the result stands all the same. Clips that failed, and only they, are
    // tried again next time.
    if has_new && write_cache(&cache, &embedded).is_err() {
        progress.log(&format!("the embeddings could not be kept in {}", cache.display()));
    }
    Ok(embedded)
}

/// Short clips side by side, then the long ones, the stretches of each side by side. What is done stays in `results` where the wish
/// to stop comes in between: hours of work may be behind it.
fn embed_all(
    run: &Run,
    dataset: &Dataset,
    clips: &[usize],
    results: &mut Vec<(usize, Result<Embedding, ExtractorError>)>,
    progress: &mut dyn Progress,
) -> Result<(), Cancelled> {
    let is_long = |clip: &&usize| dataset.clips[**clip].duration_secs > LONG_SECS;
    let (long, short): (Vec<usize>, Vec<usize>) = clips.iter().partition(is_long);
    progress.stage("Embedding clips");
    let (send, receive) = mpsc::channel();
    let finished = progress::par_map(&short, progress, |&clip_idx| {
        // The receiver outlives the map.
        send.send((clip_idx, embed(run, dataset, clip_idx, &mut NoProgress))).ok();
    });
    drop(send);
    results.extend(receive);
    finished?;
    for clip_idx in long {
        progress.stage(&format!("Embedding {}", dataset.clips[clip_idx].file_name()));
        match embed(run, dataset, clip_idx, progress) {
            Err(ExtractorError::Cancelled(cancelled)) => return Err(cancelled),
            result => results.push((clip_idx, result)),
        }
    }
    Ok(())
}

fn embed(run: &Run, dataset: &Dataset, clip_idx: usize, progress: &mut dyn Progress) -> Result<Embedding, ExtractorError> {
    let clip = &dataset.clips[clip_idx];
    let source = (&*dataset.file(clip), run.recipe.channel(dataset));
    embed_file(&*run.extractor, source, clip.duration_secs, &clip.group, progress)
}

/// Named by everything that the embeddings depend on: the run's files, what the front end makes of a known sound, the recordings'
/// names, sizes and times, the channel.
fn cache_file(run: &Run, dataset: &Dataset) -> PathBuf {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(format!("{:?} {:?}", run.recipe, run.recipe.channel(dataset)).as_bytes());
    // The version alone does not tell when a front end was changed in between.
    let probe = probe();
    for value in &run.extractor.model_input(&probe).values {
        hasher.update(&value.to_le_bytes());
    }
    let embedded = dataset
        .clips
        .first()
        .and_then(|clip| run.extractor.embed(&probe, &clip.group).ok());
    for value in embedded.iter().flat_map(|embedding| &embedding.values) {
        hasher.update(&value.to_le_bytes());
    }
    // A recipe without training has no weights.
    let weights = run.dir.join(format!("{}.safetensors", run.recipe.training.recipe.name()));
    if let Ok(bytes) = std::fs::read(weights) {
        hasher.update(&bytes);
    }
    for clip in &dataset.clips {
        let stamp = std::fs::metadata(dataset.file(clip)).map(|file| (file.len(), file.modified().ok()));
        hasher.update(format!("{} {} {stamp:?}\n", clip.path, clip.group).as_bytes());
    }
    run.dir.join(format!("embeddings-{}.npy", &hasher.finalize().to_hex()[..16]))
}

/// Some seconds with all frequencies in them, always the same.
fn probe() -> Clip {
    let n_samples = 3 * audio::SAMPLE_RATE_HZ;
    // A linear congruential generator: noise enough, and independent of any crate's version.
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as f32 / u32::MAX as f32 - 0.5
    };
    Clip {
        samples: (0..n_samples).map(|_| 0.1 * noise()).collect(),
        sample_rate_hz: audio::SAMPLE_RATE_HZ,
    }
}

/// `[n_clips, n_features + n_own_scores]`, the front end's own scores last; a clip without embedding is a row of NaN.
fn write_cache(path: &Path, embedded: &EmbeddedClips) -> std::io::Result<()> {
    let n_columns = embedded
        .embeddings
        .iter()
        .flatten()
        .next()
        .map_or(0, |embedding| embedding.values.len() + embedding.own_scores.len());
    let shape = [embedded.embeddings.len() as u64, n_columns as u64];
    write_whole(path, |file| {
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(file)
            .begin_nd()?;
        for embedding in &embedded.embeddings {
            match embedding {
                Some(embedding) => {
                    writer.extend(embedding.values.iter().copied())?;
                    writer.extend(embedding.own_scores.iter().copied())?;
                }
                None => writer.extend(std::iter::repeat_n(f32::NAN, n_columns))?,
            }
        }
        writer.finish()
    })
}

fn read_cache(path: &Path, n_clips: usize, n_own_scores: usize) -> Option<Vec<Option<Embedding>>> {
    let file = npyz::NpyFile::new(std::io::BufReader::new(File::open(path).ok()?)).ok()?;
    let &[n_rows, n_columns] = file.shape() else { return None };
    let n_columns = usize::try_from(n_columns)
        .ok()
        .filter(|&n_columns| n_columns > n_own_scores)?;
    if n_rows != n_clips as u64 {
        return None;
    }
    let values: Vec<f32> = file.into_vec().ok()?;
    let embedding = |row: &[f32]| {
        let (values, own_scores) = row.split_at(n_columns - n_own_scores);
        let is_there = !row.iter().all(|value| value.is_nan());
        is_there.then(|| Embedding {
            values: values.to_vec(),
            own_scores: own_scores.to_vec(),
        })
    };
    Some(values.chunks_exact(n_columns).map(embedding).collect())
}
