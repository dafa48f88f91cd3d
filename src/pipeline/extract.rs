//! Embeddings of all clips of a data set by one run, kept beside it.

use std::fs::File;
use std::path::PathBuf;

use npyz::WriterBuilder as _;

use super::{PipelineError, Run};
use crate::audio;
use crate::dataset::{ClipEntry, Dataset, SkippedFile};
use crate::detectors::Observations;
use crate::extractors::{Embedding, ExtractorError};
use crate::progress::{self, Progress};
use crate::whole_file::write_whole;

/// One embedding a clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmbeddedClips {
    /// Parallel to [`Dataset::clips`]; `None` where the clip could not be embedded.
    pub embeddings: Vec<Option<Embedding>>,
    pub failed: Vec<SkippedFile>,
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
            observations.push(embedding);
            kept.push(clip_idx);
        }
        (observations, kept)
    }

    /// Clips that have an embedding.
    pub fn embedded_clips(&self) -> Vec<usize> {
        (0..self.embeddings.len())
            .filter(|&clip_idx| self.embeddings[clip_idx].is_some())
            .collect()
    }
}

impl Observations {
    /// Adds one clip; all must come from one extractor.
    pub(super) fn push(&mut self, embedding: &Embedding) {
        self.n_features = embedding.values.len();
        self.embeddings.extend_from_slice(&embedding.values);
        self.residuals.extend(embedding.residual);
    }
}

/// Embeds every clip, or takes what an earlier call kept where nothing has changed since.
///
/// # Errors
/// Where no clip at all can be embedded, or the wish to stop.
pub fn extract(run: &Run, dataset: &Dataset, progress: &mut dyn Progress) -> Result<EmbeddedClips, PipelineError> {
    let cache = cache_file(run, dataset);
    if let Some(embedded) = read_cache(&cache, dataset.clips.len()) {
        progress.log(&format!("embeddings taken from {}", cache.display()));
        return Ok(embedded);
    }
    progress.stage("Embedding clips");
    let results = progress::par_map(&dataset.clips, progress, |clip| embed(run, dataset, clip))?;
    let mut embedded = EmbeddedClips::default();
    for (clip, result) in dataset.clips.iter().zip(results) {
        if let Err(error) = &result {
            embedded.failed.push(SkippedFile {
                path: PathBuf::from(&clip.path),
                error: error.to_string(),
            });
        }
        embedded.embeddings.push(result.ok());
    }
    if let (Some(first), true) = (embedded.failed.first(), embedded.embeddings.iter().all(Option::is_none)) {
        return Err(PipelineError::NothingEmbedded {
            n_clips: dataset.clips.len(),
            reason: first.error.clone(),
        });
    }
    // A cache is a convenience: where it cannot be written the result stands all the same. Clips that failed are tried again next time.
    if embedded.failed.is_empty() && write_cache(&cache, &embedded).is_err() {
        progress.log(&format!("the embeddings could not be kept in {}", cache.display()));
    }
    Ok(embedded)
}

fn embed(run: &Run, dataset: &Dataset, clip: &ClipEntry) -> Result<Embedding, ExtractorError> {
    let sound = audio::read_clip(&dataset.file(clip), dataset.channel)?;
    run.extractor.embed(&sound, &clip.group)
}

/// Named by everything that the embeddings depend on: the run's files, the recordings' names, sizes and times, the channel.
fn cache_file(run: &Run, dataset: &Dataset) -> PathBuf {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(format!("{:?} {:?}", run.recipe, dataset.channel).as_bytes());
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

/// `[n_clips, n_features + 1]`, the residual last and NaN where there is none.
fn write_cache(path: &PathBuf, embedded: &EmbeddedClips) -> std::io::Result<()> {
    let n_features = embedded
        .embeddings
        .iter()
        .flatten()
        .next()
        .map_or(0, |embedding| embedding.values.len());
    let shape = [embedded.embeddings.len() as u64, n_features as u64 + 1];
    write_whole(path, |file| {
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(file)
            .begin_nd()?;
        for embedding in embedded.embeddings.iter().flatten() {
            writer.extend(embedding.values.iter().copied())?;
            writer.push(&embedding.residual.unwrap_or(f32::NAN))?;
        }
        writer.finish()
    })
}

fn read_cache(path: &PathBuf, n_clips: usize) -> Option<EmbeddedClips> {
    let file = npyz::NpyFile::new(std::io::BufReader::new(File::open(path).ok()?)).ok()?;
    let &[n_rows, n_columns] = file.shape() else { return None };
    let n_columns = usize::try_from(n_columns).ok().filter(|&n_columns| n_columns > 1)?;
    if n_rows != n_clips as u64 {
        return None;
    }
    let values: Vec<f32> = file.into_vec().ok()?;
    let embedding = |row: &[f32]| {
        let (&residual, values) = row.split_last()?;
        Some(Embedding {
            values: values.to_vec(),
            residual: (!residual.is_nan()).then_some(residual),
        })
    };
    Some(EmbeddedClips {
        embeddings: values.chunks_exact(n_columns).map(embedding).collect(),
        failed: Vec::new(),
    })
}
