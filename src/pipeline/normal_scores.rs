//! What an autoencoder itself scores normal clips, kept in the run's folder: thresholds of networks that leave rest on it, long
//! after the recordings are out of reach.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::embed::embed_file;
use super::held_out::{MIN_HELD_OUT, held_out_clips};
use super::training_clips::may_be_fitted_on;
use super::{PipelineError, Run};
use crate::dataset::{Dataset, Split};
use crate::extractors::OwnScore;
use crate::progress::{self, NoProgress, Progress};

/// In the run's folder.
pub(super) const NORMAL_SCORES_FILE: &str = "normal_scores.csv";
/// Of each section, where too few clips were held out.
const MOST_TRAINED_ON: usize = 100;

/// One clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NormalScore {
    pub machine: String,
    pub section: String,
    pub path: String,
    pub is_held_out: bool,
    pub score: f64,
}

/// The normal clips of each section that say most: those that the front end was trained without; where these are too few, some of
/// all. With whether they were held out.
pub(super) fn telling_clips(run: &Run, dataset: &Dataset) -> Vec<(usize, bool)> {
    let held_out = held_out_clips(run, dataset).unwrap_or_default();
    let mut telling = Vec::new();
    for group in dataset.groups().into_iter().filter(|group| run.recipe.covers(group)) {
        let normal = dataset.indices(&group, Split::Train).into_iter();
        let normal: Vec<usize> = normal.filter(|&clip| may_be_fitted_on(&dataset.clips[clip])).collect();
        let (kept, others): (Vec<usize>, Vec<usize>) = normal.into_iter().partition(|clip| held_out.contains(clip));
        let are_few = kept.len() < MIN_HELD_OUT;
        telling.extend(kept.into_iter().map(|clip| (clip, true)));
        if are_few {
            let step = others.len().div_ceil(MOST_TRAINED_ON).max(1);
            telling.extend(others.into_iter().step_by(step).map(|clip| (clip, false)));
        }
    }
    telling
}

/// Whether a network of this name is about a section: it is named after its machine type (`fan`) or its section (`fan 00`).
pub(super) fn is_about(network: &str, machine: &str, section: &str) -> bool {
    network == machine || network.strip_prefix(machine).and_then(|rest| rest.strip_prefix(' ')) == Some(section)
}

/// The residuals of [`telling_clips`]; none for a front end without. Clips that cannot be scored are left out.
///
/// # Errors
/// On the wish to stop.
pub(super) fn of_run(run: &Run, dataset: &Dataset, progress: &mut dyn Progress) -> Result<Vec<NormalScore>, PipelineError> {
    if run.extractor.own_scores().first() != Some(&OwnScore::Residual) {
        return Ok(Vec::new());
    }
    progress.stage("scoring held-out clips");
    let scores = progress::par_map(&telling_clips(run, dataset), progress, |&(clip, is_held_out)| {
        let entry = &dataset.clips[clip];
        let source = (&*dataset.file(entry), run.recipe.channel(dataset));
        let embedded = embed_file(&*run.extractor, source, entry.duration_secs, &entry.group, &mut NoProgress);
        let embedding = embedded.ok()?;
        Some(NormalScore {
            machine: entry.group.machine.clone(),
            section: entry.group.section.clone(),
            path: entry.path.clone(),
            is_held_out,
            score: f64::from(*embedding.own_scores.first()?),
        })
    })?;
    Ok(scores.into_iter().flatten().collect())
}

/// What [`of_run`] found, into the run's folder.
pub(super) fn write(run_dir: &Path, scores: &[NormalScore]) -> Result<(), PipelineError> {
    let path = run_dir.join(NORMAL_SCORES_FILE);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let rows = scores.iter().try_for_each(|score| writer.serialize(score));
    let bytes = rows.and_then(|()| writer.into_inner().map_err(|error| error.into_error().into()));
    let written = bytes
        .map_err(std::io::Error::other)
        .and_then(|bytes| std::fs::write(&path, bytes));
    written.map_err(|source| PipelineError::io(&path, source))
}

/// What [`write`] kept; nothing where there is no such file, as of runs from before it was kept.
pub(super) fn read(run_dir: &Path) -> Vec<NormalScore> {
    let Ok(mut reader) = csv::Reader::from_path(run_dir.join(NORMAL_SCORES_FILE)) else {
        return Vec::new();
    };
    reader.deserialize().flatten().collect()
}

/// The scores by one network that a threshold is drawn from, and in words what they are.
pub(super) fn of_network(scores: &[NormalScore], network: &str) -> (Vec<f64>, String) {
    let of_it = || {
        let is_of_it = |score: &&NormalScore| is_about(network, &score.machine, &score.section);
        scores.iter().filter(is_of_it)
    };
    let held_out: Vec<f64> = of_it().filter(|score| score.is_held_out).map(|score| score.score).collect();
    match held_out.len() {
        n if n >= MIN_HELD_OUT => (held_out, format!("scores of {n} normal clips held out from training")),
        n => {
            let all: Vec<f64> = of_it().map(|score| score.score).collect();
            let words = format!(
                "scores of {} normal clips that the network was mostly trained on, and so rather low: only {n} were held out",
                all.len()
            );
            (all, words)
        }
    }
}
