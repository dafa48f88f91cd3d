//! The normal training clip that a run finds most like a clip: something healthy to hold a strange sound against.

use super::EmbeddedClips;
use super::training_clips::may_be_fitted_on;
use crate::dataset::Dataset;
use crate::detectors::Metric;

/// The nearest of the normal training clips of a clip's own section; never the clip itself, never a test clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearestNormal {
    pub clip_idx: usize,
    pub distance: f64,
    pub metric: Metric,
    /// Clips it was chosen from.
    pub n_candidates: usize,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoNearest {
    #[error("the run has no embedding of this clip: it could not be scored")]
    NotEmbedded,
    #[error("{group} has no other normal training clip: there is nothing to hold this one against")]
    NoNormalClips { group: String },
}

/// Finds it by the clips' embeddings; of equally near ones the first.
///
/// # Errors
/// Where the clip was not embedded, or its section has no other normal training clip.
pub fn nearest_normal(
    dataset: &Dataset,
    embedded: &EmbeddedClips,
    clip_idx: usize,
    metric: Metric,
) -> Result<NearestNormal, NoNearest> {
    let query = place_of(embedded, clip_idx).ok_or(NoNearest::NotEmbedded)?;
    nearest_normal_to(dataset, embedded, clip_idx, query, metric)
}

/// What the clip is held against, where it has a place.
fn place_of(embedded: &EmbeddedClips, clip_idx: usize) -> Option<&[f32]> {
    let embedding = embedded.embeddings.get(clip_idx)?.as_ref()?;
    let has_place = embedding.values.iter().all(|value| value.is_finite());
    has_place.then_some(&embedding.values)
}

/// The same for a part of the clip, whose embedding is `query`.
///
/// # Errors
/// Where its section has no other normal training clip.
pub fn nearest_normal_to(
    dataset: &Dataset,
    embedded: &EmbeddedClips,
    clip_idx: usize,
    query: &[f32],
    metric: Metric,
) -> Result<NearestNormal, NoNearest> {
    let group = &dataset.clips[clip_idx].group;
    let candidates = dataset.clips.iter().enumerate().filter(|&(clip, entry)| {
        // Another section is another machine, or sounds like one.
        clip != clip_idx && entry.group == *group && may_be_fitted_on(entry)
    });
    let distances: Vec<(f64, usize)> = candidates
        .filter_map(|(clip, _)| Some((distance(metric, query, place_of(embedded, clip)?), clip)))
        .collect();
    let nearest = distances.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let &(distance, nearest) = nearest.ok_or_else(|| NoNearest::NoNormalClips {
        group: group.to_string(),
    })?;
    Ok(NearestNormal {
        clip_idx: nearest,
        distance,
        metric,
        n_candidates: distances.len(),
    })
}

/// As the detectors measure it: 1 less the cosine of the angle, or the length of the difference. An embedding of nothing but zeros
/// has no direction: its cosine distance is 1.
fn distance(metric: Metric, a: &[f32], b: &[f32]) -> f64 {
    let pairs = || a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)));
    match metric {
        Metric::Euclidean => pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt(),
        Metric::Cosine => {
            let (mut product, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
            for (a, b) in pairs() {
                product += a * b;
                of_a += a * a;
                of_b += b * b;
            }
            let lengths = f64::sqrt(of_a * of_b);
            if lengths > 0.0 {
                (1.0 - product / lengths).clamp(0.0, 2.0)
            } else {
                1.0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::ChannelChoice;
    use crate::dataset::{ClipEntry, Label, Layout, MachineSection, Split};
    use crate::extractors::Embedding;

    fn entry(machine: &str, split: Split, label: Label) -> ClipEntry {
        ClipEntry {
            path: String::new(),
            group: MachineSection {
                machine: machine.to_owned(),
                section: "00".to_owned(),
            },
            split,
            label,
            domain: None,
            attributes: Vec::new(),
            sample_rate_hz: 16_000,
            n_channels: 1,
            duration_secs: 10.0,
        }
    }

    fn data(clips: Vec<(ClipEntry, Option<[f32; 2]>)>) -> (Dataset, EmbeddedClips) {
        let (clips, values): (Vec<_>, Vec<_>) = clips.into_iter().unzip();
        let embedding = |values: [f32; 2]| Embedding {
            values: values.to_vec(),
            own_scores: Vec::new(),
        };
        let dataset = Dataset {
            root: "/data".into(),
            layout: Layout::Dcase2020,
            channel: ChannelChoice::default(),
            clips,
            skipped: Vec::new(),
            notes: Vec::new(),
        };
        let embedded = EmbeddedClips {
            embeddings: values.into_iter().map(|values| values.map(embedding)).collect(),
            ..EmbeddedClips::default()
        };
        (dataset, embedded)
    }

    /// Nearer ones that must not be taken: a test clip, another machine, an anomaly in training, the clip itself, one without a place.
    #[test]
    fn the_nearest_is_a_normal_training_clip_of_the_same_section_by_the_metric_that_is_named() {
        let (dataset, embedded) = data(vec![
            (entry("fan", Split::Test, Label::Anomalous), Some([1.0, 1.0])),
            (entry("fan", Split::Test, Label::Normal), Some([1.0, 1.0])),
            (entry("pump", Split::Train, Label::Normal), Some([1.0, 1.0])),
            (entry("fan", Split::Train, Label::Anomalous), Some([1.0, 1.0])),
            (entry("fan", Split::Train, Label::Normal), Some([9.0, 9.1])),
            (entry("fan", Split::Train, Label::Normal), Some([1.0, 2.0])),
            (entry("fan", Split::Train, Label::Normal), None),
            (entry("fan", Split::Train, Label::Normal), Some([f32::NAN, 1.0])),
        ]);
        let by = |metric| nearest_normal(&dataset, &embedded, 0, metric).expect("two candidates");
        let (direction, place) = (by(Metric::Cosine), by(Metric::Euclidean));
        assert_eq!(
            (direction.clip_idx, place.clip_idx),
            (4, 5),
            "one has its direction, the other lies beside it"
        );
        assert!((place.distance - 1.0).abs() < 1e-12);
        assert!(direction.distance < 1e-4 && direction.n_candidates == 2);
        let of_itself = nearest_normal(&dataset, &embedded, 5, Metric::Euclidean).expect("one candidate");
        assert_eq!((of_itself.clip_idx, of_itself.n_candidates), (4, 1));
        let unembedded = nearest_normal(&dataset, &embedded, 6, Metric::Cosine);
        assert_eq!(unembedded, Err(NoNearest::NotEmbedded));
        let alone = nearest_normal(&dataset, &embedded, 2, Metric::Cosine);
        assert_eq!(
            alone,
            Err(NoNearest::NoNormalClips {
                group: "pump 00".to_owned()
            })
        );
    }
}
