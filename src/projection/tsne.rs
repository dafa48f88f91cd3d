//! Barnes-Hut t-SNE (van der Maaten, 2014) with scikit-learn's settings, the same for any number of threads.

use std::time::{Duration, Instant};

use barnes_hut_tree::{BarnesHutTree, Dim, Morton};
use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use super::affinities::Affinities;
use super::{Layout, ProjectionConfig, ProjectionError, neighbours, pca};
use crate::progress::Progress;

/// Affinities count this much more at first, so that clusters find their place.
const EARLY_EXAGGERATION: f32 = 12.0;
/// Iterations with exaggeration; a quarter of all where there are fewer than 1,000.
const EARLY_ITERATIONS: usize = 250;
/// A cell that looks smaller than this from a point counts as one point.
const THETA: f32 = 0.5;
/// Spread of the first coordinate at the start.
const START_SPREAD: f64 = 1e-4;
/// Seeded noise on the start, in parts of its spread: makes seeds differ and parts equal rows.
const START_NOISE: f64 = 0.01;
const LAYOUT_INTERVAL: Duration = Duration::from_millis(67);
/// Fewer points a thread than this cost more to hand out than to move.
const MIN_POINTS_A_THREAD: usize = 64;

/// Places the columns of `columns` (`n_features × n`, centred).
pub(super) fn run(
    config: &ProjectionConfig,
    perplexity: f64,
    columns: &DMatrix<f64>,
    progress: &mut dyn Progress,
    on_layout: &mut dyn FnMut(Layout),
) -> Result<Layout, ProjectionError> {
    let n_rows = columns.ncols();
    progress.stage("Finding neighbours");
    let n_neighbours = (n_rows - 1).min((3.0 * perplexity) as usize + 1);
    let neighbours = neighbours::nearest(columns, n_neighbours, progress)?;
    let affinities = Affinities::new(&neighbours, perplexity);
    drop(neighbours);

    progress.stage("Placing points");
    let mut map = Map::new(start(columns, config.seed));
    let learning_rate = (n_rows as f32 / EARLY_EXAGGERATION / 4.0).max(50.0);
    let n_early = EARLY_ITERATIONS.min(config.n_iterations / 4);
    let mut last_shown = Instant::now();
    on_layout(map.layout(0, None));
    for iteration in 0..config.n_iterations {
        progress.step(iteration as u64, config.n_iterations as u64)?;
        let (exaggeration, momentum) = if iteration < n_early {
            (EARLY_EXAGGERATION, 0.5)
        } else {
            (1.0, 0.8)
        };
        map.advance(&affinities, exaggeration, learning_rate, momentum);
        if last_shown.elapsed() >= LAYOUT_INTERVAL {
            on_layout(map.layout(iteration + 1, Some(map.kl_divergence(&affinities, map.normaliser))));
            last_shown = Instant::now();
        }
    }
    progress.step(config.n_iterations as u64, config.n_iterations as u64)?;
    let kl_divergence = map.kl_divergence(&affinities, map.exact_normaliser());
    Ok(map.layout(config.n_iterations, Some(kl_divergence)))
}

/// The principal components, scaled down, with a little seeded noise (twelve uniform numbers make one nearly Gaussian).
fn start(columns: &DMatrix<f64>, seed: u64) -> Vec<f32> {
    let points = pca::principal_components(columns);
    let variance = points.iter().map(|point| point[0] * point[0]).sum::<f64>() / points.len() as f64;
    let scale = if variance > 0.0 { START_SPREAD / variance.sqrt() } else { 0.0 };
    let noise = START_SPREAD * if variance > 0.0 { START_NOISE } else { 1.0 };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut gaussian = || (0..12).map(|_| f64::from(rng.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 6.0;
    points
        .iter()
        .flatten()
        .map(|coordinate| (coordinate * scale + noise * gaussian()) as f32)
        .collect()
}

/// The forming map: position, speed and gain of every coordinate, `[n, 2]` each.
struct Map {
    positions: Vec<f32>,
    velocities: Vec<f32>,
    gains: Vec<f32>,
    forces: Vec<Force>,
    tree: BarnesHutTree<f32, u64, 2>,
    /// Z of the last step: the sum of 1 / (1 + d²) over all pairs.
    normaliser: f64,
}

/// What pulls and pushes one point.
#[derive(Clone, Copy, Default)]
struct Force {
    attraction: [f32; 2],
    /// Times Z.
    repulsion: [f32; 2],
    /// The point's part of Z.
    normaliser: f32,
}

impl Map {
    fn new(positions: Vec<f32>) -> Self {
        let n_coordinates = positions.len();
        Self {
            positions,
            velocities: vec![0.0; n_coordinates],
            gains: vec![1.0; n_coordinates],
            forces: vec![Force::default(); n_coordinates / 2],
            tree: BarnesHutTree::empty(),
            normaliser: 1.0,
        }
    }

    /// One step of gradient descent. Sums run in the order of the points, so that threads do not change the result.
    fn advance(&mut self, affinities: &Affinities, exaggeration: f32, learning_rate: f32, momentum: f32) {
        self.tree.rebuild_uniform(&self.positions);
        let (tree, positions) = (&self.tree, &self.positions);
        self.forces
            .par_iter_mut()
            .with_min_len(MIN_POINTS_A_THREAD)
            .enumerate()
            .for_each_init(<Dim<2> as Morton<2>>::empty_stack, |stack, (point_idx, force)| {
                *force = Force {
                    attraction: attraction(point_idx, positions, affinities),
                    ..Force::default()
                };
                tree.compute_non_edge_forces(
                    point_idx,
                    THETA * THETA,
                    positions,
                    &mut force.repulsion,
                    &mut force.normaliser,
                    stack.as_mut(),
                );
            });
        self.normaliser = self
            .forces
            .iter()
            .map(|force| f64::from(force.normaliser))
            .sum::<f64>()
            .max(f64::MIN_POSITIVE);
        let inverse = (1.0 / self.normaliser) as f32;
        for (point_idx, force) in self.forces.iter().enumerate() {
            for axis in 0..2 {
                let idx = 2 * point_idx + axis;
                let gradient = 4.0 * (exaggeration * force.attraction[axis] - inverse * force.repulsion[axis]);
                let (velocity, gain) = (&mut self.velocities[idx], &mut self.gains[idx]);
                *gain = if *velocity * gradient < 0.0 {
                    *gain + 0.2
                } else {
                    (*gain * 0.8).max(0.01)
                };
                *velocity = momentum * *velocity - learning_rate * *gain * gradient;
                self.positions[idx] += *velocity;
            }
        }
        for axis in 0..2 {
            let coordinates = || self.positions.iter().skip(axis).step_by(2);
            let mean = (coordinates().map(|value| f64::from(*value)).sum::<f64>() / self.forces.len() as f64) as f32;
            self.positions
                .iter_mut()
                .skip(axis)
                .step_by(2)
                .for_each(|value| *value -= mean);
        }
    }

    /// Σ P ln(P / Q) with Q = 1 / (1 + d²) / `normaliser`.
    fn kl_divergence(&self, affinities: &Affinities, normaliser: f64) -> f64 {
        let of_point = |point_idx: usize| -> f64 {
            let terms = affinities
                .row(point_idx)
                .iter()
                .filter(|edge| edge.1 > 0.0)
                .map(|&(other, p)| {
                    let closeness = 1.0 / (1.0 + f64::from(self.square_distance(point_idx, other as usize)));
                    f64::from(p) * (f64::from(p) * normaliser / closeness).ln()
                });
            terms.sum()
        };
        let parts: Vec<f64> = (0..self.forces.len()).into_par_iter().map(of_point).collect();
        parts.iter().sum()
    }

    /// Z without the approximation of the tree.
    fn exact_normaliser(&self) -> f64 {
        let n_points = self.forces.len();
        let of_point = |point_idx: usize| -> f64 {
            let others = (0..n_points).filter(|other| *other != point_idx);
            others
                .map(|other| 1.0 / (1.0 + f64::from(self.square_distance(point_idx, other))))
                .sum()
        };
        let parts: Vec<f64> = (0..n_points).into_par_iter().map(of_point).collect();
        parts.iter().sum()
    }

    fn square_distance(&self, a: usize, b: usize) -> f32 {
        let delta = |axis: usize| self.positions[2 * a + axis] - self.positions[2 * b + axis];
        delta(0) * delta(0) + delta(1) * delta(1)
    }

    fn layout(&self, iteration: usize, kl_divergence: Option<f64>) -> Layout {
        Layout {
            points: self.positions.chunks_exact(2).map(|point| [point[0], point[1]]).collect(),
            iteration,
            kl_divergence,
        }
    }
}

fn attraction(point_idx: usize, positions: &[f32], affinities: &Affinities) -> [f32; 2] {
    let (x, y) = (positions[2 * point_idx], positions[2 * point_idx + 1]);
    let mut sum = [0.0; 2];
    for &(other, p) in affinities.row(point_idx) {
        let other = 2 * other as usize;
        let (dx, dy) = (x - positions[other], y - positions[other + 1]);
        let pull = p / (1.0 + dx * dx + dy * dy);
        sum[0] += pull * dx;
        sum[1] += pull * dy;
    }
    sum
}
