//! Which clips a front end was trained without: what they score tells what normal clips score.
//!
//! A trained network knows its training clips and puts them closer together than any clip that it meets later. A threshold taken
//! from their scores is too low. Training holds out a tenth of the clips of each group and lists them in the run's folder; their
//! leave-one-out scores are those of clips that neither the network nor the detector has seen.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use super::Run;
use crate::dataset::Dataset;

/// In the run's folder: one column, paths relative to the data with `/` between folders.
pub(super) const HELD_OUT_FILE: &str = "held_out.csv";
const COLUMN: &str = "path";

/// Fewer scores say too little about the upper tenth.
pub(super) const MIN_HELD_OUT: usize = 10;

/// What a section's threshold rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdBasis {
    /// Leave-one-out scores of all normal training clips, for a front end that learns nothing.
    AllClips,
    /// Leave-one-out scores of so many clips that the front end was trained without.
    HeldOut(usize),
    /// Leave-one-out scores of clips that the front end was mostly trained on: so few were held out.
    TrainedOn(usize),
}

impl fmt::Display for ThresholdBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllClips => f.write_str("leave-one-out scores of the normal training clips"),
            Self::HeldOut(n) => write!(f, "scores of {n} normal clips held out from training"),
            Self::TrainedOn(n) => write!(
                f,
                "leave-one-out scores of clips that the network was trained on, and so rather low: only {n} were held out"
            ),
        }
    }
}

pub(super) fn basis(held_out: Option<&BTreeSet<usize>>, train_clips: &[usize]) -> ThresholdBasis {
    let Some(held_out) = held_out else {
        return ThresholdBasis::AllClips;
    };
    match train_clips.iter().filter(|clip| held_out.contains(clip)).count() {
        n if n >= MIN_HELD_OUT => ThresholdBasis::HeldOut(n),
        n => ThresholdBasis::TrainedOn(n),
    }
}

/// `normal_scores` are parallel to `train_clips`.
pub(super) fn scores<'a>(held_out: Option<&BTreeSet<usize>>, train_clips: &[usize], normal_scores: &'a [f64]) -> Cow<'a, [f64]> {
    match (held_out, basis(held_out, train_clips)) {
        (Some(held_out), ThresholdBasis::HeldOut(_)) => {
            let scored = train_clips.iter().zip(normal_scores);
            let of_held_out = scored.filter(|(clip, _)| held_out.contains(clip));
            of_held_out.map(|(_, &score)| score).collect()
        }
        _ => Cow::Borrowed(normal_scores),
    }
}

/// The line of a held-out clip, for a file that begins with [`header`].
pub(super) fn line(root: &Path, file: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = file.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect();
    let path = parts?.join("/");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([path]).ok()?;
    String::from_utf8(writer.into_inner().ok()?).ok()
}

pub(super) fn header() -> String {
    format!("{COLUMN}\n")
}

/// Indices of the clips that the run's front end was trained without; `None` where it learns nothing. A run that does not list
/// them held out none.
pub(super) fn held_out_clips(run: &Run, dataset: &Dataset) -> Option<BTreeSet<usize>> {
    if !run.recipe.training.recipe.is_trained() {
        return None;
    }
    let Ok(mut reader) = csv::Reader::from_path(run.dir.join(HELD_OUT_FILE)) else {
        return Some(BTreeSet::new());
    };
    let paths: BTreeSet<String> = reader
        .records()
        .flatten()
        .filter_map(|record| record.get(0).map(str::to_owned))
        .collect();
    let is_held_out = |clip_idx: &usize| paths.contains(&dataset.clips[*clip_idx].path);
    Some((0..dataset.clips.len()).filter(is_held_out).collect())
}

/// How many clips the run in this folder lists.
pub(super) fn held_out_lines(run_dir: &Path) -> usize {
    csv::Reader::from_path(run_dir.join(HELD_OUT_FILE)).map_or(0, |mut reader| reader.records().flatten().count())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{ThresholdBasis, basis, line, scores};

    #[test]
    fn thresholds_rest_on_held_out_clips_where_there_are_enough() {
        let train_clips: Vec<usize> = (100..140).collect();
        let all: Vec<f64> = (0..40).map(f64::from).collect();
        let found = |held_out: Option<BTreeSet<usize>>| {
            let scores = scores(held_out.as_ref(), &train_clips, &all).into_owned();
            (basis(held_out.as_ref(), &train_clips), scores)
        };
        assert_eq!(found(None), (ThresholdBasis::AllClips, all.clone()));
        // Held-out clips of other sections do not count.
        let too_few = Some((131..150).collect());
        assert_eq!(found(too_few), (ThresholdBasis::TrainedOn(9), all.clone()));
        let enough = Some((130..150).collect());
        let of_ten: Vec<f64> = (30..40).map(f64::from).collect();
        assert_eq!(found(enough), (ThresholdBasis::HeldOut(10), of_ten));
    }

    #[test]
    fn lines_are_relative_to_the_data() {
        let root = Path::new("/data");
        assert_eq!(
            line(root, Path::new("/data/fan/a, b.wav")).as_deref(),
            Some("\"fan/a, b.wav\"\n")
        );
        assert_eq!(line(root, Path::new("/elsewhere/a.wav")), None);
    }
}
