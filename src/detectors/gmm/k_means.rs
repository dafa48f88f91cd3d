//! Where a mixture begins: clusters around means (Lloyd), seeded apart from each other (k-means++, Arthur and Vassilvitskii 2007).

use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The same clips are always clustered in the same way.
const SEED: u64 = 7;
/// Seedings, the best of which is kept.
const N_STARTS: usize = 4;
const MAX_STEPS: usize = 100;

/// The cluster of each clip; `clips` is `[n_features, n_clips]`, at least as many as clusters.
pub(super) fn clusters(clips: &DMatrix<f64>, n_clusters: usize) -> Vec<usize> {
    let mut dice = ChaCha8Rng::seed_from_u64(SEED);
    let starts = (0..N_STARTS).map(|_| settled(clips, seeds(clips, n_clusters, &mut dice)));
    let best = starts.min_by(|a, b| a.1.total_cmp(&b.1));
    best.map_or_else(|| vec![0; clips.ncols()], |(clusters, _)| clusters)
}

/// Each further mean is a clip that is far from the earlier ones, by chance in proportion to its squared distance.
fn seeds(clips: &DMatrix<f64>, n_clusters: usize, dice: &mut ChaCha8Rng) -> Vec<DVector<f64>> {
    let mut means: Vec<DVector<f64>> = vec![clips.column(dice.random_range(0..clips.ncols())).into_owned()];
    let mut nearest = vec![f64::INFINITY; clips.ncols()];
    while means.len() < n_clusters {
        let last = &means[means.len() - 1];
        for (nearest, clip) in nearest.iter_mut().zip(clips.column_iter()) {
            *nearest = nearest.min((clip - last).norm_squared());
        }
        let mut left = dice.random::<f64>() * nearest.iter().sum::<f64>();
        let is_reached = |square: &f64| {
            left -= square;
            left < 0.0
        };
        // Where all clips are alike, any is as good.
        let clip = nearest.iter().position(is_reached).unwrap_or(means.len());
        means.push(clips.column(clip).into_owned());
    }
    means
}

/// The clusters around means that no clip leaves any more, and the sum of the squared distances to the means.
fn settled(clips: &DMatrix<f64>, mut means: Vec<DVector<f64>>) -> (Vec<usize>, f64) {
    let mut clusters = vec![usize::MAX; clips.ncols()];
    for _ in 0..MAX_STEPS {
        let nearest: Vec<usize> = clips.column_iter().map(|clip| nearest(&means, &clip).0).collect();
        if nearest == clusters {
            break;
        }
        clusters = nearest;
        for (cluster, mean) in means.iter_mut().enumerate() {
            let members: Vec<usize> = (0..clusters.len()).filter(|&clip| clusters[clip] == cluster).collect();
            // A cluster that lost all its clips stays where it was.
            if !members.is_empty() {
                *mean = DVector::zeros(clips.nrows());
                for &clip in &members {
                    *mean += clips.column(clip);
                }
                *mean /= members.len() as f64;
            }
        }
    }
    let squares = clips.column_iter().map(|clip| nearest(&means, &clip).1);
    let inertia = squares.sum();
    (clusters, inertia)
}

/// The nearest mean and its squared distance.
fn nearest(means: &[DVector<f64>], clip: &nalgebra::DVectorView<'_, f64>) -> (usize, f64) {
    let squares = means.iter().map(|mean| {
        let differences = mean.iter().zip(clip.iter()).map(|(a, b)| (a - b) * (a - b));
        differences.sum::<f64>()
    });
    let start = (0, f64::INFINITY);
    squares
        .enumerate()
        .fold(start, |least, found| if found.1 < least.1 { found } else { least })
}
