//! Maps: the same from the same seed, as good as the reference, sound on awkward rows, and stoppable.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::time::Instant;

use auscult::progress::{CancelAfter, NoProgress};
use auscult::projection::{Layout, ProjectionConfig, ProjectionEngine, ProjectionError, project_embeddings};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// `n` rows of `n_features` in `n_clusters` clouds, and which cloud each is of.
fn clusters(n: usize, n_features: usize, n_clusters: usize, seed: u64) -> (Vec<f32>, Vec<usize>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut gaussian = move || (0..12).map(|_| f64::from(rng.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 6.0;
    let centres: Vec<f64> = (0..n_clusters * n_features).map(|_| 1.5 * gaussian()).collect();
    let of: Vec<usize> = (0..n).map(|row_idx| row_idx % n_clusters).collect();
    let rows = of
        .iter()
        .flat_map(|cluster| centres[cluster * n_features..][..n_features].to_vec());
    (rows.map(|centre| (centre + gaussian()) as f32).collect(), of)
}

fn map(engine: ProjectionEngine, rows: &[f32], n_features: usize, seed: u64) -> Result<Layout, ProjectionError> {
    let config = ProjectionConfig {
        engine,
        seed,
        ..ProjectionConfig::default()
    };
    project_embeddings(&config, rows, n_features, &mut NoProgress, &mut |_| {})
}

fn square_distances(points: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    points
        .iter()
        .map(|a| points.iter().map(|b| distance(a, b)).collect())
        .collect()
}

/// The KL divergence over all pairs, by the definition.
fn kl_divergence(rows: &[f32], n_features: usize, points: &[[f32; 2]], perplexity: f64) -> f64 {
    let n = points.len();
    let rows: Vec<Vec<f64>> = rows
        .chunks(n_features)
        .map(|row| row.iter().map(|value| f64::from(*value)).collect())
        .collect();
    let points: Vec<Vec<f64>> = points
        .iter()
        .map(|point| point.iter().map(|value| f64::from(*value)).collect())
        .collect();
    let conditional = |i: usize, distances: &[f64]| -> Vec<f64> {
        let (mut low, mut high) = (0.0, 1e6);
        let mut p = Vec::new();
        for _ in 0..200 {
            let beta: f64 = 0.5 * (low + high);
            p = distances
                .iter()
                .enumerate()
                .map(|(j, d)| if i == j { 0.0 } else { (-beta * d).exp() })
                .collect();
            let sum: f64 = p.iter().sum::<f64>() + 1e-300;
            p.iter_mut().for_each(|value| *value /= sum);
            let entropy: f64 = -p
                .iter()
                .filter(|value| **value > 0.0)
                .map(|value| value * value.ln())
                .sum::<f64>();
            if entropy > perplexity.ln() { low = beta } else { high = beta }
        }
        p
    };
    let p: Vec<Vec<f64>> = square_distances(&rows)
        .iter()
        .enumerate()
        .map(|(i, distances)| conditional(i, distances))
        .collect();
    let q = square_distances(&points);
    let normaliser: f64 = q.iter().flatten().map(|d| 1.0 / (1.0 + d)).sum::<f64>() - n as f64;
    let mut divergence = 0.0;
    for i in 0..n {
        for j in 0..n {
            let p = (p[i][j] + p[j][i]) / (2 * n) as f64;
            if i != j && p > 0.0 {
                divergence += p * (p * normaliser * (1.0 + q[i][j])).ln();
            }
        }
    }
    divergence
}

/// Share of the points whose nearest neighbour on the map is of their own cluster.
fn purity(points: &[[f32; 2]], of: &[usize]) -> f64 {
    let nearest = |i: usize| {
        let distance = |j: &usize| (points[i][0] - points[*j][0]).powi(2) + (points[i][1] - points[*j][1]).powi(2);
        (0..points.len())
            .filter(|j| *j != i)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .unwrap()
    };
    (0..points.len()).filter(|i| of[nearest(*i)] == of[*i]).count() as f64 / points.len() as f64
}

#[test]
fn a_seed_is_a_map_whatever_the_threads() {
    let (rows, _) = clusters(400, 16, 5, 1);
    let first = map(ProjectionEngine::Tsne, &rows, 16, 7).unwrap();
    for n_threads in [1, 3, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let again = pool.install(|| map(ProjectionEngine::Tsne, &rows, 16, 7).unwrap());
        assert_eq!(first, again, "{n_threads} threads");
    }
    assert_ne!(
        first.points,
        map(ProjectionEngine::Tsne, &rows, 16, 8).unwrap().points,
        "another seed, another map"
    );
    assert_eq!(first.iteration, 1000);
}

#[test]
fn maps_are_as_good_as_linfa_s() {
    for (data_seed, n_clusters) in [(1, 8), (2, 3)] {
        let (rows, of) = clusters(300, 32, n_clusters, data_seed);
        let (ours, theirs) = (
            map(ProjectionEngine::Tsne, &rows, 32, 7).unwrap(),
            map(ProjectionEngine::LinfaTsne, &rows, 32, 7).unwrap(),
        );
        let [our_loss, their_loss] = [&ours, &theirs].map(|layout| kl_divergence(&rows, 32, &layout.points, 30.0));
        let reported = ours.kl_divergence.unwrap();
        println!("{n_clusters} clusters: KL {our_loss:.4} (reported {reported:.4}), linfa-tsne {their_loss:.4}");
        assert!(our_loss <= their_loss * 1.01, "{our_loss} against {their_loss}");
        assert!(
            (reported - our_loss).abs() < 0.1 * our_loss,
            "reported over the neighbour graph: {reported}, over all pairs: {our_loss}"
        );
        assert!(purity(&ours.points, &of) > 0.97, "{}", purity(&ours.points, &of));
    }
}

#[test]
fn few_points_find_their_clusters_too() {
    // A learning rate for thousands of points throws thirty about.
    let (rows, _) = clusters(30, 16, 5, 1);
    for seed in 0..5 {
        let divergence = map(ProjectionEngine::Tsne, &rows, 16, seed).unwrap().kl_divergence.unwrap();
        println!("seed {seed}: KL {divergence:.4}");
        assert!(divergence < 0.09, "seed {seed}: {divergence}");
    }
}

#[test]
fn the_map_is_seen_forming() {
    let (rows, _) = clusters(1500, 32, 6, 3);
    let (mut layouts, start) = (Vec::new(), Instant::now());
    let config = ProjectionConfig::default();
    let last = project_embeddings(&config, &rows, 32, &mut NoProgress, &mut |layout| layouts.push(layout)).unwrap();
    let most = 2.0 + start.elapsed().as_secs_f64() * 15.0;
    assert!(
        layouts.len() >= 2 && layouts.len() as f64 <= most,
        "{} layouts",
        layouts.len()
    );
    assert_eq!((layouts[0].iteration, layouts[0].points.len()), (0, 1500));
    assert!(layouts.windows(2).all(|pair| pair[0].iteration < pair[1].iteration));
    let first_loss = layouts.iter().find_map(|layout| layout.kl_divergence).unwrap();
    assert!(last.kl_divergence.unwrap() < first_loss);
}

#[test]
fn principal_components_are_those_of_the_data() {
    // Three directions of known variance, wide and tall.
    for n_features in [3, 40] {
        let n = 20;
        let rows: Vec<f32> = (0..n)
            .flat_map(|i| {
                let angle = std::f64::consts::TAU * f64::from(i) / f64::from(n);
                let mut row = vec![5.0; n_features];
                row[0] -= 3.0 * angle.cos() as f32;
                row[2] += 2.0 * angle.sin() as f32;
                row[1] += (2.0 * angle).sin() as f32;
                row
            })
            .collect();
        let points = map(ProjectionEngine::Pca, &rows, n_features, 0).unwrap().points;
        for (i, point) in points.iter().enumerate() {
            let angle = std::f64::consts::TAU * i as f64 / f64::from(n);
            let expected = [3.0 * angle.cos(), 2.0 * angle.sin()];
            for axis in 0..2 {
                let found = f64::from(point[axis]).abs();
                assert!(
                    (found - expected[axis].abs()).abs() < 1e-5,
                    "{point:?} instead of {expected:?}"
                );
            }
        }
        assert_eq!(points, map(ProjectionEngine::Pca, &rows, n_features, 9).unwrap().points);
    }
}

#[test]
fn awkward_rows_get_a_finite_map_or_a_reason() {
    let finite = |layout: &Layout| layout.points.iter().flatten().all(|value| value.is_finite());
    let (rows, _) = clusters(60, 4, 2, 5);
    let repeated: Vec<f32> = rows[..40].repeat(12);
    let huge: Vec<f32> = rows.iter().map(|value| value * 1e37).collect();
    let one_feature = &rows[..50];
    for engine in [ProjectionEngine::Tsne, ProjectionEngine::LinfaTsne, ProjectionEngine::Pca] {
        for (name, rows, n_features) in [
            ("four rows", &rows[..16], 4),
            ("duplicates", &repeated, 4),
            ("huge", &huge, 4),
            ("constant", &[2.5; 200], 4),
            ("one feature", one_feature, 1),
        ] {
            match map(engine, rows, n_features, 7) {
                Ok(layout) => assert!(
                    finite(&layout) && layout.points.len() == rows.len() / n_features,
                    "{engine:?}, {name}"
                ),
                Err(ProjectionError::Engine { .. }) if engine == ProjectionEngine::LinfaTsne => {}
                Err(error) => panic!("{engine:?}, {name}: {error}"),
            }
        }
        let mut broken = rows.clone();
        broken[17] = f32::NAN;
        assert!(matches!(map(engine, &broken, 4, 7), Err(ProjectionError::NotFinite)));
        assert!(matches!(
            map(engine, &rows[..12], 4, 7),
            Err(ProjectionError::TooFewRows { needed: 4, found: 3 })
        ));
        assert!(matches!(map(engine, &[], 0, 7), Err(ProjectionError::TooFewRows { .. })));
        assert!(matches!(map(engine, &rows[..43], 4, 7), Err(ProjectionError::Engine { .. })));
    }
    let config = ProjectionConfig {
        perplexity: f32::NAN,
        n_iterations: 0,
        ..ProjectionConfig::default()
    };
    assert!(finite(
        &project_embeddings(&config, &rows, 4, &mut NoProgress, &mut |_| {}).unwrap()
    ));
}

#[test]
fn a_map_stops_when_asked() {
    let (rows, _) = clusters(200, 8, 3, 1);
    // The first two looks are before the iterations.
    for n_steps in [0, 1, 2, 12, 500] {
        let mut latest = 0;
        let config = ProjectionConfig::default();
        let result = project_embeddings(&config, &rows, 8, &mut CancelAfter(n_steps), &mut |layout| {
            latest = layout.iteration;
        });
        assert!(matches!(result, Err(ProjectionError::Cancelled(_))), "after {n_steps} steps");
        assert!(latest as u64 <= n_steps);
    }
}
