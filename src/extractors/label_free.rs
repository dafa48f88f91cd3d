//! What can be said of an extractor in training without any anomaly: how it sees normal clips that it was not trained on.
//!
//! Clips are looked at as the `knn` detector does: by the mean cosine distance to the two nearest training clips of their class.
//! None of these figures tells how anomalies will be found; they tell when an extractor overfits or collapses.

use crate::nn::ClipEmbeddings;

/// Neighbours that a distance is the mean of.
const N_NEIGHBOURS: usize = 2;
/// Training clips of a class, fewer of which make no threshold.
const FEWEST_CLIPS: usize = 5;
/// The quantile of the distances among training clips that an alarm is beyond.
const QUANTILE: f64 = 0.9;

/// From clips that were trained on and clips held out:
///
/// * the share of held-out clips beyond the 0.9 quantile of the distances of training clips among themselves: 0.1 would be as good
///   as training clips, 1 is an extractor that knows its training clips by heart;
/// * how much farther held-out clips are from training clips than those from each other: 1 is no farther;
/// * the AUC of the clips of other classes against the held-out ones of a class, the mean over classes. This is what the machine
///   loss learns, an easier thing than anomalies.
pub(super) fn figures(reference: &ClipEmbeddings, held_out: &ClipEmbeddings) -> Vec<(&'static str, f64)> {
    let n_classes = reference.classes.iter().max().map_or(0, |class| class + 1);
    let (mut n_alarms, mut n_held_out) = (0, 0);
    let (mut ratios, mut aucs) = (Vec::new(), Vec::new());
    for class in 0..n_classes {
        let bank: Vec<Vec<f32>> = rows(reference).filter(|row| row.0 == class).map(|row| unit(row.1)).collect();
        let score = |row: (u32, &[f32])| distance(&unit(row.1), &bank, None);
        let own: Vec<f64> = rows(held_out).filter(|row| row.0 == class).map(score).collect();
        if bank.len() < FEWEST_CLIPS || own.is_empty() {
            continue;
        }
        let mut left_out: Vec<f64> = (0..bank.len()).map(|idx| distance(&bank[idx], &bank, Some(idx))).collect();
        left_out.sort_by(f64::total_cmp);
        let threshold = quantile(&left_out);
        n_alarms += own.iter().filter(|distance| **distance > threshold).count();
        n_held_out += own.len();
        let (far, near) = (mean(&own), mean(&left_out));
        if near > 0.0 {
            ratios.push(far / near);
        }
        let others: Vec<f64> = rows(held_out).filter(|row| row.0 != class).map(score).collect();
        if !others.is_empty() {
            aucs.push(auc(&own, &others));
        }
    }
    let mut figures = Vec::new();
    if n_held_out > 0 {
        figures.push(("alarms at the 0.9 threshold", n_alarms as f64 / n_held_out as f64));
    }
    if !ratios.is_empty() {
        figures.push(("distance ratio", mean(&ratios)));
    }
    if !aucs.is_empty() {
        figures.push(("AUC of other machines", mean(&aucs)));
    }
    figures
}

fn rows(clips: &ClipEmbeddings) -> impl Iterator<Item = (u32, &[f32])> {
    clips
        .classes
        .iter()
        .copied()
        .zip(clips.values.chunks(clips.n_features.max(1)))
}

fn unit(row: &[f32]) -> Vec<f32> {
    let length = row
        .iter()
        .map(|value| value * value)
        .sum::<f32>()
        .sqrt()
        .max(f32::MIN_POSITIVE);
    row.iter().map(|value| value / length).collect()
}

/// Mean cosine distance of a row of length 1 to its nearest neighbours, itself left out.
fn distance(row: &[f32], bank: &[Vec<f32>], itself: Option<usize>) -> f64 {
    let others = bank.iter().enumerate().filter(|(idx, _)| Some(*idx) != itself);
    let cosine = |other: &Vec<f32>| row.iter().zip(other).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let mut distances: Vec<f64> = others.map(|(_, other)| (1.0 - cosine(other)).max(0.0)).collect();
    distances.sort_by(f64::total_cmp);
    distances.truncate(N_NEIGHBOURS);
    mean(&distances)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Of sorted values, between the two nearest.
fn quantile(sorted: &[f64]) -> f64 {
    let place = QUANTILE * (sorted.len().saturating_sub(1)) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    sorted[low] + part * (sorted[(low + 1).min(sorted.len() - 1)] - sorted[low])
}

/// The share of pairs in which the second is larger, ties half.
fn auc(low: &[f64], high: &[f64]) -> f64 {
    let won = |a: &f64, b: &f64| {
        if b > a {
            1.0
        } else if a == b {
            0.5
        } else {
            0.0
        }
    };
    let n_won: f64 = low.iter().map(|a| high.iter().map(|b| won(a, b)).sum::<f64>()).sum();
    n_won / (low.len() * high.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on the unit circle at these angles.
    fn clips(angles: &[(u32, f32)]) -> ClipEmbeddings {
        ClipEmbeddings {
            n_features: 2,
            values: angles
                .iter()
                .flat_map(|(_, angle)| [2.0 * angle.cos(), 2.0 * angle.sin()])
                .collect(),
            classes: angles.iter().map(|(class, _)| *class).collect(),
        }
    }

    #[test]
    fn figures_of_two_arcs() {
        let arc = |class: u32| (0..6).map(move |i| (class, class as f32 * 1.5 + 0.01 * i as f32));
        let reference = clips(&arc(0).chain(arc(1)).collect::<Vec<_>>());
        let find = |held_out: &ClipEmbeddings| -> [f64; 3] {
            let figures = figures(&reference, held_out);
            assert_eq!(
                figures.iter().map(|figure| figure.0).collect::<Vec<_>>(),
                ["alarms at the 0.9 threshold", "distance ratio", "AUC of other machines"]
            );
            [figures[0].1, figures[1].1, figures[2].1]
        };
        // Within the arcs: no alarm, nearer than the training clips' own neighbours, and all others are farther away.
        let [alarms, ratio, auc] = find(&clips(&[(0, 0.025), (1, 1.525)]));
        assert_eq!((alarms, auc), (0.0, 1.0));
        // Neighbours at 0.005 and 0.005 rad, those of the reference at 0.01 and 0.01 (inner), 0.01 and 0.02 (ends): 1 - cos is a
        // square, so 1/4 of the inner ones, which are 4 of 6.
        let expected = 0.25 / ((4.0 + 2.0 * 2.5) / 6.0);
        assert!((ratio - expected).abs() < 0.01, "{ratio} {expected}");
        // One of two beyond its arc, on the far side of the other.
        let [alarms, ratio, auc] = find(&clips(&[(0, 0.025), (1, 0.0)]));
        assert_eq!(alarms, 0.5);
        assert!(ratio > 100.0);
        assert!(auc < 0.6, "the clip of 1 lies among those of 0: {auc}");
    }

    #[test]
    fn too_few_clips_say_nothing() {
        let few = clips(&[(0, 0.0), (0, 0.1)]);
        assert_eq!(figures(&few, &few), []);
        assert_eq!(figures(&ClipEmbeddings::default(), &few), []);
        let one_class = clips(&[(0, 0.0), (0, 0.1), (0, 0.2), (0, 0.3), (0, 0.4)]);
        assert_eq!(figures(&one_class, &few).len(), 2, "there is no other machine");
    }
}
