//! Barnes-Hut t-SNE (van der Maaten, 2014) with scikit-learn's settings but for the learning rate, the same for any number of
//! threads.

use std::time::{Duration, Instant};

use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator, ParallelSliceMut};

use super::affinities::Affinities;
use super::attraction::attraction;
use super::repulsion::{BLOCK, Quadtree, Walk};
use super::{Layout, ProjectionConfig, ProjectionError, neighbours, pca};
use crate::progress::Progress;

/// Affinities count this much more at first, so that clusters find their place.
const EARLY_EXAGGERATION: f32 = 12.0;
/// Iterations with exaggeration; a quarter of all where there are fewer than 1,000.
const EARLY_ITERATIONS: usize = 250;
/// Few points learn this fast, many by a quarter of their number over the exaggeration in force (Belkina et al. 2019). Maps of
/// any size end at a lower divergence than by scikit-learn's rate, which stays at that of the exaggerated phase, and above 50.
const MIN_LEARNING_RATE: f32 = 5.0;
/// Spread of the first coordinate at the start.
const START_SPREAD: f64 = 1e-4;
/// Seeded noise on the start, in parts of its spread: makes seeds differ and parts equal rows.
const START_NOISE: f64 = 0.01;
const LAYOUT_INTERVAL: Duration = Duration::from_millis(67);
/// Fewer blocks of points a thread than this cost more to hand out than to move.
const MIN_BLOCKS_A_THREAD: usize = 2;

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
        let learning_rate = (n_rows as f32 / exaggeration / 4.0).max(MIN_LEARNING_RATE);
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
fn start(columns: &DMatrix<f64>, seed: u64) -> Vec<[f32; 2]> {
    let points = pca::principal_components(columns);
    let variance = points.iter().map(|point| point[0] * point[0]).sum::<f64>() / points.len() as f64;
    let scale = if variance > 0.0 { START_SPREAD / variance.sqrt() } else { 0.0 };
    let noise = START_SPREAD * if variance > 0.0 { START_NOISE } else { 1.0 };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut gaussian = || (0..12).map(|_| f64::from(rng.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 6.0;
    points
        .iter()
        .map(|point| point.map(|coordinate| (coordinate * scale + noise * gaussian()) as f32))
        .collect()
}

/// The forming map: position, speed and gain of every point.
struct Map {
    positions: Vec<[f32; 2]>,
    velocities: Vec<[f32; 2]>,
    gains: Vec<[f32; 2]>,
    /// In the order of the tree.
    forces: Vec<Force>,
    tree: Quadtree,
    /// Z of the last step: the sum of 1 / (1 + d²) over all pairs.
    normaliser: f64,
}

/// What pulls and pushes one point.
#[derive(Clone, Copy, Default)]
struct Force {
    point_idx: usize,
    attraction: [f32; 2],
    /// Times Z.
    repulsion: [f32; 2],
    /// The point's part of Z.
    normaliser: f32,
}

impl Map {
    fn new(positions: Vec<[f32; 2]>) -> Self {
        let n_points = positions.len();
        Self {
            positions,
            velocities: vec![[0.0; 2]; n_points],
            gains: vec![[1.0; 2]; n_points],
            forces: vec![Force::default(); n_points],
            tree: Quadtree::default(),
            normaliser: 1.0,
        }
    }

    /// One step of gradient descent. Sums run in the order of the points, so that threads do not change the result.
    fn advance(&mut self, affinities: &Affinities, exaggeration: f32, learning_rate: f32, momentum: f32) {
        self.tree.rebuild(&self.positions);
        let (tree, positions) = (&self.tree, &self.positions);
        self.forces
            .par_chunks_mut(BLOCK)
            .with_min_len(MIN_BLOCKS_A_THREAD)
            .enumerate()
            .for_each_init(Walk::default, |walk, (block_idx, forces)| {
                let pushed = tree.repulsion(block_idx, walk);
                for (lane, (force, point_idx)) in forces.iter_mut().zip(tree.points(block_idx)).enumerate() {
                    *force = Force {
                        point_idx,
                        attraction: attraction(positions[point_idx], affinities.row(point_idx), positions),
                        repulsion: [pushed.x[lane], pushed.y[lane]],
                        normaliser: pushed.normaliser[lane],
                    };
                }
            });
        let normaliser: f64 = self.forces.iter().map(|force| f64::from(force.normaliser)).sum();
        self.normaliser = normaliser.max(f64::MIN_POSITIVE);
        let inverse = (1.0 / self.normaliser) as f32;
        let mut sums = [0.0f64; 2];
        for force in &self.forces {
            let (velocity, gain) = (&mut self.velocities[force.point_idx], &mut self.gains[force.point_idx]);
            let position = &mut self.positions[force.point_idx];
            for axis in 0..2 {
                let gradient = 4.0 * (exaggeration * force.attraction[axis] - inverse * force.repulsion[axis]);
                let (velocity, gain) = (&mut velocity[axis], &mut gain[axis]);
                *gain = if *velocity * gradient < 0.0 {
                    *gain + 0.2
                } else {
                    (*gain * 0.8).max(0.01)
                };
                *velocity = momentum * *velocity - learning_rate * *gain * gradient;
                position[axis] += *velocity;
                sums[axis] += f64::from(position[axis]);
            }
        }
        let mean = sums.map(|sum| (sum / self.positions.len() as f64) as f32);
        for position in &mut self.positions {
            *position = [position[0] - mean[0], position[1] - mean[1]];
        }
    }

    /// Σ P ln(P / Q) with Q = 1 / (1 + d²) / `normaliser`.
    fn kl_divergence(&self, affinities: &Affinities, normaliser: f64) -> f64 {
        let of_point = |point_idx: usize| -> f64 {
            let row = affinities.row(point_idx);
            let edges = row.columns.iter().zip(row.values).filter(|(_, p)| **p > 0.0);
            let terms = edges.map(|(&other, &p)| {
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
        let delta = |axis: usize| self.positions[a][axis] - self.positions[b][axis];
        delta(0) * delta(0) + delta(1) * delta(1)
    }

    fn layout(&self, iteration: usize, kl_divergence: Option<f64>) -> Layout {
        Layout {
            points: self.positions.clone(),
            iteration,
            kl_divergence,
        }
    }
}
