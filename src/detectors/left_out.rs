//! Mahalanobis distances of the clips of a bank, each as if it had not been in it, without fitting anything again.
//!
//! Without clip `u` (centred) of a group of `n`, the group's mean moves by `u / (n - 1)` away from it and the scatter
//! becomes `S - n / (n - 1) u u'` (Sherman and Morrison); the shrinkage follows from the moments of what is left.

use nalgebra::{DMatrix, DVector};

use super::covariance::{Regularised, ScatterMoments};
use super::mahalanobis::{Group, Mahalanobis};
use super::scatter::Products;

impl Mahalanobis {
    /// Parallel to the clips.
    pub(super) fn scores_of_left_out(&self) -> Vec<f64> {
        // The centred clips lie within the axes of the scatter.
        let centred = self.centred();
        let inside = self.scatter.coordinates(&centred).inside;
        let squares: Vec<f64> = centred.row_iter().map(|clip| clip.norm_squared()).collect();
        let mut scores = vec![0.0; squares.len()];
        for group in &self.groups {
            let members = Members {
                group,
                inside: inside.select_rows(&group.members),
                squares: group.members.iter().map(|&clip| squares[clip]).collect(),
            };
            let met_elsewhere = self.squares_met_elsewhere(&members, &inside);
            for (&clip, score) in group.members.iter().zip(self.scores_within(&members, &met_elsewhere)) {
                scores[clip] = score;
            }
        }
        scores
    }

    /// Of each member: the sum of its squared products with the clips of the other groups.
    fn squares_met_elsewhere(&self, members: &Members<'_>, inside: &DMatrix<f64>) -> Vec<f64> {
        let mut sums = vec![0.0; members.squares.len()];
        for other in self.groups.iter().filter(|other| !std::ptr::eq(*other, members.group)) {
            let products = &members.inside * inside.select_rows(&other.members).transpose();
            for products in products.column_iter() {
                for (sum, product) in sums.iter_mut().zip(products.iter()) {
                    *sum += product * product;
                }
            }
        }
        sums
    }

    fn scores_within(&self, members: &Members<'_>, met_elsewhere: &[f64]) -> Vec<f64> {
        let covariances = self.covariances_without(members, met_elsewhere);
        let n_clips = members.squares.len() as f64;
        let taken = n_clips / (n_clips - 1.0);
        let mut nearest = vec![f64::INFINITY; members.squares.len()];
        for other in &self.groups {
            let is_own = std::ptr::eq(other, members.group);
            // From a member to the other mean it is as far as to its own and from there to the other.
            let way = &members.group.mean - &other.mean;
            let way = self.scatter.coordinates(&DMatrix::from_rows(&[way.transpose()]));
            let products = self.scatter.products(&members.inside, way.inside.as_slice(), &covariances);
            for ((least, products), covariance) in nearest.iter_mut().zip(products).zip(&covariances) {
                let Products {
                    own,
                    mixed,
                    way: between,
                } = products;
                let weight = covariance.scale * taken;
                let left = (1.0 - weight * own).max(f64::EPSILON);
                let square = if is_own {
                    taken * taken * own / left
                } else {
                    let (met, whole) = (own + mixed, own + 2.0 * mixed + between);
                    whole + way.outside[0] / covariance.floor + weight * met * met / left
                };
                *least = least.min(square.max(0.0).sqrt());
            }
        }
        nearest
    }

    /// What is inverted without each of the members. `met_elsewhere`: see [`Self::squares_met_elsewhere`].
    fn covariances_without(&self, members: &Members<'_>, met_elsewhere: &[f64]) -> Vec<Regularised> {
        let moments = self.moments;
        let n_left = members.squares.len() as f64 - 1.0;
        let taken = (n_left + 1.0) / n_left;
        let through = self.scatter.through(&members.inside);
        let squares = DVector::from_column_slice(&members.squares);
        let cubes = &members.inside * (members.inside.tr_mul(&squares));
        let length = squares.sum();
        let without = |(left_out, &square): (usize, &f64)| {
            let through = through[left_out];
            // With p the product of a member and the one that is left out, its squared length s becomes
            // s + 2 p / n_left + square / n_left². Over the other members, the sums of p², of s p, of s and of p are:
            let products = through - met_elsewhere[left_out] - square * square;
            let mixed = cubes[left_out] - square * square;
            let (lengths, sum) = (length - square, -square);
            let moved = 4.0 / (n_left * n_left) * products
                + 4.0 / n_left * mixed
                + 2.0 * square / (n_left * n_left) * lengths
                + 4.0 * square / n_left.powi(3) * sum
                + square * square / n_left.powi(3);
            let left = ScatterMoments {
                n_clips: moments.n_clips - 1.0,
                n_features: moments.n_features,
                trace: (moments.trace - taken * square).max(0.0),
                square: (moments.square - 2.0 * taken * through + (taken * square).powi(2)).max(0.0),
                fourth: (moments.fourth - square * square + moved).max(0.0),
            };
            Regularised::new(self.covariance, left, self.smallest_variance)
        };
        members.squares.iter().enumerate().map(without).collect()
    }
}

/// The centred clips of a group.
struct Members<'a> {
    group: &'a Group,
    /// In the axes of the scatter, `[n_members, rank]`.
    inside: DMatrix<f64>,
    /// Squared lengths.
    squares: Vec<f64>,
}
