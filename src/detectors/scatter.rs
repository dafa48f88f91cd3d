//! The scatter of the clips around their means, in axes in which it has three diagonals.
//!
//! Reflections (Householder) bring the scatter to three diagonals once; any multiple of it with any multiple of the identity
//! added is then solved in one run along them, so that no clip that is left out costs a decomposition of its own. To diagonalise
//! it as well would take most of the time and tell no more.

use nalgebra::DMatrix;

use super::covariance::Regularised;
use super::outer_sum::OuterSum;
use super::product::product;
use super::tridiagonal::Tridiagonal;

/// Vectors that run along the diagonals side by side, one a lane: what they need of memory stays in the first cache.
const LANES: usize = 64;

/// `S = sum of u u'` over the centred clips `u`, as `Q T Q'`.
pub(super) struct Scatter {
    /// `Q`, `[n_features, rank]`: orthonormal columns; nothing varies outside of them.
    axes: DMatrix<f64>,
    /// Of `T`, `[rank]`.
    diagonal: Vec<f64>,
    /// Of `T`, `[rank]`: see [`Tridiagonal::links`].
    links: Vec<f64>,
}

/// Vectors in the axes of a scatter.
pub(super) struct Coordinates {
    /// `[n_vectors, rank]`
    pub(super) inside: DMatrix<f64>,
    /// Squared length of each vector outside of the axes.
    pub(super) outside: Vec<f64>,
}

/// Products of a vector `u` and a way `w` under the inverse of a covariance `B`, inside of the axes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Products {
    /// `u' B⁻¹ u`
    pub(super) own: f64,
    /// `u' B⁻¹ w`
    pub(super) mixed: f64,
    /// `w' B⁻¹ w`
    pub(super) way: f64,
}

impl Scatter {
    /// `centred` writes the centred clip of an index. With fewer clips than features only the space of the clips is looked at.
    pub(super) fn new((n_features, n_clips): (usize, usize), mut centred: impl FnMut(usize, &mut [f64])) -> Self {
        let (basis, within) = if n_clips < n_features {
            let mut clips = DMatrix::zeros(n_features, n_clips);
            for (clip, to) in clips.as_mut_slice().chunks_exact_mut(n_features).enumerate() {
                centred(clip, to);
            }
            let qr = clips.qr();
            let r = qr.r();
            (Some(qr.q()), &r * r.transpose())
        } else {
            let mut sum = OuterSum::new(n_features);
            for clip in 0..n_clips {
                centred(clip, sum.next());
            }
            (None, sum.lower_triangle())
        };
        let Tridiagonal { axes, diagonal, links } = Tridiagonal::new(&within);
        Self {
            axes: match basis {
                Some(basis) => basis * axes,
                None => axes,
            },
            diagonal,
            links,
        }
    }

    /// Trace of `S`.
    pub(super) fn trace(&self) -> f64 {
        self.diagonal.iter().sum()
    }

    /// Sum of the squares of the entries of `S`.
    pub(super) fn square(&self) -> f64 {
        let squares = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
        squares(&self.diagonal) + 2.0 * squares(&self.links)
    }

    /// `vectors` is `[n_vectors, n_features]`.
    pub(super) fn coordinates(&self, vectors: &DMatrix<f64>) -> Coordinates {
        let inside = product(vectors, &self.axes);
        let outside = if self.axes.ncols() < self.axes.nrows() {
            let mut rest = vectors.transpose();
            rest.gemm(-1.0, &self.axes, &inside.transpose(), 1.0);
            rest.column_iter().map(|rest| rest.norm_squared()).collect()
        } else {
            vec![0.0; vectors.nrows()]
        };
        Coordinates { inside, outside }
    }

    /// `u' S u` of each vector; `inside` is `[n_vectors, rank]`.
    pub(super) fn through(&self, inside: &DMatrix<f64>) -> Vec<f64> {
        let mut sums = vec![0.0; inside.nrows()];
        let mut before = vec![0.0; inside.nrows()];
        for (axis, along) in inside.column_iter().enumerate() {
            let (on, beside) = (self.diagonal[axis], 2.0 * self.links[axis]);
            for ((sum, before), z) in sums.iter_mut().zip(&mut before).zip(along.iter()) {
                *sum += z * (on * z + beside * *before);
                *before = *z;
            }
        }
        sums
    }

    /// Of one covariance in all features.
    pub(super) fn log_determinant(&self, covariance: Regularised) -> f64 {
        let Regularised { scale, floor } = covariance;
        let mut weight = 0.0;
        let mut sum = (self.axes.nrows() - self.axes.ncols()) as f64 * floor.ln();
        for (on, link) in self.diagonal.iter().zip(&self.links) {
            let link = scale * link;
            let pivot = (scale * on + floor - link * link * weight).max(floor);
            sum += pivot.ln();
            weight = 1.0 / pivot;
        }
        sum
    }

    /// `u' B⁻¹ u` of each vector inside of the axes, under one covariance `B`; `inside` is `[n_vectors, rank]`.
    pub(super) fn squares(&self, inside: &DMatrix<f64>, Regularised { scale, floor }: Regularised) -> Vec<f64> {
        let mut squares = vec![0.0; inside.nrows()];
        let mut last = vec![0.0; inside.nrows()];
        let mut weight = 0.0;
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for ((on, link), along) in self.diagonal.iter().zip(&self.links).zip(inside.column_iter()) {
                    let link = scale * link;
                    let step = link * weight;
                    // No pivot of a matrix is smaller than its smallest eigenvalue, but for rounding.
                    weight = 1.0 / (scale * on + floor - step * link).max(floor);
                    for ((square, last), z) in squares.iter_mut().zip(&mut last).zip(along.iter()) {
                        *last = z - step * *last;
                        *square += *last * *last * weight;
                    }
                }
            },
        );
        squares
    }

    /// Of each vector, under the covariance that belongs to it: `inside` is `[n_vectors, rank]`, `way` `[rank]`.
    pub(super) fn products(&self, inside: &DMatrix<f64>, way: &[f64], covariances: &[Regularised]) -> Vec<Products> {
        let mut products = Vec::with_capacity(covariances.len());
        for (block_idx, covariances) in covariances.chunks(LANES).enumerate() {
            let mut lanes = Lanes::new(covariances);
            let first = block_idx * LANES;
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    for (axis, along) in inside.column_iter().enumerate() {
                        let along = &along.as_slice()[first..first + covariances.len()];
                        lanes.step(self.diagonal[axis], self.links[axis], along, way[axis]);
                    }
                },
            );
            products.extend_from_slice(&lanes.products[..covariances.len()]);
        }
        products
    }
}

/// Vectors on their run along the diagonals: `scale * T + floor * I = L D L'` is worked out on the way.
struct Lanes {
    scale: [f64; LANES],
    floor: [f64; LANES],
    /// One over the last entry of `D`.
    weight: [f64; LANES],
    /// The last entries of `L⁻¹ u` and `L⁻¹ w`.
    vector: [f64; LANES],
    way: [f64; LANES],
    products: [Products; LANES],
}

impl Lanes {
    fn new(covariances: &[Regularised]) -> Self {
        let of_lane = |lane: usize| {
            covariances
                .get(lane)
                .copied()
                .unwrap_or(Regularised { scale: 0.0, floor: 1.0 })
        };
        Self {
            scale: std::array::from_fn(|lane| of_lane(lane).scale),
            floor: std::array::from_fn(|lane| of_lane(lane).floor),
            weight: [0.0; LANES],
            vector: [0.0; LANES],
            way: [0.0; LANES],
            products: [Products::default(); LANES],
        }
    }

    /// On to the next axis, where the scatter has `on` and, to the axis before, `link`.
    #[inline(always)]
    fn step(&mut self, on: f64, link: f64, along: &[f64], way: f64) {
        for (lane, z) in along.iter().enumerate() {
            let link = self.scale[lane] * link;
            let step = link * self.weight[lane];
            // No pivot of a matrix is smaller than its smallest eigenvalue, but for rounding.
            let pivot = (self.scale[lane] * on + self.floor[lane] - step * link).max(self.floor[lane]);
            let weight = 1.0 / pivot;
            let vector = z - step * self.vector[lane];
            let way = way - step * self.way[lane];
            let products = &mut self.products[lane];
            products.own += vector * vector * weight;
            products.mixed += vector * way * weight;
            products.way += way * way * weight;
            (self.weight[lane], self.vector[lane], self.way[lane]) = (weight, vector, way);
        }
    }
}
